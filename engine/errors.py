"""Coded errors.

An error carries a code and parameters, never translated text: `resources/i18n/messages.toml`
holds what the user reads, in Korean and English, for every code.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Every error the engine and the services raise on purpose."""

    FILE_MISSING = "file.missing"
    FILE_IS_DIRECTORY = "file.is_directory"
    FILE_UNREADABLE = "file.unreadable"
    FILE_EMPTY = "file.empty"
    FILE_WRITE_FAILED = "file.write_failed"
    FILE_DISK_FULL = "file.disk_full"
    FILE_EXISTS = "file.exists"
    FILE_CHANGED = "file.changed"

    AUDIO_NOT_AUDIO = "audio.not_audio"
    AUDIO_NO_STREAM = "audio.no_stream"
    AUDIO_TRUNCATED = "audio.truncated"
    AUDIO_DECODER_CRASHED = "audio.decoder_crashed"
    AUDIO_TIME_LIMIT = "audio.time_limit"
    AUDIO_MEMORY_LIMIT = "audio.memory_limit"
    AUDIO_TOO_LONG = "audio.too_long"
    AUDIO_SILENT = "audio.silent"
    AUDIO_NOT_FINITE = "audio.not_finite"
    AUDIO_FORMAT_CHANGES = "audio.format_changes"
    AUDIO_CHANNEL = "audio.channel"

    SPEECH_NONE = "speech.none"
    SPEECH_TOO_SHORT = "speech.too_short"
    SNR_UNUSABLE = "snr.unusable"
    SEGMENTS_UNREADABLE = "segments.unreadable"

    MODEL_MISSING = "model.missing"
    MODEL_MANIFEST = "model.manifest"
    MODEL_HASH = "model.hash"
    MODEL_TENSORS = "model.tensors"
    MODEL_GOLDEN = "model.golden"
    MODEL_LOAD = "model.load"
    MODEL_OUTPUT = "model.output"
    DEVICE_UNAVAILABLE = "device.unavailable"

    POPULATION_MISSING = "population.missing"
    POPULATION_INVALID = "population.invalid"
    POPULATION_MODEL = "population.model"
    POPULATION_TOO_SMALL = "population.too_small"
    SCORES_IDENTICAL = "scores.identical"
    SCALE_MISSING = "scale.missing"
    SCALE_INVALID = "scale.invalid"

    COMPARE_SAME_BYTES = "compare.same_bytes"
    COMPARE_SAME_CONTENT = "compare.same_content"
    TABLE_INVALID = "table.invalid"

    KEY_MISSING = "key.missing"
    KEY_PASSWORD = "key.password"
    KEY_INVALID = "key.invalid"
    KEY_EXPIRED = "key.expired"
    KEY_WEAK = "key.weak"
    KEY_CERTIFICATE = "key.certificate"
    KEY_REVOKED = "key.revoked"
    REVOCATION_INVALID = "revocation.invalid"
    TIMESTAMP_PURPOSE = "timestamp.purpose"
    COUNTERSIGN_NOT_INTACT = "countersign.not_intact"
    COUNTERSIGN_ALREADY = "countersign.already"
    COUNTERSIGN_SAME_PERSON = "countersign.same_person"
    COUNTERSIGN_NO_PLACE = "countersign.no_place"
    COUNTERSIGN_CHANGED = "countersign.changed"
    COUNTERSIGN_ARCHIVED = "countersign.archived"
    ARCHIVE_NOT_INTACT = "archive.not_intact"
    TOKEN_MODULE = "token.module"
    TOKEN_MISSING = "token.missing"
    TOKEN_CHOICE = "token.choice"
    TOKEN_PIN = "token.pin"
    TOKEN_PIN_LOCKED = "token.pin_locked"
    SIGN_FAILED = "sign.failed"
    REPORT_FONT = "report.font"
    REPORT_SELF_CHECK = "report.self_check"
    REPORT_NOT_PDF = "report.not_pdf"
    REPORT_TOO_LARGE = "report.too_large"
    REPORT_MANIFEST = "report.manifest"
    REVIEW_OTHER = "review.other"
    REPORT_ITEMS = "report.items"
    REPORT_MIXED = "report.mixed"
    TEMPLATE_MISSING = "template.missing"
    TEMPLATE_INVALID = "template.invalid"
    TEMPLATE_LOGO = "template.logo"

    CASE_MISSING = "case.missing"
    CASE_EXISTS = "case.exists"
    CASE_INVALID = "case.invalid"
    CASE_NEWER = "case.newer"
    CASE_LOCKED = "case.locked"
    CASE_READ_ONLY = "case.read_only"
    CASE_ARCHIVE = "case.archive"
    CASE_NO_SUCH_ROW = "case.no_such_row"
    CASE_NO_SUCH_FACT = "case.no_such_fact"
    CASE_FACT_INVALID = "case.fact_invalid"
    CASE_NOTHING_TO_UNDO = "case.nothing_to_undo"
    CASE_PASSPHRASE = "case.passphrase"
    CASE_PASSPHRASE_MISSING = "case.passphrase_missing"
    CASE_PASSPHRASE_WEAK = "case.passphrase_weak"
    CASE_KEY_DAMAGED = "case.key_damaged"

    PLAYBACK_NO_PORTAUDIO = "playback.no_portaudio"
    PLAYBACK_NO_DEVICE = "playback.no_device"
    PLAYBACK_FAILED = "playback.failed"
    PLAYBACK_DEVICE_LOST = "playback.device_lost"

    GALLERY_MISSING = "gallery.missing"
    GALLERY_EXISTS = "gallery.exists"
    GALLERY_INVALID = "gallery.invalid"
    GALLERY_MODEL = "gallery.model"
    GALLERY_EMPTY = "gallery.empty"
    GALLERY_LOCKED = "gallery.locked"
    GALLERY_NO_SUCH_ENTRY = "gallery.no_such_entry"
    GALLERY_DUPLICATE = "gallery.duplicate"
    GROUP_TOO_FEW = "group.too_few"
    GROUP_CONTRADICTION = "group.contradiction"
    GROUP_OUTDATED = "group.outdated"

    CANCELLED = "cancelled"
    USAGE = "usage"


class SeongmunError(Exception):
    """An expected failure, with a code and the facts that explain it.

    Parameters
    ----------
    code : ErrorCode
        What went wrong.
    **params
        Facts for the message, such as ``path`` or ``net_speech_s``; JSON-serialisable.
    """

    def __init__(self, code: ErrorCode, **params: str | int | float) -> None:
        super().__init__(f"{code.value} {params}" if params else code.value)
        self.code = code
        self.params = params

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.code, self.params)


def _rebuild(code: ErrorCode, params: dict[str, str | int | float]) -> SeongmunError:
    """Unpickle across a process boundary: keyword parameters need this."""
    return SeongmunError(code, **params)
