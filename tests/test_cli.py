"""The command line as others script against it, run as a program."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from app.services.calibrating import read_labelled_scores
from engine.lr.metrics import eer
from engine.lr.trials import trial_weights

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).parent / "seongmun"


def seongmun(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"LANG": "C.UTF-8"} | environment,
        check=False,
    )


def run_json(*arguments: object, expect: int = 0, **environment: str) -> dict[str, Any]:
    done = seongmun(*arguments, "--json", **environment)
    assert done.returncode == expect, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_compare_then_verify_twice(
    demo_media: tuple[Path, Path], identity_files: tuple[Path, Path], tmp_path: Path
) -> None:
    report = tmp_path / "감정서.pdf"
    result = run_json(
        "compare", *demo_media, "--report", report, "--sign-p12", identity_files[0],
        "--sign-pass-env", "P12_PASSWORD", "--lang", "ko", P12_PASSWORD="correct horse",
    )  # fmt: skip
    assert set(result) == {
        "score", "log10_lr", "interval", "bounds", "verbal", "flags", "model_sha256",
        "population_id",
    }  # fmt: skip
    low, high = result["interval"]
    assert result["bounds"][0] <= low <= result["log10_lr"] <= high <= result["bounds"][1]
    arguments = ("verify", report, "--media", demo_media[0].parent, "--trust", identity_files[1])
    for _ in range(2):
        verified = run_json(*arguments)
        assert verified["verdict"] == "PASS"
        assert abs(verified["recomputed_log10_lr"] - result["log10_lr"]) <= 1e-4
    incomplete = run_json(*arguments, "--no-recompute", expect=3)
    assert incomplete["verdict"] == "NOT_CHECKED"
    changed = bytearray(report.read_bytes())
    changed[500] ^= 1
    report.write_bytes(changed)
    assert run_json(*arguments, expect=1)["verdict"] == "FAIL"


def bad_recording(name: str, folder: Path, good: Path) -> Path:
    path = folder / f"{name}.wav"
    voice, rate_hz = soundfile.read(good.parent / "대조음성2_synthetic.wav")
    if name == "empty":
        path.write_bytes(b"")
    elif name == "hundred":
        path.write_bytes((good.parent / "대조음성2_synthetic.wav").read_bytes()[:100])
    elif name == "cut":
        path.write_bytes((good.parent / "대조음성2_synthetic.wav").read_bytes()[:-5000])
    elif name == "silent":
        soundfile.write(path, np.zeros(80_000), 8000)
    elif name == "second":
        soundfile.write(path, voice[: 8000 + 4000], rate_hz)
    elif name == "text":
        path.write_text("a letter\n" * 100)
    elif name == "folder":
        path.mkdir()
    elif name == "noise":
        soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 80_000), 8000)
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty", "file.empty"),
        ("hundred", "audio.truncated"),
        ("cut", "audio.truncated"),
        ("silent", "audio.silent"),
        ("second", "speech.too_short"),
        ("text", "audio.not_audio"),
        ("folder", "file.is_directory"),
        ("missing", "file.missing"),
        ("noise", "speech.none"),
    ],
)
def test_bad_recordings_end_in_their_code(
    demo_media: tuple[Path, Path], tmp_path: Path, name: str, code: str
) -> None:
    bad = bad_recording(name, tmp_path, demo_media[0])
    report = tmp_path / "out" / "report.pdf"
    for arguments in ((demo_media[0], bad), (bad, demo_media[0])):
        error = run_json("compare", *arguments, "--report", report, expect=1)["error"]
        assert error["code"] == code
        assert error["message"]
        assert "‹" not in error["message"]
    assert not report.parent.exists()


def test_same_bytes_are_refused(demo_media: tuple[Path, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copy(demo_media[0], tmp_path / "copy.amr"))
    error = run_json("compare", demo_media[0], copy, expect=1)["error"]
    assert error["code"] == "compare.same_bytes"


def test_messages_are_korean_on_request(tmp_path: Path) -> None:
    done = seongmun("info", tmp_path / "없음.wav", "--lang", "ko")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "파일을 찾을 수 없습니다" in done.stderr


def test_signing_errors(demo_media: tuple[Path, Path], identity_files: tuple[Path, Path],
                        tmp_path: Path) -> None:  # fmt: skip
    report = tmp_path / "report.pdf"
    options = ("compare", *demo_media, "--report", report, "--sign-p12")
    wrong = run_json(*options, identity_files[0], "--sign-pass-env", "PW", expect=1, PW="no")
    assert wrong["error"]["code"] == "key.password"
    missing = run_json(*options, tmp_path / "x", "--sign-pass-env", "PW", expect=1, PW="no")
    assert missing["error"]["code"] == "key.missing"
    unset = run_json(*options, identity_files[0], "--sign-pass-env", "NOT_SET", expect=2)
    assert unset["error"]["code"] == "usage"
    assert not report.exists()


def test_usage_errors_exit_with_two() -> None:
    assert run_json("nonsense", expect=2)["error"]["code"] == "usage"
    assert seongmun("compare").returncode == 2
    assert run_json("compare", "a", "b", "--device", "abacus", expect=2)["error"]["code"] == "usage"


def test_info_describes_and_hashes(demo_media: tuple[Path, Path]) -> None:
    first = run_json("info", *demo_media)["files"][0]
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels",
         "-of", "json", demo_media[0]], capture_output=True, check=True,
    )  # fmt: skip
    stream = json.loads(probe.stdout)["streams"][0]
    assert first["sample_rate_hz"] == int(stream["sample_rate"])
    assert first["channels"] == stream["channels"]
    sums = subprocess.run(["sha256sum", demo_media[0]], capture_output=True, text=True, check=True)
    assert first["sha256"] == sums.stdout[:64]
    assert first["quality"][0]["net_speech_s"] > 20
    assert first["quality"][0]["codec_guess"] == "narrowband"
    assert first["suitability"] == [{"verdict": "suitable", "reasons": []}]
    missing = demo_media[0].parent / "missing"
    assert run_json("info", missing, expect=1)["error"]["code"] == "file.missing"
    both = run_json("info", missing, demo_media[0], expect=1)["files"]
    assert both[0]["error"]["message"]
    assert both[1]["sha256"] == first["sha256"]


def test_embed_is_normalised_and_score_agrees(
    demo_media: tuple[Path, Path], tmp_path: Path
) -> None:
    archive = tmp_path / "voices.npz"
    run_json("embed", *demo_media, "--out", archive)
    with np.load(archive, allow_pickle=False) as data:
        vectors, paths, statistics = data["embeddings"], data["paths"], data["cohort_statistics"]
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert list(paths) == [str(path) for path in demo_media]
    trials, scores = tmp_path / "trials.csv", tmp_path / "scores.csv"
    trials.write_text(
        f"a,note,b\n{demo_media[0].name},x y,{demo_media[1].stem}\nnobody,,{demo_media[0].name}\n",
        encoding="utf-8",
    )
    summary = run_json("score", trials, "--root", demo_media[0].parent, "--out", scores, expect=3)
    assert summary["n_trials"] == 2
    with scores.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["a", "note", "b", "score", "log10_lr", "flags"]
    means, deviations = statistics.T
    normalised = float(((vectors[0] @ vectors[1] - means) / deviations).mean())
    assert float(rows[0]["score"]) == pytest.approx(normalised, abs=1e-4)
    compared = run_json("compare", *demo_media)
    assert float(rows[0]["log10_lr"]) == pytest.approx(compared["log10_lr"], abs=1e-4)
    assert (rows[1]["score"], rows[1]["flags"]) == ("", "file.missing")


def test_bad_tables(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    for content in ("x,y\n1,2\n", "", "a,b\nonly\n"):
        table.write_text(content)
        arguments = ("score", table, "--root", tmp_path, "--out", tmp_path / "o.csv")
        assert run_json(*arguments, expect=1)["error"]["code"] == "table.invalid"
    assert not (tmp_path / "o.csv").exists()


def test_calibrate_joins_recordings_into_speakers(tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("a,b,same,score\nr1,r2,1,0.9\nr2,r3,1,0.8\nr1,r4,0,0.1\nr3,r4,0,0.2\n")
    trials = read_labelled_scores(table)
    assert len(set(trials.speaker_a) | set(trials.speaker_b)) == 2
    assert list(trials.same) == [True, True, False, False]
    error = run_json("calibrate", table, "--id", "x", "--out", tmp_path, expect=1)["error"]
    assert error["code"] == "population.too_small"


def test_validate_gives_figures_with_intervals_and_plots(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = tmp_path / "scores.csv"
    names = [f"s{i}" for i in range(24) for _ in range(2)]
    rows = [
        (a, b, int(a == b), rng.normal(0.6 if a == b else 0.1, 0.2))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    ]
    lines = ["spk_a,spk_b,same,score", *(f"{a},{b},{s},{x:.6f}" for a, b, s, x in rows)]
    table.write_text("\n".join(lines))
    result = run_json("validate", table, "--out", tmp_path / "study")
    assert (result["n_same"], result["n_diff"], result["n_speakers"]) == (24, 24 * 46, 24)
    for name in ("eer", "cllr", "cllr_min", "cllr_cal"):
        low, high = result[f"{name}_ci"]
        assert low <= result[name] <= high
    misses = np.array([x for _, _, s, x in rows if s])
    alarms = np.array([x for _, _, s, x in rows if not s])
    threshold = np.sort(alarms)[int(len(alarms) * (1 - result["eer"]))]
    assert abs(np.mean(misses < threshold) - result["eer"]) < 0.05
    names = {Path(name).name for name in result["files"]}
    plots = ("tippett", "det", "pav", "ece", "histogram")
    assert names == {f"{p}.{k}" for p in plots for k in ("svg", "png")} | {
        "validation.pdf", "study.json",
    }  # fmt: skip
    for name in result["files"]:
        assert Path(name).stat().st_size > 2000
    pages = subprocess.run(["pdftotext", tmp_path / "study/validation.pdf", "-"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert "Tippett" in pages.stdout


def test_models_list_and_check(tmp_path: Path) -> None:
    packs = run_json("models", "list")["models"]
    checked = run_json("models", "check", packs[0]["id"])
    assert checked["ok"] is True
    assert checked["model_sha256"] == packs[0]["model_sha256"]
    broken = tmp_path / "pack"
    shutil.copytree(ROOT / "resources/models" / packs[0]["id"], broken)
    content = bytearray((broken / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (broken / "model.onnx").write_bytes(content)
    assert run_json("models", "check", broken, expect=1)["error"]["code"] == "model.hash"


def test_demo_and_selftest(tmp_path: Path) -> None:
    demo = run_json("demo", "--out", tmp_path / "시연")
    assert demo["verification"]["verdict"] == "PASS"
    assert Path(demo["report"]).read_bytes().startswith(b"%PDF")
    tested = run_json("selftest")
    assert tested["passed"] is True
    assert {item["status"] for item in tested["items"]} <= {"PASS", "NOT_CHECKED"}


def test_scores_of_real_calls_separate_speakers(shared_data: Path, tmp_path: Path) -> None:
    """Ten telephone speakers, two calls each, through the whole program."""
    with (shared_data / "dev/wuw2/trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = {row["spk_a"]: (row["a"], row["b"]) for row in rows if row["same"] == "1"}
    calls = {call for pair in list(pairs.values())[:6] for call in pair}
    chosen = [row for row in rows if row["a"] in calls and row["b"] in calls]
    table, out = tmp_path / "trials.csv", tmp_path / "scores.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(chosen)
    done = seongmun("score", table, "--root", shared_data / "dev/wuw2", "--out", out)
    assert done.returncode in (0, 3), done.stderr
    trials = read_labelled_scores(out)
    assert len(trials.scores) == len(chosen)
    assert eer(trials.scores, trials.same, trial_weights(trials)) < 0.4
