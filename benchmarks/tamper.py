"""What verification says of a report under attack: `docs/tamper-matrix.md` is its output.

Every attack is made on a real report of the demo recordings, signed with a timestamp and a CRL, and
verified with everything a reader can bring along but the recomputation.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
from asn1crypto import cms
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name as name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from app.resources import (
    DEFAULT_MODEL_ID,
    DEMO,
    DEMO_KNOWN,
    DEMO_QUESTIONED,
    MODELS,
    VERBAL_SCALE,
)
from app.services.case_analysis import compare_in_case
from app.services.casework import new_case
from app.services.loading import open_population
from app.services.reporting import ReportRequest
from app.services.wording import check_name, check_reason
from benchmarks.laboratory import DAY, Authority, Laboratory, Told, ec_key, rsa_key
from engine.canonical import canonical_bytes
from engine.casefile.store import CaseFile
from engine.lr.verbal import load_scale
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.report import lasting, sign
from engine.report.revocation import NO_DATA
from engine.report.roles import EXAMINER, REVIEWER
from engine.report.sign import FileIdentity, Proofs, countersign_report, sign_report
from engine.types import Check, CheckStatus, VerificationResult
from engine.verify.coverage import BYTE_RANGE, first_revision
from engine.verify.run import Verification, VerificationInputs, verify_pdf
from engine.verify.signature import check_signature

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "tamper-matrix.md"
SHORT = timedelta(seconds=4)
SIGNED = ("signature.", "countersignature.", "document.", "archive.")
REASON = "Forensic voice comparison report"
Writer = BasePdfFileWriter
Attacked = tuple[bytes, dict[str, Any]]


class Scene:
    """A report and everything beside it, untouched."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.laboratory = folder, Laboratory(folder)
        laboratory = self.laboratory
        media = (DEMO / DEMO_QUESTIONED, DEMO / DEMO_KNOWN)
        self.media = folder / "media"
        self.media.mkdir()
        for path in media:
            shutil.copy(path, self.media)
        model = EmbeddingModel.open(load_pack(MODELS / DEFAULT_MODEL_ID), "cpu")
        population = open_population(None, model)
        self.case = folder / "case"
        new_case(self.case, "T-1", "Kim")
        self.earlier = Path(shutil.copytree(self.case, folder / "earlier"))
        target = folder / "report.pdf"
        request = ReportRequest("en", laboratory.proven(laboratory.examiner))
        compare_in_case(self.case, media, model, population, request=request, target=target)
        self.report = target.read_bytes()
        self.base = self.report[: self.report.index(b"%%EOF") + 6]
        self.second = countersign_report(
            self.report, laboratory.proven(laboratory.reviewer), REASON
        )
        self.archived = lasting.archive_report(self.second, laboratory.clock, laboratory.revocation)
        self.inputs = VerificationInputs(
            media=(self.media,),
            trust=(laboratory.root,),
            pack=model.pack,
            population=population,
            scale=load_scale(VERBAL_SCALE),
        )

    def verify(self, attacked: Attacked) -> Verification:
        """Check attacked bytes, with attacked surroundings if there are any."""
        pdf, changes = attacked
        case = changes.pop("case", None)
        inputs = replace(self.inputs, **changes)
        if case is None:
            return verify_pdf(pdf, inputs)
        with CaseFile.open(case) as opened:
            return verify_pdf(pdf, replace(inputs, case=opened))


@dataclass(frozen=True)
class Attack:
    """What is done, and the check that must catch it; empty where nothing is wrong with it; with a
    ``?`` a check that must not pass, ``signature.*`` is any of its kind."""

    group: str
    what: str
    caught_by: str
    make: Callable[[Scene], bytes | Attacked]

    def run(self, scene: Scene, quickly: bool = False) -> Verification:
        """What verification says; `quickly` no more than what its own check takes."""
        made = self.make(scene)
        if not (quickly and self.caught_by.startswith(SIGNED) and isinstance(made, bytes)):
            return scene.verify(made if isinstance(made, tuple) else (made, {}))
        checks, facts = check_signature(made, scene.inputs.trust)
        return Verification(VerificationResult(tuple(checks)), None, facts)


