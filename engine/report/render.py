"""The evidence report as a PDF with its manifest attached, made from the manifest alone."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from engine.audio.spectrogram import HIGHEST_HZ
from engine.canonical import canonical_bytes
from engine.lr.conditions import limits_text
from engine.lr.verbal import VerbalScale
from engine.report.figures import FIGURE_HEIGHTS, ItemFigure, spectrogram, waveform
from engine.report.fonts import REGULAR, printable, register_fonts
from engine.report.manifest import ATTACHMENT_NAME
from engine.report.page import (
    BANNER,
    BODY,
    CAUTION,
    HASH,
    HEADING,
    LABEL,
    SHADE,
    SMALL,
    STATEMENT,
    TABLE,
    TITLE,
    WARNING,
    WIDTH,
    attach,
    build_pages,
    two_figures,
)
from engine.types import ReportManifest

SHOWN_SEGMENTS = 24
PLOT_SCALE = 0.72
AT_BOUND = "lr.at_bound"


@dataclass(frozen=True, slots=True)
class ReportAssets:
    """What a report needs besides its manifest: texts, verbal scale, folders with fonts."""

    texts: Path
    scale: VerbalScale
    fonts: tuple[Path, ...]


def render_report(
    manifest: ReportManifest,
    figures: Sequence[ItemFigure],
    assets: ReportAssets,
    draft: bool,
    tippett: Drawing | None = None,
) -> bytes:
    """Render a manifest; equal input gives equal bytes.

    Parameters
    ----------
    manifest : ReportManifest
        Its ``language`` chooses the texts.
    figures : one per item, in the manifest's order
    assets : ReportAssets
    draft : bool
        Print a watermark: a report that will not be signed.
    tippett : Drawing, optional
        The population's Tippett plot with the case's likelihood ratio marked.

    Returns
    -------
    The PDF with the canonical manifest attached.

    Raises
    ------
    SeongmunError
        REPORT_FONT.
    """
    register_fonts(assets.fonts)
    language = manifest.content["language"]
    texts = tomllib.loads(assets.texts.read_text(encoding="utf-8"))[language]
    writer = _Writer(manifest.content, texts, assets.scale, draft)
    title = f"{texts['title']} {manifest.content['report_id']}"
    story = writer.story(figures, tippett)
    pdf = build_pages(story, texts, title, manifest.content["report_id"], language, draft)
    return attach(pdf, ATTACHMENT_NAME, canonical_bytes(manifest.content))


class _Writer:
    """Turns a manifest into flowables."""

    def __init__(
        self,
        content: Mapping[str, Any],
        texts: Mapping[str, Any],
        scale: VerbalScale,
        draft: bool,
    ) -> None:
        self.content, self.texts, self.scale, self.draft = content, texts, scale, draft
        self.language = content["language"]

    def story(self, figures: Sequence[ItemFigure], tippett: Drawing | None) -> list[Flowable]:
        story = [*self._head(), *self._propositions(), *self._result(), *self._items()]
        story += [*self._quality(), *self._figures(figures)]
        story += self._method()
        if tippett is not None:
            story += [Spacer(1, 6), self._plot(tippett)]
        return [*story, *self._limits(), *self._verification()]

    def _plot(self, tippett: Drawing) -> Flowable:
        tippett.renderScale = PLOT_SCALE
        return KeepTogether([tippett, Paragraph(self._text("tippett"), SMALL)])

    def _text(self, key: str, **values: Any) -> str:
        return str(self.texts[key]).format(**values)

    def _heading(self, key: str) -> Paragraph:
        return Paragraph(self._text(key), HEADING)

    def _head(self) -> list[Flowable]:
        content = self.content
        software = f"{content['software']['name']} {content['software']['version']}"
        facts = self._facts(
            [
                ("report_number", content["report_id"]),
                ("created", content["created_utc"]),
                ("software", software),
                *self._case(),
            ],
            hashes=("audit_head",),
        )
        head: list[Flowable] = []
        if content["demo"]:
            banner = Table([[Paragraph(self._text("demo_banner"), BANNER)]], [WIDTH])
            banner.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), WARNING)]))
            head += [banner, Spacer(1, 8)]
        return [
            *head,
            Paragraph(self._text("title"), TITLE),
            Paragraph(self._text("subtitle"), LABEL),
            Spacer(1, 6),
            facts,
        ]

    def _case(self) -> list[tuple[str, str]]:
        """The case and how far its audit trail went, where the report belongs to one."""
        case = self.content["case"]
        if not case["audit_head"]:
            return []
        return [
            ("case_number", case["number"]),
            ("audit_events", str(case["events"])),
            ("audit_head", case["audit_head"]),
        ]

    def _facts(self, rows: Sequence[tuple[str, Any]], hashes: Sequence[str] = ()) -> Table:
        """Two columns: label and value; the values of `hashes` are set in a fixed-width face."""
        cells = [
            [
                Paragraph(self._text(key), LABEL),
                value
                if isinstance(value, Flowable)
                else Paragraph(escape(printable(str(value))), HASH if key in hashes else BODY),
            ]
            for key, value in rows
        ]
        table = Table(cells, [44 * mm, WIDTH - 44 * mm])
        table.setStyle(TABLE)
        return table

    def _propositions(self) -> list[Flowable]:
        words = self.content["propositions"]
        rows = [
            ("proposition_same", words["same_source"]),
            ("proposition_different", words["different_source"]),
        ]
        return [self._heading("propositions"), self._facts(rows)]

    def _result(self) -> list[Flowable]:
        result = self.content["result"]
        level = next(v for v in self.scale.levels if v.key == result["verbal_level"])
        direction = "same" if result["log10_lr"] >= 0 else "different"
        term = level.texts[self.language]
        verbal = term if level.key == "none" else self._text(f"verbal_{direction}", term=term)
        statement = self._statement(result, level.key, direction)
        low, high = result["interval_log10"]
        lowest, highest = result["bounds_log10"]
        facts = self._facts(
            [
                ("verbal", f"{verbal} ({self._text('scale')}: {result['verbal_scale']})"),
                ("lr", self._lr(result)),
                ("log10_lr", f"{result['log10_lr']:.2f}"),
                ("interval", _range(low, high)),
                ("bounds", _range(lowest, highest)),
                ("score", f"{result['score']:.4f}"),
                ("flags", self._flags(result["flags"])),
            ]
        )
        box = Table([[Paragraph(statement, STATEMENT)]], [WIDTH])
        box.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, -1), SHADE),
                    ("LINEBEFORE", (0, 0), (0, -1), 3, colors.HexColor("#1b3a5c")),
                    ("LEFTPADDING", (0, 0), (-1, -1), 10),
                    ("TOPPADDING", (0, 0), (-1, -1), 7),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
                ]
            )
        )
        note = Paragraph(self._text("not_posterior"), SMALL)
        reading = self._interpretation(result, "none" if level.key == "none" else direction)
        return [self._heading("result"), box, Spacer(1, 5), facts, Spacer(1, 4), note, *reading]

    def _interpretation(self, result: Mapping[str, Any], kind: str) -> list[Flowable]:
        """What the figure says of which propositions, and how it must not be read."""
        words = self.content["propositions"]
        text = self._text(
            f"interpretation_{kind}",
            same=escape(printable(words["same_source"])),
            different=escape(printable(words["different_source"])),
            number=self._quantity(result),
        )
        return [
            Spacer(1, 4),
            Paragraph(f"<b>{self._text('interpretation')}</b> {text}", SMALL),
            Paragraph(self._text("interpretation_caution"), SMALL),
        ]

    def _lr(self, result: Mapping[str, Any]) -> str:
        number = two_figures(10 ** result["log10_lr"])
        if AT_BOUND not in result["flags"]:
            return number
        return self._text("at_least" if result["log10_lr"] >= 0 else "at_most", number=number)

    def _statement(self, result: Mapping[str, Any], level: str, direction: str) -> str:
        if level == "none":
            return self._text("result_none")
        return self._text(f"result_{direction}", number=self._quantity(result))

    def _quantity(self, result: Mapping[str, Any]) -> str:
        """How many times more probable, under the proposition that is supported."""
        number = two_figures(10 ** abs(result["log10_lr"]))
        bounded = AT_BOUND in result["flags"]
        return self._text("at_least" if bounded else "about", number=number)

    def _flags(self, flags: Sequence[str]) -> Flowable:
        if not flags:
            return Paragraph(self._text("no_flags"), BODY)
        lines = [f"• {escape(self.texts['flag'][flag])} [{flag}]" for flag in flags]
        return Paragraph("<br/>".join(lines), CAUTION)

    def _items(self) -> list[Flowable]:
        first, *others = ([self._item(item), Spacer(1, 5)] for item in self.content["items"])
        return [KeepTogether(part) for part in ([self._heading("items"), *first], *others)]

    def _item(self, item: Mapping[str, Any]) -> Table:
        role = f"<b>{self._text(item['role'])}</b>"
        if item["synthetic"]:
            role += f'<br/><font color="#8c1c13">{self._text("synthetic")}</font>'
        net_speech_s = item["quality"]["net_speech_s"]
        decode = f"{item['container']} / {item['codec']}, {item['sample_rate_hz']} Hz"
        rows = [
            ("items_role", Paragraph(role, BODY)),
            ("file_name", item["file_name"]),
            ("sha256", item["sha256"]),
            ("size", f"{item['size_bytes']:,} B"),
            ("format", decode),
            ("duration", f"{item['duration_s']:.2f} s / {net_speech_s:.2f} s"),
            (
                "channel",
                self._text("channel_of", channel=item["channel"] + 1, channels=item["channels"]),
            ),
            (
                "decoder",
                f"{item['steps'][0]['params']['decoder']} {item['steps'][0]['params']['version']}",
            ),
            ("processing", ", ".join(step["name"] for step in item["steps"])),
            ("segments", Paragraph(self._segments(item["segments"]), SMALL)),
        ]
        return self._facts_without_label(rows)

    def _facts_without_label(self, rows: list[tuple[str, Any]]) -> Table:
        first = rows[0][1]
        table = self._facts(rows[1:], hashes=("sha256",))
        outer = Table([[first], [table]], [WIDTH])
        outer.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, 0), SHADE),
                    ("LEFTPADDING", (0, 1), (-1, 1), 0),
                    ("RIGHTPADDING", (0, 1), (-1, 1), 0),
                    ("TOPPADDING", (0, 1), (-1, 1), 0),
                    ("BOTTOMPADDING", (0, 1), (-1, 1), 0),
                ]
            )
        )
        return outer

    def _segments(self, segments: Sequence[Sequence[float]]) -> str:
        shown = ", ".join(f"{start:.2f}–{end:.2f}" for start, end in segments[:SHOWN_SEGMENTS])
        hidden = len(segments) - SHOWN_SEGMENTS
        return f"{shown} {self._text('more_segments', count=hidden)}" if hidden > 0 else shown

    def _quality(self) -> list[Flowable]:
        """A row per figure, a column per item."""
        items = self.content["items"]
        columns = [self._quality_cells(item["quality"]) for item in items]
        rows = [["", *(self._text(item["role"]) for item in items)]]
        rows += [[self._text(key), *(column[key] for column in columns)] for key in columns[0]]
        cells = [
            [Paragraph(row[0], LABEL), *(Paragraph(c, SMALL) for c in row[1:])] for row in rows
        ]
        table = Table(cells, [36 * mm] + [(WIDTH - 36 * mm) / len(items)] * len(items))
        table.setStyle(TABLE)
        return [KeepTogether([self._heading("quality"), table])]

    def _quality_cells(self, quality: Mapping[str, Any]) -> dict[str, str]:
        """What is printed of a quality report, by the key of its label."""

        def shown(value: float | None, form: str, scale: float = 1.0) -> str:
            return self._text("unknown") if value is None else form.format(scale * value)

        return {
            "net_speech": f"{quality['net_speech_s']:.1f} s",
            "snr": shown(quality["snr_db"], "{:.0f} dB"),
            "bandwidth": f"{quality['bandwidth_hz']:.0f} Hz",
            "codec_guess": self._text(f"codec.{quality['codec_guess'] or 'unknown'}"),
            "clipping": f"{100 * quality['clipped_share']:.2f} %",
            "dropouts": shown(quality["dropout_share"], "{:.1f} %", 100.0),
            "hum": f"{quality['hum_hz']:.0f} Hz" if quality["hum_hz"] else "—",
            "reverberation": shown(quality["reverberation_s"], "{:.1f} s"),
            "level": f"{quality['level_dbfs']:.1f} dBFS",
            "peak": f"{quality['peak_dbfs']:.1f} dBFS",
        }

    def _figures(self, figures: Sequence[ItemFigure]) -> list[Flowable]:
        story: list[Flowable] = []
        for item, figure in zip(self.content["items"], figures, strict=True):
            top_khz = min(HIGHEST_HZ, figure.sample_rate_hz / 2) / 1000
            caption = self._text("figure", role=self._text(item["role"]), top=f"{top_khz:g}")
            drawn = [
                waveform(figure, WIDTH, FIGURE_HEIGHTS[0], REGULAR),
                spectrogram(figure, WIDTH, FIGURE_HEIGHTS[1]),
                Paragraph(caption, SMALL),
            ]
            story += [Spacer(1, 6), KeepTogether(drawn)]
        return story

    def _method(self) -> list[Flowable]:
        model, population = self.content["model"], self.content["population"]
        facts = self._facts(
            [
                ("model", f"{model['id']} {model['version']}"),
                ("model_sha256", model["sha256"]),
                ("provider", model["provider"]),
                ("population", f"{population['id']} — {population['description']}"),
                ("population_sha256", population["sha256"]),
                ("conditions", _settings(population["conditions"])),
                ("validation", self._validation(population)),
                ("profile", _settings(self.content["profile"])),
            ],
            hashes=("model_sha256", "population_sha256"),
        )
        text = Paragraph(self._text("method_text"), BODY)
        head = KeepTogether([self._heading("method"), text, Spacer(1, 4)])
        return [head, facts, *self._conditions()]

    def _conditions(self) -> list[Flowable]:
        """Where the case lies in what the population covers; reports of format 2 do not tell."""
        rows = [
            [
                Paragraph(self._condition_name(check), LABEL),
                Paragraph(escape(printable(limits_text(check, self.texts))), SMALL),
                Paragraph(self._place(check), SMALL),
            ]
            for check in self.content.get("conditions", [])
        ]
        if not rows:
            return []
        table = Table(rows, [52 * mm, WIDTH - 112 * mm, 60 * mm])
        table.setStyle(TABLE)
        title = Paragraph(f"<b>{self._text('conditions_check')}</b>", BODY)
        return [Spacer(1, 5), KeepTogether([title, Spacer(1, 2), table])]

    def _condition_name(self, check: Mapping[str, Any]) -> str:
        name = self._text(f"condition.{check['condition']}")
        return f"{name} ({self._text(check['role'])})" if check["role"] else name

    def _place(self, check: Mapping[str, Any]) -> str:
        place = self._text(f"place.{check['place']}")
        return f"{place} [{escape(check['code'])}]"

    def _validation(self, population: Mapping[str, Any]) -> str:
        figures = population["validation"]
        size = self._text("population_size", **{k: population[k] for k in _SIZES})
        percent = {k: 100 * figures["eer"][k] for k in ("value", "low", "high")}
        values = {"eer": _estimate(percent, "{:.1f}", " %")}
        values |= {k: _estimate(figures[k], "{:.2f}", "") for k in ("cllr", "cllr_min")}
        return f"{size}. {self._text('validation_text', **values)}"

    def _limits(self) -> list[Flowable]:
        keys = ("limit_population", "limit_model", "limit_interval", "limit_segments")
        lines = [Paragraph(f"• {self._text(key)}", BODY) for key in keys]
        terms = Paragraph(self._text("terms"), SMALL)
        return [KeepTogether([self._heading("limits"), *lines, Spacer(1, 4), terms])]

    def _verification(self) -> list[Flowable]:
        if self.draft:
            words = Paragraph(self._text("unsigned"), BODY)
            return [KeepTogether([self._heading("verification"), words])]
        digest = hashlib.sha256(canonical_bytes(self.content)).hexdigest()
        command = "seongmun verify REPORT.pdf --media FOLDER --trust CERTIFICATE.pem"
        return [
            KeepTogether(
                [
                    self._heading("verification"),
                    Paragraph(self._text("verification_text"), BODY),
                    Spacer(1, 3),
                    Paragraph(command, HASH),
                    Spacer(1, 4),
                    self._facts([("manifest_sha256", digest)], hashes=("manifest_sha256",)),
                    Spacer(1, 6),
                    Paragraph(self._text("signature"), BODY),
                ]
            )
        ]


_SIZES = ("n_speakers", "n_same", "n_different")


def _range(low: float, high: float) -> str:
    return f"[{low:.2f}, {high:.2f}]"


def _settings(table: Mapping[str, Any]) -> Paragraph:
    """Names and values as the manifest has them; what the report prints elsewhere is left out."""
    flat = {k: v for k, v in table.items() if not k.endswith(("_id", "_sha256", "_version"))}
    nested = [v for v in flat.values() if isinstance(v, Mapping)]
    plain = {k: v for k, v in flat.items() if not isinstance(v, Mapping)}
    pairs = [pair for part in (*nested, plain) for pair in sorted(part.items())]
    text = ", ".join(f"{name} = {value}" for name, value in pairs)
    return Paragraph(escape(printable(text)), SMALL)


def _estimate(figures: Mapping[str, float], form: str, unit: str) -> str:
    value, low, high = (form.format(figures[key]) for key in ("value", "low", "high"))
    return f"{value}{unit} [{low}–{high}]"
