"""The case that the window has open: one writer, asked by the window and by its jobs in turn."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.resources import DEMO
from app.services import casework
from app.services.comparing import Comparison, compare_voices, software_version, unwrap
from app.services.demo import KNOWN, QUESTIONED
from app.services.describing import describe_file
from app.services.gate import require_comparable
from app.services.loading import open_model, open_population
from app.services.reporting import ReportRequest, make_report
from app.services.segment_edits import net_duration_s
from app.services.segmenting import propose_segments
from app.services.voices import Voice, load_voices
from engine.canonical import canonical_bytes
from engine.casefile import work
from engine.casefile.archive import export_case
from engine.casefile.checks import check_case
from engine.casefile.store import CaseFile
from engine.casefile.tables import ROLES, Analysis, CaseInfo, Edit, Exhibit, Report, Segment
from engine.errors import SeongmunError
from engine.files import Source, write_atomic
from engine.lr.conditions import condition_flags
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.types import (
    Population,
    QualityReport,
    SpeechSegment,
    VerificationResult,
)

__all__ = [
    "CASE_FACTS",
    "EXHIBIT_FACTS",
    "ROLES",
    "CaseInfo",
    "Conditions",
    "Exhibit",
    "Finished",
    "Overview",
    "Report",
    "Segment",
    "VoiceChoice",
    "VoiceOption",
    "Workroom",
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


@dataclass(frozen=True, slots=True)
class Conditions:
    """Whether two voices may be compared, before they are: `flags` of the population's conditions,
    `refusal` where a comparison would be refused."""

    qualities: tuple[QualityReport, QualityReport]
    flags: tuple[str, ...]
    refusal: SeongmunError | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A comparison that the case has recorded, with what a report of it needs."""

    comparison: Comparison
    analysis: Analysis
    model: EmbeddingModel
    population: Population


