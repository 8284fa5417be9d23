"""The recipe file as frozen dataclasses: one file shapes everything that is trained."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.training.augment import AugmentationConfig
from engine.training.network import NetworkConfig

DEFAULT_RECIPE = Path(__file__).with_name("recipe.toml")


@dataclass(frozen=True, slots=True)
class Views:
    """How many augmented copies of the corpus are made, and how."""

    count: int
    speeds: tuple[float, ...]
    augmentation: AugmentationConfig


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of optimisation: AdamW, warm-up, cosine decay; the margin rises linearly."""

    batch: int
    crop_frames: int
    steps: int
    warmup_steps: int
    peak_learning_rate: float
    margin_from: float
    margin: float
    margin_ramp_steps: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """See `recipe.toml`."""

    seed: int
    model_id: str
    model_version: str
    piece_s: float
    views: Views
    network: NetworkConfig
    stages: tuple[Stage, ...]
    speaker_exponent: float
    weight_decay: float
    scale: float
    sub_centres: int
    average_decay: float
    checkpoint_steps: int


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """Read a recipe file; a missing key is a KeyError that names it."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    training: dict[str, Any] = data["training"]
    large: dict[str, Any] = data["large_margin"]
    views: dict[str, Any] = data["views"]
    first = Stage(
        training["batch"],
        training["crop_frames"],
        training["steps"],
        training["warmup_steps"],
        training["peak_learning_rate"],
        0.0,
        training["margin"],
        training["margin_ramp_steps"],
    )
    second = Stage(
        large["batch"],
        large["crop_frames"],
        large["steps"],
        training["warmup_steps"] // 4,
        large["peak_learning_rate"],
        training["margin"],
        large["margin"],
        large["steps"] // 2,
    )
    network = data["network"] | {"dilations": tuple(data["network"]["dilations"])}
    return Recipe(
        seed=data["seed"],
        model_id=data["model_id"],
        model_version=data["model_version"],
        piece_s=data["corpus"]["piece_s"],
        views=Views(
            views["count"],
            tuple(views["speeds"]),
            AugmentationConfig(
                views["telephone_share"],
                views["noise_share"],
                views["reverb_share"],
                (views["snr_db"][0], views["snr_db"][1]),
            ),
        ),
        network=NetworkConfig(**network),
        stages=(first, second),
        speaker_exponent=training["speaker_exponent"],
        weight_decay=training["weight_decay"],
        scale=training["scale"],
        sub_centres=training["sub_centres"],
        average_decay=training["average_decay"],
        checkpoint_steps=training["checkpoint_steps"],
    )
