"""What a report on comparisons needs besides: both languages, the laboratory's template, and
whether every comparison of the case goes into it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from ui.dialogs.report import ReportDialog

TEMPLATE = "report/template"


class EvidenceReportDialog(ReportDialog):
    """The template is remembered."""

    def __init__(
        self,
        settings: QSettings,
        suggested: Path,
        comparisons: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(settings, suggested, parent)
        self._language.addItem("한국어 · English", "both")
        self._template = QLineEdit(str(settings.value(TEMPLATE, "")))
        self._template.setPlaceholderText(self.tr("none: the plain one"))
        self._whole_case = QCheckBox(
            self.tr("All {count} comparisons of the case").format(count=comparisons)
        )
        row = self._beside(self._template, self._browse_template)
        self._form.insertRow(1, self.tr("Template"), row)
        if comparisons > 1:
            self._form.insertRow(2, "", self._whole_case)

    def _browse_template(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Laboratory's template"), self._template.text(), "TOML (*.toml)"
        )
        if name:
            self._template.setText(name)

    def accept(self) -> None:
        """Remember the template and who signs."""
        self._settings.setValue(TEMPLATE, self._template.text().strip())
        super().accept()

    @property
    def report_language(self) -> Literal["ko", "en", "both"]:
        """One language, or both in one document."""
        return "both" if self._language.currentData() == "both" else self.language

    @property
    def template(self) -> str | None:
        """The laboratory's template, if there is one."""
        return self._template.text().strip() or None

    @property
    def whole_case(self) -> bool:
        """Whether every comparison of the case is reported, each for itself."""
        return self._whole_case.isChecked()
