"""Which keys and hashes are too weak to sign evidence (BSI TR-02102, NIST SP 800-57)."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

MINIMUM_RSA_BITS = 2048
STRONG_CURVES = ("secp256r1", "secp384r1", "secp521r1")
WEAK_HASHES = ("md5", "sha1")


def weakness(certificate: x509.Certificate) -> str:
    """What makes a certificate too weak: ``weak_key``, ``weak_hash``, or nothing."""
    try:
        key, algorithm = certificate.public_key(), certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return "weak_key"
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= MINIMUM_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in STRONG_CURVES
    )
    if not strong:
        return "weak_key"
    return "weak_hash" if algorithm is not None and algorithm.name in WEAK_HASHES else ""
