"""In words: the verbal equivalent of a result, what flags mean, what checks found."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from functools import cache
from typing import Any

from app.messages import Language, codes, message
from app.resources import REPORT_TEXTS, VERBAL_SCALE
from engine.lr.conditions import limits_text
from engine.lr.verbal import VerbalScale, load_scale
from engine.types import Check, ConditionCheck, LikelihoodRatio


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


def flag_text(flag: str, language: Language) -> str:
    """What a flag of a result means, in plain words."""
    return str(_texts(language)["flag"][flag])


def condition_line(check: ConditionCheck, language: Language) -> str:
    """One condition of a case: what was found, what the population covers, where that lies."""
    texts = _texts(language)
    name = texts[f"condition.{check.condition}"]
    where = f"{name} ({texts[check.role]})" if check.role else name
    found = limits_text(asdict(check), texts)
    return f"{where}: {found}: {texts[f'place.{check.place}']} [{check.code}]"


def check_reason(check: Check, language: Language) -> str:
    """Why a check has its outcome, as a sentence; a reason without a text is shown as its code."""
    for code in (f"reason.{check.id}.{check.reason}", f"reason.{check.reason}"):
        if code in codes():
            return message(code, language, check.params)
    return check.reason


def check_name(check_id: str, language: Language) -> str:
    """What is checked, in a few words."""
    return _text_or(f"check.{check_id}", check_id, language)


def check_meaning(check_id: str, language: Language) -> str:
    """What a check looks at and why."""
    return _text_or(f"meaning.{check_id}", "", language)


def _text_or(code: str, otherwise: str, language: Language) -> str:
    return message(code, language) if code in codes() else otherwise


@cache
def _texts(language: Language) -> dict[str, Any]:
    return dict(tomllib.loads(REPORT_TEXTS.read_text(encoding="utf-8"))[language])
