"""What authorities say of a certificate in CRLs and OCSP responses: since when it is revoked, why.

Whether the data is current does not matter here: a revocation is not taken back. Whether it is the
authority's own does.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from asn1crypto import ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator

from engine.report.revocation import RevocationData

UNSPECIFIED = "unspecified"
COMPROMISED = frozenset({"key_compromise", "ca_compromise", "aa_compromise"})
ORDERLY = frozenset(
    {"affiliation_changed", "superseded", "cessation_of_operation", "privilege_withdrawn"}
)


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a certificate is revoked: since when, why (as in RFC 5280, with underscores), and since
    when its key may have been in other hands, where the authority says so."""

    since: datetime.datetime
    reason: str = UNSPECIFIED
    invalid_since: datetime.datetime | None = None

    def counts_against(self, moment: datetime.datetime | None) -> bool:
        """Whether a signature that existed at `moment` falls with it; None is a signature of which
        nobody knows when it came to be."""
        if moment is None or self.reason in COMPROMISED:
            return True
        return min(self.since, self.invalid_since or self.since) <= moment

    @property
    def is_orderly(self) -> bool:
        """Whether the reason says nothing against what the key signed before."""
        return self.reason in ORDERLY


def revocations(
    certificate: x509.Certificate, issuer: x509.Certificate | None, data: RevocationData
) -> tuple[Revocation, ...]:
    """Every statement of `issuer`, or of a responder that it appointed, that the certificate is
    revoked; none where there is none or its signature does not hold. Without an issuer statements
    in its name are taken at their word. What is told once without a reason and once with one is
    told once."""
    found = [*_listed(certificate, issuer, data.crls), *_told(certificate, issuer, data.ocsps)]
    explained = {told.since for told in found if told.reason != UNSPECIFIED}
    bare = {Revocation(since) for since in explained}
    return tuple(told for told in dict.fromkeys(found) if told not in bare)


def find_issuer(
    certificate: x509.Certificate, encodings: Sequence[bytes]
) -> x509.Certificate | None:
    """Who issued a certificate, among others (DER)."""
    for encoded in encodings:
        candidate = x509.load_der_x509_certificate(encoded)
        if _is_issued_by(certificate, candidate):
            return candidate
    return None


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _listed(
    certificate: x509.Certificate, issuer: x509.Certificate | None, crls: Sequence[bytes]
) -> Iterator[Revocation]:
    for encoded in crls:
        found = x509.load_der_x509_crl(encoded)
        entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None or found.issuer != certificate.issuer:
            continue
        if issuer is not None and not _is_from(found, issuer):
            continue
        said = {type(e.value): e.value for e in entry.extensions}
        reason: Any = said.get(x509.CRLReason)
        since: Any = said.get(x509.InvalidityDate)
        name = reason.reason.name if reason else UNSPECIFIED
        if name != "remove_from_crl":
            yield Revocation(
                entry.revocation_date_utc, name, since.invalidity_date_utc if since else None
            )


def _is_from(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except Exception:  # whatever another kind of key provokes
        return False


def _told(
    certificate: x509.Certificate, issuer: x509.Certificate | None, responses: Sequence[bytes]
) -> Iterator[Revocation]:
    for encoded in responses:
        basic = ocsp.OCSPResponse.load(encoded)["response_bytes"]["response"].parsed
        answers = [
            answer
            for answer in basic["tbs_response_data"]["responses"]
            if answer["cert_status"].name == "revoked" and _is_about(answer["cert_id"], certificate)
        ]
        if answers and (issuer is None or _is_authentic(basic, issuer)):
            yield from map(_answered, answers)


def _is_about(asked: ocsp.CertId, certificate: x509.Certificate) -> bool:
    loaded = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    name_hash = getattr(loaded.issuer, asked["hash_algorithm"]["algorithm"].native)
    same_serial = asked["serial_number"].native == certificate.serial_number
    return bool(same_serial and asked["issuer_name_hash"].native == name_hash)


def _is_authentic(basic: ocsp.BasicOCSPResponse, issuer: x509.Certificate) -> bool:
    """Whether the issuer signed a response, or a responder whose certificate it issued for that."""
    attached = [x509.load_der_x509_certificate(c.dump()) for c in basic["certs"] or ()]
    responders = [c for c in attached if _is_issued_by(c, issuer) and _answers(c)]
    return any(_is_signed_by(basic, responder) for responder in (issuer, *responders))


def _answers(responder: x509.Certificate) -> bool:
    try:
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage.value


def _is_signed_by(basic: ocsp.BasicOCSPResponse, responder: x509.Certificate) -> bool:
    loaded = asn1_x509.Certificate.load(responder.public_bytes(Encoding.DER))
    try:
        DefaultSignatureValidator().validate_signature(
            basic["signature"].native,
            basic["tbs_response_data"].dump(),
            loaded.public_key,
            basic["signature_algorithm"],
        )
    except Exception:  # whatever another kind of key provokes
        return False
    return True


def _answered(answer: ocsp.SingleResponse) -> Revocation:
    told = answer["cert_status"].chosen
    extensions = answer["single_extensions"].native or ()
    said = {extension["extn_id"]: extension["extn_value"] for extension in extensions}
    reason = told["revocation_reason"].native or said.get("crl_reason") or UNSPECIFIED
    return Revocation(told["revocation_time"].native, reason, said.get("invalidity_date"))
