"""Optimisation: stages of AAM-softmax training with averaged weights and checkpoints."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.training.architectures import NetworkConfig, build
from engine.training.network import AamSoftmax, pair_loss
from engine.training.recipe import Network, Recipe, Stage
from engine.training.sampler import CropSampler

log = logging.getLogger(__name__)

LOG_STEPS = 25
CROPS_A_CLASS = 2


@dataclass(slots=True)
class Trainer:
    """The state of a run; `averaged` is the exponential moving average that is exported."""

    network: nn.Module
    averaged: nn.Module
    head: AamSoftmax
    optimiser: torch.optim.Optimizer
    step: int = 0

    @classmethod
    def fresh(cls, recipe: Recipe, config: NetworkConfig, n_classes: int, device: str) -> Trainer:
        """Random weights from the recipe's seed."""
        torch.manual_seed(recipe.seed)
        # Channels last is faster in bfloat16; in float32 oneDNN's backward pass wrote out of bounds
        # on a processor with AVX2 alone (PyTorch 2.13.0).
        able = computes_in_bfloat16(device)
        layout = torch.channels_last if able else torch.contiguous_format
        network = build(config).to(device, memory_format=layout)
        averaged = build(config).to(device)
        averaged.load_state_dict(network.state_dict())
        head = AamSoftmax(config.embedding_dim, n_classes, recipe.sub_centres, recipe.scale)
        head.to(device)
        groups = [{"params": list(part.parameters())} for part in (network, head)]
        optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
        return cls(network, averaged, head, optimiser)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights of a finished network of the same sizes; the head stays random.

        Raises
        ------
        RuntimeError, ValueError
            They are of another network.
        """
        load_weights(self.network, weights)
        self.averaged.load_state_dict(self.network.state_dict())

    def know_speakers(
        self, teacher: nn.Module, sampler: CropSampler, stage: Stage, batches: int
    ) -> None:
        """Point the head at the teacher's mean embedding of every class that `batches` batches
        hold; classes not met stay random. A finished network that is its own teacher does not
        unlearn in its first steps; a new one finds the speakers in order and learns faster."""
        device = self.head.weight.device
        sums = torch.zeros_like(self.head.weight)
        teacher.eval()
        with torch.no_grad():
            for number in range(batches):
                crops, classes = sampler.batch(stage.batch, stage.crop_frames, number)
                with half_precision(device.type):
                    embeddings = teacher(torch.from_numpy(crops).to(device))
                rows = torch.from_numpy(classes).to(device) * self.head.sub_centres
                sums.index_add_(0, rows, nn.functional.normalize(embeddings.float()))
            met = sums.abs().sum(1) > 0
            self.head.weight[met] = nn.functional.normalize(sums[met])

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        temporary = path.with_suffix(".partial")
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "head": self.head.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        torch.save(state, temporary)
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.head.load_state_dict(state["head"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]

    def update_average(self, decay: float) -> None:
        """Move the averaged weights toward the current ones; slower as training goes on."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            current = self.network.state_dict()
            for name, value in self.averaged.state_dict().items():
                if value.dtype.is_floating_point:
                    value.lerp_(current[name], 1 - decay)
                else:
                    value.copy_(current[name])


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network the weights of one of the same sizes, as `engine.training.export.weights_of`
    tells them.

    Raises
    ------
    RuntimeError, ValueError
        They are of another network.
    """
    found = network.load_state_dict(weights, strict=False)
    missing = [k for k in found.missing_keys if not k.endswith("num_batches_tracked")]
    if missing or found.unexpected_keys:
        raise ValueError(f"weights of another network: {missing + found.unexpected_keys}")


def computes_in_bfloat16(device: str) -> bool:
    """Whether the device has instructions for it; emulated it is ten times as slow as float32."""
    return device == "cuda" or torch.cpu._is_avx512_bf16_supported()


def half_precision(device: str) -> torch.autocast:
    """bfloat16 where the device computes in it."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=computes_in_bfloat16(device))


def checkpoint_of(network: Network, directory: Path) -> Path:
    """Where the state of a network's run is kept."""
    return directory / f"{network.name}.pt"


def steps_done(network: Network, directory: Path) -> int:
    """The steps of a network's checkpoint, or the recipe's where it is gone."""
    checkpoint = checkpoint_of(network, directory)
    if not checkpoint.exists():
        return network.steps
    return int(torch.load(checkpoint, weights_only=True)["step"])


