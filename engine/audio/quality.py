"""Quality figures of one channel, or of a selection of it, measured block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.audio.blocks import BLOCK_S, blocks
from engine.audio.channel import ChannelTraces
from engine.audio.levels import Dropouts, Levels
from engine.audio.noise import NoiseMeter
from engine.audio.peaks import SampleReader
from engine.audio.reverberation import ReverberationMeter
from engine.audio.spectra import Hum, LongTermSpectrum
from engine.errors import ErrorCode, SeongmunError
from engine.progress import CancelToken
from engine.types import Audio, QualityReport, SpeechSegment

TRACED_BLOCKS = 40


def require_signal(audio: Audio) -> None:
    """Refuse a recording without any signal (AUDIO_SILENT)."""
    if not np.ptp(audio.samples, axis=1).any():
        raise SeongmunError(ErrorCode.AUDIO_SILENT, path=str(audio.recording.path))


def measure_quality(
    reader: SampleReader,
    segments: Sequence[SpeechSegment],
    channel: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    cancel: CancelToken | None = None,
    *,
    all_speech: bool = True,
) -> QualityReport:
    """Measure one channel from `start_s` to `end_s` (default: all of it).

    Parameters
    ----------
    reader : SampleReader
        The channel's samples; those in memory are `engine.audio.blocks.HeldSamples`.
    segments : speech segments of this channel, in seconds from its beginning
    all_speech : whether there is no other speech; else noise is measured beneath the segments alone

    Returns
    -------
    QualityReport
        See there for the definitions; level and bandwidth are those of the speech, or of the whole
        selection where no speech was found. Codec and reverberation of more than half an hour are
        those of blocks spread evenly over it.

    Raises
    ------
    SeongmunError
        CANCELLED.
    """
    levels, dropouts = Levels(), Dropouts()
    spectrum, noise, hum = LongTermSpectrum(), NoiseMeter(), Hum()
    traces, reverberation = ChannelTraces(), ReverberationMeter()
    n_samples = 0
    duration_s = reader.n_samples / reader.sample_rate_hz if end_s is None else end_s
    sparse = max(1, round((duration_s - start_s) / BLOCK_S / TRACED_BLOCKS))
    for number, block in enumerate(blocks(reader, segments, start_s, end_s, all_speech)):
        if cancel is not None:
            cancel.check()
        n_samples += len(block.samples)
        for meter in (levels, dropouts, spectrum, noise, hum):
            meter.add(block)
        if number % sparse == 0:
            traces.add(block)
            reverberation.add(block)
    mains, codec = hum.found, traces.guess
    return QualityReport(
        channel=channel,
        duration_s=n_samples / reader.sample_rate_hz,
        net_speech_s=levels.n_speech / reader.sample_rate_hz,
        snr_db=noise.snr_db,
        clipped_share=levels.clipped_share,
        bandwidth_hz=spectrum.bandwidth_hz,
        level_dbfs=levels.level_dbfs,
        peak_dbfs=levels.peak_dbfs,
        dc_offset=levels.dc_offset,
        dropout_share=dropouts.share,
        codec_guess=codec and codec[0],
        codec_probability=codec and codec[1],
        hum_hz=mains and mains[0],
        hum_dbfs=mains and mains[1],
        reverberation_s=reverberation.seconds,
    )
