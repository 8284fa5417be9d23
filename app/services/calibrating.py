"""Populations from labelled scores."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ErrorCode, SeongmunError
from engine.lr.population import make_population
from engine.lr.study import EDGES
from engine.types import LabelledScores, ModelPack, ParamValue, Population

# What a population of bare scores covers, where nothing else is stated.
SCORED_CONDITIONS: Mapping[str, ParamValue] = {
    "minimum_net_speech_s": 10.0,
    "bandwidth_min_hz": 0.0,
    "bandwidth_max_hz": 24000.0,
}
SAME_VALUES = {"1": True, "true": True, "0": False, "false": False}


def calibrate_scores(
    table: Path,
    population_id: str,
    out: Path,
    pack: ModelPack,
    description: str | None,
    licence: str,
    conditions: Mapping[str, ParamValue],
) -> Population:
    """Fit and write a population; `out` is its file, or a folder that gets ``<id>.json``.

    Raises
    ------
    SeongmunError
        TABLE_INVALID, POPULATION_TOO_SMALL, POPULATION_INVALID, FILE_*.
    """
    trials = read_labelled_scores(table)
    path = out / f"{population_id}.json" if out.is_dir() else out
    now = datetime.datetime.now(datetime.UTC)
    return make_population(
        path,
        population_id=population_id,
        description=description or f"Labelled scores of {table.name}; not described further",
        created_utc=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        model_sha256=pack.model_sha256,
        source=table.name,
        licence=licence,
        conditions=conditions,
        trials=trials,
    )


def read_labelled_scores(table: Path) -> LabelledScores:
    """Trials from a CSV with the columns ``score`` and ``same``.

    Speakers come from ``spk_a`` and ``spk_b``; without these columns, recordings (``a``, ``b``)
    that same-speaker trials join are one speaker. Rows without a score are left out.

    Raises
    ------
    SeongmunError
        TABLE_INVALID, FILE_MISSING.
    """
    return read_scores(table)[0]


def read_scores(table: Path) -> tuple[LabelledScores, dict[str, NDArray[np.float64]]]:
    """As `read_labelled_scores`, with every trial's conditions where the table has them.

    ``net_speech_s_a`` and ``net_speech_s_b`` give ``net_speech_s``, the smaller of both;
    ``snr_db_a`` and ``snr_db_b`` likewise ``snr_db``. An empty cell is NaN.
    """
    try:
        columns = _read_columns(table)
        same = [SAME_VALUES[value.strip().lower()] for value in columns["same"]]
        if "spk_a" in columns:
            speakers = [columns["spk_a"], columns["spk_b"]]
        else:
            joined = _joined(list(zip(columns["a"], columns["b"], strict=True)), same)
            speakers = [[pair[side] for pair in joined] for side in (0, 1)]
        trials = LabelledScores(
            np.array([float(value) for value in columns["score"]]),
            np.array(same, np.bool_),
            np.array(speakers[0], np.str_),
            np.array(speakers[1], np.str_),
        )
        conditions = {
            name: np.minimum(*(_numbers(columns[f"{name}_{side}"]) for side in "ab"))
            for name in EDGES
            if f"{name}_a" in columns and f"{name}_b" in columns
        }
        return trials, conditions
    except FileNotFoundError as error:
        raise SeongmunError(ErrorCode.FILE_MISSING, path=str(table)) from error
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise SeongmunError(
            ErrorCode.TABLE_INVALID, path=str(table), reason=f"{type(error).__name__} {error}"
        ) from error


def _read_columns(table: Path) -> dict[str, Sequence[str]]:
    """The columns of a CSV by name, without the rows that have no score."""
    with table.open(encoding="utf-8-sig", newline="") as file:
        names, *rows = csv.reader(file, strict=True)
    at = names.index("score")
    kept = [row for row in rows if row and row[at]]
    columns = zip(*kept, strict=True) if kept else [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _numbers(cells: Sequence[str]) -> NDArray[np.float64]:
    return np.array([float(cell) if cell else np.nan for cell in cells])


def _joined(pairs: Sequence[tuple[str, str]], same: Sequence[bool]) -> list[tuple[str, str]]:
    """Name each recording after the group that same-speaker trials make of it."""
    parent = {name: name for pair in pairs for name in pair}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for (first, second), is_same in zip(pairs, same, strict=True):
        if is_same:
            parent[root(first)] = root(second)
    return [(root(first), root(second)) for first, second in pairs]
