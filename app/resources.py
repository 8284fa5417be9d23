"""Where the program's own files are."""

from __future__ import annotations

from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
MODELS = RESOURCES / "models"
POPULATIONS = RESOURCES / "populations"
DEMO = RESOURCES / "demo"
I18N = RESOURCES / "i18n"
DEFAULT_MODEL_ID = "seongmun-t1"
