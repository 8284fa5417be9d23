"""What is heard: made block by block; out through PortAudio where ALSA stands in for a card."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.services.playback import Player, PlayRequest
from engine.audio.feed import QUEUED_BLOCKS, Feed
from engine.audio.listening import BLOCK_S, FADE_S, READ_S, HeardBlock, Listening, heard
from engine.audio.stored import decode_stored
from engine.errors import ErrorCode, SeongmunError
from engine.types import FloatArray

RATE_HZ = 16000
linux = pytest.mark.skipif(sys.platform != "linux", reason="ALSA stands in for a sound card")


@dataclass
class Computed:
    """A recording that is computed where it is read, and knows what was read."""

    wave: Callable[[NDArray[np.float64]], NDArray[np.floating]]
    duration_s: float = 10.0
    sample_rate_hz: int = RATE_HZ
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def n_samples(self) -> int:
        return round(self.duration_s * self.sample_rate_hz)

    def read(self, start: int, stop: int) -> FloatArray:
        self.reads.append((start, stop))
        times_s = np.arange(start, min(stop, self.n_samples)) / self.sample_rate_hz
        return np.asarray(self.wave(times_s), np.float32)


def tone(frequency_hz: float, amplitude: float = 0.5) -> Callable[..., NDArray[np.float64]]:
    return lambda times_s: amplitude * np.sin(2 * np.pi * frequency_hz * times_s)


def constant(value: float) -> Callable[..., NDArray[np.float64]]:
    return lambda times_s: np.full(len(times_s), value)


def joined(blocks: list[HeardBlock]) -> FloatArray:
    return np.concatenate([block.samples for block in blocks])


def listen(
    *channels: Computed,
    start_s: float = 0.0,
    end_s: float = 10.0,
    rate_hz: int = RATE_HZ,
    speed: float = 1.0,
    gain_db: float = 0.0,
) -> list[HeardBlock]:
    listening = Listening(speed, False, gain_db)
    return list(heard(channels, start_s, end_s, listening, rate_hz))


def loudest_hz(samples: FloatArray, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate_hz / len(samples))


# What is made


def test_plain_listening_is_the_recording_itself(demo_media: tuple[Path, Path]) -> None:
    audio = decode_stored(demo_media[0])
    try:
        channel = audio.channels[0]
        rate_hz = channel.sample_rate_hz
        blocks = list(heard((channel,), 1.0, 2.5, Listening(), rate_hz))
        original = channel.read(rate_hz, round(2.5 * rate_hz))
    finally:
        audio.close()
    samples, fade = joined(blocks), round(FADE_S * rate_hz)
    assert samples.shape == (len(original), 2)
    for ear in samples.T:
        np.testing.assert_array_equal(ear[fade:-fade], original[fade:-fade])
        assert np.all(np.abs(ear) <= np.abs(original))
        assert ear[0] == ear[-1] == 0


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44100])
def test_speed_changes_the_duration_and_not_the_pitch(speed: float, rate_hz: int) -> None:
    blocks = listen(Computed(tone(440)), start_s=2, end_s=6, speed=speed, rate_hz=rate_hz)
    samples = joined(blocks)[:, 0]
    assert len(samples) == round(4 / speed * rate_hz)
    assert loudest_hz(samples, rate_hz) == pytest.approx(440, rel=0.01)
    middle = samples[rate_hz // 2 : -rate_hz // 2]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@given(
    start_s=st.floats(0, 9), length_s=st.floats(0.001, 1), speed=st.sampled_from([0.5, 1, 1.3, 2])
)
def test_times_are_without_gap_and_cover_the_stretch(
    start_s: float, length_s: float, speed: float
) -> None:
    end_s = start_s + length_s
    blocks = listen(Computed(tone(300)), start_s=start_s, end_s=end_s, speed=speed)
    assert blocks[0].start_s == start_s
    assert blocks[-1].end_s == end_s
    for before, after in pairwise(blocks):
        assert before.end_s == after.start_s
    assert len(joined(blocks)) == pytest.approx(length_s / speed * RATE_HZ, abs=1)
    for block in blocks:
        passed_s = block.end_s - block.start_s
        assert passed_s == pytest.approx(len(block.samples) * speed / RATE_HZ, abs=1 / RATE_HZ)


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.25, 1.5, 2.0])
def test_times_are_those_of_what_is_heard(speed: float) -> None:
    def bursts(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        hiss = 0.003 * np.sin(1e9 * times_s**2)
        return hiss + np.where(times_s % 1 > 0.6, tone(300)(times_s), 0)

    blocks = listen(Computed(bursts), speed=speed)
    at_s = np.concatenate(
        [np.linspace(b.start_s, b.end_s, len(b.samples), endpoint=False) for b in blocks]
    )
    loud = np.abs(joined(blocks)[:, 0]) > 0.1
    for second in range(1, 10):
        near = (at_s > second + 0.3) & (at_s < second + 0.9) & loud
        assert at_s[near][0] == pytest.approx(second + 0.6, abs=0.04)


def test_another_rate_is_the_same_sound() -> None:
    samples = joined(listen(Computed(tone(440)), rate_hz=44100))[:, 0]
    expected = tone(440)(np.arange(len(samples)) / 44100)
    np.testing.assert_allclose(samples[4410:-4410], expected[4410:-4410], atol=1e-4)


def test_each_ear_hears_its_recording() -> None:
    left, right = Computed(tone(440)), Computed(tone(1000), 5.0, 8000)
    samples = joined(listen(left, right, rate_hz=RATE_HZ))
    half = 5 * RATE_HZ
    assert loudest_hz(samples[:half, 0], RATE_HZ) == pytest.approx(440, rel=0.01)
    assert loudest_hz(samples[:half, 1], RATE_HZ) == pytest.approx(1000, rel=0.01)
    assert np.max(np.abs(samples[half + RATE_HZ // 20 :, 1])) < 1e-6
    assert loudest_hz(samples[half:, 0], RATE_HZ) == pytest.approx(440, rel=0.01)
    both = joined(listen(right, rate_hz=8000))
    np.testing.assert_array_equal(both[:, 0], both[:, 1])


@pytest.mark.parametrize("gain_db", [-40.0, -6.0, 0.0, 3.0, 18.0])
def test_gain_is_exact(gain_db: float) -> None:
    blocks = listen(Computed(tone(440, 0.1)), gain_db=gain_db)
    middle = slice(RATE_HZ, 2 * RATE_HZ)
    expected = tone(440, 0.1)(np.arange(10 * RATE_HZ) / RATE_HZ) * 10 ** (gain_db / 20)
    np.testing.assert_allclose(joined(blocks)[middle, 0], expected[middle], rtol=1e-5, atol=1e-7)
    assert not any(block.limited for block in blocks)


def test_too_much_gain_is_held_back_without_a_jump_and_says_so() -> None:
    def wave(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where((times_s > 3) & (times_s < 3.5), 0.8, 0.05)

    blocks = listen(Computed(wave), gain_db=12)
    samples = joined(blocks)[:, 0].astype(np.float64)
    assert np.max(np.abs(samples)) <= 1
    gains = samples / wave(np.arange(len(samples)) / RATE_HZ)
    asked = 10 ** (12 / 20)
    np.testing.assert_allclose(gains[RATE_HZ : int(2.9 * RATE_HZ)], asked, rtol=1e-5)
    assert np.max(np.abs(np.diff(gains[1000:-1000]))) < 2 * asked / (BLOCK_S * RATE_HZ)
    limited = np.array([[block.start_s, block.limited] for block in blocks])
    assert limited[(limited[:, 0] >= 3) & (limited[:, 0] < 3.5), 1].all()
    assert not limited[limited[:, 0] < 2.9, 1].any()
    assert not limited[limited[:, 0] > 6, 1].any()
    np.testing.assert_allclose(gains[6 * RATE_HZ : 9 * RATE_HZ], asked, rtol=1e-5)


def test_a_recording_at_full_scale_is_left_as_it_is() -> None:
    blocks = listen(Computed(constant(-1.0)))
    assert np.min(joined(blocks)) == -1
    assert not any(block.limited for block in blocks)


def test_gain_turned_while_listening_moves_without_a_jump() -> None:
    listening = Listening()
    blocks = heard((Computed(constant(0.1)),), 0, 10, listening, RATE_HZ)
    before = list(islice(blocks, 20))
    listening.gain_db = 6
    samples = joined([*before, *islice(blocks, 20)])[1000:, 0]
    assert samples[0] == pytest.approx(0.1)
    assert samples[-1] == pytest.approx(0.1 * 10 ** (6 / 20))
    assert np.max(np.abs(np.diff(samples))) < 0.001


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_a_loop_begins_again_without_a_click(speed: float) -> None:
    listening = Listening(speed, True)
    blocks = heard((Computed(constant(0.5)),), 1, 1.48, listening, RATE_HZ)
    per_pass = round(0.48 / speed / BLOCK_S)
    three = list(islice(blocks, 3 * per_pass))
    starts_s = [block.start_s for block in three]
    assert [starts_s[0], starts_s[per_pass], starts_s[2 * per_pass]] == [1, 1, 1]
    assert [three[per_pass - 1].end_s, three[-1].end_s] == [1.48, 1.48]
    passes = joined(three).reshape(3, -1, 2)
    np.testing.assert_array_equal(passes[1], passes[2])
    assert not passes[:, [0, -1]].any()
    steps = np.abs(np.diff(joined(three)[:, 0]))
    assert np.max(steps) <= 1.01 * 0.5 / (FADE_S * RATE_HZ)
    listening.loop = False
    assert len(list(blocks)) <= per_pass


def test_speed_changed_while_listening_goes_on_from_there() -> None:
    listening = Listening()
    blocks = heard((Computed(tone(440)),), 0, 10, listening, RATE_HZ)
    before = list(islice(blocks, 50))
    listening.speed = 2.0
    after = list(blocks)
    for one, other in pairwise([*before, *after]):
        assert one.end_s == other.start_s
    assert after[-1].end_s == 10
    assert len(joined(after)) == pytest.approx((10 - before[-1].end_s) / 2 * RATE_HZ, rel=0.01)
    assert loudest_hz(joined(after)[:, 0], RATE_HZ) == pytest.approx(440, rel=0.01)


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_ten_hours_are_read_only_as_far_as_they_are_heard(speed: float) -> None:
    channel = Computed(tone(440), 36000.0)
    blocks = heard((channel,), 30000, 36000, Listening(speed), RATE_HZ)
    list(islice(blocks, round(1 / BLOCK_S)))
    assert min(start for start, _ in channel.reads) == 30000 * RATE_HZ
    assert max(stop - start for start, stop in channel.reads) <= READ_S * RATE_HZ
    assert max(stop for _, stop in channel.reads) < (30000 + speed + 1) * RATE_HZ


def test_nothing_to_hear_ends_at_once_even_as_a_loop() -> None:
    for channel, start_s in ((Computed(tone(440)), 11.0), (Computed(tone(440), 0.0), 0.0)):
        assert not list(heard((channel,), start_s, 12.0, Listening(loop=True), RATE_HZ))


def test_a_request_that_makes_no_sense_is_an_error_of_the_program() -> None:
    one = Computed(tone(440))
    for channels, start_s, end_s, speed in (
        ((), 0, 1, 1),
        ((one, one, one), 0, 1, 1),
        ((one,), 1, 1, 1),
        ((one,), -1, 1, 1),
        ((one,), 0, 1, 0.4),
        ((one,), 0, 1, float("nan")),
    ):
        with pytest.raises(ValueError):
            PlayRequest(channels, start_s, end_s, speed=speed)


# Between thread and device: the device's clock is an argument


def feed_of(speed: float = 1.0, end_s: float = 10.0) -> Feed:
    channel = Computed(constant(0.5))
    feed = Feed(heard((channel,), 2, end_s, Listening(speed), RATE_HZ), 2, RATE_HZ)
    feed.prepare()
    return feed


def buffer(duration_s: float, ears: int = 2) -> FloatArray:
    return np.full((round(duration_s * RATE_HZ), ears), np.nan, np.float32)


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_position_is_what_is_heard_not_what_was_handed_over(speed: float) -> None:
    feed, latency_s = feed_of(speed), 0.3
    assert feed.position_s(99.0) == 2
    for now_s in (100.0, 100.05, 100.1):
        assert feed.fill(buffer(0.05), now_s + latency_s, now_s)
    heard_at = {100.0: 2.0, 100.3: 2.0, 100.31: 2 + 0.01 * speed, 100.44: 2 + 0.14 * speed}
    for now_s, position_s in heard_at.items():
        assert feed.position_s(now_s) == pytest.approx(position_s, abs=1e-3)
    positions = [feed.position_s(now_s) for now_s in np.linspace(100, 101, 500)]
    assert all(one <= other for one, other in pairwise(positions))
    assert positions[-1] == pytest.approx(2 + 0.15 * speed, abs=1e-3)


def test_a_device_that_waits_for_sound_is_counted_and_the_position_waits() -> None:
    feed, out = feed_of(), buffer(QUEUED_BLOCKS * BLOCK_S)
    feed.fill(out, 1.0, 1.0)
    ready = round((QUEUED_BLOCKS - 1) * BLOCK_S * RATE_HZ)
    assert out[ready - 1].all()
    assert not out[ready:].any()
    assert feed.underruns == 1
    assert feed.position_s(9.0) == pytest.approx(2 + (QUEUED_BLOCKS - 1) * BLOCK_S)


def test_a_pause_fades_and_loses_nothing() -> None:
    feed, fade = feed_of(), round(FADE_S * RATE_HZ)
    feed.fill(buffer(0.05), 1.0, 1.0)
    feed.is_open = False
    closing, silent, opening = buffer(0.02), buffer(0.02), buffer(0.02)
    feed.fill(closing, 1.05, 1.05)
    feed.fill(silent, 1.07, 1.07)
    paused_s = feed.position_s(1.09)
    assert paused_s == pytest.approx(2.05 + FADE_S)
    feed.is_open = True
    feed.fill(opening, 5.0, 5.0)
    assert feed.position_s(5.01) == pytest.approx(paused_s + 0.01)
    assert np.all(np.diff(closing[:fade, 0]) < 0)
    assert not closing[fade:].any()
    assert not silent.any()
    assert np.all(np.diff(opening[:fade, 0]) > 0)
    assert np.all(opening[fade:] == 0.5)
    assert feed.underruns == 0


def test_the_end_and_leaving_are_told_to_the_device() -> None:
    feed = feed_of(end_s=2.1)
    feed.produce()
    out = buffer(0.15)
    assert not feed.fill(out, 1.0, 1.0)
    assert not out[round(0.1 * RATE_HZ) :].any()
    assert feed.is_finished
    assert feed.underruns == 0
    leaving = feed_of()
    leaving.leave()
    assert not leaving.fill(out, 1.0, 1.0)
    assert not out[round(FADE_S * RATE_HZ) :].any()
    assert not leaving.is_finished


def test_a_device_with_one_channel_hears_both() -> None:
    left, right = Computed(constant(0.2)), Computed(constant(0.6))
    feed = Feed(heard((left, right), 0, 1, Listening(), RATE_HZ), 0, RATE_HZ)
    feed.prepare()
    out = buffer(0.1, ears=1)
    feed.fill(out, 1.0, 1.0)
    assert out[-1, 0] == pytest.approx(0.4)


# Out through PortAudio

NULL = "type null"
NOTHING = "type absent"


@dataclass
class Alsa:
    """ALSA's configuration for the time of a test."""

    folder: Path

    def use(self, default: str, hardware: str = "") -> None:
        config = self.folder / "alsa.conf"
        config.write_text(
            f"</usr/share/alsa/alsa.conf>\npcm.!default {{ {default} }}\n{hardware}\n"
        )
        os.environ["ALSA_CONFIG_PATH"] = str(config)

    def use_fifo(self) -> int:
        """What is played can be read, at the reader's pace, as float32 for two ears."""
        fifo = self.folder / "played"
        os.mkfifo(fifo)
        reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)
        self.use(f'type file\nslave.pcm null\nformat raw\nfile "{fifo}"')
        return reading


