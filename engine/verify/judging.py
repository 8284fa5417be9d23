"""What pyHanko says of one signature: validated offline, at the time that can be relied on."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    validate_pdf_signature,
    validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import (
    DocumentTimestampStatus,
    PdfSignatureStatus,
    SignatureStatus,
    TimestampSignatureStatus,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from engine.report.revocation import NO_DATA, RevocationData
from engine.report.revoked import Revocation, find_issuer, revocations

PATH_ALONE = RevocationCheckingPolicy(
    RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK
)
WHAT_IS_DECLARED = RevocationCheckingPolicy.from_legacy("soft-fail")
USAGE = KeyUsageConstraints(key_usage={"digital_signature"})


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the reader trusts, and what is known of revoked certificates."""

    roots: tuple[asn1_x509.Certificate, ...] = ()
    revocation: RevocationData = NO_DATA


@dataclass(frozen=True, slots=True)
class Judged:
    """A signature's status, at `trusted_time` where an authority that the reader trusts vouches for
    one, else now, revocation left aside; by the timestamp in the signature where it `is_stamped`,
    else by an archive timestamp. `revocations` are those of the certificates from the
    signer's to the trusted one, whenever they were; by data that was current at that time the whole
    path `is_unrevoked`."""

    status: PdfSignatureStatus
    trusted_time: datetime.datetime | None
    revocations: tuple[Revocation, ...] = ()
    is_unrevoked: bool = False
    is_stamped: bool = False

    @property
    def path(self) -> tuple[asn1_x509.Certificate, ...]:
        """From the signer's certificate to the trusted one; the signer's alone without trust."""
        return _path(self.status)

    @property
    def is_revoked(self) -> bool:
        """Whether the signature falls with a certificate that was revoked."""
        return any(found.counts_against(self.trusted_time) for found in self.revocations)

    @property
    def problem(self) -> str:
        """Why the signer is not trusted, in a word; empty where they are."""
        if self.is_revoked:
            return "revoked"
        if self.status.trusted:
            return ""
        indication = getattr(self.status.trust_problem_indic, "name", "")
        if "OUT_OF_BOUNDS" in indication:
            return "path_expired"
        return "weak_path" if "CRYPTO" in indication else "untrusted"


def judge(
    signature: EmbeddedPdfSignature, trust: Trust, archived: datetime.datetime | None = None
) -> Judged:
    """Validate a signature; raises whatever a hostile one provokes.

    Parameters
    ----------
    archived : time at which a trusted authority vouches that the file existed as it is, if one
        does; then the signature's own timestamp is judged at that time, and not now
    """
    _be_quiet()
    now = datetime.datetime.now(datetime.UTC)
    status = _validated(signature, trust, archived or now)
    stamp = status.timestamp_validity
    times = [] if archived is None else [archived]
    if is_stamped := stamp is not None and is_sound(stamp, trust, archived):
        times.append(stamp.timestamp)
    trusted_time = min(times, default=None)
    if trusted_time is not None:
        status = _validated(signature, trust, trusted_time, archived or now)
    found = _revocations(status, trust)
    unrevoked = _is_unrevoked(status, trust, trusted_time or now)
    return Judged(status, trusted_time, found, unrevoked, is_stamped)


def judge_stamp(
    stamp: EmbeddedPdfSignature, trust: Trust, archived: datetime.datetime | None
) -> DocumentTimestampStatus:
    """Validate a document timestamp at the time that a later one vouches for, else now."""
    _be_quiet()
    moment = archived or datetime.datetime.now(datetime.UTC)
    return validate_pdf_timestamp(stamp, _context(trust, moment))


def is_sound(
    stamp: TimestampSignatureStatus, trust: Trust, archived: datetime.datetime | None
) -> bool:
    """Whether a timestamp can be relied on: its authority is trusted, and was not revoked; or it
    was, but after the time that a later one vouches for, and for an orderly reason."""
    if not (stamp.intact and stamp.valid and stamp.trusted):
        return False
    found = _revocations(stamp, trust)
    return all(told.is_orderly and not told.counts_against(archived) for told in found)


def _be_quiet() -> None:
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _path(status: SignatureStatus) -> tuple[asn1_x509.Certificate, ...]:
    if not status.trusted or status.validation_path is None:
        return (status.signing_cert,)
    return tuple(reversed(list(status.validation_path)))


def _revocations(status: SignatureStatus, trust: Trust) -> tuple[Revocation, ...]:
    """Of every certificate of a path, told by who issued it; of the signer's alone where it does
    not lead to any that is trusted."""
    if not trust.roots:
        return ()
    path = [x509.load_der_x509_certificate(found.dump()) for found in _path(status)]
    if len(path) == 1:
        known = [*trust.revocation.certificates, *(root.dump() for root in trust.roots)]
        issuer = find_issuer(path[0], known)
        path += [issuer] if issuer and issuer != path[0] else []
    pairs = itertools.pairwise(path)
    return tuple(r for pair in pairs for r in revocations(*pair, trust.revocation))


def _is_unrevoked(status: SignatureStatus, trust: Trust, moment: datetime.datetime) -> bool:
    """Whether data that was current at a moment says of every certificate below the trusted one
    that it is not revoked. pyHanko's own check of a path looks at no OCSP response where the
    certificate names no responder."""
    path = status.validation_path
    if not (trust.revocation and status.trusted and path):
        return False
    context = _context(trust, moment, WHAT_IS_DECLARED)
    return all(_is_good(certificate, path, context) for certificate in _path(status)[:-1])


def _is_good(
    certificate: asn1_x509.Certificate, path: ValidationPath, context: ValidationContext
) -> bool:
    for check in (verify_ocsp_response, verify_crl):
        try:
            asyncio.run(check(certificate, path, context))
        except RevokedError:
            return False
        except Exception:  # not the authority's, not current, not about this one, not readable
            continue
        return True
    return False


def _validated(
    signature: EmbeddedPdfSignature,
    trust: Trust,
    moment: datetime.datetime,
    stamp_moment: datetime.datetime | None = None,
) -> PdfSignatureStatus:
    return validate_pdf_signature(
        signature,
        _context(trust, moment),
        _context(trust, stamp_moment or moment),
        key_usage_settings=USAGE,
    )


def _context(
    trust: Trust, moment: datetime.datetime, rules: RevocationCheckingPolicy = PATH_ALONE
) -> ValidationContext:
    return ValidationContext(
        trust_roots=list(trust.roots),
        other_certs=_loaded(trust.revocation.certificates),
        crls=trust.revocation.crls,
        ocsps=trust.revocation.ocsps,
        moment=moment,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(rules),
    )


def _loaded(encodings: Sequence[bytes]) -> list[asn1_x509.Certificate]:
    return [asn1_x509.Certificate.load(encoded) for encoded in encodings]
