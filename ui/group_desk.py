"""Matrix, rings and gallery of the open case: what their views ask for, done in jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QTabWidget

from app.services.workroom import Overview, VoiceChoice, Workroom
from ui.views.matrix_view import MatrixView
from ui.views.ring_view import RingView
from ui.views.search_view import SearchView

if TYPE_CHECKING:
    from app.services.grouping import Grouping
    from app.services.ring_picture import Picture
    from ui.main_window import MainWindow


class GroupDesk(QObject):
    """Owns the tabs beside the recordings."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.grouping: Grouping | None = None
        self._folder: Path | None = None
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.matrix, self.rings, self.search = MatrixView(), RingView(), SearchView()
        for view in (window.workspace, self.matrix, self.rings, self.search):
            self.tabs.addTab(view, "")
        self.search.show_folder(str(window.settings.value("gallery", "")))
        self.retranslate()

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        desk = self._window.desk
        desk.changed.connect(self._show_case)
        desk.added.connect(self._watch)
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
        self.search.folder_asked.connect(self._choose_folder)
        self.search.search_asked.connect(self._search)
        self.search.enrol_asked.connect(self._enrol)

    @property
    def _room(self) -> Workroom | None:
        return self._window.desk.room

    def _show_case(self, overview: Overview | None) -> None:
        folder = None if self._room is None else self._room.folder
        self.search.show_exhibits(overview.exhibits if overview else ())
        if folder != self._folder:
            self._folder = folder
            self.tabs.setCurrentIndex(0)
            self._show(None, None)
            self.search.show_hits([], False)

    def _start(
        self, title: str, work: Callable[[Any, Any], Any], done: Callable[[Any], None]
    ) -> None:
        """A job for the case that is open; its result is dropped if another one is by then."""
        room = self._room

        def if_still_open(result: Any) -> None:
            if self._room is room:
                done(result)

        self._window.board.start(title, work, if_still_open)

    # Groups

    def group(self) -> None:
        """Find out in a job who of the case is heard where."""
        room = self._room
        if room is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import group_case
            from app.services.ring_picture import make_picture

            grouping = group_case(room, progress, cancel)
            return grouping, make_picture(grouping, progress, cancel)

        self._start(self.tr("Grouping the voices"), work, lambda found: self._show(*found))

    def _show(self, grouping: Grouping | None, picture: Picture | None) -> None:
        self.grouping = grouping
        order: list[str] = []
        if self._room is not None:
            overview = self._room.overview()
            received = {
                e.media_sha256: overview.exhibit_facts.get(e.id, {}).get("received_utc")
                or e.added_utc
                for e in overview.exhibits
            }
            order = sorted(received, key=lambda sha256: received[sha256])
        self.matrix.show_grouping(grouping)
        self.rings.show_grouping(grouping, picture, order)

    def _exhibit_of(self, sha256: str) -> int | None:
        room = self._room
        found = [e.id for e in room.overview().exhibits if e.media_sha256 == sha256] if room else []
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
        room, grouping = self._room, self.grouping
        if room is None or grouping is None or not room.writable:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import decide_in_room, regroup_case
            from app.services.ring_picture import make_picture

            decide_in_room(room, kind, first, second, value)
            found = regroup_case(room, grouping, progress, cancel)
            return found, make_picture(found, progress, cancel)

        def done(found: Any) -> None:
            self._show(*found)
            self._window.desk.refresh()

        self._start(self.tr("Grouping the voices"), work, done)

    # The gallery

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Gallery"), str(self._window.settings.value("gallery", ""))
        )
        if name:
            self.use_gallery(Path(name))

    def use_gallery(self, folder: Path) -> None:
        """Search and watch this gallery from now on."""
        self._window.settings.setValue("gallery", str(folder))
        self.search.show_folder(str(folder))

    @property
    def _gallery(self) -> Path | None:
        name = str(self._window.settings.value("gallery", ""))
        return Path(name) if name else None

    def _search(self, exhibit_id: int) -> None:
        room, folder = self._room, self._gallery
        if room is None or folder is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import search_case

            return search_case(room, folder, exhibit_id, progress, cancel)

        self._start(
            self.tr("Searching the gallery"), work, lambda d: self.search.show_hits(d, False)
        )

    def _enrol(self, exhibit_id: int, watched: bool) -> None:
        room, folder = self._room, self._gallery
        if room is None or folder is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import enrol_case

            return enrol_case(room, folder, [exhibit_id], watched, progress, cancel)

        def done(document: dict[str, Any]) -> None:
            text = self.tr("{new} voices enrolled, {old} were there, the gallery holds {n}.")
            self._window.desk.message.emit(
                text.format(
                    new=len(document["enrolled"]),
                    old=len(document["already_there"]),
                    n=document["n_entries"],
                )
            )

        self._start(self.tr("Enrolling"), work, done)

    def _watch(self, added: dict[str, Any]) -> None:
        """New recordings: compare their voices with the watch-list, if there is one."""
        new = [int(item["id"]) for item in added["added"]]
        self.watch(new)

    def watch(self, exhibits: Sequence[int]) -> None:
        """Compare the voices of exhibits with the watch-list in a job; hits come to the front."""
        room, folder = self._room, self._gallery
        if room is None or folder is None or not exhibits:
            return
        least = self.search.least_log10_lr

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import watch_case

            return watch_case(room, folder, exhibits, least, progress, cancel)

        def done(documents: list[dict[str, Any]]) -> None:
            hits = sum(len(document["hits"]) for document in documents)
            if hits:
                self.search.show_hits(documents, True)
                self.tabs.setCurrentWidget(self.search)
                self._window.desk.message.emit(self.tr("The watch-list has hits: %n", "", hits))

        self._start(self.tr("Looking at the watch-list"), work, done)

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
