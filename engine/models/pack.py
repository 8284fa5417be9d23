"""Model packs: a folder with `manifest.toml`, `model.onnx`, `golden.npz` and a model card.

`manifest.toml` (format 1) names every other file of the folder with its SHA-256, the front end,
the tensors, the licence, the training data and the validated conditions.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.types import FrontEnd, ModelPack, ParamValue

FORMAT = 1
MANIFEST = "manifest.toml"
MODEL = "model.onnx"
GOLDEN = "golden.npz"
CARD = "MODEL_CARD.md"


def load_pack(directory: Path) -> ModelPack:
    """Read a pack's manifest and check the hash of every file in its folder.

    Raises
    ------
    SeongmunError
        MODEL_MISSING, MODEL_MANIFEST, MODEL_HASH.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise SeongmunError(ErrorCode.MODEL_MISSING, path=str(directory))
    content = path.read_bytes()
    try:
        manifest = tomllib.loads(content.decode("utf-8"))
        pack = _parse(manifest, directory, hashlib.sha256(content).hexdigest())
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid(directory, str(error)) from error
    _check_files(directory, manifest["files"])
    return pack


def read_file(pack: ModelPack, name: str) -> bytes:
    """Bytes of a pack's file, checked against the manifest: what is hashed is what is used.

    Raises
    ------
    SeongmunError
        MODEL_HASH.
    """
    manifest = tomllib.loads((pack.directory / MANIFEST).read_text(encoding="utf-8"))
    content = (pack.directory / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest["files"][name]:
        raise SeongmunError(ErrorCode.MODEL_HASH, path=str(pack.directory / name))
    return content


def write_pack(
    directory: Path,
    *,
    identity: Mapping[str, str],
    files: Mapping[str, bytes],
    front_end: FrontEnd,
    tensors: Mapping[str, str | int],
    validated_conditions: Mapping[str, ParamValue],
) -> None:
    """Write a pack; `identity` holds id, version, licence and training_data."""
    for name, content in files.items():
        write_atomic(directory / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    tables = {
        "files": hashes,
        "front_end": asdict(front_end),
        "tensors": dict(tensors),
        "validated_conditions": dict(validated_conditions),
    }
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
    known = {field.name for field in fields(FrontEnd)}
    if set(manifest["front_end"]) != known:
        raise ValueError(f"front_end must have exactly {sorted(known)}")
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
        front_end=FrontEnd(**manifest["front_end"]),
        input_name=str(manifest["tensors"]["input"]),
        output_name=str(manifest["tensors"]["output"]),
        embedding_dim=int(manifest["tensors"]["embedding_dim"]),
        licence=str(manifest["licence"]),
        training_data=str(manifest["training_data"]),
        validated_conditions=dict(manifest["validated_conditions"]),
    )


def _check_files(directory: Path, hashes: Mapping[str, str]) -> None:
    present = {path.name for path in directory.iterdir()} - {MANIFEST}
    if present != set(hashes):
        raise _invalid(directory, f"files differ: {sorted(present ^ set(hashes))}")
    for name, expected in hashes.items():
        if hashlib.sha256((directory / name).read_bytes()).hexdigest() != expected:
            raise SeongmunError(ErrorCode.MODEL_HASH, path=str(directory / name))


def _invalid(directory: Path, reason: str) -> SeongmunError:
    return SeongmunError(ErrorCode.MODEL_MANIFEST, path=str(directory), reason=reason)
