"""Populations from labelled scores."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.errors import ErrorCode, SeongmunError
from engine.lr.population import make_population
from engine.types import LabelledScores, ModelPack, ParamValue, Population

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
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file, strict=True) if row["score"]]
        same = [SAME_VALUES[row["same"].strip().lower()] for row in rows]
        if rows and "spk_a" in rows[0]:
            pairs = [(row["spk_a"], row["spk_b"]) for row in rows]
        else:
            pairs = _joined([(row["a"], row["b"]) for row in rows], same)
        return LabelledScores(
            np.array([float(row["score"]) for row in rows]),
            np.array(same, np.bool_),
            np.array([first for first, _ in pairs], np.str_),
            np.array([second for _, second in pairs], np.str_),
        )
    except FileNotFoundError as error:
        raise SeongmunError(ErrorCode.FILE_MISSING, path=str(table)) from error
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise SeongmunError(
            ErrorCode.TABLE_INVALID, path=str(table), reason=f"{type(error).__name__} {error}"
        ) from error


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
