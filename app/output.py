"""How commands speak: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from app.messages import Language, message, system_language
from engine.errors import SeongmunError

PROGRESS_INTERVAL_S = 0.1


class Output:
    """Prints one command's result in the form that was asked for."""

    def __init__(self, as_json: bool, language: Language | None) -> None:
        self.as_json = as_json
        self.language: Language = language or system_language()
        self._last_progress = 0.0

    def result(self, data: Mapping[str, Any], text: Callable[[], str]) -> None:
        """Print `data` as JSON, or what `text` makes of it."""
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False))
        else:
            print(text())

    def progress(self, stage: str, done: float, total: float) -> None:
        """A Progress that writes one changing line to a terminal's stderr."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._last_progress < PROGRESS_INTERVAL_S:
            return
        self._last_progress = now
        share = f"{100 * done / total:.0f} %" if total else ""
        sys.stderr.write(f"\r\033[K{message(f'stage.{stage}', self.language)} {share}")
        sys.stderr.flush()

    def error(self, error: SeongmunError) -> None:
        """Print a coded error."""
        document = self.error_document(error)
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
        if self.as_json:
            print(json.dumps({"error": document}, ensure_ascii=False, indent=2))
        else:
            print(f"{document['message']} [{error.code}]", file=sys.stderr)

    def error_document(self, error: SeongmunError) -> dict[str, Any]:
        """An error as data: code, message in the output's language, params."""
        text = message(error.code, self.language, error.params)
        return {"code": error.code.value, "message": text, "params": error.params}

    def note(self, text: str) -> None:
        """Print a remark to stderr."""
        print(text, file=sys.stderr)