def flipped(pdf: bytes, at: int) -> bytes:
    """One byte changed."""
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], object]) -> bytes:
    """A revision appended without any signature."""
    writer, output = IncrementalPdfFileWriter(io.BytesIO(pdf)), io.BytesIO()
    change(writer)
    writer.write(output)
    return output.getvalue()


def rewritten(pdf: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """The whole file written anew."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        document.save(output, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return output.getvalue()


def signed_with(pdf: bytes, who: FileIdentity, change: Callable[[Writer], object]) -> bytes:
    """A countersignature by `who` that does more than sign."""
    return sign._sign(pdf, who, REVIEWER, REASON, change, {})


def smuggling(change: Callable[[Writer], object]) -> Callable[[Scene], bytes]:
    """A trusted reviewer who slips something into the second revision."""
    return lambda s: signed_with(s.report, s.laboratory.reviewer, change)


def stamping(change: Callable[[Writer], object]) -> Callable[[Scene], bytes]:
    """Somebody with a trusted clock who slips something into the archive's revision."""

    def prepare(writer: Writer) -> str:
        field = lasting._add_field(writer)
        change(writer)
        return field

    def attacked(scene: Scene) -> bytes:
        laboratory = scene.laboratory
        return lasting._stamp(scene.second, laboratory.clock, laboratory.revocation, prepare)

    return attacked


def prepared(change: Callable[[pikepdf.Pdf], object]) -> Callable[[Scene], bytes]:
    """A trusted examiner who prepares a file that can change its looks, and then signs it."""
    return lambda s: sign_report(rewritten(s.base, change), s.laboratory.examiner, REASON)


def dictionary(**entries: Any) -> Any:
    """A dictionary of pyHanko."""
    made: Any = generic.DictionaryObject
    return made({name(f"/{key}"): value for key, value in entries.items()})


def page_of(writer: Writer) -> Any:
    """The first page, to be changed."""
    reference, _ = writer.find_page_for_modification(0)
    writer.mark_update(reference)  # type: ignore[attr-defined]
    return reference.get_object()


def cover_page(writer: Writer) -> None:
    """A white square over the result."""
    box = generic.ArrayObject([generic.NumberObject(n) for n in (50, 300, 550, 700)])
    white = generic.ArrayObject([generic.NumberObject(1)] * 3)
    square = dictionary(
        Type=name("/Annot"), Subtype=name("/Square"), Rect=box, IC=white, F=generic.NumberObject(4)
    )
    page = page_of(writer)
    page[name("/Annots")] = generic.ArrayObject(
        [*page.get("/Annots", ()), writer.add_object(square)]
    )


def replace_content(writer: Writer) -> None:
    """Another content of the first page."""
    stream = generic.StreamObject(stream_data=b"BT ET")
    page_of(writer)[name("/Contents")] = writer.add_object(stream)


def swap_pages(writer: Writer) -> None:
    """The first page gives way to one that lay hidden."""
    pages = writer.root["/Pages"]
    writer.mark_update(writer.root.raw_get("/Pages"))  # type: ignore[attr-defined]
    kids = pages["/Kids"]
    pages[name("/Kids")] = generic.ArrayObject([kids.raw_get(max(i, 1)) for i in range(len(kids))])


def switch_layers(writer: Writer) -> None:
    """A catalog in which layers are hidden."""
    layer = writer.add_object(
        dictionary(Type=name("/OCG"), Name=generic.TextStringObject("result"))
    )
    off = dictionary(OFF=generic.ArrayObject([layer]))
    writer.root[name("/OCProperties")] = dictionary(OCGs=generic.ArrayObject([layer]), D=off)
    writer.update_root()


def change_appearance(writer: Writer) -> None:
    """The examiner's stamp says something else."""
    stream = generic.StreamObject(dict_data={name("/Subtype"): name("/Form")}, stream_data=b"")
    field = _field(writer, EXAMINER)
    field[name("/AP")] = dictionary(N=writer.add_object(stream))


def move_place(writer: Writer) -> None:
    """The reviewer's box grows over the whole page."""
    box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 595, 842)])
    _field(writer, REVIEWER)[name("/Rect")] = box


