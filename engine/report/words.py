"""The words of a report in one language, and what a manifest says in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.lr.verbal import NEUTRAL, VerbalScale
from engine.report.page import two_figures

AT_BOUND = "lr.at_bound"


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of one language with what they are about."""

    language: str
    texts: Mapping[str, Any]
    scale: VerbalScale
    content: Mapping[str, Any]

    def text(self, key: str, **values: Any) -> str:
        """A text with its braces filled in."""
        return str(self.texts[key]).format(**values)

    def or_not_stated(self, value: str) -> str:
        """What the case says, or that it says nothing."""
        return value or self.text("not_stated")

    def item(self, label: str) -> str:
        """An item's name: its role, and where there are several its number and label."""
        item = next(i for i in self.content["items"] if i["label"] == label)
        role = self.text(item["role"])
        alone = sum(i["role"] == item["role"] for i in self.content["items"]) == 1
        return role if alone else f"{role} {label[1:]} ({label})"

    def comparison(self, number: int) -> str:
        """The title of a comparison, counted from 1."""
        compared = self.content["comparisons"][number - 1]
        names = {role: self.item(compared[role]) for role in ("questioned", "known")}
        return self.text("comparison_title", number=number, **names)

    def statement(self, result: Mapping[str, Any]) -> str:
        """The result in a sentence."""
        kind = self._kind(result)
        if kind == "none":
            return self.text("result_none")
        return self.text(f"result_{kind}", number=self.quantity(result))

    def verbal(self, result: Mapping[str, Any]) -> str:
        """The verbal equivalent with the proposition that is supported."""
        level = next(v for v in self.scale.levels if v.key == result["verbal_level"])
        term = level.texts[self.language]
        kind = self._kind(result)
        return term if kind == "none" else self.text(f"verbal_{kind}", term=term)

    def interpretation(self, result: Mapping[str, Any]) -> str:
        """What the figure says of which propositions."""
        words = self.content["propositions"]
        return self.text(
            f"interpretation_{self._kind(result)}",
            same=words["same_source"][self.language],
            different=words["different_source"][self.language],
            number=self.quantity(result),
        )

    def quantity(self, result: Mapping[str, Any]) -> str:
        """How many times more probable, under the proposition that is supported."""
        return ratio_text(abs(result["log10_lr"]), result["flags"], self.texts)

    def ratio(self, result: Mapping[str, Any]) -> str:
        """The likelihood ratio as a number; at the end of the supported range it says so."""
        if AT_BOUND not in result["flags"]:
            return two_figures(10 ** result["log10_lr"])
        return ratio_text(result["log10_lr"], result["flags"], self.texts)

    @staticmethod
    def _kind(result: Mapping[str, Any]) -> str:
        if result["verbal_level"] == NEUTRAL:
            return "none"
        return "same" if result["log10_lr"] >= 0 else "different"


def ratio_text(log10_lr: float, flags: Sequence[str], texts: Mapping[str, str]) -> str:
    """About how much a likelihood ratio is; at the end of the supported range, at least or at
    most how much."""
    key = "about" if AT_BOUND not in flags else "at_least" if log10_lr >= 0 else "at_most"
    return texts[key].format(number=two_figures(10**log10_lr))


def joined(words: Sequence[Words], key: str, **values: Any) -> str:
    """A text in every language of a report, for what is printed once."""
    return " · ".join(dict.fromkeys(w.text(key, **values) for w in words))


def ratio_range(log10: Sequence[float]) -> str:
    """A range of log10 likelihood ratios as likelihood ratios."""
    return " – ".join(two_figures(10**value) for value in log10)


def log10_range(log10: Sequence[float]) -> str:
    """A range of log10 likelihood ratios as it is."""
    return f"[{log10[0]:.2f}, {log10[1]:.2f}]"


def estimate(figures: Mapping[str, float], form: str = "{:.2f}", unit: str = "") -> str:
    """A figure of validation with its interval."""
    value, low, high = (form.format(figures[key]) for key in ("value", "low", "high"))
    return f"{value}{unit} [{low}–{high}]"
