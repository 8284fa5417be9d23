"""The architectures that the recipe can choose from. Each maps normalised features
[batch, frames, mel_bins] to embeddings [batch, embedding_dim].

All of them halve the frame rate at once: two CPU cores can train them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.training.network import PooledEmbedding, SqueezeExcitation

MASK_FRAMES = 25


@dataclass(frozen=True, slots=True)
class TdnnConfig:
    """Convolutional stem, then residual bottleneck time-delay blocks, one per dilation."""

    mel_bins: int = 80
    stem_channels: tuple[int, int] = (16, 32)
    time_stride: int = 2
    channels: int = 384
    dilations: tuple[int, ...] = (2, 3, 4, 2, 3, 4)
    pooled_channels: int = 768
    embedding_dim: int = 192

    def describe(self) -> str:
        """For the model card."""
        blocks = f"{len(self.dilations)} squeeze-excited time-delay blocks"
        return f"convolutional stem, {blocks}, attentive statistics pooling"


@dataclass(frozen=True, slots=True)
class EcapaConfig:
    """Convolutional stem, then squeeze-excited Res2 blocks, all of whose outputs are pooled."""

    mel_bins: int = 80
    stem_channels: tuple[int, int] = (16, 32)
    time_stride: int = 2
    channels: int = 512
    dilations: tuple[int, ...] = (2, 3, 4)
    res2_scale: int = 8
    pooled_channels: int = 512
    embedding_dim: int = 192

    def describe(self) -> str:
        """For the model card."""
        blocks = f"{len(self.dilations)} squeeze-excited Res2 time-delay blocks"
        return f"convolutional stem, {blocks}, attentive statistics pooling"


@dataclass(frozen=True, slots=True)
class ResNetConfig:
    """Stages of residual two-dimensional convolutions: channels, blocks, and stride over mel bins
    and frames of each; the convolution before them halves both."""

    mel_bins: int = 80
    widths: tuple[int, ...] = (16, 32, 80, 160)
    depths: tuple[int, ...] = (1, 2, 3, 2)
    strides: tuple[tuple[int, int], ...] = ((1, 1), (2, 2), (2, 1), (2, 2))
    embedding_dim: int = 192

    def describe(self) -> str:
        """For the model card."""
        return f"thin ResNet of {sum(self.depths)} blocks, attentive statistics pooling"


@dataclass(frozen=True, slots=True)
class DenseConfig:
    """Convolutional stem, then blocks of time-delay layers that see all outputs before them in
    their block; `layers` and `dilations` of each block. A transition after it halves the
    channels."""

    mel_bins: int = 80
    stem_channels: tuple[int, int] = (24, 48)
    time_stride: int = 4
    channels: int = 256
    growth: int = 64
    bottleneck: int = 128
    layers: tuple[int, ...] = (4, 8, 6)
    dilations: tuple[int, ...] = (1, 2, 3)
    pooled_channels: int = 768
    embedding_dim: int = 192

    def describe(self) -> str:
        """For the model card."""
        layers = f"{sum(self.layers)} densely connected, context-masked time-delay layers"
        return f"convolutional stem, {layers}, attentive statistics pooling"


NetworkConfig = TdnnConfig | EcapaConfig | ResNetConfig | DenseConfig
CONFIGS: dict[str, type[NetworkConfig]] = {
    "tdnn": TdnnConfig,
    "ecapa": EcapaConfig,
    "resnet": ResNetConfig,
    "dense": DenseConfig,
}


def network_config(table: dict[str, Any]) -> NetworkConfig:
    """The configuration that a recipe's table ``network`` describes; its ``architecture`` is the
    key, an unknown one a KeyError."""
    values = {name: _frozen(value) for name, value in table.items()}
    return CONFIGS[values.pop("architecture")](**values)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def build(config: NetworkConfig) -> nn.Module:
    """The network with random weights."""
    match config:
        case TdnnConfig():
            return TdnnNetwork(config)
        case EcapaConfig():
            return EcapaNetwork(config)
        case ResNetConfig():
            return ResNetwork(config)
        case DenseConfig():
            return DenseNetwork(config)


class Stem(nn.Module):
    """Three convolutions over mel bins and time: an eighth of the bins, a half or a quarter of
    the frames."""

    def __init__(
        self, mel_bins: int, stem_channels: tuple[int, int], outputs: int, time_stride: int
    ) -> None:
        super().__init__()
        first, second = stem_channels
        self.convs = nn.Sequential(
            *_conv2d(1, first, (2, 2)),
            *_conv2d(first, second, (2, time_stride // 2)),
            *_conv2d(second, second, (2, 1)),
        )
        self.enter = nn.Sequential(
            nn.Conv1d(second * (mel_bins // 8), outputs, 1, bias=False), nn.BatchNorm1d(outputs)
        )

    def forward(self, features: Tensor) -> Tensor:
        image = features.transpose(1, 2).unsqueeze(1)
        return self.enter(self.convs(image).flatten(1, 2))


def _conv2d(inputs: int, outputs: int, stride: tuple[int, int]) -> list[nn.Module]:
    """Stride is (mel bins, frames)."""
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


def _conv1d(inputs: int, outputs: int, width: int, dilation: int = 1) -> list[nn.Module]:
    padding = dilation * (width // 2)
    conv = nn.Conv1d(inputs, outputs, width, dilation=dilation, padding=padding, bias=False)
    return [conv, nn.BatchNorm1d(outputs), nn.ReLU()]


class TdnnBlock(nn.Module):
    """1x1 down, dilated convolution, 1x1 up, gate, residual."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        inner = channels // 2
        self.convs = nn.Sequential(
            *_conv1d(channels, inner, 1),
            *_conv1d(inner, inner, 3, dilation),
            *_conv1d(inner, channels, 1)[:2],
        )
        self.gate = SqueezeExcitation(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gate(self.convs(x))


class TdnnNetwork(nn.Module):
    """See `TdnnConfig`."""

    def __init__(self, config: TdnnConfig) -> None:
        super().__init__()
        channels = config.channels
        self.stem = Stem(config.mel_bins, config.stem_channels, channels, config.time_stride)
        self.blocks = nn.Sequential(*(TdnnBlock(channels, d) for d in config.dilations))
        self.merge = nn.Sequential(*_conv1d(channels, config.pooled_channels, 1))
        self.pooled = PooledEmbedding(config.pooled_channels, config.embedding_dim)

    def forward(self, features: Tensor) -> Tensor:
        return self.pooled(self.merge(self.blocks(self.stem(features))))


class Res2Block(nn.Module):
    """1x1, hierarchical dilated convolutions over channel groups, 1x1, gate, residual
    (Desplanques et al. 2020, ECAPA-TDNN)."""

    def __init__(self, channels: int, dilation: int, scale: int) -> None:
        super().__init__()
        width = channels // scale
        self.scale = scale
        self.enter = nn.Sequential(*_conv1d(channels, channels, 1))
        self.convs = nn.ModuleList(
            nn.Sequential(*_conv1d(width, width, 3, dilation)) for _ in range(scale - 1)
        )
        self.leave = nn.Sequential(*_conv1d(channels, channels, 1))
        self.gate = SqueezeExcitation(channels)

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = self.enter(x).chunk(self.scale, dim=1)
        outputs, carried = [first], torch.zeros_like(first)
        for conv, part in zip(self.convs, rest, strict=True):
            carried = conv(part + carried)
            outputs.append(carried)
        return x + self.gate(self.leave(torch.cat(outputs, dim=1)))


class EcapaNetwork(nn.Module):
    """See `EcapaConfig`; the stem after Thienpondt et al. 2021."""

    def __init__(self, config: EcapaConfig) -> None:
        super().__init__()
        channels, dilations = config.channels, config.dilations
        self.stem = Stem(config.mel_bins, config.stem_channels, channels, config.time_stride)
        self.blocks = nn.ModuleList(Res2Block(channels, d, config.res2_scale) for d in dilations)
        self.merge = nn.Sequential(*_conv1d(channels * len(dilations), config.pooled_channels, 1))
        self.pooled = PooledEmbedding(config.pooled_channels, config.embedding_dim)

    def forward(self, features: Tensor) -> Tensor:
        x = self.stem(features)
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        return self.pooled(self.merge(torch.cat(outputs, dim=1)))


class BinGate(nn.Module):
    """Gate per mel bin from the mean over channels and time (Thienpondt et al. 2021)."""

    def __init__(self, bins: int, bottleneck: int = 16) -> None:
        super().__init__()
        self.down = nn.Linear(bins, bottleneck)
        self.up = nn.Linear(bottleneck, bins)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(functional.relu(self.down(x.mean((1, 3))))))
        return x * gate[:, None, :, None]


