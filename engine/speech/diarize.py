"""Who speaks when: a proposal for the examiner.

Where every channel carries one party, the channels are the speakers. Otherwise short windows of the
speech are embedded, a part of them is clustered, and all are labelled in the order of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from engine.audio.peaks import SampleReader
from engine.audio.resample import resample
from engine.models.frontend import compute_features
from engine.models.session import EmbeddingModel
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.clustering import Labels, Spans, centroids, choose, follow_voices, unit
from engine.types import FloatArray, FrontEnd, SpeechSegment

BATCH = 8


@dataclass(frozen=True, slots=True)
class DiarizationSettings:
    """What shapes a proposal.

    `hop_s` grows to at most `window_s` so that there are about `windows` windows; `clustered` of
    them decide who there is. Features are centred over up to `stretch_s` of speech, not over each
    window: what a voice's handset adds is part of what tells the parties apart. Two voices are two
    if their cosine is below `limit_two`, three and more if all are below `limit_more`: a call has
    two parties as a rule. A window is called overlapped where the mean of two voices explains it
    better than its own by `overlap_gain`. Channels have one party each if less than
    `crosstalk_share` of the speech of either is in both.
    """

    window_s: float = 1.5
    hop_s: float = 0.75
    windows: int = 3000
    clustered: int = 1000
    stretch_s: float = 1200.0
    most_speakers: int = 8
    limit_two: float = 0.6
    limit_more: float = 0.4
    overlap_gain: float = 0.025
    crosstalk_share: float = 0.3


def one_party_each(
    segments: Sequence[Sequence[SpeechSegment]], settings: DiarizationSettings
) -> bool:
    """Whether channels carry one party each: all have speech, and they take turns.

    `segments` holds the speech of each channel.
    """
    if len(segments) < 2 or not all(segments):
        return False
    return all(
        _shared_s(a, b) < settings.crosstalk_share * min(_total_s(a), _total_s(b))
        for a, b in combinations(segments, 2)
    )


def by_channel(segments: Sequence[Sequence[SpeechSegment]]) -> tuple[SpeechSegment, ...]:
    """The speech of each channel as that of one speaker, S1 for the first channel."""
    return tuple(
        sorted(
            (
                SpeechSegment(s.start_s, s.end_s, s.channel, f"S{number}")
                for number, channel in enumerate(segments, 1)
                for s in channel
            ),
            key=lambda s: (s.start_s, s.channel),
        )
    )


def diarize(
    reader: SampleReader,
    segments: Sequence[SpeechSegment],
    model: EmbeddingModel,
    n_speakers: int | None = None,
    settings: DiarizationSettings | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[SpeechSegment, ...]:
    """Turns of the speakers of one channel, named S1, S2 … as they are first heard.

    Parameters
    ----------
    segments : the channel's speech, in order
    n_speakers : how many speakers there are; None: as many as are heard, at most
        `settings.most_speakers`

    Returns
    -------
    Turns in order; `overlap` where another voice seems to be heard beneath.

    Raises
    ------
    SeongmunError
        MODEL_OUTPUT, CANCELLED.
    """
    if not segments:
        return ()
    settings = settings or DiarizationSettings()
    owners, spans, vectors = embed_windows(reader, segments, model, settings, progress, cancel)
    progress("speakers", 0, 1)
    labels = _labelled(vectors, spans, n_speakers, settings)
    overlapped = _overlapped(vectors, labels, settings.overlap_gain)
    progress("speakers", 1, 1)
    return tuple(turns_of(segments, owners, spans, labels, overlapped))


def _labelled(
    vectors: FloatArray,
    spans: Spans,
    n_speakers: int | None,
    settings: DiarizationSettings,
) -> Labels:
    count = min(len(vectors), settings.clustered)
    chosen = np.unique(np.linspace(0, len(vectors) - 1, count).astype(np.int64))
    limits = (settings.limit_two, settings.limit_more)
    labels = choose(vectors[chosen], spans[chosen], n_speakers, settings.most_speakers, limits)
    return follow_voices(vectors, spans, centroids(vectors[chosen], labels))


# Windows


def embed_windows(
    reader: SampleReader,
    segments: Sequence[SpeechSegment],
    model: EmbeddingModel,
    settings: DiarizationSettings,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Labels, Spans, FloatArray]:
    """Windows of the speech, in order: for each the number of its segment, its start and end in
    seconds, and its embedding."""
    hop_s = float(np.clip(_total_s(segments) / settings.windows, settings.hop_s, settings.window_s))
    front_end = model.pack.front_end
    length = round(1000 * settings.window_s / front_end.frame_shift_ms)
    owners: list[int] = []
    spans: list[tuple[float, float]] = []
    vectors: list[FloatArray] = []
    for stretch in _stretches(segments, settings.stretch_s):
        features = [_features(reader, segments[i], front_end) for i in stretch]
        mean = np.concatenate(features).mean(axis=0)
        windows: list[FloatArray] = []
        for i, own in zip(stretch, features, strict=True):
            for start, end in _cuts(len(own), length, hop_s * 1000 / front_end.frame_shift_ms):
                owners.append(i)
                spans.append(_times(segments[i], start, end, len(own)))
                windows.append(np.resize(own[start:end] - mean, (length, own.shape[1])))
        for at in range(0, len(windows), BATCH):
            if cancel is not None:
                cancel.check()
            vectors.append(model.embed_windows(np.stack(windows[at : at + BATCH])))
            progress("embed", stretch[0] + at / len(windows) * len(stretch), len(segments))
    return np.array(owners), np.array(spans), np.concatenate(vectors)


def _stretches(segments: Sequence[SpeechSegment], stretch_s: float) -> Iterator[list[int]]:
    """Numbers of neighbouring segments that together last about `stretch_s`."""
    waiting: list[int] = []
    for i in range(len(segments)):
        waiting.append(i)
        if sum(segments[j].duration_s for j in waiting) >= stretch_s:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _features(reader: SampleReader, segment: SpeechSegment, front_end: FrontEnd) -> FloatArray:
    rate_hz = reader.sample_rate_hz
    samples = reader.read(round(segment.start_s * rate_hz), round(segment.end_s * rate_hz))
    return compute_features(resample(samples, rate_hz, front_end.sample_rate_hz), front_end)


def _cuts(frames: int, length: int, hop: float) -> list[tuple[int, int]]:
    """Windows of `length` frames that begin with the first frame and end with the last."""
    if frames <= length:
        return [(0, frames)]
    count = int(np.ceil((frames - length) / hop)) + 1
    starts = np.unique(np.linspace(0, frames - length, count).round().astype(int))
    return [(int(start), int(start) + length) for start in starts]


def _times(segment: SpeechSegment, start: int, end: int, frames: int) -> tuple[float, float]:
    scale = segment.duration_s / frames
    return segment.start_s + start * scale, segment.start_s + end * scale


# Turns


def _overlapped(vectors: FloatArray, labels: Labels, gain: float) -> NDArray[np.bool_]:
    """Windows that the mean of two voices explains better, by `gain`, than their own does."""
    names, own = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return np.zeros(len(labels), np.bool_)
    voices = centroids(vectors, labels)
    fit = vectors @ voices.T
    other = np.where(np.arange(len(names)) == own[:, None], -np.inf, fit).argmax(axis=1)
    both = np.sum(vectors * unit(voices[own] + voices[other]), axis=1)
    return np.asarray(both - fit[np.arange(len(own)), own] > gain)


def turns_of(
    segments: Sequence[SpeechSegment],
    owners: Labels,
    spans: Spans,
    labels: Labels,
    overlapped: NDArray[np.bool_],
) -> Iterator[SpeechSegment]:
    """Each window rules between the middles to its neighbours; equal neighbours are one turn."""
    names: dict[int, str] = {}
    for number, segment in enumerate(segments):
        rows = np.flatnonzero(owners == number)
        middles = spans[rows].mean(axis=1)
        edges = [segment.start_s, *((middles[1:] + middles[:-1]) / 2), segment.end_s]
        keys = [(int(labels[row]), bool(overlapped[row])) for row in rows]
        changes = [i for i in range(1, len(keys)) if keys[i] != keys[i - 1]]
        for first, last in pairwise([0, *changes, len(keys)]):
            voice, overlap = keys[first]
            yield SpeechSegment(
                round(float(edges[first]), 3),
                round(float(edges[last]), 3),
                segment.channel,
                names.setdefault(voice, f"S{len(names) + 1}"),
                overlap,
            )


def _total_s(segments: Sequence[SpeechSegment]) -> float:
    return sum(s.duration_s for s in segments)


def _shared_s(first: Sequence[SpeechSegment], second: Sequence[SpeechSegment]) -> float:
    """Time in which both channels hold speech."""
    masks: list[NDArray[np.bool_]] = []
    end_s = max(first[-1].end_s, second[-1].end_s)
    for segments in (first, second):
        mask = np.zeros(int(end_s * 100) + 1, np.bool_)
        for s in segments:
            mask[int(s.start_s * 100) : int(s.end_s * 100)] = True
        masks.append(mask)
    return float((masks[0] & masks[1]).sum() / 100)
