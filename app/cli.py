"""The command line. `docs`: every command takes `--json` and `--lang`; see README.md.

A command computes plain data; `Output` prints it as one JSON document or as text for people.
Exit codes: 0 done, 1 failed, 2 usage, 3 incomplete.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.resources import DEMO

EXIT_FAILED = 1
EXIT_INCOMPLETE = 3

app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False)
models_app = typer.Typer(help="Model packs.", no_args_is_help=True)
app.add_typer(models_app, name="models")


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Lang(StrEnum):
    ko = "ko"
    en = "en"


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
LangOption = Annotated[Lang | None, typer.Option(help="Language of messages and reports.")]
ModelOption = Annotated[str | None, typer.Option(help="Model pack: id or folder.")]
DeviceOption = Annotated[Device, typer.Option(help="Where the network runs.")]
PopulationOption = Annotated[str | None, typer.Option(help="Population: id or file.")]