class ResNetBlock(nn.Module):
    """Residual pair of 3x3 convolutions with a gate per mel bin."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int], bins: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            *_conv2d(inputs, outputs, stride), *_conv2d(outputs, outputs, (1, 1))[:2]
        )
        self.gate = BinGate(bins)
        plain = stride == (1, 1) and inputs == outputs
        self.shortcut = (
            nn.Identity()
            if plain
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.gate(self.convs(x)) + self.shortcut(x))


class ResNetwork(nn.Module):
    """See `ResNetConfig`; after He et al. 2016, thinned."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        inputs, bins = config.widths[0], config.mel_bins // 2
        self.enter = nn.Sequential(*_conv2d(1, inputs, (2, 2)))
        layers: list[nn.Module] = []
        stages = zip(config.widths, config.depths, config.strides, strict=True)
        for outputs, depth, stride in stages:
            bins = -(-bins // stride[0])
            for i in range(depth):
                layers.append(ResNetBlock(inputs, outputs, stride if i == 0 else (1, 1), bins))
                inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.pooled = PooledEmbedding(bins * inputs, config.embedding_dim)

    def forward(self, features: Tensor) -> Tensor:
        image = features.transpose(1, 2).unsqueeze(1)
        return self.pooled(self.layers(self.enter(image)).flatten(1, 2))


class ContextMask(nn.Module):
    """Gate per channel and frame from what the voice is like as a whole and about the frame
    (Wang et al. 2023, CAM++; here about every frame by itself instead of in segments)."""

    def __init__(self, inputs: int, outputs: int, bottleneck: int = 32) -> None:
        super().__init__()
        self.down = nn.Conv1d(inputs, bottleneck, 1)
        self.up = nn.Conv1d(bottleneck, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        near = functional.avg_pool1d(x, MASK_FRAMES, 1, MASK_FRAMES // 2, count_include_pad=False)
        return torch.sigmoid(self.up(functional.relu(near + x.mean(-1, keepdim=True))))


class DenseLayer(nn.Module):
    """1x1 down, dilated convolution under a mask, appended to what came in."""

    def __init__(self, inputs: int, growth: int, bottleneck: int, dilation: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.BatchNorm1d(inputs), nn.ReLU(), *_conv1d(inputs, bottleneck, 1)
        )
        self.conv = _conv1d(bottleneck, growth, 3, dilation)[0]
        self.mask = ContextMask(bottleneck, growth)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.down(x)
        return torch.cat([x, self.conv(inner) * self.mask(inner)], dim=1)


class DenseNetwork(nn.Module):
    """See `DenseConfig`; after D-TDNN (Yu & Li 2020) and CAM++."""

    def __init__(self, config: DenseConfig) -> None:
        super().__init__()
        channels = config.channels
        self.stem = Stem(config.mel_bins, config.stem_channels, channels, config.time_stride)
        layers: list[nn.Module] = []
        for depth, dilation in zip(config.layers, config.dilations, strict=True):
            for _ in range(depth):
                layers.append(DenseLayer(channels, config.growth, config.bottleneck, dilation))
                channels += config.growth
            half = channels // 2
            layers += [nn.BatchNorm1d(channels), nn.ReLU(), _conv1d(channels, half, 1)[0]]
            channels = half
        self.layers = nn.Sequential(*layers, nn.BatchNorm1d(channels), nn.ReLU())
        self.merge = nn.Sequential(*_conv1d(channels, config.pooled_channels, 1))
        self.pooled = PooledEmbedding(config.pooled_channels, config.embedding_dim)

    def forward(self, features: Tensor) -> Tensor:
        return self.pooled(self.merge(self.layers(self.stem(features))))
