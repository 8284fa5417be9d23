"""The running jobs: what, how far, how long still, and a way to stop them."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ui.language import text_of
from ui.qt_jobs import Job, JobBoard

STEPS = 1000
LEAST_LEFT_S = 1.0


class JobRow(QWidget):
    """One job."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
        self._stage = ""
        self._title, self._state = QLabel(job.title), QLabel()
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setMinimumWidth(220)
        self._bar.setTextVisible(False)
        self._cancel = QPushButton()
        self._cancel.clicked.connect(self._ask_to_stop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(self._title)
        layout.addWidget(self._state, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        job.progressed.connect(self._show)
        self._stage_started_s = job.started_s
        self._retranslate()

    def _show(self, stage: str, done: float, total: float) -> None:
        if stage != self._stage:
            self._stage, self._stage_started_s = stage, time.monotonic()
        self._bar.setRange(0, STEPS if total > 0 else 0)
        words = text_of(f"stage.{stage}")
        if total > 0:
            self._bar.setValue(int(STEPS * min(1.0, done / total)))
            passed_s = time.monotonic() - self._stage_started_s
            left_s = passed_s * (total - done) / done if done > 0 else 0.0
            if left_s >= LEAST_LEFT_S:
                words += " · " + self.tr("about {time} left").format(time=_duration(left_s))
        self._state.setText(words)

    def _ask_to_stop(self) -> None:
        self._cancel.setEnabled(False)
        self._state.setText(self.tr("Stopping…"))
        self.job.cancel()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self._cancel.setText(self.tr("Cancel"))
        self._bar.setAccessibleName(self._title.text())


class JobTray(QWidget):
    """A row per running job; hidden while there is none."""

    def __init__(self, board: JobBoard) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._rows: dict[Job, JobRow] = {}
        board.started.connect(self._add)
        board.ended.connect(self._remove)
        self.setVisible(False)

    def _add(self, job: Job) -> None:
        self._rows[job] = JobRow(job)
        self._layout.addWidget(self._rows[job])
        self.setVisible(True)

    def _remove(self, job: Job) -> None:
        row = self._rows.pop(job)
        self._layout.removeWidget(row)
        row.deleteLater()
        self.setVisible(bool(self._rows))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
