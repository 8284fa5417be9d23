"""The main window: layout, menus, and who hears of what."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.messages import Language, system_language
from app.services.workroom import Overview
from ui.case_actions import CaseActions
from ui.case_desk import CaseDesk
from ui.dialogs.shortcuts import ShortcutsDialog
from ui.errors import install_excepthook, show_error
from ui.group_desk import GroupDesk
from ui.language import current_language, set_language
from ui.listening import Listening
from ui.qt_jobs import JobBoard
from ui.review_window import ReviewWindow
from ui.study_desk import StudyDesk
from ui.theme import SCHEMES, set_scheme
from ui.track_desk import TrackDesk
from ui.views.comparison_panel import ComparisonPanel
from ui.views.navigator import Navigator
from ui.views.quality_panel import QualityPanel
from ui.views.segment_panel import SegmentPanel
from ui.views.spectrogram_panel import SpectrogramPanel
from ui.views.welcome import WelcomePage
from ui.views.workspace import Workspace
from ui.widgets.job_tray import JobTray
from ui.widgets.transport import TransportBar

SIZE_PX = (1440, 900)


class MainWindow(QMainWindow):
    """Layout and menus only; the desks do the work."""

    def __init__(self, settings: QSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or QSettings()
        self._set_language_at_start()
        self.board = JobBoard(self)
        self.desk = CaseDesk(self.board, self.settings, self)
        self.welcome, self.workspace = WelcomePage(), Workspace()
        self.transport = TransportBar()
        self.navigator = Navigator(self.desk.qualities)
        self.segments, self.quality = SegmentPanel(), QualityPanel()
        self.comparison, self.look = ComparisonPanel(), SpectrogramPanel(self.settings)
        self.tray = JobTray(self.board)
        self.tracks = TrackDesk(self)
        self.listening = Listening(self)
        self.case_actions = CaseActions(self)
        self.groups = GroupDesk(self)
        self.studies = StudyDesk(self)
        self._actions: dict[str, QAction] = {}
        self._lay_out()
        self._make_menus()
        self._connect()
        self._retranslate()
        self._show_case(None)
        self._restore()
        self.setAcceptDrops(True)
        install_excepthook(self)

    def _set_language_at_start(self) -> None:
        stored = str(self.settings.value("language", system_language()))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            set_language(application, "ko" if stored == "ko" else "en")
            set_scheme(application, str(self.settings.value("scheme", "system")))

    def _lay_out(self) -> None:
        self._pages = QStackedWidget()
        desk = QWidget()
        layout = QVBoxLayout(desk)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.groups.tabs, 1)
        layout.addWidget(self.transport)
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(desk)
        central = QWidget()
        whole = QVBoxLayout(central)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages, 1)
        whole.addWidget(self.tray)
        self.setCentralWidget(central)
        self._tabs = QTabWidget()
        for panel in (self.segments, self.quality, self.comparison, self.look):
            self._tabs.addTab(panel, "")
        self._navigator_dock = self._dock(
            "navigator", self.navigator, Qt.DockWidgetArea.LeftDockWidgetArea
        )
        self._inspector_dock = self._dock(
            "inspector", self._tabs, Qt.DockWidgetArea.RightDockWidgetArea
        )
        self.resize(*SIZE_PX)
        self.resizeDocks(
            [self._navigator_dock, self._inspector_dock], [270, 500], Qt.Orientation.Horizontal
        )

    def _dock(self, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget()
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.addDockWidget(area, dock)
        return dock

    def _make_menus(self) -> None:
        case, tracks, listening = self.case_actions, self.tracks, self.listening
        entries: dict[str, list[tuple[str, str, Callable[[], object]]]] = {
            "case": [
                ("new", "Ctrl+N", case.new),
                ("open", "Ctrl+O", case.open),
                ("demo", "Ctrl+D", case.open_demo),
                ("verify", "Ctrl+R", case.review),
                ("close_case", "", case.close),
                ("add_questioned", "Ctrl+1", lambda: case.add("questioned")),
                ("add_known", "Ctrl+2", lambda: case.add("known")),
                ("add_reference", "Ctrl+3", lambda: case.add("reference")),
                ("facts", "Ctrl+I", case.edit_facts),
                ("check", "", case.check),
                ("export", "", case.export),
                ("quit", "Ctrl+Q", self.close),
            ],
            "edit": [
                ("undo", "Ctrl+Z", self.desk.undo),
                ("redo", "Ctrl+Shift+Z", self.desk.redo),
                ("mark", "Insert", tracks.mark_selection),
                ("previous_segment", "Ctrl+Left", lambda: tracks.step_segment(-1)),
                ("next_segment", "Ctrl+Right", lambda: tracks.step_segment(1)),
            ],
            "view": [
                ("next_track", "Ctrl+Tab", self.workspace.activate_next),
                ("close_track", "Ctrl+W", tracks.close_active),
                ("scroll_left", "PgUp", lambda: tracks.scroll(-0.8)),
                ("scroll_right", "PgDown", lambda: tracks.scroll(0.8)),
                ("to_start", "Home", lambda: tracks.go_to(0.0)),
                ("to_end", "End", lambda: tracks.go_to(float("inf"))),
                ("step_left", "Left", lambda: tracks.step(-1)),
                ("step_right", "Right", lambda: tracks.step(1)),
            ],
            "play": [
                ("play", "Space", listening.toggle),
                ("stop", "Esc", listening.stop),
                ("loop", "L", listening.toggle_loop),
                ("slower", "Ctrl+Down", lambda: listening.change_speed(-1)),
                ("faster", "Ctrl+Up", lambda: listening.change_speed(1)),
            ],
            "analysis": [
                ("compare", "Ctrl+Return", case.compare),
                ("report", "Ctrl+S", case.report),
                ("shared", "", case.look_for_shared_sound),
                ("validation", "Ctrl+T", self.studies.bring_to_front),
                ("stop_jobs", "Ctrl+.", self.board.cancel_all),
            ],
            "settings": [],
            "help": [("keys", "F1", self.show_shortcuts)],
        }
        self._menus = {name: self.menuBar().addMenu("") for name in entries}
        for menu, items in entries.items():
            for name, shortcut, slot in items:
                action = QAction(self)
                action.setShortcut(QKeySequence(shortcut))
                action.triggered.connect(lambda _=False, slot=slot: slot())
                self._menus[menu].addAction(action)
                self._actions[name] = action
        self.addActions(list(self.segments.actions_by_name.values()))
        self._groups = {name: [item[0] for item in items] for name, items in entries.items()}
        self._make_choices()

    def _make_choices(self) -> None:
        """Language and theme: one of each is checked."""
        menu = self._menus["settings"]
        for names, chosen, choose in (
            (("ko", "en"), current_language(), self.set_language),
            (SCHEMES, str(self.settings.value("scheme", "system")), self.set_scheme),
        ):
            group = QActionGroup(self)
            for name in names:
                action = QAction(self, checkable=True)
                action.setChecked(name == chosen)
                action.triggered.connect(lambda _=False, n=name, choose=choose: choose(n))
                group.addAction(action)
                menu.addAction(action)
                self._actions[name] = action
            menu.addSeparator()
        for dock in (self._navigator_dock, self._inspector_dock):
            menu.addAction(dock.toggleViewAction())

    def _connect(self) -> None:
        self.board.failed.connect(self.show_error)
        self.desk.failed.connect(self.show_error)
        self.workspace.failed.connect(self.show_error)
        self.desk.message.connect(lambda text: self.statusBar().showMessage(text, 15000))
        self.desk.changed.connect(self._show_case)
        self.desk.segments_changed.connect(self._update_undo)
        self.look.changed.connect(self._take_look)
        self._take_look()
        self.welcome.new_asked.connect(self.case_actions.new)
        self.welcome.open_asked.connect(self.case_actions.open)
        self.welcome.demo_asked.connect(self.case_actions.open_demo)
        self.welcome.verify_asked.connect(lambda: self.case_actions.review())
        self.welcome.recent_asked.connect(self.desk.open)
        self.tracks.connect_views()
        self.listening.connect_views()
        self.case_actions.connect_views()
        self.groups.connect_views()
        self.studies.connect_views()

    def _take_look(self) -> None:
        self.workspace.set_look(self.look.settings, self.look.colours)

    def _show_case(self, overview: Overview | None) -> None:
        self.navigator.show_case(overview)
        has_case = overview is not None
        self.show_desks(has_case)
        for dock in (self._navigator_dock, self._inspector_dock):
            dock.setVisible(has_case)
        writable = overview is not None and overview.writable
        if overview is None:
            self.workspace.close_all()
            self.welcome.show_recent(self.desk.recent)
        self.comparison.show_exhibits(overview.exhibits if overview else (), writable)
        for name in ("close_case", "facts", "check", "export", "shared"):
            self._actions[name].setEnabled(has_case)
        for name in ("add_questioned", "add_known", "add_reference", "facts"):
            self._actions[name].setEnabled(writable)
        self._overview = overview
        self._update_undo()
        self._retranslate_title()

    def _update_undo(self) -> None:
        room = self.desk.room
        undo, redo = room.can_undo_redo() if room is not None and room.writable else (False, False)
        self._actions["undo"].setEnabled(undo)
        self._actions["redo"].setEnabled(redo)

    def show_desks(self, shown: bool) -> None:
        """Show the desks, or the welcome page."""
        self._pages.setCurrentIndex(int(shown))

    def show_panel(self, panel: QWidget) -> None:
        """Bring a panel of the inspector to the front."""
        self._tabs.setCurrentWidget(panel)

    def set_language(self, language: Language) -> None:
        """Switch the language; nothing that is open is lost."""
        self.settings.setValue("language", language)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            set_language(application, language)

    def set_scheme(self, name: str) -> None:
        """Follow the system, or be light or dark."""
        self.settings.setValue("scheme", name)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            set_scheme(application, name)

    def show_error(self, error: Exception) -> None:
        """Show an error; nothing is lost."""
        show_error(self, error)

    def show_shortcuts(self) -> ShortcutsDialog:
        """The sheet of keys."""
        groups = [
            (
                re.sub(r"\(&.\)|&", "", self._menus[menu].title()),
                [(self._actions[n].shortcut().toString(), self._actions[n].text()) for n in names],
            )
            for menu, names in self._groups.items()
            if names
        ]
        groups.insert(3, (self.tr("Waveform and spectrogram"), self.workspace.shortcuts))
        marks = [
            (action.shortcut().toString(), action.toolTip().rsplit(" (", 1)[0])
            for action in self.segments.actions_by_name.values()
        ]
        groups.insert(4, (self.tr("Segment table"), marks))
        groups.insert(5, (self.tr("Validation"), self.studies.view.shortcuts))
        groups.insert(6, (self.tr("Mouse"), self._mouse_texts()))
        dialog = ShortcutsDialog(groups, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _mouse_texts(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Drag"), self.tr("select; at the edge of a selection or segment: move it")),
            (self.tr("Click"), self.tr("set the cursor; on a segment: choose it")),
            (self.tr("Double-click"), self.tr("select the segment; on a segment: label it")),
            (self.tr("Wheel"), self.tr("zoom about the pointer; with Shift: scroll")),
            (self.tr("Middle button"), self.tr("pull")),
        ]

    def _restore(self) -> None:
        for key, restore in (
            ("geometry", self.restoreGeometry),
            ("state", self.restoreState),
        ):
            stored = self.settings.value(key)
            if isinstance(stored, QByteArray):
                restore(stored)
        for dock in (self._navigator_dock, self._inspector_dock):
            dock.setVisible(False)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Remember the window; ask where jobs are running."""
        if self.board.running and not self._may_stop_jobs():
            event.ignore()
            return
        self.board.cancel_all()
        for review in self.findChildren(ReviewWindow):
            review.close()
        self.listening.close()
        self.settings.setValue("geometry", self.saveGeometry())
        if self.desk.room is not None:
            self.settings.setValue("state", self.saveState())
        self.desk.close()
        super().closeEvent(event)

    def _may_stop_jobs(self) -> bool:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.windowTitle())
        titles = "\n".join(f"• {job.title}" for job in self.board.running)
        box.setText(self.tr("Jobs are still running:") + f"\n{titles}")
        box.setInformativeText(
            self.tr("Stop them and close? What they have not finished is left out.")
        )
        stop = box.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Keep open"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is stop

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self.listening.retranslate()
            self.groups.retranslate()
            self.studies.retranslate()
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files and folders."""
        self.case_actions.drag_entered(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open, add or review what was dropped."""
        self.case_actions.dropped(event)

    def _retranslate_title(self) -> None:
        title = self.tr("Seongmun – voice comparison")
        if self._overview is not None:
            title = f"{self._overview.info.number} – {title}"
            if not self._overview.writable:
                title += " " + self.tr("(read-only)")
        self.setWindowTitle(title)

    def _retranslate(self) -> None:
        for name, text in self._menu_texts().items():
            self._menus[name].setTitle(text)
        for name, text in self._action_texts().items():
            self._actions[name].setText(text)
        panels = (
            self.tr("Segments"),
            self.tr("Quality"),
            self.tr("Comparison"),
            self.tr("Spectrogram"),
        )
        for i, text in enumerate(panels):
            self._tabs.setTabText(i, text)
        self._navigator_dock.setWindowTitle(self.tr("Case"))
        self._inspector_dock.setWindowTitle(self.tr("Inspector"))
        if hasattr(self, "_overview"):
            self._retranslate_title()

    def _menu_texts(self) -> dict[str, str]:
        return {
            "case": self.tr("&Case"),
            "edit": self.tr("&Edit"),
            "view": self.tr("&View"),
            "play": self.tr("&Play"),
            "analysis": self.tr("&Analysis"),
            "settings": self.tr("&Settings"),
            "help": self.tr("&Help"),
        }

    def _action_texts(self) -> dict[str, str]:
        return {
            "new": self.tr("New case…"),
            "open": self.tr("Open case…"),
            "demo": self.tr("Open the demo"),
            "close_case": self.tr("Close case"),
            "add_questioned": self.tr("Add questioned recordings…"),
            "add_known": self.tr("Add known recordings…"),
            "add_reference": self.tr("Add reference recordings…"),
            "facts": self.tr("Case details…"),
            "check": self.tr("Check the case"),
            "export": self.tr("Export the case…"),
            "quit": self.tr("Quit"),
            "undo": self.tr("Undo"),
            "redo": self.tr("Redo"),
            "mark": self.tr("Make the selection a segment"),
            "previous_segment": self.tr("Previous segment"),
            "next_segment": self.tr("Next segment"),
            "next_track": self.tr("Next recording"),
            "close_track": self.tr("Close recording"),
            "scroll_left": self.tr("Scroll back"),
            "scroll_right": self.tr("Scroll on"),
            "to_start": self.tr("To the start"),
            "to_end": self.tr("To the end"),
            "step_left": self.tr("Cursor back"),
            "step_right": self.tr("Cursor on"),
            "play": self.tr("Play / pause"),
            "stop": self.tr("Stop"),
            "loop": self.tr("Loop"),
            "slower": self.tr("Slower"),
            "faster": self.tr("Faster"),
            "compare": self.tr("Compare"),
            "report": self.tr("Report…"),
            "shared": self.tr("Look for shared sound"),
            "verify": self.tr("Verify a report…"),
            "validation": self.tr("Validation"),
            "stop_jobs": self.tr("Stop all jobs"),
            "ko": "한국어",
            "en": "English",
            "system": self.tr("Colours of the system"),
            "light": self.tr("Light"),
            "dark": self.tr("Dark"),
            "keys": self.tr("Keys"),
        }
