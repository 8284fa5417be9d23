"""The case file from the command line, plain and encrypted."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_cli import run_json, seongmun

PHRASE = {"CASE_PASS": "붉은 노을 아래 7마리"}


@pytest.mark.parametrize("encrypted", [False, True])
def test_from_new_case_to_corrected_report(
    demo_media: tuple[Path, Path],
    identity_files: tuple[Path, Path],
    tmp_path: Path,
    encrypted: bool,
) -> None:
    case, first, second = tmp_path / "사건 1", tmp_path / "감정서.pdf", tmp_path / "정정.pdf"
    key = ("--pass-env", "CASE_PASS") if encrypted else ()
    environment = PHRASE | {"P12_PASSWORD": "correct horse"}
    made = run_json(
        "case", "new", case, "--number", "2026-형제-7", "--examiner", "홍길동", *key, **PHRASE
    )
    assert made["encrypted"] is encrypted
    run_json("case", "set", case, "agency", "서울경찰청", *key, **PHRASE)
    run_json("case", "set", case, "agency", "경찰청", *key, **PHRASE)
    assert run_json("case", "undo", case, *key, **PHRASE)["undoes"] == 2
    signing = ("--sign-p12", identity_files[0], "--sign-pass-env", "P12_PASSWORD")
    compare = ("compare", *demo_media, "--case", case, *key, *signing)
    result = run_json(*compare, "--report", first, **environment)
    listed = run_json("case", "list", case, *key, **PHRASE)
    assert listed["facts"] == {"agency": "서울경찰청"}
    assert [e["role"] for e in listed["exhibits"]] == ["questioned", "known"]
    assert listed["analyses"][0]["log10_lr"] == result["log10_lr"]
    number = listed["reports"][0]["report_id"]
    run_json(*compare, "--report", second, "--supersedes", number, **environment)
    listed = run_json("case", "list", case, *key, **PHRASE)
    assert [(r["version"], r["supersedes"]) for r in listed["reports"]] == [(1, None), (2, 1)]
    refused = run_json(
        *compare, "--report", tmp_path / "x.pdf", "--supersedes", number, expect=1, **environment
    )
    assert refused["error"]["code"] == "case.no_such_row"
    assert run_json("case", "list", case, *key, **PHRASE) == listed
    verified = run_json(
        "verify", second, "--case", case, *key, "--trust", identity_files[1], **PHRASE
    )
    assert verified["verdict"] == "PASS"
    assert {c["id"] for c in verified["checks"]} >= {"case.anchor", "media.known"}
    checked = run_json("case", "check", case, "--report", first, *key, **PHRASE)
    assert checked["verdict"] == "PASS"
    assert "case.anchor" in {c["id"] for c in checked["checks"]}
    archive, copy = tmp_path / "case.zip", tmp_path / "copy"
    run_json("case", "export", case, archive, *key, **PHRASE)
    run_json("case", "import", archive, copy, *key, **PHRASE)
    assert run_json("case", "list", copy, *key, **PHRASE) == run_json(
        "case", "list", case, *key, **PHRASE
    )


def test_mistakes_are_told_from_damage(tmp_path: Path) -> None:
    case = tmp_path / "case"
    run_json(
        "case", "new", case, "--number", "1", "--examiner", "x", "--pass-env", "CASE_PASS", **PHRASE
    )
    missing = run_json("case", "list", case, expect=1)
    assert missing["error"]["code"] == "case.passphrase_missing"
    assert "--pass-env" in missing["error"]["message"]
    wrong = run_json("case", "list", case, "--pass-env", "CASE_PASS", expect=1, CASE_PASS="nothing")
    assert wrong["error"]["code"] == "case.passphrase"
    assert seongmun("case", "list", case, "--pass-env", "UNSET_VARIABLE").returncode == 2
    nothing = run_json("case", "undo", case, "--pass-env", "CASE_PASS", expect=1, **PHRASE)
    assert nothing["error"]["code"] == "case.nothing_to_undo"
    unknown = run_json(
        "case", "set", case, "verdict", "x", "--pass-env", "CASE_PASS", expect=1, **PHRASE
    )
    assert unknown["error"]["code"] == "case.no_such_fact"
