"""Validation in the window, driven as an examiner would, on real telephone scores."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pikepdf
import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox
from pytestqt.qtbot import QtBot

from app.resources import POPULATIONS
from app.services import studies
from app.services.wording import flag_text
from engine.casefile.tables import Study
from engine.lr.calibrate import apply
from engine.lr.population import load_population
from engine.verify.signature import check_signature
from tests.conftest import PASSWORD
from ui.dialogs.population import PopulationDialog
from ui.language import current_language
from ui.main_window import MainWindow
from ui.theme import BAD

TELEPHONE = POPULATIONS / "wuw2-telephone-en.json"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """The window without a case, in English."""
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("language", "en")
    settings.setValue("scheme", "light")
    opened = MainWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    yield opened
    opened.board.cancel_all()
    opened.close()
    sys.excepthook = sys.__excepthook__


def idle(qtbot: QtBot, window: MainWindow) -> None:
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not window.board.running, timeout=120_000)
    QApplication.processEvents()


def run_shipped(qtbot: QtBot, window: MainWindow) -> None:
    window._actions["validation"].trigger()
    window.studies.view._actions["run"].trigger()
    idle(qtbot, window)


def rows(tree: object) -> list[str]:
    found = []
    for item in tree.top_items():  # type: ignore[attr-defined]
        found.append("|".join(item.text(c) for c in range(item.columnCount())))
        for i in range(item.childCount()):
            found.append("|".join(item.child(i).text(c) for c in range(2)))
    return found


def test_a_study_needs_no_case_and_is_read_in_both_languages(
    qtbot: QtBot, window: MainWindow
) -> None:
    view = window.studies.view
    assert not view._actions["print"].isEnabled()
    run_shipped(qtbot, window)
    assert view.isVisible()
    figures = window.studies.run.study.figures  # type: ignore[union-attr]
    shown = "\n".join(rows(view.figures))
    eer, cllr = figures["eer"], figures["cllr"]
    assert eer is not None and cllr is not None
    assert f"{100 * eer.value:.1f} [{100 * eer.low:.1f}–{100 * eer.high:.1f}]" in shown
    assert f"{cllr.value:.2f} [{cllr.low:.2f}–{cllr.high:.2f}]" in shown
    names = [view.charts.tabData(i) for i in range(view.charts.count())]
    assert names[:5] == ["tippett", "det", "pav", "ece", "histogram"]
    assert {"by_net_speech_s", "by_snr_db"} <= set(names)
    readings = []
    for _ in names:
        readings.append(view._reading.text())
        view._actions["next"].trigger()
    assert len(set(readings)) == len(names) and all(readings)
    window.set_language("ko")
    idle(qtbot, window)
    assert view.charts.tabText(0) == "티펫"
    assert "동일 화자" in view._reading.text()
    window._tabs.setCurrentIndex(0)
    window.groups.tabs.setCurrentIndex(0)
    assert window._pages.currentIndex() == 0


def test_the_pointer_reads_a_chart(qtbot: QtBot, window: MainWindow) -> None:
    run_shipped(qtbot, window)
    view, said = window.studies.view, []
    chart = view._study.charts["tippett"]  # type: ignore[union-attr]
    view.chart.pointed_at.connect(said.append)
    same = chart.series[0]
    trials = window.studies.run.validated  # type: ignore[union-attr]
    middle = float(same.x[len(same.x) // 2])
    chosen = trials.trials.same & (trials.log10_lr > middle)
    share = float(trials.trials.weights[chosen].sum())
    box = view.chart.getPlotItem().vb
    view.chart._point(box.mapViewToScene(QPointF(middle, share)))
    assert chart.series[0].name in said[-1]
    numbers = [float(part.split(":")[1].split()[0]) for part in said[-1].split("   ")[1:]]
    assert numbers == pytest.approx([middle, share], abs=0.02)
    view.chart._point(QPointF(-50, -50))
    assert said[-1] == ""


def test_the_case_is_beside_the_study_and_its_study_is_kept(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, identity_files: tuple[Path, Path]
) -> None:
    window.desk.open_demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: len(window.workspace.tracks) == 2, timeout=120_000)
    idle(qtbot, window)
    run_shipped(qtbot, window)
    view, desk = window.studies.view, window.studies
    assert not rows(view.conditions) and "Compare two voices" in view._case.text()
    window.case_actions.compare()
    idle(qtbot, window)
    finished = window.comparison.finished
    assert finished is not None and desk.beside is not None
    expected = apply(load_population(TELEPHONE), finished.comparison.score.value).log10_lr
    assert desk.beside.log10_lr == expected == finished.comparison.likelihood_ratio.log10_lr
    assert desk.beside.checks == finished.comparison.conditions
    shown = rows(view.conditions)
    assert len(shown) == len(finished.comparison.conditions)
    for check, row in zip(finished.comparison.conditions, shown, strict=True):
        if check.place != "inside":
            assert flag_text(check.code, current_language()) in row
        assert check.code not in row and "narrowband" not in row
    case_line = view._study.charts["tippett"].series[-1]  # type: ignore[union-attr]
    assert case_line.role == "case" and set(case_line.x) == {expected}

    dialog = desk.print_study()
    assert dialog is not None
    dialog._target.setText(str(tmp_path / "study.pdf"))
    dialog._kind.setCurrentIndex(dialog._kind.findData("file"))
    dialog._paths["file"].setText(str(identity_files[0]))
    dialog._secret.setText(PASSWORD.decode())
    dialog.accept()
    idle(qtbot, window)
    pdf = (tmp_path / "study.pdf").read_bytes()
    outcomes = {check.id: check.status for check in check_signature(pdf)[0]}
    assert outcomes["signature.integrity"] == "PASS"
    room = window.desk.room
    assert room is not None
    with room.case() as case:
        kept = case.rows(Study)
    assert [study.study_id for study in kept] == [desk.run.study.study_id]  # type: ignore[union-attr]
    with pikepdf.open(tmp_path / "study.pdf") as opened:
        attached = json.loads(opened.attachments["study.json"].get_file().read_bytes())
    assert attached["study_id"] == kept[0].study_id
    window.close()
    QApplication.processEvents()
    assert not window.board.running


def test_scores_of_another_model_or_none_give_no_ratio(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    other = json.loads(TELEPHONE.read_text(encoding="utf-8"))
    other["model_sha256"] = "0" * 64
    path = tmp_path / "other.json"
    path.write_text(json.dumps(other), encoding="utf-8")
    window.desk.open_demo(tmp_path / "demo")
    qtbot.waitUntil(lambda: len(window.workspace.tracks) == 2, timeout=120_000)
    idle(qtbot, window)
    window.case_actions.compare()
    idle(qtbot, window)
    window.studies.study(path)
    idle(qtbot, window)
    beside = window.studies.beside
    assert beside is not None and beside.log10_lr is None
    (item,) = window.studies.view.conditions.top_items()
    assert "calibrated with another model" in item.text(2)
    assert item.background(2).color().name() == BAD
    chart = window.studies.view._study.charts["tippett"]  # type: ignore[union-attr]
    assert all(line.role != "case" for line in chart.series)

    table = scores_table(tmp_path / "scores.csv")
    window.studies.take([table])
    idle(qtbot, window)
    assert window.studies.beside is None
    assert "was not checked" in window.studies.view._case.text()


def scores_table(path: Path) -> Path:
    trials = load_population(TELEPHONE).trials
    columns = (trials.scores, trials.same.astype(int), trials.speaker_a, trials.speaker_b)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["score", "same", "spk_a", "spk_b"])
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    return path


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    view, none = window.studies.view, Qt.KeyboardModifier.NoModifier
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(20, 90), copy, data, left, none)
    QApplication.sendEvent(view, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(view, QDropEvent(QPointF(20, 90), copy, data, left, none))


def test_tables_are_dropped_and_exported(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window._actions["validation"].trigger()
    drop(window, scores_table(tmp_path / "점수 표.csv"))
    idle(qtbot, window)
    desk = window.studies
    assert desk.run is not None and desk.run.study.source.name == "점수 표.csv"
    assert desk.view._source.currentText() == "점수 표"
    desk.export_to(tmp_path)
    idle(qtbot, window)
    folder = tmp_path / desk.run.study.study_id
    files = {path.name for path in folder.iterdir()}
    assert {"study.json", "validation.pdf", "tippett.svg", "ece.png"} <= files
    stored = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    assert stored["figures"]["eer"]["value"] == desk.run.study.figures["eer"].value  # type: ignore[union-attr]

    (tmp_path / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    drop(window, tmp_path / "odd.csv")
    (box,) = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    assert box.informativeText() == "table.invalid"
    box.close()


def test_a_cancelled_study_shows_nothing(qtbot: QtBot, window: MainWindow) -> None:
    window._actions["validation"].trigger()
    window.studies.study(TELEPHONE)
    window.board.running[0].cancel()
    idle(qtbot, window)
    assert window.studies.run is None
    assert not [b for b in window.findChildren(QMessageBox) if b.isVisible()]


def test_a_population_needs_a_description_and_enough_speakers(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    table = tmp_path / "recordings.csv"
    table.write_text("path,speaker\na.wav,x\nb.wav,y\n", encoding="utf-8")
    window._actions["validation"].trigger()
    drop(window, table)
    dialog = window.findChild(PopulationDialog)
    assert dialog is not None and dialog.table == table and dialog.root == tmp_path
    dialog._out.setText(str(tmp_path))
    ok = dialog._buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled() and "description" in dialog._why.text()
    dialog.description.setPlainText("Two voices")
    dialog._duration_s.setValue(10)
    assert ok.isEnabled()
    assert (dialog.cut.duration_s, dialog.cut.band_hz) == (10.0, None)
    dialog.accept()
    idle(qtbot, window)
    (box,) = [b for b in window.findChildren(QMessageBox) if b.isVisible()]
    assert box.informativeText() == "population.too_small"
    assert not (tmp_path / "recordings.json").exists()
    box.close()


def test_values_of_axes_are_read_in_their_own_units() -> None:
    run = studies.run_on(TELEPHONE, lambda *_: None, None)  # type: ignore[arg-type]
    shown = studies.show(run, None, "en")
    det = shown.charts["det"]
    assert det.x_axis.text_at(0.0) == "50"
    assert det.y_axis.text_at(-1.6448536269514722) == "5"
    by_duration = shown.charts["by_net_speech_s"].x_axis
    assert by_duration.text_at(0.6) == by_duration.ticks[0][1]
    assert np.isclose(shown.charts["ece"].x_axis.low, -2.5)
