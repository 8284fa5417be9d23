"""Whether a file holds all that its container declares.

Decoders read what is there and say nothing of what is missing; a recording must not shrink in
silence. A check returns the position at which the declared content ends: `UNKNOWN` where the
container does not tell, `MISSING` where a part is absent or damaged. Runs in the decoding process,
hence the standard library only.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

UNKNOWN = -1
MISSING = 1 << 64
UNKNOWN_LENGTHS = (0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000)
ASF_MAGIC = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
# Bytes per frame by frame type, with the type octet (3GPP TS 26.101, 26.201; RFC 4867, section 5).
AMR_FRAME_BYTES = {
    b"#!AMR\n": (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1),
    b"#!AMR-WB\n": (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1),
}
# Bit rates of MPEG-1 and MPEG-2 layer III in kbit/s (ISO 11172-3, 2.4.2.3; 13818-3, 2.4.2.3).
MP3_KBIT_S = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
MP3_RATE_HZ = (44100, 48000, 32000, 0)
XING_OFFSETS_BYTES = (13, 21, 36)  # from the frame's header to its tag
MIRRORED_BITS = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def completeness_warnings(file: BinaryIO) -> set[str]:
    """``audio.truncated`` or ``audio.length_unknown``, or nothing; the position is kept."""
    position = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(16)
    try:
        end = next((check(file, size) for matches, check in CHECKS if matches(head)), size)
    finally:
        file.seek(position)
    if end == UNKNOWN:
        return {"audio.length_unknown"}
    return {"audio.truncated"} if end > size else set()


def _read(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)


def _chunks(file: BinaryIO, size: int, start: int, layout: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, length, position of the body) of chunks with a (name, length) header."""
    header = struct.Struct(layout)
    position = start
    while position + header.size <= size:
        name, length = header.unpack(_read(file, position, header.size))
        yield name, length, position + header.size
        position += header.size + max(0, length) + length % 2 * layout.endswith("I")


def _data_end(file: BinaryIO, size: int, start: int, layout: str, data: bytes) -> int:
    for name, length, body in _chunks(file, size, start, layout):
        if name == data:
            return UNKNOWN if length in (*UNKNOWN_LENGTHS, -1) else body + length
    return MISSING


def _wave_end(file: BinaryIO, size: int) -> int:
    return _data_end(file, size, 12, "<4sI", b"data")


def _rf64_end(file: BinaryIO, size: int) -> int:
    """RF64 keeps the length of its data in the ``ds64`` chunk (EBU Tech 3306)."""
    sizes = _read(file, 12, 24)
    if len(sizes) < 24 or sizes[:4] != b"ds64":
        return MISSING
    (length,) = struct.unpack("<Q", sizes[16:])
    for name, _, body in _chunks(file, size, 12, "<4sI"):
        if name == b"data":
            return body + int(length) if length else UNKNOWN
    return MISSING


def _avi_end(file: BinaryIO, size: int) -> int:
    """An AVI is one RIFF chunk, or several of them (OpenDML)."""
    end = 0
    for name, length, body in _chunks(file, size, 0, "<4sI"):
        if name != b"RIFF":
            break
        if length in UNKNOWN_LENGTHS:
            return UNKNOWN
        end = body + length
    return end


def _aiff_end(file: BinaryIO, size: int) -> int:
    return _data_end(file, size, 12, ">4sI", b"SSND")


def _caf_end(file: BinaryIO, size: int) -> int:
    return _data_end(file, size, 8, ">4sq", b"data")


def _au_end(file: BinaryIO, size: int) -> int:
    header = _read(file, 4, 8)
    if len(header) < 8:
        return MISSING
    offset, length = struct.unpack(">II", header)
    return UNKNOWN if length == 0xFFFFFFFF else int(offset + length)


def _w64_end(file: BinaryIO, size: int) -> int:
    header = _read(file, 16, 8)
    if len(header) < 8:
        return MISSING
    return int(struct.unpack("<Q", header)[0]) or UNKNOWN


def _asf_end(file: BinaryIO, size: int) -> int:
    position = 0
    while position + 24 <= size:
        (length,) = struct.unpack("<Q", _read(file, position + 16, 8))
        if length < 24:
            return UNKNOWN
        position += length
    return position


def _mp4_end(file: BinaryIO, size: int) -> int:
    """Top-level boxes (ISO 14496-12, 4.2); phones append data of their own that is no box."""
    position, names = 0, set()
    while position + 8 <= size:
        length, name = struct.unpack(">I4s", _read(file, position, 8))
        if length == 1:
            length = int.from_bytes(_read(file, position + 8, 8), "big")
        if length == 0:
            length = size - position
        if length < 8 or not (name.isascii() and name.decode("ascii").isprintable()):
            break
        names.add(name)
        position += length
    return position if b"moov" in names else MISSING