def _field(writer: Writer, wanted: str) -> Any:
    for reference in (
        writer.root["/AcroForm"]["/Fields"].raw_get(i)
        for i in range(len(writer.root["/AcroForm"]["/Fields"]))
    ):
        if reference.get_object()["/T"] == wanted:
            writer.mark_update(reference)  # type: ignore[attr-defined]
            return reference.get_object()
    raise ValueError(wanted)


def hide_object(writer: Writer) -> None:
    """An object that nothing refers to."""
    writer.add_object(generic.TextStringObject("for later"))


def store_anything(writer: Writer) -> None:
    """Something that is no certificate among the certificates."""
    store = writer.root["/DSS"]
    writer.mark_update(writer.root.raw_get("/DSS"))  # type: ignore[attr-defined]
    added = writer.add_object(generic.StreamObject(stream_data=b"anything"))
    store[name("/Certs")] = generic.ArrayObject([*store["/Certs"], added])


def replace_attached(document: pikepdf.Pdf) -> None:
    """A higher likelihood ratio in the manifest."""
    content = json.loads(document.attachments["manifest.json"].get_file().read_bytes())
    content["comparisons"][0]["result"]["log10_lr"] += 1
    document.attachments["manifest.json"] = pikepdf.AttachedFileSpec(
        document, canonical_bytes(content), filename="manifest.json"
    )


def replace_attached_later(writer: Writer) -> None:
    """The same, in an appended revision."""
    files = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    at = next(i for i, found in enumerate(files) if found == "manifest.json")
    reference = files[at + 1]["/EF"].raw_get("/F")
    stream = reference.get_object()
    content = json.loads(stream.data)
    content["comparisons"][0]["result"]["log10_lr"] += 1
    stream._data, stream._encoded_data = canonical_bytes(content), None
    writer.mark_update(reference)  # type: ignore[attr-defined]


def add_layer(document: pikepdf.Pdf) -> None:
    """Layers in the file that is signed."""
    layer = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("x"))
    )
    document.Root.OCProperties = pikepdf.Dictionary(
        OCGs=pikepdf.Array([layer]), D=pikepdf.Dictionary(OFF=pikepdf.Array([layer]))
    )


def add_script(document: pikepdf.Pdf) -> None:
    """A script that runs when the file is opened."""
    document.Root.OpenAction = pikepdf.Dictionary(
        S=pikepdf.Name.JavaScript, JS=pikepdf.String("this.print()")
    )


def add_note(document: pikepdf.Pdf) -> None:
    """An annotation over the result."""
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.FreeText,
        Rect=pikepdf.Array([50, 300, 550, 700]),
        Contents=pikepdf.String("LR 1,000,000"),
    )
    page = document.pages[0].obj
    page.Annots = pikepdf.Array([*page.get("/Annots", ()), document.make_indirect(note)])


def show_archive(writer: Writer) -> None:
    """The archive's field covers the page."""
    reference = writer.root["/AcroForm"]["/Fields"].raw_get(-1)
    box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 595, 842)])
    reference.get_object()[name("/Rect")] = box


def open_elsewhere(writer: Writer) -> None:
    """A catalog that acts when the file is opened."""
    action = dictionary(S=name("/URI"), URI=generic.TextStringObject("https://example.org"))
    writer.root[name("/OpenAction")] = action
    writer.update_root()


def drop_field(writer: Writer) -> None:
    """The examiner's field is no longer in the form."""
    fields = writer.root["/AcroForm"]["/Fields"]
    del fields[0]
    writer.update_container(fields)


def with_contents(pdf: bytes, digits: bytes) -> bytes:
    """Another signature in the place of the last one."""
    first, second = (int(n) for n in BYTE_RANGE.findall(pdf)[-1][1:3])
    return pdf[: first + 1] + digits.ljust(second - first - 2, b"0") + pdf[second - 1 :]


def contents_of(pdf: bytes) -> bytes:
    """The digits of the last signature."""
    first, second = (int(n) for n in BYTE_RANGE.findall(pdf)[-1][1:3])
    return pdf[first + 1 : second - 1]


