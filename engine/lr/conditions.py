"""Do the recordings of a case lie within the conditions that the population covers?

A population's `conditions` hold limits of `engine.audio.suitability` by their names,
`maximum_net_speech_s`, and the classes `sexes`, `languages`, `codecs`, separated by spaces. Inside
a limit, but by less than its margin here, a recording is at the edge: there few recordings of the
population are (`measured_conditions` puts the limits a margin beyond the middle 90 %). A class is
at the edge where the population mixes it with others, or, for codecs, has others of its band alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.audio.suitability import (
    CONDITION_NAMES,
    STANDARD_LIMITS,
    judge_suitability,
    limits_for,
)
from engine.types import (
    ConditionCheck,
    LikelihoodRatio,
    ParamValue,
    Place,
    PopulationRecording,
    QualityReport,
    VoiceFacts,
)

DURATION_MARGIN = 1.25
SNR_MARGIN_DB = 3.0
BANDWIDTH_MARGIN = 1.05
MIDDLE = (5.0, 95.0)
MINIMUM_CODEC_SHARE = 0.05
ROLES = ("questioned", "known")
NO_FACTS = (VoiceFacts(), VoiceFacts())


def checked_conditions(table: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """Conditions as stored in a population.

    Raises
    ------
    ValueError, TypeError, AttributeError
        `table` is no table of plain values, or a limit is not a finite number: it would flag
        nothing.
    """
    for name, value in table.items():
        if name in (*CONDITION_NAMES, "maximum_net_speech_s") and not math.isfinite(float(value)):
            raise ValueError(f"{name} is not finite")
        if not isinstance(value, str | int | float):
            raise TypeError(f"{name} is no plain value")
    return dict(table)


def measured_conditions(items: Sequence[PopulationRecording]) -> dict[str, ParamValue]:
    """The conditions that recordings cover: where the middle 90 % of them lie, and a margin.

    Classes are stated where they are known of every recording; a codec counts from a share of 5 %.
    """
    shortest, longest = np.percentile([item.net_speech_s for item in items], MIDDLE)
    lowest_hz, highest_hz = np.percentile([item.bandwidth_hz for item in items], MIDDLE)
    snrs_db = [item.snr_db for item in items if item.snr_db is not None]
    lowest_db = float(np.percentile(snrs_db, MIDDLE[0])) if snrs_db else 0.0
    codecs = [item.codec for item in items]
    often = {c for c in codecs if codecs.count(c) >= MINIMUM_CODEC_SHARE * len(codecs)}
    classes = {
        "sexes": {item.sex for item in items},
        "languages": {item.language for item in items},
        "codecs": often - {"", "unknown"} or {""},
    }
    lowest_db = max(STANDARD_LIMITS.refused_snr_db, lowest_db - SNR_MARGIN_DB)
    return {
        "minimum_net_speech_s": math.floor(10 * shortest / DURATION_MARGIN) / 10,
        "maximum_net_speech_s": math.ceil(10 * longest * DURATION_MARGIN) / 10,
        "minimum_snr_db": math.floor(10 * lowest_db) / 10,
        "bandwidth_min_hz": math.floor(lowest_hz / BANDWIDTH_MARGIN),
        "bandwidth_max_hz": math.ceil(highest_hz * BANDWIDTH_MARGIN),
        **{name: " ".join(sorted(found)) for name, found in classes.items() if "" not in found},
    }


def condition_flags(
    conditions: Mapping[str, ParamValue],
    questioned: QualityReport,
    known: QualityReport,
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
) -> tuple[str, ...]:
    """Flags of a comparison, each once: the codes of `judge_suitability` for either side under the
    population's conditions, then those of what is at the edge of them or outside."""
    limits = limits_for(conditions)
    judged = [judge_suitability(quality, limits) for quality in (questioned, known)]
    codes = [reason.code for side in judged for reason in side.reasons]
    checks = check_conditions(conditions, questioned, known, facts)
    codes += [check.code for check in checks if check.place in (Place.EDGE, Place.OUTSIDE)]
    return tuple(dict.fromkeys(codes))


def check_conditions(
    conditions: Mapping[str, ParamValue],
    questioned: QualityReport,
    known: QualityReport,
    facts: tuple[VoiceFacts, VoiceFacts] = NO_FACTS,
) -> tuple[ConditionCheck, ...]:
    """Duration, SNR, bandwidth, codec, sex and language of both recordings.

    Codes: ``<condition>.inside``; at the edge ``speech.edge``, ``snr.edge``, ``bandwidth.edge``,
    ``codec.edge``, ``sex.edge``, ``language.edge``; outside ``speech.short``, ``speech.long``,
    ``snr.low``, ``bandwidth.outside``, ``codec.outside``, ``sex.outside``, ``language.outside``;
    not checked, because the case or the population does not tell, ``<condition>.unknown``.
    """
    return tuple(
        check
        for role, quality, fact in zip(ROLES, (questioned, known), facts, strict=True)
        for check in (
            _duration(role, quality, conditions),
            _snr(role, quality, conditions),
            _bandwidth(role, quality, conditions),
            _codec(role, quality, conditions),
            _class("sex", role, fact.sex, str(conditions.get("sexes", ""))),
            _class("language", role, fact.language, str(conditions.get("languages", ""))),
        )
    )


