"""The reviewer's window: a report is dropped on it and checked, without a case or an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from app.services.workroom import Workroom
from ui.dialogs.shortcuts import ShortcutsDialog
from ui.errors import show_error
from ui.qt_jobs import JobBoard
from ui.review_desk import ReviewDesk
from ui.views.review_view import ReviewView
from ui.widgets.job_tray import JobTray

SIZE_PX = (1240, 860)
MESSAGE_MS = 15000
TOOLS = ("open", "files", "folder", "trust", "recompute", "record", "countersign")


class ReviewWindow(QMainWindow):
    """One report at a time. `room_of_case` gives the open case, whose recordings are used where the
    report is of that case."""

    def __init__(
        self,
        settings: QSettings,
        room_of_case: Callable[[], Workroom | None] = lambda: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.settings = settings
        self.board, self.view = JobBoard(self), ReviewView()
        self.desk = ReviewDesk(self, room_of_case)
        self._actions: dict[str, QAction] = {}
        self._lay_out()
        self._make_menus()
        self._connect()
        self._retranslate()
        self._restore()
        self.setAcceptDrops(True)

    # Layout

    def _lay_out(self) -> None:
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(JobTray(self.board))
        self.setCentralWidget(central)
        self._bar = self.addToolBar("")
        self._bar.setObjectName("tools")
        self._bar.setMovable(False)
        self.resize(*SIZE_PX)

    def _make_menus(self) -> None:
        entries: dict[str, list[tuple[str, str, Callable[[], object]]]] = {
            "report": [
                ("open", "Ctrl+O", self.desk.choose_report),
                ("view", "Ctrl+Shift+O", self.desk.open_in_viewer),
                ("extract", "Ctrl+E", self.desk.choose_folder_for_attachments),
                ("copy", "Ctrl+Shift+C", self.desk.copy_text),
                ("record", "Ctrl+S", self.desk.ask_for_record),
                ("countersign", "Ctrl+Shift+S", self.desk.ask_to_countersign),
                ("archive", "Ctrl+Shift+A", self.desk.ask_to_archive),
                ("close", "Ctrl+W", self.close),
            ],
            "check": [
                ("files", "Ctrl+M", self.desk.choose_files),
                ("folder", "Ctrl+Shift+M", self.desk.choose_folder),
                ("trust", "Ctrl+T", self.desk.choose_trust),
                ("no_trust", "", self.desk.forget_trust),
                ("model", "", self.desk.choose_model),
                ("population", "", self.desk.choose_population),
                ("recompute", "Ctrl+R", lambda: self.desk.check(recompute=True)),
                ("stop", "Esc", self.desk.stop),
            ],
            "help": [("keys", "F1", self.show_shortcuts)],
        }
        self._menus = {name: self.menuBar().addMenu("") for name in entries}
        self._menus["report"].setToolTipsVisible(True)
        self._names = {menu: [entry[0] for entry in items] for menu, items in entries.items()}
        for menu, items in entries.items():
            for name, shortcut, slot in items:
                action = QAction(self)
                action.setShortcut(QKeySequence(shortcut))
                action.triggered.connect(lambda _=False, slot=slot: slot())
                self._menus[menu].addAction(action)
                self._actions[name] = action
        for name in TOOLS:
            self._bar.addAction(self._actions[name])

    def _connect(self) -> None:
        needs = self.view.needs
        self.view.open_asked.connect(self.desk.choose_report)
        needs.files_asked.connect(self.desk.choose_files)
        needs.folder_asked.connect(self.desk.choose_folder)
        needs.trust_asked.connect(self.desk.choose_trust)
        needs.model_asked.connect(self.desk.choose_model)
        needs.population_asked.connect(self.desk.choose_population)
        self.board.failed.connect(lambda error: show_error(self, error))
        self.board.started.connect(self._update)
        self.board.ended.connect(self._update)
        self.desk.changed.connect(self._update)
        self.desk.message.connect(lambda text: self.statusBar().showMessage(text, MESSAGE_MS))

    def _update(self) -> None:
        """The title, and what can be done now."""
        self._retranslate_title()
        review = self.view.review
        for name in ("view", "extract", "trust"):
            self._actions[name].setEnabled(self.desk.report is not None or name == "trust")
        for name in ("copy", "record", "files", "folder", "model", "population", "recompute"):
            self._actions[name].setEnabled(review is not None)
        self._actions["no_trust"].setEnabled(bool(self.desk.trust))
        self._actions["stop"].setEnabled(bool(self.board.running))
        self._update_additions()

    def _update_additions(self) -> None:
        """What can be added to the report, and why not."""
        obstacles = {
            "countersign": self.desk.countersign_obstacle,
            "archive": self.desk.archive_obstacle,
        }
        texts = self._action_texts()
        for name, obstacle in obstacles.items():
            action, (_, tip) = self._actions[name], texts[name]
            action.setEnabled(not obstacle)
            action.setToolTip(obstacle or f"{tip} ({action.shortcut().toString()})")

    def show_shortcuts(self) -> ShortcutsDialog:
        """The sheet of keys."""
        groups = [
            (
                _plain(self._menus[menu].title()),
                [(self._actions[n].shortcut().toString(), self._actions[n].text()) for n in names],
            )
            for menu, names in self._names.items()
        ]
        dialog = ShortcutsDialog(groups, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    # Window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Check a report, or look for its recordings in what was dropped."""
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.desk.take([Path(url.toLocalFile()) for url in urls])

    def _restore(self) -> None:
        stored = self.settings.value("review/geometry")
        if isinstance(stored, QByteArray):
            self.restoreGeometry(stored)
        self._update()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop what is running and remember the window."""
        self.desk.close()
        self.settings.setValue("review/geometry", self.saveGeometry())
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate_title(self) -> None:
        title = self.tr("Review")
        report = self.desk.report
        self.setWindowTitle(f"{report.name} – {title}" if report is not None else title)

    def _retranslate(self) -> None:
        self._retranslate_title()
        menus = {
            "report": self.tr("&Report"),
            "check": self.tr("&Check"),
            "help": self.tr("&Help"),
        }
        for name, text in menus.items():
            self._menus[name].setTitle(text)
        for name, (text, tip) in self._action_texts().items():
            action = self._actions[name]
            key = action.shortcut().toString()
            action.setText(text)
            action.setToolTip(f"{tip} ({key})" if key else tip)
        self._update_additions()
        self._bar.setWindowTitle(self.tr("Tools"))

    def _action_texts(self) -> dict[str, tuple[str, str]]:
        return {
            "open": (self.tr("Open a report…"), self.tr("Check another report")),
            "view": (self.tr("Open in the PDF viewer"), self.tr("With the system's program")),
            "extract": (
                self.tr("Extract the attachments…"),
                self.tr("Write what is attached to the report into a folder"),
            ),
            "copy": (self.tr("Copy as text"), self.tr("Everything that was found, as text")),
            "record": (
                self.tr("Save a review record…"),
                self.tr("A PDF of what was found; it can be signed"),
            ),
            "countersign": (
                self.tr("Countersign report…"),
                self.tr("Sign the report as its reviewer, in a copy"),
            ),
            "archive": (
                self.tr("Archive timestamp…"),
                self.tr("Keep the report checkable after the certificates in it have expired"),
            ),
            "close": (self.tr("Close"), self.tr("Close this window")),
            "files": (
                self.tr("Recordings…"),
                self.tr("Choose recordings of the report; each is checked by its hash"),
            ),
            "folder": (
                self.tr("Folder of recordings…"),
                self.tr("Look for the report's recordings in a folder"),
            ),
            "trust": (
                self.tr("Trusted certificates…"),
                self.tr("Certificates that your laboratory trusts; they are remembered"),
            ),
            "no_trust": (
                self.tr("Forget the trusted certificates"),
                self.tr("Trust no certificate any more"),
            ),
            "model": (self.tr("Model folder…"), self.tr("Where the model is not installed")),
            "population": (
                self.tr("Population file…"),
                self.tr("Where the population is not installed"),
            ),
            "recompute": (
                self.tr("Compute again"),
                self.tr("Repeat the whole analysis from the recordings"),
            ),
            "stop": (self.tr("Stop"), self.tr("Stop what is running")),
            "keys": (self.tr("Keys"), self.tr("Every key of this window")),
        }


def _plain(title: str) -> str:
    return re.sub(r"\(&.\)|&", "", title)
