"""The main window: two recordings, their comparison, the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.messages import Language, message, system_language
from app.resources import DEMO
from app.services.demo import KNOWN, QUESTIONED
from app.services.reporting import ReportRequest
from app.services.signing import open_identity
from app.services.workbench import (
    FinishedComparison,
    OpenedRecording,
    new_token,
    open_recording,
    run_comparison,
)
from engine.errors import ErrorCode, SeongmunError
from ui.qt_jobs import Job
from ui.widgets.recording_panel import RecordingPanel
from ui.widgets.result_panel import ResultPanel

ROLES = ("questioned", "known")


class MainWindow(QMainWindow):
    """Layout and menus; the work is done by services in jobs."""

    def __init__(self, settings: QSettings | None = None) -> None:
        super().__init__()
        self._settings = settings or QSettings()
        stored = self._settings.value("language", system_language())
        self.language: Language = "ko" if stored == "ko" else "en"
        self.panels = {role: RecordingPanel(role, self.language) for role in ROLES}
        self.result = ResultPanel(self.language)
        self.finished: FinishedComparison | None = None
        self._job: Job | None = None
        self._progress = QProgressBar()
        self._cancel = QPushButton()
        self._compare = QPushButton()
        self._save = QPushButton()
        self._actions: dict[str, QAction] = {}
        self._lay_out()
        self._make_menus()
        self._translate()
        self._connect()
        self._update_buttons()
        self.resize(1280, 900)
        geometry = self._settings.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _lay_out(self) -> None:
        splitter = QSplitter(Qt.Orientation.Vertical)
        for panel in self.panels.values():
            splitter.addWidget(panel)
        buttons = QHBoxLayout()
        for widget in (self._compare, self._save):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        buttons.addWidget(self._progress)
        buttons.addWidget(self._cancel)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.addWidget(splitter, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.result)
        self.setCentralWidget(central)

    def _make_menus(self) -> None:
        entries: dict[str, list[tuple[str, str, Callable[[], None]]]] = {
            "file": [
                ("open_questioned", "Ctrl+1", lambda: self.browse("questioned")),
                ("open_known", "Ctrl+2", lambda: self.browse("known")),
                ("open_demo", "Ctrl+D", self.open_demo),
                ("save_report", "Ctrl+S", self.save_report),
                ("quit", "Ctrl+Q", self._quit),
            ],
            "analysis": [
                ("compare", "Ctrl+Return", self.compare),
                ("cancel", "Esc", self.cancel),
            ],
            "language": [
                ("korean", "", lambda: self.set_language("ko")),
                ("english", "", lambda: self.set_language("en")),
            ],
            "help": [("shortcuts", "F1", self.show_shortcuts)],
        }
        self._menus = {name: self.menuBar().addMenu("") for name in entries}
        for menu, items in entries.items():
            for name, shortcut, slot in items:
                action = QAction(self)
                action.setShortcut(QKeySequence(shortcut))
                action.triggered.connect(lambda _=False, slot=slot: slot())
                self._menus[menu].addAction(action)
                self._actions[name] = action

    def _connect(self) -> None:
        self._compare.clicked.connect(self.compare)
        self._save.clicked.connect(self.save_report)
        self._cancel.clicked.connect(self.cancel)
        for role, panel in self.panels.items():
            panel.browse.connect(lambda role=role: self.browse(role))
            panel.chosen.connect(lambda path, role=role: self.open(role, path))

    def set_language(self, language: Language) -> None:
        """Switch the language; nothing that is open is lost."""
        self.language = language
        self._settings.setValue("language", language)
        for panel in self.panels.values():
            panel.set_language(language)
        self.result.set_language(language)
        self._translate()

    def _translate(self) -> None:
        def text(key: str) -> str:
            return message(key, self.language)

        self.setWindowTitle(text("ui.title"))
        for name, menu in self._menus.items():
            menu.setTitle(text(f"ui.menu.{name}"))
        for name, action in self._actions.items():
            action.setText(text(f"ui.action.{name}"))
        self._compare.setText(text("ui.action.compare"))
        self._save.setText(text("ui.action.save_report"))
        self._cancel.setText(text("ui.action.cancel"))

    def browse(self, role: str) -> None:
        """Ask for a recording."""
        title = message(f"ui.action.open_{role}", self.language)
        folder = str(self._settings.value("folder", ""))
        name, _ = QFileDialog.getOpenFileName(self, title, folder)
        if name:
            self._settings.setValue("folder", str(Path(name).parent))
            self.open(role, Path(name))

    def open(self, role: str, path: Path) -> None:
        """Open a recording in a job."""

        def show(opened: OpenedRecording) -> None:
            self.panels[role].show_recording(opened)
            self._forget_result()

        self._start(lambda progress, cancel: open_recording(path, progress, cancel), show)

    def open_demo(self) -> None:
        """Open the two bundled synthetic recordings, one after the other."""

        def show(opened: tuple[OpenedRecording, OpenedRecording]) -> None:
            for role, recording in zip(ROLES, opened, strict=True):
                self.panels[role].show_recording(recording)
            self._forget_result()

        self._start(
            lambda progress, cancel: tuple(
                open_recording(DEMO / name, progress, cancel) for name in (QUESTIONED, KNOWN)
            ),
            show,
        )

    def compare(self) -> None:
        """Compare what is open."""
        opened = [self.panels[role].opened for role in ROLES]
        if self._job is not None or opened[0] is None or opened[1] is None:
            return
        first, second = (item.voice.recording.path for item in opened if item is not None)

        def show(finished: FinishedComparison) -> None:
            self.finished = finished
            self.result.show_result(finished)

        self._start(lambda progress, cancel: run_comparison(first, second, progress, cancel), show)

    def save_report(self) -> None:
        """Ask where, and with which identity; without one a draft is written."""
        if self.finished is None or self._job is not None:
            return
        title = message("ui.action.save_report", self.language)
        name, _ = QFileDialog.getSaveFileName(self, title, "report.pdf", "PDF (*.pdf)")
        if not name:
            return
        key, _ = QFileDialog.getOpenFileName(
            self, message("ui.choose_identity", self.language), "", "PKCS#12 (*.p12 *.pfx)"
        )
        password, accepted = "", True
        if key:
            label = message("ui.password", self.language)
            password, accepted = QInputDialog.getText(
                self, title, label, QLineEdit.EchoMode.Password
            )
        if accepted:
            self.write_report(Path(name), Path(key) if key else None, password)

    def write_report(self, target: Path, key: Path | None, password: str) -> None:
        """Write the report in a job."""
        finished = self.finished
        if finished is None:
            return

        def work(progress: Any, cancel: Any) -> tuple[str, Path]:
            cancel.check()
            identity = None if key is None else open_identity(key, password)
            request = ReportRequest(self.language, identity)
            finished.save_report(request, target, progress)
            return "ui.saved" if identity else "ui.saved_draft", target

        self._start(work, self._show_saved)

    def _show_saved(self, saved: tuple[str, Path]) -> None:
        text = message(saved[0], self.language, {"path": saved[1]})
        QMessageBox(QMessageBox.Icon.Information, self.windowTitle(), text, parent=self).open()

    def cancel(self) -> None:
        """Ask the running job to stop."""
        if self._job is not None:
            self._job.cancel()

    def show_shortcuts(self) -> None:
        """Every shortcut of the menus."""
        lines = [
            f"{action.shortcut().toString()}\t{action.text()}"
            for action in self._actions.values()
            if not action.shortcut().isEmpty()
        ]
        QMessageBox.information(
            self, message("ui.action.shortcuts", self.language), "\n".join(lines)
        )

    def _quit(self) -> None:
        self.close()

    def _forget_result(self) -> None:
        """Another recording: the result that is shown no longer belongs to what is open."""
        self.finished = None
        self.result.show_result(None)

    def _start(self, work: Callable[[Any, Any], Any], done: Callable[[Any], None]) -> None:
        if self._job is not None:
            return
        job = Job(work, new_token(), self)
        job.progressed.connect(self._show_progress)
        job.succeeded.connect(done)
        job.failed.connect(self.show_error)
        job.finished.connect(self._job_ended)
        self._job = job
        self._progress.setRange(0, 0)
        self._update_buttons()
        job.start()

    def _show_progress(self, stage: str, done: float, total: float) -> None:
        self._progress.setRange(0, int(1000 * total) if total else 0)
        self._progress.setValue(int(1000 * done))
        self.statusBar().showMessage(message(f"stage.{stage}", self.language))

    def _job_ended(self) -> None:
        self._job = None
        self._update_buttons()

    def _update_buttons(self) -> None:
        idle = self._job is None
        both = all(panel.opened is not None for panel in self.panels.values())
        self._compare.setEnabled(idle and both)
        self._save.setEnabled(idle and self.finished is not None)
        self._cancel.setVisible(not idle)
        self._progress.setVisible(not idle)
        if idle:
            self.statusBar().showMessage("" if both else message("ui.hint", self.language))

    def show_error(self, error: Exception) -> None:
        """A coded error with its way out; an unexpected one with its details to copy."""
        if isinstance(error, SeongmunError):
            if error.code is ErrorCode.CANCELLED:
                self.statusBar().showMessage(message(error.code, self.language))
                return
            text, detail = message(error.code, self.language, error.params), error.code.value
        else:
            text = message("ui.unexpected", self.language)
            detail = f"{type(error).__name__}: {error}"
        box = QMessageBox(QMessageBox.Icon.Warning, self.windowTitle(), text, parent=self)
        box.setInformativeText(detail)
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.open()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Remember the window; end a running job first."""
        self._settings.setValue("geometry", self.saveGeometry())
        if self._job is not None:
            self._job.cancel()
            self._job.wait()
        super().closeEvent(event)