class Workroom:
    """An open case. Every method may be called from any thread; long ones hold the case only while
    they read from it or write to it."""

    def __init__(self, case: CaseFile, writable: bool) -> None:
        self._case, self.writable = case, writable
        self._turn = threading.RLock()
        self._engine: tuple[EmbeddingModel, Population] | None = None
        self._voices: tuple[tuple[VoiceChoice, VoiceChoice], tuple[Voice, Voice]] | None = None

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
        for name, role in ((QUESTIONED, "questioned"), (KNOWN, "known")):
            room.add([DEMO / name], role, progress, cancel)
        return room

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
        """Add files and folders; see `casework.add_recordings`. The case is held for one file at a
        time, so that the window never waits for a big one."""
        files = casework.files_below(sources)
        result: dict[str, list[Any]] = {"added": [], "already_there": [], "failed": []}
        for done, path in enumerate(files):
            cancel.check()
            progress("case_add", done, len(files))
            with self._turn:
                one = casework.add_to_case(self._case, [path], role, cancel=cancel)
            for key, found in one.items():
                result[key] += found
        return result

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

    def propose(
        self, exhibit_id: int, n_speakers: int | None, progress: Progress, cancel: CancelToken
    ) -> None:
        """Find speech and speakers; what is found replaces the proposals that stand, not what the
        examiner made (raises what decoding raises, CANCELLED)."""
        model, _ = self.engine()
        source = self.source(exhibit_id)
        found = propose_segments(source, model, n_speakers, progress, cancel)
        with self._turn:
            standing = work.segments(self._case, exhibit_id)
            old = [s.id for s in standing if s.origin == "auto"]
            taken = [s for s in standing if s.origin == "manual"]
            new = [_proposal(exhibit_id, s) for s in found if not _is_taken(s, taken)]
            cancel.check()
            if old or new:
                work.edit_segments(self._case, casework.actor(), old, new)

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

    def quality(self, exhibit_id: int, cancel: CancelToken) -> dict[str, Any]:
        """What `describe_file` says of an exhibit, each quality with its ``suitability``; kept in
        the case's cache."""
        with self._turn:
            exhibit = self._case.exhibit(exhibit_id)
            source = self._case.media(exhibit.media_sha256)
        known = self._known_quality(exhibit)
        if known is not None:
            return known
        described = describe_file(source)
        pairs = zip(described["quality"], described.pop("suitability"), strict=True)
        described["quality"] = [quality | {"suitability": verdict} for quality, verdict in pairs]
        described["file_name"] = exhibit.file_name
        cancel.check()
        with self._turn:
            self._case.cache(_quality_name(exhibit), canonical_bytes(described))
        return described

    def known_qualities(self) -> dict[int, dict[str, Any]]:
        """What the cache knows of the exhibits, by their ids."""
        with self._turn:
            exhibits = self._case.exhibits()
        known = {exhibit.id: self._known_quality(exhibit) for exhibit in exhibits}
        return {number: quality for number, quality in known.items() if quality is not None}

    def _known_quality(self, exhibit: Exhibit) -> dict[str, Any] | None:
        with self._turn:
            kept = self._case.cached(_quality_name(exhibit))
        return None if kept is None else dict(json.loads(kept))

    def conditions(
        self,
        questioned: VoiceChoice,
        known: VoiceChoice,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Conditions:
        """Look whether two voices may be compared under the population's conditions.

        Raises
        ------
        SeongmunError
            What decoding raises; MODEL_*, POPULATION_*, CANCELLED.
        """
        _, population = self.engine()
        first, second = self._load(questioned, known, progress, cancel)
        refusal: SeongmunError | None = None
        try:
            require_comparable(first, second)
        except SeongmunError as error:
            refusal = error
        flags = condition_flags(population.conditions, first.quality, second.quality)
        return Conditions((first.quality, second.quality), flags, refusal)

    def compare(
        self,
        questioned: VoiceChoice,
        known: VoiceChoice,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Finished:
        """Compare two voices and record the analysis (raises as `compare_voices`, CASE_READ_ONLY).
        A cancelled comparison records nothing."""
        model, population = self.engine()
        voices = self._load(questioned, known, progress, cancel)
        compared = compare_voices(*voices, model, population, progress, cancel)
        with self._turn:
            first = self._case.exhibit(questioned.exhibit_id)
            second = self._case.exhibit(known.exhibit_id)
            comparison = casework.named_comparison(compared, first, second)
            if cancel is not None:
                cancel.check()
            analysis = casework.record_analysis(self._case, first, second, comparison)
        return Finished(comparison, analysis, model, population)

    def report(
        self, finished: Finished, request: ReportRequest, target: Path, progress: Progress
    ) -> Report:
        """Make a report, keep it in the case, write it to `target` (raises as `make_report`)."""
        with self._turn:
            anchored = casework.anchored_request(self._case, request)
        pdf, manifest = make_report(
            finished.comparison, finished.model, finished.population, anchored, progress
        )
        with self._turn:
            kept = casework.keep_report(self._case, finished.analysis, pdf, manifest, request)
        write_atomic(target, pdf)
        return kept

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

    def engine(self) -> tuple[EmbeddingModel, Population]:
        """The embedded model and its population, opened once."""
        with self._turn:
            if self._engine is None:
                model = open_model(None, "auto")
                self._engine = model, open_population(None, model)
            return self._engine

    def _load(
        self,
        questioned: VoiceChoice,
        known: VoiceChoice,
        progress: Progress,
        cancel: CancelToken | None,
    ) -> tuple[Voice, Voice]:
        """The voices, loaded once for looking at their conditions and for comparing them."""
        asked = (questioned, known)
        kept = self._voices
        if kept is not None and kept[0] == asked:
            return kept[1]
        sources = [self.source(choice.exhibit_id) for choice in asked]
        loaded = load_voices(
            sources,
            [choice.channel for choice in asked],
            progress=progress,
            cancel=cancel,
            segments=[_speech_segments(choice) for choice in asked],
        )
        first, second = [unwrap(voice) for voice in loaded]
        self._voices = asked, (first, second)
        return first, second


def _proposal(exhibit_id: int, found: SpeechSegment) -> Segment:
    return Segment(
        0,
        0,
        exhibit_id,
        found.channel,
        found.start_s,
        found.end_s,
        found.speaker,
        overlap=int(found.overlap),
        origin="auto",
    )


def _is_taken(found: SpeechSegment, taken: Sequence[Segment]) -> bool:
    """Whether the examiner has decided about most of this stretch already."""
    covered_s = sum(
        max(0.0, min(s.end_s, found.end_s) - max(s.start_s, found.start_s))
        for s in taken
        if s.channel == found.channel
    )
    return covered_s > found.duration_s / 2


def _quality_name(exhibit: Exhibit) -> str:
    return f"quality-{software_version()}-{exhibit.media_sha256}.json"


def _speech_segments(choice: VoiceChoice) -> list[SpeechSegment] | None:
    if choice.segments is None:
        return None
    return [
        SpeechSegment(s.start_s, s.end_s, s.channel, s.speaker, bool(s.overlap), "manual")
        for s in choice.segments
    ]


def _line(analysis: Analysis) -> AnalysisLine:
    log10_lr = float(json.loads(analysis.result)["log10_lr"])
    return AnalysisLine(
        analysis.id, analysis.questioned_id, analysis.known_id, log10_lr, analysis.utc
    )
