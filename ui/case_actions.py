"""What the menus do with a case: dialogs, dropped files, comparison, report, review."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDropEvent
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMenu, QMessageBox

from app.services.signing import opened_identity
from app.services.workroom import CASE_FACTS, EXHIBIT_FACTS, ROLES, Workroom, time_in_name
from engine.errors import SeongmunError
from engine.types import VerificationResult
from ui.dialogs.checks import ChecksDialog
from ui.dialogs.evidence_report import EvidenceReportDialog
from ui.dialogs.facts import FactsDialog
from ui.dialogs.new_case import NewCaseDialog
from ui.errors import is_cancelled
from ui.review_window import ReviewWindow
from ui.widgets.time_view import clock

if TYPE_CHECKING:
    from app.services.analyst import Finished, SharedExhibits
    from ui.main_window import MainWindow

MOST_OPENED_AT_ONCE = 2
MOST_LINES = 12
DATABASE = "case.sqlite"


class CaseActions(QObject):
    """Asks what must be asked, then lets the desk do it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._desk = window, window.desk
        self._waiting: list[Path] = []
        self._report: Path | None = None

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        desk, panel, navigator = self._desk, self._window.comparison, self._window.navigator
        desk.opened.connect(self._case_opened)
        desk.added.connect(self._recordings_added)
        desk.shared.connect(self._tell_shared)
        desk.passphrase_asked.connect(self._ask_passphrase)
        desk.locked.connect(self._ask_read_only)
        desk.segments_changed.connect(self._offer_voices)
        navigator.details_asked.connect(self.edit_exhibit_facts)
        navigator.compare_asked.connect(self._compare_as)
        navigator.add_asked.connect(self.add)
        navigator.report_asked.connect(self.open_kept_report)
        panel.voices_asked.connect(self._offer)
        panel.choice_changed.connect(self._look_at_conditions)
        panel.compare_asked.connect(self.compare)
        panel.report_asked.connect(self.report)
        panel.open_report_asked.connect(self.open_report)

    # The case

    def new(self) -> NewCaseDialog:
        """Ask for a new case's data, then make it."""
        settings = self._window.settings
        dialog = NewCaseDialog(
            Path(str(settings.value("cases", _documents()))),
            str(settings.value("agency", "")),
            self._window,
        )
        dialog.accepted.connect(lambda: self._create(dialog))
        dialog.rejected.connect(self._waiting.clear)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _create(self, dialog: NewCaseDialog) -> None:
        self._window.settings.setValue("cases", str(dialog.folder.parent))
        self._window.settings.setValue("agency", dialog.agency.text())
        arguments = (
            dialog.folder,
            dialog.number.text().strip(),
            dialog.examiner.text().strip(),
            dialog.agency.text().strip(),
            dialog.requester.text().strip(),
            dialog.passphrase.text(),
        )
        self._desk.create(lambda: Workroom.create(*arguments))

    def open(self) -> None:
        """Ask for a case's folder."""
        start = str(self._window.settings.value("cases", _documents()))
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Open case"), start)
        if name:
            self._window.settings.setValue("cases", str(Path(name).parent))
            self._desk.open(Path(name))

    def open_demo(self) -> None:
        """Open the demo's case."""
        self._desk.open_demo(_documents() / "Seongmun demo")

    def close(self) -> None:
        """Close the case."""
        self._window.board.cancel_all()
        self._window.workspace.close_all()
        self._desk.close()

    def _case_opened(self) -> None:
        self._window.workspace.close_all()
        self._report = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._ask_role(waiting)
        elif self._desk.room is not None:
            exhibits = self._desk.room.overview().exhibits
            if len(exhibits) <= MOST_OPENED_AT_ONCE:
                for exhibit in exhibits:
                    self._window.tracks.open_exhibit(exhibit.id)

    def _ask_passphrase(self, folder: Path, was_wrong: bool) -> QInputDialog:
        wrong, first = self.tr("The passphrase is wrong. Try again:"), self.tr("Passphrase:")
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(self.tr("Encrypted case"))
        dialog.setLabelText(f"{folder.name}\n{wrong if was_wrong else first}")
        dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.textValueSelected.connect(lambda text: self._desk.open(folder, text))
        dialog.open()
        return dialog

    def _ask_read_only(self, folder: Path, error: SeongmunError) -> QMessageBox:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Information)
        box.setWindowTitle(self.tr("The case is in use"))
        box.setText(
            self.tr("{actor} on {computer} has this case open since {since}.").format(
                actor=error.params.get("actor", "?"),
                computer=error.params.get("computer", "?"),
                since=error.params.get("since_utc", "?"),
            )
        )
        box.setInformativeText(self.tr("It can be opened for reading."))
        read = box.addButton(self.tr("Open read-only"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        read.clicked.connect(lambda: self._desk.open(folder, writable=False))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        return box

    def edit_facts(self) -> FactsDialog | None:
        """Fill in what is known of the case."""
        if self._desk.room is None:
            return None
        overview = self._desk.room.overview()
        info = overview.info
        made = {
            "agency": info.agency,
            "requester": info.requester,
            "examiners": info.examiner,
        }
        return self._show_facts(self.tr("Case details"), CASE_FACTS, overview.facts, made, None)

    def edit_exhibit_facts(self, exhibit_id: int) -> FactsDialog | None:
        """Fill in what is known of an exhibit."""
        if self._desk.room is None:
            return None
        facts = self._desk.room.overview().exhibit_facts.get(exhibit_id, {})
        name = self._desk.room.exhibit(exhibit_id).file_name
        suggested = self._suggested_facts(name, exhibit_id)
        return self._show_facts(name, EXHIBIT_FACTS, facts, suggested, exhibit_id)

    def _suggested_facts(self, name: str, exhibit_id: int) -> dict[str, str]:
        """What a file says of itself: shown where nothing is entered, never taken over."""
        track = self._window.workspace.track_of(exhibit_id)
        created = track.opened.recording.created if track is not None else ""
        texts = (
            (time_in_name(name), self.tr("the file's name says {time}")),
            (created, self.tr("the file says that it was made {time}")),
        )
        said = [text.format(time=time) for time, text in texts if time]
        return {"call_started": "; ".join(said)}

    def _show_facts(
        self,
        title: str,
        names: Sequence[str],
        known: dict[str, str],
        otherwise: dict[str, str],
        exhibit_id: int | None,
    ) -> FactsDialog:
        dialog = FactsDialog(title, names, known, otherwise, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._desk.set_facts(dialog.changed(), exhibit_id))
        dialog.open()
        return dialog

    def check(self) -> None:
        """Check the case in a job and show the outcome."""
        room = self._desk.room
        if room is not None:
            self._window.board.start(
                self.tr("Checking the case"),
                room.check,
                lambda result: self._show_checks(result, room.folder),
            )

    def _show_checks(self, result: VerificationResult, folder: Path) -> None:
        dialog = ChecksDialog(result, str(folder), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def export(self) -> None:
        """Ask where, then write the case's archive in a job."""
        room = self._desk.room
        if room is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export the case"), f"{room.folder.name}.zip", "ZIP (*.zip)"
        )
        if name:
            self._window.board.start(
                self.tr("Exporting the case"),
                lambda progress, cancel: room.export(Path(name), progress),
                lambda _: self._desk.message.emit(
                    self.tr("Case exported: {path}").format(path=name)
                ),
            )

    # Recordings

    def add(self, role: str) -> None:
        """Ask for recordings to add in a role."""
        start = str(self._window.settings.value("folder", _documents()))
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Add recordings"), start)
        if names:
            self._window.settings.setValue("folder", str(Path(names[0]).parent))
            self._desk.add([Path(name) for name in names], role)

    def _recordings_added(self, result: dict[str, Any]) -> None:
        new = [int(item["id"]) for item in result["added"]]
        if len(new) <= MOST_OPENED_AT_ONCE:
            for exhibit_id in new:
                self._window.tracks.open_exhibit(exhibit_id)

    def look_for_shared_sound(self) -> None:
        """Compare the sound of all recordings of the case."""
        if self._desk.room is not None:
            exhibits = self._desk.room.overview().exhibits
            self._desk.look_for_shared_sound([exhibit.id for exhibit in exhibits])

    def _tell_shared(self, found: Sequence[SharedExhibits]) -> QMessageBox | None:
        """Warn of recordings that hold the same sound."""
        if not found:
            self._desk.message.emit(self.tr("No two recordings hold the same sound."))
            return None
        lines = [
            self.tr("{first} at {first_s} = {second} at {second_s}, {duration} s").format(
                first=f"{pair.first.id}. {pair.first.file_name}",
                first_s=clock(pair.shared.first_start_s, 0.1),
                second=f"{pair.second.id}. {pair.second.file_name}",
                second_s=clock(pair.shared.second_start_s, 0.1),
                duration=f"{pair.shared.duration_s:.1f}",
            )
            for pair in found
        ]
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Shared sound"))
        box.setText(self.tr("These recordings hold the same sound:"))
        box.setInformativeText("\n".join(lines[:MOST_LINES]))
        if len(lines) > MOST_LINES:
            box.setDetailedText("\n".join(lines))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        return box

    def drag_entered(self, event: Any) -> None:
        """Accept files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropped(self, event: QDropEvent) -> None:
        """Open, review or add what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        navigator = self._window.navigator
        inside = navigator.viewport().mapFrom(self._window, event.position().toPoint())
        role = navigator.role_at(inside) if navigator.rect().contains(inside) else None
        self.take(paths, role)

    def take(self, paths: Sequence[Path], role: str | None = None) -> None:
        """Do with files what they are for: cases are opened, reports reviewed, all else added."""
        if len(paths) == 1 and (paths[0] / DATABASE).is_file():
            self._desk.open(paths[0])
            return
        reports = [path for path in paths if path.suffix.lower() == ".pdf"]
        recordings = [path for path in paths if path not in reports]
        for report in reports:
            self.review(report)
        if not recordings:
            return
        if self._desk.room is None:
            self._waiting = recordings
            self.new()
        elif role is not None:
            self._desk.add(recordings, role)
        else:
            self._ask_role(recordings)

    def _ask_role(self, recordings: Sequence[Path]) -> QMenu:
        texts = dict(
            zip(
                ROLES,
                (
                    self.tr("Add as questioned"),
                    self.tr("Add as known"),
                    self.tr("Add as reference"),
                ),
                strict=True,
            )
        )
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = menu.addAction(self.tr("%n files or folders", "", len(recordings)))
        title.setEnabled(False)
        for role, text in texts.items():
            menu.addAction(text, partial(self._desk.add, recordings, role))
        menu.addSeparator()
        menu.addAction(self.tr("Cancel"))
        menu.popup(self._window.mapToGlobal(self._window.rect().center()))
        return menu

    # Comparison

    def _offer(self, side: str, exhibit_id: int) -> None:
        if self._desk.room is not None:
            self._window.comparison.show_voices(side, self._desk.room.voices(exhibit_id))

    def _offer_voices(self) -> None:
        """Segments changed: offer the voices as they are now."""
        for side in ("questioned", "known"):
            exhibit_id = self._window.comparison.exhibit_of(side)
            if exhibit_id is not None:
                self._offer(side, exhibit_id)

    def _compare_as(self, side: str, exhibit_id: int) -> None:
        self._window.show_panel(self._window.comparison)
        self._window.comparison.set_exhibit(side, exhibit_id)

    def _look_at_conditions(self) -> None:
        panel = self._window.comparison
        choices = panel.choices()
        if choices is None or not panel.isVisible():
            return

        def failed(error: Exception) -> None:
            panel.show_problem(None if is_cancelled(error) else error)
            if not isinstance(error, SeongmunError):
                self._window.show_error(error)

        panel.set_checking()
        self._desk.look_at_conditions(choices, panel.show_conditions, failed)

    def compare(self) -> None:
        """Compare the chosen voices."""
        panel = self._window.comparison
        self._window.show_panel(panel)
        choices = panel.choices()
        if choices is None:
            return

        def done(finished: Finished) -> None:
            if panel.choices() == choices:
                panel.show_result(finished)

        self._desk.compare(choices, done)

    # Reports

    def report(self) -> EvidenceReportDialog | None:
        """Ask how the report is to be written."""
        finished, room = self._window.comparison.finished, self._desk.room
        if finished is None or room is None:
            return None
        folder = Path(str(self._window.settings.value("reports", _documents())))
        number = "".join(
            c if c.isalnum() or c in "-_" else "-" for c in room.overview().info.number
        )
        suggested = folder / f"{number}-{finished.analysis.id}.pdf"
        count, correctable = len(room.overview().analyses), room.overview().correctable
        dialog = EvidenceReportDialog(
            self._window.settings, suggested, count, correctable, self._window
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._write(dialog, finished))
        dialog.open()
        return dialog

    def _write(self, dialog: EvidenceReportDialog, finished: Finished) -> None:
        room = self._desk.room
        if room is None:
            return
        target, language, signer = dialog.target, dialog.report_language, dialog.signer
        template, whole_case = dialog.template, dialog.whole_case
        corrected = (dialog.correction.supersedes, dialog.correction.reason)
        self._window.settings.setValue("reports", str(target.parent))

        def work(progress: Any, cancel: Any) -> bool:
            from app.services.loading import open_template
            from app.services.reporting import ReportRequest

            cancel.check()
            with opened_identity(signer) as identity:
                request = ReportRequest(language, identity, template=open_template(template))
                if whole_case:
                    room.analyst.report_case(request, target, progress, *corrected)
                else:
                    room.analyst.report(finished, request, target, progress, *corrected)
            return signer.kind != "none"

        def done(signed: bool) -> None:
            self._report = target
            self._window.comparison.set_report()
            self._desk.refresh()
            saved = self.tr("The report is signed, verified and saved: {path}")
            draft = self.tr("Saved as an unsigned draft: {path}")
            self._desk.message.emit((saved if signed else draft).format(path=target))

        self._window.board.start(self.tr("Writing the report"), work, done)

    def open_report(self) -> None:
        """Open the report that was written last, in the system's viewer."""
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report)))

    def open_kept_report(self, report_id: int) -> None:
        """Write a report that the case keeps to a file of the examiner's choice, and open it."""
        room = self._desk.room
        if room is None:
            return
        report = next(r for r in room.overview().reports if r.id == report_id)
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save the report"), f"{report.report_id}.pdf", "PDF (*.pdf)"
        )
        if not name:
            return

        def done(_: object) -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(name))

        self._window.board.start(
            self.tr("Saving the report"),
            lambda progress, cancel: room.save_report(report, Path(name)),
            done,
        )

    def review(self, report: Path | None = None) -> ReviewWindow:
        """A window that checks a report, with the open case's recordings where it is of that case;
        without a report it tells what to do."""
        window = ReviewWindow(self._window.settings, lambda: self._desk.room, self._window)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.show()
        if report is not None:
            window.desk.open(report)
        return window


def _documents() -> Path:
    kind = QStandardPaths.StandardLocation.DocumentsLocation
    return Path(QStandardPaths.writableLocation(kind) or Path.home())
