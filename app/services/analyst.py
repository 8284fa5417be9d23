"""What is worked out for an open case: qualities, proposals, conditions, comparisons, reports.

Everything here takes its time and belongs into a job. The case is held only while something is read
from it or written to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.services import casework
from app.services.case_analysis import (
    anchored_request,
    engine_of,
    exhibit_facts,
    in_case,
    keep_report,
    named_comparison,
    record_analysis,
    recorded_findings,
    report_in_case,
    superseded,
)
from app.services.comparing import Comparison, compare_voices, unwrap
from app.services.describing import describe_file
from app.services.gate import require_comparable
from app.services.loading import open_model, open_population
from app.services.reporting import ReportRequest, finding_of, make_report
from app.services.segmenting import propose_segments
from app.services.sharing import (
    fingerprints_of,
    overlaps_among,
    pack_fingerprints,
    unpack_fingerprints,
)
from app.services.voices import Voice, load_voices
from app.services.workroom import VoiceChoice, Workroom, quality_name
from engine.audio.sameness import Fingerprint, SharedSound
from engine.canonical import canonical_bytes
from engine.casefile import work
from engine.casefile.tables import Analysis, Exhibit, Report, Segment
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.conditions import condition_flags
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress
from engine.types import Population, QualityReport, SpeechSegment, VoiceFacts


@dataclass(frozen=True, slots=True)
class SharedExhibits:
    """Two exhibits that hold the same sound; the times of `shared` are the first's and the
    second's."""

    first: Exhibit
    second: Exhibit
    shared: SharedSound


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


