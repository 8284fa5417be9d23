"""Signing in the windows: timestamps, revocation data, corrections, the reviewer's signature."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.messages import message
from app.services.signing import SignerChoice, countersign
from app.services.verifying import verify
from benchmarks.laboratory import PASSWORD, Laboratory
from engine.errors import ErrorCode, SeongmunError
from engine.report.sign import sign_report
from engine.types import CheckStatus
from tests.agreement import small_report
from ui.dialogs.evidence_report import EvidenceReportDialog
from ui.dialogs.saving import SavingDialog
from ui.dialogs.signing import SigningDialog
from ui.language import set_language
from ui.main_window import MainWindow
from ui.review_window import ReviewWindow

SECRET = PASSWORD.decode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    made = Laboratory(tmp_path_factory.mktemp("laboratory"))
    made.write(made.examiner, "examiner.p12")
    made.write(made.reviewer, "reviewer.p12")
    assert made.clock.certificates  # writes clock.p12
    return made


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    found = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    found.setValue("language", "en")
    return found


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> Iterator[MainWindow]:
    """The window with the demo's two recordings compared."""
    opened = MainWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    opened.desk.open_demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: len(opened.workspace.tracks) == 2, timeout=60_000)
    idle(qtbot, opened)
    opened.show_panel(opened.comparison)
    idle(qtbot, opened)
    opened.case_actions.compare()
    qtbot.waitUntil(lambda: opened.comparison.finished is not None, timeout=120_000)
    idle(qtbot, opened)
    yield opened
    opened.board.cancel_all()
    opened.close()
    sys.excepthook = sys.__excepthook__


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, settings: QSettings) -> Iterator[ReviewWindow]:
    """The reviewer's window."""
    set_language(qapp, "en")
    opened = ReviewWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    yield opened
    opened.close()


@pytest.fixture
def signed(lab: Laboratory, tmp_path: Path) -> Path:
    """Signed by the examiner; nothing else of a report is in it."""
    path = tmp_path / "report.pdf"
    path.write_bytes(sign_report(small_report(), lab.examiner, "x"))
    return path


def idle(qtbot: QtBot, window: MainWindow | ReviewWindow) -> None:
    qtbot.waitUntil(lambda: not window.board.running, timeout=120_000)
    QApplication.processEvents()


def sign_with(dialog: SigningDialog, lab: Laboratory, name: str) -> None:
    dialog._kind.setCurrentIndex(dialog._kind.findData("file"))
    dialog._paths["file"].setText(str(lab.folder / name))
    dialog._secret.setText(SECRET)


def prove_with(dialog: SigningDialog, lab: Laboratory, password: str = SECRET) -> None:
    proofs = dialog._proofs
    proofs.setChecked(True)
    proofs.authority_path.setText(str(lab.folder / "clock.p12"))
    proofs.password.setText(password)
    proofs.add_files([lab.crl, lab.crl])


def can_accept(dialog: SavingDialog) -> bool:
    return dialog._buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def refusal(window: QWidget) -> tuple[str, str]:
    """Code and text of the error that is shown; closes it."""
    (box,) = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    box.close()
    return box.informativeText(), box.text()


def outcomes(report: Path, lab: Laboratory) -> dict[str, str]:
    """Reasons of what `seongmun verify` passes, by check; the status of all else."""
    checks = verify(report, None, lab.root, recompute=False).result.checks
    return {c.id: c.reason if c.status is CheckStatus.PASS else c.status.value for c in checks}


def report_dialog(window: MainWindow, target: Path) -> EvidenceReportDialog:
    dialog = window.case_actions.report()
    assert dialog is not None
    dialog._target.setText(str(target))
    return dialog


