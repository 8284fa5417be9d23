"""The recipe file as frozen dataclasses: one file shapes everything that is trained."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.training.architectures import NetworkConfig, network_config
from engine.training.augment import AugmentationConfig
from engine.training.sampler import CropConfig

DEFAULT_RECIPE = Path(__file__).with_name("recipe.toml")


@dataclass(frozen=True, slots=True)
class Views:
    """How many augmented samples of the corpus are made, and how."""

    count: int
    window: int
    pieces_per_speaker: int
    speeds: tuple[float, ...]
    augmentation: AugmentationConfig


@dataclass(frozen=True, slots=True)
class ReferenceConfig:
    """The training voices that whitening is fitted to and scores are normalised against: how many
    speakers from each of how many of the newest views, and the lengths of their pieces; and how
    many of the nearest ones count for a score."""

    speakers: int
    views: int
    least_frames: int
    most_frames: int
    top: int


@dataclass(frozen=True, slots=True)
class WhiteningConfig:
    """See `engine.training.network.Whitening.fit`."""

    weight: float
    floor: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of optimisation. The learning rate goes from its first to its second value along
    half a cosine, after a linear warm-up; the margin goes straight from its first to its second.
    The head learns at `head_rate` times the network's rate: at 0 it stays where it began, and a new
    network learns to find the speakers where another one puts them."""

    name: str
    batch: int
    crop_frames: int
    steps: int
    warmup_steps: int
    learning_rate: tuple[float, float]
    margin: tuple[float, float]
    head_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Network:
    """One of the networks that make up the model, and how it is trained.

    `name` is its checkpoint's and that of its weights in the pack. `head_from` names the network,
    trained before, at whose mean embeddings of the training speakers this one's head starts; with
    an empty name it starts at random.
    """

    name: str
    config: NetworkConfig
    stages: tuple[Stage, ...]
    head_from: str = ""

    @property
    def steps(self) -> int:
        """The steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def stage(self, name: str) -> Stage:
        """The stage of a name; an unknown one is a KeyError."""
        return {stage.name: stage for stage in self.stages}[name]

    def crops(self, step: int) -> int:
        """How many crops were seen in the first `step` steps."""
        total = 0
        for stage in self.stages:
            done = min(stage.steps, max(0, step))
            total, step = total + done * stage.batch, step - done
        return total


@dataclass(frozen=True, slots=True)
class Recipe:
    """See `recipe.toml`; `initial_share` is how far a run that began with a pack's weights is
    pulled back to them when it is exported."""

    seed: int
    model_id: str
    model_version: str
    licence: str
    sources: Mapping[str, str]
    piece_s: float
    views: Views
    networks: tuple[Network, ...]
    crop: CropConfig
    references: ReferenceConfig
    whitening: WhiteningConfig
    speaker_exponent: float
    least_speaker_s: float
    weight_decay: float
    scale: float
    sub_centres: int
    pair_weight: float
    pair_scale: float
    alike_share: float
    average_decay: float
    initial_share: float
    checkpoint_steps: int

    @property
    def crops_per_speaker(self) -> int:
        """Of a batch: two where they are compared with each other."""
        return 2 if self.pair_weight else 1

    def network(self, name: str) -> Network:
        """The network of a name; an unknown one is a KeyError."""
        return {network.name: network for network in self.networks}[name]

    @property
    def mel_bins(self) -> int:
        """Of the filter bank that all networks see."""
        return self.networks[0].config.mel_bins

    @property
    def embedding_dim(self) -> int:
        """Of the networks' embeddings end to end."""
        return sum(network.config.embedding_dim for network in self.networks)


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """Read a recipe file; a missing key is a KeyError that names it."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    views, crop, training = data["views"], data["crop"], data["training"]
    snr_db = views["snr_db"]
    return Recipe(
        seed=data["seed"],
        model_id=data["model_id"],
        model_version=data["model_version"],
        licence=data["licence"],
        sources=data["sources"],
        piece_s=data["corpus"]["piece_s"],
        views=Views(
            views["count"],
            views["window"],
            views["pieces_per_speaker"],
            tuple(views["speeds"]),
            AugmentationConfig(
                views["telephone_share"],
                views["noise_share"],
                views["reverb_share"],
                (snr_db[0], snr_db[1]),
            ),
        ),
        networks=tuple(_network(table) for table in data["networks"]),
        references=ReferenceConfig(**data["references"]),
        whitening=WhiteningConfig(**data["whitening"]),
        crop=CropConfig(
            **crop | {key: tuple(crop[key]) for key in ("snr_db", "tempo", "dynamics")}
        ),
        **training,
    )


def _network(table: Mapping[str, Any]) -> Network:
    stages = tuple(
        Stage(
            **stage
            | {
                "learning_rate": (stage["learning_rate"][0], stage["learning_rate"][1]),
                "margin": (stage["margin"][0], stage["margin"][1]),
            }
        )
        for stage in table["stages"]
    )
    own = {"name", "stages", "head_from"}
    sizes = {key: value for key, value in table.items() if key not in own}
    return Network(table["name"], network_config(sizes), stages, table.get("head_from", ""))
