"""What a report says and where: the checklist in Korean and English, several comparisons, both
languages, templates, the attached files, and the file's structure."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import struct
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import pdfa
from PIL import Image

from app.resources import DEMO, DEMO_QUESTIONED, REPORT_TEXTS, TEMPLATE
from app.services.case_analysis import analyse, engine_of, recorded_findings, report_analyses
from app.services.comparing import Comparison
from app.services.reporting import CaseExtract, Finding, ReportRequest, finding_of, make_report
from app.services.verifying import verify
from engine.audio.decode import decode
from engine.casefile import work
from engine.casefile.store import CaseFile
from engine.casefile.tables import Analysis, Report
from engine.compare.score import cohort_statistics
from engine.errors import ErrorCode, SeongmunError
from engine.models.session import EmbeddingModel
from engine.report.manifest import item_embedding
from engine.report.sign import Identity
from engine.report.template import draw_logo, load_template
from engine.types import AuditEvent, CaseAnchor, CheckStatus, Population
from engine.verify.attached import check_attachments, check_embeddings
from engine.verify.run import read_manifest

Tool = Callable[..., bytes]
CHECKLIST = tomllib.loads(
    (Path(__file__).parent / "report_checklist.toml").read_text(encoding="utf-8")
)["item"]
TEXTS = tomllib.loads(REPORT_TEXTS.read_text(encoding="utf-8"))
LAST_BODY, EXAMINER = "verification", "김감정"
OTHER = "대조음성2_synthetic.wav"
SECTIONS = (
    "request", "items", "propositions", "method", "material", "quality", "population", "result",
    "limits", "deviations", "verification",
)  # fmt: skip
ANNEXES = (
    "annex_identity", "annex_scores", "annex_segments", "annex_audit", "annex_attachments",
    "annex_glossary",
)  # fmt: skip
CASE_FACTS = {
    "request": "문제음성과 대조음성을 비교하여 주십시오.",
    "received_utc": "2026-11-02",
    "deviations": "구간을 두 번 확인하였습니다.",
}
EXHIBIT_FACTS = {"origin": "경찰청 제출 USB", "received_from": "홍길동", "received_utc": "11-03"}


@pytest.fixture(scope="module")
def case(
    tmp_path_factory: pytest.TempPathFactory, model: EmbeddingModel, population: Population
) -> Path:
    """One questioned recording compared with two known ones, with custody and a first report."""
    folder = tmp_path_factory.mktemp("case") / "case"
    with CaseFile.create(folder, "2026-형제-1", EXAMINER, "감정소", "지방검찰청") as opened:
        for name, value in CASE_FACTS.items():
            work.set_fact(opened, EXAMINER, name, value)
        sides = []
        for path, role in (
            (DEMO / DEMO_QUESTIONED, "questioned"),
            (next(DEMO.glob("대조음성_*")), "known"),
            (DEMO / OTHER, "known"),
        ):
            exhibit, _ = opened.add(path, role, EXAMINER)
            for name, value in EXHIBIT_FACTS.items():
                work.set_fact(opened, EXAMINER, name, value, exhibit.id)
            sides.append(exhibit)
        for known in sides[1:]:
            analyse(opened, sides[0], known, model, population)
    return folder


@pytest.fixture(scope="module")
def case_reports(
    case: Path, identity: Identity, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """In Korean, then a correction of it in English, then one in both languages."""
    folder = tmp_path_factory.mktemp("content")
    paths, older = {}, ""
    for language in ("ko", "en", "both"):
        paths[language] = folder / f"{language}.pdf"
        request = ReportRequest(language, identity)  # type: ignore[arg-type]
        made = report_analyses(
            case, [], request, paths[language], supersedes=older, reason="custody" if older else ""
        )
        older = made.report_id
    return paths


def content_of(path: Path) -> dict[str, Any]:
    manifest, _ = read_manifest(path.read_bytes())
    assert manifest is not None
    return dict(manifest.content)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def sections_of(pdf: Path, language: str, tool: Tool) -> dict[str, str]:
    """The text of every section by its key, without white space: headings are found in order."""
    text = tool("pdftotext", "-raw", pdf, "-").decode()
    text = squeezed(re.sub(r"(?m)^.* · SM-[0-9A-Z-]+ .*$", "", text))
    found, name, begin = {}, "cover", 0
    titles = [(key, f"{n}.{TEXTS[language][key]}") for n, key in enumerate(SECTIONS, start=1)]
    letters = zip("ABCDEF", ANNEXES, strict=True)
    titles += [
        (key, TEXTS[language]["annex"].format(letter=x) + "." + TEXTS[language][key])
        for x, key in letters
    ]
    for key, title in titles:
        at = text.index(squeezed(title), begin)
        found[name] = text[begin:at]
        name, begin = key, at
    return found | {name: text[begin:]}


def values_at(content: Any, place: str) -> Iterator[str]:
    """Values of a manifest by a place such as ``items.*.sha256``."""
    first, _, rest = place.partition(".")
    parts = content if first == "*" else [content[first]]
    for part in parts:
        if rest:
            yield from values_at(part, rest)
        else:
            yield str(part)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_checklist_has_its_places(language: str, case_reports: dict[str, Path], tool: Tool) -> None:
    """Every item of the checklist stands in the section that is named for it; what is about a
    correction stands in the one that corrects."""
    corrected = case_reports["en"]
    sections = sections_of(case_reports[language], language, tool)
    content = content_of(case_reports[language])
    for item in CHECKLIST:
        text = sections[item["section"]]
        if "7.8.8" in item["source"] and case_reports[language] != corrected:
            assert squeezed(TEXTS[language]["supersedes"]) not in text
            continue
        for key in item.get("texts", []):
            assert squeezed(TEXTS[language][key]) in text, (item["source"], key)
        for place in item.get("values", []):
            for value in values_at(content, place):
                assert value, (item["source"], place)
                assert squeezed(value) in text, (item["source"], place)


def test_every_page_has_its_number(case_reports: dict[str, Path], tool: Tool) -> None:
    for language, form in (("ko", "{} / {} 쪽"), ("en", "Page {} of {}")):
        pages = tool("pdftotext", case_reports[language], "-").decode().split("\f")[:-1]
        number = content_of(case_reports[language])["report_id"]
        for at, page in enumerate(pages, start=1):
            assert form.format(at, len(pages)) in page
            assert number in page


def test_glossary_explains_every_term(case_reports: dict[str, Path], tool: Tool) -> None:
    for language in ("ko", "en"):
        text = sections_of(case_reports[language], language, tool)["annex_glossary"]
        for term, meaning in TEXTS[language]["glossary"].items():
            assert squeezed(term) in text
            assert squeezed(meaning)[:20] in text


def test_every_comparison_has_its_own_result_and_none_is_combined(
    case_reports: dict[str, Path], case: Path, tool: Tool
) -> None:
    content = content_of(case_reports["en"])
    assert [item["label"] for item in content["items"]] == ["Q1", "K1", "K2"]
    sections = sections_of(case_reports["en"], "en", tool)
    numbers = [f"{c['result']['log10_lr']:.2f}" for c in content["comparisons"]]
    assert len(numbers) == 2
    for number, compared in enumerate(content["comparisons"], start=1):
        title = f"Comparison {number}: Questioned recording – Known recording {number} (K{number})"
        assert squeezed(title) in sections["result"]
        assert f"{compared['result']['log10_lr']:.2f}" in sections["result"]
        assert compared["known"] in sections["cover"]
    product = sum(c["result"]["log10_lr"] for c in content["comparisons"])
    assert f"{product:.2f}" not in numbers and f"{product:.2f}" not in sections["result"]
    with CaseFile.open(case) as opened:
        kept = opened.rows(Report)
    assert [report.version for report in kept] == [1, 2, 3]


def test_report_of_several_is_verified_down_to_the_embeddings(
    case_reports: dict[str, Path], case: Path, identity_files: tuple[Path, Path]
) -> None:
    with CaseFile.open(case) as opened:
        found = verify(case_reports["both"], None, identity_files[1], recompute=True, case=opened)
    by_id = {check.id: check.status for check in found.result.checks}
    assert found.result.verdict is CheckStatus.PASS, found.result.checks
    for check_id in ("attachments", "embeddings.recomputed", "result.recomputed", "case.anchor",
                     "media.known", "media.known.2"):  # fmt: skip
        assert by_id[check_id] is CheckStatus.PASS


def test_both_languages_say_the_same(case_reports: dict[str, Path], tool: Tool) -> None:
    """The same numbers in the same order, and statements of the same direction and size."""
    text = tool("pdftotext", "-layout", case_reports["both"], "-").decode()
    korean, english = text.index("국문\n"), text.index("English\n")
    parts = text[korean:english], text[english : text.index("부록 A · Annex A")]
    patterns = (r"\[-?\d\.\d\d, -?\d\.\d\d\]", r"\b[0-9a-f]{64}\b", r"\d+\.\d+ %? ?\[[^\]]+\]")
    for pattern in patterns:
        first, second = (re.findall(pattern, part) for part in parts)
        assert first and first == second
    said = [
        re.findall(r"명제 (\d)이 참일 때 나타날 가능성이 (?:약|최소) ([\d.,]+)배", parts[0]),
        re.findall(r"are (?:about|at least) ([\d.,]+) times more probable if proposition (\d)",
                   re.sub(r"\s+", " ", parts[1])),
    ]  # fmt: skip
    in_results = [(p, n) for p, n in said[0]]
    assert in_results == [(p, n) for n, p in said[1]][::2]  # the reading repeats each statement


def test_attached_files_are_what_the_manifest_says(
    case_reports: dict[str, Path], model: EmbeddingModel
) -> None:
    """Read by plain means: from the attached embeddings and the model's cohort to the score."""
    content = content_of(case_reports["ko"])
    with pikepdf.open(case_reports["ko"]) as document:
        files = {k: v.get_file().read_bytes() for k, v in document.attachments.items()}
        for specification in document.Root.AF:
            assert specification.AFRelationship == pikepdf.Name.Data
    assert set(files) == {"manifest.json", "segments.csv", "embeddings.json", "scores.csv"}
    voices = {i["item"]: i for i in json.loads(files["embeddings.json"])["items"]}
    vectors = {k: np.array(v["embedding"], np.float32) for k, v in voices.items()}
    for item in content["items"]:
        packed = base64.b64decode(item["embedding"])
        assert struct.pack(f"<{len(packed) // 4}f", *voices[item["label"]]["embedding"]) == packed
    for row in csv.DictReader(io.StringIO(files["scores.csv"].decode())):
        pair = [vectors[row["questioned"]], vectors[row["known"]]]
        cosine = float(np.dot(*[v.astype(np.float64) for v in pair]))
        assert float(row["cosine"]) == pytest.approx(cosine, abs=1e-12)
        statistics = cohort_statistics(np.stack(pair), model.pack.cohort)
        expected = np.mean((cosine - statistics[:, 0]) / statistics[:, 1])
        assert float(row["score"]) == pytest.approx(expected, abs=1e-4)
    rows = list(csv.DictReader(io.StringIO(files["segments.csv"].decode())))
    assert len(rows) == sum(len(item["segments"]) for item in content["items"])


