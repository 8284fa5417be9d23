"""PAdES signatures with identities of PKCS#12 files; those of tokens are in `tokens`.

The examiner's signature certifies the document: afterwards nothing may be added but the signature
of a reviewer, in the field that is prepared for it (ADR 20).
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import Signer
from pyhanko.stamp import BaseStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.report.places import stamp
from engine.report.revocation import NO_DATA, RevocationData, add_to_store
from engine.report.revoked import find_issuer, revocations
from engine.report.roles import EXAMINER, REVIEWER
from engine.report.strength import weakness

if TYPE_CHECKING:
    from engine.report.timestamps import TimestampAuthority

DEMO_NAME = "DEMO - NOT FOR CASEWORK"
DEMO_DAYS = 3650
CONTENTS_BYTES = 32768
PDF_VERSION = (1, 7)


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a signature is to carry besides itself: the time of an authority, and what shows that no
    certificate was revoked."""

    authority: TimestampAuthority | None = None
    revocation: RevocationData = NO_DATA


class Identity(Protocol):
    """Who signs."""

    @property
    def certificate(self) -> x509.Certificate: ...

    @property
    def proofs(self) -> Proofs: ...

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Certificates of authorities that came along, DER."""
        ...

    def signer(self) -> Signer:
        """What pyHanko signs with; puts no certificate but the signer's into the signature, whose
        others no signature would protect."""
        ...


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """An opened PKCS#12 file. An `Identity`."""

    certificate: x509.Certificate
    _pkcs12: bytes
    _password: bytes
    chain: tuple[bytes, ...] = ()
    proofs: Proofs = field(default=Proofs())

    def signer(self) -> Signer:
        """See `Identity`."""
        key, _, _ = pkcs12.load_key_and_certificates(self._pkcs12, self._password)
        assert key is not None
        encoded = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return signers.SimpleSigner(
            asn1_x509.Certificate.load(self.certificate.public_bytes(Encoding.DER)),
            keys.PrivateKeyInfo.load(encoded),
            SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        )


def common_name(certificate: x509.Certificate) -> str:
    """Common name of a certificate's subject, or the whole subject where it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def load_pkcs12(path: Path, password: bytes) -> FileIdentity:
    """Open a signing identity and refuse one that must not sign.

    Raises
    ------
    SeongmunError
        KEY_MISSING, KEY_PASSWORD, KEY_INVALID, KEY_EXPIRED, KEY_WEAK.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeongmunError(ErrorCode.KEY_MISSING, path=str(path)) from error
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    except ValueError as error:
        wrong_password = "password" in str(error).lower()
        code = ErrorCode.KEY_PASSWORD if wrong_password else ErrorCode.KEY_INVALID
        raise SeongmunError(code, path=str(path)) from error
    except UnsupportedAlgorithm as error:
        raise SeongmunError(ErrorCode.KEY_WEAK, path=str(path)) from error
    if key is None or certificate is None or key.public_key() != certificate.public_key():
        raise SeongmunError(ErrorCode.KEY_INVALID, path=str(path))
    require_usable(certificate, str(path))
    chain = tuple(other.public_bytes(Encoding.DER) for other in others)
    return FileIdentity(certificate, content, password, chain)


