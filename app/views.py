"""What the commands print for people, and the documents that they print for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.messages import Language, message
from app.services.wording import check_name, check_reason, flag_text, ratio_text
from engine.speech.exchange import LabelledSegment, SegmentFormat, write_segments
from engine.types import Check, ModelPack, Population, VerificationResult

if TYPE_CHECKING:
    from app.services.comparing import Comparison
    from app.services.demo import DemoResult
    from app.services.segmenting import Proposal
    from engine.verify.run import Verification
    from engine.verify.signature import SignatureFacts


def info_text(described: Sequence[Mapping[str, Any]], language: Language) -> str:
    """One block per recording."""
    return "\n\n".join(_info_block(item, language) for item in described)


def _info_block(item: Mapping[str, Any], language: Language) -> str:
    if "error" in item:
        return str(item["error"]["message"])
    lines = [
        item["path"],
        f"  {item['container']} / {item['codec']}, {item['channels']} ch, "
        f"{item['sample_rate_hz']} Hz, {item['duration_s']:.2f} s, {item['size_bytes']} B",
        f"  SHA-256 {item['sha256']}",
    ]
    for quality, suitability in zip(item["quality"], item["suitability"], strict=True):
        lines.append("  " + quality_text(quality, language))
        lines += ["    " + line for line in suitability_lines(suitability, language)]
    lines += [f"  ! {message(f'warning.{w}', language)}" for w in item["warnings"]]
    return "\n".join(lines)


def quality_text(quality: Mapping[str, Any], language: Language) -> str:
    """The figures of one channel in a line; a dash stands for what could not be measured."""
    values = dict(quality) | {
        "channel": quality["channel"] + 1,
        "clipped_percent": 100 * quality["clipped_share"],
        "snr": _figure(quality["snr_db"], "{:.0f} dB"),
        "codec": message(f"codec.{quality['codec_guess'] or 'unknown'}", language),
        "dropouts": _figure(quality["dropout_share"], "{:.1%}"),
        "hum": _figure(quality["hum_hz"] or None, "{:.0f} Hz"),
        "reverberation": _figure(quality["reverberation_s"], "{:.1f} s"),
    }
    return message("cli.quality", language, values)


def _figure(value: float | None, form: str) -> str:
    return "—" if value is None else form.format(value)


def suitability_lines(suitability: Mapping[str, Any], language: Language) -> list[str]:
    """The verdict, and a line for each reason with its consequence in plain words."""
    lines = [message(f"suitability.{suitability['verdict']}", language)]
    for reason in suitability["reasons"]:
        value = _reason_value(reason["code"], reason["value"])
        values = {"value": value, "limit": _reason_value(reason["code"], reason["limit"])}
        lines.append("• " + message(f"suitability.{reason['code']}", language, values))
    return lines


def _reason_value(code: str, value: float | None) -> str:
    if value is None:
        return "—"
    if code in ("clipping", "dropouts"):
        return f"{100 * value:.1f}"
    return f"{value:.0f}" if code == "bandwidth.outside" else f"{value:.1f}"


def comparison_document(comparison: Comparison, verbal: str) -> dict[str, Any]:
    """The JSON of one comparison."""
    ratio = comparison.likelihood_ratio
    return {
        "score": comparison.score.value,
        "log10_lr": ratio.log10_lr,
        "interval": list(ratio.interval_log10),
        "bounds": list(ratio.bounds_log10),
        "verbal": verbal,
        "flags": list(ratio.flags),
        "model_sha256": ratio.model_sha256,
        "population_id": ratio.population_id,
    }


def segments_document(proposal: Proposal) -> dict[str, Any]:
    """The turns as data."""
    keys = ("start_s", "end_s", "speaker", "channel", "overlap")
    return {
        "segments": [{key: getattr(s, key) for key in keys} for s in proposal.segments],
        "n_speakers": proposal.n_speakers,
    }


def segments_text(proposal: Proposal, fmt: SegmentFormat | None, language: Language) -> str:
    """The turns in a format for other programs, or a line each."""
    recording = proposal.recording
    if fmt is not None:
        rows = [
            LabelledSegment(s.start_s, s.end_s, s.channel, s.speaker, overlap=s.overlap)
            for s in proposal.segments
        ]
        return write_segments(rows, fmt, recording.duration_s, recording.path.name).rstrip("\n")
    lines = [
        f"{s.start_s:10.2f} {s.end_s:10.2f}  {s.channel + 1}  {s.speaker}{' *' * s.overlap}"
        for s in proposal.segments
    ]
    speech_s = sum(s.duration_s for s in proposal.segments)
    values = {"n_speakers": proposal.n_speakers, "speech_s": f"{speech_s:.1f}"}
    return "\n".join([*lines, message("cli.segments", language, values)])


def comparison_text(result: Mapping[str, Any], language: Language) -> str:
    """The result with its interval, range, cautions and what it is not."""
    low, high = result["interval"]
    lowest, highest = result["bounds"]
    values = {
        "lr": ratio_text(result["log10_lr"], result["flags"], language),
        "log10_lr": f"{result['log10_lr']:.2f}",
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
        "lowest": f"{lowest:.2f}",
        "highest": f"{highest:.2f}",
        "verbal": result["verbal"],
        "flags": "".join(f"\n• {flag_text(flag, language)}" for flag in result["flags"]) or "—",
        "population": result["population_id"],
        "score": f"{result['score']:.4f}",
    }
    return message("cli.comparison", language, values)


def grouping_text(document: Mapping[str, Any], language: Language) -> str:
    """Who is heard where, the rings, and what was left out."""
    lines = [
        message(
            "cli.group",
            language,
            {key: len(document[key]) for key in ("voices", "rings", "skipped")},
        )
    ]
    for voice in document["voices"]:
        ring = "—" if voice["ring"] is None else voice["ring"]
        role = message(f"role.{voice['role']}", language)
        lines.append(message("cli.group_voice", language, {**voice, "ring": ring, "role": role}))
        lines += [
            f"    {_figure(m['log10_lr'], '{:+.2f}'):>6}  {m['path']}  {m['speaker']}"
            for m in voice["members"]
        ]
    lines += [
        message("cli.group_ring", language, ring | {"voices": ", ".join(ring["voices"])})
        for ring in document["rings"]
    ]
    return "\n".join([*lines, *_skipped_lines(document["skipped"], language)])


def _skipped_lines(skipped: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    return [
        "  ! "
        + f"{item['speaker'] or ''} ".lstrip()
        + message(item["code"], language, item["params"])
        for item in skipped
    ]


def enrolment_text(document: Mapping[str, Any], language: Language) -> str:
    """How many voices were stored, were there, or were left out."""
    counts = {key: len(document[key]) for key in ("enrolled", "already_there", "skipped")}
    first = message("cli.enrol", language, {**document, **counts})
    for query in document["watch"] or ():
        if query["hits"]:
            first += "\n" + message("cli.watch", language, query)
            first += "".join("\n" + _hit_line(hit) for hit in query["hits"])
    return "\n".join([first, *_skipped_lines(document["skipped"], language)])


def search_text(document: Mapping[str, Any], language: Language) -> str:
    """The entries of every speaker with their ratios and what chance would give."""
    lines = []
    for query in document["queries"]:
        lines.append(message("cli.search", language, query))
        for hit in query["hits"]:
            lines.append(_hit_line(hit))
    return "\n".join([*lines, *_skipped_lines(document["skipped"], language)])


def _hit_line(hit: Mapping[str, Any]) -> str:
    return (
        f"  {hit['rank']:4} {_figure(hit['log10_lr'], '{:+.2f}'):>6} "
        f"{_figure(hit['expected_false_hits'], '{:.2g}'):>8}  {hit['voice']}  {hit['file_name']}"
    )


def score_text(result: Mapping[str, Any], language: Language) -> str:
    """Where the scores are and how many trials have no likelihood ratio."""
    return message("cli.score", language, result)


def lines_of(document: Mapping[str, Any]) -> str:
    """A document's plain values, a line each; rows of a list indented below their name."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list):
            lines.append(f"{key}: {len(value)}")
            lines += ["  " + "  ".join(str(cell) for cell in row.values()) for row in value]
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines)


