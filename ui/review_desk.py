"""What is done in the reviewer's window: checks in jobs, choices, and what is taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from app.messages import Language
from app.services.signing import archive, countersign, opened_identity
from app.services.wording import check_name
from app.services.workroom import Workroom
from engine.errors import ErrorCode
from engine.types import CheckStatus
from ui.dialogs.archive import ArchiveDialog
from ui.dialogs.countersign import CountersignDialog
from ui.dialogs.record import RecordDialog
from ui.errors import is_cancelled, show_error
from ui.language import current_language, text_of
from ui.qt_jobs import Job

if TYPE_CHECKING:
    from app.services.reviewing import Review
    from ui.review_window import ReviewWindow

CERTIFICATE_SUFFIXES = (".pem", ".crt", ".cer", ".der")
CERTIFICATES = f"X.509 ({' '.join('*' + suffix for suffix in CERTIFICATE_SUFFIXES)})"
MOST_NAMES = 8


class ReviewDesk(QObject):
    """One report at a time, and what the reviewer brings along for it."""

    changed = Signal()
    message = Signal(str)

    def __init__(self, window: ReviewWindow, room_of_case: Callable[[], Workroom | None]) -> None:
        super().__init__(window)
        self._window, self._view, self._settings = window, window.view, window.settings
        self._room_of_case = room_of_case
        self.report: Path | None = None
        self.media: list[Path] = []
        self.model: Path | None = None
        self.population: Path | None = None
        self._checking: Job | None = None

    # The report

    def choose_report(self) -> None:
        """Ask for a report."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Verify a report"), self._folder("reports"), "PDF (*.pdf)"
        )
        if name:
            self.open(Path(name))

    def open(self, report: Path, media: Sequence[Path] = ()) -> None:
        """Check a report, with its recordings if they came along; what was there for the last one
        is forgotten."""
        self._settings.setValue("reports", str(report.parent))
        self.report = report
        self.media, self.model, self.population = list(media), None, None
        self._view.show_waiting(report)
        self.changed.emit()
        self.check(recompute=False)

    @property
    def trust(self) -> tuple[Path, ...]:
        """The certificates that were chosen to be trusted, also before today."""
        stored: Any = self._settings.value("review/trust")
        names = [stored] if isinstance(stored, str) else stored or []
        return tuple(Path(name) for name in names if Path(name).is_file())

    def check(self, recompute: bool) -> None:
        """Check the report in a job. Without `recompute` all but the recomputation is shown at
        once; it then follows if everything it needs is there."""
        report = self.report
        if report is None:
            return
        if self._checking is not None:
            self._checking.cancel()
        brought = (tuple(self.media), self.trust, self.model, self.population)
        room = self._room_of_case()

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.reviewing import ReviewInputs, review

            inputs = ReviewInputs(*brought, recompute)
            if room is None:
                return review(report, inputs, None, progress, cancel)
            with room.reader() as case:
                return review(report, inputs, case, progress, cancel)

        def done(found: Review) -> None:
            if self._checking is job:
                self._checking = None
                self._show(found)

        def failed(error: Exception) -> None:
            if self._checking is not job:
                return
            self._checking = None
            if is_cancelled(error) and self._view.review is not None:
                return
            if self._view.review is None:
                self._view.show_error(report, error)
            else:
                show_error(self._window, error)

        title = self.tr("Verifying {name}").format(name=report.name)
        self._checking = job = self._window.board.start(title, work, done, failed)

    def _show(self, found: Review) -> None:
        self._view.show_review(found)
        self.changed.emit()
        if found.can_recompute:
            self.check(recompute=True)

    def stop(self) -> None:
        """Stop what is running; what was found so far stays."""
        for job in self._window.board.running:
            job.cancel()

    # What the reviewer brings along

    def choose_files(self) -> None:
        """Ask for recordings."""
        names, _ = QFileDialog.getOpenFileNames(
            self._window, self.tr("Recordings of the report"), self._folder("folder")
        )
        if names:
            self._settings.setValue("folder", str(Path(names[0]).parent))
            self.add_media([Path(name) for name in names])

    def choose_folder(self) -> None:
        """Ask for a folder with recordings."""
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Folder with the recordings"), self._folder("folder")
        )
        if name:
            self._settings.setValue("folder", name)
            self.add_media([Path(name)])

    def add_media(self, paths: Sequence[Path]) -> None:
        """Look by hash for the report's recordings among files and in folders."""
        review = self._view.review
        if review is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.reviewing import find_media

            return find_media(paths, review, progress, cancel)

        self._window.board.start(
            self.tr("Looking for the recordings"), work, lambda found: self._take_media(*found)
        )

    def _take_media(self, found: Sequence[Path], others: Sequence[Path]) -> None:
        """Check again with what was found."""
        if not found:
            self._tell_other_files(others)
            return
        self.media += [path for path in found if path not in self.media]
        names = ", ".join(path.name for path in found)
        self.message.emit(self.tr("Found: {names}").format(names=names))
        self.check(recompute=False)

    def _tell_other_files(self, others: Sequence[Path]) -> None:
        """Nothing of the report among what was given: say so, by name."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Other recordings"))
        box.setText(self.tr("None of the report's recordings is among them."))
        lines = [path.name for path in others[:8]]
        box.setInformativeText(
            "\n".join([*lines, self.tr("Files are compared by SHA-256; their names do not count.")])
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def choose_trust(self) -> None:
        """Ask for the certificates that the laboratory trusts; they are remembered."""
        names, _ = QFileDialog.getOpenFileNames(
            self._window,
            self.tr("Trusted certificates"),
            self._folder("review/folder"),
            CERTIFICATES,
        )
        if names:
            self._settings.setValue("review/folder", str(Path(names[0]).parent))
            self.use_trust([Path(name) for name in names])

    def use_trust(self, certificates: Sequence[Path]) -> None:
        """Trust these certificates too, from now on, if that is what they are."""

        def work(progress: Any, cancel: Any) -> None:
            from app.services.reviewing import require_certificates

            require_certificates(certificates)

        def done(_: object) -> None:
            chosen = dict.fromkeys(map(str, [*self.trust, *certificates]))
            self._settings.setValue("review/trust", list(chosen))
            self.changed.emit()
            self.check(recompute=False)

        self._window.board.start(self.tr("Reading the certificates"), work, done)

    def forget_trust(self) -> None:
        """Trust no certificate any more."""
        self._settings.remove("review/trust")
        self.changed.emit()
        self.check(recompute=False)

    def choose_model(self) -> None:
        """Ask for the folder of the report's model."""
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Folder of the model pack"), self._folder("folder")
        )
        if name:
            self._use("model", Path(name))

    def choose_population(self) -> None:
        """Ask for the file of the report's population."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("File of the population"), self._folder("folder"), "JSON (*.json)"
        )
        if name:
            self._use("population", Path(name))

    def _use(self, kind: str, path: Path) -> None:
        """Take a model or a population if it is the report's; say so if it is another one."""
        review = self._view.review
        if review is None:
            return

        def work(progress: Any, cancel: Any) -> None:
            from app.services.reviewing import require_same

            require_same(review, kind, path)

        def done(_: object) -> None:
            setattr(self, kind, path)
            self.check(recompute=False)

        self._window.board.start(self.tr("Checking {name}").format(name=path.name), work, done)

    # What the reviewer takes away

    def open_in_viewer(self) -> None:
        """Open the report in the system's viewer."""
        if self.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report)))

    def choose_folder_for_attachments(self) -> None:
        """Ask where the report's attachments go."""
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Folder for the attachments"), self._folder("reports")
        )
        if name:
            self.extract_to(Path(name))

    def extract_to(self, folder: Path) -> None:
        """Write the report's attachments into a folder; nothing there is replaced."""
        report = self.report
        if report is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.reviewing import extract_attachments

            return extract_attachments(report, folder)

        def done(written: Sequence[Path]) -> None:
            names = ", ".join(path.name for path in written)
            text = self.tr("Extracted: {names}").format(names=names)
            self.message.emit(text)

        self._window.board.start(self.tr("Extracting the attachments"), work, done)

    def copy_text(self) -> None:
        """Everything that was found, as text on the clipboard."""
        from app.services.reviewing import review_text

        if self._view.review is not None:
            text = review_text(self._view.review, current_language())
            QApplication.clipboard().setText(text)
            self.message.emit(self.tr("Copied"))

    def ask_for_record(self) -> RecordDialog | None:
        """Ask how the review record is to be written."""
        if self._view.review is None or self.report is None:
            return None
        suggested = Path(self._folder("reports")) / f"{self.report.stem}-review.pdf"
        dialog = RecordDialog(self._settings, suggested, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        found = self._view.review
        dialog.accepted.connect(lambda: self._write_record(dialog, found))
        dialog.open()
        return dialog

    def _write_record(self, dialog: RecordDialog, found: Review) -> None:
        target, language, signer = dialog.target, dialog.language, dialog.signer
        who = (dialog.name.text().strip(), dialog.agency.text().strip())
        remarks = dialog.remarks.toPlainText().strip()

        def work(progress: Any, cancel: Any) -> None:
            from app.services.review_record import Reviewer, write_record

            cancel.check()
            with opened_identity(signer) as identity:
                write_record(found, Reviewer(*who, remarks), language, identity, target)

        def done(_: object) -> None:
            text = self.tr("The review record is saved: {path}").format(path=target)
            self.message.emit(text)

        self._window.board.start(self.tr("Writing the review record"), work, done)

    @property
    def countersign_obstacle(self) -> str:
        """Why the report cannot be countersigned now; empty where it can."""
        obstacle, review = self.archive_obstacle, self._view.review
        if obstacle or review is None:
            return obstacle
        if len(review.signatures) > 1:
            return text_of(ErrorCode.COUNTERSIGN_ALREADY, {"signer": review.signatures[1].signer})
        if any(c.id.startswith("archive.") for c in review.verification.result.checks):
            return text_of(ErrorCode.COUNTERSIGN_ARCHIVED, {})
        return ""

    @property
    def archive_obstacle(self) -> str:
        """Why nothing can be added to the report now; empty where something can."""
        review = self._view.review
        if self.report is None:
            return self.tr("Open a report first.")
        if review is None:
            return self.tr("The report has not been verified.")
        checks, language = review.verification.result.checks, current_language()
        failed = [check_name(c.id, language) for c in checks if c.status is CheckStatus.FAIL]
        if failed:
            text = self.tr(
                "Nothing is added to a report that does not hold. Does not hold: {names}"
            )
            return text.format(names=", ".join(failed))
        return ""

    def ask_to_countersign(self) -> CountersignDialog | None:
        """Ask with which key the reviewer signs the report, and where to."""
        review = self._view.review
        if review is None or self.countersign_obstacle:
            return None
        examiner = review.signatures[0].signer
        dialog = CountersignDialog(self._settings, review.report, examiner, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._countersign(dialog, review))
        dialog.open()
        return dialog

    def _countersign(self, dialog: CountersignDialog, found: Review) -> None:
        """Sign a copy in a job, then open and verify it with what the reviewer brought along."""
        target, signer, report = dialog.target, dialog.signer, found.report
        stated = found.content["language"] if found.content is not None else "both"
        language: Language = "ko" if stated == "ko" else "en"
        if stated == "both":
            language = current_language()

        def work(progress: Any, cancel: Any) -> None:
            countersign(report, signer, target, language, progress, cancel, found.sha256)

        said = self.tr("The countersigned report is saved: {path}")
        title = self.tr("Countersigning {name}").format(name=report.name)
        self._window.board.start(title, work, lambda _: self._go_on_with(target, report, said))

    def ask_to_archive(self) -> ArchiveDialog | None:
        """Ask which authority vouches for the report, and where to."""
        review = self._view.review
        if review is None or self.archive_obstacle:
            return None
        dialog = ArchiveDialog(self._settings, review.report, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._archive(dialog, review.report))
        dialog.open()
        return dialog

    def _archive(self, dialog: ArchiveDialog, report: Path) -> None:
        """Add an archive timestamp to a copy in a job, then open and verify it."""
        target, proofs = dialog.target, dialog.proofs
        authority, secret, revocation = proofs.authority, proofs.secret, proofs.revocation
        assert authority is not None

        def work(progress: Any, _: Any) -> None:
            archive(report, authority, secret, revocation, target)

        said = self.tr("The archived report is saved: {path}")
        title = self.tr("Archive timestamp for {name}").format(name=report.name)
        self._window.board.start(title, work, lambda _: self._go_on_with(target, report, said))

    def _go_on_with(self, made: Path, report: Path, said: str) -> None:
        """Open and verify what was made of a report, where that is still open."""
        self.message.emit(said.format(path=made))
        if self.report == report:
            self.report = made
            self._view.show_waiting(made)
            self.changed.emit()
            self.check(recompute=False)

    def take(self, paths: Sequence[Path]) -> None:
        """Do with files what they are for: a PDF is checked, certificates are trusted, all else is
        looked through for recordings."""
        reports = [path for path in paths if path.suffix.lower() == ".pdf"]
        trusted = [path for path in paths if path.suffix.lower() in CERTIFICATE_SUFFIXES]
        others = [path for path in paths if path not in (*reports, *trusted)]
        if trusted:
            self.use_trust(trusted)
        if reports:
            self.open(reports[0], others)
        elif others:
            self.add_media(others)

    def _folder(self, key: str) -> str:
        kind = QStandardPaths.StandardLocation.DocumentsLocation
        return str(self._settings.value(key, QStandardPaths.writableLocation(kind)))

    def close(self) -> None:
        """Stop everything that is running."""
        self._checking = None
        self._window.board.cancel_all()
