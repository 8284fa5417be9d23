"""The speaker network: a convolutional stem over time and mel bins, then squeeze-excited
Res2 time-delay blocks at half the frame rate, attentive statistics pooling and a linear embedding.

After Desplanques et al. 2020 (ECAPA-TDNN) and Thienpondt et al. 2021 (CNN stem), reduced so that
two CPU cores can train it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Sizes of the network; `mel_bins` must be a multiple of 8."""

    mel_bins: int = 80
    stem_channels: int = 24
    channels: int = 512
    dilations: tuple[int, ...] = (2, 3, 4, 5)
    res2_scale: int = 8
    pooled_channels: int = 512
    embedding_dim: int = 192


class StemBlock(nn.Module):
    """Residual pair of 3x3 convolutions with strides over mel bins and time."""

    def __init__(self, inputs: int, outputs: int, mel_stride: int, time_stride: int) -> None:
        super().__init__()
        stride = (mel_stride, time_stride)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        plain = stride == (1, 1) and inputs == outputs
        self.shortcut = (
            nn.Identity()
            if plain
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class SqueezeExcitation(nn.Module):
    """Channel gate from the mean over time."""

    def __init__(self, channels: int, bottleneck: int = 128) -> None:
        super().__init__()
        self.down = nn.Linear(channels, bottleneck)
        self.up = nn.Linear(bottleneck, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(functional.relu(self.down(x.mean(-1)))))
        return x * gate.unsqueeze(-1)


class Res2Block(nn.Module):
    """1x1, hierarchical dilated convolutions over channel groups, 1x1, gate, residual."""

    def __init__(self, channels: int, dilation: int, scale: int) -> None:
        super().__init__()
        width = channels // scale
        self.scale = scale
        self.enter = nn.Sequential(
            nn.Conv1d(channels, channels, 1, bias=False), nn.BatchNorm1d(channels), nn.ReLU()
        )
        self.convs = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, width, 3, dilation=dilation, padding=dilation, bias=False),
                nn.BatchNorm1d(width),
                nn.ReLU(),
            )
            for _ in range(scale - 1)
        )
        self.leave = nn.Sequential(
            nn.Conv1d(channels, channels, 1, bias=False), nn.BatchNorm1d(channels), nn.ReLU()
        )
        self.gate = SqueezeExcitation(channels)

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = self.enter(x).chunk(self.scale, dim=1)
        outputs, carried = [first], torch.zeros_like(first)
        for conv, part in zip(self.convs, rest, strict=True):
            carried = conv(part + carried)
            outputs.append(carried)
        return x + self.gate(self.leave(torch.cat(outputs, dim=1)))


class AttentivePooling(nn.Module):
    """Channel-wise attentive mean and standard deviation over time (Okabe et al. 2018)."""

    def __init__(self, channels: int, bottleneck: int = 128) -> None:
        super().__init__()
        self.context = nn.Conv1d(channels * 3, bottleneck, 1)
        self.norm = nn.BatchNorm1d(bottleneck)
        self.attention = nn.Conv1d(bottleneck, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(-1, keepdim=True).expand_as(x)
        deviation = _deviation(x.float()).to(x.dtype).unsqueeze(-1).expand_as(x)
        hidden = functional.relu(self.norm(self.context(torch.cat([x, mean, deviation], dim=1))))
        weights = torch.softmax(self.attention(torch.tanh(hidden)).float(), dim=-1)
        values = x.float()
        centre = (values * weights).sum(-1)
        spread = ((values * values * weights).sum(-1) - centre * centre).clamp_min(1e-5).sqrt()
        return torch.cat([centre, spread], dim=1)


def _deviation(x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return (centred * centred).mean(-1).clamp_min(1e-5).sqrt()


class SpeakerNetwork(nn.Module):
    """Normalised features [batch, frames, mel_bins] to embeddings [batch, embedding_dim]."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        stem = config.stem_channels
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 3, (2, 1), 1, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(),
            StemBlock(stem, stem, 1, 1),
            StemBlock(stem, stem + stem // 3, 2, 2),
            StemBlock(stem + stem // 3, stem + stem // 3, 2, 1),
        )
        stem_outputs = (stem + stem // 3) * (config.mel_bins // 8)
        self.enter = nn.Sequential(
            nn.Conv1d(stem_outputs, config.channels, 3, padding=1, bias=False),
            nn.BatchNorm1d(config.channels),
            nn.ReLU(),
        )
        self.blocks = nn.ModuleList(
            Res2Block(config.channels, dilation, config.res2_scale) for dilation in config.dilations
        )
        self.merge = nn.Sequential(
            nn.Conv1d(config.channels * len(config.dilations), config.pooled_channels, 1),
            nn.ReLU(),
        )
        self.pool = AttentivePooling(config.pooled_channels)
        self.pool_norm = nn.BatchNorm1d(config.pooled_channels * 2)
        self.embed = nn.Linear(config.pooled_channels * 2, config.embedding_dim)

    def forward(self, features: Tensor) -> Tensor:
        x = self.stem(features.transpose(1, 2).unsqueeze(1)).flatten(1, 2)
        x = self.enter(x)
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        pooled = self.pool(self.merge(torch.cat(outputs, dim=1)))
        return self.embed(self.pool_norm(pooled))


class AamSoftmax(nn.Module):
    """Additive angular margin softmax with sub-centres (Deng et al. 2019, 2020)."""

    def __init__(self, embedding_dim: int, classes: int, sub_centres: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes * sub_centres, embedding_dim))
        nn.init.xavier_normal_(self.weight)
        self.sub_centres = sub_centres
        self.scale = scale

    def forward(self, embeddings: Tensor, labels: Tensor, margin: float) -> tuple[Tensor, Tensor]:
        """Return (loss, share of the batch classified rightly without margin)."""
        directions = functional.normalize(self.weight)
        cosines = functional.linear(functional.normalize(embeddings.float()), directions.float())
        if self.sub_centres > 1:
            cosines = cosines.view(len(labels), -1, self.sub_centres).amax(-1)
        target = cosines.gather(1, labels[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
        angle = torch.acos(target)
        penalised = torch.where(
            angle + margin < torch.pi,
            torch.cos(angle + margin),
            target - margin * torch.sin(torch.tensor(margin)),
        )
        logits = cosines.scatter(1, labels[:, None], penalised) * self.scale
        accuracy = (cosines.argmax(1) == labels).float().mean()
        return functional.cross_entropy(logits, labels), accuracy
