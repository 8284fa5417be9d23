"""The model card: training data, figures by condition with intervals, and where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from engine.training.recipe import Recipe
from engine.types import Estimate, ValidationResult

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


def write_card(recipe: Recipe, step: int, results: Mapping[str, ValidationResult]) -> str:
    """Markdown; `results` maps the name of a condition to its figures."""
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
to repeat it.

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
