"""From evidence files to the speech of one voice each, ready to be embedded."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

from engine.audio.blocks import HeldSamples
from engine.audio.decode import decode
from engine.audio.quality import measure_quality, require_signal
from engine.audio.resample import pick_channel, resample
from engine.errors import SeongmunError
from engine.files import Source
from engine.progress import CancelToken, Progress, no_progress
from engine.speech.vad import VadSettings, detect_speech, join_speech
from engine.types import (
    EXAMINER_STEP,
    FloatArray,
    ProcessingStep,
    QualityReport,
    Recording,
    SpeechSegment,
)

SPEECH_RATE_HZ = 16000
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Voice:
    """One channel of one recording with its speech.

    `samples` is float32 [shape=(n,)] at the recording's own rate; `speech` is the joined speech
    segments, float32 [shape=(m,)] at `SPEECH_RATE_HZ`.
    """

    recording: Recording
    channel: int
    samples: FloatArray
    segments: tuple[SpeechSegment, ...]
    quality: QualityReport
    speech: FloatArray
    steps: tuple[ProcessingStep, ...]


def load_voice(
    source: Source,
    channel: int | None = None,
    allow_truncated: bool = False,
    segments: Sequence[SpeechSegment] | None = None,
) -> Voice:
    """Decode a recording, choose its channel, find and join its speech: all of it, or the
    `segments` that the examiner chose.

    Raises
    ------
    SeongmunError
        Whatever decoding raises; AUDIO_SILENT; AUDIO_CHANNEL where the channels differ and none
        is chosen.
    """
    audio = decode(source, allow_truncated=allow_truncated)
    require_signal(audio)
    chosen = pick_channel(audio, channel)
    samples = audio.samples[chosen]
    speech_rate = resample(samples, audio.sample_rate_hz, SPEECH_RATE_HZ)
    settings = VadSettings()
    if segments is None:
        found = detect_speech(speech_rate, settings, chosen)
        how = ProcessingStep("detect_speech", settings.as_params())
    else:
        found = _united(segments, chosen, audio.duration_s)
        how = ProcessingStep(EXAMINER_STEP, {"segments": len(found)})
    steps = (
        *audio.steps,
        ProcessingStep("select_channel", {"channel": chosen}),
        ProcessingStep(
            "resample",
            {"from_hz": audio.sample_rate_hz, "to_hz": SPEECH_RATE_HZ, "method": "soxr HQ"},
        ),
        how,
    )
    return Voice(
        recording=audio.recording,
        channel=chosen,
        samples=samples.copy(),
        segments=found,
        quality=measure_quality(
            HeldSamples(samples, audio.sample_rate_hz), found, chosen, all_speech=segments is None
        ),
        speech=join_speech(speech_rate, SPEECH_RATE_HZ, found),
        steps=steps,
    )


def _united(
    segments: Sequence[SpeechSegment], channel: int, duration_s: float
) -> tuple[SpeechSegment, ...]:
    """The chosen stretches within the recording, in order, none of them heard twice."""
    united: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda s: s.start_s):
        start_s, end_s = segment.start_s, min(segment.end_s, duration_s)
        if united and start_s <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end_s))
        elif start_s < end_s:
            united.append((start_s, end_s))
    return tuple(SpeechSegment(a, b, channel, origin="manual") for a, b in united)


def load_voices(
    sources: Sequence[Source],
    channels: Sequence[int | None] | None = None,
    allow_truncated: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    segments: Sequence[Sequence[SpeechSegment] | None] | None = None,
) -> Iterator[Voice | SeongmunError]:
    """Load many voices in several processes; yields a voice or its error per source, in order.

    No more than two voices per process are held at a time, so a batch of any length fits.
    """
    wanted = [
        (source, channel, allow_truncated, chosen)
        for source, channel, chosen in zip(
            sources,
            channels or [None] * len(sources),
            segments or [None] * len(sources),
            strict=True,
        )
    ]
    workers = max(1, min(os.cpu_count() or 1, len(wanted)))
    if workers == 1:
        for done, arguments in enumerate(wanted):
            progress("voices", done, len(wanted))
            yield _load_or_error(*arguments)
        return
    with _process_pool(workers) as pool:
        waiting: list[Future[Voice | SeongmunError]] = []
        started = 0
        for done in range(len(wanted)):
            while started < len(wanted) and len(waiting) < 2 * workers:
                waiting.append(pool.submit(_load_or_error, *wanted[started]))
                started += 1
            progress("voices", done, len(wanted))
            yield _result(waiting.pop(0), cancel)
    progress("voices", len(wanted), len(wanted))


def _load_or_error(
    source: Source,
    channel: int | None,
    allow_truncated: bool,
    segments: Sequence[SpeechSegment] | None,
) -> Voice | SeongmunError:
    try:
        return load_voice(source, channel, allow_truncated, segments)
    except SeongmunError as error:
        return error


def _result(
    future: Future[Voice | SeongmunError], cancel: CancelToken | None
) -> Voice | SeongmunError:
    while not wait([future], POLL_S, FIRST_COMPLETED).done:
        if cancel is not None:
            cancel.check()
    return future.result()


@contextmanager
def _process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are ended at once when the block is left early."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    except BaseException:
        for process in list(pool._processes.values()):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