# Forms, permissions and validation data of signatures; attached files.
NOT_LOOKED_AT = {
    "pikepdf:schema-Catalog", "pikepdf:embedded-file", "pikepdf:schema-Page",
    "pikepdf:schema-Annot", "pikepdf:schema-Trailer",
}  # fmt: skip


def test_file_is_structured_for_keeping(case_reports: dict[str, Path]) -> None:
    """No violation of PDF/A-3b is found; what the validator does not look at is known."""
    for path in case_reports.values():
        with pikepdf.open(path) as document:
            assert document.Root.MarkInfo.Marked
            assert document.Root.Lang in ("ko", "en")
            (intent,) = document.Root.OutputIntents
            assert intent.DestOutputProfile.read_bytes()[12:20] == b"mntrRGB "
            with document.open_metadata() as xmp:
                assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("3", "B")
            with document.open_outline() as outline:
                assert len(outline.root) > len(SECTIONS)
            for page in document.pages:
                fonts = page.Resources.get("/Font", {})
                assert all("/FontFile2" in f.FontDescriptor for f in fonts.values())
            trailer = document.trailer
            assert len(trailer.ID) == 2
        report = pdfa.validate_written(path, "3b")
        unknown = {f.rule for f in report.unsupported}
        assert unknown <= NOT_LOOKED_AT, report.summary()
        assert not report.violations, report.summary()


