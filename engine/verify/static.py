"""Can a PDF show different things at different times, or do things? A report cannot.

Layers, actions, scripts and annotations can make a signed page look otherwise without a byte
changed. None is in a report but links, the outline and the two places for signatures.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pikepdf

from engine.report.roles import ARCHIVE, EXAMINER, REVIEWER
from engine.types import Check
from engine.verify.outcomes import failed, passed

CHECK_ID = "document.static"
CATALOG = {
    "/AF", "/AcroForm", "/DSS", "/Dests", "/Extensions", "/Lang", "/MarkInfo", "/Metadata",
    "/Names", "/Outlines", "/OutputIntents", "/PageLabels", "/PageLayout", "/PageMode", "/Pages",
    "/Perms", "/StructTreeRoot", "/Type", "/Version", "/ViewerPreferences",
}  # fmt: skip
NAMES, FORM = {"/EmbeddedFiles", "/Dests"}, {"/Fields", "/SigFlags", "/DR", "/DA"}
FIELDS = {EXAMINER, REVIEWER}
ARCHIVED = re.compile(rf"{ARCHIVE}[1-9]\d?")
ACTIONS = {"/GoTo", "/URI"}
MOST_BOOKMARKS = 100_000


def check_static(pdf: bytes) -> Check:
    """Is there nothing in the document but pages, links, attachments and signatures?"""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            reason = _fault(document)
    except Exception as error:  # whatever a hostile file provokes in the parser
        return failed(CHECK_ID, "unreadable", error=type(error).__name__)
    return failed(CHECK_ID, reason) if reason else passed(CHECK_ID, "static")


def _fault(document: pikepdf.Pdf) -> str:
    root = document.Root
    if "/OCProperties" in root:
        return "layers"
    names: Any = root.get("/Names", {})
    form: Any = root.get("/AcroForm", {})
    if set(root.keys()) - CATALOG or set(names.keys()) - NAMES:
        return "active"
    if set(form.keys()) - FORM or any(not _is_place(f) for f in form.get("/Fields", ())):
        return "form"
    if not _only_goes(root.get("/Outlines")):
        return "active"
    for page in document.pages:
        if "/AA" in page.obj:
            return "active"
        if not all(_is_known(annotation) for annotation in page.obj.get("/Annots", ())):
            return "annotation"
    return ""


def _is_place(field: Any) -> bool:
    """One of the two signature fields or an archive timestamp's, bare of actions."""
    name = str(field.get("/T", ""))
    return (
        field.get("/FT") == pikepdf.Name.Sig
        and (name in FIELDS or ARCHIVED.fullmatch(name) is not None)
        and "/Kids" not in field
        and not field.keys() & {"/A", "/AA", "/Lock", "/OC"}
    )


def _is_known(annotation: Any) -> bool:
    if annotation.keys() & {"/AA", "/OC"}:
        return False
    if annotation.get("/Subtype") == pikepdf.Name.Widget:
        return _is_place(annotation)
    return annotation.get("/Subtype") == pikepdf.Name.Link and _is_harmless(annotation)


def _is_harmless(owner: Any) -> bool:
    action = owner.get("/A")
    return action is None or (str(action.get("/S")) in ACTIONS and "/Next" not in action)


def _only_goes(outline: Any) -> bool:
    """Whether every bookmark only goes to a place."""
    waiting, seen = [outline] if outline is not None else [], 0
    while waiting:
        item, seen = waiting.pop(), seen + 1
        if seen > MOST_BOOKMARKS or not _is_harmless(item):
            return False
        waiting += [item[key] for key in ("/First", "/Next") if key in item]
    return True
