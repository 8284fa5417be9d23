"""The model card: training data, figures by condition with intervals, and where it fails; as
Markdown in English and Korean, and both as one PDF to print."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from xml.sax.saxutils import escape

from engine.errors import ErrorCode, SeongmunError
from engine.lr.validate import validate
from engine.models.pack import CARD, COHORT, GOLDEN, MODEL, load_pack, read_file, write_pack
from engine.models.session import EmbeddingModel
from engine.progress import Progress, no_progress
from engine.training.evaluate import conditions, load_sets, score
from engine.training.recipe import Recipe
from engine.training.train import steps_done
from engine.types import Estimate, ParamValue, ValidationResult

TEXTS = Path(__file__).parent / "texts"
CARDS = {"en": CARD, "ko": "MODEL_CARD.ko.md"}
PRINTABLE = "MODEL_CARD.pdf"
FIGURES = ["EER %", "minDCF 0.01", "Cllr", "Cllr_min"]
N_CONDITIONS = 29

Row = tuple[str, int | None, ValidationResult | None]


def measure(
    model: EmbeddingModel, data: Path, work: Path, progress: Progress = no_progress
) -> list[Row]:
    """Key, value and figures of every condition of `engine.training.evaluate`; no figures where
    there are too few speakers."""
    rows: list[Row] = []
    for condition in conditions(load_sets(data, work, progress), data / "noise"):
        result = None
        try:
            result = validate(score(model, condition.given))
        except SeongmunError as error:
            if error.code is not ErrorCode.POPULATION_TOO_SMALL:
                raise
        rows.append((condition.key, condition.value, result))
        progress("training.card", len(rows), N_CONDITIONS)
    return rows


def write_card(
    recipe: Recipe,
    steps: Mapping[str, int],
    rows: Sequence[Row],
    language: str,
    note: str = "",
) -> str:
    """Markdown; `steps` are those of every network by its name, `note` tells of the run, in the
    same language."""
    template = (TEXTS / f"card.{language}.md").read_text(encoding="utf-8")
    return template.format(
        id=recipe.model_id,
        version=recipe.model_version,
        networks=_networks(recipe, steps, language),
        embedding_dim=recipe.embedding_dim,
        mel_bins=recipe.mel_bins,
        seed=recipe.seed,
        note=note,
        sources=recipe.sources[language],
        views=recipe.views.count,
        pieces=recipe.views.pieces_per_speaker,
        table=_table(rows, language),
    )


def _networks(recipe: Recipe, steps: Mapping[str, int], language: str) -> str:
    names = tomllib.loads((TEXTS / "conditions.toml").read_text(encoding="utf-8"))[language]
    return "\n".join(
        names["network"].format(
            name=network.name,
            description=network.config.describe(),
            dim=network.config.embedding_dim,
            steps=steps[network.name],
            crops=network.crops(steps[network.name]),
        )
        for network in recipe.networks
    )


def _table(rows: Sequence[Row], language: str) -> str:
    names = tomllib.loads((TEXTS / "conditions.toml").read_text(encoding="utf-8"))[language]
    lines = [[*names["header"], *FIGURES], ["---"] * 7]
    for key, value, result in rows:
        cells = _cells(result) if result else ["", names["too_few"], *[""] * 4]
        lines.append([names[key].format(value=value), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(result: ValidationResult) -> list[str]:
    return [
        str(result.n_speakers),
        f"{result.n_same} / {result.n_different}",
        _cell(result.eer, 100, 1),
        *(_cell(e, 1, 2) for e in (result.min_dcf, result.cllr, result.cllr_min)),
    ]


def _cell(estimate: Estimate, scale: float, digits: int) -> str:
    value, low, high = (scale * number for number in asdict(estimate).values())
    return f"{value:.{digits}f} [{low:.{digits}f}–{high:.{digits}f}]"


def to_pdf(cards: Sequence[str], font_folders: tuple[Path, ...]) -> bytes:
    """Cards as pages to print; understands the Markdown that the templates use.

    Raises
    ------
    SeongmunError
        REPORT_FONT.
    """
    from io import BytesIO

    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.platypus import PageBreak, SimpleDocTemplate

    from engine.report.fonts import register_fonts

    register_fonts(font_folders)
    story: list[object] = []
    for card in cards:
        for block in re.split(r"\n\s*\n", card.strip()):
            story += _flowables(block)
        story.append(PageBreak())
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=landscape(A4),
        title=cards[0].splitlines()[0].lstrip("# "),
        invariant=True,
        **dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 16 * mm),
    )
    document.build(story)
    return buffer.getvalue()


def _flowables(block: str) -> list[object]:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, Spacer, Table

    from engine.report.fonts import BOLD, REGULAR

    body = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=14)
    cell = ParagraphStyle("cell", body, fontSize=8, leading=10)
    head = ParagraphStyle("head", cell, fontName=BOLD)
    if block.startswith("#"):
        level = len(block) - len(block.lstrip("#"))
        style = ParagraphStyle(
            "title",
            body,
            fontName=BOLD,
            fontSize=18 - 4 * level,
            leading=22,
            spaceBefore=6,
            keepWithNext=1,
        )
        return [Paragraph(_inline(block.lstrip("# ")), style)]
    if block.startswith("|"):
        lines = [line.strip("| ").split(" | ") for line in block.splitlines()]
        rows = [
            [Paragraph(_inline(text), head if i == 0 else cell) for text in (*line, *[""] * 7)[:7]]
            for i, line in enumerate(lines)
            if set(line[0]) != {"-"}
        ]
        widths = [width * mm for width in (88, 16, 32, 34, 34, 32, 29)]
        rules = [
            ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
        padding = [("TOPPADDING", (0, 0), (-1, -1), 1.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5)]
        return [Spacer(1, 2 * mm), Table(rows, widths, repeatRows=1, style=[*rules, *padding])]
    items = re.split(r"\n(?=- )", block)
    bullets = [item[2:] if item.startswith("- ") else item for item in items]
    dot = "•" if block.startswith("- ") else None
    return [Paragraph(_inline(" ".join(b.split())), body, bulletText=dot) for b in bullets]


def _inline(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<i>\1</i>", escape(text))


def update_card(
    recipe: Recipe,
    data: Path,
    work: Path,
    directory: Path,
    font_folders: tuple[Path, ...],
    notes: Mapping[str, str],
    progress: Progress = no_progress,
) -> None:
    """Measure a finished pack and write its cards again; `notes` tell of the run, by language.

    The model, and so every population calibrated with it, stays as it is. Where the checkpoint is
    gone the card states the recipe's number of steps.
    """
    pack = load_pack(directory)
    steps = {network.name: steps_done(network, work) for network in recipe.networks}
    rows = measure(EmbeddingModel.open(pack, "cpu"), data, work, progress)
    cards = {
        language: write_card(recipe, steps, rows, language, notes[language]) for language in CARDS
    }
    key, _, first = rows[0]
    stated: dict[str, ParamValue] = {"validated_on": key, "minimum_net_speech_s": 3.0}
    if first is not None:
        stated |= {"n_speakers": first.n_speakers, "eer": round(first.eer.value, 4)}
    write_pack(
        directory,
        identity={
            "id": pack.id,
            "version": pack.version,
            "licence": pack.licence,
            "training_data": pack.training_data,
        },
        files={
            **{name: read_file(pack, name) for name in (MODEL, GOLDEN, COHORT)},
            **{CARDS[language]: card.encode("utf-8") for language, card in cards.items()},
            PRINTABLE: to_pdf(list(cards.values()), font_folders),
        },
        front_end=pack.front_end,
        tensors={
            "input": pack.input_name,
            "output": pack.output_name,
            "windows": pack.windows_name,
            "embedding_dim": pack.embedding_dim,
        },
        validated_conditions=stated,
        top=pack.cohort.top if pack.cohort else None,
    )
