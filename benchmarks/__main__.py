"""Times the steps of a comparison on the demo recordings, repeated to a minute each.

Every row names its peer: another program that does the same job, timed in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from app.resources import DEFAULT_MODEL_ID, DEMO, DEMO_KNOWN, DEMO_QUESTIONED, MODELS
from engine.audio.decode import decode
from engine.audio.resample import resample
from engine.compare.embed import embed_speech
from engine.models.frontend import compute_features
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.speech.vad import VadSettings, detect_speech
from engine.types import FloatArray, FrontEnd

SECONDS = 60
RATE_HZ = 16000
REPEATS = 3


def main() -> None:
    """Print one table row per step."""
    with tempfile.TemporaryDirectory() as folder:
        files = [minute_of(name, Path(folder)) for name in (DEMO_QUESTIONED, DEMO_KNOWN)]
        audio = decode(files[1])
        speech = resample(audio.samples[0], audio.sample_rate_hz, RATE_HZ)
        model = EmbeddingModel.open(load_pack(MODELS / DEFAULT_MODEL_ID), "cpu")
        row("decode one minute", best(lambda: decode(files[1])), "ffmpeg", ffmpeg(files[1]))
        features = best(lambda: compute_features(speech, FrontEnd()))
        row("filter bank", features, "numpy rfft of the frames", best(lambda: spectra(speech)))
        row("speech activity", best(lambda: detect_speech(speech, VadSettings())), "", 0)
        row("embedding with front end", best(lambda: embed_speech(model, speech)), "", 0)
        empty = best(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True))
        row("compare, cold", best(lambda: compare(files)), "python -c 'import numpy'", empty)


def minute_of(name: str, folder: Path) -> Path:
    """A demo recording repeated to `SECONDS`, as a WAV file; a second name differs in its bytes."""
    audio = decode(DEMO / name)
    length = SECONDS * audio.sample_rate_hz
    path = folder / f"{Path(name).stem}.wav"
    soundfile.write(path, np.resize(audio.samples[0], length), audio.sample_rate_hz)
    return path


def compare(files: list[Path]) -> None:
    """The whole command in a new process."""
    program = Path(sys.executable).parent / "seongmun"
    arguments = [program, "compare", *files, "--json", "--device", "cpu"]
    subprocess.run(arguments, check=True, capture_output=True)


def ffmpeg(path: Path) -> float:
    """Seconds that ffmpeg takes to decode a file."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"]
    return best(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def spectra(speech: FloatArray) -> FloatArray:
    """The least that any filter bank must do: the spectra of all frames."""
    starts = np.arange(0, len(speech) - 400, 160)
    return np.asarray(np.abs(np.fft.rfft(speech[starts[:, None] + np.arange(400)], 512)))


def best(action: Callable[[], object]) -> float:
    """Shortest of a few runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def row(name: str, seconds: float, peer: str, peer_seconds: float) -> None:
    """One line: seconds, multiple of real time, ratio to the peer."""
    ratio = f"{seconds / peer_seconds:6.2f} x {peer}" if peer_seconds else ""
    print(f"{name:26} {seconds:7.3f} s  {SECONDS / seconds:7.0f} x real time  {ratio}", flush=True)


if __name__ == "__main__":
    main()
