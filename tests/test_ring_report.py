"""The report on voices across calls: made from real calls, verified, and what changing it shows."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from subprocess import run as execute

import numpy as np
import pikepdf
import pytest
from phone_calls import Phone, write_calls

from app.cli import run
from app.services.calls import CallFacts, HeardCalls, call_sources, hear_calls
from app.services.grouping import Grouping, group_heard
from app.services.ring_picture import make_picture
from app.services.ring_reporting import (
    RingReportRequest,
    print_rings,
    ring_document,
    write_ring_report,
)
from engine.canonical import canonical_bytes
from engine.casefile.store import CaseFile
from engine.casefile.tables import RingReport
from engine.errors import ErrorCode, SeongmunError
from engine.groups.organise import Decisions, GroupSettings, decisions_of
from engine.models.session import EmbeddingModel
from engine.report.ring_document import recomputed
from engine.report.roles import EXAMINER, REVIEWER
from engine.report.sign import FileIdentity, load_pkcs12, make_demo_identity
from engine.types import CheckStatus, Population
from engine.verify.rings import check_rings
from engine.verify.run import VerificationInputs, verify_pdf
from tests.agreement import shown_signatures

FACTS = (
    CallFacts("2026-1", "김영희", "2026-04-01T09:10+09:00", "incoming", "2026-04-20"),
    CallFacts("2026-1", "김영희", "", "", "2026-04-20"),
    CallFacts("2026-2", "", "2026-04-03T15:00", "outgoing", "2026-04-21"),
    CallFacts("2026-2", "", "", "unknown", "2026-04-21"),
)


@pytest.fixture(scope="module")
def phone(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Phone:
    return write_calls(shared_data, tmp_path_factory.mktemp("phone"))


@pytest.fixture(scope="module")
def heard(phone: Phone, model: EmbeddingModel) -> HeardCalls:
    found = hear_calls(call_sources(phone.paths), model)
    facts = dict(zip(phone.paths, FACTS, strict=True))
    return replace(found, voices=tuple(replace(v, facts=facts[v.path]) for v in found.voices))


@pytest.fixture(scope="module")
def log(heard: HeardCalls) -> list[dict[str, str]]:
    """The truth, told as decisions: A and B are heard again and again."""
    truth = dict(zip((v.key for v in heard.voices), "AVAWABBX", strict=True))
    return [
        {
            "kind": "same_voice",
            "first": first,
            "second": second,
            "value": "",
            "author": "김서연",
            "utc": "2026-05-01T10:00:00.123456Z",
        }
        for first, second in combinations(truth, 2)
        if truth[first] == truth[second]
    ]


@pytest.fixture(scope="module")
def grouping(heard: HeardCalls, population: Population, log: list[dict[str, str]]) -> Grouping:
    return group_heard(heard, population, GroupSettings(9.0, 9.0), decisions_of(log))


@pytest.fixture(scope="module")
def document(
    grouping: Grouping, model: EmbeddingModel, population: Population, log: list[dict[str, str]]
) -> dict[str, object]:
    request = RingReportRequest("ko", None, log)
    made = ring_document(grouping, model.pack, model.provider, population, request)
    return dict(json.loads(canonical_bytes(made)))


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> FileIdentity:
    folder = tmp_path_factory.mktemp("identity")
    make_demo_identity(folder / "id.p12", folder / "id.pem", b"secret")
    return load_pkcs12(folder / "id.p12", b"secret")


def statuses(pdf: bytes, inputs: VerificationInputs) -> dict[str, CheckStatus]:
    return {check.id: check.status for check in verify_pdf(pdf, inputs).result.checks}


def text_of(pdf: bytes, folder: Path) -> str:
    """As another program reads it."""
    (folder / "read.pdf").write_bytes(pdf)
    command = ["pdftotext", "-layout", str(folder / "read.pdf"), "-"]
    return execute(command, capture_output=True, check=True).stdout.decode("utf-8")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_signed_report_is_verified_and_says_what_was_not_checked(
    language: str,
    grouping: Grouping,
    model: EmbeddingModel,
    population: Population,
    log: list[dict[str, str]],
    identity: FileIdentity,
    phone: Phone,
    tmp_path: Path,
) -> None:
    request = RingReportRequest("ko" if language == "ko" else "en", identity, log)
    target = tmp_path / "rings.pdf"
    write_ring_report(grouping, model.pack, model.provider, population, request, target)
    pdf = target.read_bytes()
    assert shown_signatures(pdf) == [EXAMINER, REVIEWER]
    found = statuses(
        pdf, VerificationInputs((phone.folder,), pack=model.pack, population=population)
    )
    for name in ("signature.integrity", "signature.coverage", "rings.document", "rings.media"):
        assert found[name] is CheckStatus.PASS, name
    for name in ("model.hash", "population.hash", "rings.result"):
        assert found[name] is CheckStatus.PASS, name
    assert found["rings.voices"] is CheckStatus.NOT_CHECKED
    alone = statuses(pdf, VerificationInputs())
    assert alone["rings.media"] is alone["model.hash"] is CheckStatus.NOT_CHECKED
    assert alone["rings.result"] is CheckStatus.PASS

    text = text_of(pdf, tmp_path)
    for path in phone.paths:
        assert path.name in text
    for shown in ("김서연", "2026-04-01T09:10", "V1", population.id, "2026-05-01T10:00:00Z"):
        assert shown in text, shown
    lowered = text.lower()
    for word in ("match", "identified", "일치", "동일인으로 확인", "% "):
        assert word not in lowered, word


def test_report_is_changed_by_nobody_unseen(
    grouping: Grouping,
    model: EmbeddingModel,
    population: Population,
    log: list[dict[str, str]],
    identity: FileIdentity,
    tmp_path: Path,
) -> None:
    request = RingReportRequest("en", identity, log)
    target = tmp_path / "rings.pdf"
    write_ring_report(grouping, model.pack, model.provider, population, request, target)
    changed = bytearray(target.read_bytes())
    changed[len(changed) // 3] ^= 1
    found = verify_pdf(bytes(changed), VerificationInputs()).result
    assert found.verdict is CheckStatus.FAIL


def test_document_is_what_independent_formulas_give(
    document: dict[str, object], heard: HeardCalls
) -> None:
    """Ratios from the attached vectors by the formulas of calibration and normalisation."""
    content = json.loads(json.dumps(document))
    calibration = content["population"]["calibration"]
    vectors = np.stack(
        [np.frombuffer(base64.b64decode(v["vector"]), "<f4") for v in content["voices"]]
    )
    mean, deviation = np.array([v["cohort"] for v in content["voices"]]).T
    cosine = vectors.astype(float) @ vectors.T.astype(float)
    score = ((cosine - mean[:, None]) / deviation[:, None] + (cosine - mean) / deviation) / 2
    ratio = calibration["slope"] * score + calibration["intercept"]
    low, high = calibration["bounds_log10"]
    for person in content["result"]["people"]:
        members = [m["voice"] for m in person["members"]]
        for member in person["members"]:
            others = [v for v in members if v != member["voice"]]
            if others:
                expected = np.clip(ratio[member["voice"], others].mean(), low, high)
                assert member["log10_lr"] == pytest.approx(expected, abs=1e-4)
    (ring,) = content["result"]["rings"]
    assert ring["calls"] == [0, 1, 2, 3] and len(ring["people"]) == 2
    for tie in ring["weakest_joint"]["ties"]:
        pair = tuple(tie["strongest"]["voices"])
        expected = np.clip(ratio[pair], low, high)
        assert tie["strongest"]["log10_lr"] == pytest.approx(expected, abs=1e-4)
    assert [c["case"] for c in content["calls"]] == ["2026-1", "2026-1", "2026-2", "2026-2"]
    assert [c["direction"] for c in content["calls"]] == ["incoming", "", "outgoing", "unknown"]


def change_vector(content: dict) -> None:  # type: ignore[type-arg]
    content["voices"][0]["vector"] = content["voices"][1]["vector"]


def change_decision(content: dict) -> None:  # type: ignore[type-arg]
    content["decisions"] = content["decisions"][:-1]


def change_ratio(content: dict) -> None:  # type: ignore[type-arg]
    content["result"]["people"][0]["members"][0]["log10_lr"] += 0.01


def change_limit(content: dict) -> None:  # type: ignore[type-arg]
    content["settings"]["ring_strength"] = 0.1


def change_shape(content: dict) -> None:  # type: ignore[type-arg]
    content["voices"][0]["vector"] = "AAAA"


@pytest.mark.parametrize(
    "change", [change_vector, change_decision, change_ratio, change_limit, change_shape]
)
def test_document_that_does_not_follow_from_its_evidence_fails(
    change: Callable[[dict], None],  # type: ignore[type-arg]
    document: dict[str, object],
) -> None:
    content = deepcopy(document)
    change(content)
    checks = check_rings(canonical_bytes(content), None, None, lambda calls: None)
    assert {c.id: c.status for c in checks}["rings.result"] is CheckStatus.FAIL


def test_another_document_is_none_of_ours(document: dict[str, object]) -> None:
    for content in (b"{}", b"[" * 100_000, b"\xff", canonical_bytes(document) + b" "):
        checks = check_rings(content, None, None, lambda calls: None)
        status = {c.id: c.status for c in checks}
        assert status["rings.document"] is CheckStatus.FAIL
        assert status["rings.result"] is CheckStatus.NOT_CHECKED


def test_equal_input_gives_equal_bytes_and_the_picture_is_a_drawing(
    grouping: Grouping, document: dict[str, object], log: list[dict[str, str]]
) -> None:
    request = RingReportRequest("ko", None, log)
    picture = make_picture(grouping)
    first, second = (print_rings(document, picture, request) for _ in range(2))
    assert first == second
    with pikepdf.open(io.BytesIO(first)) as pdf:
        attached = pdf.attachments["rings.json"].get_file().read_bytes()
        assert not any(page.get_images() for page in pdf.pages)
    assert attached == canonical_bytes(document)
    assert recomputed(document) == document["result"]


def test_decisions_that_changed_since_are_refused(
    grouping: Grouping, model: EmbeddingModel, population: Population
) -> None:
    assert grouping.decisions != Decisions()
    with pytest.raises(SeongmunError) as caught:
        ring_document(grouping, model.pack, model.provider, population, RingReportRequest("ko"))
    assert caught.value.code is ErrorCode.GROUP_OUTDATED


def test_command_writes_signs_keeps_and_verifies(
    phone: Phone,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_demo_identity(tmp_path / "id.p12", tmp_path / "id.pem", b"secret")
    monkeypatch.setenv("SECRET", "secret")
    case, out = tmp_path / "case", tmp_path / "rings.pdf"

    def command(*arguments: object) -> tuple[int, dict]:  # type: ignore[type-arg]
        code = run([*map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    command("case", "new", case, "--number", "1", "--examiner", "x")
    command("case", "add", case, *phone.paths, "--role", "questioned")
    code, refused = command("case", "set", case, "call_started", "gestern", "--exhibit", 1)
    assert (code, refused["error"]["code"]) == (1, "case.fact_invalid")
    command("case", "set", case, "call_started", "2026-04-01T09:10+09:00", "--exhibit", 1)
    sign = ("--sign-p12", tmp_path / "id.p12", "--sign-pass-env", "SECRET")
    code, told = command("group", "--case", case, "--report", out, *sign)
    assert code == 0 and told["report"] == str(out)
    with CaseFile.open(case) as opened:
        (kept,) = opened.rows(RingReport)
    assert kept.signed and kept.media_sha256 in {p.name for p in (case / "media").iterdir()}
    code, found = command("verify", out, "--case", case, "--trust", tmp_path / "id.pem")
    status = {check["id"]: check["status"] for check in found["checks"]}
    assert (code, found["verdict"]) == (3, "NOT_CHECKED")
    for name in ("signature.trust", "rings.media", "rings.result", "case.anchor"):
        assert status[name] == "PASS", name
    code, found = command("case", "check", case, "--report", out)
    assert code == 0 and found["checks"][-1]["id"] == "case.anchor"
    assert run(["group", "--case", str(case), *map(str, sign)]) == 2
