"""The keys and types of a report's manifest; `engine.report.manifest` says what they mean."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from engine.types import QualityReport, ValidationResult

NUMBER = (int, float)
PLAIN = (str, int, float, bool)
ESTIMATE = {"value": NUMBER, "low": NUMBER, "high": NUMBER}
MEASURED = (int, float, None)
QUALITY = {
    field.name: NUMBER if field.default is MISSING else MEASURED for field in fields(QualityReport)
} | {"snr_db": MEASURED, "codec_guess": (str, None)}
# Format 2 knew these figures of quality, and one limit in place of a table of them.
QUALITY_2 = [
    "channel",
    "duration_s",
    "net_speech_s",
    "snr_db",
    "clipped_share",
    "bandwidth_hz",
    "level_dbfs",
    "peak_dbfs",
    "dc_offset",
]
SCHEMA_3: dict[str, Any] = {
    "format": (int,),
    "report_id": (str,),
    "created_utc": (str,),
    "software": {"name": (str,), "version": (str,)},
    "language": (str,),
    "demo": (bool,),
    "case": {"uuid": (str,), "number": (str,), "events": (int,), "audit_head": (str,)},
    "propositions": {"same_source": (str,), "different_source": (str,)},
    "items": [
        {
            "role": (str,),
            "file_name": (str,),
            "sha256": (str,),
            "size_bytes": (int,),
            "container": (str,),
            "codec": (str,),
            "sample_rate_hz": (int,),
            "channels": (int,),
            "channel": (int,),
            "duration_s": NUMBER,
            "warnings": [(str,)],
            "steps": [{"name": (str,), "params": dict}],
            "segments": [[NUMBER]],
            "quality": QUALITY,
            "embedding": (str,),
            "cohort_mean": NUMBER,
            "cohort_deviation": NUMBER,
            "synthetic": (bool,),
        }
    ],
    "model": {
        "id": (str,),
        "version": (str,),
        "sha256": (str,),
        "manifest_sha256": (str,),
        "licence": (str,),
        "training_data": (str,),
        "validated_conditions": dict,
        "provider": (str,),
    },
    "population": {
        "id": (str,),
        "sha256": (str,),
        "description": (str,),
        "n_speakers": (int,),
        "n_same": (int,),
        "n_different": (int,),
        "conditions": dict,
        "calibration": {
            "method": (str,),
            "slope": NUMBER,
            "intercept": NUMBER,
            "bounds_log10": [NUMBER],
        },
        "validation": {
            field.name: (int,) if field.name.startswith("n_") else ESTIMATE
            for field in fields(ValidationResult)
        },
    },
    "profile": {
        "model_id": (str,),
        "model_sha256": (str,),
        "population_id": (str,),
        "population_sha256": (str,),
        "front_end": dict,
        "vad": dict,
        "suitability": dict,
        "software_version": (str,),
    },
    "conditions": [
        {
            "condition": (str,),
            "role": (str,),
            "place": (str,),
            "code": (str,),
            "value": (str, int, float, None),
            "low": MEASURED,
            "high": MEASURED,
            "allowed": (str,),
        }
    ],
    "result": {
        "score": (float,),
        "log10_lr": (float,),
        "interval_log10": [NUMBER],
        "bounds_log10": [NUMBER],
        "unbounded_log10_lr": (float,),
        "verbal_scale": (str,),
        "verbal_level": (str,),
        "flags": [(str,)],
    },
}


CUSTODY = ("origin", "received_utc", "received_from", "description", "added_utc")
REQUEST = ("agency", "requester", "examiners", "text", "received_utc", "deviations", "note")
SCHEMA: dict[str, Any] = {
    key: value for key, value in SCHEMA_3.items() if key not in ("conditions", "result")
} | {
    "version": (int,),
    "supersedes": {"report_id": (str,), "sha256": (str,), "reason": (str,)},
    "template": dict.fromkeys(("id", "version", "sha256", "laboratory"), (str,)),
    "request": dict.fromkeys(REQUEST, (str,)),
    "audit": [{"sequence": (int,)} | dict.fromkeys(("utc", "actor", "action", "hash"), (str,))],
    "propositions": {"same_source": dict, "different_source": dict},
    "items": [
        SCHEMA_3["items"][0]
        | {"label": (str,), "exhibit": (int,), "custody": dict.fromkeys(CUSTODY, (str,))}
    ],
    "comparisons": [
        {
            "questioned": (str,),
            "known": (str,),
            "analysed_utc": (str,),
            "author": (str,),
            "conditions": SCHEMA_3["conditions"],
            "result": SCHEMA_3["result"],
        }
    ],
}


def schema_of(version: int) -> dict[str, Any]:
    """The schema of a format that this program reads.

    Raises
    ------
    ValueError
    """
    if version == 4:
        return SCHEMA
    if version == 3:
        return SCHEMA_3
    if version == 2:
        item = SCHEMA_3["items"][0] | {"quality": {name: QUALITY[name] for name in QUALITY_2}}
        profile = SCHEMA_3["profile"] | {"minimum_net_speech_s": NUMBER}
        del profile["suitability"]
        older = SCHEMA_3 | {"items": [item], "profile": profile}
        del older["conditions"]
        return older
    raise ValueError(f"format {version}, this program reads 2 to 4")


def require(value: Any, schema: Any, at: str = "manifest") -> None:
    """Demand the very keys and types of a schema.

    A schema is a mapping of keys, a list with one kind of element, `dict` for a table of plain
    values, or a tuple of types, of which `bool` is no number.

    Raises
    ------
    ValueError
    """
    if isinstance(schema, dict):
        if not isinstance(value, dict) or value.keys() != schema.keys():
            raise ValueError(f"{at}: other keys than {', '.join(sorted(schema))}")
        for key, part in schema.items():
            require(value[key], part, f"{at}.{key}")
    elif isinstance(schema, list):
        if not isinstance(value, list):
            raise ValueError(f"{at} is no list")
        for element in value:
            require(element, schema[0], at)
    elif schema is dict:
        if not isinstance(value, dict):
            raise ValueError(f"{at} is no table")
        for key, element in value.items():
            require(element, PLAIN, f"{at}.{key}")
    elif (None if value is None else type(value)) not in schema:
        raise ValueError(f"{at} is of the wrong type")