def _matroska_end(file: BinaryIO, size: int) -> int:
    """The EBML header, then one Segment (RFC 9559, section 4; RFC 8794, section 4)."""
    length, body = _ebml_length(file, 4)
    segment = body + length
    if body < 0 or segment > size or _read(file, segment, 4) != b"\x18\x53\x80\x67":
        return MISSING
    length, body = _ebml_length(file, segment + 4)
    return MISSING if body < 0 else UNKNOWN if length < 0 else body + length


def _ebml_length(file: BinaryIO, position: int) -> tuple[int, int]:
    """Return (length or -1 for unknown, position of the body or -1)."""
    octets = _read(file, position, 8)
    width = 9 - octets[0].bit_length() if octets else 9
    if len(octets) < width:
        return 0, -1
    mask = (1 << 7 * width) - 1
    length = int.from_bytes(octets[:width], "big") & mask
    return -1 if length == mask else length, position + width


def _ogg_end(file: BinaryIO, size: int) -> int:
    """Pages are whole, in sequence and with their checksum; streams end (RFC 3533, section 6)."""
    position, previous = 0, dict[int, int]()
    while position < size:
        header = _read(file, position, 27)
        if len(header) < 27 or header[:4] != b"OggS":
            return MISSING if previous else size
        table = file.read(header[26])
        body = file.read(sum(table))
        flags = header[5]
        serial, number, checksum = struct.unpack("<III", header[14:26])
        if _ogg_checksum(header[:22] + bytes(4) + header[26:] + table + body) != checksum:
            return MISSING
        if not flags & 2 and previous.get(serial, -2) + 1 != number:
            return MISSING
        previous[serial] = number
        if flags & 4:
            del previous[serial]
        position += 27 + len(table) + len(body)
    return MISSING if previous else size


def _ogg_checksum(page: bytes) -> int:
    """CRC with polynomial 0x04c11db7, not mirrored and without inversion, by way of zlib's."""
    mirrored = zlib.crc32(page.translate(MIRRORED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(MIRRORED_BITS), "big")


def _amr_end(file: BinaryIO, size: int) -> int:
    file.seek(0)
    content = file.read()
    magic, sizes = next(item for item in AMR_FRAME_BYTES.items() if content.startswith(item[0]))
    position = len(magic)
    while position < len(content):
        position += sizes[content[position] >> 3 & 15]
    return position


def _mp3_end(file: BinaryIO, size: int) -> int:
    """The bytes that the Xing or Info tag counts; without one only frames can tell."""
    head = _read(file, 0, 1 << 18)
    for name in (b"Xing", b"Info"):
        tag = head.find(name)
        if 0 <= tag <= len(head) - 16 and head[tag + 4 : tag + 7] == b"\0\0\0":
            (stream_bytes,) = struct.unpack(">I", head[tag + 12 : tag + 16])
            starts = [tag - n for n in XING_OFFSETS_BYTES if mp3_frame_bytes(head[tag - n :])]
            if head[tag + 7] & 3 == 3 and starts:
                return int(starts[0] + stream_bytes)
    return size


def mp3_frame_bytes(header: bytes | memoryview) -> int:
    """Length of the layer III frame that starts with `header`; 0 if none or of free format."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version = header[1] >> 3 & 3  # 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    rate_hz = MP3_RATE_HZ[header[2] >> 2 & 3] >> {3: 0, 2: 1, 0: 2, 1: 31}[version]
    bit_s = 1000 * MP3_KBIT_S[version != 3][header[2] >> 4]
    if not rate_hz or not bit_s:
        return 0
    return (144 if version == 3 else 72) * bit_s // rate_hz + (header[2] >> 1 & 1)


Check = Callable[[BinaryIO, int], int]


def _starts(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


CHECKS: tuple[tuple[Callable[[bytes], bool], Check], ...] = (
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE", _wave_end),
    (lambda head: head[:4] == b"RIFF" and head[8:11] == b"AVI", _avi_end),
    (_starts(b"RF64"), _rf64_end),
    (_starts(b"riff"), _w64_end),
    (_starts(b"FORM"), _aiff_end),
    (_starts(b"caff"), _caf_end),
    (_starts(b".snd"), _au_end),
    (_starts(ASF_MAGIC), _asf_end),
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"), _mp4_end),
    (_starts(b"\x1aE\xdf\xa3"), _matroska_end),
    (_starts(b"OggS"), _ogg_end),
    (_starts(*AMR_FRAME_BYTES), _amr_end),
    (_starts(b"ID3", b"\xff"), _mp3_end),
)
