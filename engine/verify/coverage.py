"""Does the signature pin down every byte of the file?

A signature protects neither the hexadecimal digits it is written in nor the outer fields of its CMS
structure, so these are compared with the one encoding that the rest allows: every byte of the file
is either signed or determined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from asn1crypto import cms, core, parser
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature

BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
CONTENT_INFO_FIELDS, SIGNED_DATA_FIELDS, SIGNER_INFO_FIELDS = 2, 5, 6
CONSTRUCTED = 1
BIT_STRING = (0, 3)
NULL = b"\x05\x00"
MOST_NESTED = 32
MOST_CONTENTS = 1 << 17


def revisions(pdf: bytes) -> list[bytes]:
    """The file as each of its signatures left it; the last is the whole file."""
    ranges = _byte_ranges(pdf)
    ends = [found[2] + found[3] for found in ranges[:-1]]
    gaps = [found[1] for found in ranges[1:]]
    follows = all(0 < end <= gap <= len(pdf) for end, gap in zip(ends, gaps, strict=True))
    return [*(pdf[:end] for end in ends), pdf] if follows and ends == sorted(ends) else [pdf]


def first_revision(pdf: bytes) -> bytes:
    """The file as the first of its signatures left it."""
    return revisions(pdf)[0]


def coverage_fault(pdf: bytes, signatures: int = 1, is_stamp: bool = False) -> str:
    """Why the last of some signatures, or a document timestamp, does not pin down every byte of the
    file; empty where it does."""
    found = _byte_ranges(pdf)
    if len(found) != signatures:
        return "byte_range"
    start, first, second, rest = found[-1]
    if start != 0 or second + rest != len(pdf) or not 0 < first < second:
        return "not_whole_file"
    gap = pdf[first:second]
    if len(gap) > MOST_CONTENTS or not re.fullmatch(rb"<(?:[0-9A-F]{2})+>", gap):
        return "contents_encoding"
    padded = bytes.fromhex(gap[1:-1].decode("ascii"))
    try:
        length = parser.peek(padded)
        if any(padded[length:]):
            return "contents_encoding"
        _require_der(padded[:length])
        content = cms.ContentInfo.load(padded[:length], strict=True)
        return _token_fault(content) if is_stamp else _cms_fault(content)
    except Exception as error:  # whatever a hostile structure provokes in the parsers
        return f"contents_{type(error).__name__}"


def _byte_ranges(pdf: bytes) -> list[tuple[int, ...]]:
    return [tuple(map(int, found)) for found in BYTE_RANGE.findall(pdf)]


def _require_der(encoded: bytes, depth: int = 0) -> None:
    """Demand that every length is the shortest, that parts fill every structure, and that
    signatures are whole bytes.

    Raises
    ------
    ValueError
    """
    if depth > MOST_NESTED:
        raise ValueError("nested too deep")
    for element in _elements(encoded):
        class_, method, tag, _, content, _ = parser.parse(element)
        if parser.emit(class_, method, tag, content) != element:
            raise ValueError("not DER")
        if (class_, tag) == BIT_STRING and content[:1] != b"\0":
            raise ValueError("bits left over")
        if method == CONSTRUCTED:
            _require_der(content, depth + 1)


def _elements(encoded: bytes) -> Iterator[bytes]:
    """The encodings that lie end to end in `encoded`."""
    while encoded:
        length = parser.peek(encoded)
        yield encoded[:length]
        encoded = encoded[length:]


def _n_fields(value: core.Asn1Value) -> int:
    return sum(1 for _ in _elements(value.contents))


def _cms_fault(content: cms.ContentInfo) -> str:
    """Fields of a signature that no signature covers must say what they can only say; a timestamp
    is the one that may be added, and is held to the same."""
    fault = _signed_data_fault(content, "data", "v1")
    info = content["content"]["signer_infos"][0]
    if fault or isinstance(info["unsigned_attrs"], core.Void):
        return fault or _fields_fault(info, SIGNER_INFO_FIELDS)
    if fault := _fields_fault(info, SIGNER_INFO_FIELDS + 1):
        return fault
    attributes = info["unsigned_attrs"]
    if len(attributes) != 1 or attributes[0]["type"].native != "signature_time_stamp_token":
        return "cms_structure"
    if len(attributes[0]["values"]) != 1:
        return "cms_structure"
    return _token_fault(attributes[0]["values"][0])


def _token_fault(token: cms.ContentInfo) -> str:
    stamp = token["content"]["signer_infos"][0]
    return _signed_data_fault(token, "tst_info", "v3") or _fields_fault(stamp, SIGNER_INFO_FIELDS)


def _fields_fault(info: cms.SignerInfo, expected: int) -> str:
    return "" if _n_fields(info) == expected else "cms_structure"


def _signed_data_fault(content: cms.ContentInfo, kind: str, version: str) -> str:
    """What lies around one signer's signature over content of a kind; data is not in it."""
    data = content["content"]
    if content["content_type"].native != "signed_data" or len(data["signer_infos"]) != 1:
        return "cms_structure"
    info = data["signer_infos"][0]
    certificates = [choice.chosen for choice in data["certificates"]]
    signer = [c for c in certificates if c.serial_number == _serial(info)]
    if len(signer) != 1 or info["sid"].chosen["issuer"].dump() != signer[0].issuer.dump():
        return "cms_signer"
    algorithm, encodings = info["digest_algorithm"], [c.dump() for c in certificates]
    signed = data["encap_content_info"]
    is_detached = isinstance(signed["content"], core.Void) or signed["content"].native is None
    expected = (
        _n_fields(content) == CONTENT_INFO_FIELDS,
        _n_fields(data) == SIGNED_DATA_FIELDS,
        data["version"].native == version and info["version"].native == "v1",
        len(data["digest_algorithms"]) == 1,
        data["digest_algorithms"][0].dump() == algorithm.dump(),
        algorithm["parameters"].dump() == NULL,
        signed["content_type"].native == kind,
        is_detached == (kind == "data"),
        isinstance(data["crls"], core.Void),
        info["sid"].name == "issuer_and_serial_number",
        encodings == sorted(set(encodings)),
        all(c is signer[0] or _is_vouched_for(c, certificates) for c in certificates),
    )
    return "" if all(expected) else "cms_structure"


def _serial(info: cms.SignerInfo) -> int:
    return int(info["sid"].chosen["serial_number"].native)


def _is_vouched_for(
    certificate: asn1_x509.Certificate, certificates: Sequence[asn1_x509.Certificate]
) -> bool:
    """Whether an attached certificate's own signature holds, so that no byte of it is free.

    The signer's own is bound by the signed attributes.
    """
    loaded = x509.load_der_x509_certificate(certificate.dump())
    for issuer in (c for c in certificates if c.subject == certificate.issuer):
        try:
            loaded.verify_directly_issued_by(x509.load_der_x509_certificate(issuer.dump()))
        except (InvalidSignature, ValueError, TypeError):
            continue
        return True
    return False