def elements_of(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    yield node
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else []:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield from elements_of(kid)


def test_text_and_figures_are_tagged(case_reports: dict[str, Path]) -> None:
    with pikepdf.open(case_reports["both"]) as document:
        (root,) = document.Root.StructTreeRoot.K
        elements = list(elements_of(root))
        tags = [str(e.S) for e in elements]
        for tag in ("/H2", "/H3", "/P", "/Table", "/TR", "/TH", "/TD", "/Figure"):
            assert tag in tags
        described = [e for e in elements if pikepdf.Name.Figure == e.S]
        assert described and all(len(str(e.Alt)) > 20 for e in described)
        assert {str(e.Lang) for e in elements if "/Lang" in e} == {"ko", "en"}
        for page in document.pages:
            depth = 0
            for operands, operator in pikepdf.parse_content_stream(page):
                if str(operator) in ("BDC", "BMC"):
                    depth += 1
                elif str(operator) == "EMC":
                    depth -= 1
                elif str(operator) in ("Tj", "TJ", "Do", "S", "f"):
                    assert depth > 0, (page.index, operator, operands)
            assert depth == 0


def draft_of(findings: list[Finding], model: EmbeddingModel, population: Population,
             **options: Any) -> bytes:  # fmt: skip
    request = ReportRequest(options.pop("language", "en"), None, **options)
    return make_report(findings, model.pack, population, request)[0]


@pytest.fixture(scope="module")
def finding(comparison: Comparison, model: EmbeddingModel) -> Finding:
    request = ReportRequest("en", None)
    return finding_of(comparison, request.scale)


def test_comparisons_that_differ_in_model_or_settings_are_refused(
    finding: Finding, model: EmbeddingModel, population: Population
) -> None:
    other = replace(finding, profile={**finding.profile, "vad": {"threshold": 0.1}})
    with pytest.raises(SeongmunError) as caught:
        draft_of([finding, other], model, population)
    assert caught.value.code is ErrorCode.REPORT_MIXED


def test_repeated_comparison_is_told_once_as_it_was_made_last(
    finding: Finding, model: EmbeddingModel, population: Population
) -> None:
    again = replace(finding, analysed_utc="2026-12-01T00:00:00Z")
    pdf = draft_of([finding, again], model, population)
    manifest, _ = read_manifest(pdf)
    assert manifest is not None
    content = manifest.content
    (told,) = content["comparisons"]
    assert told["analysed_utc"] == again.analysed_utc
    assert [item["label"] for item in content["items"]] == ["Q1", "K1"]


def write_template(folder: Path, body: str, **files: bytes) -> Path:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    path = folder / "lab.toml"
    path.write_text(body, encoding="utf-8")
    return path


def png(width: int = 400, height: int = 100) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (width, height), (20, 60, 120, 200)).save(buffer, "PNG")
    return buffer.getvalue()


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10">
<rect width="40" height="10" fill="#123456"/></svg>"""
LABORATORY = """
id = "lab"
version = "3"
[laboratory]
name = {ko = "음성감정소", en = "Voice Laboratory"}
address = "서울특별시 서초구 1"
[logo]
file = "logo.png"
[[fields]]
label = {ko = "인정번호", en = "Accreditation"}
value = "KT-999"
[texts]
[texts.method]
ko = "이 방법은 표준작업서 5를 따릅니다."
en = "The method follows standard procedure 5."
"""


def test_template_is_printed_and_named(
    finding: Finding, model: EmbeddingModel, population: Population, tmp_path: Path, tool: Tool
) -> None:
    template = load_template(write_template(tmp_path, LABORATORY, logo_png=png()))
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(draft_of([finding], model, population, language="both", template=template))
    text = squeezed(tool("pdftotext", pdf, "-").decode())
    for part in ("음성감정소·VoiceLaboratory", "서울특별시서초구1", "Accreditation:KT-999",
                 "표준작업서5를따릅니다", "standardprocedure5"):  # fmt: skip
        assert part in text
    stated = content_of(pdf)["template"]
    assert stated == {
        "id": "lab", "version": "3", "sha256": template.sha256, "laboratory": "음성감정소",
    }  # fmt: skip
    assert len(tool("pdfimages", "-list", "-l", "1", pdf).splitlines()) == 3


@pytest.mark.parametrize(
    ("change", "files", "code"),
    [
        (("lab", "a/b"), {}, ErrorCode.TEMPLATE_INVALID),
        (('version = "3"', ""), {}, ErrorCode.TEMPLATE_INVALID),
        (("standard procedure 5", "The voices match"), {}, ErrorCode.TEMPLATE_INVALID),
        (("[texts]", "[words]"), {}, ErrorCode.TEMPLATE_INVALID),
        (("logo.png", "../logo.png"), {}, ErrorCode.TEMPLATE_INVALID),
        (("logo.png", "none.png"), {}, ErrorCode.TEMPLATE_LOGO),
        (("", ""), {"logo_png": png()[:-40]}, ErrorCode.TEMPLATE_LOGO),
        (("", ""), {"logo_png": b"GIF89a"}, ErrorCode.TEMPLATE_LOGO),
        (("", ""), {"logo_png": png(4001, 2)}, ErrorCode.TEMPLATE_LOGO),
        (("", ""), {"logo_png": b"\x89PNG" + bytes(1 << 20)}, ErrorCode.TEMPLATE_LOGO),
        (("png", "svg"), {"logo_svg": SVG.replace(b"rect", b"image")}, ErrorCode.TEMPLATE_LOGO),
        (("png", "svg"), {"logo_svg": SVG.replace(b"#123456", b"url(#a)")},
         ErrorCode.TEMPLATE_LOGO),
        (("png", "svg"), {"logo_svg": b"<!DOCTYPE svg>" + SVG}, ErrorCode.TEMPLATE_LOGO),
    ],
)  # fmt: skip
def test_bad_templates_have_their_codes(
    change: tuple[str, str], files: dict[str, bytes], code: ErrorCode, tmp_path: Path
) -> None:
    path = write_template(tmp_path, LABORATORY.replace(*change), **({"logo_png": png()} | files))
    with pytest.raises(SeongmunError) as caught:
        load_template(path)
    assert caught.value.code is code


def test_svg_logo_keeps_its_shape() -> None:
    drawing = draw_logo(SVG, 20.0)
    assert not isinstance(drawing, Image.Image)
    assert (drawing.width, drawing.height) == (80.0, 20.0)
    assert load_template(TEMPLATE).logo == b""


def test_appendix_of_hundreds_of_pages_repeats_its_head(
    finding: Finding, model: EmbeddingModel, population: Population, tmp_path: Path, tool: Tool
) -> None:
    """A long trail: every page of the list begins with its head, no line is lost."""
    count = 18_700
    audit = tuple(
        AuditEvent(n, "2026-11-25T10:00:00.000000Z", f"감정인 {n % 7}", "segment.edit", {}, "",
                   f"{n:064x}")
        for n in range(1, count + 1)
    )  # fmt: skip
    extract = CaseExtract(CaseAnchor("u", "1", count, audit[-1].hash), audit)
    pdf = tmp_path / "long.pdf"
    pdf.write_bytes(draft_of([finding], model, population, case=extract))
    pages = tool("pdftotext", "-layout", pdf, "-").decode().split("\f")[:-1]
    assert len(pages) > 300
    listed = [page for page in pages if "segment.edit" in page]
    assert all("Hash (SHA-256)" in page for page in listed)
    hashes = [int(h, 16) for page in listed for h in re.findall(r"\b[0-9a-f]{64}\b", page)]
    assert sorted(set(hashes) & set(range(1, count + 1))) == list(range(1, count + 1))


@pytest.mark.parametrize(("language", "where"), [("ko", 0), ("both", 1)])
def test_summary_that_fills_the_cover_has_the_next_page(
    language: str,
    where: int,
    finding: Finding,
    model: EmbeddingModel,
    population: Population,
    tmp_path: Path,
    tool: Tool,
) -> None:
    """Who signs, and that nobody did, always stands on the first page."""
    questioned, known = finding.sides
    others = [
        replace(finding, sides=(questioned, replace(known, exhibit=number)))
        for number in range(1, 12)
    ]
    pdf = tmp_path / "dozen.pdf"
    pdf.write_bytes(draft_of(others, model, population, language=language))
    pages = tool("pdftotext", "-layout", pdf, "-").decode().split("\f")
    assert all(f"K{number}" in pages[where].split() for number in range(1, 12))
    assert TEXTS["ko"]["unsigned"] in pages[0]
    pointer = TEXTS["ko"]["summary_follows"].format(count=11)
    assert (pointer in pages[0]) is (where == 1)


def test_recorded_comparison_is_reported_as_it_was(case: Path) -> None:
    """Figures come from the case's own media, numbers from its records."""
    with CaseFile.open(case) as opened:
        analyses = opened.rows(Analysis)
        _, population = engine_of(analyses[0])
        found = recorded_findings(opened, analyses, population)
        for analysis, one in zip(analyses, found, strict=True):
            assert one.result["log10_lr"] == json.loads(analysis.result)["log10_lr"]
            assert one.provider == "CPUExecutionProvider"
            audio = decode(opened.media(one.sides[1].item["sha256"]))
            assert np.array_equal(one.sides[1].figure.samples, audio.samples[0])


