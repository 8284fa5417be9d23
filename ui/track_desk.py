"""The open recordings: opening and closing them, their segments, their quality."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from app.services import segment_edits
from app.services.segment_files import export_segments, import_segments
from app.services.workbench import OpenedRecording, open_recording
from app.services.workroom import Segment
from engine.errors import SeongmunError
from ui.dialogs.label import LabelDialog
from ui.errors import is_cancelled
from ui.widgets.track import TrackView

if TYPE_CHECKING:
    from ui.main_window import MainWindow

FILE_TYPES = "TextGrid (*.TextGrid);;Audacity (*.txt);;RTTM (*.rttm);;CSV (*.csv)"
STEP_SHARE = 0.02


class TrackDesk(QObject):
    """Stands between the workspace, the segment and quality panels, and the case."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._opening: set[int] = set()
        self._go_after_opening: dict[int, float] = {}

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        window, workspace, panel = self._window, self._window.workspace, self._window.segments
        window.navigator.open_asked.connect(self.open_exhibit)
        workspace.active_changed.connect(self._show_active)
        workspace.selection_changed.connect(
            lambda selection: window.quality.set_can_measure(selection is not None)
        )
        workspace.edge_moved.connect(self._move_edge)
        workspace.segments_chosen.connect(panel.choose)
        workspace.segment_opened.connect(lambda segment: self.label([segment]))
        window.desk.segments_changed.connect(self.show_segments)
        window.desk.described.connect(self._show_described)
        panel.use_cursor(lambda: workspace.active.cursor_s if workspace.active else 0.0)
        panel.edited.connect(window.desk.edit)
        panel.chosen.connect(self._choose)
        panel.shown.connect(self._show_segment)
        panel.label_asked.connect(self.label)
        panel.propose_asked.connect(self.propose)
        panel.import_asked.connect(self.choose_import)
        panel.export_asked.connect(self.choose_export)
        window.quality.measure_asked.connect(self.measure_selection)
        self._show_active(None)

    @property
    def _active(self) -> TrackView | None:
        return self._window.workspace.active

    # Opening and closing

    def open_exhibit(self, exhibit_id: int) -> None:
        """Open an exhibit in a job, or go to it where it is open."""
        room, workspace = self._window.desk.room, self._window.workspace
        if room is None or exhibit_id in self._opening:
            return
        track = workspace.track_of(exhibit_id)
        if track is not None:
            workspace.activate(track)
            return
        exhibit, source = room.exhibit(exhibit_id), room.source(exhibit_id)
        self._opening.add(exhibit_id)

        def failed(error: Exception) -> None:
            self._opening.discard(exhibit_id)
            if not is_cancelled(error):
                named = room.named(error) if isinstance(error, SeongmunError) else error
                self._window.show_error(named)

        def done(opened: OpenedRecording) -> None:
            self._opening.discard(exhibit_id)
            if self._window.desk.room is not room:
                opened.close()
                return
            workspace.add_track(opened)
            self._go_if_asked(exhibit_id)
            self._window.desk.measure([exhibit_id])
            if room.writable and not room.has_segment_history(exhibit_id):
                self._window.desk.propose(exhibit_id)

        self._window.board.start(
            self.tr("Opening {name}").format(name=exhibit.file_name),
            lambda progress, cancel: open_recording(
                source, exhibit_id, exhibit.file_name, progress, cancel
            ),
            done,
            failed,
        )

    def open_at(self, exhibit_id: int, time_s: float) -> None:
        """Open an exhibit and go to a time once it is there."""
        self._go_after_opening[exhibit_id] = time_s
        self.open_exhibit(exhibit_id)
        self._go_if_asked(exhibit_id)

    def _go_if_asked(self, exhibit_id: int) -> None:
        track = self._window.workspace.track_of(exhibit_id)
        if track is not None and exhibit_id in self._go_after_opening:
            self._window.workspace.activate(track)
            self.go_to(self._go_after_opening.pop(exhibit_id))

    def close_active(self) -> None:
        """Close the active recording."""
        if self._active is not None:
            self._window.workspace.close_track(self._active)

    def _show_active(self, track: TrackView | None) -> None:
        described = None
        if track is not None:
            described = self._window.desk.qualities.get(track.opened.exhibit_id)
            self._window.transport.set_channels(len(track.opened.channels))
        self._window.quality.show_recording(track is not None, described)
        self._window.quality.set_can_measure(track is not None and track.selection is not None)
        self.show_segments()

    def _show_described(self, exhibit_id: int, described: dict[str, Any]) -> None:
        self._window.navigator.show_quality(exhibit_id)
        if self._active is not None and self._active.opened.exhibit_id == exhibit_id:
            self._window.quality.show_recording(True, described)
            self._window.quality.set_can_measure(self._active.selection is not None)

    # Moving about

    def go_to(self, time_s: float) -> None:
        """Move the cursor there and show it."""
        if self._active is not None:
            self._active.set_cursor(min(time_s, self._active.opened.duration_s), follow=True)

    def step(self, direction: int) -> None:
        """Move the cursor by a little of what is visible."""
        if self._active is not None:
            first_s, last_s = self._active.visible_range
            self.go_to(self._active.cursor_s + direction * STEP_SHARE * (last_s - first_s))

    def scroll(self, share: float) -> None:
        """Scroll by a share of what is visible."""
        if self._active is not None:
            self._active.scroll_by(share)

    def step_segment(self, direction: int) -> None:
        """Choose the next or the previous segment."""
        track = self._active
        if track is None:
            return
        segments = self._segments_of(track)
        at_s = track.cursor_s
        later = [s for s in segments if s.start_s > at_s + 1e-6]
        earlier = [s for s in segments if s.start_s < at_s - 1e-6]
        found = later[:1] if direction > 0 else earlier[-1:]
        if found:
            self._show_segment(found[0])
            self._choose({found[0].id})
            self._window.segments.choose({found[0].id})

    # Segments

    def _segments_of(self, track: TrackView) -> list[Segment]:
        room = self._window.desk.room
        return [] if room is None else room.segments(track.opened.exhibit_id)

    def show_segments(self) -> None:
        """Show the segments of every open recording as they stand now."""
        room, active = self._window.desk.room, self._active
        shown: list[Segment] = []
        for track in self._window.workspace.tracks:
            segments = self._segments_of(track)
            track.show_segments(segments)
            if track is active:
                shown = segments
        authors = room.authors() if room is not None else {}
        writable = room is not None and room.writable
        self._window.segments.show_segments(shown, authors, active is not None, writable)

    def _choose(self, ids: set[int]) -> None:
        if self._active is not None:
            self._active.choose_segments(ids)

    def _show_segment(self, segment: Segment) -> None:
        track = self._active
        if track is None:
            return
        first_s, last_s = track.visible_range
        if not (first_s <= segment.start_s and segment.end_s <= last_s):
            length_s = max(last_s - first_s, 1.2 * (segment.end_s - segment.start_s))
            middle_s = (segment.start_s + segment.end_s) / 2
            track.show_range(middle_s - length_s / 2, middle_s + length_s / 2)
        track.select(segment.start_s, segment.end_s)

    def _move_edge(self, segment: Segment, start_s: float, end_s: float) -> None:
        track = self._window.workspace.track_of(segment.exhibit_id)
        limit_s = track.opened.duration_s if track is not None else end_s
        self._window.desk.edit(segment_edits.moved(segment, start_s, min(end_s, limit_s)))

    def mark_selection(self) -> None:
        """Make the selection a segment of the examiner's."""
        track = self._active
        if track is not None and track.selection is not None:
            chosen = [s.speaker for s in self._window.segments.chosen_segments()][:1]
            self._window.desk.edit(
                segment_edits.added(
                    track.opened.exhibit_id, track.channel, *track.selection, *chosen
                )
            )

    def label(self, segments: list[Segment]) -> LabelDialog | None:
        """Ask for speaker, language and remark."""
        room = self._window.desk.room
        if room is None or not room.writable:
            return None
        speakers = [s.speaker for s in room.segments(segments[0].exhibit_id)]
        dialog = LabelDialog(segments, speakers, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._edit_if_any(dialog.edit()))
        dialog.open()
        return dialog

    def _edit_if_any(self, edit: segment_edits.Edit) -> None:
        if edit[0]:
            self._window.desk.edit(edit)

    def propose(self, n_speakers: int | None = None) -> None:
        """Find speech and speakers of the active recording."""
        if self._active is not None:
            self._window.desk.propose(self._active.opened.exhibit_id, n_speakers)

    def choose_export(self) -> None:
        """Ask where the segments go."""
        track = self._active
        if track is None:
            return
        suggested = str(Path(track.opened.name).with_suffix(".TextGrid"))
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export segments"), suggested, FILE_TYPES
        )
        if name:
            self.export_to(Path(name))

    def export_to(self, target: Path) -> None:
        """Write the active recording's segments."""
        track = self._active
        if track is None:
            return
        try:
            export_segments(
                self._segments_of(track), target, track.opened.duration_s, track.opened.name
            )
        except SeongmunError as error:
            self._window.show_error(error)
        else:
            self._window.statusBar().showMessage(
                self.tr("Segments saved: {path}").format(path=target), 15000
            )

    def choose_import(self) -> None:
        """Ask which file to read segments from."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Import segments"),
            "",
            self.tr("Segments") + " (*.TextGrid *.txt *.rttm *.csv)",
        )
        if name:
            self.import_from(Path(name))

    def import_from(self, source: Path) -> None:
        """Add the segments of a file to the active recording."""
        track = self._active
        if track is None:
            return
        try:
            segments = import_segments(
                source,
                track.opened.exhibit_id,
                track.opened.duration_s,
                len(track.opened.channels),
            )
        except SeongmunError as error:
            self._window.show_error(error)
        else:
            self._window.desk.edit(([], segments))

    # Quality

    def measure_selection(self) -> None:
        """Measure what is selected in the active recording."""
        track = self._active
        if track is None or track.selection is None:
            return
        channel, ends_s = track.channel, track.selection
        samples, segments = track.opened.channels[channel], self._segments_of(track)
        panel = self._window.quality

        def failed(error: Exception) -> None:
            panel.set_measuring(False)
            if not is_cancelled(error):
                self._window.show_error(error)

        def work(progress: Any, cancel: Any) -> dict[str, Any]:
            from app.services.describing import describe_selection

            return describe_selection(samples, segments, channel, *ends_s, progress, cancel)

        panel.set_measuring(True)
        self._window.board.start(
            self.tr("Measuring the selection"),
            work,
            lambda quality: panel.show_selection(ends_s, quality),
            failed,
        )
