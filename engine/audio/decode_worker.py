"""What runs in the decoding process: untrusted bytes in, plain samples out.

The parent receives tagged byte messages only, nothing that would have to be unpickled:
``H`` + JSON (the stream), ``D`` + float32 little-endian interleaved samples, ``T`` + JSON (the end)
or ``E`` + JSON (a coded error).
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, BinaryIO

BLOCK_SAMPLES = 1 << 16
SOUNDFILE_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"fLaC", b"caff")
# GSM 6.10 and ADPCM are left to FFmpeg: libsndfile counts a padding octet as one more block.
SOUNDFILE_CODECS = {
    "PCM_U8": "pcm_u8",
    "PCM_S8": "pcm_s8",
    "PCM_16": "pcm_s16le",
    "PCM_24": "pcm_s24le",
    "PCM_32": "pcm_s32le",
    "FLOAT": "pcm_f32le",
    "DOUBLE": "pcm_f64le",
    "ULAW": "pcm_mulaw",
    "ALAW": "pcm_alaw",
}
# No demuxer that opens other files or addresses (concat, HLS, DASH, SDP, image sequences …).
DEMUXERS = (
    "wav,w64,aiff,au,caf,flac,mp3,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,amr,amrnb,"
    "amrwb,aac,ac3,eac3,ape,wv,tta,gsm,dsf,mpeg,mpegts,flv,voc,rm,smjpeg,qcp"
)
DECLARING_CONTAINERS = ("mov", "matroska", "avi", "asf", "wav")
DURATION_SLACK_S = 0.15
VIDEO_SLACK_S = 1.0  # beside pictures FFmpeg may give the sound the duration of the whole file
XING_OFFSET_BYTES = 36  # the largest distance from the frame header to the tag
# Bytes per frame by frame type, with the type octet (3GPP TS 26.101, 26.201; RFC 4867, section 5).
AMR_FRAME_BYTES = {
    b"#!AMR\n": (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1),
    b"#!AMR-WB\n": (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1),
}
UNKNOWN_LENGTHS = (0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000)


class RefusalError(Exception):
    """A coded error on its way to the parent; `code` is a value of ErrorCode."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def serve(
    connection: Connection, path: str, memory_bytes: int, cpu_s: int, allow_truncated: bool
) -> None:
    """Decode `path` under limits and report over `connection`."""
    _limit(memory_bytes, cpu_s)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a long path must reach open() unchanged
            _decode(connection, file, allow_truncated)
    except RefusalError as refusal:
        _send(connection, b"E", {"code": refusal.code})
    except MemoryError:
        _send(connection, b"E", {"code": "audio.memory_limit"})
    except OSError as error:
        code = "file.unreadable" if error.errno else "audio.not_audio"
        _send(connection, b"E", {"code": code})


def _limit(memory_bytes: int, cpu_s: int) -> None:
    """POSIX limits; Windows has the parent's clock and sample limit alone."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _send(connection: Connection, tag: bytes, document: dict[str, Any]) -> None:
    connection.send_bytes(tag + json.dumps(document).encode("utf-8"))


def _decode(connection: Connection, file: BinaryIO, allow_truncated: bool) -> None:
    head = file.read(12)
    magic, is_wave = head[:4], head[:4] == b"RIFF" and head[8:] == b"WAVE"
    file.seek(0)
    warnings: set[str] = riff_warnings(file) if is_wave else set()
    if magic in SOUNDFILE_MAGIC and _decode_soundfile(connection, file, warnings):
        pass
    else:
        file.seek(0)
        _decode_av(connection, file, magic, warnings)
    if "audio.truncated" in warnings and not allow_truncated:
        raise RefusalError("audio.truncated")
    _send(connection, b"T", {"warnings": sorted(warnings)})


def _decode_soundfile(connection: Connection, file: BinaryIO, warnings: set[str]) -> bool:
    """Decode with libsndfile; False where it does not know the coding."""
    import soundfile

    try:
        source = soundfile.SoundFile(file)
    except soundfile.LibsndfileError:
        return False
    with source:
        if source.format != "FLAC" and source.subtype not in SOUNDFILE_CODECS:
            return False
        codec = "flac" if source.format == "FLAC" else SOUNDFILE_CODECS[source.subtype]
        if codec.startswith("pcm") and source.endian == "BIG":
            codec = codec.replace("le", "be")
        header = {
            "container": source.format.lower(),
            "codec": codec,
            "sample_rate_hz": source.samplerate,
            "channels": source.channels,
            "decoder": "soundfile",
            "decoder_version": f"{soundfile.__version__} ({soundfile.__libsndfile_version__})",
        }
        _send(connection, b"H", header)
        promised, sent = source.frames, 0
        try:
            while len(block := source.read(BLOCK_SAMPLES, "float32", always_2d=True)):
                connection.send_bytes(b"D" + block.astype("<f4").tobytes())
                sent += len(block)
        except soundfile.LibsndfileError:
            warnings.add("audio.truncated")
        if sent < promised < (1 << 62):
            warnings.add("audio.truncated")
    return True


def riff_warnings(file: BinaryIO) -> set[str]:
    """Compare the data chunk's declared length with the file; the position is kept."""
    position = file.tell()
    try:
        size = file.seek(0, os.SEEK_END)
        offset = 12
        while offset + 8 <= size:
            file.seek(offset)
            name, length = struct.unpack("<4sI", file.read(8))
            if name == b"data":
                if length in UNKNOWN_LENGTHS:
                    return {"audio.length_unknown"}
                return {"audio.truncated"} if offset + 8 + length > size else set()
            offset += 8 + length + length % 2
        return {"audio.truncated"}
    finally:
        file.seek(position)


