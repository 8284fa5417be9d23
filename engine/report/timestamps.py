"""Timestamps (RFC 3161) of a laboratory's own authority: a PKCS#12 file, no network."""

from __future__ import annotations

import datetime
import secrets
from pathlib import Path

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import TimeStamper

from engine.errors import ErrorCode, SeongmunError
from engine.report.sign import FileIdentity, load_pkcs12

# "As the laboratory keeps its clock": an identifier from a UUID (X.667), so it needs no registrar.
POLICY = "2.25.291406371582346081722386540277216430593"
SERIAL_BITS = 120


def load_authority(path: Path, password: bytes) -> TimestampAuthority:
    """Open the key of a timestamp authority.

    Raises
    ------
    SeongmunError
        KEY_* as for a signer; TIMESTAMP_PURPOSE where the certificate is not for timestamps alone.
    """
    identity = load_pkcs12(path, password)
    if not _is_for_timestamps(identity.certificate):
        raise SeongmunError(ErrorCode.TIMESTAMP_PURPOSE, path=str(path))
    return TimestampAuthority(identity)


def _is_for_timestamps(certificate: x509.Certificate) -> bool:
    """RFC 3161, 2.3: the one extended key usage, critical."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


class TimestampAuthority(TimeStamper):
    """Answers pyHanko's requests with the clock of this machine."""

    def __init__(self, identity: FileIdentity) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._signer = identity.signer()
        own = identity.certificate.public_bytes(Encoding.DER)
        self.certificates = (own, *identity.chain)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """A granted response to a request; pyHanko calls it so, though nothing waits here."""
        content = cms.EncapsulatedContentInfo(
            {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(self._info(req).dump()),
            }
        )
        algorithm = req["message_imprint"]["hash_algorithm"]["algorithm"].native
        token = await self._signer.async_sign_general_data(content, algorithm, detached=False)
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})

    def _info(self, request: tsp.TimeStampReq) -> tsp.TSTInfo:
        signer = self._signer.signing_cert
        assert signer is not None
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        info = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": request["message_imprint"],
            "serial_number": secrets.randbits(SERIAL_BITS),
            "gen_time": now,
            "nonce": request["nonce"],
            "tsa": asn1_x509.GeneralName(name="directory_name", value=signer.subject),
        }
        return tsp.TSTInfo(info)
