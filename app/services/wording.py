"""A result in words: the verbal equivalent and what flags mean."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from app.messages import Language
from app.resources import REPORT_TEXTS, VERBAL_SCALE
from engine.lr.verbal import load_scale
from engine.types import LikelihoodRatio


def verbal_text(ratio: LikelihoodRatio, language: Language) -> str:
    """The verbal equivalent with the proposition it supports."""
    level = load_scale(VERBAL_SCALE).level(ratio.log10_lr)
    term = level.texts[language]
    if level.key == "none":
        return term
    direction = "same" if ratio.log10_lr > 0 else "different"
    return str(_texts(language)[f"verbal_{direction}"]).format(term=term)


def flag_text(flag: str, language: Language) -> str:
    """What a flag of a result means, in plain words."""
    return str(_texts(language)["flag"][flag])


@cache
def _texts(language: Language) -> dict[str, Any]:
    return dict(tomllib.loads(REPORT_TEXTS.read_text(encoding="utf-8"))[language])
