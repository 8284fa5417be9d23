"""Signing identities for the desktop program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.report.sign import Identity

SIGNER_KINDS = ("none", "file", "token")


@dataclass(frozen=True, slots=True)
class SignerChoice:
    """Who signs: nobody, a PKCS#12 file, or a token by the path of its PKCS#11 library; `secret` is
    the password or the PIN."""

    kind: Literal["none", "file", "token"] = "none"
    path: Path = Path()
    secret: str = ""
    token_label: str = ""


@contextmanager
def opened_identity(choice: SignerChoice) -> Iterator[Identity | None]:
    """The identity while the block runs, or None for a draft (raises KEY_*, TOKEN_*)."""
    from engine.report.sign import load_pkcs12  # what signs loads slowly
    from engine.report.tokens import open_token

    match choice.kind:
        case "file":
            yield load_pkcs12(choice.path, choice.secret.encode("utf-8"))
        case "token":
            with open_token(choice.path, choice.secret, choice.token_label or None) as identity:
                yield identity
        case _:
            yield None
