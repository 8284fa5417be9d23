"""The open case as the window sees it: what it holds, and everything that is done to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSettings, Signal

from app.services.segment_edits import Edit
from app.services.workroom import VoiceChoice, Workroom
from app.views import added_text
from engine.errors import ErrorCode, SeongmunError
from ui.errors import is_cancelled
from ui.language import current_language
from ui.qt_jobs import Job, JobBoard

if TYPE_CHECKING:
    from app.services.analyst import Conditions, Finished

MOST_RECENT = 8
MOST_MEASURED_AT_ONCE = 50
PASSPHRASE_CODES = (ErrorCode.CASE_PASSPHRASE, ErrorCode.CASE_PASSPHRASE_MISSING)


class CaseDesk(QObject):
    """Holds the workroom. Signals tell what changed; errors go to `failed`."""

    changed = Signal(object)
    opened = Signal()
    segments_changed = Signal()
    added = Signal(object)
    described = Signal(int, object)
    shared = Signal(object)
    message = Signal(str)
    failed = Signal(object)
    passphrase_asked = Signal(object, bool)
    locked = Signal(object, object)

    def __init__(self, board: JobBoard, settings: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._board, self._settings = board, settings
        self.room: Workroom | None = None
        self.qualities: dict[int, dict[str, Any]] = {}
        self._conditions_job: Job | None = None
        self._asked: tuple[VoiceChoice, VoiceChoice] | None = None
        self.described.connect(self.qualities.__setitem__)

    # The case

    def create(self, make: Callable[[], Workroom]) -> None:
        """Make a case and open it."""
        self._enter(self.tr("New case"), lambda progress, cancel: make())

    def open(self, folder: Path, passphrase: str = "", writable: bool = True) -> None:
        """Open a case; asks for its passphrase where it is encrypted."""

        def failed(error: Exception) -> None:
            code = error.code if isinstance(error, SeongmunError) else None
            if code in PASSPHRASE_CODES:
                self.passphrase_asked.emit(folder, code is ErrorCode.CASE_PASSPHRASE)
            elif code is ErrorCode.CASE_LOCKED and writable:
                self.locked.emit(folder, error)
            elif not is_cancelled(error):
                if code is ErrorCode.CASE_MISSING:
                    self.forget(folder)
                self.failed.emit(error)

        self._enter(
            self.tr("Opening {name}").format(name=folder.name),
            lambda progress, cancel: Workroom.open(folder, passphrase, writable),
            failed,
        )

    def open_demo(self, folder: Path) -> None:
        """Open the demo's case, made anew where it is not there."""
        self._enter(
            self.tr("Opening the demo"),
            lambda progress, cancel: Workroom.demo(folder, progress, cancel),
        )

    def _enter(
        self,
        title: str,
        work: Callable[[Any, Any], Workroom],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        def enter(progress: Any, cancel: Any) -> tuple[Workroom, dict[int, dict[str, Any]]]:
            room = work(progress, cancel)
            return room, room.known_qualities()

        def entered(opened: tuple[Workroom, dict[int, dict[str, Any]]]) -> None:
            self.close()
            self.room, known = opened
            self._remember(self.room.folder)
            self.qualities.update(known)
            self.refresh()
            self.opened.emit()

        self._board.start(title, enter, entered, failed)

    def close(self) -> None:
        """Close the case and give its lock back."""
        if self.room is not None:
            self.room.close()
            self.room = None
            self.qualities.clear()
            self.changed.emit(None)

    @property
    def recent(self) -> list[Path]:
        """Folders of the cases that were open before."""
        stored = self._settings.value("recent", [])
        names = [stored] if isinstance(stored, str) else stored
        return [Path(name) for name in names] if isinstance(names, list) else []

    def _remember(self, folder: Path) -> None:
        folders = [folder, *(f for f in self.recent if f != folder)][:MOST_RECENT]
        self._settings.setValue("recent", [str(f) for f in folders])

    def forget(self, folder: Path) -> None:
        """A case that is no longer there."""
        self._settings.setValue("recent", [str(f) for f in self.recent if f != folder])

    def refresh(self) -> None:
        """Tell what the case holds now."""
        if self.room is not None:
            self.changed.emit(self.room.overview())

    def _do(self, action: Callable[[Workroom], None]) -> bool:
        """Do something short; its error is shown."""
        if self.room is None:
            return False
        try:
            action(self.room)
        except SeongmunError as error:
            self.failed.emit(error)
            return False
        return True

    # Exhibits

    def add(self, sources: Sequence[Path], role: str) -> None:
        """Add recordings in a job; measures the new ones."""
        room = self.room
        if room is None:
            return

        def done(result: dict[str, Any]) -> None:
            self.message.emit(added_text(result, current_language()))
            self.refresh()
            new = [int(item["id"]) for item in result["added"]]
            self.measure(new[:MOST_MEASURED_AT_ONCE])
            self.added.emit(result)
            self.look_for_shared_sound(new)

        title = self.tr("Adding recordings")
        self._board.start(
            title,
            lambda progress, cancel: room.add(sources, role, progress, cancel),
            done,
            self._failed_adding,
        )

    def _failed_adding(self, error: Exception) -> None:
        """What was added before stays."""
        self.refresh()
        if not is_cancelled(error):
            self.failed.emit(error)

    def measure(self, exhibits: Sequence[int]) -> None:
        """Measure the quality of exhibits in a job; `described` tells of each."""
        room = self.room
        missing = [number for number in exhibits if number not in self.qualities]
        if room is None or not missing:
            return

        def work(progress: Any, cancel: Any) -> None:
            for done, number in enumerate(missing):
                progress("quality", done, len(missing))
                try:
                    self.described.emit(number, room.analyst.quality(number, cancel))
                except SeongmunError as error:
                    if error.code is ErrorCode.CANCELLED or len(missing) == 1:
                        raise

        self._board.start(self.tr("Measuring quality"), work)

    def look_for_shared_sound(self, exhibits: Sequence[int]) -> None:
        """See in a job whether exhibits hold the sound of others; `shared` tells which do."""
        room = self.room
        if room is None or not exhibits:
            return
        self._board.start(
            self.tr("Looking for shared sound"),
            lambda progress, cancel: room.analyst.shared_sound(exhibits, progress, cancel),
            self.shared.emit,
        )

    def set_facts(self, facts: dict[str, str], exhibit_id: int | None = None) -> None:
        """Fill in what is known."""
        for name, value in facts.items():
            if not self._do(lambda room, n=name, v=value: room.set_fact(n, v, exhibit_id)):  # type: ignore[misc]
                break
        self.refresh()

    # Segments

    def edit(self, edit: Edit) -> None:
        """Replace segments by others."""
        if self._do(lambda room: room.edit_segments(*edit)):
            self.segments_changed.emit()

    def undo(self) -> None:
        """Take the last edit back."""
        if self._do(Workroom.undo):
            self.segments_changed.emit()
            self.refresh()

    def redo(self) -> None:
        """Bring back what was undone."""
        if self._do(Workroom.redo):
            self.segments_changed.emit()
            self.refresh()

    def propose(self, exhibit_id: int, n_speakers: int | None = None) -> None:
        """Find speech and speakers in a job; proposals replace earlier proposals."""
        room = self.room
        if room is None:
            return
        self._board.start(
            self.tr("Finding speech and speakers"),
            lambda progress, cancel: room.analyst.propose(exhibit_id, n_speakers, progress, cancel),
            lambda _: self.segments_changed.emit(),
        )

    # Comparison

    def look_at_conditions(
        self,
        choices: tuple[VoiceChoice, VoiceChoice],
        done: Callable[[Conditions], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """See in a job whether two voices may be compared; an older job of this kind is stopped."""
        room = self.room
        if room is None:
            return
        if self._conditions_job in self._board.running and self._conditions_job is not None:
            self._conditions_job.cancel()
        self._asked = choices

        def if_still_asked(take: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda result: take(result) if self._asked == choices else None

        self._conditions_job = self._board.start(
            self.tr("Looking at the conditions"),
            lambda progress, cancel: room.analyst.conditions(*choices, progress, cancel),
            if_still_asked(done),
            if_still_asked(failed),
        )

    def compare(
        self, choices: tuple[VoiceChoice, VoiceChoice], done: Callable[[Finished], None]
    ) -> None:
        """Compare two voices in a job."""
        room = self.room
        if room is None:
            return

        def finished(result: Finished) -> None:
            self.refresh()
            done(result)

        self._board.start(
            self.tr("Comparing"),
            lambda progress, cancel: room.analyst.compare(*choices, progress, cancel),
            finished,
        )