def test_report_with_timestamp_and_revocation_then_its_correction(
    qtbot: QtBot, window: MainWindow, lab: Laboratory, settings: QSettings, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    dialog = report_dialog(window, first)
    assert not dialog._proofs.isVisible() and not dialog.correction.isVisible()
    sign_with(dialog, lab, "examiner.p12")
    assert dialog._proofs.isVisible() and not dialog._proofs.files.isVisible()
    dialog._proofs.setChecked(True)
    assert dialog._proofs.files.isVisible() and not can_accept(dialog)

    # Files that are not there are refused in the dialog, in the words of the error.
    prove_with(dialog, lab)
    dialog._proofs.authority_path.setText("/nowhere/clock.p12")
    told = message(ErrorCode.KEY_MISSING, "en", {"path": "/nowhere/clock.p12"})
    assert dialog._note.text() == told and not can_accept(dialog)
    prove_with(dialog, lab, "wrong")
    assert can_accept(dialog) and dialog._proofs.files.count() == 1

    # A wrong password of the authority: told, and nothing is written.
    dialog.accept()
    idle(qtbot, window)
    code, text = refusal(window)
    assert code == ErrorCode.KEY_PASSWORD and "clock.p12" in text
    assert not first.exists() and not window.desk.room.overview().reports

    # The files are remembered, and the passwords are not.
    dialog = report_dialog(window, first)
    assert dialog._proofs.authority == lab.folder / "clock.p12"
    assert dialog._proofs.revocation == (lab.crl,)
    assert dialog._proofs.secret == dialog._secret.text() == ""
    dialog._secret.setText(SECRET)
    dialog._proofs.password.setText(SECRET)
    dialog.accept()
    idle(qtbot, window)
    said = outcomes(first, lab)
    assert said["signature.timestamp"] == "stamped"
    assert said["signature.revocation"] not in ("FAIL", "NOT_CHECKED")
    assert "FAIL" not in said.values()
    settings.sync()
    stored = (tmp_path / "settings.ini").read_text(encoding="utf-8")
    assert "clock.p12" in stored and SECRET not in stored.replace(str(lab.folder), "")

    # The correction names the report and why; only what nothing has superseded is offered.
    dialog = report_dialog(window, second)
    assert dialog.correction.isVisible()
    dialog._secret.setText(SECRET)
    dialog._proofs.setChecked(False)
    dialog.correction.setChecked(True)
    assert not can_accept(dialog)
    dialog.correction.reason_line.setText("The custody of the known recording was incomplete.")
    assert can_accept(dialog)
    dialog.accept()
    idle(qtbot, window)
    older, newer = window.desk.room.overview().reports
    assert (newer.supersedes, newer.version) == (older.id, 2)
    assert window.desk.room.overview().correctable == (newer,)
    verification = verify(second, None, lab.root, recompute=False)
    assert verification.manifest is not None
    assert verification.manifest.content["supersedes"] == {
        "report_id": older.report_id,
        "sha256": hashlib.sha256(first.read_bytes()).hexdigest(),
        "reason": "The custody of the known recording was incomplete.",
    }
    assert outcomes(second, lab)["signature.timestamp"] == "NOT_CHECKED"

    # The reviewer signs a copy, proven too; it is opened and verified with the case's recordings.
    review = window.case_actions.review(first)
    idle(qtbot, review)
    original = first.read_bytes()
    countersigning = review.desk.ask_to_countersign()
    assert countersigning is not None
    sign_with(countersigning, lab, "reviewer.p12")
    countersigning._proofs.password.setText(SECRET)
    countersigning._proofs.setChecked(True)
    copy = countersigning.target
    assert copy == tmp_path / "first-countersigned.pdf"
    countersigning.accept()
    idle(qtbot, review)
    assert first.read_bytes() == original and review.desk.report == copy
    said = outcomes(copy, lab)
    assert said["countersignature.timestamp"] == "stamped" and "FAIL" not in said.values()
    found = review.view.review
    assert found is not None and found.report == copy
    assert [s.role for s in found.signatures] == ["examiner", "reviewer"]
    checks = {c.id: c.status for c in found.verification.result.checks}
    assert checks["result.recomputed"] is checks["case.anchor"] is CheckStatus.PASS
    review.close()


def test_a_draft_is_corrected_by_a_report_on_the_whole_case(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = report_dialog(window, tmp_path / "draft.pdf")
    dialog._kind.setCurrentIndex(dialog._kind.findData("none"))
    dialog.accept()
    idle(qtbot, window)
    dialog = report_dialog(window, tmp_path / "all.pdf")
    dialog._whole_case.setChecked(True)
    dialog.correction.setChecked(True)
    dialog.correction.reason_line.setText("all comparisons")
    dialog.accept()
    idle(qtbot, window)
    assert not [b.text() for b in window.findChildren(QMessageBox) if b.isVisible()]
    older, newer = window.desk.room.overview().reports
    assert (newer.supersedes, newer.version) == (older.id, 2)


def test_why_a_report_is_not_countersigned(
    qtbot: QtBot, desk: ReviewWindow, lab: Laboratory, reports: dict[str, Path], tmp_path: Path
) -> None:
    action = desk._actions["countersign"]
    assert not action.isEnabled() and action.toolTip() == "Open a report first."
    assert desk.desk.ask_to_countersign() is None

    altered = tmp_path / "altered.pdf"
    altered.write_bytes(reports["en"].read_bytes().replace(b"/Producer", b"/Pr0ducer", 1))
    desk.desk.open(altered)
    assert not action.isEnabled()
    idle(qtbot, desk)
    assert not action.isEnabled() and desk.desk.ask_to_countersign() is None
    assert message("check.signature.integrity", "en") in action.toolTip()

    desk.desk.open(reports["en"])
    idle(qtbot, desk)
    assert action.isEnabled() and "Ctrl+Shift+S" in action.toolTip()

    twice = tmp_path / "twice.pdf"
    reviewer = SignerChoice("file", lab.folder / "reviewer.p12", SECRET)
    countersign(reports["en"], reviewer, twice)
    desk.desk.open(twice)
    idle(qtbot, desk)
    assert not action.isEnabled() and "검토자 Lee" in action.toolTip()
    set_language(QApplication.instance(), "ko")  # type: ignore[arg-type]
    QApplication.processEvents()
    already = message(ErrorCode.COUNTERSIGN_ALREADY, "ko", {"signer": "Common Name: 검토자 Lee"})
    assert action.toolTip() == already


def test_archive_timestamp_is_added_to_a_copy_which_is_then_checked(
    qtbot: QtBot, desk: ReviewWindow, lab: Laboratory, reports: dict[str, Path], tmp_path: Path
) -> None:
    action = desk._actions["archive"]
    assert not action.isEnabled() and action.toolTip() == "Open a report first."
    report = tmp_path / "report.pdf"
    report.write_bytes(reports["en"].read_bytes())
    desk.desk.open(report)
    idle(qtbot, desk)
    assert action.isEnabled() and "Ctrl+Shift+A" in action.toolTip()

    dialog = desk.desk.ask_to_archive()
    assert dialog is not None
    assert not can_accept(dialog) and dialog._note.text() == "Choose a timestamp authority."
    dialog.proofs.authority_path.setText(str(lab.folder / "clock.p12"))
    dialog.proofs.password.setText("wrong")
    dialog.proofs.add_files([lab.crl])
    copy = dialog.target
    assert copy == tmp_path / "report-archived.pdf" and can_accept(dialog)
    dialog.accept()
    idle(qtbot, desk)
    assert refusal(desk)[0] == ErrorCode.KEY_PASSWORD
    assert not copy.exists()

    again = desk.desk.ask_to_archive()
    assert again is not None and again.proofs.authority == lab.folder / "clock.p12"
    again.proofs.password.setText(SECRET)
    again.accept()
    idle(qtbot, desk)
    assert report.read_bytes() == reports["en"].read_bytes() and desk.desk.report == copy
    said = outcomes(copy, lab)
    assert said["archive.timestamp"] == "stamped"
    failed = [name for name, reason in said.items() if reason == "FAIL"]
    assert failed == ["signature.trust"]  # another than the laboratory's examiner signed
    countersigning = desk._actions["countersign"]
    assert not countersigning.isEnabled()
    assert countersigning.toolTip() == message(ErrorCode.COUNTERSIGN_ARCHIVED, "en")
    assert action.isEnabled()  # a newer one can be added


def test_countersigning_that_is_refused_leaves_nothing(
    qtbot: QtBot, desk: ReviewWindow, lab: Laboratory, reports: dict[str, Path], tmp_path: Path
) -> None:
    report = tmp_path / "감정서.pdf"
    report.write_bytes(reports["en"].read_bytes())
    desk.desk.open(report)
    idle(qtbot, desk)
    dialog = desk.desk.ask_to_countersign()
    assert dialog is not None and not can_accept(dialog)
    sign_with(dialog, lab, "reviewer.p12")
    assert can_accept(dialog)

    # The report itself is no place for the copy.
    copy = dialog.target
    dialog._target.setText(str(report))
    told = message(ErrorCode.FILE_EXISTS, "en", {"path": str(report)})
    assert dialog._note.text() == told and not can_accept(dialog)
    dialog._target.setText(str(copy))

    dialog._secret.setText("wrong")
    dialog.accept()
    idle(qtbot, desk)
    assert refusal(desk)[0] == ErrorCode.KEY_PASSWORD
    assert not copy.exists() and desk.desk.report == report

    # What is signed is what was reviewed.
    dialog = desk.desk.ask_to_countersign()
    assert dialog is not None
    assert dialog._paths["file"].text() == str(lab.folder / "reviewer.p12")
    dialog._secret.setText(SECRET)
    report.write_bytes(reports["ko"].read_bytes())
    dialog.accept()
    idle(qtbot, desk)
    assert refusal(desk)[0] == ErrorCode.COUNTERSIGN_CHANGED
    assert not copy.exists()

    # Stopped before it is written.
    report.write_bytes(reports["en"].read_bytes())
    dialog = desk.desk.ask_to_countersign()
    assert dialog is not None
    dialog._secret.setText(SECRET)
    dialog.accept()
    desk._actions["stop"].trigger()
    idle(qtbot, desk)
    assert not copy.exists() and desk.desk.report == report
    assert sorted(path.name for path in tmp_path.glob("*.pdf")) == [report.name]


def test_countersigning_never_takes_the_place_of_the_report(lab: Laboratory, signed: Path) -> None:
    before = signed.read_bytes()
    reviewer = SignerChoice("file", lab.folder / "reviewer.p12", SECRET)
    with pytest.raises(SeongmunError) as refused:
        countersign(signed, reviewer, signed.parent / "." / signed.name)
    assert refused.value.code is ErrorCode.FILE_EXISTS
    assert signed.read_bytes() == before
