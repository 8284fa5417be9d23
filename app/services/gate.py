"""What must hold before two voices are compared: else a coded refusal instead of a number."""

from __future__ import annotations

from app.services.voices import Voice
from engine.audio.blocks import HeldSamples
from engine.audio.sameness import fingerprint, shared_sound
from engine.audio.suitability import REFUSALS, judge_suitability
from engine.errors import ErrorCode, SeongmunError
from engine.types import SuitabilityReason


def require_comparable(first: Voice, second: Voice) -> None:
    """Refuse two voices that may not be compared.

    Raises
    ------
    SeongmunError
        COMPARE_SAME_BYTES, COMPARE_SAME_CONTENT; what `require_suitable` raises.
    """
    if first.recording.sha256 == second.recording.sha256:
        raise SeongmunError(ErrorCode.COMPARE_SAME_BYTES, path=second.recording.path.name)
    for voice in (first, second):
        require_suitable(voice)
    _require_other_sound(first, second)


def _require_other_sound(first: Voice, second: Voice) -> None:
    """Refuse two voices whose segments hold the same sound."""
    prints = [
        fingerprint(HeldSamples(voice.samples, voice.recording.sample_rate_hz), voice.segments)
        for voice in (first, second)
    ]
    shared = shared_sound(*prints)
    if shared is not None:
        raise SeongmunError(
            ErrorCode.COMPARE_SAME_CONTENT,
            path=second.recording.path.name,
            questioned_start_s=round(shared.first_start_s, 1),
            known_start_s=round(shared.second_start_s, 1),
            duration_s=round(shared.duration_s, 1),
        )


def require_suitable(voice: Voice) -> None:
    """Refuse a voice whose quality is unsuitable.

    Raises
    ------
    SeongmunError
        SPEECH_NONE, SPEECH_TOO_SHORT, SNR_UNUSABLE.
    """
    for reason in judge_suitability(voice.quality).reasons:
        if reason.code in REFUSALS:
            raise _refusal(voice, reason)


def require_speech(voice: Voice) -> None:
    """Refuse a voice without any speech: there is nothing to embed (SPEECH_NONE)."""
    if not voice.segments:
        raise SeongmunError(ErrorCode.SPEECH_NONE, path=voice.recording.path.name)


def _refusal(voice: Voice, reason: SuitabilityReason) -> SeongmunError:
    path = voice.recording.path.name
    value = round(reason.value or 0.0, 2)
    match reason.code:
        case "speech.too_short":
            return SeongmunError(
                ErrorCode.SPEECH_TOO_SHORT, path=path, net_speech_s=value, minimum_s=reason.limit
            )
        case "snr.unusable":
            return SeongmunError(
                ErrorCode.SNR_UNUSABLE, path=path, snr_db=value, minimum_db=reason.limit
            )
        case code:
            return SeongmunError(ErrorCode(code), path=path)
