"""Figures of a model pack on labelled recordings that it was not trained on, by condition.

The speech of every recording is found by the product's own decoder and detector and kept, so that a
pack is measured in a minute. A condition changes what is compared (which trials) or how it is heard
(cut to a duration, noise added), never the model.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio.decode import decode
from engine.audio.resample import pick_channel, resample
from engine.compare.embed import embed_speech
from engine.compare.score import cohort_statistics, normalised
from engine.models.session import EmbeddingModel
from engine.progress import Progress, no_progress
from engine.speech.vad import VadSettings, detect_speech, join_speech
from engine.training.augment import at_snr, load_disturbances, stretch
from engine.types import Cohort, FloatArray, LabelledScores

SAMPLE_RATE_HZ = 16000
DURATIONS_S = (3, 5, 10, 20, 30)
SNRS_DB = (20, 10, 5, 0)


@dataclass(frozen=True, slots=True)
class DevVoice:
    """The joined speech of one recording; `speech` is float32 [shape=(n,)] at 16 kHz."""

    name: str
    speaker: str
    session: str
    speech: FloatArray


@dataclass(frozen=True, slots=True)
class DevSet:
    """Voices and the trials between them: index pairs [shape=(n, 2)] with the handsets' names."""

    name: str
    voices: tuple[DevVoice, ...]
    trials: NDArray[np.int64]
    phones: tuple[str, ...]

    def only(self, kept: NDArray[np.bool_]) -> DevSet:
        """The same voices with some of the trials."""
        phones = tuple(p for p, keep in zip(self.phones, kept, strict=True) if keep)
        return replace(self, trials=self.trials[kept], phones=phones)

    def heard(self, hear: Callable[[FloatArray], FloatArray]) -> DevSet:
        """The same trials with every voice changed."""
        return replace(self, voices=tuple(replace(v, speech=hear(v.speech)) for v in self.voices))

    def at_least(self, duration_s: float) -> DevSet:
        """The trials in which both voices speak for `duration_s`."""
        long = np.array([len(v.speech) >= duration_s * SAMPLE_RATE_HZ for v in self.voices])
        return self.only(np.asarray(long[self.trials].all(axis=1)))


def load_sets(data: Path, work: Path, progress: Progress = no_progress) -> dict[str, DevSet]:
    """The development sets below ``data/dev``; the speech found is kept in `work`.

    Returns
    -------
    ``telephone`` (trials of `trials.csv`), ``common_voice`` (likewise) and ``audiobook`` (every
    pair of different chapters), by name.
    """
    telephone = data / "dev/wuw2"
    books = data / "dev/librispeech_devclean_mp3"
    crowd = data / "dev/common_voice"
    calls = [
        (telephone / Path(row["path"]).name, row["speaker"], row["call"])
        for row in _rows(telephone / "calls.csv")
    ]
    clips = [
        (crowd / f"{row['recording']}.ogg", row["speaker"], row["recording"])
        for row in _rows(crowd / "recordings.csv")
    ]
    chapters = [
        (books.parent / row["path"], row["speaker"], f"{row['speaker']}-{row['chapter']}")
        for row in _rows(books / "manifest.csv")
    ]
    phone_voices = _voices(calls, work / "dev_telephone.npz", progress)
    crowd_voices = _voices(clips, work / "dev_common_voice.npz", progress)
    book_voices = _voices(chapters, work / "dev_audiobook.npz", progress)
    sets = (
        _from_table("telephone", phone_voices, telephone / "trials.csv"),
        _from_table("common_voice", crowd_voices, crowd / "trials.csv"),
        _all_pairs("audiobook", book_voices),
    )
    return {s.name: s for s in sets}


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _voices(
    files: Sequence[tuple[Path, str, str]], cache: Path, progress: Progress
) -> tuple[DevVoice, ...]:
    if not cache.exists():
        speech = []
        for done, (path, _, _) in enumerate(files):
            speech.append(_speech(path))
            progress("training.dev", done + 1, len(files))
        temporary = cache.with_suffix(".partial.npz")
        np.savez(temporary, lengths=[len(s) for s in speech], samples=np.concatenate(speech))
        temporary.rename(cache)
    kept = np.load(cache, allow_pickle=False)
    parts = np.split(kept["samples"], np.cumsum(kept["lengths"])[:-1])
    return tuple(
        DevVoice(path.stem, speaker, session, part)
        for (path, speaker, session), part in zip(files, parts, strict=True)
    )


def _speech(path: Path) -> FloatArray:
    audio = decode(path, allow_truncated=True)
    channel = pick_channel(audio, None)
    samples = resample(audio.samples[channel], audio.sample_rate_hz, SAMPLE_RATE_HZ)
    segments = detect_speech(samples, VadSettings(), channel)
    return join_speech(samples, SAMPLE_RATE_HZ, segments)


