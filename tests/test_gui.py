"""The window, driven as an examiner would; a real one where there is a display."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.messages import message
from ui.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("language", "ko")
    opened = MainWindow(settings)
    qtbot.addWidget(opened)
    opened.show()
    return opened


def idle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window._job is None, timeout=60_000)


def test_from_demo_to_signed_report(
    qtbot: QtBot, window: MainWindow, identity_files: tuple[Path, Path], tmp_path: Path
) -> None:
    assert not window._compare.isEnabled()
    window.open_demo()
    idle(qtbot, window)
    assert window._compare.isEnabled()
    assert not window._save.isEnabled()
    window.compare()
    assert window._cancel.isVisible()
    idle(qtbot, window)
    assert window.finished is not None
    ratio = window.finished.comparison.likelihood_ratio
    shown = window.result._text.text()
    assert f"{ratio.log10_lr:.2f}" in shown
    assert message("cli.comparison", "ko")[-20:] in shown
    window.set_language("en")
    assert "not the probability" in window.result._text.text()
    assert window.panels["known"].opened is not None
    target = tmp_path / "report.pdf"
    window.write_report(target, identity_files[0], "correct horse")
    idle(qtbot, window)
    assert b"/ByteRange" in target.read_bytes()


def test_dropped_file_is_opened(
    qtbot: QtBot, window: MainWindow, demo_media: tuple[Path, Path]
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(demo_media[0]))])
    panel = window.panels["questioned"]
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    panel.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, left, none))
    idle(qtbot, window)
    assert panel.opened is not None
    assert panel.opened.voice.recording.path == demo_media[0]
    assert demo_media[0].name in panel._title.text()


def test_error_is_shown_in_plain_words(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.open("known", tmp_path / "없음.wav")
    idle(qtbot, window)
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    assert len(boxes) == 1
    assert "파일을 찾을 수 없습니다" in boxes[0].text()
    assert boxes[0].informativeText() == "file.missing"
    boxes[0].close()
    assert window.panels["known"].opened is None


def test_cancelled_comparison_leaves_nothing(qtbot: QtBot, window: MainWindow) -> None:
    window.open_demo()
    idle(qtbot, window)
    window.compare()
    window.cancel()
    idle(qtbot, window)
    assert window.finished is None


def test_a_new_recording_forgets_the_old_result(
    qtbot: QtBot, window: MainWindow, demo_media: tuple[Path, Path]
) -> None:
    window.open_demo()
    idle(qtbot, window)
    window.compare()
    idle(qtbot, window)
    assert window.finished is not None
    window.open("known", demo_media[1].parent / "대조음성2_synthetic.wav")
    idle(qtbot, window)
    assert window.finished is None
    assert not window._save.isEnabled()
