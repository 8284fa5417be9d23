"""What the user reads for a code, in Korean or English.

`resources/i18n/messages.toml` has one table per code with the keys ``ko`` and ``en``; parameters
are filled in with `str.format`.
"""

from __future__ import annotations

import locale
import os
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Literal

from app.resources import MESSAGES

Language = Literal["ko", "en"]


def system_language() -> Language:
    """Korean where the environment says so, else English."""
    name = (
        os.environ.get("LC_ALL")
        or os.environ.get("LC_MESSAGES")
        or os.environ.get("LANG")
        or locale.getlocale()[0]
        or ""
    )
    return "ko" if name.lower().startswith("ko") else "en"


def message(code: str, language: Language, params: Mapping[str, object] | None = None) -> str:
    """Return the text of `code`; an unknown code is a KeyError, as it is a mistake of ours."""
    return _catalogue()[code][language].format_map(_Params(params or {}))


def codes() -> frozenset[str]:
    """Every code that has a text."""
    return frozenset(_catalogue())


class _Params(dict[str, object]):
    """Shows a missing parameter by its name instead of failing inside an error message."""

    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


@cache
def _catalogue() -> dict[str, dict[Language, str]]:
    return tomllib.loads(MESSAGES.read_text(encoding="utf-8"))