@pytest.fixture
def alsa(tmp_path: Path) -> Iterator[Alsa]:
    before = os.environ.get("ALSA_CONFIG_PATH")
    threads, tasks = threading.enumerate(), native_threads()
    yield Alsa(tmp_path)
    assert threading.enumerate() == threads
    until(lambda: native_threads() <= tasks)  # a joined thread leaves /proc a moment later
    os.environ.pop("ALSA_CONFIG_PATH", None)
    if before is not None:
        os.environ["ALSA_CONFIG_PATH"] = before


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    made.stop()


def native_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def stands(player: Player) -> bool:
    before_s = player.position_s
    time.sleep(0.1)
    return player.position_s == before_s


def until(reached: Callable[[], bool]) -> None:
    for _ in range(3000):
        if reached():
            return
        time.sleep(0.01)
    raise AssertionError("did not happen within 30 s")


@linux
def test_plays_to_the_end_through_portaudio(alsa: Alsa, player: Player) -> None:
    alsa.use(NULL)
    devices = player.devices()
    assert len(devices) == 1
    for device in (None, devices[0].index):
        player.play(PlayRequest((Computed(tone(440)),), 1, 3, speed=2.0, device=device))
        positions = [player.position_s]
        while player.is_playing:
            positions.append(player.position_s)
            time.sleep(0.001)
        # The null device tells its time in steps: under load a position may come 0.1 s early.
        assert all(later >= earlier - 0.1 for earlier, later in pairwise(positions))
        assert positions[0] >= 1
        assert player.position_s == 3
        assert player.failure is None
        player.stop()
        assert player.position_s == 3


