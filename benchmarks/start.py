"""The command without arguments, which ends once its window was painted and says when and with
what: for `benchmarks.window`. It imports nothing that the command does not."""

from __future__ import annotations

import json
import sys
import time

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from app.__main__ import main

HEAVY = ("librosa", "numba", "sklearn", "matplotlib", "onnxruntime", "torch")


class Watch(QObject):
    """Sees the window's first picture."""

    painted = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """See a paint event."""
        self.painted |= event.type() == QEvent.Type.Paint
        return False


def until_painted(*_: object) -> int:
    """Instead of the program's loop."""
    watch = Watch()
    for widget in QApplication.topLevelWidgets():
        if widget.isVisible():
            widget.installEventFilter(watch)
    while not watch.painted:
        QApplication.processEvents()
    QApplication.processEvents()
    heavy = [name for name in HEAVY if name in sys.modules]
    print(json.dumps({"visible": time.perf_counter(), "heavy": heavy}), flush=True)
    return 0


if __name__ == "__main__":
    QApplication.exec = until_painted  # type: ignore[assignment]
    sys.argv = ["seongmun"]
    main()
