"""The signature of a report: integrity, whole-file coverage, validity and trust."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error
from engine.types import Check
from engine.verify.coverage import coverage_fault
from engine.verify.outcomes import failed, not_checked, passed

CHECK_IDS = (
    "signature.present",
    "signature.integrity",
    "signature.coverage",
    "signature.certificate_valid_at_signing",
    "signature.trust",
)


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What a report's signature says, for people; `certificates` are the subjects from the signer's
    to the trusted one, or to the name of the issuer where none is trusted."""

    signer: str
    signed_at: str
    certificates: tuple[str, ...]


def check_signature(
    pdf: bytes, trust: Sequence[Path] = ()
) -> tuple[list[Check], SignatureFacts | None]:
    """Check the one signature that a report must carry.

    A hostile PDF makes checks fail; it raises nothing. Certificates are judged at the time of
    signing, which the signer states: a report must stay verifiable after they expire.

    Raises
    ------
    SeongmunError
        FILE_* or KEY_CERTIFICATE where one of `trust` is no certificate.
    """
    certificates = [load_certificate(path) for path in trust]
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        signatures = reader.embedded_signatures
    except Exception as error:  # whatever a hostile file provokes in the parser is a failed check
        reason = {"error": type(error).__name__}
        return [failed("signature.present", "unreadable", **reason), *_unchecked(1)], None
    if not signatures:
        return [failed("signature.present", "none"), *_unchecked(1)], None
    if len(signatures) > 1:
        return [failed("signature.present", "several"), *_unchecked(1)], None
    checks = [passed("signature.present", "present")]
    try:
        status = _validate(signatures[0], certificates)
        checks.append(_integrity(status))
        checks.append(_coverage(pdf, status))
        checks.append(_validity(status))
        checks.append(_trust_check(status, trust))
    except Exception as error:  # as above
        known = {check.id for check in checks}
        reason = {"error": type(error).__name__}
        checks += [failed(i, "unreadable", **reason) for i in CHECK_IDS if i not in known]
        return checks, None
    signed_at = status.signer_reported_dt.isoformat() if status.signer_reported_dt else ""
    path = _certificate_path(status)
    return checks, SignatureFacts(path[0], signed_at, path)


def _certificate_path(status: PdfSignatureStatus) -> tuple[str, ...]:
    certificate = status.signing_cert
    names = [certificate.subject, certificate.issuer]
    if status.trusted and status.validation_path is not None:
        names = [c.subject for c in reversed(list(status.validation_path))]
    return tuple(dict.fromkeys(str(name.human_friendly) for name in names))


def _validate(
    signature: EmbeddedPdfSignature, certificates: Sequence[asn1_x509.Certificate]
) -> PdfSignatureStatus:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    context = ValidationContext(
        trust_roots=list(certificates),
        moment=signature.self_reported_timestamp,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    return validate_pdf_signature(
        signature, context, key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"})
    )


def load_certificate(path: Path) -> asn1_x509.Certificate:
    """A certificate in PEM or DER (raises FILE_*, KEY_CERTIFICATE)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise file_error(error, path) from error
    is_pem = content.lstrip().startswith(b"-----BEGIN")
    load = x509.load_pem_x509_certificate if is_pem else x509.load_der_x509_certificate
    try:
        return asn1_x509.Certificate.load(load(content).public_bytes(Encoding.DER))
    except ValueError as error:
        raise SeongmunError(ErrorCode.KEY_CERTIFICATE, path=str(path)) from error


def _integrity(status: PdfSignatureStatus) -> Check:
    if not status.intact:
        return failed("signature.integrity", "changed")
    if not status.valid:
        return failed("signature.integrity", "invalid")
    return passed("signature.integrity", "intact")


def _coverage(pdf: bytes, status: PdfSignatureStatus) -> Check:
    reason = coverage_fault(pdf)
    if reason:
        return failed("signature.coverage", reason)
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return failed("signature.coverage", "not_whole_file")
    if not status.docmdp_ok:
        return failed("signature.coverage", "changed_after_signing")
    return passed("signature.coverage", "whole_file")


def _validity(status: PdfSignatureStatus) -> Check:
    check_id = "signature.certificate_valid_at_signing"
    certificate, signed_at = status.signing_cert, status.signer_reported_dt
    if signed_at is None:
        return failed(check_id, "no_signing_time")
    first, last = certificate.not_valid_before, certificate.not_valid_after
    if not first <= signed_at <= last:
        return failed(check_id, "outside_validity", first=str(first), last=str(last))
    return passed(check_id, "within_validity")


def _trust_check(status: PdfSignatureStatus, trust: Sequence[Path]) -> Check:
    if not trust:
        return not_checked("signature.trust", "no_trust_given")
    if not status.trusted:
        return failed("signature.trust", "untrusted")
    return passed("signature.trust", "trusted")


def _unchecked(first: int) -> list[Check]:
    return [not_checked(check_id, "no_signature") for check_id in CHECK_IDS[first:]]
