"""What the eye sees: decoded samples on the disk, peaks at every zoom, spectrogram tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import get_window

from engine.audio.blocks import HeldSamples
from engine.audio.decode import decode
from engine.audio.peaks import PeakBuilder, pyramid
from engine.audio.spectrogram import (
    LEVEL_STEP_DB,
    LOWEST_DB,
    TILE_COLUMNS,
    TILE_ROWS,
    SpectrogramSettings,
    column_s,
    row_frequencies_hz,
    tile,
)
from engine.audio.stored import decode_stored
from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken
from engine.types import FloatArray

RATE_HZ = 8000


def held(samples: FloatArray) -> HeldSamples:
    return HeldSamples(samples, RATE_HZ)


def test_stored_samples_are_the_decoded_ones(demo_media: tuple[Path, Path]) -> None:
    for path in demo_media:
        in_memory, on_disk = decode(path), decode_stored(path)
        try:
            assert on_disk.recording == in_memory.recording
            for channel, samples in zip(on_disk.channels, in_memory.samples, strict=True):
                assert np.array_equal(channel.read(0, channel.n_samples), samples)
                assert np.array_equal(channel.read(-5, 7), samples[:7])
                assert np.array_equal(channel.read(70_001, 140_003), samples[70_001:140_003])
                assert len(channel.read(channel.n_samples, channel.n_samples + 9)) == 0
        finally:
            on_disk.close()


def test_stored_samples_are_sealed_and_go_away(tmp_path: Path) -> None:
    """Of a recording of an encrypted case nothing is in plain on the disk."""
    rng = np.random.default_rng(0)
    samples = rng.integers(-20000, 20000, (300_000, 2)).astype(np.int16)
    path = tmp_path / "two.wav"
    soundfile.write(path, samples, RATE_HZ)
    stored = decode_stored(path)
    folder = Path(stored.folder.name)
    plain = (samples[1000:1100, 0] / 32768).astype("<f4").tobytes()
    files = list(folder.iterdir())
    assert len(files) == 2
    assert all(plain not in file.read_bytes() for file in files)
    assert np.array_equal(stored.channels[1].read(0, 300_000), samples[:, 1] / np.float32(32768))
    stored.close()
    assert not folder.exists()


def test_cancelled_decoding_leaves_no_samples(
    tmp_path: Path, demo_media: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    token = CancelToken()
    token.cancel()
    with pytest.raises(SeongmunError) as caught:
        decode_stored(demo_media[0], cancel=token)
    assert caught.value.code is ErrorCode.CANCELLED
    assert list(tmp_path.glob("seongmun-*")) == []


@given(
    arrays(np.float32, st.integers(1, 5000), elements=st.floats(-1, 1, width=32)),
    st.integers(0, 4000),
    st.integers(1, 4000),
    st.integers(1, 300),
)
def test_envelope_misses_no_peak(
    samples: FloatArray, start: int, length: int, columns: int
) -> None:
    shown = pyramid(samples).envelope(held(samples), start, start + length, columns)
    stop = min(len(samples), start + length)
    if start >= stop:
        assert len(shown.low) == 0
        return
    assert shown.start <= start
    edges = shown.start + shown.step * np.arange(len(shown.low))
    last = min(len(samples), int(edges[-1]) + shown.step)
    assert last >= stop
    for i, edge in enumerate(edges[:-1]):
        part = samples[edge : edge + shown.step]
        assert (shown.low[i], shown.high[i]) == (part.min(), part.max())
    assert shown.low[-1] <= samples[edges[-1] : stop].min()
    assert shown.high[-1] >= samples[edges[-1] : stop].max()


def test_envelope_of_many_samples_is_coarse_and_exact() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 3_000_000).astype(np.float32)
    shown = pyramid(samples).envelope(held(samples), 0, len(samples), 1000)
    assert 1000 <= len(shown.low) < 2000
    for i in (0, 17, 999):
        part = samples[shown.step * i : shown.step * (i + 1)]
        assert (shown.low[i], shown.high[i]) == (part.min(), part.max())


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_peaks_do_not_depend_on_the_blocks(lengths: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, sum(lengths)).astype(np.float32)
    builder = PeakBuilder()
    for part in np.split(samples, np.cumsum(lengths)[:-1]):
        builder.add(part)
    for made, expected in zip(builder.finish().levels, pyramid(samples).levels, strict=True):
        assert np.array_equal(made.low, expected.low)
        assert np.array_equal(made.high, expected.high)
        assert np.array_equal(made.clipped, expected.clipped)


def test_clipping_is_marked_where_it_is() -> None:
    time_s = np.arange(40_000) / RATE_HZ
    samples = (0.5 * np.sin(2 * np.pi * 100 * time_s)).astype(np.float32)
    samples[20_000:24_000] = np.clip(2 * samples[20_000:24_000], -0.6, 0.6)
    levels = pyramid(samples).levels
    marked = np.flatnonzero(levels[0].clipped) * levels[0].step
    assert marked.min() >= 20_000 - levels[0].step
    assert marked.max() < 24_000
    close = pyramid(samples).envelope(held(samples), 20_000, 20_200, 1000)
    peaks = np.abs(samples[20_000:20_200]) == np.float32(0.6)
    assert close.step == 1
    assert set(np.flatnonzero(close.clipped)) <= set(np.flatnonzero(peaks))
    assert close.clipped.any()


@pytest.mark.parametrize("mel", [False, True])
def test_tile_equals_the_formula(mel: bool) -> None:
    """Spectra by the definition of the discrete Fourier transform, one frequency at a time."""
    samples = np.random.default_rng(2).normal(0, 0.1, 40_000).astype(np.float32)
    settings = SpectrogramSettings(window_s=0.03, low_hz=200.0, high_hz=3500.0, mel=mel)
    zoom = 5
    levels = tile(held(samples), settings, zoom, 1)
    assert levels.shape == (TILE_ROWS, TILE_COLUMNS)
    frequencies = row_frequencies_hz(settings)
    if mel:
        mels = 2595 * np.log10(1 + frequencies / 700)
        assert np.allclose(np.diff(mels), np.diff(mels)[0])
    window = round(settings.window_s * RATE_HZ)
    shape = np.hanning(window)
    points = 512
    bin_hz = RATE_HZ / points
    for column, row in ((0, 10), (100, 128), (255, 250)):
        centre_s = (TILE_COLUMNS + column + 0.5) * column_s(zoom)
        start = int(np.round(centre_s * RATE_HZ)) - window // 2
        frame = samples[start : start + window] * shape
        below = int(frequencies[row] // bin_hz)
        share = frequencies[row] / bin_hz - below
        power = [
            abs(np.sum(frame * np.exp(-2j * np.pi * k * np.arange(window) / points))) ** 2
            for k in (below, below + 1)
        ]
        value = (power[0] * (1 - share) + power[1] * share) * (2 / shape.sum()) ** 2
        expected_db = 10 * np.log10(value)
        assert LOWEST_DB + LEVEL_STEP_DB * levels[row, column] == pytest.approx(
            expected_db, abs=LEVEL_STEP_DB
        )


def test_full_scale_sine_is_zero_db_where_it_is() -> None:
    assert get_window("hann", 8, fftbins=False) == pytest.approx(np.hanning(8))
    time_s = np.arange(RATE_HZ * 4) / RATE_HZ
    samples = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    settings = SpectrogramSettings(high_hz=4000.0)
    levels = tile(held(samples), settings, 4, 0)
    row = levels[:, 150].argmax()
    assert row_frequencies_hz(settings)[row] == pytest.approx(1000, abs=16)
    assert LOWEST_DB + LEVEL_STEP_DB * levels.max() == pytest.approx(0, abs=1)


def test_tile_beyond_the_ends_and_above_half_the_rate_is_silent() -> None:
    samples = np.full(4000, 0.5, np.float32)
    settings = SpectrogramSettings(high_hz=8000.0)
    levels = tile(held(samples), settings, 6, 5)
    assert levels.max() == 0
    noise = np.random.default_rng(3).normal(0, 0.3, 40_000).astype(np.float32)
    levels = tile(held(noise), settings, 2, 0)
    above = row_frequencies_hz(settings) > RATE_HZ / 2
    assert levels[above].max() == 0
    assert levels[~above][:, 128].min() > 0
