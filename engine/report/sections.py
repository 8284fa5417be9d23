"""The body of a report in one language: request, items, propositions, method, material, quality,
population, result, limits, deviations, verification."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.graphics.shapes import Drawing
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer

from engine.audio.suitability import judge_suitability, limits_for
from engine.canonical import canonical_bytes
from engine.lr.conditions import allowed_text, found_text
from engine.report.figures import ItemPlot, PreparedFigure
from engine.report.page import (
    BODY,
    CAUTION,
    HASH,
    HEADING,
    LABEL,
    LISTED,
    SMALL,
    STATEMENT,
    SUBHEADING,
)
from engine.report.tables import box, columns, facts, shown
from engine.report.tags import Plot
from engine.report.template import Template
from engine.report.words import Words, estimate, log10_range, ratio_range
from engine.types import EXAMINER_STEP, QualityReport

PLOT_SCALE = 0.82
ITEM_CONDITIONS = ("duration", "snr", "bandwidth", "codec", "sex", "language")
OUTSIDE = "outside"
HEADING_ROOM = 135
COMMAND = "seongmun verify REPORT.pdf --media FOLDER --trust CERTIFICATE.pem"


class Body:
    """Turns a manifest into flowables."""

    def __init__(
        self,
        words: Words,
        template: Template,
        figures: Sequence[PreparedFigure],
        tippett: Drawing | None,
        draft: bool,
    ) -> None:
        self.words, self.template, self.figures = words, template, figures
        self.tippett, self.draft, self.content = tippett, draft, words.content
        self._number = 0

    def story(self) -> list[Flowable]:
        """Every section in order."""
        opening = self._standing("opening")
        return [
            *opening,
            *self._request(),
            *self._items(),
            *self._propositions(),
            *self._method(),
            *self._material(),
            *self._quality(),
            *self._population(),
            *self._results(),
            *self._limits(),
            *self._deviations(),
            *self._verification(),
            *self._standing("closing"),
        ]

    def _text(self, key: str, **values: Any) -> str:
        return self.words.text(key, **values)

    def _say(self, key: str, style: Any = BODY, **values: Any) -> Paragraph:
        return Paragraph(shown(self._text(key, **values)), style)

    def _heading(self, key: str) -> Paragraph:
        self._number += 1
        return Paragraph(shown(f"{self._number}. {self._text(key)}"), HEADING)

    def _facts(self, rows: Sequence[tuple[str, Any]]) -> Flowable:
        """Rows by the keys of their labels."""
        labelled = [(self._text(key), value) for key, value in rows]
        return facts(labelled, [self._text(k) for k, _ in rows if k.endswith("sha256")])

    def _standing(self, section: str) -> list[Flowable]:
        """The laboratory's own text for a section."""
        text = self.template.texts[section][self.words.language]
        return [Spacer(1, 4), Paragraph(shown(text), BODY)] if text else []

    def _request(self) -> list[Flowable]:
        asked, words = self.content["request"], self.words
        place = self.template.address[words.language] or asked["agency"]
        rows = [
            ("requester", words.or_not_stated(asked["requester"])),
            ("received", words.or_not_stated(asked["received_utc"])),
            ("request_text", asked["text"] or self._text("request_default")),
            ("examiners", words.or_not_stated(asked["examiners"])),
            ("place_of_work", words.or_not_stated(place)),
        ]
        rows += [("remarks", asked["note"])] if asked["note"] else []
        head = KeepTogether([self._heading("request"), self._facts(rows)])
        return [head, *self._standing("request")]

    def _items(self) -> list[Flowable]:
        story: list[Flowable] = [CondPageBreak(HEADING_ROOM), self._heading("items")]
        story += [self._say("items_text"), Spacer(1, 4)]
        for item in self.content["items"]:
            title = Paragraph(shown(self.words.item(item["label"])), SUBHEADING)
            parts: list[Flowable] = [title]
            if item["synthetic"]:
                parts.append(self._say("synthetic", CAUTION))
            story.append(KeepTogether([*parts, self._facts(self._item(item)), Spacer(1, 3)]))
        return story

    def _item(self, item: Mapping[str, Any]) -> list[tuple[str, Any]]:
        words, custody, quality = self.words, item["custody"], item["quality"]
        received = " · ".join(v for v in (custody["received_utc"], custody["received_from"]) if v)
        channel = self._text("channel_of", channel=item["channel"] + 1, channels=item["channels"])
        decoder = item["steps"][0]["params"]
        number = str(item["exhibit"]) if item["exhibit"] else ""
        rows = [
            ("file_name", item["file_name"]),
            ("sha256", item["sha256"]),
            ("format", f"{item['container']} / {item['codec']}, {item['sample_rate_hz']} Hz, "
                       f"{item['size_bytes']:,} B"),
            ("duration", f"{item['duration_s']:.2f} s / {quality['net_speech_s']:.2f} s"),
            ("channel", channel),
            ("processing", f"{' → '.join(map(self._step, item['steps']))} "
                           f"({decoder['decoder']} {decoder['version']})"),
            ("exhibit", words.or_not_stated(number)),
            ("origin", words.or_not_stated(custody["origin"])),
            ("received_item", words.or_not_stated(received)),
        ]  # fmt: skip
        rows += [("added", custody["added_utc"])] if custody["added_utc"] else []
        rows += [("description", custody["description"])] if custody["description"] else []
        return rows

    def _step(self, step: Mapping[str, Any]) -> str:
        name = step["name"]
        return str(self.words.texts.get(f"step.{name}", name))

    def _propositions(self) -> list[Flowable]:
        words, language = self.content["propositions"], self.words.language
        rows = [
            ("proposition_same", words["same_source"][language]),
            ("proposition_different", words["different_source"][language]),
        ]
        parts = [self._heading("propositions"), self._say("propositions_text"), Spacer(1, 4)]
        parts.append(self._facts(rows))
        if len(self.content["comparisons"]) > 1:
            parts += [Spacer(1, 3), self._say("propositions_several", SMALL)]
        return [KeepTogether(parts)]

    def _method(self) -> list[Flowable]:
        steps = [
            Paragraph(shown(step), LISTED, bulletText=f"{i}.")
            for i, step in enumerate(self.words.texts["method_steps"], start=1)
        ]
        head = KeepTogether([self._heading("method"), self._say("method_text"), Spacer(1, 4)])
        return [CondPageBreak(HEADING_ROOM), head, *steps, *self._standing("method")]

    def _material(self) -> list[Flowable]:
        blocks: list[list[Flowable]] = []
        for item, figure in zip(self.content["items"], self.figures, strict=True):
            name = self.words.item(item["label"])
            by_hand = any(step["name"] == EXAMINER_STEP for step in item["steps"])
            by = self._text("segments_by_examiner" if by_hand else "segments_by_detector")
            count, net_s = len(item["segments"]), item["quality"]["net_speech_s"]
            told = self._text("material_of", name=name, segments=count, net=net_s)
            caption = self._text("figure", name=name, top=f"{figure.top_hz / 1000:g}")
            blocks.append(
                [
                    Spacer(1, 8),
                    Paragraph(shown(f"{told} ({by})"), BODY),
                    Spacer(1, 2),
                    ItemPlot(figure, self._text("time"), f"{told}. {caption}"),
                    Paragraph(shown(caption), SMALL),
                ]
            )
        blocks[0] = [self._heading("material"), self._say("material_text"), *blocks[0]]
        return [KeepTogether(block) for block in blocks]

    def _quality(self) -> list[Flowable]:
        items = self.content["items"]
        keys = list(self._quality_cells(items[0]))
        head = [self._text(key) for key in ("item", *keys)]
        rows = [(i["label"], *self._quality_cells(i).values()) for i in items]
        table = columns(head, rows, (9, 12, 12, 16, 19, 12, 15, 11, 12, 12, 12, 16), SMALL)
        names = " · ".join(f"{i['label']}: {self.words.item(i['label'])}" for i in items)
        alone = [Paragraph(shown(names), SMALL)] if len(items) == 2 else []
        parts = [self._heading("quality"), self._say("quality_text"), Spacer(1, 4), table, *alone]
        return [CondPageBreak(HEADING_ROOM), *parts, *self._conditions()]

    def _quality_cells(self, item: Mapping[str, Any]) -> dict[str, str]:
        """What is printed of an item's quality, by the key of its column's head."""
        quality = item["quality"]

        def figure(value: float | None, form: str, scale: float = 1.0) -> str:
            return self._text("unknown") if value is None else form.format(scale * value)

        limits = limits_for(self.content["population"]["conditions"])
        verdict = judge_suitability(QualityReport(**quality), limits).verdict
        return {
            "net_speech": f"{quality['net_speech_s']:.1f}",
            "snr": figure(quality["snr_db"], "{:.0f}"),
            "bandwidth": f"{quality['bandwidth_hz']:.0f}",
            "codec_guess": self._text(f"codec.{quality['codec_guess'] or 'unknown'}"),
            "clipping": f"{100 * quality['clipped_share']:.2f}",
            "dropouts": figure(quality["dropout_share"], "{:.1f}", 100.0),
            "hum": f"{quality['hum_hz']:.0f}" if quality["hum_hz"] else "—",
            "reverberation": figure(quality["reverberation_s"], "{:.1f}"),
            "level": f"{quality['level_dbfs']:.1f}",
            "peak": f"{quality['peak_dbfs']:.1f}",
            "suitability": self._text(f"suitable.{verdict}"),
        }

    def _conditions(self) -> list[Flowable]:
        """Where each item, and each comparison's score, lies in what the population covers."""
        checks = self._item_checks()
        covered = next(iter(checks.values()))
        rows = [[self._text("population_covers"), *map(self._limits_of, covered)]]
        rows += [[label, *map(self._place, found)] for label, found in checks.items()]
        head = [self._text("item"), *(self._text(f"condition.{c}") for c in ITEM_CONDITIONS)]
        scores = []
        for number, compared in enumerate(self.content["comparisons"], start=1):
            found = {c["condition"]: c for c in compared["conditions"]}
            pair = f"{number}: {compared['questioned']} – {compared['known']}"
            scores.append((pair, self._place(found["population"]), found["population"]["code"]))
        titles = [self._text(k) for k in ("comparison", "condition.population", "code")]
        return [
            CondPageBreak(HEADING_ROOM),
            self._sub("conditions_check"),
            self._say("conditions_text"),
            Spacer(1, 4),
            columns(head, rows, (13, 16, 16, 17, 26, 17, 17), SMALL),
            Spacer(1, 8),
            columns(titles, scores, (20, 60, 40), SMALL),
        ]

    def _sub(self, key: str) -> Paragraph:
        return Paragraph(shown(self._text(key)), SUBHEADING)

    def _item_checks(self) -> dict[str, list[Mapping[str, Any]]]:
        """The checks of every item, by its label."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for compared in self.content["comparisons"]:
            for role in ("questioned", "known"):
                checks = {c["condition"]: c for c in compared["conditions"] if c["role"] == role}
                found.setdefault(compared[role], [checks[name] for name in ITEM_CONDITIONS])
        return {i["label"]: found[i["label"]] for i in self.content["items"]}

    def _place(self, check: Mapping[str, Any]) -> str:
        """What was found of a condition, and where that lies."""
        place = self._text(f"place.{check['place']}")
        return f"{found_text(check, self.words.texts)}: {place}"

    def _limits_of(self, check: Mapping[str, Any]) -> str:
        """What the population covers of a condition."""
        low, high = (None if check[k] is None else f"{check[k]:.4g}" for k in ("low", "high"))
        if low and high:
            return f"{low} – {high}"
        one = f"≥ {low}" if low else f"≤ {high}" if high else ""
        return one or allowed_text(check, self.words.texts) or self._text("not_stated")

    def _population(self) -> list[Flowable]:
        population = self.content["population"]
        figures, calibration = population["validation"], population["calibration"]
        percent = {k: 100 * figures["eer"][k] for k in ("value", "low", "high")}
        sizes = {k: population[k] for k in ("n_speakers", "n_same", "n_different")}
        rows = [
            ("population_name", f"{population['id']} — {population['description']}"),
            ("population_sha256", population["sha256"]),
            ("size_label", self._text("population_size", **sizes)),
            ("calibration", self._text("calibration_text", **calibration)),
            ("bounds", f"{ratio_range(calibration['bounds_log10'])} "
                       f"(log10 {log10_range(calibration['bounds_log10'])})"),
            ("validation_eer", estimate(percent, "{:.1f}", " %")),
            *((f"validation_{k}", estimate(figures[k])) for k in ("cllr", "cllr_min", "cllr_cal")),
        ]  # fmt: skip
        story: list[Flowable] = [CondPageBreak(HEADING_ROOM), self._heading("population")]
        story += [self._say("population_text"), Spacer(1, 4), self._facts(rows)]
        if self.tippett is not None:
            self.tippett.renderScale = PLOT_SCALE
            plot = Plot(self.tippett, self._text("tippett"))
            story += [Spacer(1, 8), KeepTogether([plot, self._say("tippett", SMALL)])]
        return story

    def _results(self) -> list[Flowable]:
        compared = self.content["comparisons"]
        story: list[Flowable] = [CondPageBreak(2 * HEADING_ROOM), self._heading("result")]
        if len(compared) > 1:
            story.append(self._say("several"))
        for number, one in enumerate(compared, start=1):
            result = self._result(one["result"])
            if len(compared) == 1:
                story += result
            else:
                title = Paragraph(shown(self.words.comparison(number)), SUBHEADING)
                story.append(KeepTogether([title, *result]))
        caution = self._say("interpretation_caution", SMALL)
        return [*story, Spacer(1, 6), self._say("not_posterior", SMALL), caution]

    def _result(self, result: Mapping[str, Any]) -> list[Flowable]:
        words = self.words
        interval, bounds = result["interval_log10"], result["bounds_log10"]
        rows = [
            ("verbal", f"{words.verbal(result)} ({self._text('scale')}: {result['verbal_scale']})"),
            ("lr", words.ratio(result)),
            ("log10_lr", f"{result['log10_lr']:.2f}"),
            ("interval", f"{ratio_range(interval)} (log10 {log10_range(interval)})"),
            ("bounds", f"{ratio_range(bounds)} (log10 {log10_range(bounds)})"),
            ("score", f"{result['score']:.4f}"),
            ("flags", self._flags(result["flags"])),
        ]
        reading = f"<b>{self._text('interpretation')}</b> {shown(words.interpretation(result))}"
        statement = box(Paragraph(shown(words.statement(result)), STATEMENT))
        after = [Spacer(1, 4), Paragraph(reading, SMALL), Spacer(1, 4)]
        return [statement, Spacer(1, 5), self._facts(rows), *after]

    def _flags(self, flags: Sequence[str]) -> Flowable:
        if not flags:
            return self._say("no_flags")
        lines = [f"• {shown(self.words.texts['flag'][flag])} [{flag}]" for flag in flags]
        return Paragraph("<br/>".join(lines), CAUTION)

    def _limits(self) -> list[Flowable]:
        names = ("population", "model", "interval", "segments", "voice", "contest")
        lines = [self._bullet(self._text(f"limit_{name}")) for name in names]
        return [KeepTogether([self._heading("limits"), *lines]), *self._standing("limits")]

    def _bullet(self, text: str) -> Paragraph:
        return Paragraph(shown(text), LISTED, bulletText="•")

    def _deviations(self) -> list[Flowable]:
        lines = [*self._found_deviations()]
        stated = self.content["request"]["deviations"]
        lines += [stated] if stated else []
        told = [self._bullet(line) for line in lines or [self._text("deviations_none")]]
        return [KeepTogether([self._heading("deviations"), *told])]

    def _found_deviations(self) -> list[str]:
        """What the manifest itself shows to be out of the ordinary."""
        lines = []
        checks = self._item_checks()
        for item in self.content["items"]:
            outside = [c["condition"] for c in checks[item["label"]] if c["place"] == OUTSIDE]
            names = ", ".join(self._text(f"condition.{name}") for name in outside)
            kinds = {
                "truncated": "audio.truncated" in item["warnings"],
                "manual": any(step["name"] == EXAMINER_STEP for step in item["steps"]),
                "synthetic": item["synthetic"],
                "outside": bool(outside),
            }
            named = self.words.item(item["label"])
            lines += [
                self._text(f"deviation.{kind}", item=named, conditions=names)
                for kind, applies in kinds.items()
                if applies
            ]
        return lines

    def _verification(self) -> list[Flowable]:
        if self.draft:
            return [KeepTogether([self._heading("verification"), self._say("unsigned")])]
        digest = hashlib.sha256(canonical_bytes(self.content)).hexdigest()
        parts = [
            self._heading("verification"),
            self._say("verification_text"),
            Spacer(1, 3),
            Paragraph(COMMAND, HASH),
            Spacer(1, 4),
            self._facts([("manifest_sha256", digest)]),
            Spacer(1, 6),
            self._say("signature", LABEL),
        ]
        return [KeepTogether(parts)]