def averaged_network(network: Network, directory: Path) -> nn.Module:
    """The averaged network of a checkpoint; a FileNotFoundError where it was not trained yet."""
    built = build(network.config)
    state = torch.load(checkpoint_of(network, directory), weights_only=True)
    built.load_state_dict(state["averaged"])
    return built


def train(
    recipe: Recipe,
    network: Network,
    sampler: CropSampler,
    n_classes: int,
    directory: Path,
    initial: Mapping[str, Tensor] | None = None,
    begin: str = "",
) -> Trainer:
    """Run every stage of a network, resuming from its checkpoint in `directory` if it is there.

    A run that begins starts from the weights `initial`, or from random ones, and with the stage
    `begin`, or the first; a KeyError where the network has no such stage.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    trainer = Trainer.fresh(recipe, network.config, n_classes, device)
    checkpoint = checkpoint_of(network, directory)
    if checkpoint.exists():
        trainer.load(checkpoint)
        log.info("resumed at step %d", trainer.step)
    else:
        teacher = None
        if initial is not None:
            trainer.start_from(initial)
            teacher = trainer.averaged
        elif network.head_from:
            teacher = averaged_network(recipe.network(network.head_from), directory).to(device)
        stage = network.stage(begin) if begin else network.stages[0]
        trainer.step = sum(s.steps for s in network.stages[: network.stages.index(stage)])
        if teacher is not None:
            trainer.know_speakers(teacher, sampler, stage, CROPS_A_CLASS * n_classes // stage.batch)
    first_step = 0
    for stage in network.stages:
        _run_stage(recipe, stage, first_step, trainer, sampler, checkpoint, device)
        first_step += stage.steps
    trainer.save(checkpoint)
    return trainer


def _run_stage(
    recipe: Recipe,
    stage: Stage,
    first_step: int,
    trainer: Trainer,
    sampler: CropSampler,
    checkpoint: Path,
    device: str,
) -> None:
    parameters = [*trainer.network.parameters(), *trainer.head.parameters()]
    trainer.network.train()
    started, start_step, losses, accuracies = time.monotonic(), trainer.step, 0.0, 0.0
    n_views = sampler.refresh()
    while trainer.step < first_step + stage.steps:
        in_stage = trainer.step - first_step
        if trainer.step % LOG_STEPS == 0:
            n_views = sampler.refresh()
            sampler.know_alike(trainer.head.speakers(sampler.n_speeds))
        rate = learning_rate(stage, in_stage)
        network_group, head_group = trainer.optimiser.param_groups
        network_group["lr"], head_group["lr"] = rate, rate * stage.head_rate
        crops, classes = sampler.batch(stage.batch, stage.crop_frames, trainer.step)
        features = torch.from_numpy(crops).to(device)
        labels = torch.from_numpy(classes).to(device)
        trainer.optimiser.zero_grad(set_to_none=True)
        with half_precision(device):
            embeddings = trainer.network(features)
        loss, accuracy = trainer.head(embeddings, labels, margin(stage, in_stage))
        if recipe.pair_weight:
            loss = loss + recipe.pair_weight * pair_loss(embeddings, recipe.pair_scale)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        trainer.optimiser.step()
        trainer.step += 1
        trainer.update_average(recipe.average_decay)
        losses += loss.item()
        accuracies += accuracy.item()
        if trainer.step % LOG_STEPS == 0:
            pace = (time.monotonic() - started) / (trainer.step - start_step)
            log.info(
                "step %d/%d loss %.3f accuracy %.3f rate %.2e views %d, %.0f crops/s, ETA %.0f min",
                trainer.step,
                first_step + stage.steps,
                losses / LOG_STEPS,
                accuracies / LOG_STEPS,
                rate,
                n_views,
                stage.batch / pace,
                (first_step + stage.steps - trainer.step) * pace / 60,
            )
            losses = accuracies = 0.0
        if trainer.step % recipe.checkpoint_steps == 0:
            trainer.save(checkpoint)


def learning_rate(stage: Stage, step: int) -> float:
    """The learning rate of a step of the stage."""
    first, last = stage.learning_rate
    if step < stage.warmup_steps:
        return first * (step + 1) / stage.warmup_steps
    share = (step - stage.warmup_steps) / max(1, stage.steps - stage.warmup_steps)
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def margin(stage: Stage, step: int) -> float:
    """The margin of a step of the stage."""
    first, last = stage.margin
    return first + (last - first) * step / stage.steps
