"""PAdES-B-B signatures with identities of PKCS#12 files; those of tokens are in `tokens`.

The signature certifies the document: nothing may be changed or appended afterwards.
"""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import Signer

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic

FIELD_NAME = "SeongmunExaminer"
MINIMUM_RSA_BITS = 2048
STRONG_CURVES = ("secp256r1", "secp384r1", "secp521r1")
WEAK_HASHES = ("md5", "sha1")
DEMO_NAME = "DEMO - NOT FOR CASEWORK"
DEMO_DAYS = 3650
CONTENTS_BYTES = 16384


class Identity(Protocol):
    """Who signs."""

    @property
    def certificate(self) -> x509.Certificate: ...

    def signer(self) -> Signer:
        """What pyHanko signs with (raises SIGN_FAILED)."""
        ...


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """An opened PKCS#12 file. An `Identity`."""

    certificate: x509.Certificate
    _pkcs12: bytes
    _password: bytes

    def signer(self) -> Signer:
        """See `Identity`."""
        found: Signer | None = signers.SimpleSigner.load_pkcs12_data(
            self._pkcs12, other_certs=[], passphrase=self._password
        )
        if found is None:
            raise SeongmunError(ErrorCode.SIGN_FAILED, reason="PKCS#12")
        return found


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
        key, certificate, _ = pkcs12.load_key_and_certificates(content, password)
    except ValueError as error:
        wrong_password = "password" in str(error).lower()
        code = ErrorCode.KEY_PASSWORD if wrong_password else ErrorCode.KEY_INVALID
        raise SeongmunError(code, path=str(path)) from error
    except UnsupportedAlgorithm as error:
        raise SeongmunError(ErrorCode.KEY_WEAK, path=str(path)) from error
    if key is None or certificate is None or key.public_key() != certificate.public_key():
        raise SeongmunError(ErrorCode.KEY_INVALID, path=str(path))
    require_usable(certificate, str(path))
    return FileIdentity(certificate, content, password)


def require_usable(certificate: x509.Certificate, path: str) -> None:
    """Refuse a certificate that must not sign now; `path` names where it comes from.

    Raises
    ------
    SeongmunError
        KEY_WEAK, KEY_EXPIRED.
    """
    try:
        key, algorithm = certificate.public_key(), certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError) as error:
        raise SeongmunError(ErrorCode.KEY_WEAK, path=path) from error
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MINIMUM_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in STRONG_CURVES
    )
    if not strong or (algorithm is not None and algorithm.name in WEAK_HASHES):
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
    """Certify a PDF (PAdES-B-B, SHA-256, no changes allowed).

    Raises
    ------
    SeongmunError
        SIGN_FAILED.
    """
    signer = identity.signer()
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD_NAME,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        name=common_name(identity.certificate),
        reason=reason,
    )
    output = io.BytesIO()
    try:
        signers.PdfSigner(metadata, signer).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)),
            output=output,
            bytes_reserved=CONTENTS_BYTES,
        )
    except Exception as error:  # pyHanko raises many kinds; none may leave a half-signed report
        raise SeongmunError(ErrorCode.SIGN_FAILED, reason=str(error)) from error
    return output.getvalue()
