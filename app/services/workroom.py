"""The case that the window has open: one writer, asked by the window and by its jobs in turn."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services import casework
from app.services.segment_edits import net_duration_s
from engine.casefile import work
from engine.casefile.archive import export_case
from engine.casefile.calls import time_in_name
from engine.casefile.checks import check_case
from engine.casefile.store import CaseFile
from engine.casefile.tables import ROLES, Analysis, CaseInfo, Edit, Exhibit, Report, Segment
from engine.errors import SeongmunError
from engine.files import Source, write_atomic
from engine.progress import CancelToken, Progress
from engine.types import VerificationResult

if TYPE_CHECKING:
    from app.services.analyst import Analyst

__all__ = [
    "CASE_FACTS",
    "EXHIBIT_FACTS",
    "ROLES",
    "CaseInfo",
    "Exhibit",
    "Overview",
    "Report",
    "Segment",
    "VoiceChoice",
    "VoiceOption",
    "Workroom",
    "time_in_name",
]


CASE_FACTS, EXHIBIT_FACTS = work.CASE_FACTS, work.EXHIBIT_FACTS


@dataclass(frozen=True, slots=True)
class Overview:
    """What a case holds now; `facts` of exhibits by their id."""

    info: CaseInfo
    facts: dict[str, str]
    exhibits: tuple[Exhibit, ...]
    exhibit_facts: dict[int, dict[str, str]]
    analyses: tuple[AnalysisLine, ...]
    reports: tuple[Report, ...]
    writable: bool
    encrypted: bool

    @property
    def correctable(self) -> tuple[Report, ...]:
        """The reports that no other has superseded, the newest first."""
        replaced = {report.supersedes for report in self.reports}
        return tuple(r for r in reversed(self.reports) if r.id not in replaced)


@dataclass(frozen=True, slots=True)
class AnalysisLine:
    """One analysis, for a list."""

    id: int
    questioned_id: int
    known_id: int
    log10_lr: float
    utc: str


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """What of an exhibit is compared: all speech of a channel (None: its only one), or, where there
    are `segments`, these alone."""

    exhibit_id: int
    channel: int | None = None
    segments: tuple[Segment, ...] | None = None


@dataclass(frozen=True, slots=True)
class VoiceOption:
    """A voice to choose; `speaker` is None for everything that the detector finds."""

    choice: VoiceChoice
    speaker: str | None
    net_speech_s: float


class Workroom:
    """An open case. Every method may be called from any thread; long ones hold the case only while
    they read from it or write to it."""

    def __init__(self, case: CaseFile, writable: bool) -> None:
        self._case, self.writable = case, writable
        self._turn = threading.RLock()
        self._analyst: Analyst | None = None

    @classmethod
    def open(cls, folder: Path, passphrase: str = "", writable: bool = True) -> Workroom:
        """Open a case (raises as `CaseFile.open`)."""
        actor = casework.actor()
        case = CaseFile.open(folder, writable=writable, actor=actor, passphrase=passphrase)
        return cls(case, writable)

    @classmethod
    def create(
        cls,
        folder: Path,
        number: str,
        examiner: str,
        agency: str = "",
        requester: str = "",
        passphrase: str = "",
    ) -> Workroom:
        """Make a case and open it (raises as `CaseFile.create`)."""
        case = CaseFile.create(folder, number, examiner, agency, requester, passphrase)
        return cls(case, writable=True)

    @classmethod
    def demo(cls, folder: Path, progress: Progress, cancel: CancelToken) -> Workroom:
        """The demo's case in `folder`, made with the bundled recordings where it is not there."""
        if (folder / "case.sqlite").exists():
            return cls.open(folder)
        room = cls.create(folder, "DEMO", "Demo")
        for name, role in ((DEMO_QUESTIONED, "questioned"), (DEMO_KNOWN, "known")):
            room.add([DEMO / name], role, progress, cancel)
        return room

    @property
    def analyst(self) -> Analyst:
        """Who works for this case; loading what analyses takes a second, so jobs ask for it."""
        from app.services.analyst import Analyst

        with self._turn:
            if self._analyst is None:
                self._analyst = Analyst(self)
            return self._analyst

    @contextmanager
    def case(self) -> Iterator[CaseFile]:
        """The case, for this thread alone while the block runs."""
        with self._turn:
            yield self._case

    def close(self) -> None:
        """Close the case and give its lock back."""
        with self._turn:
            self._case.close()

    @property
    def folder(self) -> Path:
        return self._case.folder

    def overview(self) -> Overview:
        """Everything a navigator shows."""
        with self._turn:
            case = self._case
            return Overview(
                case.info,
                work.facts(case),
                tuple(case.exhibits()),
                work.all_exhibit_facts(case),
                tuple(map(_line, case.rows(Analysis))),
                tuple(case.rows(Report)),
                self.writable,
                case.is_sealed,
            )

    def add(
        self, sources: Sequence[Path], role: str, progress: Progress, cancel: CancelToken
    ) -> dict[str, Any]:
        """Add files and folders; see `casework.add_recordings`. The case is not held while a file
        is copied, so that the window never waits for a big one."""
        return casework.add_to_case(self._case, sources, role, progress, cancel, self._turn)

    def set_fact(self, name: str, value: str, exhibit_id: int | None = None) -> None:
        """Fill in something about the case or an exhibit."""
        with self._turn:
            work.set_fact(self._case, casework.actor(), name, value, exhibit_id)

    def exhibit(self, exhibit_id: int) -> Exhibit:
        """One exhibit (raises CASE_NO_SUCH_ROW)."""
        with self._turn:
            return self._case.exhibit(exhibit_id)

    def source(self, exhibit_id: int) -> Source:
        """Where the case's own copy of an exhibit lies."""
        with self._turn:
            return self._case.media(self._case.exhibit(exhibit_id).media_sha256)

    def named(self, error: SeongmunError) -> SeongmunError:
        """An error about a recording of the case, under its file's own name."""
        path = str(error.params.get("path", ""))
        with self._turn:
            exhibits = self._case.exhibits()
        names = [e.file_name for e in exhibits if e.media_sha256 in path]
        return SeongmunError(error.code, **error.params | {"path": names[0]}) if names else error

    def segments(self, exhibit_id: int) -> list[Segment]:
        """The segments that stand now."""
        with self._turn:
            return work.segments(self._case, exhibit_id)

    def authors(self) -> dict[int, str]:
        """Who made each edit."""
        with self._turn:
            return {edit.id: edit.author for edit in self._case.rows(Edit)}

    def voices(self, exhibit_id: int) -> list[VoiceOption]:
        """What of an exhibit can be compared: everything that the detector finds, or the segments
        of each speaker."""
        options = [VoiceOption(VoiceChoice(exhibit_id), None, 0.0)]
        groups: dict[tuple[str, int], list[Segment]] = {}
        for segment in self.segments(exhibit_id):
            if not segment.excluded:
                groups.setdefault((segment.speaker, segment.channel), []).append(segment)
        for (speaker, channel), segments in sorted(groups.items()):
            choice = VoiceChoice(exhibit_id, channel, tuple(segments))
            options.append(VoiceOption(choice, speaker, net_duration_s(segments)))
        return options

    def has_segment_history(self, exhibit_id: int) -> bool:
        """Whether the exhibit ever had segments, be they taken away by now."""
        with self._turn:
            return bool(self._case.rows(Segment, "exhibit_id = ?", (exhibit_id,)))

    def edit_segments(self, removed: Sequence[int], added: Sequence[Segment]) -> None:
        """Replace segments by others, as one step that can be undone."""
        with self._turn:
            work.edit_segments(self._case, casework.actor(), removed, added)

    def undo(self) -> None:
        """Take the last edit back (raises CASE_NOTHING_TO_UNDO)."""
        with self._turn:
            work.undo(self._case, casework.actor())

    def redo(self) -> None:
        """Bring back what was undone last (raises CASE_NOTHING_TO_UNDO)."""
        with self._turn:
            work.redo(self._case, casework.actor())

    def can_undo_redo(self) -> tuple[bool, bool]:
        """Whether there is something to undo, and to redo."""
        with self._turn:
            return work.undoable(self._case) is not None, work.redoable(self._case) is not None

    def known_qualities(self) -> dict[int, dict[str, Any]]:
        """What the cache knows of the exhibits, by their ids."""
        with self._turn:
            exhibits = self._case.exhibits()
        known = {exhibit.id: self.known_quality(exhibit.id) for exhibit in exhibits}
        return {number: quality for number, quality in known.items() if quality is not None}

    def known_quality(self, exhibit_id: int) -> dict[str, Any] | None:
        """What the cache knows of an exhibit."""
        with self._turn:
            kept = self._case.cached(quality_name(self._case.exhibit(exhibit_id)))
        return None if kept is None else dict(json.loads(kept))

    def save_report(self, report: Report, target: Path) -> None:
        """Write a report that the case keeps to a file (raises FILE_*)."""
        with self._turn:
            pdf = casework.read_media(self._case, report.media_sha256)
        write_atomic(target, pdf)

    def reader(self) -> CaseFile:
        """The case once more, for reading in a job; to be closed by it."""
        with self._turn:
            return self._case.reader()

    def check(self, progress: Progress, cancel: CancelToken) -> VerificationResult:
        """Check database, audit trail, records and originals."""
        with self.reader() as case:
            return VerificationResult(check_case(case, progress, cancel))

    def export(self, out: Path, progress: Progress) -> str:
        """Write the case's archive; returns the audit trail's head."""
        with self.reader() as case:
            return export_case(case, out, progress)


def quality_name(exhibit: Exhibit) -> str:
    """Under which name the case's cache keeps an exhibit's quality."""
    return f"quality-{version('seongmun')}-{exhibit.media_sha256}.json"


def _line(analysis: Analysis) -> AnalysisLine:
    log10_lr = float(json.loads(analysis.result)["log10_lr"])
    return AnalysisLine(
        analysis.id, analysis.questioned_id, analysis.known_id, log10_lr, analysis.utc
    )
