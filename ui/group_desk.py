"""Matrix and rings of the open case: what their views ask for, done in jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QTabWidget

from app.messages import Language
from app.services.signing import SignerChoice, opened_identity
from app.services.workroom import Overview, VoiceChoice, Workroom
from ui.dialogs.report import ReportDialog
from ui.gallery_desk import GalleryDesk, start_for_case
from ui.views.matrix_view import MatrixView
from ui.views.ring_view import RingView

if TYPE_CHECKING:
    from app.services.case_grouping import OtherCase
    from app.services.grouping import Grouping
    from app.services.ring_picture import Moment, Picture
    from ui.main_window import MainWindow

KEY = "case.key"


class GroupDesk(QObject):
    """Owns the tabs beside the recordings."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.grouping: Grouping | None = None
        self._folder: Path | None = None
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.matrix, self.rings = MatrixView(), RingView()
        self.gallery = GalleryDesk(window, self.tabs)
        self._others: list[OtherCase] = []
        self._elsewhere: list[dict[str, str]] = []
        for view in (window.workspace, self.matrix, self.rings, self.gallery.view):
            self.tabs.addTab(view, "")
        self.retranslate()

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        desk = self._window.desk
        desk.changed.connect(self._show_case)
        self.gallery.connect_views()
        self.matrix.group_asked.connect(self.group)
        self.rings.group_asked.connect(self.group)
        self.matrix.pair_chosen.connect(self._compare)
        self.matrix.decided.connect(self._decide_voices)
        self.rings.opened.connect(self.listen)
        self.rings.role_decided.connect(self._decide_role)
        self.rings.ring_decided.connect(lambda kind, a, b: self._decide(kind, a, b))
        self.rings.failed.connect(self._window.show_error)
        self.rings.exported.connect(
            lambda path: desk.message.emit(self.tr("Exported: {path}").format(path=path))
        )
        self.rings.report_asked.connect(self.report)
        self.rings.case_asked.connect(self.choose_case)

    @property
    def _room(self) -> Workroom | None:
        return self._window.desk.room

    def _show_case(self, overview: Overview | None) -> None:
        folder = None if self._room is None else self._room.folder
        if folder != self._folder:
            self._folder = folder
            self._others, self._elsewhere = [], []
            self.tabs.setCurrentIndex(0)
            self._show(None, None)

    # Groups

    def group(self) -> None:
        """Find out in a job who of the case is heard where."""
        room, others = self._room, tuple(self._others)
        if room is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import group_case
            from app.services.ring_picture import make_picture

            grouping, elsewhere = group_case(room, others, progress, cancel)
            return elsewhere, grouping, make_picture(grouping, progress, cancel)

        def done(found: Any) -> None:
            self._elsewhere, grouping, picture = found
            self._show(grouping, picture)

        start_for_case(self._window, self.tr("Grouping the voices"), work, done)

    def choose_case(self) -> None:
        """Ask for another case, whose calls are grouped with those of the open one."""
        start = str(self._window.settings.value("cases", ""))
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Add a case"), start)
        if not name:
            return
        passphrase, is_given = "", True
        if (Path(name) / KEY).exists():
            passphrase, is_given = QInputDialog.getText(
                self._window,
                self.tr("Encrypted case"),
                self.tr("Passphrase:"),
                QLineEdit.EchoMode.Password,
            )
        if is_given:
            self.add_case(Path(name), passphrase)

    def add_case(self, folder: Path, passphrase: str = "") -> None:
        """Group the calls of another case with those of the open one; it is only read."""
        from app.services.case_grouping import OtherCase

        known = [other for other in self._others if other.folder != folder]
        if self._room is not None and folder != self._room.folder:
            self._others = [*known, OtherCase(folder, passphrase)]
            self.group()

    def _show(self, grouping: Grouping | None, picture: Picture | None) -> None:
        self.grouping = grouping
        moments: list[Moment] = []
        if grouping is not None:
            from app.services.ring_picture import time_line

            moments = time_line(grouping)
        self.matrix.show_grouping(grouping)
        self.rings.show_grouping(grouping, picture, moments)

    def _exhibit_of(self, sha256: str) -> int | None:
        room = self._room
        found = [e.id for e in room.overview().exhibits if e.media_sha256 == sha256] if room else []
        if not found:
            self._window.desk.message.emit(
                self.tr("This call belongs to another case: open that case to listen and compare.")
            )
        return found[0] if found else None

    def listen(self, voice: int) -> None:
        """Open a voice's recording where the voice begins."""
        if self.grouping is None:
            return
        heard = self.grouping.voices[voice]
        exhibit_id = self._exhibit_of(heard.recording.sha256)
        if exhibit_id is not None:
            self.tabs.setCurrentWidget(self._window.workspace)
            self._window.tracks.open_at(exhibit_id, heard.segments[0].start_s)

    def _compare(self, first: int, second: int) -> None:
        """Compare two voices, by the segments that were heard."""
        from app.services.case_grouping import voice_choice

        if self.grouping is None:
            return
        choices: list[VoiceChoice] = []
        for voice in (self.grouping.voices[first], self.grouping.voices[second]):
            exhibit_id = self._exhibit_of(voice.recording.sha256)
            if exhibit_id is None:
                return
            choices.append(voice_choice(voice, exhibit_id))
        panel = self._window.comparison
        self._window.show_panel(panel)
        for side, choice in zip(("questioned", "known"), choices, strict=True):
            panel.set_exhibit(side, choice.exhibit_id)
        self._window.desk.compare((choices[0], choices[1]), panel.show_result)

    # Decisions

    def _decide_voices(self, kind: str, first: int, second: int) -> None:
        if self.grouping is not None:
            keys = [self.grouping.voices[v].key for v in (first, second)]
            self._decide(kind, *keys)

    def _decide_role(self, voice: int, role: str) -> None:
        if self.grouping is not None:
            self._decide("role", self.grouping.voices[voice].key, "", role)

    def _decide(self, kind: str, first: str, second: str, value: str = "") -> None:
        """Record the decision, then group anew under it."""
        room, grouping, elsewhere = self._room, self.grouping, self._elsewhere
        if room is None or grouping is None or not room.writable:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import decide_in_room, regroup_case
            from app.services.ring_picture import make_picture

            decide_in_room(room, kind, first, second, value)
            found = regroup_case(room, grouping, elsewhere, progress, cancel)
            return found, make_picture(found, progress, cancel)

        def done(found: Any) -> None:
            self._show(*found)
            self._window.desk.refresh()

        start_for_case(self._window, self.tr("Grouping the voices"), work, done)

    # The report

    def report(self) -> ReportDialog | None:
        """Ask how the report on the rings is to be written."""
        room, grouping = self._room, self.grouping
        if room is None or grouping is None:
            return None
        folder = Path(str(self._window.settings.value("reports", room.folder.parent)))
        dialog = ReportDialog(self._window.settings, folder / "voices.pdf", self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(
            lambda: self.write_report(dialog.language, dialog.signer, dialog.target)
        )
        dialog.open()
        return dialog

    def write_report(self, language: Language, signer: SignerChoice, target: Path) -> None:
        """Write the report on what is shown, in a job; the case keeps it."""
        room, grouping, elsewhere = self._room, self.grouping, self._elsewhere
        if room is None or grouping is None:
            return
        self._window.settings.setValue("reports", str(target.parent))

        def work(progress: Any, cancel: Any) -> None:
            from app.services.case_grouping import report_case

            with opened_identity(signer) as identity:
                report_case(room, grouping, elsewhere, language, identity, target, progress, cancel)

        def done(_: Any) -> None:
            saved = self.tr("The report is signed, verified and saved: {path}")
            draft = self.tr("Saved as an unsigned draft: {path}")
            text = draft if signer.kind == "none" else saved
            self._window.desk.message.emit(text.format(path=target))
            self._window.desk.refresh()

        start_for_case(self._window, self.tr("Writing the report"), work, done)

    def retranslate(self) -> None:
        """Follow the language."""
        texts = (
            self.tr("Recordings"),
            self.tr("Matrix"),
            self.tr("Rings"),
            self.tr("Gallery"),
        )
        for i, text in enumerate(texts):
            self.tabs.setTabText(i, text)
