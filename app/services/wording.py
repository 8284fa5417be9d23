"""A result in words: the verbal equivalent and what flags mean."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from functools import cache
from typing import Any

from app.messages import Language
from app.resources import REPORT_TEXTS, VERBAL_SCALE
from engine.lr.conditions import limits_text
from engine.lr.verbal import VerbalScale, load_scale
from engine.types import ConditionCheck, LikelihoodRatio


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


@cache
def _texts(language: Language) -> dict[str, Any]:
    return dict(tomllib.loads(REPORT_TEXTS.read_text(encoding="utf-8"))[language])
