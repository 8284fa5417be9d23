"""The bundled recordings are synthetic, and are labelled so wherever they appear."""

from __future__ import annotations

from functools import cache

from app.resources import DEMO
from engine.files import hash_file
from engine.types import Recording


def is_synthetic(recording: Recording) -> bool:
    """Whether a recording is one of the demo's, by its bytes."""
    return recording.sha256 in _demo_hashes()


@cache
def _demo_hashes() -> frozenset[str]:
    return frozenset(hash_file(path)[0] for path in DEMO.glob("*_synthetic.*"))
