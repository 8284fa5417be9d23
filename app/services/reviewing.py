"""What a reviewer does with a report: check it, see what is missing, take away what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from app.messages import Language, message
from app.services.verifying import content_of, verify
from app.services.wording import check_name, check_reason, number_name
from engine.casefile.store import CaseFile
from engine.errors import ErrorCode, SeongmunError
from engine.files import hash_file, write_atomic
from engine.lr.population import load_population
from engine.models.pack import load_pack
from engine.progress import CancelToken, Progress, no_progress
from engine.types import CheckStatus
from engine.verify.extract import read_attachments
from engine.verify.run import Verification, candidates, compared, read_report
from engine.verify.signature import SignatureFacts, load_certificate

RESULTS = ("score", "log10_lr", "unbounded_log10_lr")
RANGES = {
    "interval_log10": ("interval_low", "interval_high"),
    "bounds_log10": ("bound_low", "bound_high"),
}


@dataclass(frozen=True, slots=True)
class ReviewInputs:
    """What the reviewer brings along: recordings (files and folders), trusted certificates, a model
    and a population where they are not installed, CRLs and OCSP responses."""

    media: tuple[Path, ...] = ()
    trust: tuple[Path, ...] = ()
    model: Path | None = None
    population: Path | None = None
    recompute: bool = True
    device: str = "cpu"
    revocation: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedItem:
    """A recording of the report, and whether the reviewer has it."""

    label: str
    role: str
    file_name: str
    sha256: str
    size_bytes: int
    status: CheckStatus


@dataclass(frozen=True, slots=True)
class ReviewedNumber:
    """A number of the report beside the same number computed again; `of` says of what, where there
    are several. What was not computed again is None."""

    name: str
    of: str
    reported: float
    recomputed: float | None

    @property
    def difference(self) -> float | None:
        return None if self.recomputed is None else self.recomputed - self.reported


@dataclass(frozen=True, slots=True)
class Review:
    """What was found."""

    report: Path
    inputs: ReviewInputs
    sha256: str
    size_bytes: int
    verification: Verification
    items: tuple[ReviewedItem, ...]
    numbers: tuple[ReviewedNumber, ...]

    @property
    def content(self) -> Mapping[str, Any] | None:
        """What the report's manifest says."""
        manifest = self.verification.manifest
        return None if manifest is None else manifest.content

    @property
    def provider(self) -> str:
        """What computed the result again; empty where nothing did."""
        return ", ".join(dict.fromkeys(r.provider for r in self.verification.recomputed))

    @property
    def signatures(self) -> tuple[SignatureFacts, ...]:
        """Who signed the report, the examiner first."""
        return self.verification.signatures

    @property
    def missing_items(self) -> tuple[ReviewedItem, ...]:
        """The recordings that the reviewer does not have."""
        return tuple(item for item in self.items if item.status is not CheckStatus.PASS)

    @property
    def not_installed(self) -> frozenset[str]:
        """Which of ``model`` and ``population`` is not at hand."""
        return frozenset(
            check.id.split(".")[0]
            for check in self.verification.result.checks
            if check.id in ("model.hash", "population.hash") and check.reason == "not_installed"
        )

    @property
    def can_recompute(self) -> bool:
        """Whether everything is there for what was not computed again yet."""
        checks = {check.id: check for check in self.verification.result.checks}
        needed = [c for i, c in checks.items() if i.startswith(("media.", "model.", "population."))]
        last = checks.get("result.recomputed")
        asked = last is not None and last.reason == "not_asked"
        return asked and bool(needed) and all(c.status is CheckStatus.PASS for c in needed)


