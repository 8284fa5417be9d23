"""Who signs and with what proofs, the countersignature of a reviewer, and archive timestamps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.messages import Language
from app.resources import FONTS
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.progress import CancelToken, Progress, no_progress
from engine.types import Check, CheckStatus

if TYPE_CHECKING:
    from engine.report.sign import Identity
    from engine.verify.signature import SignatureFacts

SIGNER_KINDS = ("none", "file", "token")
COUNTERSIGNING_REASON = {"ko": "감정서 검토", "en": "Technical review of the report"}


@dataclass(frozen=True, slots=True)
class SignerChoice:
    """Who signs: nobody, a PKCS#12 file, or a token by the path of its PKCS#11 library; `secret` is
    the password or the PIN. `authority` is the PKCS#12 file of a timestamp authority, if there is
    one; `revocation` are CRLs, OCSP responses and authorities' certificates to keep in the file."""

    kind: Literal["none", "file", "token"] = "none"
    path: Path = Path()
    secret: str = ""
    token_label: str = ""
    signer_name: str = ""
    authority: Path | None = None
    authority_secret: str = ""
    revocation: tuple[Path, ...] = ()


NOBODY = SignerChoice()


@contextmanager
def opened_identity(choice: SignerChoice) -> Iterator[Identity | None]:
    """The identity while the block runs, or None for a draft (raises KEY_*, TOKEN_*, FILE_*,
    REVOCATION_INVALID, TIMESTAMP_PURPOSE)."""
    if choice.kind == "none":
        yield None
        return
    from engine.report.revocation import load_revocation  # what signs loads slowly
    from engine.report.sign import Proofs, load_pkcs12
    from engine.report.timestamps import load_authority
    from engine.report.tokens import open_token

    authority = None
    if choice.authority is not None:
        authority = load_authority(choice.authority, choice.authority_secret.encode("utf-8"))
    proofs = Proofs(authority, load_revocation(choice.revocation))
    if choice.kind == "file":
        yield replace(load_pkcs12(choice.path, choice.secret.encode("utf-8")), proofs=proofs)
        return
    names = (choice.token_label or None, choice.signer_name or None)
    with open_token(choice.path, choice.secret, *names) as identity:
        yield replace(identity, proofs=proofs)


def countersign(
    report: Path,
    choice: SignerChoice,
    target: Path,
    language: Language = "ko",
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    reviewed_sha256: str = "",
) -> tuple[SignatureFacts, ...]:
    """Sign a report as its reviewer, check the signatures, and only then put the signed report in
    its place, which is never the report's own; returns what the examiner's and the reviewer's
    signature say. With `reviewed_sha256` only the file with these bytes is signed.

    Raises
    ------
    SeongmunError
        What `opened_identity` and `engine.verify.run.read_report` raise; COUNTERSIGN_CHANGED,
        COUNTERSIGN_NOT_INTACT, COUNTERSIGN_ALREADY, COUNTERSIGN_ARCHIVED, COUNTERSIGN_NO_PLACE,
        COUNTERSIGN_SAME_PERSON, SIGN_FAILED, KEY_REVOKED, REPORT_FONT, REPORT_SELF_CHECK, FILE_*,
        CANCELLED.
    """
    from engine.report.fonts import font_folders, register_fonts
    from engine.report.sign import countersign_report
    from engine.verify.run import read_report
    from engine.verify.signature import check_signature

    cancel = cancel or CancelToken()
    progress("verify", 0, 3)
    pdf = read_report(report)
    if target.exists() and target.samefile(report):
        raise SeongmunError(ErrorCode.FILE_EXISTS, path=str(target))
    if reviewed_sha256 and hashlib.sha256(pdf).hexdigest() != reviewed_sha256:
        raise SeongmunError(ErrorCode.COUNTERSIGN_CHANGED, path=str(report))
    before, present = _intact(pdf, ErrorCode.COUNTERSIGN_NOT_INTACT)
    if len(present) > 1:
        raise SeongmunError(ErrorCode.COUNTERSIGN_ALREADY, signer=present[1].signer)
    if _archive_checks(before):
        raise SeongmunError(ErrorCode.COUNTERSIGN_ARCHIVED)
    cancel.check()
    progress("sign", 1, 3)
    with opened_identity(choice) as identity:
        if identity is None:
            raise SeongmunError(ErrorCode.KEY_MISSING, path="")
        register_fonts(font_folders(FONTS))
        signed = countersign_report(pdf, identity, COUNTERSIGNING_REASON[language])
    cancel.check()
    progress("verify", 2, 3)
    checks, facts = check_signature(signed)
    failed = {check.id for check in checks if check.status is CheckStatus.FAIL}
    if "countersignature.person" in failed:
        raise SeongmunError(ErrorCode.COUNTERSIGN_SAME_PERSON)
    if failed or len(facts) < 2:
        raise SeongmunError(ErrorCode.REPORT_SELF_CHECK, reason=", ".join(sorted(failed)))
    cancel.check()
    write_atomic(target, signed)
    progress("verify", 3, 3)
    return facts


def archive(
    report: Path, authority: Path, secret: str, revocation: Sequence[Path], target: Path
) -> tuple[Check, ...]:
    """Add an archive timestamp to a report whose signatures hold, check the whole, and only then
    put it in its place, which is never the report's own; returns the checks of its archive
    timestamps.

    Raises
    ------
    SeongmunError
        What `engine.verify.run.read_report` raises; KEY_*, TIMESTAMP_PURPOSE, REVOCATION_INVALID,
        ARCHIVE_NOT_INTACT, SIGN_FAILED, REPORT_SELF_CHECK, FILE_*.
    """
    from engine.report.lasting import archive_report
    from engine.report.revocation import load_revocation
    from engine.report.timestamps import load_authority
    from engine.verify.run import read_report
    from engine.verify.signature import check_signature

    pdf = read_report(report)
    if target.exists() and target.samefile(report):
        raise SeongmunError(ErrorCode.FILE_EXISTS, path=str(target))
    _intact(pdf, ErrorCode.ARCHIVE_NOT_INTACT)
    clock = load_authority(authority, secret.encode("utf-8"))
    archived = archive_report(pdf, clock, load_revocation(revocation))
    checks, _ = check_signature(archived)
    failed = [check.id for check in checks if check.status is CheckStatus.FAIL]
    added = _archive_checks(checks)
    if failed or not added:
        raise SeongmunError(ErrorCode.REPORT_SELF_CHECK, reason=", ".join(failed))
    write_atomic(target, archived)
    return added


def _archive_checks(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.id.startswith("archive."))


def _intact(pdf: bytes, code: ErrorCode) -> tuple[list[Check], tuple[SignatureFacts, ...]]:
    """Checks and signatures of a report; refuses what an examiner did not sign or was changed."""
    from engine.verify.signature import check_signature

    checks, facts = check_signature(pdf)
    failed = [check.id for check in checks if check.status is CheckStatus.FAIL]
    if failed:
        raise SeongmunError(code, reason=", ".join(failed))
    return checks, facts
