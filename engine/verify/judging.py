"""What pyHanko says of one signature: validated offline, at the time that can be relied on."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import x509 as asn1_x509
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from engine.report.revocation import NO_DATA, RevocationData

_REQUIRED = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
WHOLE_PATH = RevocationCheckingPolicy(_REQUIRED, _REQUIRED)
SIGNER = RevocationCheckingPolicy(_REQUIRED, RevocationCheckingRule.NO_CHECK)
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
    one, else now. By revocation data that was current then the signer's certificate or one above it
    `is_revoked`, or the data covers all of them and none `is_unrevoked`."""

    status: PdfSignatureStatus
    trusted_time: datetime.datetime | None
    is_revoked: bool = False
    is_unrevoked: bool = False

    @property
    def path(self) -> tuple[asn1_x509.Certificate, ...]:
        """From the signer's certificate to the trusted one; the signer's alone without trust."""
        path = self.status.validation_path
        if not self.status.trusted or path is None:
            return (self.status.signing_cert,)
        return tuple(reversed(list(path)))

    @property
    def problem(self) -> str:
        """Why the signer is not trusted, in a word; empty where they are."""
        if self.status.trusted and not self.is_revoked:
            return ""
        if self.is_revoked:
            return "revoked"
        indication = getattr(self.status.trust_problem_indic, "name", "")
        if "OUT_OF_BOUNDS" in indication:
            return "path_expired"
        return "weak_path" if "CRYPTO" in indication else "untrusted"


def judge(signature: EmbeddedPdfSignature, trust: Trust) -> Judged:
    """Validate a signature; raises whatever a hostile one provokes."""
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    now = datetime.datetime.now(datetime.UTC)
    status = _validated(signature, trust, now)
    stamp = status.timestamp_validity
    trusted_time = stamp.timestamp if stamp is not None and _is_sound(stamp) else None
    if trusted_time is not None:
        status = _validated(signature, trust, trusted_time, now)
    if not trust.revocation:
        return Judged(status, trusted_time, _tells_revoked(status))
    moment = trusted_time or now
    strict = [_validated(signature, trust, moment, now, rules) for rules in (WHOLE_PATH, SIGNER)]
    is_revoked = any(map(_tells_revoked, (status, *strict)))
    return Judged(status, trusted_time, is_revoked, strict[0].trusted)


def _tells_revoked(status: PdfSignatureStatus) -> bool:
    indication = getattr(status.trust_problem_indic, "name", "")
    return "REVOKED" in indication and "NOT_REVOKED" not in indication


def _is_sound(stamp: TimestampSignatureStatus) -> bool:
    return stamp.intact and stamp.valid and stamp.trusted


def _validated(
    signature: EmbeddedPdfSignature,
    trust: Trust,
    moment: datetime.datetime,
    stamp_moment: datetime.datetime | None = None,
    rules: RevocationCheckingPolicy = WHAT_IS_DECLARED,
) -> PdfSignatureStatus:
    return validate_pdf_signature(
        signature,
        _context(trust, moment, rules),
        _context(trust, stamp_moment or moment, WHAT_IS_DECLARED),
        key_usage_settings=USAGE,
    )


def _context(
    trust: Trust, moment: datetime.datetime, rules: RevocationCheckingPolicy
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
