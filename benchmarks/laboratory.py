"""A laboratory's keys, made offline: an authority, examiners, reviewers, a clock, a stranger."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.report.revocation import RevocationData, load_revocation
from engine.report.sign import FileIdentity, Proofs
from engine.report.timestamps import TimestampAuthority, load_authority

PASSWORD = b"laboratory"
DAY = datetime.timedelta(days=1)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Told:
    """A revocation as it is told: how long ago it was, why, since how long ago the key is doubted,
    and how old the list or response is."""

    since: datetime.timedelta
    reason: x509.ReasonFlags | None = None
    doubted: datetime.timedelta | None = None
    age: datetime.timedelta = datetime.timedelta(minutes=5)


HALF_A_DAY_AGO = Told(DAY / 2)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key that need not last."""
    return rsa.generate_private_key(65537, bits)


def ec_key() -> ec.EllipticCurvePrivateKey:
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """A root that issues certificates and lists of what it revoked."""

    name: str
    key: ec.EllipticCurvePrivateKey

    @cached_property
    def certificate(self) -> x509.Certificate:
        """Self-signed."""
        return _certificate(self.name, self.key, self, (-100 * DAY, 1000 * DAY), is_authority=True)

    def write(self, folder: Path, name: str) -> Path:
        """The root certificate as a file."""
        path = folder / name
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path

    def identity(
        self,
        name: str,
        key: Key,
        span: tuple[datetime.timedelta, datetime.timedelta] = (-DAY, 400 * DAY),
        stamps: bool = False,
    ) -> FileIdentity:
        """Somebody whom the authority certifies from now + `span`[0] to now + `span`[1]; unlike
        `load_pkcs12` it refuses nobody."""
        purpose = ExtendedKeyUsageOID.TIME_STAMPING if stamps else None
        certificate = _certificate(name, key, self, span, purpose=purpose)
        bundle = pkcs12.serialize_key_and_certificates(
            b"x", key, certificate, [self.certificate], BestAvailableEncryption(PASSWORD)
        )
        chain = (self.certificate.public_bytes(Encoding.DER),)
        return FileIdentity(certificate, bundle, PASSWORD, chain)

    def revocation_list(
        self,
        revoked: Sequence[FileIdentity] = (),
        lasts: datetime.timedelta = 30 * DAY,
        told: Told = HALF_A_DAY_AGO,
    ) -> bytes:
        """A CRL, DER, with everybody revoked as `told`."""
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - told.age)
            .next_update(now + lasts)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(_key_identifier(self.key), critical=False)
        )
        for identity in revoked:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(identity.certificate.serial_number)
                .revocation_date(now - told.since)
            )
            if told.reason is not None:
                entry = entry.add_extension(x509.CRLReason(told.reason), critical=False)
            if told.doubted is not None:
                entry = entry.add_extension(x509.InvalidityDate(now - told.doubted), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer(
        self,
        about: FileIdentity,
        told: Told | None = None,
        lasts: datetime.timedelta = 30 * DAY,
        responder: tuple[x509.Certificate, Key] | None = None,
    ) -> bytes:
        """An OCSP response, DER: good, or revoked as `told`; signed by the authority itself or by
        another `responder`, whose certificate is attached."""
        now = datetime.datetime.now(datetime.UTC)
        certificate, key = responder or (self.certificate, self.key)
        status = ocsp.OCSPCertStatus
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                about.certificate,
                self.certificate,
                hashes.SHA256(),
                status.REVOKED if told else status.GOOD,
                now - (told or HALF_A_DAY_AGO).age,
                now + lasts,
                now - told.since if told else None,
                told.reason if told else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, certificate)
        )
        if responder:
            builder = builder.certificates([certificate])
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    def responder(self, key: Key, answers: bool = True) -> tuple[x509.Certificate, Key]:
        """A key with a certificate that is for OCSP responses, unless it does not answer."""
        purpose = ExtendedKeyUsageOID.OCSP_SIGNING if answers else ExtendedKeyUsageOID.CLIENT_AUTH
        span = (-DAY, 400 * DAY)
        return _certificate("Responder", key, self, span, purpose=purpose), key


def _key_identifier(key: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _certificate(
    name: str,
    key: Key,
    issuer: Authority,
    span: tuple[datetime.timedelta, datetime.timedelta],
    is_authority: bool = False,
    purpose: x509.ObjectIdentifier | None = None,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    subject, issued_by = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer.name)
    )
    usage = [not is_authority, not (is_authority or purpose), *[False] * 3, *[is_authority] * 2]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + span[0])
        .not_valid_after(now + span[1])
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.KeyUsage(*usage, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_identifier(issuer.key), critical=False)
    )
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(issuer.key, hashes.SHA256())


class Laboratory:
    """Files and identities of a laboratory; every identity is trusted by `root`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority("Laboratory root", ec_key())
        self.root = self.authority.write(folder, "root.pem")
        self.crl = self.keep("root.crl", self.authority.revocation_list())
        self.examiner = self.authority.identity("감정인 Kim", rsa_key())
        self.other_examiner = self.authority.identity("Examiner Park", ec_key())
        self.reviewer = self.authority.identity("검토자 Lee", ec_key())
        self.other_reviewer = self.authority.identity("Reviewer Choi", rsa_key())
        self.stranger = Authority("Somebody else", ec_key()).identity("감정인 Kim", ec_key())

    def keep(self, name: str, content: bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    @cached_property
    def clock(self) -> TimestampAuthority:
        """The laboratory's own timestamp authority."""
        return self.clock_of(self.authority)

    def clock_of(self, authority: Authority) -> TimestampAuthority:
        """A timestamp authority that another root certifies."""
        identity = authority.identity("Laboratory clock", ec_key(), stamps=True)
        return load_authority(self.write(identity, "clock.p12"), PASSWORD)

    @cached_property
    def revocation(self) -> RevocationData:
        """The CRL that revokes nobody."""
        return load_revocation([self.crl])

    def write(self, identity: FileIdentity, name: str) -> Path:
        """An identity as a PKCS#12 file."""
        return self.keep(name, identity._pkcs12)

    def proven(self, identity: FileIdentity) -> FileIdentity:
        """An identity that signs with a timestamp and a CRL."""
        return replace(identity, proofs=Proofs(self.clock, self.revocation))
