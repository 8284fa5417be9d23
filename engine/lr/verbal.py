"""Verbal scales: versioned data files that give likelihood ratios a name."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ErrorCode, SeongmunError

LANGUAGES = ("ko", "en")
NEUTRAL = "none"
# Words that claim who speaks, or how probable that is; no text of the product may have them.
FORBIDDEN = re.compile(
    r"\bmatch(es|ed|ing)?\b|same person with|identified as|identical voice|is the speaker of"
    r"|\bprobab(ly|le that)\b.*\bsame (person|speaker)\b|\d+ ?% (sure|certain|same)"
    r"|동일인입니다|동일인으로 (판단|확인|판정)|일치합니다|일치하는 음성|동일인일 가능성이"
    r"|동일인일 확률은|동일인일 확률이 \d|본인(의 목소리)?입니다",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class VerbalLevel:
    """Holds for |log10 LR| from `from_log10` up to the next level; `texts` by language."""

    key: str
    from_log10: float
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VerbalScale:
    """Levels in rising order; the same names serve both propositions."""

    id: str
    version: str
    source: str
    levels: tuple[VerbalLevel, ...]

    def level(self, log10_lr: float) -> VerbalLevel:
        """The level of a likelihood ratio."""
        return [level for level in self.levels if abs(log10_lr) >= level.from_log10][-1]


def load_scale(path: Path) -> VerbalScale:
    """Read a scale file: its first level must begin at 0, the levels must rise, and id, version,
    source and every text in Korean and English must be there.

    Raises
    ------
    SeongmunError
        SCALE_MISSING, SCALE_INVALID.
    """
    try:
        scale = _scale(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SeongmunError(ErrorCode.SCALE_MISSING, path=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__} {error}"
        raise SeongmunError(ErrorCode.SCALE_INVALID, path=str(path), reason=reason) from error
    return scale


def find_scale(name: str, directory: Path) -> VerbalScale:
    """Load a scale named by its file or, within `directory`, by its id (raises as `load_scale`)."""
    path = Path(name)
    return load_scale(path if path.is_file() else directory / f"{path.name}.toml")


def _scale(data: Mapping[str, Any]) -> VerbalScale:
    levels = tuple(
        VerbalLevel(
            _word(level["key"]),
            float(level["from_log10"]),
            {language: _word(level[language]) for language in LANGUAGES},
        )
        for level in data["levels"]
    )
    starts = [level.from_log10 for level in levels]
    if not all(map(math.isfinite, starts)) or starts[:1] != [0] or starts != sorted(set(starts)):
        raise ValueError("levels must begin at 0 and rise")
    if [level.key for level in levels].index(NEUTRAL) != 0:
        raise ValueError(f"the first level must have the key {NEUTRAL}")
    if len({level.key for level in levels}) < len(levels):
        raise ValueError("keys must differ")
    return VerbalScale(_word(data["id"]), _word(data["version"]), _word(data["source"]), levels)


def _word(value: Any) -> str:
    """A text that says something, in printable characters, and claims no more than it may."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("a text is missing")
    if FORBIDDEN.search(value):
        raise ValueError(f"a scale must not say: {value}")
    return value
