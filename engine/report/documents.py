"""What the signed documents beside reports carry: the name of the one file attached to each."""

from __future__ import annotations

STUDY, REVIEW = "study.json", "review.json"