def added_text(document: Mapping[str, Any], language: Language) -> str:
    """How many recordings were added, were there, or could not be read."""
    counts = {key: len(document[key]) for key in ("added", "already_there", "failed")}
    lines = [message("cli.added", language, counts)]
    lines += [
        "  " + message(item["code"], language, {"path": item["path"]})
        for item in document["failed"]
    ]
    return "\n".join(lines)


def checks_document(result: VerificationResult) -> dict[str, Any]:
    """The JSON of a list of checks with its verdict."""
    return {
        "verdict": result.verdict.value,
        "checks": [check_document(check) for check in result.checks],
    }


def case_check_text(result: VerificationResult, language: Language) -> str:
    """The verdict first, then every check."""
    verdict = message(f"verdict.case.{result.verdict.value}", language)
    return "\n".join([verdict, *check_lines(result.checks, language)])


def check_lines(checks: Iterable[Check], language: Language) -> list[str]:
    """A line per check: its outcome, its name, why."""
    lines = []
    for check in checks:
        name, reason = check_name(check.id, language), check_reason(check, language)
        lines.append(f"  {check.status.value:11} {name}: {reason}")
    return lines


def verification_document(verification: Verification) -> dict[str, Any]:
    """The JSON of `verify`."""
    signature = verification.signature
    return {
        **checks_document(verification.result),
        "signatures": signature_documents(verification.signatures),
        "signer": signature.signer if signature else None,
        "signed_at": signature.signed_at if signature else None,
        "recomputed_log10_lr": verification.recomputed_log10_lr,
    }


