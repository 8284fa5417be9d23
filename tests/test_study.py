"""Validation studies: figures, conditions, plots, the signed report, the case."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect
from reportlab.lib import colors

from app.resources import VALIDATION_TEXTS
from app.services.casework import new_case
from app.services.validating import keep_study_in, make_study, print_study, write_study
from engine.casefile.checks import check_case
from engine.casefile.store import CaseFile
from engine.casefile.tables import Study
from engine.errors import ErrorCode, SeongmunError
from engine.lr import study as studies
from engine.lr.study import StudySource, run_study
from engine.report.raster import to_png
from engine.report.roles import EXAMINER, REVIEWER
from engine.report.sign import Identity
from engine.report.study import readings
from engine.types import CheckStatus, LabelledScores
from engine.verify.run import VerificationInputs, verify_pdf
from tests.agreement import shown_signatures


def rows(n_speakers: int, shift: float = 2.0, sessions: int = 2) -> list[dict[str, object]]:
    rng = np.random.default_rng(3)
    voices = [f"화자{i}" for i in range(n_speakers) for _ in range(sessions)]
    found: list[dict[str, object]] = []
    for i, first in enumerate(voices):
        for second in voices[i + 1 :]:
            same = first == second
            speech = rng.uniform(2, 50, 2).round(1)
            found.append(
                {
                    "spk_a": first,
                    "spk_b": second,
                    "same": int(same),
                    "score": round(float(rng.normal(shift * same)), 5),
                    "net_speech_s_a": speech[0],
                    "net_speech_s_b": speech[1],
                }
            )
    return found


def table(path: Path, content: list[dict[str, object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(content[0]))
        writer.writeheader()
        writer.writerows(content)
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("연구") / "점수.csv", rows(24))


def test_study_report_is_signed_carries_its_figures_and_reads_every_plot(
    source: Path, identity: Identity, tmp_path: Path
) -> None:
    study, validated = make_study(source)
    texts = tomllib.loads(VALIDATION_TEXTS.read_text(encoding="utf-8"))
    for language in ("ko", "en"):
        printed = print_study(study, validated, language, identity, 0.7)  # type: ignore[arg-type]
        found = verify_pdf(printed.pdf, VerificationInputs()).result
        status = {check.id: check.status for check in found.checks}
        assert status["signature.integrity"] is CheckStatus.PASS
        assert status["signature.coverage"] is CheckStatus.PASS
        assert status["study.document"] is CheckStatus.PASS
        assert status["study.content"] is found.verdict is CheckStatus.NOT_CHECKED
        assert shown_signatures(printed.pdf) == [EXAMINER, REVIEWER]
        changed = printed.pdf.replace(b"/Producer", b"/Produce_")
        assert verify_pdf(changed, VerificationInputs()).result.verdict is CheckStatus.FAIL
        with pikepdf.open(io.BytesIO(printed.pdf)) as pdf:
            attached = json.loads(pdf.attachments["study.json"].get_file().read_bytes())
        assert attached["figures"]["eer"]["value"] == study.figures["eer"].value  # type: ignore[union-attr]
        words = readings(printed.document, texts[language])
        assert set(printed.plots) <= set(words)
        assert not any("{" in text for text in words.values())
    written = {path.name for path in write_study(printed, tmp_path)}
    assert {"tippett.png", "by_net_speech_s.svg", "validation.pdf", "study.json"} <= written
    picture = Image.open(tmp_path / "tippett.png")
    assert picture.size == (1380, 900)
    assert len(set(picture.get_flattened_data() if hasattr(picture, "get_flattened_data")
                   else picture.getdata())) > 20  # fmt: skip


def test_study_is_kept_in_a_case_as_it_was_signed(
    source: Path, identity: Identity, tmp_path: Path
) -> None:
    new_case(tmp_path / "case", "2026-1", "홍길동", passphrase="correct horse battery")
    printed = print_study(*make_study(source), "ko", identity)
    kept = keep_study_in(tmp_path / "case", printed, "correct horse battery")
    with CaseFile.open(tmp_path / "case", passphrase="correct horse battery") as case:
        assert case.rows(Study) == [kept]
        assert kept.signed == 1
        assert case.head().action == "study.add"
        assert all(check.status is CheckStatus.PASS for check in check_case(case))


def test_conditions_of_a_trial_are_those_of_its_worse_side(source: Path) -> None:
    study, _ = make_study(source)
    content = rows(24)
    for part in study.by_condition:
        low, high = part.low or 0, part.high or np.inf
        inside = [
            row["same"]
            for row in content
            if low <= min(row["net_speech_s_a"], row["net_speech_s_b"]) < high  # type: ignore[type-var]
        ]
        assert (part.n_same, part.n_different) == (inside.count(1), inside.count(0))
    assert sum(part.n_different for part in study.by_condition) == study.n_different


def test_a_rate_that_was_never_seen_is_not_claimed_to_be_zero() -> None:
    """None of n speakers: Clopper and Pearson's upper limit, 1 - 0.025^(1/n)."""
    content = rows(24, shift=30.0)
    columns = [np.array([row[key] for row in content]) for key in ("score", "same")]
    speakers = [np.array([row[key] for row in content]) for key in ("spk_a", "spk_b")]
    labelled = LabelledScores(columns[0], columns[1] == 1, *speakers)
    study, _ = run_study(labelled, "VS", "", StudySource("x"), n_replicates=50)
    for name, n in (("same_below_1", 24), ("different_above_10", 12), ("eer", 24)):
        found = study.figures[name]
        assert found is not None
        assert (found.value, found.low) == pytest.approx((0, 0), abs=1e-9)
        assert found.high == pytest.approx(1 - 0.025 ** (1 / n))
    assert study.figures["devpav"] is None


