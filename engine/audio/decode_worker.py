"""What runs in the decoding process: untrusted bytes in, plain samples out.

The parent receives tagged byte messages only, nothing that would have to be unpickled:
``H`` + JSON (the stream), ``D`` + float32 little-endian interleaved samples, ``T`` + JSON (the end)
or ``E`` + JSON (a coded error).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, BinaryIO

from engine.audio.completeness import completeness_warnings, mp3_frame_bytes

BLOCK_SAMPLES = 4096  # what a damaged FLAC loses before its damage
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
OPEN_FILES = 64


class RefusalError(Exception):
    """A coded error on its way to the parent; `code` is a value of ErrorCode."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def serve(
    connection: Connection,
    path: str,
    file_key: bytes | None,
    memory_bytes: int,
    cpu_s: int,
    allow_truncated: bool,
) -> None:
    """Decode `path`, sealed if there is a key, under limits and report over `connection`."""
    _limit(memory_bytes, cpu_s)
    try:
        with _open(path, file_key) as file:
            _decode(connection, file, allow_truncated)
    except RefusalError as refusal:
        _send(connection, b"E", {"code": refusal.code})
    except MemoryError:
        _send(connection, b"E", {"code": "audio.memory_limit"})
    except OSError as error:
        code = "file.unreadable" if error.errno else "audio.not_audio"
        _send(connection, b"E", {"code": code})


def _open(path: str, file_key: bytes | None) -> BinaryIO:
    if file_key is None:
        return open(path, "rb")  # noqa: PTH123 - a long path must reach open() unchanged
    from engine.sealed import open_sealed

    return open_sealed(path, file_key)


def _limit(memory_bytes: int, cpu_s: int) -> None:
    """POSIX limits; Windows has the parent's clock and sample limit alone."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def _send(connection: Connection, tag: bytes, document: dict[str, Any]) -> None:
    connection.send_bytes(tag + json.dumps(document).encode("utf-8"))


def _decode(connection: Connection, file: BinaryIO, allow_truncated: bool) -> None:
    warnings = completeness_warnings(file)
    magic = file.read(4)
    file.seek(0)
    if not (magic in SOUNDFILE_MAGIC and _decode_soundfile(connection, file, warnings)):
        file.seek(0)
        _decode_av(connection, file, warnings)
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
            "created": "",
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


def _decode_av(connection: Connection, file: BinaryIO, warnings: set[str]) -> None:
    """Decode with FFmpeg; what it logs as an error is damage that it got over."""
    import av

    av.logging.set_level(av.logging.ERROR)
    with av.logging.Capture() as complaints, _open_av(file, warnings) as container:
        _send_stream(connection, container, warnings)
    if complaints and "audio.truncated" not in warnings:
        warnings.add("audio.damaged")


def _open_av(file: BinaryIO, warnings: set[str]) -> Any:
    import av

    options = {"protocol_whitelist": "none", "format_whitelist": DEMUXERS}
    try:
        return av.open(file, "r", options=options, metadata_errors="replace")
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise _nothing_heard(warnings) from error


def _nothing_heard(warnings: set[str]) -> RefusalError:
    return RefusalError("audio.truncated" if "audio.truncated" in warnings else "audio.not_audio")


def _send_stream(connection: Connection, container: Any, warnings: set[str]) -> None:
    if not container.streams.audio:
        mute = container.streams.video and "audio.truncated" not in warnings
        raise RefusalError("audio.no_stream") if mute else _nothing_heard(warnings)
    stream = container.streams.best("audio") or container.streams.audio[0]
    if len(container.streams.audio) > 1:
        warnings.add("audio.several_tracks")
    rate_hz, sent, promised_s = 0, 0, _promised_s(container, stream)
    for block, frame_rate_hz, channels in _blocks(container, stream, warnings):
        if not rate_hz:
            rate_hz = frame_rate_hz
            _send(connection, b"H", _av_header(container, stream, rate_hz, channels))
        connection.send_bytes(b"D" + block)
        sent += len(block) // (4 * channels)
    slack_s = DURATION_SLACK_S if len(container.streams) == 1 else VIDEO_SLACK_S
    if promised_s - sent / max(rate_hz, 1) > slack_s:
        warnings.add("audio.truncated")
    if not sent:
        raise _nothing_heard(warnings)


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
        "created": str(container.metadata.get("creation_time", "")),
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
            if packet.is_corrupt or _is_cut_mp3(packet, stream):
                warnings.add("audio.truncated")
            yield from packet.decode()
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            warnings.add("audio.truncated")


def _is_cut_mp3(packet: Any, stream: Any) -> bool:
    if stream.codec_context.name not in ("mp3", "mp3float") or not packet.size:
        return False
    return bool(packet.size < mp3_frame_bytes(memoryview(packet)[:4]))
