"""The signatures of a report: the examiner's, and a reviewer's countersignature where there is one.

Each is checked for integrity, for pinning down every byte, and for its signer: strength, time,
validity, trust, revocation.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel

from engine.errors import ErrorCode, SeongmunError
from engine.files import file_error
from engine.report.revocation import load_revocation, read_store
from engine.report.revoked import COMPROMISED
from engine.report.strength import WEAK_HASHES, weakness
from engine.types import Check
from engine.verify.archived import Archived, check_archives, is_archive
from engine.verify.countersigned import revision_fault
from engine.verify.coverage import coverage_fault, revisions
from engine.verify.judging import Judged, Trust, judge
from engine.verify.opened import OpenedPdf
from engine.verify.outcomes import failed, not_checked, passed
from engine.verify.static import check_static

EXAMINER, REVIEWER = "examiner", "reviewer"
PREFIXES = {EXAMINER: "signature", REVIEWER: "countersignature"}
CHECKED = (
    "integrity",
    "coverage",
    "strength",
    "timestamp",
    "certificate_valid_at_signing",
    "trust",
    "revocation",
)
LARGEST_CLOCK_DIFFERENCE = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What a signature says, for people; `role` is ``examiner`` or ``reviewer``. `certificates` are
    the subjects from the signer's to the trusted one, or to the name of the issuer where none is
    trusted. Times are ISO 8601; `timestamp` is empty where no trusted authority vouches for it."""

    signer: str
    signed_at: str
    certificates: tuple[str, ...]
    role: str = EXAMINER
    timestamp: str = ""


def check_signature(
    pdf: bytes, trust: Sequence[Path] = (), revocation: Sequence[Path] = ()
) -> tuple[list[Check], tuple[SignatureFacts, ...]]:
    """Check the signature that a report must carry, the one that a reviewer may have added, and the
    archive timestamps behind them.

    A hostile PDF makes checks fail; it raises nothing. Certificates are judged at the time that a
    trusted timestamp authority vouches for, and at the present without one. `trust` are files with
    certificates, of signers, their authorities or timestamp authorities; `revocation` CRLs and OCSP
    responses beyond those in the report.

    Returns
    -------
    The checks, and what the examiner's and the reviewer's signature say, as far as readable.

    Raises
    ------
    SeongmunError
        FILE_*, KEY_CERTIFICATE, REVOCATION_INVALID where `trust` or `revocation` is something else.
    """
    given = Trust(tuple(map(load_certificate, trust)), load_revocation(revocation))
    first, *later = map(OpenedPdf, revisions(pdf))
    reviewed = later[:1] if later and not is_archive(later[0]) else []
    signed, archives = [first, *reviewed], later[len(reviewed) :]
    archived = check_archives(signed[-1], len(signed), archives, given)
    checks, facts = _examiner(first, archived)
    if not facts:
        return [*checks, *archived.checks, check_static(pdf)], ()
    if not reviewed:
        added, further = [_no_countersignature()], _Found()
    else:
        added, further = _reviewer(first, reviewed[0], archived, facts[0][1])
    all_checks = [*checks, *added, *archived.checks, check_static(pdf)]
    return all_checks, tuple(f for f, _ in (*facts, *further))


def _no_countersignature() -> Check:
    return not_checked("countersignature.present", "not_countersigned", required=False)


_Found = list[tuple[SignatureFacts, x509.Certificate]]


def _examiner(first: OpenedPdf, archived: Archived) -> tuple[list[Check], _Found]:
    try:
        signatures = first.reader.embedded_signatures
        trust = _with_store(first.reader, archived.trust)
    except Exception as error:  # whatever a hostile file provokes in the parser is a failed check
        return _absent(EXAMINER, "unreadable", error=type(error).__name__), []
    if not signatures:
        return _absent(EXAMINER, "none"), []
    if len(signatures) > 1:
        return _absent(EXAMINER, "several"), []
    fault = coverage_fault(first.content)
    return _check_one(EXAMINER, signatures[0], trust, fault, archived.moment)


