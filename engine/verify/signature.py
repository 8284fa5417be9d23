"""The signature of a report: integrity, whole-file coverage, strict encoding, trust.

A signature protects neither the hexadecimal digits it is written in nor the outer fields of its CMS
structure, so these are compared with the one encoding that the rest allows: every byte of the file
is either signed or determined.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import cms, core, parser
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error
from engine.types import Check, CheckStatus

BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
CHECK_IDS = ("signature.present", "signature.integrity", "signature.coverage", "signature.trust")


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What a report's signature says, for people."""

    signer: str
    signed_at: str


def check_signature(pdf: bytes, trust: Path | None) -> tuple[list[Check], SignatureFacts | None]:
    """Check the one signature that a report must carry.

    A hostile PDF makes checks fail; it raises nothing.

    Raises
    ------
    SeongmunError
        FILE_* or KEY_CERTIFICATE where `trust` is no certificate.
    """
    certificates = [] if trust is None else [_certificate(trust)]
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        signatures = reader.embedded_signatures
    except Exception as error:  # whatever a hostile file provokes in the parser is a failed check
        reason = {"error": type(error).__name__}
        return [_fail("signature.present", "unreadable", **reason), *_unchecked(1)], None
    if not signatures:
        return [_fail("signature.present", "none"), *_unchecked(1)], None
    if len(signatures) > 1:
        return [_fail("signature.present", "several"), *_unchecked(1)], None
    checks = [Check("signature.present", CheckStatus.PASS, "present")]
    try:
        status = _validate(signatures[0], certificates)
        checks.append(_integrity(status))
        checks.append(_coverage(pdf, status))
        checks.append(_trust_check(status, trust))
    except Exception as error:  # as above
        known = {check.id for check in checks}
        reason = {"error": type(error).__name__}
        checks += [_fail(i, "unreadable", **reason) for i in CHECK_IDS if i not in known]
        return checks, None
    signed_at = status.signer_reported_dt.isoformat() if status.signer_reported_dt else ""
    return checks, SignatureFacts(str(status.signing_cert.subject.human_friendly), signed_at)


def _validate(
    signature: EmbeddedPdfSignature, certificates: Sequence[asn1_x509.Certificate]
) -> PdfSignatureStatus:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    context = ValidationContext(
        trust_roots=list(certificates), allow_fetching=False, revocation_mode="soft-fail"
    )
    return validate_pdf_signature(
        signature, context, key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"})
    )


def _certificate(path: Path) -> asn1_x509.Certificate:
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
        return _fail("signature.integrity", "changed")
    if not status.valid:
        return _fail("signature.integrity", "invalid")
    return Check("signature.integrity", CheckStatus.PASS, "intact")


def _coverage(pdf: bytes, status: PdfSignatureStatus) -> Check:
    reason = coverage_fault(pdf)
    if reason:
        return _fail("signature.coverage", reason)
    if not status.docmdp_ok:
        return _fail("signature.coverage", "changed_after_signing")
    return Check("signature.coverage", CheckStatus.PASS, "whole_file")


def _trust_check(status: PdfSignatureStatus, trust: Path | None) -> Check:
    if trust is None:
        return Check("signature.trust", CheckStatus.NOT_CHECKED, "no_trust_given")
    if not status.trusted:
        return _fail("signature.trust", "untrusted")
    return Check("signature.trust", CheckStatus.PASS, "trusted")


def coverage_fault(pdf: bytes) -> str:
    """Why the signature does not pin down every byte of the file; empty where it does."""
    found = BYTE_RANGE.findall(pdf)
    if len(found) != 1:
        return "byte_range"
    start, first, second, rest = (int(number) for number in found[0])
    if start != 0 or second + rest != len(pdf) or not 0 < first < second:
        return "not_whole_file"
    gap = pdf[first:second]
    if not re.fullmatch(rb"<(?:[0-9A-F]{2})+>", gap):
        return "contents_encoding"
    padded = bytes.fromhex(gap[1:-1].decode("ascii"))
    try:
        length = parser.peek(padded)
        if any(padded[length:]):
            return "contents_encoding"
        return _cms_fault(cms.ContentInfo.load(padded[:length], strict=True))
    except (ValueError, TypeError, KeyError) as error:
        return f"contents_{type(error).__name__}"


def _cms_fault(content: cms.ContentInfo) -> str:
    """Fields of the CMS structure that no signature covers must say what they can only say."""
    data = content["content"]
    infos = data["signer_infos"]
    if content["content_type"].native != "signed_data" or len(infos) != 1:
        return "cms_structure"
    info = infos[0]
    certificates = [choice.chosen for choice in data["certificates"]]
    signer = [c for c in certificates if c.serial_number == _serial(info)]
    if len(signer) != 1 or info["sid"].chosen["issuer"] != signer[0].issuer:
        return "cms_signer"
    algorithm = info["digest_algorithm"]
    expected = (
        data["version"].native == "v1" and info["version"].native == "v1",
        len(data["digest_algorithms"]) == 1,
        data["digest_algorithms"][0].dump() == algorithm.dump(),
        algorithm["parameters"].native is None,
        data["encap_content_info"]["content_type"].native == "data",
        isinstance(data["encap_content_info"]["content"], core.Void)
        or data["encap_content_info"]["content"].native is None,
        isinstance(data["crls"], core.Void),
        isinstance(info["unsigned_attrs"], core.Void),
        info["sid"].name == "issuer_and_serial_number",
        all(_is_vouched_for(c, certificates) for c in certificates),
    )
    return "" if all(expected) else "cms_structure"


def _serial(info: cms.SignerInfo) -> int:
    return int(info["sid"].chosen["serial_number"].native)


def _is_vouched_for(
    certificate: asn1_x509.Certificate, certificates: Sequence[asn1_x509.Certificate]
) -> bool:
    """Whether an attached certificate's own signature holds, so that no byte of it is free.

    A certificate whose issuer is not attached is left to the trust check; the signer's own is also
    bound by the signed attributes.
    """
    loaded = x509.load_der_x509_certificate(certificate.dump())
    issuers = [c for c in certificates if c.subject == certificate.issuer]
    if not issuers:
        return True
    for issuer in issuers:
        try:
            loaded.verify_directly_issued_by(x509.load_der_x509_certificate(issuer.dump()))
        except (InvalidSignature, ValueError, TypeError):
            continue
        return True
    return False


def _unchecked(first: int) -> list[Check]:
    return [
        Check(check_id, CheckStatus.NOT_CHECKED, "no_signature") for check_id in CHECK_IDS[first:]
    ]


def _fail(check_id: str, reason: str, **params: str) -> Check:
    return Check(check_id, CheckStatus.FAIL, reason, params)