def change_attachment(pdf: bytes, name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.attachments[name] = pikepdf.AttachedFileSpec(document, content, filename=name)
        document.save(buffer)
    return buffer.getvalue()


def test_attached_file_that_says_anything_else_is_found(
    finding: Finding, model: EmbeddingModel, population: Population
) -> None:
    draft = draft_of([finding], model, population)
    manifest, _ = read_manifest(draft)
    assert check_attachments(draft, manifest).status is CheckStatus.PASS
    for name, content in (
        ("segments.csv", b"item,sha256,channel,start_s,end_s\n"),
        ("scores.csv", b""),
        ("embeddings.json", b"{}"),
        ("more.txt", b"the voices are one person's"),
    ):
        changed = change_attachment(draft, name, content)
        assert check_attachments(changed, manifest).status is CheckStatus.FAIL, name


def test_embeddings_of_other_recordings_are_found(finding: Finding) -> None:
    items = [dict(side.item) for side in finding.sides]
    vectors = [item_embedding(item, "").vector for item in items]
    assert check_embeddings({"items": items}, vectors).status is CheckStatus.PASS
    assert check_embeddings({"items": items}, vectors[::-1]).status is CheckStatus.FAIL
    assert check_embeddings({"items": items}, []).status is CheckStatus.NOT_CHECKED