def expired(scene: Scene) -> bytes:
    """Signed in time, looked at too late."""
    who = scene.laboratory.authority.identity("Short", ec_key(), (-DAY, SHORT))
    signed = sign_report(scene.base, who, REASON)
    time.sleep(SHORT.total_seconds() + 1)
    return signed


def never_valid(scene: Scene) -> bytes:
    """Signed after the certificate had expired."""
    who = scene.laboratory.authority.identity("Old", ec_key(), (-20 * DAY, -DAY))
    return sign_report(scene.base, who, REASON)


def revoked(scene: Scene) -> Attacked:
    """The reader has a newer list than the report."""
    laboratory = scene.laboratory
    crl = laboratory.authority.revocation_list([laboratory.examiner])
    signed = sign_report(scene.base, laboratory.examiner, REASON)
    return signed, {"revocation": (laboratory.keep("newer.crl", crl),)}


def compromised(scene: Scene) -> Attacked:
    """The key was stolen; its owner tells the authority after a signature with a timestamp."""
    laboratory = scene.laboratory
    signed = sign_report(scene.base, laboratory.proven(laboratory.examiner), REASON)
    told = Told(timedelta(), x509.ReasonFlags.key_compromise)
    crl = laboratory.authority.revocation_list([laboratory.examiner], told=told)
    return signed, {"revocation": (laboratory.keep("stolen.crl", crl),)}


def forged_response(scene: Scene) -> Attacked:
    """A stranger of the root's name says that a revoked certificate is good."""
    laboratory = scene.laboratory
    forger = Authority(laboratory.authority.name, ec_key())
    crl = laboratory.authority.revocation_list([laboratory.examiner])
    good = laboratory.authority.answer(
        laboratory.examiner, responder=(forger.certificate, forger.key)
    )
    signed = sign_report(scene.base, laboratory.examiner, REASON)
    files = (laboratory.keep("true.crl", crl), laboratory.keep("forged.ocsp", good))
    return signed, {"revocation": files}


def other_archive(scene: Scene) -> bytes:
    """The archive timestamp of an authority that nobody knows."""
    clock = scene.laboratory.clock_of(Authority("Unknown", ec_key()))
    return lasting.archive_report(scene.second, clock, scene.laboratory.revocation)


def weak(scene: Scene) -> bytes:
    """A key that can be broken."""
    who = scene.laboratory.authority.identity("Weak", rsa_key(1024))
    return sign_report(scene.base, who, REASON)


def other_clock(scene: Scene) -> bytes:
    """The time of an authority that nobody knows."""
    clock = scene.laboratory.clock_of(Authority("Unknown", ec_key()))
    who = replace(scene.laboratory.examiner, proofs=Proofs(clock, scene.laboratory.revocation))
    return sign_report(scene.base, who, REASON)


def moved_stamp(scene: Scene) -> bytes:
    """The timestamp of another signature."""
    later = sign_report(scene.base, scene.laboratory.proven(scene.laboratory.examiner), REASON)
    mine, other = (
        cms.ContentInfo.load(bytes.fromhex(contents_of(pdf).decode()))
        for pdf in (scene.report, later)
    )
    info, donor = (c["content"]["signer_infos"][0] for c in (mine, other))
    stamp = cms.CMSAttribute.load(donor["unsigned_attrs"][0].dump())
    info["unsigned_attrs"] = cms.CMSAttributes([stamp])
    return with_contents(scene.report, mine.dump().hex().upper().encode())


def changed_media(scene: Scene) -> Attacked:
    """A recording of the report's name with other bytes."""
    folder = scene.folder / "changed"
    shutil.copytree(scene.media, folder, dirs_exist_ok=True)
    path = folder / DEMO_KNOWN
    path.write_bytes(flipped(path.read_bytes(), 1000))
    return scene.report, {"media": (folder,)}


def changed_model(scene: Scene) -> Attacked:
    """Another network under the report's name."""
    assert scene.inputs.pack is not None
    return scene.report, {"pack": replace(scene.inputs.pack, model_sha256="0" * 64)}


