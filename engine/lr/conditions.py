"""Do the recordings of a case lie within the conditions that the population covers?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.types import ParamValue, QualityReport

MINIMUM_NET_SPEECH_S = 3.0
LOW_SNR_DB = 10.0
CLIPPED_SHARE = 0.005
NUMBERS = ("minimum_net_speech_s", "bandwidth_min_hz", "bandwidth_max_hz", "minimum_snr_db")


def checked_conditions(table: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """Conditions as stored in a population.

    Raises
    ------
    ValueError, TypeError, AttributeError
        `table` is no table of plain values, or a limit is not a finite number: it would flag
        nothing.
    """
    for name, value in table.items():
        if name in NUMBERS and not math.isfinite(float(value)):
            raise ValueError(f"{name} is not finite")
        if not isinstance(value, str | int | float):
            raise TypeError(f"{name} is no plain value")
    return dict(table)


def condition_flags(
    conditions: Mapping[str, ParamValue], questioned: QualityReport, known: QualityReport
) -> tuple[str, ...]:
    """Flags of a comparison, each once.

    ``speech.short``: less net speech than `minimum_net_speech_s` of the conditions.
    ``bandwidth.outside``: effective bandwidth outside `bandwidth_min_hz` … `bandwidth_max_hz`.
    ``snr.low``, ``snr.unknown``: below the population's `minimum_snr_db`, or not measurable.
    ``clipping``: more than 0.5 % of the samples are clipped.
    """
    flags: dict[str, None] = {}
    for quality in (questioned, known):
        for flag in _flags(conditions, quality):
            flags[flag] = None
    return tuple(flags)


def _flags(conditions: Mapping[str, ParamValue], quality: QualityReport) -> list[str]:
    flags = []
    if quality.net_speech_s < float(conditions.get("minimum_net_speech_s", 10.0)):
        flags.append("speech.short")
    lowest = float(conditions.get("bandwidth_min_hz", 0.0))
    highest = float(conditions.get("bandwidth_max_hz", 1e9))
    if not lowest <= quality.bandwidth_hz <= highest:
        flags.append("bandwidth.outside")
    if quality.snr_db is None:
        flags.append("snr.unknown")
    elif quality.snr_db < float(conditions.get("minimum_snr_db", LOW_SNR_DB)):
        flags.append("snr.low")
    if quality.clipped_share > CLIPPED_SHARE:
        flags.append("clipping")
    return flags
