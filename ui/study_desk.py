"""Validation studies: run, shown beside the case's comparison, printed, exported; populations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, Qt, QTimer
from PySide6.QtWidgets import QFileDialog

from app.resources import POPULATIONS
from app.services.workroom import Overview, Workroom
from engine.errors import SeongmunError
from ui.dialogs.population import PopulationDialog
from ui.dialogs.report import ReportDialog
from ui.language import current_language
from ui.views.study_view import StudyView

if TYPE_CHECKING:
    from app.services.studies import Beside, ShownStudy, StudyRun
    from engine.types import Population
    from ui.main_window import MainWindow

MOST_REMEMBERED = 12


class StudyDesk(QObject):
    """Owns the tab of validation; one study at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._settings = window, window.settings
        self.run: StudyRun | None = None
        self.beside: Beside | None = None
        self._asked: object = None
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._show_again)
        self.view = StudyView()
        self._tabs = window.groups.tabs
        self._tabs.addTab(self.view, "")
        self._show_sources()
        self.view.set_writable(False)
        self.retranslate()

    def connect_views(self) -> None:
        """Once the window has all its parts."""
        view, window = self.view, self._window
        view.run_asked.connect(self.study)
        view.dropped.connect(self.take)
        actions: dict[str, Callable[[], object]] = {
            "open": self.choose,
            "build": self.build,
            "print": self.print_study,
            "export": self.export,
        }
        view.asked.connect(lambda name: actions[name]())
        window.desk.changed.connect(self._show_case)
        window.comparison.result_changed.connect(self._later.start)
        self._tabs.currentChanged.connect(lambda _: self._leave())

    @property
    def _room(self) -> Workroom | None:
        return self._window.desk.room

    def bring_to_front(self) -> None:
        """Show the tab; a study needs no case."""
        self._window.show_desks(True)
        self._tabs.setCurrentWidget(self.view)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        """Without a case there is nothing on the other tabs."""
        if self._room is None and self._tabs.currentWidget() is not self.view:
            self._window.show_desks(False)

    def _show_case(self, overview: Overview | None) -> None:
        self.view.set_writable(overview is not None and overview.writable)

    # What there is to study

    @property
    def _own(self) -> list[Path]:
        """What the laboratory opened or built, the last first."""
        stored = self._settings.value("populations", [])
        names = [stored] if isinstance(stored, str) else stored
        paths = [Path(name) for name in names] if isinstance(names, list) else []
        return [path for path in paths if path.is_file()]

    def _show_sources(self, chosen: Path | None = None) -> None:
        shipped = sorted(POPULATIONS.glob("*.json"))
        self.view.show_sources([*shipped, *self._own], chosen)

    def _remember(self, path: Path) -> None:
        if path.parent != POPULATIONS:
            paths = [path, *(p for p in self._own if p != path)][:MOST_REMEMBERED]
            self._settings.setValue("populations", [str(p) for p in paths])
        self._show_sources(path)

    def choose(self) -> None:
        """Ask for a population or a table, then study it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a population or scores"),
            self._folder("populations_folder"),
            "JSON, CSV (*.json *.csv)",
        )
        if name:
            self._settings.setValue("populations_folder", str(Path(name).parent))
            self.take([Path(name)])

    def _folder(self, key: str) -> str:
        kind = QStandardPaths.StandardLocation.DocumentsLocation
        documents = QStandardPaths.writableLocation(kind) or str(Path.home())
        return str(self._settings.value(key, documents))

    def take(self, paths: Sequence[Path]) -> None:
        """Study a file, or build a population where it is a table of recordings."""
        from app.services.studies import tell

        for path in paths[:1]:
            try:
                kind = tell(path)
            except SeongmunError as error:
                self._window.show_error(error)
            else:
                self.build(path) if kind == "recordings" else self.study(path)

    # The study

    def study(self, source: Path) -> None:
        """Run a study in a job and show it; a study that was asked for earlier is dropped."""
        comparison = self._comparison
        language, self._asked = current_language(), (asked := object())

        def work(progress: Any, cancel: Any) -> tuple[StudyRun, Beside | None, ShownStudy]:
            from app.services import studies

            run = studies.run_on(source, progress, cancel)
            beside = studies.beside(run, comparison) if comparison else None
            return run, beside, studies.show(run, beside, language)

        def done(found: tuple[StudyRun, Beside | None, ShownStudy]) -> None:
            if self._asked is asked:
                self._remember(source)
                self.run, self.beside, shown = found
                self.view.show_study(shown, self._comparison_name)
                if self._comparison is not comparison or current_language() != language:
                    self._later.start()

        self._window.board.start(self.tr("Validation study"), work, done)

    @property
    def _comparison(self) -> Any:
        finished = self._window.comparison.finished
        return finished.comparison if finished else None

    @property
    def _comparison_name(self) -> str:
        comparison = self._comparison
        if comparison is None:
            return ""
        sides = (comparison.questioned, comparison.known)
        return " × ".join(side.recording.path.name for side in sides)

    def _show_again(self) -> None:
        """The comparison or the language is another: the same study, shown anew; not in a window
        that is being closed."""
        run, comparison, language = self.run, self._comparison, current_language()
        if run is None or not self._window.isVisible():
            return
        self._asked = asked = object()

        def work(progress: Any, cancel: Any) -> tuple[Beside | None, ShownStudy]:
            from app.services import studies

            beside = studies.beside(run, comparison) if comparison else None
            return beside, studies.show(run, beside, language)

        def done(found: tuple[Beside | None, ShownStudy]) -> None:
            if self._asked is asked:
                self.beside, shown = found
                self.view.show_study(shown, self._comparison_name)

        self._window.board.start(self.tr("Drawing the study"), work, done)

    def print_study(self) -> ReportDialog | None:
        """Ask how the study's report is to be written."""
        if self.run is None:
            return None
        suggested = Path(self._folder("reports")) / f"{self.run.study.study_id}.pdf"
        dialog = ReportDialog(self._settings, suggested, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._write(dialog))
        dialog.open()
        return dialog

    def _write(self, dialog: ReportDialog) -> None:
        run, beside = self.run, self.beside
        if run is None:
            return
        target, language, signer = dialog.target, dialog.language, dialog.signer
        room = self._room if self.view.keep.isChecked() else None
        self._settings.setValue("reports", str(target.parent))

        def work(progress: Any, cancel: Any) -> bool:
            from app.services.studies import print_run

            cancel.check()
            return print_run(run, beside, language, signer, target, room).signed

        def done(signed: bool) -> None:
            saved = self.tr("The study is signed, checked and saved: {path}")
            draft = self.tr("The study is saved as an unsigned draft: {path}")
            self._window.desk.message.emit((saved if signed else draft).format(path=target))
            self._window.desk.refresh()

        self._window.board.start(self.tr("Writing the study"), work, done)

    def export(self) -> None:
        """Ask for a folder, then write plots, figures and a draft of the report there."""
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Export the study"), self._folder("reports")
        )
        if name:
            self.export_to(Path(name))

    def export_to(self, folder: Path) -> None:
        """Write the study's files into a folder of its own in a job."""
        run, beside, language = self.run, self.beside, current_language()
        if run is None:
            return
        target = folder / run.study.study_id

        def work(progress: Any, cancel: Any) -> None:
            from app.services.studies import export_run

            cancel.check()
            export_run(run, beside, language, target)

        text = self.tr("Exported: {path}").format(path=target)
        self._window.board.start(
            self.tr("Exporting the study"), work, lambda _: self._window.desk.message.emit(text)
        )

    # A population

    def build(self, table: Path | None = None) -> PopulationDialog:
        """Ask what a population is to be made of."""
        out = Path(self._folder("populations_folder"))
        dialog = PopulationDialog(table, out, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._build(dialog))
        dialog.open()
        return dialog

    def _build(self, dialog: PopulationDialog) -> None:
        given = (dialog.table, dialog.root, dialog.name, dialog.out)
        described = (dialog.description.toPlainText().strip(), dialog.licence.text().strip())
        selection, cut = dialog.selection, dialog.cut
        self._settings.setValue("populations_folder", str(dialog.out))

        def work(progress: Any, cancel: Any) -> Population:
            from app.services.loading import open_model
            from app.services.populating import population_from_recordings

            model = open_model(None, "auto")
            return population_from_recordings(
                *given, model, *described, selection, cut, progress=progress, cancel=cancel
            )

        def done(population: Population) -> None:
            path = given[3] / f"{population.id}.json"
            left_out = population.recordings.left_out if population.recordings else {}
            text = self.tr("{name}: {n} speakers; left out: {left_out}").format(
                name=population.id,
                n=population.n_speakers,
                left_out=", ".join(f"{n} × {code}" for code, n in left_out.items()) or "0",
            )
            self._window.desk.message.emit(text)
            self._remember(path)
            self.study(path)

        self._window.board.start(self.tr("Building the population"), work, done)

    def retranslate(self) -> None:
        """Follow the language."""
        self._tabs.setTabText(self._tabs.indexOf(self.view), self.tr("Validation"))
        self._later.start()
