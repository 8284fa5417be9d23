"""What a report on comparisons needs besides: both languages, the laboratory's template, whether
every comparison of the case goes into it, and which report it corrects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit, QWidget

from app.services.workroom import Report
from ui.dialogs.buttons import beside
from ui.dialogs.report import ReportDialog
from ui.widgets.optional_group import OptionalGroup

TEMPLATE = "report/template"


class CorrectionGroup(OptionalGroup):
    """The report of the case that is corrected, and why."""

    def __init__(self, reports: Sequence[Report]) -> None:
        super().__init__()
        self.setTitle(self.tr("Correction of an earlier report"))
        self.number, self.reason_line = QComboBox(), QLineEdit()
        for report in reports:
            text = self.tr("{number} (version {version}, {date}, {state})").format(
                number=report.report_id,
                version=report.version,
                date=report.utc[:10],
                state=self.tr("signed") if report.signed else self.tr("draft"),
            )
            self.number.addItem(text, report.report_id)
        self.form.addRow(self.tr("Superseded report"), self.number)
        self.form.addRow(self.tr("Reason"), self.reason_line)
        self.reason_line.textChanged.connect(self.changed)

    @property
    def supersedes(self) -> str:
        """The number of the report that is corrected; empty where none is."""
        return str(self.number.currentData() or "") if self.isChecked() else ""

    @property
    def reason(self) -> str:
        """Why it is corrected."""
        return self.reason_line.text().strip() if self.supersedes else ""

    def problem(self) -> str:
        """What is missing; empty where nothing is."""
        if self.supersedes and not self.reason:
            return self.tr("State why the earlier report is corrected: the new one says so.")
        return ""


class EvidenceReportDialog(ReportDialog):
    """The template is remembered. `correctable` are the reports that can be superseded."""

    def __init__(
        self,
        settings: QSettings,
        suggested: Path,
        comparisons: int,
        correctable: Sequence[Report] = (),
        parent: QWidget | None = None,
    ) -> None:
        self.correction = CorrectionGroup(correctable)
        super().__init__(settings, suggested, parent)
        self._language.addItem("한국어 · English", "both")
        self._template = QLineEdit(str(settings.value(TEMPLATE, "")))
        self._template.setPlaceholderText(self.tr("none: the plain one"))
        self._whole_case = QCheckBox(
            self.tr("All {count} comparisons of the case").format(count=comparisons)
        )
        row = beside(self._template, self._browse_template)
        self._form.insertRow(1, self.tr("Template"), row)
        if comparisons > 1:
            self._form.insertRow(2, "", self._whole_case)
        if correctable:
            self._form.insertRow(self._form.rowCount() - 2, self.correction)
        self.correction.changed.connect(self._update)

    def _problem(self) -> str:
        return super()._problem() or self.correction.problem()

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