def _reviewer(
    first: OpenedPdf, pdf: OpenedPdf, archived: Archived, examiner: x509.Certificate
) -> tuple[list[Check], _Found]:
    try:
        signatures = pdf.reader.embedded_signatures
        if len(signatures) != 2:
            return _absent(REVIEWER, "several" if len(signatures) > 2 else "none"), []
        fault = coverage_fault(pdf.content, signatures=2) or revision_fault(first, pdf)
        kept = first if fault else pdf  # whatever else was added is not even looked at
        trust = _with_store(kept.reader, archived.trust)
        if not fault and signatures[0].docmdp_level is not MDPPerm.FILL_FORMS:
            fault = "changed_after_signing"
    except Exception as error:  # as above
        return _absent(REVIEWER, "unreadable", error=type(error).__name__), []
    checks, facts = _check_one(REVIEWER, signatures[1], trust, fault, archived.moment)
    if facts:
        checks.append(_check_person(examiner, facts[0][1]))
    return checks, facts


def _with_store(reader: PdfFileReader, given: Trust) -> Trust:
    """What the reader brings along with what the report itself keeps."""
    return Trust(given.roots, given.revocation + read_store(reader.root))


def _absent(role: str, reason: str, **params: str) -> list[Check]:
    prefix = PREFIXES[role]
    rest = [not_checked(f"{prefix}.{name}", "no_signature") for name in CHECKED]
    return [failed(f"{prefix}.present", reason, **params), *rest]


def _check_one(
    role: str,
    signature: EmbeddedPdfSignature,
    trust: Trust,
    fault: str,
    archived: datetime.datetime | None,
) -> tuple[list[Check], _Found]:
    prefix = PREFIXES[role]
    checks = [passed(f"{prefix}.present", "present")]
    try:
        judged = judge(signature, trust, archived)
        status = judged.status
        certificate = x509.load_der_x509_certificate(status.signing_cert.dump())
        checks += [
            _integrity(prefix, status),
            _coverage(prefix, status, fault),
            _strength(prefix, status, certificate),
            _timestamp(prefix, judged, trust),
            _validity(prefix, judged),
            _trust_check(prefix, judged, trust),
            _revocation(prefix, judged, trust, certificate),
        ]
        facts = _facts(role, judged)
    except Exception as error:  # as above
        known, reason = {check.id for check in checks}, type(error).__name__
        ids = [f"{prefix}.{name}" for name in CHECKED]
        checks += [failed(i, "unreadable", error=reason) for i in ids if i not in known]
        return checks, []
    checks[0] = passed(f"{prefix}.present", f"signed_as_{role}", signer=facts.signer)
    return checks, [(facts, certificate)]


def _facts(role: str, judged: Judged) -> SignatureFacts:
    status, path = judged.status, judged.path
    names = [certificate.subject for certificate in path]
    if len(path) == 1:
        names.append(path[0].issuer)
    subjects = tuple(dict.fromkeys(str(name.human_friendly) for name in names))
    times = [
        "" if time is None else time.isoformat()
        for time in (status.signer_reported_dt, judged.trusted_time)
    ]
    return SignatureFacts(subjects[0], times[0], subjects, role, times[1])


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


def _integrity(prefix: str, status: PdfSignatureStatus) -> Check:
    if not status.intact:
        return failed(f"{prefix}.integrity", "changed")
    if not status.valid:
        return failed(f"{prefix}.integrity", "invalid")
    return passed(f"{prefix}.integrity", "intact")


def _coverage(prefix: str, status: PdfSignatureStatus, fault: str) -> Check:
    if fault:
        return failed(f"{prefix}.coverage", fault)
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return failed(f"{prefix}.coverage", "not_whole_file")
    if not status.docmdp_ok:
        return failed(f"{prefix}.coverage", "changed_after_signing")
    return passed(f"{prefix}.coverage", "whole_file")


def _strength(prefix: str, status: PdfSignatureStatus, certificate: x509.Certificate) -> Check:
    weak_hash = "weak_hash" if status.md_algorithm in WEAK_HASHES else ""
    reason = weakness(certificate) or weak_hash
    check_id = f"{prefix}.strength"
    return failed(check_id, reason) if reason else passed(check_id, "strong")


def _timestamp(prefix: str, judged: Judged, trust: Trust) -> Check:
    status = judged.status
    check_id, stamp = f"{prefix}.timestamp", status.timestamp_validity
    if stamp is None:
        return not_checked(check_id, "no_timestamp", required=False)
    about: dict[str, Any] = {
        "time": stamp.timestamp.isoformat(),
        "authority": str(stamp.signing_cert.subject.human_friendly),
    }
    if not (stamp.intact and stamp.valid):
        return failed(check_id, "stamp_broken", **about)
    stated = status.signer_reported_dt
    if stated is None or abs(stated - stamp.timestamp) > LARGEST_CLOCK_DIFFERENCE:
        return failed(check_id, "other_time_stated", stated=str(stated), **about)
    if not trust.roots:
        return not_checked(check_id, "no_trust_given", **about)
    if not stamp.trusted:
        return not_checked(check_id, "authority_unknown", **about)
    if not judged.is_stamped:
        return not_checked(check_id, "authority_revoked", **about)
    return passed(check_id, "stamped", **about)


