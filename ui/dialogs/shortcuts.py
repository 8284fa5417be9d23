"""The sheet of keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget


class ShortcutsDialog(QDialog):
    """Groups of (key, what it does)."""

    def __init__(
        self,
        groups: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys"))
        self.resize(560, 620)
        html = []
        for title, rows in groups:
            html.append(f"<h4>{title}</h4><table cellspacing='2'>")
            html += [
                f"<tr><td width='150'><b>{key}</b></td><td>{text}</td></tr>"
                for key, text in rows
                if key
            ]
            html.append("</table>")
        label = QLabel("".join(html), wordWrap=True)
        label.setMargin(8)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(label)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