def changed_population(scene: Scene) -> Attacked:
    """Another population under the report's name."""
    assert scene.inputs.population is not None
    other = replace(scene.inputs.population, file_sha256="0" * 64)
    return scene.report, {"population": other}


def hide_bytes(writer: Writer) -> None:
    """A page between the objects, for readers that rebuild the table of a file."""
    write: Callable[[Any], None] = writer._write_header  # type: ignore[attr-defined]

    def write_more(stream: Any) -> None:
        write(stream)
        stream.write(b"7 0 obj\n<< /Type /Page >>\nendobj\n")

    writer._write_header = write_more  # type: ignore[attr-defined]


ONE, TWO = "The examiner's report", "The countersigned report"
KEPT = "The report with an archive timestamp"
ATTACKS: Sequence[Attack] = (
    Attack("Untouched", "the examiner's report", "", lambda s: s.report),
    Attack("Untouched", "the countersigned report", "", lambda s: s.second),
    Attack("Untouched", "the report with an archive timestamp", "", lambda s: s.archived),
    Attack("Untouched", "with a second archive timestamp", "",
           lambda s: lasting.archive_report(s.archived, s.laboratory.clock, NO_DATA)),
    Attack("Untouched", "with its case instead of a folder", "",
           lambda s: (s.report, {"case": s.case, "media": ()})),
    Attack(ONE, "one bit flipped in a page", "signature.integrity",
           lambda s: flipped(s.report, len(s.base) // 3)),
    Attack(ONE, "one bit flipped in the signature itself", "signature.*",
           lambda s: flipped(s.report, s.report.index(b"/Contents <") + 4000)),
    Attack(ONE, "a byte appended", "signature.coverage", lambda s: s.report + b"\n"),
    Attack(ONE, "a revision appended that nothing refers to", "signature.coverage",
           lambda s: updated(s.report, hide_object)),
    Attack(ONE, "attachment replaced, file written anew", "signature.integrity",
           lambda s: rewritten(s.report, replace_attached)),
    Attack(ONE, "attachment replaced in an appended revision", "signature.coverage",
           lambda s: updated(s.report, replace_attached_later)),
    Attack(ONE, "attachment replaced before a trusted examiner signed", "result.consistent",
           prepared(replace_attached)),
    Attack(ONE, "signature of another report put in", "signature.integrity",
           lambda s: with_contents(s.report, contents_of(
               sign_report(s.base, s.laboratory.examiner, REASON)).rstrip(b"0"))),
    Attack(ONE, "signature taken away", "signature.present", lambda s: s.base),
    Attack(ONE, "signed again by a stranger of the same name", "signature.trust",
           lambda s: sign_report(s.base, s.laboratory.stranger, REASON)),
    Attack("Shadow attacks", "hide: an annotation over the result, appended", "signature.coverage",
           lambda s: updated(s.report, cover_page)),
    Attack("Shadow attacks", "replace: other page content, appended", "signature.coverage",
           lambda s: updated(s.report, replace_content)),
    Attack("Shadow attacks", "hide and replace: another page in its place, appended",
           "signature.coverage", lambda s: updated(s.report, swap_pages)),
    Attack("Shadow attacks", "layers switched in an appended catalog", "signature.coverage",
           lambda s: updated(s.report, switch_layers)),
    Attack("Shadow attacks", "the examiner's stamp redrawn, appended", "signature.coverage",
           lambda s: updated(s.report, change_appearance)),
    Attack("Shadow attacks", "hidden layers prepared before signing", "document.static",
           prepared(add_layer)),
    Attack("Shadow attacks", "a script prepared before signing", "document.static",
           prepared(add_script)),
    Attack("Shadow attacks", "an annotation over the result prepared before signing",
           "document.static", prepared(add_note)),
    Attack("Certificates", "signed after the certificate expired",
           "signature.certificate_valid_at_signing", never_valid),
    Attack("Certificates", "expired since, no timestamp",
           "signature.certificate_valid_at_signing", expired),
    Attack("Certificates", "revoked before signing", "signature.revocation", revoked),
    Attack(
        "Certificates",
        "key stolen, revoked after the timestamp",
        "signature.revocation",
        compromised,
    ),
    Attack(
        "Certificates",
        "revoked, beside a forged OCSP response",
        "signature.revocation",
        forged_response,
    ),
    Attack("Certificates", "RSA key of 1024 bits", "signature.strength", weak),
    Attack("Certificates", "timestamp of another signature", "signature.timestamp", moved_stamp),
    Attack("Certificates", "timestamp of an unknown authority", "signature.timestamp?",
           other_clock),
    Attack("Around the report", "a changed recording", "media.known", changed_media),
    Attack("Around the report", "a changed model", "model.hash", changed_model),
    Attack("Around the report", "a changed population", "population.hash", changed_population),
    Attack("Around the report", "audit trail of the case cut before the report", "case.anchor",
           lambda s: (s.report, {"case": s.earlier, "media": ()})),
    Attack(TWO, "one bit flipped in what the examiner signed", "signature.integrity",
           lambda s: flipped(s.second, len(s.base) // 3)),
    Attack(TWO, "one bit flipped in the reviewer's revision", "countersignature.integrity",
           lambda s: flipped(s.second, len(s.report) + 2000)),
    Attack(TWO, "countersignature taken away", "", lambda s: first_revision(s.second)),
    Attack(TWO, "third revision appended", "countersignature.coverage",
           lambda s: updated(s.second, hide_object)),
    Attack(TWO, "third revision with an annotation", "countersignature.coverage",
           lambda s: updated(s.second, cover_page)),
    Attack(TWO, "reviewer smuggles in an annotation", "countersignature.coverage",
           smuggling(cover_page)),
    Attack(TWO, "reviewer replaces page content", "countersignature.coverage",
           smuggling(replace_content)),
    Attack(TWO, "reviewer swaps pages", "countersignature.coverage", smuggling(swap_pages)),
    Attack(TWO, "reviewer replaces the attachment", "countersignature.coverage",
           smuggling(replace_attached_later)),
    Attack(TWO, "reviewer adds layers", "countersignature.coverage", smuggling(switch_layers)),
    Attack(TWO, "reviewer redraws the examiner's stamp", "countersignature.coverage",
           smuggling(change_appearance)),
    Attack(TWO, "reviewer's box moved over the page", "countersignature.coverage",
           smuggling(move_place)),
    Attack(TWO, "reviewer hides an object that nothing refers to", "countersignature.coverage",
           smuggling(hide_object)),
    Attack(TWO, "reviewer hides bytes between the objects", "countersignature.coverage",
           smuggling(hide_bytes)),
    Attack(TWO, "reviewer keeps something else among the certificates",
           "countersignature.coverage", smuggling(store_anything)),
    Attack(TWO, "countersigned by the examiner", "countersignature.person",
           lambda s: countersign_report(s.report, s.laboratory.examiner, REASON)),
    Attack(TWO, "countersigned by a stranger", "countersignature.trust",
           lambda s: countersign_report(s.report, s.laboratory.stranger, REASON)),
    Attack(TWO, "countersignature of another report put behind", "countersignature.*",
           lambda s: sign_report(s.base, s.laboratory.proven(s.laboratory.examiner), REASON)
           + s.second[len(s.report):]),
    Attack(KEPT, "one bit flipped in what was signed", "archive.timestamp",
           lambda s: flipped(s.archived, len(s.base) // 2)),
    Attack(KEPT, "one bit flipped in the archive's revision", "archive.*",
           lambda s: flipped(s.archived, len(s.second) + 40)),
    Attack(KEPT, "archive timestamp taken away", "", lambda s: s.second),
    Attack(KEPT, "a byte appended to the archived report", "archive.coverage",
           lambda s: s.archived + b"\n"),
    Attack(KEPT, "a revision appended to the archived report", "archive.coverage",
           lambda s: updated(s.archived, cover_page)),
    Attack(KEPT, "an annotation in the archive's revision", "archive.coverage",
           stamping(cover_page)),
    Attack(KEPT, "page content replaced in the archive's revision", "archive.coverage",
           stamping(replace_content)),
    Attack(KEPT, "pages swapped in the archive's revision", "archive.coverage",
           stamping(swap_pages)),
    Attack(KEPT, "attachment replaced in the archive's revision", "archive.coverage",
           stamping(replace_attached_later)),
    Attack(KEPT, "layers added in the archive's revision", "archive.coverage",
           stamping(switch_layers)),
    Attack(KEPT, "an action in the catalog of the archive's revision", "archive.coverage",
           stamping(open_elsewhere)),
    Attack(KEPT, "a stamp redrawn in the archive's revision", "archive.coverage",
           stamping(change_appearance)),
    Attack(KEPT, "a field dropped in the archive's revision", "archive.coverage",
           stamping(drop_field)),
    Attack(KEPT, "the archive's field over the page", "archive.coverage",
           stamping(show_archive)),
    Attack(KEPT, "an object that nothing refers to in the archive's revision",
           "archive.coverage", stamping(hide_object)),
    Attack(KEPT, "bytes between the objects of the archive's revision", "archive.coverage",
           stamping(hide_bytes)),
    Attack(KEPT, "something else among the certificates of the archive", "archive.coverage",
           stamping(store_anything)),
    Attack(KEPT, "archive timestamp of an unknown authority", "archive.timestamp?",
           other_archive),
    Attack(KEPT, "archive timestamp of another report put behind", "archive.timestamp",
           lambda s: countersign_report(
               s.report, s.laboratory.proven(s.laboratory.reviewer), REASON
           ) + s.archived[len(s.second):]),
    Attack(KEPT, "countersigned after the archive timestamp", "archive.*",
           lambda s: signed_with(lasting.archive_report(
               s.report, s.laboratory.clock, s.laboratory.revocation
           ), s.laboratory.reviewer, lambda _: None)),
)  # fmt: skip


def failing(verification: Verification) -> list[Check]:
    """The checks that fail."""
    return [c for c in verification.result.checks if c.status is CheckStatus.FAIL]


def is_caught(attack: Attack, verification: Verification) -> bool:
    """Whether the check that must catch an attack does."""
    if not attack.caught_by:
        return not failing(verification)
    wanted = attack.caught_by.rstrip("?")
    if wanted.endswith("*"):
        return any(c.id.startswith(wanted[:-1]) for c in failing(verification))
    found = next(c for c in verification.result.checks if c.id == wanted)
    if attack.caught_by != wanted:
        return found.status is CheckStatus.NOT_CHECKED and found.required
    return found.status is CheckStatus.FAIL


def rows(scene: Scene) -> Iterator[str]:
    """The table, measured."""
    group = ""
    for attack in ATTACKS:
        if attack.group != group:
            group = attack.group
            yield f"\n## {group}\n\n| what was done | verdict | what the checks say |"
            yield "|---|---|---|"
        verification = attack.run(scene)
        if not is_caught(attack, verification):
            said = [f"{c.id}: {c.reason}" for c in failing(verification)]
            raise SystemExit(f"{attack.what}: {attack.caught_by} says nothing, but {said}")
        said = failing(verification)
        if attack.caught_by.endswith("?") or attack.what == "countersignature taken away":
            wanted = attack.caught_by.rstrip("?") or "countersignature.present"
            said = [c for c in verification.result.checks if c.id == wanted]
        lines = [f"`{c.id}` ({check_name(c.id, 'en')}): {check_reason(c, 'en')}" for c in said]
        yield f"| {attack.what} | {verification.result.verdict.value} | {'<br>'.join(lines)} |"


HEAD = """# What verification says of a tampered report

Made by `python -m benchmarks.tamper`, which attacks a real report of the demo recordings (signed
with a timestamp and a CRL, countersigned likewise, archived with another timestamp) and prints what
each failing check says. The recomputation from the recordings is left out, so that untouched
reports are NOT_CHECKED here, and nothing fails. `tests/test_tamper.py` holds every row to its
check.
"""


def main() -> None:
    """Write the matrix."""
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        text = "\n".join([HEAD, *rows(scene), ""])
    OUTPUT.write_text(text, encoding="utf-8")
    print(text, file=sys.stdout)


if __name__ == "__main__":
    main()