@linux
def test_what_the_device_gets_is_the_recording(alsa: Alsa, player: Player) -> None:
    reading, duration_s = alsa.use_fifo(), 1.0
    channel = Computed(lambda times_s: 0.1 + 0.1 * times_s)
    played, done = bytearray(), threading.Event()

    def take() -> None:
        while not done.is_set():
            with suppress(BlockingIOError):
                played.extend(os.read(reading, 1024))
            time.sleep(1024 / 8 / RATE_HZ)

    player.devices()
    reader = threading.Thread(target=take)
    reader.start()
    player.play(PlayRequest((channel,), 2, 2 + duration_s))
    until(lambda: not player.is_playing)
    player.stop()
    done.set()
    reader.join()
    os.close(reading)
    samples = np.frombuffer(bytes(played[: len(played) // 8 * 8]), np.float32).reshape(-1, 2)
    np.testing.assert_array_equal(samples[:, 0], samples[:, 1])
    sounding = samples[samples[:, 0] != 0, 0]
    expected = 0.1 + 0.1 * (2 + np.arange(round(duration_s * RATE_HZ)) / RATE_HZ)
    fade = round(FADE_S * RATE_HZ)
    inner = expected[fade:-fade].astype(np.float32)
    assert inner.tobytes() in sounding.tobytes()


@linux
def test_pause_speed_and_stop_while_it_plays(alsa: Alsa, player: Player) -> None:
    alsa.use(NULL)
    player.devices()
    player.play(PlayRequest((Computed(tone(440), 36000.0),), 100, 36000, gain_db=40))
    until(lambda: player.position_s > 101)
    assert player.is_limited
    player.pause()
    assert (player.is_playing, player.is_paused) == (False, True)
    until(lambda: stands(player))
    paused_s = player.position_s
    player.set_speed(2.0)
    player.set_gain_db(0.0)
    player.resume()
    until(lambda: player.position_s > paused_s + 2)
    until(lambda: not player.is_limited)
    player.stop()
    stopped_s = player.position_s
    assert paused_s + 2 < stopped_s < 36000
    assert (player.is_playing, player.is_paused, player.failure) == (False, False, None)
    player.play(PlayRequest((Computed(tone(440)),), 5, 6, loop=True))
    until(lambda: player.position_s > 5.5)
    until(lambda: player.position_s < 5.5)
    player.set_loop(False)
    until(lambda: not player.is_playing)
    assert player.position_s == 6


@linux
def test_a_recording_that_cannot_be_read_ends_in_a_coded_error(alsa: Alsa, player: Player) -> None:
    def broken_from(second: float) -> Callable[..., NDArray[np.float64]]:
        def wave(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
            if times_s[-1] > second:
                raise OSError("the drive is gone")
            return 0.1 * np.ones_like(times_s)

        return wave

    alsa.use(NULL)
    player.devices()
    with pytest.raises(SeongmunError) as refused:
        player.play(PlayRequest((Computed(broken_from(0.0)),), 0, 10))
    assert refused.value.code is ErrorCode.PLAYBACK_FAILED
    player.play(PlayRequest((Computed(broken_from(2.0)),), 0, 10))
    until(lambda: not player.is_playing)
    assert player.failure is not None
    assert player.failure.code is ErrorCode.PLAYBACK_FAILED
    assert player.failure.params["reason"] == "the drive is gone"
    assert player.position_s <= 2
    player.stop()
    assert player.failure is None


@linux
def test_a_device_that_goes_away_is_said(alsa: Alsa, player: Player) -> None:
    reading = alsa.use_fifo()
    player.devices()
    player.play(PlayRequest((Computed(tone(440)),), 0, 10))
    os.close(reading)
    until(lambda: not player.is_playing)
    assert player.failure is not None
    assert player.failure.code is ErrorCode.PLAYBACK_DEVICE_LOST


@linux
def test_without_any_device_there_is_a_coded_error(alsa: Alsa, player: Player) -> None:
    alsa.use(NOTHING, f"ctl.!hw {{ {NOTHING} }}\npcm.!hw {{ {NOTHING} }}")
    request = PlayRequest((Computed(tone(440)),), 0, 10)
    for attempt in (player.devices, lambda: player.play(request)):
        with pytest.raises(SeongmunError) as refused:
            attempt()
        assert refused.value.code is ErrorCode.PLAYBACK_NO_DEVICE
    alsa.use(NULL)
    assert player.devices()
    with pytest.raises(SeongmunError) as refused:
        player.play(PlayRequest(request.channels, 0, 10, device=99))
    assert refused.value.code is ErrorCode.PLAYBACK_FAILED


def test_without_portaudio_there_is_a_coded_error_and_nothing_is_loaded_before() -> None:
    script = """
import ctypes.util, sys
from app.services.playback import Player
print(sorted({"PySide6", "sounddevice", "av"} & set(sys.modules)))
ctypes.util.find_library = lambda name: None
try:
    Player().devices()
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    if sys.platform == "linux":  # elsewhere the library comes with sounddevice
        assert done.stdout.split() == ["[]", "playback.no_portaudio"], done.stderr
    assert done.stdout.startswith("[]"), done.stderr
