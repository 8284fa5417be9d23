"""Diarization error rate and speaker-count error on calls whose turns are known, by condition.

``DER``: missed, false-alarm and confused speaker time over the speaker time of the truth, speakers
matched in the best way, overlap included; without a collar and with 0.25 s on each side of every
change. The baseline makes one cluster per fixed cosine distance from the same windows; its distance
is the best one of the development calls.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import pdist

from app.services.loading import open_model
from benchmarks.calls import CONDITIONS, Call, Turn, make_call
from engine.audio.blocks import HeldSamples
from engine.models.session import EmbeddingModel
from engine.speech.diarize import DiarizationSettings, diarize, embed_windows, turns_of
from engine.speech.vad import VadSettings, detect_speech_in
from engine.types import SpeechSegment

BASELINE_DISTANCE = 0.8
COLLAR_S = 0.25


def main() -> None:
    """Print a row per condition and system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", choices=["development", "test"], default="test")
    parser.add_argument("--calls", type=int, default=6, help="per condition")
    arguments = parser.parse_args()
    model = open_model(None, "cpu")
    for condition in CONDITIONS:
        calls = [
            make_call(arguments.data, condition, arguments.split, i) for i in range(arguments.calls)
        ]
        heard = [_speech(call) for call in calls]
        pairs = list(zip(calls, heard, strict=True))
        found = {
            "baseline": [baseline(call, speech, model) for call, speech in pairs],
            "number unknown": [_diarized(call, speech, model, None) for call, speech in pairs],
            "number given": [
                _diarized(call, speech, model, condition.parties) for call, speech in pairs
            ],
        }
        for name, segments in found.items():
            print(f"{condition.name:20} {name:15} {summary(calls, segments)}", flush=True)
        flagged = overlap_found(calls, found["number unknown"])
        print(f"{condition.name:20} {'overlap':15} {flagged}", flush=True)


def _speech(call: Call) -> tuple[SpeechSegment, ...]:
    return detect_speech_in(HeldSamples(call.samples, call.sample_rate_hz), VadSettings())


def _diarized(
    call: Call, heard: Sequence[SpeechSegment], model: EmbeddingModel, number: int | None
) -> tuple[SpeechSegment, ...]:
    return diarize(HeldSamples(call.samples, call.sample_rate_hz), heard, model, number)


def baseline(
    call: Call, heard: Sequence[SpeechSegment], model: EmbeddingModel
) -> list[SpeechSegment]:
    """Average linkage at a fixed distance, nothing else."""
    reader = HeldSamples(call.samples, call.sample_rate_hz)
    owners, spans, vectors = embed_windows(reader, heard, model, DiarizationSettings())
    tree = linkage(pdist(vectors, "cosine"), "average")
    labels = fcluster(tree, BASELINE_DISTANCE, "distance").astype(np.int64)
    return list(turns_of(heard, owners, spans, labels, np.zeros(len(labels), np.bool_)))


def summary(calls: Sequence[Call], found: Sequence[Sequence[SpeechSegment]]) -> str:
    """The rates of a condition, its time pooled, and the count errors of its calls."""
    parts = np.zeros((2, 4))
    counts = []
    for call, segments in zip(calls, found, strict=True):
        names = sorted({s.speaker for s in segments})
        turns = [(s.start_s, s.end_s, names.index(s.speaker)) for s in segments]
        for row, collar_s in enumerate((0.0, COLLAR_S)):
            parts[row] += errors(call.turns, turns, collar_s)
        counts.append(len(names) - len({t[2] for t in call.turns}))
    rates = parts[:, :3] / parts[:, 3:]
    return (
        f"DER {rates[0].sum():6.1%} (missed {rates[0, 0]:5.1%}, false {rates[0, 1]:5.1%}, "
        f"confused {rates[0, 2]:5.1%})  collar {rates[1].sum():6.1%}  "
        f"count error {np.abs(counts).mean():.2f} {counts}"
    )


def errors(truth: Sequence[Turn], found: Sequence[Turn], collar_s: float) -> NDArray[np.float64]:
    """Missed, false-alarm and confused speaker time, and that of the truth, in hundredths."""
    frames = int(100 * max(t[1] for t in (*truth, *found))) + 1
    real, heard = _grid(truth, frames), _grid(found, frames)
    scored = np.ones(frames, np.bool_)
    for edge in (e for turn in truth for e in turn[:2]) if collar_s else ():
        scored[max(0, round(100 * (edge - collar_s))) : round(100 * (edge + collar_s))] = False
    real, heard = real[:, scored], heard[:, scored]
    together = real.astype(int) @ heard.T.astype(int)
    matched = together[linear_sum_assignment(-together)].sum()
    n_real, n_heard = real.sum(axis=0), heard.sum(axis=0)
    missed = np.maximum(0, n_real - n_heard).sum()
    false = np.maximum(0, n_heard - n_real).sum()
    return np.array([missed, false, np.minimum(n_real, n_heard).sum() - matched, n_real.sum()])


def _grid(turns: Sequence[Turn], frames: int) -> NDArray[np.bool_]:
    grid = np.zeros((1 + max((t[2] for t in turns), default=0), frames), np.bool_)
    for start_s, end_s, party in turns:
        grid[party, round(100 * start_s) : round(100 * end_s)] = True
    return grid


def overlap_found(calls: Sequence[Call], found: Sequence[Sequence[SpeechSegment]]) -> str:
    """How much of what is flagged is overlap, and how much of the overlap is flagged."""
    hits = flagged = there = 0
    for call, segments in zip(calls, found, strict=True):
        frames = len(call.samples) * 100 // call.sample_rate_hz + 100
        real = _grid(call.turns, frames).sum(axis=0) > 1
        said = _grid([(s.start_s, s.end_s, 0) for s in segments if s.overlap], frames)[0]
        hits, flagged, there = hits + (real & said).sum(), flagged + said.sum(), there + real.sum()
    return f"precision {hits / max(1, flagged):.0%} of {flagged / 100:.0f} s, " + (
        f"recall {hits / max(1, there):.0%} of {there / 100:.0f} s"
    )


if __name__ == "__main__":
    main()
