"""A case against the conditions of its population, and verbal scales of other agencies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.resources import VERBAL_SCALE
from app.services.wording import condition_line, condition_meaning, flag_text, ratio_text
from engine.errors import ErrorCode, SeongmunError
from engine.lr.conditions import check_conditions, condition_flags, measured_conditions
from engine.lr.verbal import find_scale, load_scale
from engine.types import Place, PopulationRecording, QualityReport, VoiceFacts

GOOD = QualityReport(
    channel=0,
    duration_s=40.0,
    net_speech_s=25.0,
    snr_db=25.0,
    clipped_share=0.0,
    bandwidth_hz=3400.0,
    level_dbfs=-25.0,
    peak_dbfs=-3.0,
    dc_offset=0.0,
    codec_guess="narrowband",
)
CONDITIONS = {
    "minimum_net_speech_s": 8.0,
    "maximum_net_speech_s": 50.0,
    "minimum_snr_db": 12.0,
    "bandwidth_min_hz": 3000,
    "bandwidth_max_hz": 3900,
    "codecs": "narrowband",
    "sexes": "male",
    "languages": "en ko",
}
FACTS = VoiceFacts("male", "ko")


@pytest.mark.parametrize(
    ("change", "facts", "condition", "place", "code"),
    [
        ({}, {}, "duration", Place.INSIDE, "duration.inside"),
        ({"net_speech_s": 9.0}, {}, "duration", Place.EDGE, "speech.edge"),
        ({"net_speech_s": 41.0}, {}, "duration", Place.EDGE, "speech.edge"),
        ({"net_speech_s": 7.9}, {}, "duration", Place.OUTSIDE, "speech.short"),
        ({"net_speech_s": 51.0}, {}, "duration", Place.OUTSIDE, "speech.long"),
        ({}, {}, "snr", Place.INSIDE, "snr.inside"),
        ({"snr_db": 14.0}, {}, "snr", Place.EDGE, "snr.edge"),
        ({"snr_db": 11.0}, {}, "snr", Place.OUTSIDE, "snr.low"),
        ({"snr_db": None}, {}, "snr", Place.NOT_CHECKED, "snr.unknown"),
        ({}, {}, "bandwidth", Place.INSIDE, "bandwidth.inside"),
        ({"bandwidth_hz": 3100.0}, {}, "bandwidth", Place.EDGE, "bandwidth.edge"),
        ({"bandwidth_hz": 3800.0}, {}, "bandwidth", Place.EDGE, "bandwidth.edge"),
        ({"bandwidth_hz": 7000.0}, {}, "bandwidth", Place.OUTSIDE, "bandwidth.outside"),
        ({}, {}, "codec", Place.INSIDE, "codec.inside"),
        ({"codec_guess": "narrowband.gsm_fr"}, {}, "codec", Place.EDGE, "codec.edge"),
        ({"codec_guess": "wideband"}, {}, "codec", Place.OUTSIDE, "codec.outside"),
        ({"codec_guess": None}, {}, "codec", Place.NOT_CHECKED, "codec.unknown"),
        ({}, {}, "sex", Place.INSIDE, "sex.inside"),
        ({}, {"sex": "female"}, "sex", Place.OUTSIDE, "sex.outside"),
        ({}, {"sex": ""}, "sex", Place.NOT_CHECKED, "sex.unknown"),
        ({}, {}, "language", Place.EDGE, "language.edge"),
        ({}, {"language": "zh"}, "language", Place.OUTSIDE, "language.outside"),
    ],
)
def test_every_condition_is_inside_at_the_edge_outside_or_not_checked(
    change: dict[str, object], facts: dict[str, str], condition: str, place: Place, code: str
) -> None:
    worse, person = replace(GOOD, **change), replace(FACTS, **facts)  # type: ignore[arg-type]
    for role, qualities, people in (
        ("questioned", (worse, GOOD), (person, FACTS)),
        ("known", (GOOD, worse), (FACTS, person)),
    ):
        checks = check_conditions(CONDITIONS, *qualities, people)
        found = next(c for c in checks if (c.condition, c.role) == (condition, role))
        assert (found.place, found.code) == (place, code)
        flags = condition_flags(CONDITIONS, *qualities, people)
        assert (code in flags) == (place in (Place.EDGE, Place.OUTSIDE) or code == "snr.unknown")
        for language in ("ko", "en"):
            assert code in condition_line(found, language)  # type: ignore[arg-type]
            assert "narrowband" not in condition_line(found, language)  # type: ignore[arg-type]
            assert condition_meaning(found, language)  # type: ignore[arg-type]
            assert all(flag_text(flag, language) for flag in flags)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log10_lr", "flags", "ko", "en"),
    [
        (1.61, (), "약 41", "about 41"),
        (1.672, ("lr.at_bound",), "최소 47", "at least 47"),
        (-1.672, ("snr.edge", "lr.at_bound"), "최대 0.021", "at most 0.021"),
        (3.1, ("lr.interval_at_bound",), "약 1,300", "about 1,300"),
    ],
)
def test_a_ratio_at_the_end_of_the_range_is_told_as_at_least_or_at_most(
    log10_lr: float, flags: tuple[str, ...], ko: str, en: str
) -> None:
    assert ratio_text(log10_lr, flags, "ko") == ko
    assert ratio_text(log10_lr, flags, "en") == en


def test_what_the_population_does_not_state_is_not_checked() -> None:
    checks = check_conditions({}, GOOD, GOOD, (FACTS, FACTS))
    unknown = {c.condition for c in checks if c.place is Place.NOT_CHECKED}
    assert unknown == {"codec", "sex", "language"}


def recording(i: int, **changes: object) -> PopulationRecording:
    base = PopulationRecording(
        name=f"{i}",
        sha256="ab" * 32,
        speaker=f"s{i}",
        session="1",
        sex="female",
        language="ko",
        channel="",
        net_speech_s=10.0 + i / 10,
        snr_db=20.0,
        bandwidth_hz=3400.0,
        codec="narrowband",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_measured_conditions_hold_the_middle_of_the_recordings() -> None:
    items = [recording(i) for i in range(101)]
    found = measured_conditions(items)
    assert found["minimum_net_speech_s"] == pytest.approx(10.5 / 1.25, abs=0.05)
    assert found["maximum_net_speech_s"] == pytest.approx(19.5 * 1.25, abs=0.1)
    assert found["minimum_snr_db"] == 17.0
    assert (found["sexes"], found["languages"], found["codecs"]) == ("female", "ko", "narrowband")
    cut = measured_conditions([recording(i, net_speech_s=5.0) for i in range(30)])
    five = replace(GOOD, net_speech_s=5.0, snr_db=20.0)
    facts = VoiceFacts("female", "ko")
    assert all(c.place is Place.INSIDE for c in check_conditions(cut, five, five, (facts, facts)))
    assert "speech.short" in condition_flags(cut, replace(five, net_speech_s=3.5), five)
    assert "speech.long" in condition_flags(cut, replace(five, net_speech_s=30.0), five)


def test_a_class_that_is_not_known_of_everybody_is_not_stated() -> None:
    items = [recording(i, sex="" if i == 3 else "male", codec="unknown") for i in range(30)]
    found = measured_conditions(items)
    assert "sexes" not in found
    assert "codecs" not in found


AGENCY = """
id = "npa-2026"
version = "3"
source = "경찰청 내부 지침"
[[levels]]
key = "none"
from_log10 = 0.0
en = "no support"
ko = "지지하지 않음"
[[levels]]
key = "some"
from_log10 = 1.5
en = "some support"
ko = "어느 정도 지지함"
"""


def test_an_agency_brings_its_own_scale(tmp_path: Path) -> None:
    (tmp_path / "npa-2026.toml").write_text(AGENCY, encoding="utf-8")
    for name in ("npa-2026", str(tmp_path / "npa-2026.toml")):
        scale = find_scale(name, tmp_path)
        assert (scale.id, scale.version) == ("npa-2026", "3")
        assert [scale.level(x).key for x in (0.0, -1.4, 1.5, -3.0)] == ["none"] * 2 + ["some"] * 2
    assert load_scale(VERBAL_SCALE).id == "enfsi-2015"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "npa-2026"', ""),
        ('version = "3"', "version = 3"),
        ('source = "경찰청 내부 지침"', 'source = " "'),
        ("from_log10 = 0.0", "from_log10 = 0.5"),
        ("from_log10 = 1.5", "from_log10 = 0.0"),
        ("from_log10 = 1.5", "from_log10 = nan"),
        ("from_log10 = 1.5", 'from_log10 = "many"'),
        ('key = "some"', 'key = "none"'),
        ('key = "none"', 'key = "zero"'),
        ('ko = "어느 정도 지지함"', ""),
        ('ko = "어느 정도 지지함"', 'ko = "동일인으로 판단됨"'),
        ('en = "some support"', 'en = "the voices match"'),
        ("[[levels]]", "[[level]]"),
        ("[[levels]]", "[["),
    ],
)
def test_a_bad_scale_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(AGENCY.replace(old, new), encoding="utf-8")
    with pytest.raises(SeongmunError) as caught:
        load_scale(path)
    assert caught.value.code is ErrorCode.SCALE_INVALID


def test_a_missing_scale_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SeongmunError) as caught:
        find_scale("nothing", tmp_path)
    assert caught.value.code is ErrorCode.SCALE_MISSING
