"""The reviewer's window and record, driven as a court expert would: no case, no account."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.cli import EXIT_INCOMPLETE, EXIT_USAGE, run
from app.messages import codes, message
from app.resources import DEFAULT_MODEL_ID, DEMO, MODELS, POPULATIONS
from app.services.comparing import Comparison, compare
from app.services.reporting import ReportRequest, finding_of, write_report
from app.services.reviewing import ReviewInputs, extract_attachments, review
from app.services.wording import check_name
from engine.errors import ErrorCode, SeongmunError
from engine.models.session import EmbeddingModel
from engine.report.roles import EXAMINER
from engine.report.sign import Identity
from engine.types import CheckStatus, Population
from engine.verify.extract import MOST_BYTES, read_attachments, safe_name
from engine.verify.outcomes import SIGNATURE_HOLDS
from engine.verify.signature import check_signature
from tests.agreement import shown_signatures
from ui.language import set_language
from ui.main_window import MainWindow
from ui.review_window import ReviewWindow
from ui.widgets.fact_tree import FactTree

ROOT = Path(__file__).resolve().parent.parent
HUGE_BYTES = 3 << 30
OTHER = "대조음성2_synthetic.wav"


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    found = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    found.setValue("language", "ko")
    return found


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, settings: QSettings) -> Iterator[ReviewWindow]:
    set_language(qapp, "ko")
    opened = ReviewWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    yield opened
    opened.close()


def idle(qtbot: QtBot, window: ReviewWindow) -> None:
    qtbot.waitUntil(lambda: not window.board.running, timeout=120_000)
    QApplication.processEvents()


def drop(window: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = QPointF(window.rect().center())
    window.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, data, left, none))


# What a report may lack: nobody countersigned, no authority stamped the time or could revoke.
OPTIONAL = ("countersignature.present", "signature.timestamp", "signature.revocation")


def outcomes(window: ReviewWindow) -> dict[str, str]:
    """Status by check id."""
    assert window.view.review is not None
    return {c.id: c.status.value for c in window.view.review.verification.result.checks}


def says(window: ReviewWindow, verdict: str) -> bool:
    return message(f"review.verdict.{verdict}", "ko") in window.view.verdict.text()


def test_from_a_dropped_report_to_a_signed_record(
    qtbot: QtBot,
    window: ReviewWindow,
    reports: dict[str, Path],
    demo_media: tuple[Path, Path],
    identity_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    # The report alone: what was not checked is said, and asked for by name and hash.
    report = tmp_path / "감정서.pdf"
    report.write_bytes(reports["ko"].read_bytes())
    drop(window, report)
    idle(qtbot, window)
    assert says(window, "NOT_CHECKED")
    assert message("check.signature.trust", "ko") in window.view.outcome.text()
    needs = window.view.needs
    assert needs.isVisible() and needs.trust.isVisible() and not needs.model.isVisible()
    asked = "\n".join(needs.list.item(i).text() for i in range(needs.list.count()))
    for path in demo_media:
        assert path.name in asked
        assert hashlib.sha256(path.read_bytes()).hexdigest() in asked

    # Trusted certificates: known from now on.
    window.desk.use_trust([identity_files[1]])
    idle(qtbot, window)
    assert outcomes(window)["signature.trust"] == "PASS"
    assert not needs.trust.isVisible()

    # A recording of another name is recognised by its bytes; one alone is not enough.
    renamed = tmp_path / "a.bin"
    renamed.write_bytes(demo_media[0].read_bytes())
    drop(window, renamed)
    idle(qtbot, window)
    assert outcomes(window)["media.questioned"] == "PASS"
    assert outcomes(window)["media.known"] == "NOT_CHECKED"
    assert [item.file_name for item in needs.items] == [demo_media[1].name]

    # With all of them, the result is computed again by itself.
    drop(window, demo_media[1].parent)
    idle(qtbot, window)
    left = {check: found for check, found in outcomes(window).items() if found != "PASS"}
    assert left == dict.fromkeys(OPTIONAL, "NOT_CHECKED")
    assert all(check_name(check, "ko") in window.view.outcome.text() for check in OPTIONAL)
    assert says(window, "PASS") and not needs.isVisible()
    rows = {
        window.view.numbers.item(row, 0).text(): [
            window.view.numbers.item(row, column).text() for column in (1, 2, 3)
        ]
        for row in range(window.view.numbers.rowCount())
    }
    with pikepdf.open(report) as pdf:
        manifest = json.loads(pdf.attachments["manifest.json"].get_file().read_bytes())
    printed = next(v for k, v in rows.items() if k.startswith(message("number.log10_lr", "ko")))
    result = (manifest.get("comparisons") or [manifest])[0]["result"]
    assert float(printed[0]) == pytest.approx(result["log10_lr"], rel=1e-5)
    assert float(printed[1]) == pytest.approx(result["log10_lr"], abs=1e-4)

    # What was found, on the clipboard.
    window.desk.copy_text()
    assert message("review.verdict.PASS", "ko") in QApplication.clipboard().text()

    # The record: signed, checked, with everything in its attachment.
    record = tmp_path / "검토.pdf"
    dialog = window.desk.ask_for_record()
    assert dialog is not None
    dialog.name.setText("박검토")
    dialog.remarks.setPlainText("이상 없음\n<b>표시</b>")
    dialog._target.setText(str(record))
    dialog._kind.setCurrentIndex(dialog._kind.findData("file"))
    dialog._paths["file"].setText(str(identity_files[0]))
    dialog._secret.setText("correct horse")
    dialog.accept()
    idle(qtbot, window)
    checked = review(record, ReviewInputs()).verification.result
    passed = {c.id for c in checked.checks if c.status is CheckStatus.PASS}
    assert passed >= SIGNATURE_HOLDS | {"review.document"}
    assert checked.verdict is CheckStatus.NOT_CHECKED
    content = json.loads(read_attachments(record.read_bytes())["review.json"])
    assert content["report"]["sha256"] == hashlib.sha256(report.read_bytes()).hexdigest()
    assert content["verdict"] == "PASS" and set(content["not_checked"]) == set(OPTIONAL)
    assert {c["id"]: c["status"] for c in content["checks"]} == outcomes(window)
    assert content["reviewer"] == {
        "name": "박검토", "agency": "", "remarks": "이상 없음\n<b>표시</b>",
    }  # fmt: skip
    assert content["machine"]["provider"]
    assert content["trust"][0]["file_name"] == identity_files[1].name


def test_every_comparison_of_a_report_stands_beside_its_own_numbers(
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    identity: Identity,
    demo_media: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    other = compare(demo_media[0], DEMO / OTHER, model, population)
    request, report = ReportRequest("both", identity), tmp_path / "report.pdf"
    findings = [finding_of(c, request.scale) for c in (comparison, other)]
    write_report(findings, model.pack, population, request, report)
    found = review(report, ReviewInputs((DEMO,)))
    ratios = {n.of: n for n in found.numbers if n.name == "log10_lr"}
    assert set(ratios) == {"Q1 – K1", "Q1 – K2"}
    for of, made in (("Q1 – K1", comparison), ("Q1 – K2", other)):
        log10_lr = made.likelihood_ratio.log10_lr
        assert ratios[of].reported == pytest.approx(log10_lr)
        assert ratios[of].recomputed == pytest.approx(log10_lr, abs=1e-4)
    assert {item.label for item in found.items} == {"Q1", "K1", "K2"}
    assert found.missing_items == ()


def test_command_line_writes_a_record(
    reports: dict[str, Path],
    identity_files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RECORD_PASSWORD", "correct horse")
    record = tmp_path / "record.pdf"
    arguments = ["verify", str(reports["en"]), "--no-recompute", "--trust", str(identity_files[1])]
    arguments += ["--record", str(record), "--json", "--lang", "en"]
    assert run(arguments) == EXIT_USAGE
    arguments += ["--reviewer", "A. Lindqvist", "--sign-p12", str(identity_files[0])]
    arguments += ["--sign-pass-env", "RECORD_PASSWORD"]
    capsys.readouterr()
    assert run(arguments) == EXIT_INCOMPLETE
    assert json.loads(capsys.readouterr().out)["record"] == str(record)
    content = json.loads(read_attachments(record.read_bytes())["review.json"])
    assert content["verdict"] == "NOT_CHECKED"
    assert "result.recomputed" in content["not_checked"]
    assert {number["recomputed"] for number in content["numbers"]} == {None}
    assert content["machine"]["provider"] == ""
    assert shown_signatures(record.read_bytes()) == [EXAMINER]
    checks, (facts,) = check_signature(record.read_bytes())
    assert not [check for check in checks if check.status is CheckStatus.FAIL]
    assert facts is not None and facts.signer in facts.certificates


def test_report_recordings_and_certificate_dropped_at_once(
    qtbot: QtBot,
    window: ReviewWindow,
    reports: dict[str, Path],
    demo_media: tuple[Path, Path],
    identity_files: tuple[Path, Path],
) -> None:
    drop(window, *demo_media, identity_files[1], reports["en"])
    idle(qtbot, window)
    assert says(window, "PASS")


def test_other_recordings_are_refused_by_name(
    qtbot: QtBot,
    window: ReviewWindow,
    reports: dict[str, Path],
    demo_media: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    window.desk.open(reports["ko"])
    idle(qtbot, window)
    other = tmp_path / "다른 녹음.wav"
    other.write_bytes(b"RIFF" + bytes(100))
    drop(window, other)
    idle(qtbot, window)
    (box,) = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    assert other.name in box.informativeText()
    box.close()
    assert outcomes(window)["media.known"] == "NOT_CHECKED"

    # A file that bears a recording's name and has other bytes is no recording of the report.
    changed = tmp_path / demo_media[0].name
    changed.write_bytes(demo_media[0].read_bytes()[:-1] + b"Z")
    drop(window, changed)
    idle(qtbot, window)
    assert outcomes(window)["media.questioned"] == "FAIL"
    assert says(window, "FAIL")
    row = next(
        item
        for item in window.view.checks.top_items()
        if item.text(0) == message("check.media.questioned", "ko")
    )
    assert row.isExpanded()
    drop(window, demo_media[0])
    idle(qtbot, window)
    assert outcomes(window)["media.questioned"] == "PASS"


def truncated(report: bytes) -> bytes:
    return report[: len(report) // 2]


def encrypted(report: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(report)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def changed(report: bytes) -> bytes:
    return report.replace(b"/Producer", b"/Pr0ducer", 1)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda report: b"", ErrorCode.FILE_EMPTY),
        (lambda report: b"RIFF" + bytes(2000), ErrorCode.REPORT_NOT_PDF),
        (truncated, None),
        (encrypted, None),
        (changed, None),
    ],
)
def test_hostile_files_do_not_hold(
    qtbot: QtBot,
    window: ReviewWindow,
    reports: dict[str, Path],
    tmp_path: Path,
    make: object,
    code: ErrorCode | None,
) -> None:
    path = tmp_path / "적대적.pdf"
    path.write_bytes(make(reports["ko"].read_bytes()))  # type: ignore[operator]
    window.desk.open(path)
    idle(qtbot, window)
    if code is not None:
        assert message(code, "ko", {"path": str(path)}) in window.view.verdict.text()
        assert window.view.review is None
        assert not window._actions["record"].isEnabled()
    else:
        assert says(window, "FAIL")
        assert message("review.verdict.PASS", "ko") not in window.view.verdict.text()
    assert window.view.banner.isVisible()


def test_a_huge_file_is_refused_unread(qtbot: QtBot, window: ReviewWindow, tmp_path: Path) -> None:
    path = tmp_path / "huge.pdf"
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(HUGE_BYTES)
    window.desk.open(path)
    idle(qtbot, window)
    assert window.view.review is None
    assert "GB" in window.view.verdict.text() or "MB" in window.view.verdict.text()


def test_another_model_or_population_is_refused(
    reports: dict[str, Path], tmp_path: Path, qtbot: QtBot, window: ReviewWindow
) -> None:
    window.desk.open(reports["ko"])
    idle(qtbot, window)
    window.desk._use("model", MODELS / DEFAULT_MODEL_ID)
    idle(qtbot, window)
    assert window.desk.model == MODELS / DEFAULT_MODEL_ID
    shipped = sorted(POPULATIONS.glob("*.json"))[0]
    other = tmp_path / "other.json"
    content = json.loads(shipped.read_text(encoding="utf-8"))
    content["description"] += " "
    other.write_text(json.dumps(content), encoding="utf-8")
    window.desk._use("population", other)
    idle(qtbot, window)
    assert window.desk.population is None
    (box,) = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    box.close()


def test_a_file_that_is_no_certificate_is_not_trusted(
    qtbot: QtBot, window: ReviewWindow, reports: dict[str, Path], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    window.desk.open(reports["ko"])
    idle(qtbot, window)
    window.desk.use_trust([wrong])
    idle(qtbot, window)
    assert window.desk.trust == ()
    (box,) = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    assert box.informativeText() == ErrorCode.KEY_CERTIFICATE
    box.close()


def test_a_stopped_recomputation_is_not_checked(
    qtbot: QtBot, window: ReviewWindow, reports: dict[str, Path], demo_media: tuple[Path, Path]
) -> None:
    window.desk.open(reports["ko"])
    idle(qtbot, window)
    window.desk.add_media(demo_media)
    qtbot.waitUntil(lambda: window.view.review.can_recompute, timeout=60_000)  # type: ignore[union-attr]
    window._actions["stop"].trigger()
    idle(qtbot, window)
    assert outcomes(window)["result.recomputed"] == "NOT_CHECKED"
    assert says(window, "NOT_CHECKED")
    window._actions["recompute"].trigger()
    idle(qtbot, window)
    assert outcomes(window)["result.recomputed"] == "PASS"


def test_attachments_are_written_beside_nothing_that_is_there(
    reports: dict[str, Path], tmp_path: Path
) -> None:
    written = extract_attachments(reports["en"], tmp_path)
    with pikepdf.open(reports["en"]) as pdf:
        expected = {n: s.get_file().read_bytes() for n, s in pdf.attachments.items()}
    assert {path.name: path.read_bytes() for path in written} == expected
    with pytest.raises(SeongmunError) as error:
        extract_attachments(reports["en"], tmp_path)
    assert error.value.code is ErrorCode.FILE_EXISTS


@pytest.mark.parametrize(
    "name", ["../../evil.sh", "/etc/passwd", "C:\\Windows\\x.exe", "a/b\\..\\c", "x\x00y"]
)
def test_names_of_attachments_stay_names(name: str) -> None:
    safe = safe_name(name)
    assert safe and not set(safe) & set("/\\:\0")
    assert safe not in (".", "..")


def test_a_bomb_among_the_attachments_is_refused() -> None:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.attachments["bomb"] = pikepdf.AttachedFileSpec(pdf, bytes(MOST_BYTES + 1))
        pdf.save(out, compress_streams=True, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    with pytest.raises(SeongmunError) as error:
        read_attachments(out.getvalue())
    assert error.value.code is ErrorCode.REPORT_MANIFEST


def test_the_window_is_reached_without_a_case_and_is_remembered(
    qtbot: QtBot, settings: QSettings, reports: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    main = MainWindow(settings)
    qtbot.addWidget(main)
    main.show()
    main.welcome._buttons[3].click()
    (empty,) = main.findChildren(ReviewWindow)
    assert "PDF" in empty.view._empty.text() and empty.view._choose.isVisible()
    empty.resize(750, 560)
    empty.close()
    qtbot.waitUntil(lambda: not main.findChildren(ReviewWindow), timeout=5000)
    drop(main, reports["en"])
    (reviewed,) = main.findChildren(ReviewWindow)
    assert (reviewed.width(), reviewed.height()) == (750, 560)
    idle(qtbot, reviewed)
    shown: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    reviewed._actions["view"].trigger()
    assert shown == [str(reports["en"])]
    main.set_language("en")
    QApplication.processEvents()
    assert message("review.verdict.NOT_CHECKED", "en") in reviewed.view.verdict.text()
    main.close()
    assert not reviewed.isVisible()
    sys.excepthook = sys.__excepthook__


def shown(tree: FactTree) -> Iterator[str]:
    """Every text of a tree."""
    waiting = tree.top_items()
    while waiting:
        item = waiting.pop()
        yield from (item.text(column) for column in range(item.columnCount()))
        waiting += [item.child(i) for i in range(item.childCount())]


def test_nothing_is_left_in_english(
    qtbot: QtBot, window: ReviewWindow, reports: dict[str, Path]
) -> None:
    window.desk.open(reports["ko"])
    idle(qtbot, window)
    view = window.view
    texts = [t for tree in (view.checks, view.items, view.contents) for t in shown(tree)]
    texts += [action.text() for action in window._actions.values()]
    texts += [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    entries = ET.parse(ROOT / "resources" / "i18n" / "seongmun_ko.ts").iter("message")
    english = {str(entry.findtext("source")) for entry in entries} - {"Seongmun"}
    left = {text for text in texts if text.split(": ")[0] in english}
    assert left == set()


def test_everything_can_be_reached_by_key_and_read_aloud(window: ReviewWindow) -> None:
    keys = [a.shortcut().toString() for a in window._actions.values() if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) >= 10
    assert all(action.toolTip() for action in window._actions.values())
    view = window.view
    named = [view.checks, view.numbers, view.items, view.signatures, view.contents, view.verdict]
    needs = view.needs
    named += [needs.list, needs.files, needs.folder, needs.trust, needs.model, needs.population]
    assert all(widget.accessibleName() for widget in named)


def test_every_reason_of_a_check_has_a_text() -> None:
    """In both languages, as words and not as a code."""
    reasons = set()
    for path in [*(ROOT / "engine" / "verify").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = node.func.id in ("passed", "failed", "not_checked")
                if named and len(node.args) == 2 and isinstance(node.args[1], ast.Constant):
                    reasons.add(node.args[1].value)
    assert len(reasons) > 20
    told = {code.rpartition(".")[2] for code in codes() if code.startswith("reason.")}
    assert reasons - told == set()


def test_every_check_has_a_name_and_a_meaning(reports: dict[str, Path]) -> None:
    found = review(reports["en"], ReviewInputs(recompute=False))
    for check in found.verification.result.checks:
        kind = check.id.rsplit(".", 1)[0] if check.id[-1].isdigit() else check.id
        assert {f"check.{kind}", f"meaning.{kind}"} <= codes()
