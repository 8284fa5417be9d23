"""Parts that the architectures share, and the head that they are trained with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.types import FloatArray


class SqueezeExcitation(nn.Module):
    """Channel gate from the mean over time; x is [batch, channels, frames]."""

    def __init__(self, channels: int, bottleneck: int = 128) -> None:
        super().__init__()
        self.down = nn.Linear(channels, bottleneck)
        self.up = nn.Linear(bottleneck, channels)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(functional.relu(self.down(x.mean(-1)))))
        return x * gate.unsqueeze(-1)


class AttentivePooling(nn.Module):
    """Channel-wise attentive mean and standard deviation over time (Okabe et al. 2018).

    The attention sees one frame at a time: the gates before it know the utterance already.
    """

    def __init__(self, channels: int, bottleneck: int = 128) -> None:
        super().__init__()
        self.context = nn.Conv1d(channels, bottleneck, 1)
        self.norm = nn.BatchNorm1d(bottleneck)
        self.attention = nn.Conv1d(bottleneck, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.norm(self.context(x)))
        weights = torch.softmax(self.attention(hidden).float(), dim=-1)
        values = x.float()
        weighted = values * weights
        centre = weighted.sum(-1)
        spread = ((values * weighted).sum(-1) - centre * centre).clamp_min(1e-5).sqrt()
        return torch.cat([centre, spread], dim=1)


class PooledEmbedding(nn.Module):
    """Frames [batch, channels, frames] to embeddings [batch, embedding_dim]."""

    def __init__(self, channels: int, embedding_dim: int) -> None:
        super().__init__()
        self.pool = AttentivePooling(channels)
        self.norm = nn.BatchNorm1d(channels * 2)
        self.embed = nn.Linear(channels * 2, embedding_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.embed(self.norm(self.pool(x)))


class Ensemble(nn.Module):
    """Networks side by side: their unit embeddings end to end, so that the cosine of two voices is
    the mean of the networks' cosines: [batch, frames, mel_bins] to [batch, sum of dimensions],
    whitened and as they are."""

    def __init__(self, members: Mapping[str, nn.Module], embedding_dim: int) -> None:
        super().__init__()
        self.members = nn.ModuleDict(members)
        self.whitening = Whitening(embedding_dim)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        embeddings = [member(features) for member in self.members.values()]
        joined = torch.cat([functional.normalize(e, dim=1) for e in embeddings], dim=1)
        joined = functional.normalize(joined, dim=1)
        return self.whitening(joined), joined


class Whitening(nn.Module):
    """Unit embeddings [batch, dim] seen twice, as they are and with the training voices varying
    alike in all directions; until `fit` they stay as they are."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.matrix: Tensor
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("matrix", torch.eye(dim))

    def fit(self, vectors: FloatArray, weight: float, floor: float) -> None:
        """From unit embeddings of training voices [shape=(n, dim)] with covariance C.

        The dot product becomes that of the centred embeddings plus `weight` times that of the
        whitened ones, each in units of its mean over the voices: the matrix is the square root of
        I / tr(C) + weight (C + f I)^-1 / tr((C + f I)^-1 C), f being `floor` times C's mean
        variance. (Whitening: Garcia-Romero & Espy-Wilson 2011.)
        """
        covariance = np.cov(vectors.T)
        variances, directions = np.linalg.eigh(covariance)
        whitened = 1 / (variances + floor * variances.mean())
        gains = 1 / variances.sum() + weight * whitened / (whitened @ variances)
        matrix = directions * np.sqrt(gains / gains.max()) @ directions.T
        self.mean.copy_(torch.from_numpy(vectors.mean(axis=0)))
        self.matrix.copy_(torch.from_numpy(matrix))

    def forward(self, embeddings: Tensor) -> Tensor:
        return functional.normalize((embeddings - self.mean) @ self.matrix, dim=1)


class AamSoftmax(nn.Module):
    """Additive angular margin softmax with sub-centres (Deng et al. 2019, 2020)."""

    def __init__(self, embedding_dim: int, classes: int, sub_centres: int, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes * sub_centres, embedding_dim))
        nn.init.normal_(self.weight, std=embedding_dim**-0.5)  # directions of unit length
        self.sub_centres = sub_centres
        self.scale = scale

    def speakers(self, n_speeds: int) -> FloatArray:
        """The mean direction of each speaker's classes [shape=(speakers, embedding_dim)]."""
        directions = functional.normalize(self.weight.detach().float())
        dim = directions.shape[1]
        means = directions.view(-1, n_speeds * self.sub_centres, dim).mean(1)
        return np.asarray(functional.normalize(means).cpu().numpy())

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


def pair_loss(embeddings: Tensor, scale: float) -> Tensor:
    """The loss of embeddings [2n, dim] whose rows i and n + i are of one speaker.

    Each crop of the first half must find its partner in the second half by their cosines times
    `scale`, and back: what the head teaches of the training speakers, told by voices alone (the
    symmetric form of Sohn 2016, N-pair loss).
    """
    first, second = functional.normalize(embeddings.float()).chunk(2)
    logits = scale * first @ second.T
    own = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
