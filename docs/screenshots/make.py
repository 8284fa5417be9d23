"""Pictures of every view, in both languages, light and dark: `make screenshots`.

`python -m docs.screenshots.make FOLDER` puts all of them into FOLDER; the few that are kept with
the project go to docs/screenshots and docs/images, with few colours. What they show is made from
the bundled synthetic recordings.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

from PIL import Image
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget

from app.messages import Language
from app.services import segment_edits
from app.services.workroom import Segment, Workroom
from benchmarks.desk import (
    Call,
    add,
    known_recording,
    let_work,
    make_call,
    open_window,
    settle,
    wait,
    write_call,
)
from docs.screenshots.calls import make_cases, take_groups
from engine.report.sign import make_demo_identity
from ui.main_window import MainWindow
from ui.review_window import ReviewWindow

HERE = Path(__file__).resolve().parent
COLOURS = 64
SCALE = 0.8
KEPT = (
    "workspace",
    "comparison",
    "validation",
    "matrix",
    "rings",
    "search",
    "review_numbers",
)
TEXTS = {
    "ko": {
        "case": "2026-0417",
        "agency": "서울특별시경찰청 과학수사과",
        "requester": "서울중앙지방검찰청",
        "examiner": "김서연",
        "reviewer": "박도현",
        "request": "문제음성의 화자 S1이 대조음성의 화자와 같은 사람인지에 관한 감정",
        "call": "문제음성_통화녹음_합성.wav",
        "stereo": "양방향_통화녹음_합성.wav",
        "known": "대조음성_합성.m4a",
        "numbered_call": "통화녹음_{number}_합성.wav",
        "caller": "발신자",
        "receiver": "수신자",
        "remark": "웃음",
        "language": "ko",
    },
    "en": {
        "case": "2026-0417",
        "agency": "Forensic Laboratory",
        "requester": "Public Prosecutor's Office",
        "examiner": "J. Moreau",
        "reviewer": "A. Lindqvist",
        "request": "Whether the questioned speaker S1 is the speaker of the known recording",
        "call": "questioned_call_synthetic.wav",
        "stereo": "two_channel_call_synthetic.wav",
        "known": "known_interview_synthetic.m4a",
        "numbered_call": "call_{number}_synthetic.wav",
        "caller": "Caller",
        "receiver": "Called",
        "remark": "laughter",
        "language": "en",
    },
}


class Pictures:
    """Takes pictures in one language."""

    def __init__(self, language: Language, scratch: Path, out: Path) -> None:
        self.language, self.scratch, self.out = language, scratch, out
        self.texts = TEXTS[language]
        self.call = make_call()
        self.case = self._make_case("case", self.call, stereo=False)
        self.two_channels = self._make_case("two", self.call, stereo=True)
        numbers = (self.texts["case"], "2026-0398")
        name, examiner = self.texts["numbered_call"], self.texts["examiner"]
        self.calls = make_cases(scratch, numbers, name, examiner)
        self.identity = scratch / "identity.p12"
        make_demo_identity(self.identity, scratch / "identity.pem", b"example")

    def _make_case(self, name: str, call: Call, *, stereo: bool) -> Path:
        texts, folder = self.texts, self.scratch / f"{self.texts['case']}-{name}"
        room = Workroom.create(
            folder, texts["case"], texts["examiner"], texts["agency"], texts["requester"]
        )
        path = self.scratch / texts["stereo" if stereo else "call"]
        add(room, write_call(call, path, stereo=stereo), "questioned")
        known = self.scratch / texts["known"]
        if not known.exists():
            known.write_bytes(known_recording().read_bytes())
        add(room, known, "known")
        room.set_fact("request", texts["request"])
        segments = [s if stereo else replace(s, channel=0) for s in call.segments]
        room.edit_segments([], segments)
        self._work_on(room)
        room.close()
        return folder

    def _work_on(self, room: Workroom) -> None:
        """Some segments accepted and labelled, one excluded, the rest proposals."""
        texts, standing = self.texts, room.segments(1)

        def change(chosen: list[Segment], **fields: object) -> None:
            room.edit_segments(*segment_edits.changed(chosen, **fields))

        change(standing[0:6:2], speaker=texts["caller"], language=texts["language"])
        change(standing[1:2], speaker=texts["receiver"], language=texts["language"])
        change(standing[3:4], speaker=texts["receiver"], excluded=1, remark=texts["remark"])

    def take(self, scheme: str) -> None:
        """Every picture in one theme."""
        with self._window(scheme) as window:
            window.settings.setValue(
                "recent", [f"/cases/{year}" for year in ("2026-0417", "2026-0398", "2025-1120")]
            )
            window.welcome.show_recent(window.desk.recent)
            self._shoot(window, "welcome", scheme)
            self._dialogs_without_a_case(window, scheme)
            self._open(window, self.case)
            self._workspace(window, scheme)
            self._comparison(window, scheme)
            self._study(window, scheme)
            self._dialogs(window, scheme)
            self._open(window, self.two_channels)
            self._side_by_side(window, scheme)
            take_groups(
                window,
                self.calls,
                self.scratch / f"gallery-{scheme}",
                lambda widget, name: self._shoot(widget, name, scheme),
            )

    @contextmanager
    def _window(self, scheme: str) -> Iterator[MainWindow]:
        folder = self.scratch / scheme
        folder.mkdir()
        window = open_window(folder, self.language, scheme)
        window.resize(1440, 900)
        settle(window)
        yield window
        window.close()
        window.deleteLater()
        let_work(0.1)

    def _open(self, window: MainWindow, case: Path) -> None:
        window.desk.open(case)
        wait(lambda: window.desk.room is not None and window.desk.room.folder == case)
        wait(lambda: len(window.workspace.tracks) == 2)
        settle(window)
        window.workspace.activate(window.workspace.track_of(1))
        settle(window)

    def _workspace(self, window: MainWindow, scheme: str) -> None:
        track = window.workspace.track_of(1)
        assert track is not None
        track.show_range(0.0, 30.0)
        window.show_panel(window.segments)
        track.set_cursor(8.0)
        self._shoot(window, "workspace", scheme)
        track.show_range(1.0, 3.5)
        track.select(1.6, 2.3)
        self._shoot(window, "zoomed", scheme)
        track.show_range(1.80, 1.83)
        self._shoot(window, "samples", scheme)
        track.show_range(0.0, 30.0)
        track.select(7.2, 20.4)
        window.tracks.measure_selection()
        window.show_panel(window.quality)
        self._shoot(window, "quality", scheme)
        window.show_panel(window.look)
        self._shoot(window, "spectrogram", scheme)

    def _comparison(self, window: MainWindow, scheme: str) -> None:
        panel = window.comparison
        window.show_panel(panel)
        caller = [
            i
            for i, o in enumerate(panel._options["questioned"])
            if o.speaker == self.texts["caller"]
        ]
        panel._sides["questioned"].voice.setCurrentIndex(caller[0])
        panel._forget()
        self._shoot(window, "conditions", scheme)
        window.case_actions.compare()
        let_work(0.4)
        window.grab().save(str(self._path("working", scheme)))
        settle(window)
        self._shoot(window, "comparison", scheme)

    def _study(self, window: MainWindow, scheme: str) -> None:
        window.studies.bring_to_front()
        window.studies.view._actions["run"].trigger()
        settle(window)
        self._shoot(window, "validation", scheme)
        self._shoot(window.studies.build(), "dialog_population", scheme)
        window.groups.tabs.setCurrentIndex(0)

    def _dialogs_without_a_case(self, window: MainWindow, scheme: str) -> None:
        new = window.case_actions.new()
        new.number.setText(self.texts["case"])
        new.agency.setText(self.texts["agency"])
        new._folder.setText(f"/cases/{self.texts['case']}")
        new.passphrase.setText("example")
        self._shoot(new, "dialog_new_case", scheme)
        passphrase = window.case_actions._ask_passphrase(Path("/cases/2026-0417"), True)
        self._shoot(passphrase, "dialog_passphrase", scheme)
        self._shoot(window.show_shortcuts(), "dialog_shortcuts", scheme)

    def _dialogs(self, window: MainWindow, scheme: str) -> None:
        actions, room = window.case_actions, window.desk.room
        assert room is not None
        self._shoot(window.tracks.label(room.segments(1)[:1]), "dialog_label", scheme)
        self._shoot(actions.edit_facts(), "dialog_facts", scheme)
        self._shoot(actions.edit_exhibit_facts(1), "dialog_exhibit", scheme)
        self._report(window, scheme)
        actions.check()
        self._shoot_checks(window, "dialog_check", scheme)
        self._errors(window, scheme)
        self._closing(window, scheme)

    def _report(self, window: MainWindow, scheme: str) -> None:
        report = self.scratch / f"{scheme}.pdf"
        dialog = window.case_actions.report()
        assert dialog is not None
        dialog._target.setText(f"/cases/{self.texts['case']}/report.pdf")
        dialog._kind.setCurrentIndex(dialog._kind.findData("file"))
        dialog._paths["file"].setText("/keys/examiner.p12")
        dialog._secret.setText("example")
        self._picture(dialog, "dialog_report", scheme)
        dialog._target.setText(str(report))
        dialog._paths["file"].setText(str(self.identity))
        dialog.accept()
        settle(window)
        self._shoot(window, "reported", scheme)
        self._review(window, report, scheme)

    def _review(self, window: MainWindow, report: Path, scheme: str) -> None:
        """The reviewer's window: empty, with what is missing, with everything, failing."""
        window.settings.remove("review/trust")
        review = ReviewWindow(window.settings, parent=window)
        review.show()
        self._shoot_review(review, "review_empty", scheme)
        review.desk.open(report)
        self._shoot_review(review, "review_needs", scheme)
        review.desk.use_trust([self.identity.with_suffix(".pem")])
        wait(lambda: not review.board.running)
        review.desk.add_media([self.scratch / self.texts[name] for name in ("call", "known")])
        for number, name in enumerate(("numbers", "recordings", "signatures", "contents")):
            review.view.tabs.setCurrentIndex(number)
            self._shoot_review(review, f"review_{name}", scheme)
        dialog = review.desk.ask_for_record()
        assert dialog is not None
        dialog.name.setText(self.texts["reviewer"])
        dialog._target.setText("/reviews/review.pdf")
        self._shoot(dialog, "dialog_record", scheme)
        countersigning = review.desk.ask_to_countersign()
        assert countersigning is not None
        countersigning._target.setText("/reviews/countersigned.pdf")
        self._shoot(countersigning, "dialog_countersign", scheme)
        altered = self.scratch / f"{scheme}_altered.pdf"
        altered.write_bytes(report.read_bytes().replace(b"/Producer", b"/Pr0ducer", 1))
        review.desk.open(altered)
        self._shoot_review(review, "review_fails", scheme)
        review.close()

    def _shoot_review(self, review: ReviewWindow, name: str, scheme: str) -> None:
        wait(lambda: not review.board.running)
        let_work(0.2)
        review.grab().save(str(self._path(name, scheme)))

    def _shoot_checks(self, window: MainWindow, name: str, scheme: str) -> None:
        settle(window)
        shown = [d for d in window.findChildren(QDialog) if d.isVisible()]
        self._shoot(shown[-1], name, scheme)

    def _errors(self, window: MainWindow, scheme: str) -> None:
        for name, case in (("refused", "missing.wav"), ("unexpected", "")):
            if case:
                window.desk.open(Path("/cases") / case)
                settle(window)
            else:
                window.show_error(RuntimeError("example"))
            box = [b for b in window.findChildren(QMessageBox) if b.isVisible()][-1]
            self._shoot(box, f"dialog_error_{name}", scheme)

    def _closing(self, window: MainWindow, scheme: str) -> None:
        """What is asked when the window is closed while jobs run."""

        def answer(box: QMessageBox) -> int:
            box.show()
            self._shoot(box, "dialog_closing", scheme)
            return 0

        window.case_actions.check()
        with mock.patch.object(QMessageBox, "exec", answer):
            window._may_stop_jobs()
        settle(window)
        for dialog in window.findChildren(QDialog):
            dialog.close()

    def _side_by_side(self, window: MainWindow, scheme: str) -> None:
        window.show_panel(window.segments)
        window.workspace._actions["beside"].trigger()
        track = window.workspace.track_of(1)
        assert track is not None
        track.show_range(0.0, 24.0)
        self._shoot(window, "two_channels", scheme)
        window.workspace._actions["decibels"].trigger()
        self._shoot(window, "decibels", scheme)

    def _shoot(self, widget: QWidget | None, name: str, scheme: str) -> None:
        """A picture; a dialog is closed after it."""
        assert widget is not None
        self._picture(widget, name, scheme)
        if isinstance(widget, QDialog):
            widget.close()

    def _picture(self, widget: QWidget, name: str, scheme: str) -> None:
        main = widget.window() if isinstance(widget, MainWindow) else widget.parent()
        if isinstance(widget, MainWindow) and isinstance(main, MainWindow):
            settle(main)
        let_work(0.2)
        widget.grab().save(str(self._path(name, scheme)))

    def _path(self, name: str, scheme: str) -> Path:
        return self.out / f"{name}_{self.language}_{scheme}.png"


def keep(out: Path) -> None:
    """The pictures that are kept with the project, with few colours."""
    for name in KEPT:
        for path in sorted(out.glob(f"{name}_*.png")):
            _reduced(path, HERE / path.name)
    _reduced(out / "workspace_en_light.png", HERE.parent / "images" / "window.png")


def _reduced(source: Path, target: Path) -> None:
    whole = Image.open(source).convert("RGB")
    size = (round(SCALE * whole.width), round(SCALE * whole.height))
    picture = whole.resize(size, Image.Resampling.LANCZOS)
    few = picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


def main() -> None:
    """Take all pictures; keep a few."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where all pictures go")
    parser.add_argument("--only", choices=("ko", "en"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = arguments.folder or Path(scratch) / "all"
        out.mkdir(parents=True, exist_ok=True)
        for language in ("ko", "en"):
            if arguments.only in (None, language):
                own = Path(scratch) / language
                own.mkdir()
                pictures = Pictures(language, own, out)
                for scheme in ("light", "dark"):
                    pictures.take(scheme)
        if arguments.only is None:
            keep(out)
    QApplication.closeAllWindows()


if __name__ == "__main__":
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    main()
