"""In words: the verbal equivalent of a result, what flags mean, what checks found."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from app.messages import Language, codes, message
from app.resources import REPORT_TEXTS, VERBAL_SCALE
from engine.lr.conditions import limits_text
from engine.lr.verbal import VerbalScale, load_scale
from engine.types import Check, ConditionCheck, LikelihoodRatio, Place


def verbal_text(
    ratio: LikelihoodRatio, language: Language, scale: VerbalScale | None = None
) -> str:
    """The verbal equivalent with the proposition it supports, on ENFSI's scale or another."""
    level = (scale or load_scale(VERBAL_SCALE)).level(ratio.log10_lr)
    term = level.texts[language]
    if level.key == "none":
        return term
    direction = "same" if ratio.log10_lr > 0 else "different"
    return str(_texts(language)[f"verbal_{direction}"]).format(term=term)


def ratio_text(log10_lr: float, flags: Sequence[str], language: Language) -> str:
    """See `engine.report.words.ratio_text`."""
    from engine.report import words  # loads reportlab

    return words.ratio_text(log10_lr, flags, _texts(language))


def flag_text(flag: str, language: Language) -> str:
    """What a flag of a result means, in plain words."""
    return str(_texts(language)["flag"][flag])


def condition_line(check: ConditionCheck, language: Language) -> str:
    """One condition of a case: what was found, what the population covers, where that lies."""
    name, found = condition_parts(check, language)
    return f"{name}: {found}: {place_text(check.place, language)} [{check.code}]"


def condition_parts(check: ConditionCheck, language: Language) -> tuple[str, str]:
    """The condition and whose it is; what was found and is covered."""
    texts = _texts(language)
    name = texts[f"condition.{check.condition}"]
    where = f"{name} ({texts[check.role]})" if check.role else name
    return where, limits_text(asdict(check), texts)


def condition_meaning(check: ConditionCheck, language: Language) -> str:
    """Where a condition lies and, where that is not inside, what it means."""
    place = place_text(check.place, language)
    return place if check.place is Place.INSIDE else f"{place}\n{flag_text(check.code, language)}"


def place_text(place: Place, language: Language) -> str:
    """Where a condition lies, in a word."""
    return str(_texts(language)[f"place.{place}"])


def check_reason(check: Check, language: Language) -> str:
    """Why a check has its outcome, as a sentence; a reason without a text is shown as its code."""
    kind = _kind_and_number(check.id)[0]
    for code in (f"reason.{kind}.{check.reason}", f"reason.{check.reason}"):
        if code in codes():
            return message(code, language, check.params)
    return check.reason


def check_name(check_id: str, language: Language) -> str:
    """What is checked, in a few words."""
    kind, number = _kind_and_number(check_id)
    return f"{_text_or(f'check.{kind}', kind, language)} {number}".strip()


def check_meaning(check_id: str, language: Language) -> str:
    """What a check looks at and why."""
    return _text_or(f"meaning.{_kind_and_number(check_id)[0]}", "", language)


def _kind_and_number(check_id: str) -> tuple[str, str]:
    """``media.known.2`` is the second check of its kind."""
    kind, _, number = check_id.rpartition(".")
    return (kind, number) if number.isdigit() else (check_id, "")


def item_name(role: str, label: str, language: Language) -> str:
    """What a recording of a report is, with its label where it has one."""
    return f"{label} {_text_or(f'item.{role}', role, language)}".strip()


def number_name(name: str, of: str, language: Language) -> str:
    """What a number of a report is, and of what."""
    text = _text_or(f"number.{name}", name, language)
    return f"{text} ({of})" if of else text


def _text_or(code: str, otherwise: str, language: Language) -> str:
    return message(code, language) if code in codes() else otherwise


@cache
def _texts(language: Language) -> dict[str, Any]:
    return dict(tomllib.loads(REPORT_TEXTS.read_text(encoding="utf-8"))[language])
