"""A validation study as a PDF with its figures attached, made from the study's document alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table

from engine.canonical import canonical_bytes
from engine.report.documents import STUDY
from engine.report.fonts import printable
from engine.report.page import (
    BODY,
    HASH,
    HEADING,
    LABEL,
    SMALL,
    TABLE,
    TITLE,
    WIDTH,
    attach,
    build_pages,
    signing,
)

PLOT_SCALE = 0.9
HASHES = ("trials_sha256", "population_sha256", "model_sha256")
MAIN_FIGURES = ("eer", "min_dcf", "cllr", "cllr_min", "cllr_cal", "devpav")
PERCENT = ("eer", "different_above", "same_below")
Rows = list[tuple[str, str]]


def render_study(
    document: Mapping[str, Any],
    plots: Mapping[str, Drawing],
    texts: Mapping[str, str],
    language: str,
    draft: bool,
) -> bytes:
    """Lay a study out; equal input gives equal bytes.

    Parameters
    ----------
    document : what `engine.lr.study.study_document` gives
    plots : by name, each with its reading ``reading_<name>`` among the texts
    texts : of `language`
    draft : print a watermark; the study will not be signed

    Returns
    -------
    The PDF with the canonical document attached as ``study.json``. Fonts must be registered.
    """
    story = [*_Writer(document, texts).story(plots), *signing(draft)]
    title = f"{texts['title']} {document['study_id']}"
    pdf = build_pages(story, texts, title, document["study_id"], language, draft)
    return attach(pdf, STUDY, canonical_bytes(document))


def readings(document: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """What each plot says, in plain words, by the plot's name."""
    shown = {
        name: figure_text(name, document["figures"][name], texts["undefined"])
        for name in ("eer", "cllr", "cllr_min", "devpav")
    }
    shown |= {
        side: figure_text(side, document["figures"][f"{side}_1"], texts["undefined"])
        for side in ("different_above", "same_below")
    }
    prefix = "reading_"
    return {
        key.removeprefix(prefix): text.format(**shown)
        for key, text in texts.items()
        if key.startswith(prefix)
    }


def main_rows(document: Mapping[str, Any], texts: Mapping[str, str]) -> Rows:
    """The study's main figures and its supported range, each with its name."""
    rows = [(texts[f"figure.{name}"], _figure(document, name, texts)) for name in MAIN_FIGURES]
    low, high = document["bounds_log10"]
    return [*rows, (texts["bounds"], f"[{low:.2f}, {high:.2f}]")]


def misleading_rows(document: Mapping[str, Any], texts: Mapping[str, str]) -> Rows:
    """The rates of misleading evidence, each with its name."""
    rows = []
    for name in document["figures"]:
        side, _, limit = name.rpartition("_")
        if side in PERCENT:
            below = side == "same_below" and limit != "1"
            words = "misleading_above" if side == "different_above" else "misleading_below"
            shown = f"1/{int(limit):,}" if below else f"{int(limit):,}"
            rows.append((texts[words].format(limit=shown), _figure(document, name, texts)))
    return rows


def _figure(document: Mapping[str, Any], name: str, texts: Mapping[str, str]) -> str:
    return figure_text(name, document["figures"][name], texts["undefined"])


def figure_text(name: str, estimate: Mapping[str, float] | None, undefined: str) -> str:
    """A figure with its interval; rates as percentages."""
    if estimate is None:
        return undefined
    scale, digits = (100, 1) if name.startswith(PERCENT) else (1, 2)
    value, low, high = (f"{scale * estimate[k]:.{digits}f}" for k in ("value", "low", "high"))
    return f"{value} [{low}–{high}]"


class _Writer:
    """Turns a study into flowables."""

    def __init__(self, document: Mapping[str, Any], texts: Mapping[str, str]) -> None:
        self.document, self.texts = document, texts

    def story(self, plots: Mapping[str, Drawing]) -> list[Flowable]:
        head = [Paragraph(self.texts["title"], TITLE), Paragraph(self.texts["subtitle"], BODY)]
        parts = [self._about(), self._figures(), self._misleading(), self._calibrations()]
        return [*head, *parts, *self._plots(plots), Paragraph(self.texts["terms"], SMALL)]

    def _about(self) -> Flowable:
        content, source, trials = (self.document, self.document["source"], self.document["trials"])
        conditions = ", ".join(f"{k} = {v}" for k, v in sorted(source["conditions"].items()))
        rows = {
            "study_id": content["study_id"],
            "created": content["created_utc"],
            "source_name": source["name"],
            "trials_sha256": trials["sha256"],
            "population": source["population_id"],
            "population_sha256": source["population_sha256"],
            "model_sha256": source["model_sha256"],
            "conditions": conditions,
            "size": self.texts["size_text"].format(**trials),
            "scheme": self.texts["scheme_text"].format(**content["scheme"]),
        }
        return _table(
            [
                (self.texts[key], value or self.texts["unknown_value"], key in HASHES and value)
                for key, value in rows.items()
            ]
        )

    def _figures(self) -> Flowable:
        return self._rows("figures", main_rows(self.document, self.texts))

    def _misleading(self) -> Flowable:
        return self._rows("misleading", misleading_rows(self.document, self.texts))

    def _rows(self, heading: str, rows: Rows) -> Flowable:
        table = _table([(*row, False) for row in rows])
        return KeepTogether([Paragraph(self.texts[heading], HEADING), table])

    def _calibrations(self) -> Flowable:
        rows = [
            (
                self.texts[f"calibration.{name}"],
                ", ".join(
                    f"{kind} {self.texts['undefined'] if value is None else f'{value:.3f}'}"
                    for kind, value in (("Cllr", found["cllr"]), ("devPAV", found["devpav"]))
                ),
                False,
            )
            for name, found in self.document["calibrations"].items()
        ]
        heading = Paragraph(self.texts["calibrations"], HEADING)
        text = Paragraph(self.texts["calibrations_text"], BODY)
        return KeepTogether([heading, text, Spacer(1, 3), _table(rows)])

    def _plots(self, plots: Mapping[str, Drawing]) -> list[Flowable]:
        words = readings(self.document, self.texts)
        story: list[Flowable] = []
        for name, drawing in plots.items():
            printed = copy.copy(drawing)
            printed.renderScale = PLOT_SCALE
            story.append([printed, Paragraph(words[name], BODY), Spacer(1, 8)])
        heading = Paragraph(self.texts["plots"], HEADING)
        first, *others = story
        return [KeepTogether([heading, *first]), *(KeepTogether(part) for part in others)]


def _table(rows: list[tuple[str, str, Any]]) -> Table:
    """Label and value; a value may be set in a fixed-width face."""
    cells = [
        [Paragraph(label, LABEL), Paragraph(escape(printable(value)), HASH if fixed else BODY)]
        for label, value, fixed in rows
    ]
    table = Table(cells, [70 * mm, WIDTH - 70 * mm])
    table.setStyle(TABLE)
    return table
