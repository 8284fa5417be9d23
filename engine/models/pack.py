"""Model packs: a folder with `manifest.toml`, `model.onnx`, `golden.npz` and a model card.

`manifest.toml` (format 1) names every other file of the folder with its SHA-256, the front end,
the tensors, the licence, the training data and the validated conditions. A pack whose scores are
normalised also has `cohort.npy` (float16 [shape=(n, dim)]) and the table ``cohort`` with ``top``.
"""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.models.frontend import compute_features
from engine.types import Cohort, FrontEnd, ModelPack, ParamValue

FORMAT = 1
MANIFEST = "manifest.toml"
MODEL = "model.onnx"
GOLDEN = "golden.npz"
CARD = "MODEL_CARD.md"
COHORT = "cohort.npy"
FRONT_END_RANGES = {
    "sample_rate_hz": (8000, 48000),
    "sample_scale": (1, 32768),
    "frame_length_ms": (5, 100),
    "frame_shift_ms": (1, 100),
}


def load_pack(directory: Path) -> ModelPack:
    """Read a pack's manifest and check the hash of every file in its folder.

    Raises
    ------
    SeongmunError
        MODEL_MISSING, MODEL_MANIFEST, MODEL_HASH.
    """
    content = _read(directory / MANIFEST)
    try:
        manifest = tomllib.loads(content.decode("utf-8"))
        pack = _parse(manifest, directory, hashlib.sha256(content).hexdigest())
        _check_files(directory, manifest["files"])
        return _with_cohort(pack, manifest.get("cohort"))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise _invalid(directory, f"{type(error).__name__}: {error}") from error


def read_file(pack: ModelPack, name: str) -> bytes:
    """Bytes of a pack's file: what is hashed is what is used.

    The manifest must still be the one that `load_pack` read.

    Raises
    ------
    SeongmunError
        MODEL_MISSING, MODEL_HASH.
    """
    manifest = _read(pack.directory / MANIFEST)
    _check_hash(manifest, pack.manifest_sha256, pack.directory / MANIFEST)
    content = _read(pack.directory / name)
    expected = tomllib.loads(manifest.decode("utf-8"))["files"][name]
    _check_hash(content, expected, pack.directory / name)
    return content


def write_pack(
    directory: Path,
    *,
    identity: Mapping[str, str],
    files: Mapping[str, bytes],
    front_end: FrontEnd,
    tensors: Mapping[str, str | int],
    validated_conditions: Mapping[str, ParamValue],
    top: int | None = None,
) -> None:
    """Write a pack; `identity` holds id, version, licence and training_data, `top` is for the
    cohort among `files`."""
    for name, content in files.items():
        write_atomic(directory / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    tables: dict[str, Mapping[str, ParamValue]] = {
        "files": hashes,
        "front_end": asdict(front_end),
        "tensors": dict(tensors),
        "validated_conditions": dict(validated_conditions),
    }
    if top is not None:
        tables["cohort"] = {"top": top}
    lines = [f"format = {FORMAT}", *_toml_lines(identity)]
    for title, table in tables.items():
        lines += ["", f"[{title}]", *_toml_lines(table)]
    write_atomic(directory / MANIFEST, ("\n".join(lines) + "\n").encode("utf-8"))


def _toml_lines(table: Mapping[str, ParamValue]) -> list[str]:
    """JSON's strings, numbers and booleans are also TOML's."""
    return [f'"{key}" = {json.dumps(value, ensure_ascii=False)}' for key, value in table.items()]


def _parse(manifest: dict[str, Any], directory: Path, manifest_sha256: str) -> ModelPack:
    if manifest["format"] != FORMAT:
        raise ValueError(f"format {manifest['format']}, this program reads {FORMAT}")
    for name in (MODEL, GOLDEN, CARD):
        if name not in manifest["files"]:
            raise ValueError(f"files lacks {name}")
    if not all(Path(name).name == name for name in manifest["files"]):
        raise ValueError("files must be plain names")
    return ModelPack(
        id=str(manifest["id"]),
        version=str(manifest["version"]),
        directory=directory,
        model_sha256=str(manifest["files"][MODEL]),
        manifest_sha256=manifest_sha256,
        front_end=_front_end(manifest["front_end"]),
        input_name=str(manifest["tensors"]["input"]),
        output_name=str(manifest["tensors"]["output"]),
        windows_name=str(manifest["tensors"].get("windows", manifest["tensors"]["output"])),
        embedding_dim=int(manifest["tensors"]["embedding_dim"]),
        licence=str(manifest["licence"]),
        training_data=str(manifest["training_data"]),
        validated_conditions=_conditions(manifest["validated_conditions"]),
    )


def _with_cohort(pack: ModelPack, table: dict[str, Any] | None) -> ModelPack:
    if table is None:
        return pack
    content = read_file(pack, COHORT)
    vectors = np.load(io.BytesIO(content), allow_pickle=False)
    if vectors.dtype != np.float16 or vectors.ndim != 2 or vectors.shape[1] != pack.embedding_dim:
        raise ValueError(f"{COHORT} must be float16 [n, {pack.embedding_dim}]")
    scoring = hashlib.sha256(read_file(pack, MODEL) + content).hexdigest()
    cohort = Cohort(vectors.astype(np.float32), int(table["top"]))
    return replace(pack, model_sha256=scoring, cohort=cohort)


def _front_end(table: dict[str, Any]) -> FrontEnd:
    """Exactly the fields of `FrontEnd`, with values that the filter bank accepts."""
    defaults = asdict(FrontEnd())
    if set(table) != set(defaults):
        raise ValueError(f"front_end must have exactly {sorted(defaults)}")
    for name, value in table.items():
        wanted = type(defaults[name])
        if type(value) is not wanted and (wanted, type(value)) != (float, int):
            raise TypeError(f"{name} must be {wanted.__name__}")
    for name, (low, high) in FRONT_END_RANGES.items():
        if not low <= table[name] <= high:
            raise ValueError(f"{name} must lie within {low} and {high}")
    front_end = FrontEnd(**table)
    compute_features(np.zeros(front_end.sample_rate_hz, np.float32), front_end)
    return front_end


def _conditions(table: dict[str, Any]) -> dict[str, ParamValue]:
    if not all(isinstance(value, str | int | float) for value in table.values()):
        raise ValueError("validated_conditions must be plain values")
    return dict(table)


def _check_files(directory: Path, hashes: Mapping[str, str]) -> None:
    present = {path.name for path in directory.iterdir()} - {MANIFEST}
    if present != set(hashes):
        raise _invalid(directory, f"files differ: {sorted(present ^ set(hashes))}")
    for name, expected in hashes.items():
        _check_hash(_read(directory / name), expected, directory / name)


def _check_hash(content: bytes, expected: str, path: Path) -> None:
    if hashlib.sha256(content).hexdigest() != expected:
        raise SeongmunError(ErrorCode.MODEL_HASH, path=str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SeongmunError(ErrorCode.MODEL_MISSING, path=str(path)) from error


def _invalid(directory: Path, reason: str) -> SeongmunError:
    return SeongmunError(ErrorCode.MODEL_MANIFEST, path=str(directory), reason=reason)
