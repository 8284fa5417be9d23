"""A large gallery searched, and a large matrix grouped, beside bare numpy in the same run.

`python -m benchmarks.gallery [VOICES] [MATRIX]`; 1,000,000 and 13,000 unless told.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from app.services.loading import open_model, open_population
from benchmarks.__main__ import best
from engine.casefile.audit import utc_now
from engine.compare.gallery import (
    SCALES,
    STATISTICS,
    VECTORS,
    Gallery,
    Precision,
)
from engine.groups.cluster import group_voices
from engine.groups.matrix import VoiceVectors, log10_lr_matrix
from engine.groups.organise import GroupSettings
from engine.types import CalibrationModel, Embedding, FloatArray

MODEL = "a" * 64
QUERIES = 10
TOP = 50
VOICES_PER_PERSON = 4
VOICES_PER_CALL = 2
STRANGERS = (0.25, 0.06)


def main() -> None:
    """Print a line per figure."""
    n_voices = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    n_matrix = int(sys.argv[2]) if len(sys.argv) > 2 else 13_000
    model = open_model(None, "cpu")
    calibration = open_population(None, model).calibration
    dim = model.pack.embedding_dim
    matrix(n_matrix, dim, calibration)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        search(Path(folder), n_voices, dim, calibration)


def some_voices(n: int, dim: int, seed: int = 0) -> FloatArray:
    """Voices about people, `VOICES_PER_PERSON` of each, as close as those of the model are."""
    rng = np.random.default_rng(seed)
    people = rng.standard_normal((n // VOICES_PER_PERSON + 1, dim), np.float32)
    voices = np.repeat(people, VOICES_PER_PERSON, axis=0)[:n]
    for start in range(0, n, 1 << 16):
        part = voices[start : start + (1 << 16)]
        part += rng.standard_normal(part.shape, np.float32) * np.float32(0.8)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return np.asarray(voices[rng.permutation(n)], np.float32)


def matrix(n: int, dim: int, calibration: CalibrationModel) -> None:
    """The calibrated matrix of `n` voices, then people."""
    statistics = np.tile(STRANGERS, (n, 1))
    voices = VoiceVectors(some_voices(n, dim), statistics)
    product_s = best(lambda: voices.vectors @ voices.vectors.T)
    clocks = [(time.perf_counter(), time.process_time())]
    log10_lr = log10_lr_matrix(voices, calibration, bounded=False)
    clocks.append((time.perf_counter(), time.process_time()))
    calls = [str(i // VOICES_PER_CALL) for i in range(n)]
    people = group_voices(log10_lr, calls, GroupSettings().voices_log10)
    clocks.append((time.perf_counter(), time.process_time()))
    (made_s, made_cpu_s), (grouped_s, grouped_cpu_s) = np.diff(clocks, axis=0)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{n} x {n}: bare product {product_s:.1f} s, calibrated matrix {made_s:.1f} s "
        f"({made_cpu_s:.1f} s of processor), grouping into {len(people)} people {grouped_s:.1f} s "
        f"({grouped_cpu_s:.1f}), together {made_s + grouped_s:.1f} s "
        f"({made_cpu_s + grouped_cpu_s:.1f}), at most {peak_mb:.0f} MB",
        flush=True,
    )


def search(folder: Path, n: int, dim: int, calibration: CalibrationModel) -> None:
    """Exact search of `n` voices at both precisions beside a bare product."""
    vectors = some_voices(n, dim)
    query = vectors[: QUERIES * 7 : 7] + 0
    rng = np.random.default_rng(1)
    query += rng.standard_normal(query.shape, np.float32) * np.float32(0.8 / np.sqrt(dim))
    query /= np.linalg.norm(query, axis=1, keepdims=True)
    asked = [Embedding(v, MODEL, "", 9.0, *STRANGERS) for v in query]
    product_s = best(lambda: [vectors @ v for v in query]) / QUERIES
    print(f"{n} x {dim}: bare float32 product {product_s * 1000:.0f} ms", flush=True)
    found: dict[Precision, list[set[str]]] = {}
    for precision in SCALES:
        fill(folder / precision, vectors, precision)
        with Gallery.open(folder / precision) as gallery:
            gallery.search(asked[0], calibration, TOP)
            product_s = best(lambda: [vectors @ v for v in query]) / QUERIES
            spent_s = best(lambda: [gallery.search(q, calibration, TOP) for q in asked]) / QUERIES
            found[precision] = [
                {hit.entry.voice for hit in gallery.search(q, calibration, TOP)} for q in asked
            ]
        size_mb = (folder / precision / VECTORS).stat().st_size / 1e6
        print(
            f"top {TOP} of {precision}: {spent_s * 1000:.0f} ms, {spent_s / product_s:.2f} x the "
            f"bare product ({product_s * 1000:.0f} ms in turn), {size_mb:.0f} MB",
            flush=True,
        )
    exact = [set(map(str, np.argsort(-(vectors @ v))[:TOP])) for v in query]
    for precision, sets in found.items():
        recall = np.mean([len(a & b) / TOP for a, b in zip(exact, sets, strict=True)])
        print(f"recall of {precision}: {recall:.4f}", flush=True)


def fill(folder: Path, vectors: FloatArray, precision: Precision) -> None:
    """A gallery as if every voice had been enrolled; a million transactions are not the matter."""
    n, dim = vectors.shape
    Gallery.create(folder, MODEL, dim, precision).close()
    stored = vectors if precision == "float32" else np.round(vectors * SCALES[precision])
    stored.astype(precision).tofile(folder / VECTORS)
    np.tile(np.array(STRANGERS, np.float32), (n, 1)).tofile(folder / STATISTICS)
    with Gallery.open(folder) as gallery, gallery._transaction():
        gallery._connection.executemany(
            "INSERT INTO entry (vector_row, voice, source, content_key, net_speech_s, watched, "
            "enrolled_utc, enrolled_by) VALUES (?, ?, ?, ?, 9, 0, ?, 'benchmark')",
            ((i, str(i), SOURCE, f"{i:064d}/0/S1", utc_now()) for i in range(n)),
        )


SOURCE = (
    '{"file_name": "call.wav", "media_sha256": "", "channel": 0, "speaker": "S1", '
    '"case_number": "", "case_uuid": "", "path": "", "case_path": "", "segments": []}'
)


if __name__ == "__main__":
    main()
