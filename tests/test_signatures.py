"""Signatures of examiner and reviewer: what they allow, what they carry, what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from app.cli import run
from app.services.signing import SignerChoice, countersign
from benchmarks.laboratory import DAY, PASSWORD, Authority, Laboratory, ec_key, rsa_key
from engine.errors import ErrorCode, SeongmunError
from engine.report.revocation import load_revocation
from engine.report.sign import (
    FileIdentity,
    Identity,
    Proofs,
    countersign_report,
    load_pkcs12,
    sign_report,
)
from engine.report.timestamps import load_authority
from engine.types import CheckStatus
from engine.verify.countersigned import revision_fault
from engine.verify.coverage import BYTE_RANGE, coverage_fault, first_revision
from engine.verify.opened import OpenedPdf
from engine.verify.signature import check_signature
from tests.agreement import Tool, require_agreement

DIGITS = b"0123456789ABCDEF"
SAMPLED = 30


@pytest.fixture(scope="module")
def proven(lab: Laboratory, base: bytes) -> bytes:
    """Signed with a timestamp and a CRL, and countersigned likewise."""
    signed = sign_report(base, lab.proven(lab.examiner), "감정서")
    return countersign_report(signed, lab.proven(lab.reviewer), "검토")


def choice_of(lab: Laboratory, identity: FileIdentity, name: str = "someone.p12") -> SignerChoice:
    return SignerChoice("file", lab.write(identity, name), PASSWORD.decode())


def outcomes(pdf: bytes, *trust: Path, revocation: tuple[Path, ...] = ()) -> dict[str, str]:
    """Reasons by check, with the status where it is not PASS."""
    checks, _ = check_signature(pdf, trust, revocation)
    return {
        c.id: c.reason if c.status is CheckStatus.PASS else f"{c.status.value} {c.reason}"
        for c in checks
    }


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


@pytest.mark.parametrize("reviewed", [False, True])
@pytest.mark.parametrize("with_proofs", [False, True])
@pytest.mark.parametrize(
    "names", [("examiner", "reviewer"), ("other_examiner", "other_reviewer")], ids=["RSA", "EC"]
)
def test_other_programs_agree(
    lab: Laboratory,
    base: bytes,
    names: tuple[str, str],
    with_proofs: bool,
    reviewed: bool,
    tool: Tool,
    tmp_path: Path,
) -> None:
    """The examiner's key is RSA and the reviewer's on a curve, or the other way round."""
    first, second = (
        lab.proven(getattr(lab, name)) if with_proofs else getattr(lab, name) for name in names
    )
    signed = sign_report(base, first, "감정서")
    if reviewed:
        signed = countersign_report(signed, second, "검토")
    require_agreement(signed, lab.root, tmp_path, tool)
    assert len(BYTE_RANGE.findall(signed)) == 1 + reviewed


def test_every_proof_is_checked(lab: Laboratory, proven: bytes) -> None:
    said = outcomes(proven, lab.root)
    for prefix in ("signature", "countersignature"):
        assert said[f"{prefix}.timestamp"] == "stamped"
        assert said[f"{prefix}.certificate_valid_at_signing"] == "within_validity_stamped"
        assert said[f"{prefix}.revocation"] == "not_revoked"
        assert said[f"{prefix}.trust"] == "trusted"
    assert said["countersignature.coverage"] == "whole_file"
    assert said["countersignature.person"] == "another_person"


def test_what_is_absent_is_not_passed(lab: Laboratory, base: bytes) -> None:
    signed = sign_report(base, lab.examiner, "감정서")
    said = outcomes(signed, lab.root)
    assert said["signature.timestamp"] == "NOT_CHECKED no_timestamp"
    assert said["signature.revocation"] == "NOT_CHECKED no_revocation_data"
    assert said["countersignature.present"] == "NOT_CHECKED not_countersigned"
    assert outcomes(signed)["signature.trust"] == "NOT_CHECKED no_trust_given"


def test_countersignature_leaves_what_the_examiner_signed(lab: Laboratory, proven: bytes) -> None:
    first = first_revision(proven)
    assert proven.startswith(first)
    said = outcomes(first, lab.root)
    assert said["signature.coverage"] == "whole_file"
    assert said["countersignature.present"] == "NOT_CHECKED not_countersigned"


def test_every_digit_of_both_signatures_counts(lab: Laboratory, proven: bytes) -> None:
    """Those of the timestamps, too, which lie outside of what the signer signs."""
    rng = np.random.default_rng(9)
    for pdf, signatures in ((first_revision(proven), 1), (proven, 2)):
        first, second = (int(n) for n in BYTE_RANGE.findall(pdf)[-1][1:3])
        digits = bytes.fromhex(pdf[first + 1 : second - 1].decode())
        used = 2 * (4 + int.from_bytes(digits[2:4], "big"))
        for at in first + 1 + rng.choice(used, SAMPLED, replace=False):
            changed = bytearray(pdf)
            changed[at] = DIGITS[DIGITS.index(pdf[at]) ^ int(rng.integers(1, 16))]
            if not coverage_fault(bytes(changed), signatures):
                said = outcomes(bytes(changed), lab.root).values()
                assert any(outcome.startswith("FAIL") for outcome in said), int(at)


@pytest.mark.parametrize(
    "entries",
    [
        b"7 1\n0000000000 00000 f \n",
        b"7 1\n0000000000 00001 f \n",
        b"5 1\n0000000009 00000 n \n",
        b"7 1\n0000000015 00000 n \n",
        b"7 1\n0000000015 00001 n \n",
    ],
    ids=["freed", "freed for another", "told twice", "told anew", "another generation"],
)
def test_table_of_the_second_revision_tells_its_objects_alone(
    proven: bytes, entries: bytes
) -> None:
    first, at = first_revision(proven), proven.rindex(b"trailer")

    def fault(pdf: bytes) -> str:
        return revision_fault(OpenedPdf(first), OpenedPdf(pdf))

    assert fault(proven) == ""
    assert fault(proven[:at] + entries + proven[at:]).startswith("revision_")
    end = proven.rindex(b"startxref")
    table_of_the_first = first[first.rindex(b"startxref") :]
    assert fault(proven[:end] + table_of_the_first) == "revision_structure"


def test_attached_authorities_cannot_be_renamed(lab: Laboratory, base: bytes) -> None:
    """Other programs put the whole chain into a signature, where no signature protects it: each
    certificate must then be vouched for by another."""
    writer, output = IncrementalPdfFileWriter(io.BytesIO(base)), io.BytesIO()
    signer = signers.SimpleSigner.load_pkcs12_data(lab.examiner._pkcs12, [], passphrase=PASSWORD)
    metadata = signers.PdfSignatureMetadata(
        field_name="SeongmunExaminer", certify=True, subfilter=fields.SigSeedSubFilter.PADES
    )
    signers.sign_pdf(writer, metadata, signer, existing_fields_only=True, output=output)
    pdf = output.getvalue()
    assert coverage_fault(pdf) == ""
    name = b"Laboratory root".hex().upper().encode()
    assert pdf.count(name) > 1
    renamed = pdf.replace(name, b"laboratory root".hex().upper().encode(), 1)
    assert coverage_fault(renamed) == "cms_structure"


def test_revoked_and_stale_lists(lab: Laboratory, base: bytes) -> None:
    revoking = lab.keep("revoking.crl", lab.authority.revocation_list([lab.examiner]))
    plain = sign_report(base, lab.examiner, "감정서")
    said = outcomes(plain, lab.root, revocation=(revoking,))
    assert said["signature.trust"] == "FAIL revoked"
    assert said["signature.revocation"] == "FAIL revoked_untimed"
    stale = lab.keep("stale.crl", lab.authority.revocation_list(lasts=timedelta(minutes=-1)))
    said = outcomes(plain, lab.root, revocation=(stale,))
    assert said["signature.revocation"] == "NOT_CHECKED revocation_not_current"


def test_expiry_counts_at_the_timestamp_or_else_now(lab: Laboratory, base: bytes) -> None:
    old = lab.authority.identity("Old", ec_key(), (-20 * DAY, -DAY))
    said = outcomes(sign_report(base, old, "x"), lab.root)
    assert said["signature.certificate_valid_at_signing"] == "FAIL outside_validity"
    stamped = replace(old, proofs=Proofs(lab.clock, lab.revocation))
    said = outcomes(sign_report(base, stamped, "x"), lab.root)
    assert said["signature.certificate_valid_at_signing"] == "FAIL outside_validity"
    assert said["signature.timestamp"] == "stamped"


def test_unknown_clock_is_not_believed(lab: Laboratory, base: bytes) -> None:
    clock = lab.clock_of(Authority("Unknown", ec_key()))
    signed = sign_report(base, replace(lab.examiner, proofs=Proofs(clock)), "x")
    said = outcomes(signed, lab.root)
    assert said["signature.timestamp"] == "NOT_CHECKED authority_unknown"
    assert said["signature.certificate_valid_at_signing"] == "within_validity"


def test_what_cannot_prove_anything_is_refused(lab: Laboratory, base: bytes) -> None:
    examiner = lab.write(lab.examiner, "examiner.p12")
    assert code_of(lambda: load_authority(examiner, PASSWORD)) is ErrorCode.TIMESTAMP_PURPOSE
    assert code_of(lambda: load_authority(examiner, b"no")) is ErrorCode.KEY_PASSWORD
    assert code_of(lambda: load_revocation([examiner])) is ErrorCode.REVOCATION_INVALID
    assert code_of(lambda: load_revocation([lab.folder / "no.crl"])) is ErrorCode.FILE_MISSING
    crl = lab.keep("revoking.crl", lab.authority.revocation_list([lab.examiner]))
    revoked = replace(lab.examiner, proofs=Proofs(revocation=load_revocation([crl])))
    assert code_of(lambda: sign_report(base, revoked, "x")) is ErrorCode.KEY_REVOKED
    for key, span, code in (
        (rsa_key(1024), (-DAY, DAY), ErrorCode.KEY_WEAK),
        (ec_key(), (-2 * DAY, -DAY), ErrorCode.KEY_EXPIRED),
    ):
        path = lab.write(lab.authority.identity("x", key, span), "refused.p12")
        assert code_of(lambda path=path: load_pkcs12(path, PASSWORD)) is code


def test_weak_key_of_somebody_else_is_told(lab: Laboratory, base: bytes) -> None:
    weak = lab.authority.identity("Weak", rsa_key(1024))
    said = outcomes(sign_report(base, weak, "x"), lab.root)
    assert said["signature.strength"] == "FAIL weak_key"


def test_countersigning_refuses(lab: Laboratory, base: bytes, tmp_path: Path) -> None:
    report, out = tmp_path / "report.pdf", tmp_path / "out.pdf"
    signed = sign_report(base, lab.examiner, "감정서")
    reviewer = choice_of(lab, lab.reviewer)

    def refused(pdf: bytes, choice: SignerChoice = reviewer) -> ErrorCode:
        report.write_bytes(pdf)
        code = code_of(lambda: countersign(report, choice, out))
        assert not out.exists()
        return code

    assert refused(base) is ErrorCode.COUNTERSIGN_NOT_INTACT
    assert refused(signed + b"\n") is ErrorCode.COUNTERSIGN_NOT_INTACT
    changed = bytearray(signed)
    changed[len(base) // 2] ^= 1
    assert refused(bytes(changed)) is ErrorCode.COUNTERSIGN_NOT_INTACT
    own = choice_of(lab, lab.examiner, "own.p12")
    assert refused(signed, own) is ErrorCode.COUNTERSIGN_SAME_PERSON
    renewed = lab.authority.identity("감정인 Kim", rsa_key())
    again = choice_of(lab, renewed, "renewed.p12")
    assert refused(signed, again) is ErrorCode.COUNTERSIGN_SAME_PERSON
    second = countersign_report(signed, lab.reviewer, "검토")
    third = choice_of(lab, lab.other_reviewer, "third.p12")
    assert refused(second, third) is ErrorCode.COUNTERSIGN_ALREADY


def test_reports_of_before_have_no_place(lab: Laboratory, base: bytes, tmp_path: Path) -> None:
    """A certification that allows nothing, as the program once made it, still holds."""
    import pikepdf

    bare = io.BytesIO()
    with pikepdf.open(io.BytesIO(base)) as document:
        del document.Root.AcroForm
        del document.pages[0].obj.Annots
        document.save(bare)
    writer, output = IncrementalPdfFileWriter(io.BytesIO(bare.getvalue())), io.BytesIO()
    metadata = signers.PdfSignatureMetadata(
        field_name="SeongmunExaminer",
        certify=True,
        subfilter=fields.SigSeedSubFilter.PADES,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    signers.sign_pdf(writer, metadata, lab.examiner.signer(), output=output)
    said = outcomes(output.getvalue(), lab.root)
    assert not [outcome for outcome in said.values() if outcome.startswith("FAIL")]
    report = tmp_path / "before.pdf"
    report.write_bytes(output.getvalue())
    code = code_of(lambda: countersign(report, choice_of(lab, lab.reviewer), tmp_path / "x.pdf"))
    assert code is ErrorCode.COUNTERSIGN_NO_PLACE


def test_command_line_countersigns(
    lab: Laboratory,
    base: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report, out = tmp_path / "감정서.pdf", tmp_path / "검토.pdf"
    report.write_bytes(sign_report(base, lab.examiner, "감정서"))
    key = lab.write(lab.reviewer, "reviewer.p12")
    clock = lab.write(lab.authority.identity("Clock", ec_key(), stamps=True), "tsa.p12")
    monkeypatch.setenv("SECRET", PASSWORD.decode())
    arguments = ["countersign", str(report), "--out", str(out), "--json"]
    assert run(arguments) == 2
    signer = ["--sign-p12", str(key), "--sign-pass-env", "SECRET"]
    proofs = ["--tsa-p12", str(clock), "--tsa-pass-env", "SECRET", "--revocation", str(lab.crl)]
    capsys.readouterr()
    assert run([*arguments, *signer, *proofs]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [s["role"] for s in document["signatures"]] == ["examiner", "reviewer"]
    assert outcomes(out.read_bytes(), lab.root)["countersignature.timestamp"] == "stamped"
    assert run([*arguments, *signer[:2]]) == 2
    assert run(["countersign", str(out), "--out", str(out), *signer]) == 1
    capsys.readouterr()


def test_stamp_shows_who_signed(lab: Laboratory, proven: bytes, tmp_path: Path, tool: Tool) -> None:
    path = tmp_path / "stamped.pdf"
    path.write_bytes(proven)
    text = tool("pdftotext", "-layout", path, "-").decode()
    assert "감정인 Kim" in text and "검토자 Lee" in text
    for line in tool("pdffonts", path).decode().splitlines()[2:]:
        assert line.split()[-5] == "yes", line  # embedded


def test_identity_has_what_a_signature_needs(lab: Laboratory) -> None:
    loaded: Identity = load_pkcs12(lab.write(lab.examiner, "e.p12"), PASSWORD)
    assert loaded.chain == lab.examiner.chain
    assert loaded.proofs == Proofs()
