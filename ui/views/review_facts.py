"""What the review window shows of a report, as rows: checks, recordings, signatures, contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QHeaderView

from app.services.wording import check_meaning, check_name, check_reason, item_name
from engine.types import Check, CheckStatus
from ui.language import current_language, text_of
from ui.theme import BAD, CAUTION, GOOD
from ui.widgets.fact_tree import Fact, FactTree

if TYPE_CHECKING:
    from app.services.reviewing import Review, ReviewedItem

COLOURS = {CheckStatus.PASS: GOOD, CheckStatus.FAIL: BAD, CheckStatus.NOT_CHECKED: CAUTION}
CHECK_PX, OUTCOME_PX = 210, 120
SYMBOLS = {CheckStatus.PASS: "✓", CheckStatus.FAIL: "✗", CheckStatus.NOT_CHECKED: "?"}


def check_tree() -> FactTree:
    """A tree for checks: what is checked, outcome, reason."""
    tree = FactTree(3)
    header = tree.header()
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
    header.resizeSection(0, CHECK_PX)
    header.resizeSection(1, OUTCOME_PX)
    return tree


class ReviewFacts(QObject):
    """Makes the rows in the language that is shown now."""

    def head(self) -> list[str]:
        """The head of a tree of checks."""
        return [self.tr("Check"), self.tr("Outcome"), self.tr("Reason")]

    def status(self, status: CheckStatus) -> str:
        """An outcome in a word, told apart without colours too."""
        words = {
            CheckStatus.PASS: self.tr("holds"),
            CheckStatus.FAIL: self.tr("does not hold"),
            CheckStatus.NOT_CHECKED: self.tr("not checked"),
        }
        return f"{SYMBOLS[status]} {words[status]}"

    def checks(self, checks: tuple[Check, ...]) -> list[Fact]:
        """Every check with its outcome and reason; behind it what it looks at and the facts."""
        return [self._check(check) for check in checks]

    def _check(self, check: Check) -> Fact:
        language = current_language()
        meaning = check_meaning(check.id, language)
        children = [_row(meaning)] if meaning else []
        children += [_row(f"{key}: {value}") for key, value in check.params.items()]
        children.append(_row(f"{check.id}: {check.reason}"))
        return Fact(
            (
                check_name(check.id, language),
                self.status(check.status),
                check_reason(check, language),
            ),
            tuple(children),
            expanded=check.status is CheckStatus.FAIL,
            colour=COLOURS[check.status],
        )

    def items(self, review: Review) -> list[Fact]:
        """Every recording: its hash, what it is, what of it was examined."""
        contents = review.content["items"] if review.content is not None else []
        return [self._item(*pair) for pair in zip(review.items, contents, strict=False)]

    def _item(self, item: ReviewedItem, content: Mapping[str, Any]) -> Fact:
        segments = tuple(_row(f"{start:.2f} – {end:.2f} s") for start, end in content["segments"])
        channel = f"{content['channel'] + 1}/{content['channels']}"
        rows = {
            "SHA-256": item.sha256,
            self.tr("Size"): self.tr("{n} bytes").format(n=f"{item.size_bytes:,}"),
            self.tr("Format"): f"{content['container']}, {content['codec']}",
            self.tr("Sample rate"): f"{content['sample_rate_hz']:,} Hz",
            self.tr("Channel"): channel,
            self.tr("Duration"): f"{content['duration_s']:.2f} s",
            self.tr("Net speech"): f"{content['quality']['net_speech_s']:.2f} s",
        }
        title = self.tr("Examined segments")
        examined = Fact((f"{title}: {len(segments)}",), segments)
        role = item_name(item.role, item.label, current_language())
        return Fact(
            (f"{role}: {item.file_name}", self.status(item.status)),
            (*_rows(rows), examined),
            expanded=True,
            colour=COLOURS[item.status],
        )

    def signatures(self, review: Review) -> list[Fact]:
        """Who signed in what role, when, and where the certificates lead."""
        return [
            Fact(
                (f"{number}. {signature.signer}",),
                (
                    *_rows(
                        {
                            self.tr("Role"): text_of(f"signer.{signature.role}"),
                            self.tr("Signed at"): signature.signed_at,
                            self.tr("Time stamp"): signature.timestamp,
                        }
                    ),
                    Fact(
                        (self.tr("Certificate path"),),
                        tuple(_row(subject) for subject in signature.certificates),
                        expanded=True,
                    ),
                ),
                expanded=True,
            )
            for number, signature in enumerate(review.signatures, start=1)
        ]

    def contents(self, review: Review) -> list[Fact]:
        """What the report is about and what it was made with."""
        content = review.content
        if content is None:
            return []
        propositions, software = content["propositions"], content["software"]
        report = {
            self.tr("Number"): content["report_id"],
            self.tr("Made (UTC)"): content["created_utc"],
            self.tr("Case"): content["case"]["number"],
            self.tr("Program"): f"{software['name']} {software['version']}",
            "SHA-256": review.sha256,
        }
        return [
            self._group(self.tr("Report"), report),
            self._group(
                self.tr("Propositions"),
                {
                    str(number): _in_language(propositions[name])
                    for number, name in enumerate(("same_source", "different_source"), start=1)
                },
            ),
            self._group(self.tr("Model"), self._model(content["model"])),
            self._group(self.tr("Population"), self._population(content["population"])),
        ]

    def _model(self, model: Mapping[str, Any]) -> dict[str, str]:
        return {
            self.tr("Name"): f"{model['id']} {model['version']}",
            "SHA-256": model["sha256"],
            self.tr("Training data"): model["training_data"],
            self.tr("Licence"): model["licence"],
        }

    def _population(self, population: Mapping[str, Any]) -> dict[str, str]:
        return {
            self.tr("Name"): population["id"],
            "SHA-256": population["sha256"],
            self.tr("Description"): population["description"],
            self.tr("Speakers"): str(population["n_speakers"]),
            self.tr("Trials of one speaker"): f"{population['n_same']:,}",
            self.tr("Trials of two speakers"): f"{population['n_different']:,}",
        }

    def _group(self, title: str, rows: Mapping[str, str]) -> Fact:
        return Fact((title,), tuple(_rows(rows)), expanded=True)


def _in_language(words: str | Mapping[str, str]) -> str:
    """A text of the report, in the language that is shown now where the report has it."""
    if isinstance(words, str):  # formats before 4
        return words
    return words.get(current_language()) or next(iter(words.values()))


def _row(text: str) -> Fact:
    return Fact((text,))


def _rows(rows: Mapping[str, str]) -> list[Fact]:
    """Label and value in one text each, without those that have no value."""
    return [_row(f"{label}: {value}") for label, value in rows.items() if value]