def review(
    report: Path,
    inputs: ReviewInputs,
    case: CaseFile | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Review:
    """Check a report with what the reviewer has. The recordings come from `case` where it is the
    report's case; another case has nothing to say about it.

    Raises
    ------
    SeongmunError
        FILE_*, REPORT_NOT_PDF, KEY_CERTIFICATE, CANCELLED. Whatever is wrong with the report itself
        is a failed check.
    """
    progress("verify", 0, 0)
    content = content_of(report)
    is_of_case = case is not None and content and content["case"]["uuid"] == case.info.case_uuid
    verification = verify(
        report,
        inputs.media,
        inputs.trust,
        inputs.recompute,
        inputs.device,
        inputs.model,
        inputs.population,
        case if is_of_case else None,
        progress=progress,
        cancel=cancel,
        revocation=inputs.revocation,
    )
    return review_of(report, inputs, verification)


def review_of(report: Path, inputs: ReviewInputs, verification: Verification) -> Review:
    """What a verification means to a reviewer."""
    sha256, size_bytes = hash_file(report)
    return Review(
        report,
        inputs,
        sha256,
        size_bytes,
        verification,
        _items(verification),
        _numbers(verification),
    )


def _numbers(verification: Verification) -> tuple[ReviewedNumber, ...]:
    """The report's results beside those computed again, comparison by comparison."""
    if verification.manifest is None:
        return ()
    content = verification.manifest.content
    rows: list[ReviewedNumber] = []
    for (first, second, result), again in zip_longest(compared(content), verification.recomputed):
        labels = [content["items"][i].get("label", "") for i in (first, second)]
        anew = {} if again is None else _figures(asdict(again.ratio) | {"score": again.score})
        of = " – ".join(filter(None, labels))
        rows += [
            ReviewedNumber(name, of, reported, anew.get(name))
            for name, reported in _figures(result).items()
        ]
    return tuple(rows)


def _figures(result: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a result by name, ends of intervals each for itself."""
    ends = {
        name: value
        for key, names in RANGES.items()
        for name, value in zip(names, result[key], strict=True)
    }
    return {name: result[name] for name in RESULTS} | ends


def _items(verification: Verification) -> tuple[ReviewedItem, ...]:
    """The report's recordings. Their checks come in the same order, but only one of each kind where
    the content could not be worked with: what has no check was not checked."""
    if verification.manifest is None:
        return ()
    items = verification.manifest.content["items"]
    made = [c.status for c in verification.result.checks if c.id.startswith("media.")]
    statuses = made + [CheckStatus.NOT_CHECKED] * (len(items) - len(made))
    return tuple(
        ReviewedItem(
            i.get("label", ""), i["role"], i["file_name"], i["sha256"], i["size_bytes"], status
        )
        for i, status in zip(items, statuses, strict=True)
    )


def find_media(
    paths: Sequence[Path],
    found: Review,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The report's recordings among files and in folders, by hash, with files that only bear the
    name of one; and the other files that were given (raises FILE_*, CANCELLED)."""
    contents = found.content["items"] if found.content is not None else []
    names, hashes = {item.file_name for item in found.items}, {i.sha256 for i in found.items}
    files = [file for path in paths for file in candidates(path, contents)]
    taken: list[Path] = []
    others: list[Path] = []
    for done, path in enumerate(files):
        progress("hash", done, len(files))
        is_one = hash_file(path, cancel=cancel)[0] in hashes or path.name in names
        (taken if is_one else others).append(path)
    return tuple(taken), tuple(others)


def require_certificates(paths: Sequence[Path]) -> None:
    """Refuse files that are no certificates (raises FILE_*, KEY_CERTIFICATE)."""
    for path in paths:
        load_certificate(path)


def require_same(found: Review, kind: str, path: Path) -> None:
    """Refuse a model (`kind` ``model``) or a population that is not the report's.

    Raises
    ------
    SeongmunError
        MODEL_*, POPULATION_*; REVIEW_OTHER where it is another one.
    """
    if found.content is None:
        return
    sha256 = load_pack(path).model_sha256 if kind == "model" else load_population(path).file_sha256
    if sha256 != found.content[kind]["sha256"]:
        raise SeongmunError(
            ErrorCode.REVIEW_OTHER, path=str(path), id=str(found.content[kind]["id"]), sha256=sha256
        )


def extract_attachments(report: Path, folder: Path) -> list[Path]:
    """Write a report's attachments into a folder; nothing that is there is replaced.

    Raises
    ------
    SeongmunError
        What `read_report` raises; REPORT_MANIFEST where the attachments cannot be read;
        FILE_EXISTS.
    """
    files = read_attachments(read_report(report))
    targets = {folder / name: content for name, content in files.items()}
    for target in targets:
        if target.exists():
            raise SeongmunError(ErrorCode.FILE_EXISTS, path=str(target))
    for target, content in targets.items():
        write_atomic(target, content)
    return list(targets)


def review_text(found: Review, language: Language) -> str:
    """Everything that was found, as plain text."""
    result = found.verification.result
    lines = [str(found.report), f"SHA-256 {found.sha256}", ""]
    lines += [message(f"review.verdict.{result.verdict.value}", language), ""]
    lines += [
        f"{check.status.value:11} {check_name(check.id, language)}: {check_reason(check, language)}"
        for check in result.checks
    ]
    lines += [
        "\t".join(
            [number_name(n.name, n.of, language), f"{n.reported:.6g}"]
            + ([] if n.recomputed is None else [f"{n.recomputed:.6g}", f"{n.difference:.6g}"])
        )
        for n in found.numbers
    ]
    return "\n".join(lines)