def _from_table(name: str, voices: tuple[DevVoice, ...], table: Path) -> DevSet:
    number = {voice.name: i for i, voice in enumerate(voices)}
    rows = _rows(table)
    trials = np.array([(number[row["a"]], number[row["b"]]) for row in rows], np.int64)
    return DevSet(name, voices, trials, tuple(row.get("phones", "") for row in rows))


def _all_pairs(name: str, voices: tuple[DevVoice, ...]) -> DevSet:
    first, second = np.triu_indices(len(voices), 1)
    sessions = np.array([voice.session for voice in voices])
    kept = sessions[first] != sessions[second]
    trials = np.stack([first[kept], second[kept]], axis=1)
    return DevSet(name, voices, trials, ("",) * len(trials))


def joined_sessions(given: DevSet) -> DevSet:
    """One voice per session, made of all its recordings, and every pair of sessions."""
    sessions: dict[str, list[DevVoice]] = {}
    for voice in given.voices:
        sessions.setdefault(voice.session, []).append(voice)
    voices = tuple(
        replace(parts[0], name=session, speech=np.concatenate([p.speech for p in parts]))
        for session, parts in sessions.items()
    )
    return _all_pairs(given.name, voices)


def score(model: EmbeddingModel, given: DevSet) -> LabelledScores:
    """The product's scores of all trials; every voice that takes part is embedded once."""
    vectors = np.zeros((len(given.voices), model.pack.embedding_dim), np.float32)
    for i in np.unique(given.trials):
        vectors[i] = embed_speech(model, given.voices[i].speech)
    speakers = np.array([voice.speaker for voice in given.voices], np.str_)
    return scores_of(vectors, speakers, given.trials, model.pack.cohort)


def scores_of(
    vectors: FloatArray,
    speakers: NDArray[np.str_],
    trials: NDArray[np.int64],
    cohort: Cohort | None,
) -> LabelledScores:
    """Scores of the trials [shape=(n, 2)] between embeddings [shape=(voices, dim)]."""
    first, second = trials.T
    statistics = cohort_statistics(vectors, cohort)
    cosines = np.einsum("nd,nd->n", vectors[first], vectors[second], dtype=np.float64)
    return LabelledScores(
        normalised(cosines, statistics[first], statistics[second]),
        speakers[first] == speakers[second],
        speakers[first],
        speakers[second],
    )


@dataclass(frozen=True, slots=True)
class Condition:
    """A row of the model card: `key` names its text, `value` is a duration in s or an SNR in dB."""

    key: str
    given: DevSet
    value: int | None = None


def conditions(sets: Mapping[str, DevSet], noise_dir: Path) -> Iterator[Condition]:
    """Every row of the model card: the development sets, each followed by how else it is heard."""
    noises = load_disturbances(noise_dir, noise_dir, ()).noises
    telephone, crowd, books = (sets[n] for n in ("telephone", "common_voice", "audiobook"))
    yield Condition("telephone", telephone)
    same = np.array([len(set(p.split("-"))) == 1 for p in telephone.phones])
    yield Condition("same_handset", telephone.only(same))
    yield Condition("cross_handset", telephone.only(~same))
    yield from _durations(telephone, DURATIONS_S)
    yield from _snrs(telephone, [_narrow_band(noise) for noise in noises])
    yield Condition("common_voice", crowd)
    yield from _durations(crowd, DURATIONS_S[:2])
    yield from _snrs(crowd, noises)
    yield Condition("audiobook", books)
    yield from _durations(joined_sessions(books), DURATIONS_S)
    yield from _snrs(books, noises)


def _durations(given: DevSet, durations_s: Sequence[int]) -> Iterator[Condition]:
    for duration_s in durations_s:
        yield Condition(
            "duration", given.at_least(duration_s).heard(_first(duration_s)), duration_s
        )


def _first(duration_s: int) -> Callable[[FloatArray], FloatArray]:
    return lambda speech: speech[: duration_s * SAMPLE_RATE_HZ]


def _snrs(given: DevSet, noises: Sequence[FloatArray]) -> Iterator[Condition]:
    for snr_db in SNRS_DB:
        yield Condition("noise", given.heard(_noisy(noises, snr_db)), snr_db)


def _noisy(noises: Sequence[FloatArray], snr_db: float) -> Callable[[FloatArray], FloatArray]:
    """Another recorded noise for every voice, the same at every call for a set."""
    rng = np.random.default_rng(0)

    def hear(speech: FloatArray) -> FloatArray:
        noise = noises[int(rng.integers(len(noises)))]
        return at_snr(speech, stretch(noise, len(speech), rng), snr_db)

    return hear


def _narrow_band(noise: FloatArray) -> FloatArray:
    return resample(resample(noise, SAMPLE_RATE_HZ, 8000), 8000, SAMPLE_RATE_HZ)
