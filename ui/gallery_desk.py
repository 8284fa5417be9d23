"""The laboratory's gallery in the window: search, enrol, watch, make anew; done in jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QTabWidget

from app.services.workroom import Overview, Workroom
from ui.views.search_view import SearchView

if TYPE_CHECKING:
    from ui.main_window import MainWindow


def start_for_case(
    window: MainWindow, title: str, work: Callable[[Any, Any], Any], done: Callable[[Any], None]
) -> None:
    """A job for the case that is open; its result is dropped if another one is by then."""
    room = window.desk.room

    def if_still_open(result: Any) -> None:
        if window.desk.room is room:
            done(result)

    window.board.start(title, work, if_still_open)


class GalleryDesk(QObject):
    """Owns the gallery's view, which is a tab among `tabs`."""

    def __init__(self, window: MainWindow, tabs: QTabWidget) -> None:
        super().__init__(window)
        self._window, self._tabs, self.view = window, tabs, SearchView()
        self._room_shown: Workroom | None = None
        self.view.show_folder(str(window.settings.value("gallery", "")))

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        self._window.desk.changed.connect(self._show_case)
        self._window.desk.added.connect(self._watch_added)
        self.view.folder_asked.connect(self._choose_folder)
        self.view.search_asked.connect(self._search)
        self.view.enrol_asked.connect(self._enrol)
        self.view.reembed_asked.connect(self._choose_new_folder)

    @property
    def _room(self) -> Workroom | None:
        return self._window.desk.room

    @property
    def _folder(self) -> Path | None:
        name = str(self._window.settings.value("gallery", ""))
        return Path(name) if name else None

    def _show_case(self, overview: Overview | None) -> None:
        self.view.show_exhibits(overview.exhibits if overview else ())
        if self._room is not self._room_shown:
            self._room_shown = self._room
            self.view.show_hits([], False)
            self._look()

    def _look(self) -> None:
        """See in a job what the gallery holds and whether it is of the model in use."""
        room, folder = self._room, self._folder
        if room is None or folder is None or not (folder / "gallery.sqlite").is_file():
            self.view.show_state(None)
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import gallery_state

            return gallery_state(room, folder)

        title = self.tr("Looking into the gallery")
        start_for_case(self._window, title, work, self.view.show_state)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Gallery"), str(self._folder or "")
        )
        if name:
            self.use(Path(name))

    def use(self, folder: Path) -> None:
        """Search and watch this gallery from now on."""
        self._window.settings.setValue("gallery", str(folder))
        self.view.show_folder(str(folder))
        self._look()

    def _search(self, exhibit_id: int) -> None:
        room, folder = self._room, self._folder
        if room is None or folder is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import search_case

            return search_case(room, folder, exhibit_id, progress, cancel)

        def done(documents: list[dict[str, Any]]) -> None:
            self.view.show_hits(documents, False)

        start_for_case(self._window, self.tr("Searching the gallery"), work, done)

    def _enrol(self, exhibit_id: int, watched: bool) -> None:
        room, folder = self._room, self._folder
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
            self._look()

        start_for_case(self._window, self.tr("Enrolling"), work, done)

    # Another model

    def _choose_new_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("An empty folder for the new gallery"), str(self._folder or "")
        )
        if name:
            self.reembed(Path(name))

    def reembed(self, target: Path) -> None:
        """Make the gallery anew for the model in use, in a job, and use that from now on."""
        room, folder = self._room, self._folder
        if room is None or folder is None:
            return

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import reembed_for_model

            return reembed_for_model(room, folder, target, progress, cancel)

        def done(document: dict[str, Any]) -> None:
            text = self.tr("The new gallery holds {n} voices; {failed} could not be made anew.")
            message = text.format(n=document["n_entries"], failed=len(document["failed"]))
            self._window.desk.message.emit(message)
            self.use(target)
            self.view.show_failed(document["failed"])

        start_for_case(self._window, self.tr("Making the gallery anew"), work, done)

    # The watch-list

    def _watch_added(self, added: dict[str, Any]) -> None:
        """New recordings: compare their voices with the watch-list, if there is one."""
        self.watch([int(item["id"]) for item in added["added"]])

    def watch(self, exhibits: Sequence[int]) -> None:
        """Compare the voices of exhibits with the watch-list in a job; hits come to the front."""
        room, folder = self._room, self._folder
        if room is None or folder is None or not exhibits:
            return
        least = self.view.least_log10_lr

        def work(progress: Any, cancel: Any) -> Any:
            from app.services.case_grouping import watch_case

            return watch_case(room, folder, exhibits, least, progress, cancel)

        def done(documents: list[dict[str, Any]]) -> None:
            hits = sum(len(document["hits"]) for document in documents)
            if hits:
                self.view.show_hits(documents, True)
                self._tabs.setCurrentWidget(self.view)
                self._window.desk.message.emit(self.tr("The watch-list has hits: %n", "", hits))

        start_for_case(self._window, self.tr("Looking at the watch-list"), work, done)
