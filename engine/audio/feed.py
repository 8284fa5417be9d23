"""Between the thread that makes blocks and the device's callback that copies them out."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice
from queue import Empty, Queue

import numpy as np

from engine.audio.listening import FADE_S, HeardBlock
from engine.errors import ErrorCode, SeongmunError
from engine.types import FloatArray

QUEUED_BLOCKS = 10


@dataclass(frozen=True, slots=True)
class _Mark:
    """From `at_s` of the device's clock on, for `duration_s`, [start_s, end_s) is heard."""

    at_s: float
    duration_s: float
    start_s: float
    end_s: float
    limited: bool


class Feed:
    """A short queue of blocks, and the knowledge of when each is heard.

    `produce` runs in a thread of its own and `fill` in the device's; the rest is for the thread
    that listens.
    """

    def __init__(self, blocks: Generator[HeardBlock], start_s: float, rate_hz: int) -> None:
        self._blocks = blocks
        self._queue: Queue[HeardBlock | None] = Queue(QUEUED_BLOCKS)
        self.is_open = True
        self.is_finished = False
        self.underruns = 0
        self.failure: SeongmunError | None = None
        self._rate_hz = rate_hz
        self._was_open = True
        self._leaving = False
        self._block: HeardBlock | None = None
        self._used = 0
        self._marks: tuple[_Mark, ...] = (_Mark(-np.inf, 0.0, start_s, start_s, False),)

    def prepare(self) -> None:
        """Make the first blocks (raises what the recording raises)."""
        for block in islice(self._blocks, QUEUED_BLOCKS - 1):
            self._queue.put(block)

    def produce(self) -> None:
        """Make the other blocks as there is room for them, until they end or after `leave`."""
        try:
            for block in self._blocks:
                self._queue.put(block)
                if self._leaving:
                    break
        except SeongmunError as error:
            self.failure = error
        except Exception as error:  # whatever a reader raises is shown by the window
            self.failure = SeongmunError(ErrorCode.PLAYBACK_FAILED, reason=str(error))
        self._blocks.close()
        self._queue.put(None)

    def leave(self) -> None:
        """Fade out and end."""
        self._leaving, self.is_open = True, False

    def drain(self) -> None:
        """Once nobody takes blocks any more and after `leave`: let `produce` return."""
        while not self._queue.empty():
            self._queue.get_nowait()

    def fill(self, out: FloatArray, at_s: float, now_s: float) -> bool:
        """Copy what comes next to `out` [shape=(frames, ears)], which will be heard from `at_s` on;
        False where nothing will follow."""
        is_open, fade = self.is_open, min(len(out), round(FADE_S * self._rate_hz))
        frames = len(out) if is_open else fade if self._was_open else 0
        copied = self._copy(out[:frames], at_s, now_s)
        out[copied:] = 0
        if is_open != self._was_open:
            ramp = np.linspace(0, 1, fade, dtype=np.float32)[:, np.newaxis]
            out[:fade] *= ramp if is_open else ramp[::-1]
        self._was_open = is_open
        return not (self.is_finished or self._leaving)

    def _copy(self, out: FloatArray, at_s: float, now_s: float) -> int:
        marks = [mark for mark in self._marks if mark.at_s + mark.duration_s > now_s]
        marks = marks or [self._marks[-1]]
        copied = 0
        while copied < len(out) and (block := self._current_block()) is not None:
            first = self._used
            samples = block.samples[first : first + len(out) - copied]
            here = slice(copied, copied + len(samples))
            out[here] = samples if out.shape[1] == 2 else samples.mean(axis=1, keepdims=True)
            marks.append(self._mark(block, first, len(samples), at_s + copied / self._rate_hz))
            copied += len(samples)
            self._used += len(samples)
        self._marks = tuple(marks)  # replaced as a whole: `position_s` reads it in another thread
        return copied

    def _current_block(self) -> HeardBlock | None:
        if self._block is None or self._used == len(self._block.samples):
            self._block, self._used = self._next_block(), 0
        return self._block

    def _next_block(self) -> HeardBlock | None:
        try:
            block = self._queue.get_nowait()
        except Empty:
            self.underruns += not self.is_finished
            return None
        self.is_finished = block is None
        return block

    def _mark(self, block: HeardBlock, first: int, frames: int, at_s: float) -> _Mark:
        per_frame_s = (block.end_s - block.start_s) / len(block.samples)
        start_s = block.start_s + first * per_frame_s
        end_s = start_s + frames * per_frame_s
        return _Mark(at_s, frames / self._rate_hz, start_s, end_s, block.limited)

    def position_s(self, now_s: float) -> float:
        """The time of the recording that is heard at `now_s` of the device's clock."""
        mark = self._mark_at(now_s)
        share = (now_s - mark.at_s) / mark.duration_s if mark.duration_s else 1.0
        return mark.start_s + min(1.0, max(0.0, share)) * (mark.end_s - mark.start_s)

    def is_limited(self, now_s: float) -> bool:
        """Whether what is heard then is softer than was asked for."""
        return self._mark_at(now_s).limited

    def _mark_at(self, now_s: float) -> _Mark:
        marks = self._marks
        return next((mark for mark in reversed(marks) if mark.at_s <= now_s), marks[0])
