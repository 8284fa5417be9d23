"""Where the program's own files are."""

from __future__ import annotations

from pathlib import Path

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
MODELS = RESOURCES / "models"
POPULATIONS = RESOURCES / "populations"
DEMO = RESOURCES / "demo"
DEMO_QUESTIONED, DEMO_KNOWN = "문제음성_synthetic.amr", "대조음성_synthetic.m4a"
FONTS = RESOURCES / "fonts"
MESSAGES = RESOURCES / "i18n" / "messages.toml"
REPORT_TEXTS = RESOURCES / "i18n" / "report.toml"
REVIEW_TEXTS = RESOURCES / "i18n" / "review.toml"
VALIDATION_TEXTS = RESOURCES / "i18n" / "validation.toml"
RING_TEXTS = RESOURCES / "i18n" / "rings.toml"
TRANSLATIONS = RESOURCES / "i18n"
TEMPLATES = RESOURCES / "templates"
TEMPLATE = TEMPLATES / "standard.toml"
VERBAL_SCALES = RESOURCES / "verbal_scales"
VERBAL_SCALE = VERBAL_SCALES / "enfsi-2015.toml"
DEFAULT_MODEL_ID = "seongmun-t5"
