"""Signing identities on PKCS#11 tokens: the private key never leaves the token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import PinIncorrect, PinInvalid, PinLenRange, PinLocked, PKCS11Error
from pyhanko.sign.pkcs11 import PKCS11Signer
from pyhanko.sign.signers import Signer

from engine.errors import ErrorCode, SeongmunError
from engine.report.sign import Proofs, common_name, require_usable


@dataclass(frozen=True, slots=True)
class TokenIdentity:
    """A certificate on a token, its key beside it, while the session is open. An `Identity`."""

    certificate: x509.Certificate
    _session: Any
    _id: bytes
    chain: tuple[bytes, ...] = ()
    proofs: Proofs = field(default=Proofs())

    def signer(self) -> Signer:
        """See `engine.report.sign.Identity`."""
        # Tokens sign the hash of elliptic-curve signatures, not the document.
        raw = isinstance(self.certificate.public_key(), ec.EllipticCurvePublicKey)
        return PKCS11Signer(self._session, cert_id=self._id, key_id=self._id, use_raw_mechanism=raw)


@contextmanager
def open_token(
    module: Path, pin: str, token_label: str | None = None, signer_name: str | None = None
) -> Iterator[TokenIdentity]:
    """The signing identity of a token while the block runs.

    Parameters
    ----------
    module : the token maker's PKCS#11 library
    token_label : which token, where there are several
    signer_name : common name of the certificate, where there are several with a key

    Raises
    ------
    SeongmunError
        TOKEN_MODULE, TOKEN_MISSING, TOKEN_CHOICE, TOKEN_PIN, TOKEN_PIN_LOCKED, KEY_INVALID where no
        certificate has its key beside it; KEY_EXPIRED, KEY_WEAK.
    """
    token = _token(module, token_label)
    try:
        session = token.open(user_pin=pin)
    except PinLocked as error:
        raise SeongmunError(ErrorCode.TOKEN_PIN_LOCKED, token=token.label) from error
    except (PinIncorrect, PinInvalid, PinLenRange) as error:
        raise SeongmunError(ErrorCode.TOKEN_PIN, token=token.label) from error
    except PKCS11Error as error:
        raise SeongmunError(ErrorCode.TOKEN_MISSING, path=str(module)) from error
    with session:
        certificate, identifier, chain = _certificate(session, token.label, signer_name)
        require_usable(certificate, token.label)
        yield TokenIdentity(certificate, session, identifier, chain)


def _token(module: Path, label: str | None) -> Any:
    try:
        library = pkcs11.lib(str(module))
        library.reinitialize()  # tokens that came or went since
        tokens = [token for token in library.get_tokens() if _is_ready(token)]
    except (PKCS11Error, OSError, RuntimeError) as error:
        raise SeongmunError(ErrorCode.TOKEN_MODULE, path=str(module)) from error
    found = [token for token in tokens if label in (None, token.label)]
    if not found:
        raise SeongmunError(ErrorCode.TOKEN_MISSING, path=str(module))
    if len(found) > 1:
        names = ", ".join(sorted(token.label for token in found))
        raise SeongmunError(ErrorCode.TOKEN_CHOICE, names=names)
    return found[0]


def _is_ready(token: Any) -> bool:
    return bool(token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED)


def _certificate(
    session: Any, token: str, signer_name: str | None
) -> tuple[x509.Certificate, bytes, tuple[bytes, ...]]:
    """The certificate with a private key of the same identifier, that, and the certificates without
    a key."""
    keys = {
        key[Attribute.ID] for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
    }
    found, others = [], []
    for entry in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
        certificate = x509.load_der_x509_certificate(entry[Attribute.VALUE])
        wanted = signer_name in (None, common_name(certificate))
        if entry[Attribute.ID] not in keys:
            others.append(bytes(entry[Attribute.VALUE]))
        elif wanted:
            found.append((certificate, bytes(entry[Attribute.ID])))
    if not found:
        raise SeongmunError(ErrorCode.KEY_INVALID, path=token)
    if len(found) > 1:
        names = ", ".join(sorted(common_name(certificate) for certificate, _ in found))
        raise SeongmunError(ErrorCode.TOKEN_CHOICE, names=names)
    return (*found[0], tuple(others))
