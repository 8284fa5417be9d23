"""Find and open the model and the population that a command names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.resources import (
    DEFAULT_MODEL_ID,
    MODELS,
    POPULATIONS,
    TEMPLATE,
    TEMPLATES,
    VERBAL_SCALE,
    VERBAL_SCALES,
)
from engine.errors import ErrorCode, SeongmunError
from engine.lr.population import find_population, load_population
from engine.lr.verbal import VerbalScale, find_scale, load_scale
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.types import ModelPack, Population

if TYPE_CHECKING:
    from engine.report.template import Template


def pack_directory(name: str | None) -> Path:
    """Folder of a pack given by id, by path, or (None) the embedded one."""
    if name is None:
        return MODELS / DEFAULT_MODEL_ID
    path = Path(name)
    return path if path.is_dir() else MODELS / path.name


def open_model(name: str | None, device: str) -> EmbeddingModel:
    """Load and check a pack, and open it on a device (``auto``, ``cpu`` or ``cuda``).

    Raises
    ------
    SeongmunError
        MODEL_* or DEVICE_UNAVAILABLE.
    """
    return EmbeddingModel.open(load_pack(pack_directory(name)), device)


def open_population(name: str | None, model: EmbeddingModel) -> Population:
    """Load a population given by id or file, or (None) the shipped one of this model.

    Raises
    ------
    SeongmunError
        POPULATION_MISSING, POPULATION_INVALID, POPULATION_TOO_SMALL.
    """
    if name is not None:
        return find_population(name, POPULATIONS)
    population = shipped_population(model)
    if population is None:
        raise SeongmunError(ErrorCode.POPULATION_MISSING, path=str(POPULATIONS))
    return population


def shipped_population(model: EmbeddingModel) -> Population | None:
    """The first population of this installation that was calibrated with this model."""
    for path in sorted(POPULATIONS.glob("*.json")):
        population = load_population(path)
        if population.model_sha256 == model.pack.model_sha256:
            return population
    return None


def open_scale(name: str | None) -> VerbalScale:
    """A verbal scale given by id or file, or (None) that of ENFSI (raises SCALE_*)."""
    return load_scale(VERBAL_SCALE) if name is None else find_scale(name, VERBAL_SCALES)


def open_template(name: str | None) -> Template:
    """A report template given by id or file, or (None) the plain one (raises TEMPLATE_*)."""
    from engine.report.template import load_template  # what draws logos loads slowly

    if name is None:
        return load_template(TEMPLATE)
    path = Path(name)
    return load_template(path if path.is_file() else TEMPLATES / f"{path.name}.toml")


def installed_packs() -> list[ModelPack]:
    """Every intact pack of this installation, by id."""
    return [load_pack(path.parent) for path in sorted(MODELS.glob("*/manifest.toml"))]
