"""The gate: every limit on both sides, and its texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.messages import message
from app.services.wording import flag_text
from app.views import suitability_lines
from engine.audio.suitability import STANDARD_LIMITS, judge_suitability, limits_for
from engine.types import QualityReport, Suitability

GOOD = QualityReport(
    channel=0,
    duration_s=60.0,
    net_speech_s=30.0,
    snr_db=25.0,
    clipped_share=0.0,
    bandwidth_hz=3400.0,
    level_dbfs=-25.0,
    peak_dbfs=-5.0,
    dc_offset=0.0,
    codec_guess="narrowband",
    codec_probability=0.9,
    dropout_share=0.0,
    hum_hz=0.0,
    hum_dbfs=-70.0,
    reverberation_s=0.3,
)
CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"net_speech_s": 0.0}, "unsuitable", "speech.none"),
    ({"net_speech_s": 2.99}, "unsuitable", "speech.too_short"),
    ({"net_speech_s": 3.0}, "limited", "speech.short"),
    ({"net_speech_s": 9.99}, "limited", "speech.short"),
    ({"snr_db": -0.1}, "unsuitable", "snr.unusable"),
    ({"snr_db": 0.0}, "limited", "snr.low"),
    ({"snr_db": None}, "limited", "snr.unknown"),
    ({"bandwidth_hz": 2499.0}, "limited", "bandwidth.outside"),
    ({"clipped_share": 0.0051}, "limited", "clipping"),
    ({"dropout_share": 0.031}, "limited", "dropouts"),
    ({"reverberation_s": 0.81}, "limited", "reverberation"),
    ({"level_dbfs": -55.1}, "limited", "level.low"),
    ({"hum_hz": 60.0, "hum_dbfs": -39.0}, "limited", "hum"),
]


@pytest.mark.parametrize(("change", "verdict", "code"), CASES)
def test_each_reason_alone(change: dict[str, Any], verdict: str, code: str) -> None:
    judged = judge_suitability(replace(GOOD, **change))
    assert (judged.verdict, [reason.code for reason in judged.reasons]) == (verdict, [code])


def test_at_the_limits_and_unmeasured_is_suitable() -> None:
    at_limits = replace(
        GOOD,
        net_speech_s=10.0,
        snr_db=10.0,
        bandwidth_hz=2500.0,
        clipped_share=0.005,
        dropout_share=0.03,
        reverberation_s=0.8,
        level_dbfs=-55.0,
    )
    unmeasured = replace(GOOD, dropout_share=None, hum_hz=None, hum_dbfs=None, reverberation_s=None)
    for quality in (GOOD, at_limits, unmeasured):
        assert judge_suitability(quality) == Suitability("suitable")


def test_refusals_come_first_and_everything_is_told() -> None:
    judged = judge_suitability(replace(GOOD, net_speech_s=5.0, snr_db=-3.0, clipped_share=0.1))
    assert judged.verdict == "unsuitable"
    assert [r.code for r in judged.reasons] == ["snr.unusable", "speech.short", "clipping"]


def test_a_population_sets_cautions_but_not_refusals() -> None:
    conditions = {"minimum_net_speech_s": 40.0, "refused_net_speech_s": 0.0, "language": "ko"}
    limits = limits_for(conditions)
    assert limits == replace(STANDARD_LIMITS, minimum_net_speech_s=40.0)
    assert judge_suitability(GOOD, limits).verdict == "limited"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_reason_has_its_texts(language: Any) -> None:
    for change, verdict, code in CASES:
        judged = judge_suitability(replace(GOOD, **change))
        reason = judged.reasons[0]
        document = {
            "verdict": judged.verdict,
            "reasons": [{"code": reason.code, "value": reason.value, "limit": reason.limit}],
        }
        lines = suitability_lines(document, language)
        assert lines[0] == message(f"suitability.{verdict}", language)
        assert "‹" not in lines[1]
        assert flag_text(code, language)
