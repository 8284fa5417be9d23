"""Who signs a report, by the names of the two signature fields that it may have."""

from __future__ import annotations

EXAMINER, REVIEWER = "SeongmunExaminer", "SeongmunReviewer"
ARCHIVE = "SeongmunArchive"
"""Beginning of the names of archive timestamps' fields."""
