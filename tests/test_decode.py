"""Decoding against ffmpeg and ffprobe; bad and hostile input ends in coded errors."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import hostile_decoder
import numpy as np
import pytest
import soundfile

from engine.audio.decode import DecodeLimits, decode
from engine.audio.quality import require_signal
from engine.audio.resample import pick_channel, resample
from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken
from engine.types import Audio

Tool = Callable[..., bytes]

# name, extension, ffmpeg arguments, decoder that must be chosen, tolerance against ffmpeg (FFmpeg
# changed the rounding of its IMA ADPCM decoder between Debian's version and PyAV's)
FORMATS = [
    ("u8", "wav", "-c:a pcm_u8", "soundfile", 0.0),
    ("s16", "wav", "-c:a pcm_s16le", "soundfile", 0.0),
    ("s24", "wav", "-c:a pcm_s24le", "soundfile", 0.0),
    ("s32", "wav", "-c:a pcm_s32le", "soundfile", 1e-7),
    ("f32", "wav", "-c:a pcm_f32le", "soundfile", 0.0),
    ("f64", "wav", "-c:a pcm_f64le", "soundfile", 1e-7),
    ("mulaw", "wav", "-c:a pcm_mulaw -ar 8000", "soundfile", 0.0),
    ("alaw", "wav", "-c:a pcm_alaw -ar 8000", "soundfile", 0.0),
    ("gsm", "wav", "-c:a libgsm_ms -ar 8000 -ac 1", "PyAV", 0.0),
    ("ima", "wav", "-c:a adpcm_ima_wav -ar 8000", "PyAV", 3e-3),
    ("ms", "wav", "-c:a adpcm_ms -ar 8000", "PyAV", 0.0),
    ("flac", "flac", "-c:a flac -sample_fmt s16", "soundfile", 0.0),
    ("w64", "w64", "-c:a pcm_s16le", "soundfile", 0.0),
    ("mp3", "mp3", "-c:a libmp3lame -b:a 64k", "PyAV", 2e-4),
    ("vorbis", "ogg", "-c:a libvorbis", "PyAV", 2e-4),
    ("opus", "ogg", "-c:a libopus -b:a 24k", "PyAV", 2e-4),
    ("aac", "m4a", "-c:a aac -b:a 64k", "PyAV", 2e-4),
    ("alac", "m4a", "-c:a alac", "PyAV", 0.0),
    ("adts", "aac", "-c:a aac -b:a 64k", "PyAV", 2e-4),
    ("3gp", "3gp", "-c:a aac -b:a 32k", "PyAV", 2e-4),
    ("wma", "wma", "-c:a wmav2 -b:a 64k", "PyAV", 2e-4),
    ("mkv", "mkv", "-c:a libvorbis", "PyAV", 2e-4),
    ("webm", "webm", "-c:a libopus -b:a 24k -ar 48000", "PyAV", 2e-4),
]
VIDEO_FORMATS = [
    ("mp4", "-c:v mpeg4 -c:a aac"),
    ("mkv", "-c:v mpeg4 -c:a libmp3lame"),
    ("avi", "-c:v mpeg4 -c:a pcm_s16le"),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, tool: Tool) -> Path:
    """Two channels of synthetic speech at 16 kHz, the second delayed and softer."""
    folder = tmp_path_factory.mktemp("source")
    spoken = folder / "spoken.wav"
    tool("flite", "-voice", "rms", "-t", "One two three four, this is a recording.", "-o", spoken)
    stereo = folder / "stereo.wav"
    voice, rate_hz = soundfile.read(spoken)
    soundfile.write(stereo, np.stack([voice, 0.5 * np.roll(voice, 2400)], axis=1), rate_hz)
    return stereo


def reference(path: Path, tool: Tool) -> tuple[np.ndarray, dict[str, str]]:
    """What ffmpeg decodes [channels, n], and what ffprobe says of the stream."""
    probe = tool("ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries",
                 "stream=codec_name,sample_rate,channels", "-of", "json", path)  # fmt: skip
    stream = json.loads(probe)["streams"][0]
    raw = tool("ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "f32le", "-")
    return np.frombuffer(raw, "<f4").reshape(-1, int(stream["channels"])).T, stream


def assert_equals_ffmpeg(audio: Audio, path: Path, tool: Tool, tolerance: float) -> None:
    expected, stream = reference(path, tool)
    assert audio.sample_rate_hz == int(stream["sample_rate"])
    assert audio.samples.shape == expected.shape
    assert np.abs(audio.samples - expected).max() <= tolerance
    assert np.std(audio.samples) == pytest.approx(np.std(expected), rel=1e-3)
    assert np.std(audio.samples) > 0.005


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "extension", "options", "decoder", "tolerance"), FORMATS, ids=lambda v: str(v)[:12]
)
def test_format_decodes_as_ffmpeg_does(
    source: Path,
    tmp_path: Path,
    tool: Tool,
    name: str,
    extension: str,
    options: str,
    decoder: str,
    tolerance: float,
) -> None:
    path = tmp_path / f"녹음 {name}.{extension}"
    tool("ffmpeg", "-v", "error", "-i", source, *options.split(), path)
    audio = decode(path)
    assert audio.recording.decoder == decoder
    assert audio.recording.decoder_version
    assert audio.recording.warnings == ()
    assert [step.name for step in audio.steps] == ["decode"]
    assert_equals_ffmpeg(audio, path, tool, tolerance)


@pytest.mark.parametrize(("extension", "options"), VIDEO_FORMATS)
def test_audio_of_video(
    source: Path, tmp_path: Path, tool: Tool, extension: str, options: str
) -> None:
    path = tmp_path / f"video.{extension}"
    tool("ffmpeg", "-v", "error", "-i", source, "-f", "lavfi", "-i", "testsrc=s=64x64:r=5",
         "-shortest", *options.split(), path)  # fmt: skip
    assert_equals_ffmpeg(decode(path), path, tool, 2e-4)


@pytest.mark.parametrize(
    ("codec", "rate_hz", "extension"),
    [("libopencore_amrnb", 8000, "amr"), ("libopencore_amrnb", 8000, "3gp")],
)
def test_amr_decodes_as_ffmpeg_does(
    source: Path, tmp_path: Path, tool: Tool, codec: str, rate_hz: int, extension: str
) -> None:
    """Debian's ffmpeg decodes AMR but cannot encode it: PyAV's FFmpeg makes the file."""
    path = tmp_path / f"call.{extension}"
    with av.open(str(source)) as reader, av.open(str(path), "w") as writer:
        stream = writer.add_stream(codec, rate=rate_hz, layout="mono")
        stream.bit_rate = 12200
        resampler = av.AudioResampler("s16", "mono", rate_hz, 160)
        for frame in [*reader.decode(audio=0), None]:
            for converted in resampler.resample(frame):
                writer.mux(stream.encode(converted))
        writer.mux(stream.encode(None))
    assert_equals_ffmpeg(decode(path), path, tool, 2e-4)


def test_amr_wb_frames_decode_as_ffmpeg_does(tmp_path: Path, tool: Tool) -> None:
    """No free encoder for AMR-WB: valid 6.6 kbit/s frames with arbitrary parameters decode."""
    rng = np.random.default_rng(0)
    frames = b"".join(b"\x04" + rng.bytes(17) for _ in range(100))
    path = tmp_path / "wide.amr"
    path.write_bytes(b"#!AMR-WB\n" + frames)
    audio = decode(path)
    assert audio.sample_rate_hz == 16000
    assert_equals_ffmpeg(audio, path, tool, 2e-4)


def test_real_telephone_call_is_bit_equal(shared_data: Path, tool: Tool) -> None:
    path = shared_data / "dev/wuw2/00001_speaker.wav"
    audio = decode(path)
    assert audio.recording.codec == "pcm_mulaw"
    assert_equals_ffmpeg(audio, path, tool, 0.0)
    assert audio.recording.sha256 == tool("sha256sum", path)[:64].decode()


def test_very_long_korean_path(source: Path, tmp_path: Path) -> None:
    folder = tmp_path
    while len(str(folder).encode()) < 3000:
        folder = folder / ("사건자료" * 20)
    folder.mkdir(parents=True)
    path = folder / "문제음성 통화 녹음 (1).wav"
    path.write_bytes(source.read_bytes())
    assert decode(path).recording.channels == 2


def test_extension_is_not_believed(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "really_wav.mp3"
    path.write_bytes(source.read_bytes())
    assert decode(path).recording.codec == "pcm_s16le"


def test_evidence_is_not_touched(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "evidence.wav"
    path.write_bytes(source.read_bytes())
    path.chmod(0o444)
    before = path.stat()
    decode(path)
    assert path.read_bytes() == source.read_bytes()
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert list(tmp_path.iterdir()) == [path]


def make_bad(name: str, folder: Path, source: Path) -> Path:
    path = folder / "bad.wav"
    content = {
        "empty": b"",
        "hundred": source.read_bytes()[:100],
        "text": b"This is a letter, not a recording.\n" * 20,
        "random": np.random.default_rng(0).bytes(5000),
        "cut": source.read_bytes()[:-2000],
        "headless": b"RIFF" + source.read_bytes()[4:40],
    }
    if name in content:
        path.write_bytes(content[name])
    if name == "directory":
        path.mkdir()
    if name == "silent":
        soundfile.write(path, np.zeros(16000), 16000)
    if name == "nan":
        soundfile.write(path, np.full(16000, np.nan), 16000, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing", ErrorCode.FILE_MISSING),
        ("directory", ErrorCode.FILE_IS_DIRECTORY),
        ("empty", ErrorCode.FILE_EMPTY),
        ("hundred", ErrorCode.AUDIO_TRUNCATED),
        ("text", ErrorCode.AUDIO_NOT_AUDIO),
        ("random", ErrorCode.AUDIO_NOT_AUDIO),
        ("cut", ErrorCode.AUDIO_TRUNCATED),
        ("headless", ErrorCode.AUDIO_TRUNCATED),
        ("nan", ErrorCode.AUDIO_NOT_FINITE),
        ("silent", ErrorCode.AUDIO_SILENT),
    ],
)
def test_bad_input_has_its_code(tmp_path: Path, source: Path, name: str, code: ErrorCode) -> None:
    path = make_bad(name, tmp_path, source)
    assert code_of(lambda: require_signal(decode(path))) is code


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "seteuid"), reason="POSIX only")
def test_unreadable_file(tmp_path: Path, source: Path) -> None:
    path = tmp_path / "secret.wav"
    path.write_bytes(source.read_bytes())
    path.chmod(0)
    if os.geteuid() != 0:
        assert code_of(lambda: decode(path)) is ErrorCode.FILE_UNREADABLE
        return
    for folder in (tmp_path, *(p for p in tmp_path.parents if "pytest" in str(p))):
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        assert code_of(lambda: decode(path)) is ErrorCode.FILE_UNREADABLE
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("extension", "options"),
    [
        ("wav", "-c:a pcm_s16le"),
        ("wav", "-c:a pcm_s16le -rf64 always"),
        ("w64", "-c:a pcm_s16le"),
        ("aiff", "-c:a pcm_s16be"),
        ("au", "-c:a pcm_s16be"),
        ("caf", "-c:a pcm_s16be"),
        ("flac", "-c:a flac"),
        ("m4a", "-c:a aac -movflags +faststart"),
        ("m4a", "-c:a aac"),
        ("mp4", "-c:a aac -movflags +frag_keyframe+empty_moov -frag_duration 500000"),
        ("ogg", "-c:a libopus"),
        ("ogg", "-c:a libvorbis"),
        ("mp3", "-c:a libmp3lame"),
        ("mp3", "-c:a libmp3lame -write_xing 0 -id3v2_version 0"),
        ("mkv", "-c:a libopus"),
        ("avi", "-c:a libmp3lame"),
        ("wma", "-c:a wmav2"),
        ("aac", "-c:a aac"),
    ],
)
def test_cut_recordings_are_never_taken_silently(
    source: Path, tmp_path: Path, tool: Tool, extension: str, options: str
) -> None:
    whole, cut = tmp_path / f"whole.{extension}", tmp_path / f"cut.{extension}"
    tool("ffmpeg", "-v", "error", "-i", source, *options.split(), whole)
    content = whole.read_bytes()
    for kept in (len(content) * 2 // 3 + 7, len(content) - 1):
        cut.write_bytes(content[:kept])
        assert code_of(lambda: decode(cut)) is ErrorCode.AUDIO_TRUNCATED, kept
    cut.write_bytes(content[:100])
    assert code_of(lambda: decode(cut)) in {ErrorCode.AUDIO_TRUNCATED, ErrorCode.AUDIO_NOT_AUDIO}


def test_ogg_without_a_page_in_the_middle(source: Path, tmp_path: Path, tool: Tool) -> None:
    path = tmp_path / "voice.ogg"
    tool(
        "ffmpeg", "-v", "error", "-i", source, *["-c:a", "libopus", "-page_duration", "20000"], path
    )
    pages = path.read_bytes().split(b"OggS")
    whole_s = decode(path).duration_s
    middle = len(pages) // 2
    path.write_bytes(b"OggS".join(pages[:middle] + pages[middle + 1 :]))
    assert code_of(lambda: decode(path)) is ErrorCode.AUDIO_TRUNCATED
    assert decode(path, allow_truncated=True).duration_s < whole_s
    pages[middle] = pages[middle][:-1] + bytes([pages[middle][-1] ^ 1])
    path.write_bytes(b"OggS".join(pages))
    assert code_of(lambda: decode(path)) is ErrorCode.AUDIO_TRUNCATED


def test_damage_that_the_decoder_gets_over_is_told(
    source: Path, tmp_path: Path, tool: Tool
) -> None:
    path = tmp_path / "surround.ac3"
    tool("ffmpeg", "-v", "error", "-i", source, "-ar", "48000", path)
    path.write_bytes(path.read_bytes()[:-100])
    assert decode(path).recording.warnings == ("audio.damaged",)


def test_video_without_sound_and_several_tracks(source: Path, tmp_path: Path, tool: Tool) -> None:
    mute, several = tmp_path / "mute.mp4", tmp_path / "several.mka"
    tool("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=1", mute)
    tool(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        source,
        *["-map", "0:a", "-map", "0:a", "-c:a", "flac"],
        several,
    )
    assert code_of(lambda: decode(mute)) is ErrorCode.AUDIO_NO_STREAM
    audio = decode(several)
    assert audio.recording.warnings == ("audio.several_tracks",)
    assert_equals_ffmpeg(audio, several, tool, 0.0)


def test_change_of_rate_in_mid_stream_is_refused(source: Path, tmp_path: Path, tool: Tool) -> None:
    parts = []
    for rate_hz in (16000, 24000):
        part = tmp_path / f"{rate_hz}.aac"
        tool("ffmpeg", "-v", "error", "-i", source, "-ar", rate_hz, part)
        parts.append(part.read_bytes())
    both = tmp_path / "both.aac"
    both.write_bytes(b"".join(parts))
    assert code_of(lambda: decode(both)) is ErrorCode.AUDIO_FORMAT_CHANGES


def test_cut_amr_is_noticed_and_can_be_allowed(
    demo_media: tuple[Path, Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.amr"
    cut.write_bytes(demo_media[0].read_bytes()[:-5])
    assert code_of(lambda: decode(cut)) is ErrorCode.AUDIO_TRUNCATED
    audio = decode(cut, allow_truncated=True)
    assert audio.recording.warnings == ("audio.truncated",)
    assert audio.duration_s > 20


def test_unfinished_wav_of_a_recorder_is_read_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "live.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((1000 * np.sin(np.arange(8000))).astype("<i2").tobytes())
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)
    audio = decode(path)
    assert audio.recording.n_samples == 8000
    assert audio.recording.warnings == ("audio.length_unknown",)


def test_playlists_never_open_other_files(source: Path, tmp_path: Path) -> None:
    (tmp_path / "other.wav").write_bytes(source.read_bytes())
    lists = {
        "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nother.wav\n#EXT-X-ENDLIST\n",
        "b.ffconcat": "ffconcat version 1.0\nfile other.wav\n",
        "c.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n",
    }
    for name, text in lists.items():
        path = tmp_path / name
        path.write_text(text)
        assert code_of(lambda path=path: decode(path)) is ErrorCode.AUDIO_NOT_AUDIO


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    assert code_of(lambda: decode(pipe)) is ErrorCode.FILE_UNREADABLE
    assert code_of(lambda: decode(tmp_path / "a\0b.wav")) is ErrorCode.FILE_MISSING


HEADER = (
    b'H{"container": "wav", "codec": "x", "decoder": "y", "decoder_version": "1",'
    b' "channels": 2, "sample_rate_hz": 8000}'
)


@pytest.mark.parametrize(
    "said",
    [
        b"D\0\0\0\0",
        b"H[]",
        b'H{"channels": Infinity}',
        HEADER + b"\n" + HEADER,
        HEADER + b"\nD1234\nT" + b'{"warnings": []}',
        HEADER + b'\nD12345678\nT{"warnings": ["audio.fine"]}',
        b'E{"code": "cancelled"}',
        b"E" + b"[" * 100_000,
        pickle.dumps(print),
    ],
    ids=range(9),
)
def test_a_decoder_taken_over_is_not_believed(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.audio.decode.serve", hostile_decoder.say_lines)
    path = tmp_path / "speech"
    path.write_bytes(said)
    assert code_of(lambda: decode(path)) is ErrorCode.AUDIO_DECODER_CRASHED


def test_a_decoder_taken_over_does_not_hold_the_program(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.audio.decode.serve", hostile_decoder.stall_in_message)
    assert code_of(lambda: decode(source, DecodeLimits(wall_s=1.0))) is ErrorCode.AUDIO_TIME_LIMIT
    monkeypatch.setattr("engine.audio.decode.serve", hostile_decoder.announce_too_much)
    assert code_of(lambda: decode(source)) is ErrorCode.AUDIO_DECODER_CRASHED
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    "magic", [b"RIFF", b"fLaC", b"OggS", b"ID3\x04", b"#!AMR\n", b"\x1aE\xdf\xa3", b"FORM"]
)
def test_hostile_bytes_end_in_a_coded_error(tmp_path: Path, magic: bytes) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(magic + np.random.default_rng(1).bytes(20_000))
    with pytest.raises(SeongmunError) as caught:
        decode(path)
    assert caught.value.code.value.startswith("audio.")


def test_limits_on_time_memory_and_length(source: Path, demo_media: tuple[Path, Path]) -> None:
    too_long = DecodeLimits(decoded_bytes=1000)
    assert code_of(lambda: decode(source, too_long)) is ErrorCode.AUDIO_TOO_LONG
    starved = DecodeLimits(memory_bytes=40 << 20)
    assert code_of(lambda: decode(demo_media[1], starved)) in {
        ErrorCode.AUDIO_MEMORY_LIMIT,
        ErrorCode.AUDIO_DECODER_CRASHED,
    }
    assert code_of(lambda: decode(source, DecodeLimits(wall_s=0.0))) is ErrorCode.AUDIO_TIME_LIMIT


def test_compressed_silence_meets_the_limit(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.flac"
    soundfile.write(bomb, np.zeros(20_000_000, np.int16), 8000)
    assert bomb.stat().st_size < 100_000
    limits = DecodeLimits(decoded_bytes=10_000_000)
    assert code_of(lambda: decode(bomb, limits)) is ErrorCode.AUDIO_TOO_LONG


def test_cancel_ends_the_child(source: Path) -> None:
    token = CancelToken()

    def cancel_soon(stage: str, done: float, total: float) -> None:
        if stage == "decode":
            token.cancel()

    assert code_of(lambda: decode(source, progress=cancel_soon, cancel=token)) is (
        ErrorCode.CANCELLED
    )
    assert multiprocessing.active_children() == []
    token = CancelToken()
    token.cancel()
    assert code_of(lambda: decode(source, cancel=token)) is ErrorCode.CANCELLED


def test_a_killed_decoder_is_an_error_not_a_crash(tmp_path: Path) -> None:
    long = tmp_path / "long.flac"
    soundfile.write(long, np.zeros(20_000_000, np.int16), 8000)
    killed: list[int] = []

    def kill_child(stage: str, done: float, total: float) -> None:
        for child in multiprocessing.active_children():
            killed.append(child.pid or 0)
            child.kill()

    with pytest.raises(SeongmunError) as caught:
        decode(long, progress=kill_child)
    assert caught.value.code is ErrorCode.AUDIO_DECODER_CRASHED
    assert killed


def test_channels_are_chosen_never_mixed(source: Path, tmp_path: Path) -> None:
    audio = decode(source)
    assert code_of(lambda: pick_channel(audio, None)) is ErrorCode.AUDIO_CHANNEL
    assert code_of(lambda: pick_channel(audio, 2)) is ErrorCode.AUDIO_CHANNEL
    assert pick_channel(audio, 1) == 1
    twice = tmp_path / "twice.wav"
    soundfile.write(twice, np.stack([audio.samples[0]] * 2, axis=1), 16000)
    assert pick_channel(decode(twice), None) == 0
    offset = tmp_path / "offset.wav"
    soundfile.write(offset, 0.01 * audio.samples.T + 0.5, 16000)
    assert code_of(lambda: pick_channel(decode(offset), None)) is ErrorCode.AUDIO_CHANNEL


def test_resampling_keeps_a_tone() -> None:
    time_s = np.arange(8000) / 8000
    tone = (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    doubled = resample(tone, 8000, 16000)
    assert np.abs(doubled - expected)[500:-500].max() < 1e-3
    both = resample(np.stack([tone, -tone]), 8000, 16000)
    assert np.array_equal(both, np.stack([doubled, -doubled]))
    assert resample(tone, 8000, 8000) is tone
