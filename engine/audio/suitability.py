"""Can a voice be compared? One table of limits, from which all cautions and refusals follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal

from engine.types import ParamValue, QualityReport, Suitability, SuitabilityReason


@dataclass(frozen=True, slots=True)
class SuitabilityLimits:
    """Limits of a recording's quality; part of the AnalysisProfile and printed in the report.

    ``refused_*`` refuse a comparison, all others are cautions. A population's conditions replace
    the limits of their names (`limits_for`). Where they come from:

    * speech: below 10 s a voiceprint weakens, below 3 s it is refused (field guide, model card).
    * SNR: with noise at 10 dB the embedded model separates badly, at 0 dB its likelihood ratios
      carry no information (Cllr 1.00 in the model card); what is below is refused.
    * bandwidth: less than a telephone passes. The upper limit is a population's.
    * the others: cautions of the program; at these limits the figures are well outside the error of
      their measurement (docs/measurements.md), the loss of accuracy was not measured.
    """

    refused_net_speech_s: float = 3.0
    minimum_net_speech_s: float = 10.0
    refused_snr_db: float = 0.0
    minimum_snr_db: float = 10.0
    bandwidth_min_hz: float = 2500.0
    bandwidth_max_hz: float = 1e6
    maximum_clipped_share: float = 0.005
    maximum_dropout_share: float = 0.03
    maximum_reverberation_s: float = 0.8
    minimum_level_dbfs: float = -55.0
    minimum_speech_over_hum_db: float = 15.0

    def as_params(self) -> dict[str, ParamValue]:
        """For an AnalysisProfile."""
        return asdict(self)


STANDARD_LIMITS = SuitabilityLimits()
# A population tells the conditions of its recordings; it does not move what is refused.
CONDITION_NAMES = tuple(
    field.name for field in fields(SuitabilityLimits) if not field.name.startswith("refused_")
)


def limits_for(conditions: Mapping[str, ParamValue]) -> SuitabilityLimits:
    """The limits under a population's conditions."""
    given = {name: float(conditions[name]) for name in CONDITION_NAMES if name in conditions}
    return replace(STANDARD_LIMITS, **given)


def judge_suitability(
    quality: QualityReport, limits: SuitabilityLimits = STANDARD_LIMITS
) -> Suitability:
    """Judge one voice by its quality alone.

    Returns
    -------
    Suitability
        Unsuitable with ``speech.none``, ``speech.too_short``, ``snr.unusable``; limited with
        ``speech.short``, ``snr.low``, ``snr.unknown``, ``bandwidth.outside``, ``clipping``,
        ``dropouts``, ``reverberation``, ``level.low``, ``hum``. All reasons are given, refusals
        first. What was not measured (None) gives no reason, but an unknown SNR does.
    """
    reasons = [reason for check in _CHECKS if (reason := check(quality, limits)) is not None]
    refusals = [reason for reason in reasons if reason.code in REFUSALS]
    cautions = [reason for reason in reasons if reason.code not in REFUSALS]
    verdict: Literal["suitable", "limited", "unsuitable"] = (
        "unsuitable" if refusals else "limited" if cautions else "suitable"
    )
    return Suitability(verdict, (*refusals, *cautions))


def _speech(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    if q.net_speech_s <= 0:
        return SuitabilityReason("speech.none", 0.0, limits.refused_net_speech_s)
    if q.net_speech_s < limits.refused_net_speech_s:
        return SuitabilityReason("speech.too_short", q.net_speech_s, limits.refused_net_speech_s)
    if q.net_speech_s < limits.minimum_net_speech_s:
        return SuitabilityReason("speech.short", q.net_speech_s, limits.minimum_net_speech_s)
    return None


def _bandwidth(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    for limit, outside in (
        (limits.bandwidth_min_hz, q.bandwidth_hz < limits.bandwidth_min_hz),
        (limits.bandwidth_max_hz, q.bandwidth_hz > limits.bandwidth_max_hz),
    ):
        if outside:
            return SuitabilityReason("bandwidth.outside", q.bandwidth_hz, limit)
    return None


def _snr(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    if q.snr_db is None:
        return SuitabilityReason("snr.unknown", None, limits.minimum_snr_db)
    if q.snr_db < limits.refused_snr_db:
        return SuitabilityReason("snr.unusable", q.snr_db, limits.refused_snr_db)
    if q.snr_db < limits.minimum_snr_db:
        return SuitabilityReason("snr.low", q.snr_db, limits.minimum_snr_db)
    return None


def _above(code: str, value: float | None, limit: float) -> SuitabilityReason | None:
    exceeded = value is not None and value > limit
    return SuitabilityReason(code, value, limit) if exceeded else None


def _clipping(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    return _above("clipping", q.clipped_share, limits.maximum_clipped_share)


def _dropouts(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    return _above("dropouts", q.dropout_share, limits.maximum_dropout_share)


def _reverberation(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    return _above("reverberation", q.reverberation_s, limits.maximum_reverberation_s)


def _level(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    if q.level_dbfs >= limits.minimum_level_dbfs:
        return None
    return SuitabilityReason("level.low", q.level_dbfs, limits.minimum_level_dbfs)


def _hum(q: QualityReport, limits: SuitabilityLimits) -> SuitabilityReason | None:
    if not q.hum_hz or q.hum_dbfs is None:
        return None
    distance_db = q.level_dbfs - q.hum_dbfs
    limit = limits.minimum_speech_over_hum_db
    return SuitabilityReason("hum", distance_db, limit) if distance_db < limit else None


REFUSALS = ("speech.none", "speech.too_short", "snr.unusable")
_CHECKS = (_speech, _bandwidth, _snr, _clipping, _dropouts, _reverberation, _level, _hum)
