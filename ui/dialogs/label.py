"""Speaker, language and remark of segments."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFormLayout, QLineEdit, QWidget

from app.services import segment_edits
from app.services.workroom import Segment
from ui.dialogs.buttons import ok_cancel

LANGUAGES = ("", "ko", "en", "zh", "ja", "vi", "th", "ru", "uz", "mn")


class LabelDialog(QDialog):
    """Edits what the chosen segments have in common; what differs stays unless it is changed."""

    def __init__(
        self, segments: list[Segment], speakers: Iterable[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Label segments"))
        self.setMinimumWidth(360)
        self._segments = segments
        self._speaker = QComboBox(editable=True)
        self._speaker.addItems([s for s in dict.fromkeys(speakers) if s])
        self._language = QComboBox(editable=True)
        self._language.addItems(LANGUAGES)
        self._remark = QLineEdit()
        self._overlap, self._excluded = QCheckBox(), QCheckBox()
        self._speaker.setCurrentText(self._common("speaker"))
        self._language.setCurrentText(self._common("language"))
        self._remark.setText(self._common("remark"))
        self._overlap.setChecked(all(s.overlap for s in segments))
        self._excluded.setChecked(all(s.excluded for s in segments))
        self._overlap.setText(self.tr("several voices at once"))
        self._excluded.setText(self.tr("not to be compared"))
        self._before = self._values()
        layout = QFormLayout(self)
        layout.addRow(self.tr("Speaker"), self._speaker)
        layout.addRow(self.tr("Language"), self._language)
        layout.addRow(self.tr("Remark"), self._remark)
        layout.addRow(self.tr("Overlap"), self._overlap)
        layout.addRow(self.tr("Excluded"), self._excluded)
        layout.addRow(ok_cancel(self))
        self._speaker.setFocus()

    def _common(self, field: str) -> str:
        values = {getattr(segment, field) for segment in self._segments}
        return str(values.pop()) if len(values) == 1 else ""

    def _values(self) -> dict[str, object]:
        return {
            "speaker": self._speaker.currentText().strip(),
            "language": self._language.currentText().strip(),
            "remark": self._remark.text().strip(),
            "overlap": int(self._overlap.isChecked()),
            "excluded": int(self._excluded.isChecked()),
        }

    def edit(self) -> segment_edits.Edit:
        """The edit that was asked for."""
        fields = {k: v for k, v in self._values().items() if v != self._before[k]}
        return segment_edits.changed(self._segments, **fields) if fields else ([], [])
