"""The tables of a case as rows: frozen dataclasses whose fields are the columns, in order."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

ROLES = ("questioned", "known", "reference")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table `table`."""

    table: ClassVar[str]

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(field.name for field in fields(cls))

    def as_content(self) -> dict[str, Any]:
        """The row as it stands in its event."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CaseInfo(Row):
    """What the case is, as it was opened; later changes are facts."""

    table: ClassVar[str] = "case_info"
    case_uuid: str
    number: str
    agency: str
    requester: str
    examiner: str
    created_utc: str


@dataclass(frozen=True, slots=True)
class Media(Row):
    """An original, or a document that was made; `size_bytes` and hash are of its plain content."""

    table: ClassVar[str] = "media"
    sha256: str
    size_bytes: int
    added_utc: str


@dataclass(frozen=True, slots=True)
class Exhibit(Row):
    """One recording of a case in one role."""

    table: ClassVar[str] = "exhibit"
    id: int
    media_sha256: str
    file_name: str
    role: str
    note: str
    added_utc: str


@dataclass(frozen=True, slots=True)
class Edit(Row):
    """One step of the examiner's work; `undoes` is the edit that it takes back."""

    table: ClassVar[str] = "edit"
    id: int
    action: str
    author: str
    utc: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Fact(Row):
    """Something about the case (`exhibit_id` None) or an exhibit."""

    table: ClassVar[str] = "fact"
    id: int
    edit_id: int
    exhibit_id: int | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Segment(Row):
    """A stretch of one channel: a proposal (``auto``) or the examiner's (``manual``)."""

    table: ClassVar[str] = "segment"
    id: int
    edit_id: int
    exhibit_id: int
    channel: int
    start_s: float
    end_s: float
    speaker: str = ""
    language: str = ""
    remark: str = ""
    excluded: int = 0
    overlap: int = 0
    origin: str = "manual"

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s or self.channel < 0:
            raise ValueError(f"segment {self.start_s}..{self.end_s} s, channel {self.channel}")


@dataclass(frozen=True, slots=True)
class RetiredFact(Row):
    """A fact that an edit replaced or took back."""

    table: ClassVar[str] = "retired_fact"
    fact_id: int
    edit_id: int


@dataclass(frozen=True, slots=True)
class RetiredSegment(Row):
    """A segment that an edit replaced or took back."""

    table: ClassVar[str] = "retired_segment"
    segment_id: int
    edit_id: int


@dataclass(frozen=True, slots=True)
class Decision(Row):
    """What the examiner decides about voices (``sha256/channel/speaker``) or calls (``sha256``):
    that they are one person's, or of one ring, or not; a role is of the voice `first`."""

    table: ClassVar[str] = "decision"
    id: int
    edit_id: int
    kind: str
    first: str
    second: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class RetiredDecision(Row):
    """A decision that an edit replaced or took back."""

    table: ClassVar[str] = "retired_decision"
    decision_id: int
    edit_id: int


@dataclass(frozen=True, slots=True)
class Analysis(Row):
    """One comparison; `profile`, `inputs` and `result` are canonical JSON."""

    table: ClassVar[str] = "analysis"
    id: int
    questioned_id: int
    known_id: int
    profile: str
    inputs: str
    result: str
    author: str
    utc: str


@dataclass(frozen=True, slots=True)
class Report(Row):
    """One version of a report; the document lies among the media."""

    table: ClassVar[str] = "report"
    id: int
    analysis_id: int
    report_id: str
    version: int
    supersedes: int | None
    media_sha256: str
    signed: int
    author: str
    utc: str


@dataclass(frozen=True, slots=True)
class Study(Row):
    """A validation study; its figures and its report lie among the media."""

    table: ClassVar[str] = "study"
    id: int
    study_id: str
    document_sha256: str
    report_sha256: str
    signed: int
    author: str
    utc: str


@dataclass(frozen=True, slots=True)
class RingReport(Row):
    """A report on voices across calls; the document lies among the media."""

    table: ClassVar[str] = "ring_report"
    id: int
    report_id: str
    media_sha256: str
    signed: int
    author: str
    utc: str


TABLES: tuple[type[Row], ...] = (
    CaseInfo,
    Media,
    Exhibit,
    Edit,
    Fact,
    Segment,
    RetiredFact,
    RetiredSegment,
    Decision,
    RetiredDecision,
    Analysis,
    Report,
    Study,
    RingReport,
)
