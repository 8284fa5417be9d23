"""Voices across calls as a signed report that has passed its own verification."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.messages import Language, message
from app.resources import FONTS, RING_TEXTS
from app.services.calls import CallVoice
from app.services.casework import actor
from app.services.comparing import software_version
from app.services.grouping import Grouping, skipped_document
from app.services.ring_picture import Picture, make_picture
from engine.casefile.audit import utc_now
from engine.casefile.store import CaseFile
from engine.casefile.tables import RingReport
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.groups.findings import findings
from engine.groups.organise import decisions_of
from engine.groups.rings import ROLES
from engine.lr.conditions import condition_flags
from engine.progress import CancelToken, Progress, no_progress
from engine.report.fonts import REGULAR, font_folders, register_fonts
from engine.report.graph import Dot, draw_graph
from engine.report.manifest import describe_model, describe_population
from engine.report.page import HEIGHT, WIDTH
from engine.report.ring_document import FORMAT, encoded
from engine.report.rings import RingTexts, render_rings
from engine.report.sign import Identity, sign_report
from engine.types import CaseAnchor, ModelPack, Population
from engine.verify.outcomes import SIGNATURE_HOLDS, require_passed
from engine.verify.run import VerificationInputs, verify_pdf

SIGNING_REASON = {"ko": "통화 간 음성 분석서", "en": "Report on voices across calls"}
NO_CASE = CaseAnchor()
PICTURE_SHARE = 0.55
SELF_CHECKED = SIGNATURE_HOLDS | {
    "rings.document",
    "model.hash",
    "population.hash",
    "rings.result",
}


@dataclass(frozen=True, slots=True)
class RingReportRequest:
    """What a report needs besides the grouping: the examiner's decisions with author and time
    (`app.services.case_grouping.case_decisions`), the case; without an identity it is a draft."""

    language: Language
    identity: Identity | None = None
    decisions: Sequence[Mapping[str, str]] = ()
    case: CaseAnchor = NO_CASE


@dataclass(frozen=True, slots=True)
class RingReportFile:
    """A report that was written."""

    report_id: str
    pdf: bytes
    signed: bool


def write_ring_report(
    grouping: Grouping,
    pack: ModelPack,
    provider: str,
    population: Population,
    request: RingReportRequest,
    target: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> RingReportFile:
    """Render, sign, verify, and only then put the report in its place.

    Raises
    ------
    SeongmunError
        GROUP_OUTDATED where the decisions are not those of the grouping; REPORT_FONT, SIGN_FAILED,
        REPORT_SELF_CHECK, FILE_*, CANCELLED.
    """
    document = ring_document(grouping, pack, provider, population, request, progress, cancel)
    pdf = print_rings(document, make_picture(grouping, progress, cancel), request)
    if request.identity is not None:
        pdf = sign_report(pdf, request.identity, SIGNING_REASON[request.language])
        inputs = VerificationInputs(pack=pack, population=population)
        require_passed(verify_pdf(pdf, inputs).result.checks, SELF_CHECKED)
    write_atomic(target, pdf)
    return RingReportFile(document["report_id"], pdf, request.identity is not None)


def keep_ring_report(case: CaseFile, written: RingReportFile) -> RingReport:
    """Keep a report among the case's media, with an event (raises CASE_READ_ONLY,
    FILE_DISK_FULL)."""
    sha256 = hashlib.sha256(written.pdf).hexdigest()
    kept = RingReport(
        case.next_id(RingReport),
        written.report_id,
        sha256,
        int(written.signed),
        actor(),
        utc_now(),
    )
    media = case.keep(written.pdf, sha256, len(written.pdf))
    case.record(actor(), "ring_report.add", [*media, kept])
    return kept


def ring_document(
    grouping: Grouping,
    pack: ModelPack,
    provider: str,
    population: Population,
    request: RingReportRequest,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """The report's document; see `engine.report.ring_document`."""
    if decisions_of(request.decisions) != grouping.decisions:
        raise SeongmunError(ErrorCode.GROUP_OUTDATED)
    now = datetime.datetime.now(datetime.UTC)
    number = {sha256: i for i, sha256 in enumerate(_calls(grouping))}
    return {
        "format": FORMAT,
        "report_id": f"SR-{now:%Y%m%d}-{uuid.uuid4().hex[:8].upper()}",
        "created_utc": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "language": request.language,
        "demo": any("recording.synthetic" in v.flags for v in grouping.voices),
        "software": {"name": "Seongmun", "version": software_version()},
        "case": asdict(request.case),
        "model": describe_model(pack, provider),
        "population": describe_population(population),
        "settings": asdict(grouping.settings),
        "calls": [_call(voice) for voice in _calls(grouping).values()],
        "voices": [
            _voice(v, number[v.recording.sha256], population.conditions) for v in grouping.voices
        ],
        "decisions": [dict(row) for row in request.decisions],
        "skipped": [
            skipped_document(item) | {"path": "", "file_name": item.path.name}
            for item in grouping.skipped
        ],
        "result": findings(
            grouping.log10_lr,
            grouping.heard,
            grouping.bounds_log10,
            grouping.settings,
            grouping.decisions,
            progress,
            cancel,
        ),
    }


