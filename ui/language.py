"""The window's language: Qt Linguist's files for what the window says, `app.messages` for codes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from app.messages import Language, message
from app.resources import TRANSLATIONS

PROPERTY = "seongmunLanguage"


def current_language() -> Language:
    """The language that is shown now."""
    application = QCoreApplication.instance()
    chosen = application.property(PROPERTY) if application is not None else None
    return "ko" if chosen == "ko" else "en"


def set_language(application: QApplication, language: Language) -> None:
    """Switch; every widget hears of it by a LanguageChange event and keeps its state."""
    for translator in application.findChildren(QTranslator):
        application.removeTranslator(translator)
        translator.deleteLater()
    application.setProperty(PROPERTY, language)
    QLocale.setDefault(QLocale(QLocale.Language.Korean if language == "ko" else QLocale.Language.C))
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for name, folder in (("qtbase", qt_folder), ("seongmun", str(TRANSLATIONS))):
        translator = QTranslator(application)
        if translator.load(f"{name}_{language}", folder):
            application.installTranslator(translator)


def text_of(code: str, params: Mapping[str, object] | None = None) -> str:
    """What a code means, in the language that is shown now."""
    return message(code, current_language(), params)
