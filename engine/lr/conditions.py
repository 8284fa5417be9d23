"""Do the recordings of a case lie within the conditions that the population covers?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.audio.suitability import CONDITION_NAMES, judge_suitability, limits_for
from engine.types import ParamValue, QualityReport


def checked_conditions(table: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """Conditions as stored in a population.

    Raises
    ------
    ValueError, TypeError, AttributeError
        `table` is no table of plain values, or a limit is not a finite number: it would flag
        nothing.
    """
    for name, value in table.items():
        if name in CONDITION_NAMES and not math.isfinite(float(value)):
            raise ValueError(f"{name} is not finite")
        if not isinstance(value, str | int | float):
            raise TypeError(f"{name} is no plain value")
    return dict(table)


def condition_flags(
    conditions: Mapping[str, ParamValue], questioned: QualityReport, known: QualityReport
) -> tuple[str, ...]:
    """Flags of a comparison, each once: the codes of `judge_suitability` for either side, under
    the population's conditions."""
    limits = limits_for(conditions)
    judged = [judge_suitability(quality, limits) for quality in (questioned, known)]
    return tuple(dict.fromkeys(reason.code for side in judged for reason in side.reasons))