def _calls(grouping: Grouping) -> dict[str, CallVoice]:
    """The first voice of every call, in the order of the calls."""
    first: dict[str, CallVoice] = {}
    for voice in grouping.voices:
        first.setdefault(voice.recording.sha256, voice)
    return first


def _call(voice: CallVoice) -> dict[str, Any]:
    recording, facts = voice.recording, voice.facts
    return {
        "sha256": recording.sha256,
        "size_bytes": recording.size_bytes,
        "file_name": voice.path.name,
        "duration_s": round(recording.duration_s, 3),
        "case": facts.case_number,
        "received_from": facts.origin,
        "started": facts.started,
        "direction": facts.direction,
        "received_utc": facts.received_utc,
    }


def _voice(voice: CallVoice, call: int, conditions: Mapping[str, Any]) -> dict[str, Any]:
    embedding, quality = voice.embedding, voice.quality
    return {
        "key": voice.key,
        "call": call,
        "channel": voice.channel,
        "speaker": voice.speaker,
        "segments": [[s.start_s, s.end_s] for s in voice.segments],
        "net_speech_s": quality.net_speech_s,
        "conditions": [*voice.flags, *condition_flags(conditions, quality, quality)],
        "vector": encoded(embedding.vector),
        "cohort": [embedding.cohort_mean, embedding.cohort_deviation],
    }


def print_rings(document: Mapping[str, Any], picture: Picture, request: RingReportRequest) -> bytes:
    """The document as an unsigned PDF (raises REPORT_FONT)."""
    register_fonts(font_folders(FONTS))
    dots = [Dot(node.kind, node.name, node.ring) for node in picture.nodes]
    drawing = draw_graph(
        dots, picture.places, picture.edges, REGULAR, WIDTH, PICTURE_SHARE * HEIGHT
    )
    texts = ring_texts(document, request.language)
    return render_rings(document, drawing, texts, request.language, request.identity is None)


def ring_texts(document: Mapping[str, Any], language: Language) -> RingTexts:
    """The report's texts, with the names of what its document has codes for."""
    texts = tomllib.loads(RING_TEXTS.read_text(encoding="utf-8"))[language]
    names = {f"role:{role}": message(f"role.{role}", language) for role in ROLES}
    names |= {
        f"{kind}:{name}": message(f"{kind}.{name}", language)
        for kind, known in (
            ("direction", ("incoming", "outgoing", "unknown")),
            (
                "decision",
                ("same_voice", "different_voice", "same_ring", "different_ring", "role"),
            ),
        )
        for name in known
    }
    names |= {s["code"]: message(s["code"], language, s["params"]) for s in document["skipped"]}
    return RingTexts(texts, names)
