"""What makes a PDF fit for keeping (ISO 19005-3, PDF/A-3): metadata, colour, structure, files.

The level that is claimed is B; the structure tree is there beyond it. `docs/report.md` says what of
this was checked and what not.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import ImageCms

from engine.report.tags import Element

MIME_TYPES = {".json": "application/json", ".csv": "text/csv"}
DATE_IN_PROFILE = slice(24, 36)
PRODUCER = "Seongmun"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a document says of itself; `created_utc` as ``2026-11-25T10:00:00Z``."""

    title: str
    author: str
    language: str
    created_utc: str
    identifier: str


def archive(pdf: bytes, metadata: Metadata, structure: Element | None) -> bytes:
    """Give a PDF its metadata, its colour space and, if there is one, its structure tree; equal
    input gives equal bytes."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        _describe(document, metadata)
        _name_colours(document)
        if structure is not None:
            _write_structure(document, structure)
        for page in document.pages:
            del page.obj["/Trans"]  # reportlab's effect of turning the page: none
        document.Root.Lang = pikepdf.String(metadata.language)
        document.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        document.save(output, deterministic_id=True, min_version="1.7")
    return output.getvalue()


def attach_files(
    pdf: bytes, files: Mapping[str, bytes], descriptions: Mapping[str, str], created_utc: str
) -> bytes:
    """Embed documents as associated data files; the type is told by the end of the name."""
    output = io.BytesIO()
    date = pikepdf.String(_pdf_date(created_utc)) if created_utc else None
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for name, content in files.items():
            document.attachments[name] = pikepdf.AttachedFileSpec(
                document,
                content,
                filename=name,
                description=descriptions.get(name, ""),
                mime_type=MIME_TYPES[name[name.rindex(".") :]],
                relationship=Name.Data,
            )
            if date is not None:
                params = document.attachments[name].get_file().obj.Params
                params.CreationDate = params.ModDate = date
        attached = [document.attachments[name].obj for name in files]
        document.Root.AF = Array(attached)
        document.save(output, deterministic_id=True, min_version="1.7")
    return output.getvalue()


def _pdf_date(utc: str) -> str:
    """``2026-11-25T10:00:00Z`` as PDF writes it."""
    return "D:" + "".join(c for c in utc if c.isdigit())[:14] + "Z"


def _describe(document: Pdf, metadata: Metadata) -> None:
    """XMP and the older dictionary say the same, as PDF/A demands."""
    date = _pdf_date(metadata.created_utc)
    del document.docinfo
    for key, value in {
        "/Title": metadata.title,
        "/Author": metadata.author,
        "/Producer": PRODUCER,
        "/CreationDate": date,
        "/ModDate": date,
    }.items():
        document.docinfo[key] = pikepdf.String(value)
    with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp["dc:title"] = metadata.title
        xmp["dc:creator"] = [metadata.author]
        xmp["dc:identifier"] = metadata.identifier
        xmp["dc:language"] = {metadata.language}
        xmp["pdf:Producer"] = PRODUCER
        for name in ("CreateDate", "ModifyDate", "MetadataDate"):
            xmp[f"xmp:{name}"] = metadata.created_utc
        xmp["pdfaid:part"], xmp["pdfaid:conformance"] = "3", "B"


@cache
def _srgb() -> bytes:
    """The sRGB profile that little CMS makes, without the time at which it was made."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[DATE_IN_PROFILE] = bytes([7, 234, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    return bytes(made)


def _name_colours(document: Pdf) -> None:
    profile = document.make_stream(_srgb(), N=3)
    document.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFA1,
                OutputConditionIdentifier=pikepdf.String("sRGB IEC61966-2.1"),
                Info=pikepdf.String("sRGB IEC61966-2.1"),
                DestOutputProfile=profile,
            )
        ]
    )


def _write_structure(document: Pdf, root: Element) -> None:
    tree = document.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    parents: list[dict[int, pikepdf.Object]] = [{} for _ in document.pages]
    tree.K = Array([_element(document, root, tree, parents)])
    numbers: list[int | pikepdf.Object] = []
    for number, (page, marks) in enumerate(zip(document.pages, parents, strict=True)):
        page.obj.StructParents = number
        page.obj.Tabs = Name.S
        marked = Array([marks[i] for i in sorted(marks)])
        numbers += [number, document.make_indirect(marked)]
    tree.ParentTree = document.make_indirect(Dictionary(Nums=Array(numbers)))
    tree.ParentTreeNextKey = len(document.pages)
    document.Root.StructTreeRoot = tree
    document.Root.MarkInfo = Dictionary(Marked=True)


def _element(
    document: Pdf,
    element: Element,
    parent: pikepdf.Object,
    parents: Sequence[dict[int, pikepdf.Object]],
) -> pikepdf.Object:
    made = document.make_indirect(
        Dictionary(Type=Name.StructElem, S=Name(f"/{element.tag}"), P=parent)
    )
    if element.language:
        made.Lang = pikepdf.String(element.language)
    if element.description:
        made.Alt = pikepdf.String(element.description)
    children: list[pikepdf.Object] = []
    for child in element.children:
        if isinstance(child, Element):
            children.append(_element(document, child, made, parents))
            continue
        page, mark = child
        reference = Dictionary(Type=Name.MCR, Pg=document.pages[page].obj, MCID=mark)
        parents[page][mark] = made
        children.append(reference)
    made.K = Array(children)
    return made