def check_document(check: Check) -> dict[str, Any]:
    """The JSON of a check."""
    return {
        "id": check.id,
        "status": check.status.value,
        "reason": check.reason,
        "params": dict(check.params),
        "required": check.required,
    }


def verification_text(verification: Verification, language: Language) -> str:
    """The verdict first, then every check with its reason."""
    lines = [message(f"verdict.{verification.result.verdict.value}", language)]
    lines += check_lines(verification.result.checks, language)
    return "\n".join([*lines, signatures_text(verification.signatures, language)]).rstrip()


def signature_documents(signatures: Sequence[SignatureFacts]) -> list[dict[str, Any]]:
    """The JSON of who signed as what."""
    return [asdict(found) for found in signatures]


def signatures_text(signatures: Sequence[SignatureFacts], language: Language) -> str:
    """Who signed as what, and when: by a trusted timestamp, or else as the signer states."""
    return "\n".join(
        f"  {message(f'signer.{s.role}', language)}: {s.signer}, {s.timestamp or s.signed_at}"
        for s in signatures
    )


def demo_document(result: DemoResult) -> dict[str, Any]:
    """The JSON of `demo`."""
    return {
        "report": str(result.report),
        "case": str(result.case),
        "media": str(result.media),
        "certificate": str(result.certificate),
        "log10_lr": result.comparison.likelihood_ratio.log10_lr,
        "verification": verification_document(result.verification),
    }


def demo_text(result: DemoResult, language: Language) -> str:
    """The verdict and where the files are."""
    values = {
        "report": result.report,
        "case": result.case,
        "media": result.media,
        "certificate": result.certificate,
        "verdict": verification_text(result.verification, language),
        "log10_lr": f"{result.comparison.likelihood_ratio.log10_lr:.2f}",
    }
    return message("cli.demo", language, values)


def population_document(population: Population) -> dict[str, Any]:
    """The JSON of a population."""
    calibration = population.calibration
    return {
        "id": population.id,
        "sha256": population.file_sha256,
        "model_sha256": population.model_sha256,
        "n_speakers": population.n_speakers,
        "n_same": population.n_same,
        "n_different": population.n_different,
        "slope": calibration.slope,
        "intercept": calibration.intercept,
        "bounds": list(calibration.bounds_log10),
        "validation": asdict(population.validation),
        "conditions": dict(population.conditions),
        "recordings": None
        if population.recordings is None
        else {
            "n": len(population.recordings.items),
            "choices": dict(population.recordings.choices),
            "left_out": dict(population.recordings.left_out),
        },
    }


def pack_document(pack: ModelPack) -> dict[str, Any]:
    """The JSON of a model pack."""
    return {
        "id": pack.id,
        "version": pack.version,
        "model_sha256": pack.model_sha256,
        "embedding_dim": pack.embedding_dim,
        "licence": pack.licence,
        "training_data": pack.training_data,
        "validated_conditions": dict(pack.validated_conditions),
    }