def test_the_trial_list_is_told_by_its_hash(source: Path) -> None:
    def digest(content: list[dict[str, object]]) -> str:
        scores = np.array([row["score"] for row in content], np.float64)
        same = np.array([row["same"] for row in content]) == 1
        sides = [np.array([row[key] for row in content]) for key in ("spk_a", "spk_b")]
        trials = LabelledScores(scores, same, *sides)
        return studies.trials_hash(studies.evaluate(trials, 2).trials)

    content = rows(24)
    study, _ = make_study(source)
    assert digest(content) == study.trials_sha256
    content[0]["score"] = float(content[0]["score"]) + 1e-5  # type: ignore[arg-type]
    assert digest(content) != study.trials_sha256


BAD = {
    "one_speaker": ([row | {"same": 1} for row in rows(1, sessions=6)], "population.too_small"),
    "no_same": ([row for row in rows(24) if not row["same"]], "population.too_small"),
    "identical": ([row | {"score": 0.5} for row in rows(24)], "scores.identical"),
    "nan": ([*rows(24), rows(24)[0] | {"score": "nan"}], "table.invalid"),
    "infinite": ([*rows(24), rows(24)[0] | {"score": "inf"}], "table.invalid"),
    "three_speakers": (rows(3), "population.too_small"),
    "label": ([*rows(24), rows(24)[0] | {"same": "maybe"}], "table.invalid"),
    "within_one": ([rows(24)[0] | {"same": 0}, *rows(24)], "table.invalid"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_scores_give_a_code_and_no_number(name: str, tmp_path: Path) -> None:
    content, code = BAD[name]
    path = table(tmp_path / "bad.csv", content)
    with pytest.raises(SeongmunError) as caught:
        make_study(path)
    assert caught.value.code.value == code
    assert ErrorCode(code)


def test_png_has_what_the_drawing_has() -> None:
    """A red square, a dashed black line with gaps, a blue slanting line."""
    drawing = Drawing(60, 40)

    drawing.add(Rect(10, 10, 20, 20, fillColor=colors.red, strokeColor=None))
    drawing.add(Line(0, 5, 60, 5, strokeColor=colors.black, strokeDashArray=[4, 4]))
    drawing.add(PolyLine([40, 10, 50, 30], strokeColor=colors.blue, strokeWidth=2))
    pixels = np.asarray(Image.open(io.BytesIO(to_png(drawing))).convert("RGB")).astype(int)
    assert pixels.shape == (120, 180, 3)
    assert tuple(pixels[60, 60]) == (255, 0, 0)  # y counts from the top
    assert tuple(pixels[60, 135]) == (0, 0, 255)
    dark = pixels[105, :, 0] < 128
    assert 0.4 < dark.mean() < 0.6
    assert np.abs(np.diff(dark.astype(int))).sum() >= 13