def require_usable(certificate: x509.Certificate, path: str) -> None:
    """Refuse a certificate that must not sign now; `path` names where it comes from.

    Raises
    ------
    SeongmunError
        KEY_WEAK, KEY_EXPIRED.
    """
    if weakness(certificate):
        raise SeongmunError(ErrorCode.KEY_WEAK, path=path)
    now = datetime.datetime.now(datetime.UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SeongmunError(ErrorCode.KEY_EXPIRED, path=path)


def make_demo_identity(pkcs12_path: Path, certificate_path: Path, password: bytes) -> None:
    """Write a self-signed P-256 identity that says it is for demonstration only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, DEMO_NAME),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Seongmun demo"),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=DEMO_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    protection = BestAvailableEncryption(password)
    bundle = pkcs12.serialize_key_and_certificates(
        DEMO_NAME.encode(), key, certificate, None, protection
    )
    write_atomic(pkcs12_path, bundle)
    write_atomic(certificate_path, certificate.public_bytes(Encoding.PEM))


def sign_report(pdf: bytes, identity: Identity, reason: str) -> bytes:
    """Certify a PDF as its examiner (PAdES, SHA-256): only the reviewer may still sign.

    Shows the signature in the place that is prepared for it, if there is one; fonts must be
    registered then.

    Raises
    ------
    SeongmunError
        SIGN_FAILED, KEY_REVOKED.
    """

    def prepare(writer: BasePdfFileWriter) -> None:
        present = {name for name, _, _ in fields.enumerate_sig_fields(writer)}
        for name in (EXAMINER, REVIEWER):
            if name not in present:
                fields.append_signature_field(writer, fields.SigFieldSpec(name))

    policy = {"certify": True, "docmdp_permissions": fields.MDPPerm.FILL_FORMS}
    return _sign(pdf, identity, EXAMINER, reason, prepare, policy)


def countersign_report(pdf: bytes, identity: Identity, reason: str) -> bytes:
    """Sign an examiner's report as its reviewer; see `sign_report`. Does not check the report.

    Raises
    ------
    SeongmunError
        SIGN_FAILED, KEY_REVOKED, COUNTERSIGN_NO_PLACE.
    """

    def prepare(writer: BasePdfFileWriter) -> None:
        empty = [name for name, value, _ in fields.enumerate_sig_fields(writer) if value is None]
        if REVIEWER not in empty:
            raise SeongmunError(ErrorCode.COUNTERSIGN_NO_PLACE)

    return _sign(pdf, identity, REVIEWER, reason, prepare, {})


def _sign(
    pdf: bytes,
    identity: Identity,
    name: str,
    reason: str,
    prepare: Callable[[BasePdfFileWriter], None],
    policy: Mapping[str, Any],
) -> bytes:
    proofs = identity.proofs
    if _is_revoked(identity):
        raise SeongmunError(ErrorCode.KEY_REVOKED, name=common_name(identity.certificate))
    signer, output = identity.signer(), io.BytesIO()
    metadata = signers.PdfSignatureMetadata(
        field_name=name,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        name=common_name(identity.certificate),
        reason=reason,
        **policy,
    )
    try:
        writer = QuietWriter(io.BytesIO(pdf))
        prepare(writer)
        add_to_store(writer, RevocationData(_certificates(identity)) + proofs.revocation)
        _QuietSigner(
            metadata,
            signer,
            timestamper=proofs.authority,
            stamp_style=_stamp(writer, name, metadata),
        ).sign_pdf(writer, existing_fields_only=True, output=output, bytes_reserved=CONTENTS_BYTES)
    except SeongmunError:
        raise
    except Exception as error:  # pyHanko raises many kinds; none may leave a half-signed report
        raise SeongmunError(ErrorCode.SIGN_FAILED, reason=str(error)) from error
    return output.getvalue()


def _is_revoked(identity: Identity) -> bool:
    """Whether the data that is to be kept says so."""
    data = identity.proofs.revocation
    issuer = find_issuer(identity.certificate, (*identity.chain, *data.certificates))
    return bool(revocations(identity.certificate, issuer, data))


def _certificates(identity: Identity) -> tuple[bytes, ...]:
    """Of the signer, of who certified them, and of the timestamp authority."""
    authority = identity.proofs.authority
    own = identity.certificate.public_bytes(Encoding.DER)
    return (own, *identity.chain, *(authority.certificates if authority else ()))


def _stamp(
    writer: BasePdfFileWriter, name: str, metadata: signers.PdfSignatureMetadata
) -> BaseStampStyle | None:
    """What the signature shows; nothing where its field has no area."""
    found = {n: reference for n, _, reference in fields.enumerate_sig_fields(writer)}
    left, bottom, right, top = (float(x) for x in found[name].get_object()["/Rect"])
    if left == right or bottom == top:
        return None
    return stamp(metadata.name or "", metadata.reason or "", (left, bottom, right, top))


class QuietWriter(IncrementalPdfFileWriter):
    """Leaves dates, metadata and version of the document as they are."""

    output_version = PDF_VERSION

    def _update_meta(self) -> None:
        pass


class _QuietSigner(signers.PdfSigner):
    """Declares no extensions in the catalog, which a reviewer must not touch."""

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        pass