def _validity(prefix: str, judged: Judged) -> Check:
    check_id, status = f"{prefix}.certificate_valid_at_signing", judged.status
    certificate, stated = status.signing_cert, status.signer_reported_dt
    first, last = certificate.not_valid_before, certificate.not_valid_after
    about = {"first": str(first), "last": str(last)}
    if judged.trusted_time is not None:
        if first <= judged.trusted_time <= last:
            return passed(check_id, "within_validity_stamped")
        return failed(check_id, "outside_validity", **about)
    if stated is None:
        return failed(check_id, "no_signing_time")
    if not first <= stated <= last:
        return failed(check_id, "outside_validity", **about)
    if datetime.datetime.now(datetime.UTC) > last:
        return failed(check_id, "expired_since", **about)
    return passed(check_id, "within_validity")


def _trust_check(prefix: str, judged: Judged, trust: Trust) -> Check:
    check_id = f"{prefix}.trust"
    if not trust.roots:
        return not_checked(check_id, "no_trust_given")
    if not judged.status.intact or not judged.status.valid:
        return not_checked(check_id, "not_intact")
    if judged.problem:
        return failed(check_id, judged.problem)
    return passed(check_id, "trusted")


def _revocation(prefix: str, judged: Judged, trust: Trust, certificate: x509.Certificate) -> Check:
    """Required wherever an authority publishes what it revokes, or somebody gave it."""
    check_id = f"{prefix}.revocation"
    if judged.is_revoked:
        reason, about = _why_revoked(judged)
        return failed(check_id, reason, **about)
    if not trust.roots or not judged.status.trusted:
        return not_checked(check_id, "no_path", required=bool(trust.roots))
    if len(judged.path) == 1:
        return not_checked(check_id, "trusted_directly", required=False)
    if judged.revocations:
        return _revoked_later(check_id, judged)
    if judged.is_unrevoked:
        return passed(check_id, "not_revoked")
    if trust.revocation:
        return not_checked(check_id, "revocation_not_current")
    return not_checked(check_id, "no_revocation_data", required=_is_published(certificate))


def _why_revoked(judged: Judged) -> tuple[str, dict[str, Any]]:
    """Reason and particulars of the first revocation that a signature falls with."""
    moment = judged.trusted_time
    worst = next(found for found in judged.revocations if found.counts_against(moment))
    about = {"since": worst.since.isoformat(), "why": worst.reason, "time": str(moment)}
    if worst.reason in COMPROMISED:
        return "revoked_compromised", about
    if moment is None:
        return "revoked_untimed", about
    if worst.since <= moment:
        return "revoked_before", about
    return "revoked_doubted", about | {"doubted": str(worst.invalid_since)}


def _revoked_later(check_id: str, judged: Judged) -> Check:
    """Every revocation came after the timestamp. The signer's own tells that it was valid until
    then; those above it must be covered by other data."""
    unclear = [found for found in judged.revocations if not found.is_orderly]
    told = (unclear or judged.revocations)[0]
    about: dict[str, Any] = {
        "since": told.since.isoformat(),
        "why": told.reason,
        "time": str(judged.trusted_time),
    }
    if unclear:
        return not_checked(check_id, "revoked_later_unexplained", **about)
    if judged.is_unrevoked or len(judged.path) == 2:
        return passed(check_id, "revoked_later", **about)
    return not_checked(check_id, "revocation_not_current")


def _is_published(certificate: x509.Certificate) -> bool:
    """Whether a certificate names where its revocation could be looked up."""
    names = (x509.CRLDistributionPoints, x509.AuthorityInformationAccess)
    return any(isinstance(extension.value, names) for extension in certificate.extensions)


def _check_person(examiner: x509.Certificate, reviewer: x509.Certificate) -> Check:
    check_id, reason = "countersignature.person", same_person(examiner, reviewer)
    return failed(check_id, reason) if reason else passed(check_id, "another_person")


def same_person(examiner: x509.Certificate, reviewer: x509.Certificate) -> str:
    """What shows that two certificates are one person's; empty where nothing does."""
    if examiner.public_key() == reviewer.public_key():
        return "same_key"
    return "same_name" if examiner.subject == reviewer.subject else ""
