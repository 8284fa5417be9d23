"""The training corpus as one flat int16 array with an index of pieces and speakers."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.progress import Progress, no_progress

SAMPLE_RATE_HZ = 16000


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring utterances of one session: samples [start, start + length) of the corpus."""

    start: int
    length: int
    speaker: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """`samples` is int16 [shape=(n,)] at 16 kHz; `speakers` names the classes."""

    samples: NDArray[np.int16]
    pieces: tuple[Piece, ...]
    speakers: tuple[str, ...]

    def weights(self, exponent: float, least_s: float) -> NDArray[np.float64]:
        """How often each speaker is drawn [shape=(speakers,)]: (seconds of speech)^exponent, and
        never who has less than `least_s`: a network knows them by their one word, not their voice.
        They stay classes, which others must not be taken for."""
        lengths_s = [piece.length / SAMPLE_RATE_HZ for piece in self.pieces]
        speakers = [piece.speaker for piece in self.pieces]
        amount_s = np.bincount(speakers, lengths_s, len(self.speakers))
        return np.where(amount_s >= least_s, amount_s**exponent, 0.0)


def prepare_corpus(
    manifest: Path, directory: Path, piece_s: float, progress: Progress = no_progress
) -> Corpus:
    """Decode every file named in `manifest` once; later calls read what the first one wrote.

    Parameters
    ----------
    manifest : Path
        CSV with columns ``path`` (relative to the manifest), ``speaker`` and, optionally,
        ``utterance_starts_s`` (space-separated): a file holds one session of one speaker.
    directory : Path
        Where ``corpus.i16`` and ``corpus.json`` are kept.
    piece_s : float
        Target length of a piece; files are cut at utterance starts only.
    """
    index_path = directory / "corpus.json"
    if not index_path.exists():
        _decode(manifest, directory, piece_s, progress)
    index = json.loads(index_path.read_text(encoding="utf-8"))
    samples = np.memmap(directory / "corpus.i16", np.int16, "r")
    pieces = tuple(Piece(*piece) for piece in index["pieces"])
    return Corpus(samples, pieces, tuple(index["speakers"]))


def _decode(manifest: Path, directory: Path, piece_s: float, progress: Progress) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    speakers = sorted({row["speaker"] for row in rows})
    number = {speaker: i for i, speaker in enumerate(speakers)}
    pieces: list[tuple[int, int, int]] = []
    position = 0
    with (directory / "corpus.i16").open("wb") as output:
        for done, row in enumerate(rows):
            samples, rate_hz = soundfile.read(
                manifest.parent / row["path"], dtype="int16", always_2d=True
            )
            if rate_hz != SAMPLE_RATE_HZ:
                raise ValueError(f"{row['path']}: {rate_hz} Hz, the corpus is 16 kHz")
            mono = samples[:, 0]
            output.write(mono.tobytes())
            for start, end in _cuts(row.get("utterance_starts_s", ""), len(mono), piece_s):
                pieces.append((position + start, end - start, number[row["speaker"]]))
            position += len(mono)
            progress("training.decode", done + 1, len(rows))
    index = {"pieces": pieces, "speakers": speakers}
    (directory / "corpus.json").write_text(json.dumps(index), encoding="utf-8")


def _cuts(starts_s: str, length: int, piece_s: float) -> list[tuple[int, int]]:
    """Sample ranges of at least `piece_s`, cut at utterance starts; a short rest joins the last."""
    target = int(piece_s * SAMPLE_RATE_HZ)
    edges = [0]
    for start_s in starts_s.split():
        start = int(float(start_s) * SAMPLE_RATE_HZ)
        if start - edges[-1] >= target and length - start >= target // 2:
            edges.append(start)
    return list(zip(edges, [*edges[1:], length], strict=True))
