"""Signing identities for the desktop program."""

from __future__ import annotations

from pathlib import Path

from engine.report.sign import Identity, load_pkcs12


def open_identity(path: Path, password: str) -> Identity:
    """Open a PKCS#12 identity (raises KEY_*)."""
    return load_pkcs12(path, password.encode("utf-8"))