def check_result(ratio: LikelihoodRatio) -> tuple[ConditionCheck, ConditionCheck]:
    """Model and population. Another model was refused before there was a ratio (POPULATION_MODEL);
    the score is outside the population where no trial has such a one, and at its edge where the
    bound gives the value."""
    model = ConditionCheck("model", "", Place.INSIDE, "model.inside", ratio.model_sha256)
    place, code = Place.INSIDE, "population.inside"
    if "lr.at_bound" in ratio.flags:
        place, code = Place.EDGE, "lr.at_bound"
    if "lr.score_outside" in ratio.flags:
        place, code = Place.OUTSIDE, "lr.score_outside"
    low, high = ratio.bounds_log10
    value = ratio.unbounded_log10_lr
    return model, ConditionCheck("population", "", place, code, value, low, high)


def limits_text(check: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """What was found, and in parentheses what the population covers."""
    limits = allowed_text(check, texts)
    if check["low"] is not None or check["high"] is not None:
        ends = (check["low"], check["high"])
        limits = " … ".join("" if end is None else f"{end:.4g}" for end in ends)
    found = found_text(check, texts)
    return f"{found} ({limits.strip()})" if limits else found


def found_text(check: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """What was found: a number with four figures, a codec or a sex in words."""
    value = check["value"]
    if value is None:
        return texts["not_stated"]
    return f"{value:.4g}" if isinstance(value, int | float) else _kind_text(check, value, texts)


def allowed_text(check: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """The kinds that a population covers, in words; empty where it states none."""
    return "; ".join(_kind_text(check, kind, texts) for kind in check["allowed"].split())


def _kind_text(check: Mapping[str, Any], kind: str, texts: Mapping[str, str]) -> str:
    return texts.get(f"{check['condition']}.{kind}", kind)


def _duration(
    role: str, quality: QualityReport, conditions: Mapping[str, ParamValue]
) -> ConditionCheck:
    low = limits_for(conditions).minimum_net_speech_s
    high = conditions.get("maximum_net_speech_s")
    longest = None if high is None else float(high)
    value = quality.net_speech_s
    place, code = Place.INSIDE, "duration.inside"
    if value < low:
        place, code = Place.OUTSIDE, "speech.short"
    elif longest is not None and value > longest:
        place, code = Place.OUTSIDE, "speech.long"
    elif value < low * DURATION_MARGIN or (
        longest is not None and value > longest / DURATION_MARGIN
    ):
        place, code = Place.EDGE, "speech.edge"
    return ConditionCheck("duration", role, place, code, value, low, longest)


def _snr(role: str, quality: QualityReport, conditions: Mapping[str, ParamValue]) -> ConditionCheck:
    low, value = limits_for(conditions).minimum_snr_db, quality.snr_db
    place, code = Place.INSIDE, "snr.inside"
    if value is None:
        place, code = Place.NOT_CHECKED, "snr.unknown"
    elif value < low:
        place, code = Place.OUTSIDE, "snr.low"
    elif value < low + SNR_MARGIN_DB:
        place, code = Place.EDGE, "snr.edge"
    return ConditionCheck("snr", role, place, code, value, low)


def _bandwidth(
    role: str, quality: QualityReport, conditions: Mapping[str, ParamValue]
) -> ConditionCheck:
    limits, value = limits_for(conditions), quality.bandwidth_hz
    low, high = limits.bandwidth_min_hz, limits.bandwidth_max_hz
    place, code = Place.INSIDE, "bandwidth.inside"
    if not low <= value <= high:
        place, code = Place.OUTSIDE, "bandwidth.outside"
    elif not low * BANDWIDTH_MARGIN <= value <= high / BANDWIDTH_MARGIN:
        place, code = Place.EDGE, "bandwidth.edge"
    return ConditionCheck("bandwidth", role, place, code, value, low, high)


def _codec(
    role: str, quality: QualityReport, conditions: Mapping[str, ParamValue]
) -> ConditionCheck:
    allowed, guess = str(conditions.get("codecs", "")), quality.codec_guess or "unknown"
    codecs = allowed.split()
    place, code = Place.OUTSIDE, "codec.outside"
    if not codecs or guess == "unknown":
        place, code = Place.NOT_CHECKED, "codec.unknown"
    elif guess in codecs:
        place, code = Place.INSIDE, "codec.inside"
    elif guess.split(".")[0] in {codec.split(".")[0] for codec in codecs}:
        place, code = Place.EDGE, "codec.edge"
    return ConditionCheck("codec", role, place, code, guess, allowed=allowed)


def _class(condition: str, role: str, value: str, allowed: str) -> ConditionCheck:
    classes = allowed.split()
    place, code = Place.OUTSIDE, f"{condition}.outside"
    if not classes or not value:
        place, code = Place.NOT_CHECKED, f"{condition}.unknown"
    elif classes == [value]:
        place, code = Place.INSIDE, f"{condition}.inside"
    elif value in classes:
        place, code = Place.EDGE, f"{condition}.edge"
    return ConditionCheck(condition, role, place, code, value or None, allowed=allowed)
