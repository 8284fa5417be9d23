"""The one form in which data are hashed and signed."""

from __future__ import annotations

import json
from typing import Any


def canonical_bytes(content: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; numbers in shortest round-trip form.

    Raises
    ------
    ValueError
        A number is not finite.
    """
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8")
