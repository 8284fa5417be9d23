"""The options of every command that signs: who signs, with what timestamp, with which proofs."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import click
import typer

from app.services.signing import SignerChoice

ClockPasswordOption = Annotated[
    str | None, typer.Option(help="Environment variable with the authority's password.")
]
RevocationOption = Annotated[
    list[Path] | None, typer.Option(help="CRL, OCSP response or CA certificate; can be repeated.")
]


def _choice(
    sign_p12: Annotated[Path | None, typer.Option(help="PKCS#12 file of who signs.")] = None,
    sign_pass_env: Annotated[
        str | None, typer.Option(help="Environment variable with the signer's password or PIN.")
    ] = None,
    sign_token: Annotated[
        Path | None, typer.Option(help="PKCS#11 library of a signing token.")
    ] = None,
    token_label: Annotated[str, typer.Option(help="Which token, of several.")] = "",
    signer_name: Annotated[
        str, typer.Option(help="Which certificate of the token, of several.")
    ] = "",
    tsa_p12: Annotated[
        Path | None, typer.Option(help="PKCS#12 file of a timestamp authority.")
    ] = None,
    tsa_pass_env: ClockPasswordOption = None,
    revocation: RevocationOption = None,
) -> SignerChoice:
    """Who signs; kind ``none`` where no option says so."""
    if sign_p12 and sign_token:
        raise click.UsageError("--sign-p12 or --sign-token, not both")
    path = sign_p12 or sign_token
    if path is None:
        return SignerChoice(revocation=tuple(revocation or ()))
    return SignerChoice(
        "file" if sign_p12 else "token",
        path,
        secret_of(sign_pass_env, "--sign-p12 and --sign-token need --sign-pass-env"),
        token_label,
        signer_name,
        tsa_p12,
        secret_of(tsa_pass_env, "--tsa-p12 needs --tsa-pass-env") if tsa_p12 else "",
        tuple(revocation or ()),
    )


def secret_of(variable: str | None, needs: str) -> str:
    """A password or PIN, from the environment: command lines are seen by everyone."""
    if variable is None or variable not in os.environ:
        raise click.UsageError(f"{needs} with a variable that is set")
    return os.environ[variable]


def signs(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command these options in place of its parameter `signer`."""
    options = inspect.signature(_choice, eval_str=True).parameters
    own = inspect.signature(command, eval_str=True).parameters
    at = list(own).index("signer")
    others = [parameter for name, parameter in own.items() if name != "signer"]
    parameters = [*others[:at], *options.values(), *others[at:]]

    @functools.wraps(command)
    def signing(**values: Any) -> int:
        chosen = {name: values.pop(name) for name in options}
        return command(signer=_choice(**chosen), **values)

    signing.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    signing.__annotations__ = {p.name: p.annotation for p in parameters}
    return signing
