"""The model card: training data, figures by condition with intervals, and where it fails."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from engine.lr.validate import validate
from engine.models.pack import CARD, GOLDEN, MODEL, load_pack, read_file, write_pack
from engine.training.recipe import Recipe
from engine.types import Estimate, LabelledScores, ParamValue, ValidationResult

SOURCES = (
    "18.2 h of 4,927 speakers: Common Voice (CC0, 2,465 speakers of about 60 languages), Speech "
    "Commands (CC BY 4.0, 1,804), LibriSpeech (CC BY 4.0, 264), speechocean762 (free for "
    "commercial and non-commercial use, 250), Malayalam MSC (CC BY-SA 4.0, 83), DSP Speech 20 "
    "(MIT, 34), Arabic Speech Commands (CC BY 4.0, 30). Noise: ESC-10 (CC BY 3.0), Speech Commands "
    "background (CC BY 4.0). Rooms: SpeechBrain samples (Apache-2.0)."
)

FAILS = """\
- It was trained on little speech: most speakers have one session of a few seconds, and hardly any
  real telephone calls. On real calls from different handsets it separates speakers weakly (see the
  first row); a likelihood ratio near 1 is then the honest answer.
- Children, whispering, shouting, singing, disguised and synthetic voices were not validated.
- Under 10 s of net speech it gets weaker; under 3 s the program refuses.
- Strong noise (under 10 dB), clipping and packet loss were not validated.
"""


def write_card(
    recipe: Recipe, step: int, results: Mapping[str, ValidationResult], note: str = ""
) -> str:
    """Markdown; `results` maps the name of a condition to its figures, `note` tells of the run."""
    crops = sum(
        stage.batch * min(stage.steps, max(0, step - before))
        for stage, before in zip(recipe.stages, _starts(recipe), strict=True)
    )
    return f"""\
# Model card: {recipe.model_id} {recipe.model_version}

A speaker-embedding network (convolutional stem, squeeze-excited Res2 time-delay blocks, attentive
statistics pooling; {recipe.network.embedding_dim} dimensions) on a Kaldi filter bank of
{recipe.network.mel_bins} mel bins at 16 kHz. Trained from random weights by the recipe in
`engine/training` ({step} steps, {crops:,} crops, seed {recipe.seed}); `docs/training.md` tells how
to repeat it. {note}

## Training data

{SOURCES}

Each recording was made into {recipe.views.count} augmented views: speed 0.9/1.0/1.1 as separate
speakers, telephone band, µ-law, A-law, GSM, AMR-NB, Opus, MP3 and AAC coding, noise, babble,
reverberation.

## Measured performance

On speakers that are not in the training data; every speaker weighs the same. Cosine scores;
Cllr after logistic calibration, cross-validated by speaker. 95 % intervals by bootstrap over
speakers.

| set | speakers | same / different trials | EER % | minDCF 0.01 | Cllr | Cllr_min |
|---|---|---|---|---|---|---|
{chr(10).join(_row(name, result) for name, result in results.items())}

## Where it fails

{FAILS}"""


def _starts(recipe: Recipe) -> list[int]:
    steps = [stage.steps for stage in recipe.stages]
    return [sum(steps[:i]) for i in range(len(steps))]


def _row(name: str, result: ValidationResult) -> str:
    cells = [
        name,
        str(result.n_speakers),
        f"{result.n_same} / {result.n_different}",
        _cell(result.eer, 100, 1),
        *(_cell(e, 1, 2) for e in (result.min_dcf, result.cllr, result.cllr_min)),
    ]
    return f"| {' | '.join(cells)} |"


def _cell(estimate: Estimate, scale: float, digits: int) -> str:
    value, low, high = (scale * number for number in asdict(estimate).values())
    return f"{value:.{digits}f} [{low:.{digits}f}–{high:.{digits}f}]"


def update_card(
    recipe: Recipe, work: Path, directory: Path, tables: Mapping[str, Path], note: str
) -> None:
    """Write the card of a finished pack again, with the figures of labelled score tables.

    The model, and so every population calibrated with it, stays as it is.
    """
    pack = load_pack(directory)
    step = torch.load(work / "last.pt", weights_only=True)["step"]
    results = {name: validate(read_scores(path)) for name, path in tables.items()}
    files = {name: read_file(pack, name) for name in (MODEL, GOLDEN)}
    first = next(iter(results.items()), None)
    conditions: dict[str, ParamValue] = {}
    if first is not None:
        conditions = {"validated_on": first[0], "n_speakers": first[1].n_speakers}
    write_pack(
        directory,
        identity={
            "id": pack.id,
            "version": pack.version,
            "licence": pack.licence,
            "training_data": pack.training_data,
        },
        files=files | {CARD: write_card(recipe, step, results, note).encode("utf-8")},
        front_end=pack.front_end,
        tensors={
            "input": pack.input_name,
            "output": pack.output_name,
            "embedding_dim": pack.embedding_dim,
        },
        validated_conditions=conditions,
    )


def read_scores(table: Path) -> LabelledScores:
    """Trials from a CSV with score, same, spk_a and spk_b; rows without a score are left out."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["score"]]
    return LabelledScores(
        np.array([float(row["score"]) for row in rows]),
        np.array([row["same"] == "1" for row in rows], np.bool_),
        np.array([row["spk_a"] for row in rows], np.str_),
        np.array([row["spk_b"] for row in rows], np.str_),
    )