def _decode_av(connection: Connection, file: BinaryIO, magic: bytes, warnings: set[str]) -> None:
    import av

    options = {"protocol_whitelist": "none", "format_whitelist": DEMUXERS}
    head = file.read(12)
    file.seek(0)
    try:
        container = av.open(file, "r", options=options, metadata_errors="replace")
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        cut = head[4:8] == b"ftyp" or magic == b"OggS"
        raise RefusalError("audio.truncated" if cut else "audio.not_audio") from error
    with container:
        if not container.streams.audio:
            raise RefusalError("audio.no_stream" if container.streams.video else "audio.not_audio")
        stream = container.streams.best("audio") or container.streams.audio[0]
        if len(container.streams.audio) > 1:
            warnings.add("audio.several_tracks")
        rate_hz, sent = 0, 0
        for block, frame_rate_hz, channels in _blocks(container, stream, warnings):
            if not rate_hz:
                rate_hz = frame_rate_hz
                _send(connection, b"H", _av_header(container, stream, rate_hz, channels))
            connection.send_bytes(b"D" + block)
            sent += len(block) // (4 * channels)
        if not sent:
            raise RefusalError("audio.not_audio")
        slack_s = DURATION_SLACK_S if len(container.streams) == 1 else VIDEO_SLACK_S
        if _promised_s(container, stream) - sent / rate_hz > slack_s:
            warnings.add("audio.truncated")
    whole = amr_is_whole(file) and mp3_is_whole(file)
    if (magic == b"OggS" and not _ogg_has_end(file)) or not whole:
        warnings.add("audio.truncated")


def _promised_s(container: Any, stream: Any) -> float:
    """Duration that the container declares; raw streams only have FFmpeg's guess, which is none."""
    if not any(name in container.format.name for name in DECLARING_CONTAINERS):
        return 0.0
    if stream.duration:
        return float(stream.duration * stream.time_base)
    only_track = len(container.streams) == 1 and container.duration
    return container.duration / 1_000_000 if only_track else 0.0


def _av_header(container: Any, stream: Any, rate_hz: int, channels: int) -> dict[str, Any]:
    import av

    return {
        "container": container.format.name,
        "codec": stream.codec_context.name,
        "sample_rate_hz": rate_hz,
        "channels": channels,
        "decoder": "PyAV",
        "decoder_version": f"{av.__version__} ({_avcodec_version()})",
    }


def _avcodec_version() -> str:
    import av

    return "libavcodec " + ".".join(str(part) for part in av.library_versions["libavcodec"])


def _blocks(container: Any, stream: Any, warnings: set[str]) -> Iterator[tuple[bytes, int, int]]:
    """Yield (float32 interleaved bytes, rate, channels) per decoded frame.

    A damaged packet is left out and warned of; a change of rate or channels is refused.
    """
    import av

    resampler: Any = None
    shape = (0, 0)
    for frame in _frames(container, stream, warnings):
        if resampler is None:
            shape = (frame.sample_rate, frame.layout.nb_channels)
            resampler = av.AudioResampler("flt", frame.layout, frame.sample_rate)
        elif shape != (frame.sample_rate, frame.layout.nb_channels):
            raise RefusalError("audio.format_changes")
        for converted in resampler.resample(frame):
            yield converted.to_ndarray().astype("<f4").tobytes(), *shape


def _frames(container: Any, stream: Any, warnings: set[str]) -> Iterator[Any]:
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            warnings.add("audio.truncated")
            return
        try:
            if packet.is_corrupt:
                warnings.add("audio.truncated")
            yield from packet.decode()
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            warnings.add("audio.truncated")


def amr_is_whole(file: BinaryIO) -> bool:
    """Whether an AMR file ends with a complete frame; True for other files."""
    file.seek(0)
    content = file.read(16)
    for magic, sizes in AMR_FRAME_BYTES.items():
        if content.startswith(magic):
            file.seek(0)
            content = file.read()
            position = len(magic)
            while position < len(content):
                position += sizes[content[position] >> 3 & 15]
            return position == len(content)
    return True


def mp3_is_whole(file: BinaryIO) -> bool:
    """Whether an MP3 file holds the bytes that its Xing/Info tag counts; True for other files."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(1 << 18)
    for name in (b"Xing", b"Info"):
        tag = head.find(name)
        if 0 <= tag <= len(head) - 16 and head[tag + 4 : tag + 7] == b"\0\0\0":
            flags = head[tag + 7]
            if flags & 3 == 3:
                (stream_bytes,) = struct.unpack(">I", head[tag + 12 : tag + 16])
                return bool(size >= tag - XING_OFFSET_BYTES + stream_bytes)
    return True


def _ogg_has_end(file: BinaryIO) -> bool:
    """Whether the last Ogg page carries the end-of-stream flag and is complete (RFC 3533)."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 17)))
    tail = file.read()
    start = tail.rfind(b"OggS")
    if start < 0 or len(tail) < start + 27:
        return False
    segments = tail[start + 26]
    table = tail[start + 27 : start + 27 + segments]
    complete = len(table) == segments and len(tail) >= start + 27 + segments + sum(table)
    return complete and bool(tail[start + 5] & 4)