class Analyst:
    """Works for one workroom; keeps the model and the voices that were loaded last."""

    def __init__(self, room: Workroom) -> None:
        self._room = room
        self._engine: tuple[EmbeddingModel, Population] | None = None
        self._voices: tuple[tuple[VoiceChoice, VoiceChoice], tuple[Voice, Voice]] | None = None

    def quality(self, exhibit_id: int, cancel: CancelToken) -> dict[str, Any]:
        """What `describe_file` says of an exhibit, each quality with its ``suitability``; kept in
        the case's cache (raises what decoding raises, CANCELLED)."""
        known = self._room.known_quality(exhibit_id)
        if known is not None:
            return known
        exhibit = self._room.exhibit(exhibit_id)
        with self._named():
            described = describe_file(self._room.source(exhibit_id), cancel)
        pairs = zip(described["quality"], described.pop("suitability"), strict=True)
        described["quality"] = [quality | {"suitability": verdict} for quality, verdict in pairs]
        described["file_name"] = exhibit.file_name
        cancel.check()
        with self._room.case() as case:
            case.cache(quality_name(exhibit), canonical_bytes(described))
        return described

    def shared_sound(
        self, new: Sequence[int], progress: Progress, cancel: CancelToken
    ) -> list[SharedExhibits]:
        """Which exhibits hold the same sound as one of the `new` ones, be it re-encoded; the
        fingerprints are kept in the case's cache (raises CANCELLED). What cannot be read is passed
        over: opening it tells why."""
        with self._room.case() as case:
            exhibits = case.exhibits()
        first_of = {e.media_sha256: e for e in reversed(exhibits)}
        asked = [e.media_sha256 for e in exhibits if e.id in set(new)]
        prints = {}
        for done, exhibit in enumerate(first_of.values()):
            progress("sameness", done, len(first_of))
            cancel.check()
            try:
                prints[exhibit.media_sha256] = self._fingerprints(exhibit, cancel)
            except SeongmunError as error:
                if error.code is ErrorCode.CANCELLED:
                    raise
        return [
            SharedExhibits(first_of[o.first], first_of[o.second], o.shared)
            for o in overlaps_among(prints, asked)
        ]

    def _fingerprints(self, exhibit: Exhibit, cancel: CancelToken) -> tuple[Fingerprint, ...]:
        name = f"sound-{version('seongmun')}-{exhibit.media_sha256}.npz"
        with self._room.case() as case:
            kept = case.cached(name)
        if kept is not None:
            return unpack_fingerprints(kept)
        made = fingerprints_of(self._room.source(exhibit.id), cancel=cancel)
        with self._room.case() as case:
            case.cache(name, pack_fingerprints(made))
        return made

    def propose(
        self, exhibit_id: int, n_speakers: int | None, progress: Progress, cancel: CancelToken
    ) -> None:
        """Find speech and speakers; what is found replaces the proposals that stand, not what the
        examiner made (raises what decoding raises, CANCELLED)."""
        model, _ = self.open_engine()
        source = self._room.source(exhibit_id)
        with self._named():
            found = propose_segments(source, model, n_speakers, progress, cancel)
        with self._room.case() as case:
            standing = work.segments(case, exhibit_id)
            old = [s.id for s in standing if s.origin == "auto"]
            taken = [s for s in standing if s.origin == "manual"]
            new = [_proposal(exhibit_id, s) for s in found if not _is_taken(s, taken)]
            cancel.check()
            if old or new:
                work.edit_segments(case, casework.actor(), old, new)

    def conditions(
        self,
        questioned: VoiceChoice,
        known: VoiceChoice,
        progress: Progress,
        cancel: CancelToken,
    ) -> Conditions:
        """Look whether two voices may be compared under the population's conditions (raises what
        decoding raises, MODEL_*, POPULATION_*, CANCELLED)."""
        _, population = self.open_engine()
        first, second = self._load(questioned, known, progress, cancel)
        facts = self._facts(questioned, known)
        refusal: SeongmunError | None = None
        try:
            require_comparable(first, second)
        except SeongmunError as error:
            refusal = self._room.named(error)
        flags = condition_flags(population.conditions, first.quality, second.quality, facts)
        return Conditions((first.quality, second.quality), flags, refusal)

    def _facts(self, questioned: VoiceChoice, known: VoiceChoice) -> tuple[VoiceFacts, VoiceFacts]:
        with self._room.case() as case:
            first, second = (case.exhibit(c.exhibit_id) for c in (questioned, known))
            return exhibit_facts(case, first), exhibit_facts(case, second)

    def compare(
        self,
        questioned: VoiceChoice,
        known: VoiceChoice,
        progress: Progress,
        cancel: CancelToken,
    ) -> Finished:
        """Compare two voices and record the analysis (raises as `compare_voices`, CASE_READ_ONLY).
        A cancelled comparison records nothing."""
        model, population = self.open_engine()
        voices = self._load(questioned, known, progress, cancel)
        with self._named():
            facts = self._facts(questioned, known)
            compared = compare_voices(*voices, model, population, progress, cancel, facts)
        with self._room.case() as case:
            first, second = case.exhibit(questioned.exhibit_id), case.exhibit(known.exhibit_id)
            comparison = named_comparison(compared, first, second)
            cancel.check()
            analysis = record_analysis(case, first, second, comparison)
        return Finished(comparison, analysis, model, population)

    def report(
        self,
        finished: Finished,
        request: ReportRequest,
        target: Path,
        progress: Progress,
        supersedes: str = "",
        reason: str = "",
    ) -> Report:
        """Make a report, keep it in the case, write it to `target`; it corrects the report with the
        number `supersedes`, for a `reason` (raises as `make_report`, CASE_NO_SUCH_ROW)."""
        with self._room.case() as case:
            older = superseded(case, supersedes) if supersedes else None
            anchored = anchored_request(case, request, older, reason)
            made = finding_of(finished.comparison, request.scale)
            finding = in_case(case, finished.analysis, made)
        pdf, manifest = make_report(
            [finding], finished.model.pack, finished.population, anchored, progress
        )
        with self._room.case() as case:
            older = superseded(case, supersedes) if supersedes else None  # still uncorrected
            kept = keep_report(case, finished.analysis, pdf, manifest, request, older)
        write_atomic(target, pdf)
        return kept

    def report_case(
        self,
        request: ReportRequest,
        target: Path,
        progress: Progress,
        supersedes: str = "",
        reason: str = "",
    ) -> Report:
        """One report of every comparison that the case has recorded; as `report`."""
        with self._room.reader() as case:
            analyses = case.rows(Analysis)
            pack, population = engine_of(analyses[0])
            findings = recorded_findings(case, analyses, population, progress)
        with self._room.case() as case:
            older = superseded(case, supersedes) if supersedes else None
            report, pdf = report_in_case(
                case, analyses, findings, pack, population, request, older, reason, progress
            )
        write_atomic(target, pdf)
        return report

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors are about the files by their own names."""
        try:
            yield
        except SeongmunError as error:
            raise self._room.named(error) from error

    def open_engine(self) -> tuple[EmbeddingModel, Population]:
        """The embedded model and its population, opened once."""
        if self._engine is None:
            model = open_model(None, "auto")
            self._engine = model, open_population(None, model)
        return self._engine

    def _load(
        self,
        questioned: VoiceChoice,
        known: VoiceChoice,
        progress: Progress,
        cancel: CancelToken,
    ) -> tuple[Voice, Voice]:
        """The voices, loaded once for looking at their conditions and for comparing them."""
        asked, kept = (questioned, known), self._voices
        if kept is not None and kept[0] == asked:
            return kept[1]
        loaded = load_voices(
            [self._room.source(choice.exhibit_id) for choice in asked],
            [choice.channel for choice in asked],
            progress=progress,
            cancel=cancel,
            segments=[_speech_segments(choice) for choice in asked],
        )
        with self._named():
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


def _speech_segments(choice: VoiceChoice) -> list[SpeechSegment] | None:
    if choice.segments is None:
        return None
    return [
        SpeechSegment(s.start_s, s.end_s, s.channel, s.speaker, bool(s.overlap), "manual")
        for s in choice.segments
    ]
