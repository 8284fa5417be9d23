"""Verbal scales: versioned data files that give likelihood ratios a name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
    """Read a scale file; its first level must begin at 0 and the levels must rise."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    levels = tuple(
        VerbalLevel(
            level["key"], float(level["from_log10"]), {"ko": level["ko"], "en": level["en"]}
        )
        for level in data["levels"]
    )
    starts = [level.from_log10 for level in levels]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise ValueError(f"{path.name}: levels must begin at 0 and rise")
    return VerbalScale(data["id"], data["version"], data["source"], levels)
