"""Attacks on a report: bytes changed, revisions appended, contents doctored and signed anew."""

from __future__ import annotations

import datetime
import io
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from app.resources import VERBAL_SCALE
from app.services.comparing import Comparison
from app.services.reporting import Finding, ReportRequest, finding_of, write_report
from app.services.verifying import verify
from engine.canonical import canonical_bytes
from engine.errors import ErrorCode, SeongmunError
from engine.lr.verbal import load_scale
from engine.models.session import EmbeddingModel
from engine.report.attachments import report_files
from engine.report.schema import QUALITY_2
from engine.report.sign import FileIdentity, Identity, sign_report
from engine.types import CheckStatus, Population
from engine.verify.coverage import BYTE_RANGE, coverage_fault
from engine.verify.run import MAXIMUM_MANIFEST_BYTES, Verification, VerificationInputs, verify_pdf
from engine.verify.signature import check_signature
from tests.agreement import small_report

CHANGES = 300
DIGITS = b"0123456789ABCDEF"
VALIDITY = "signature.certificate_valid_at_signing"
Check = Callable[[bytes], Verification]
Content = dict[str, Any]


def failed(verification: Verification) -> list[str]:
    return [c.id for c in verification.result.checks if c.status is CheckStatus.FAIL]


def finding(comparison: Comparison) -> Finding:
    return finding_of(comparison, load_scale(VERBAL_SCALE))


def result(content: Content) -> Content:
    return content["comparisons"][0]["result"]  # type: ignore[no-any-return]


def signature_gap(pdf: bytes) -> tuple[int, int]:
    """Where the signature's digits begin and where its used digits end."""
    first, second = (int(number) for number in BYTE_RANGE.findall(pdf)[0][1:3])
    digits = bytes.fromhex(pdf[first + 1 : second - 1].decode())
    return first + 1, first + 1 + 2 * (4 + int.from_bytes(digits[2:4], "big"))


def with_gap(pdf: bytes, change: Callable[[bytearray], None]) -> bytes:
    """The report with its signature structure changed in place."""
    start, _ = signature_gap(pdf)
    end = pdf.index(b">", start)
    digits = bytearray.fromhex(pdf[start:end].decode())
    change(digits)
    return pdf[:start] + digits.hex().upper().encode() + pdf[end:]


@pytest.fixture(scope="module")
def draft(
    tmp_path_factory: pytest.TempPathFactory,
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
) -> bytes:
    target = tmp_path_factory.mktemp("draft") / "draft.pdf"
    write_report([finding(comparison)], model.pack, population, ReportRequest("en", None), target)
    return target.read_bytes()


def with_manifest(pdf: bytes, change: Callable[[Content], object]) -> bytes:
    """An unsigned report with another manifest attached, and what follows from it."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        attached = document.attachments["manifest.json"].get_file().read_bytes()
        content = json.loads(attached)
        change(content)
        try:
            files = report_files(content)
        except (KeyError, TypeError, ValueError, ArithmeticError):  # nothing follows from nonsense
            files = {"manifest.json": canonical_bytes(content)}
        for name in list(document.attachments):
            del document.attachments[name]
        for name, attached in files.items():
            document.attachments[name] = pikepdf.AttachedFileSpec(document, attached, filename=name)
        document.save(buffer)
    return buffer.getvalue()


def certify(
    name: str, start_s: float, end_s: float, bits: int = 2048
) -> tuple[Identity, x509.Certificate]:
    """An examiner's identity valid from now + `start_s` to now + `end_s`, and its authority."""
    authority, examiner = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(
        65537, bits
    )  # fmt: skip
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, "Authority")
    ]
    now = datetime.datetime.now(datetime.UTC)
    long = datetime.timedelta(days=100)
    spans = [
        (names[0], examiner.public_key(), now + datetime.timedelta(seconds=start_s),
         now + datetime.timedelta(seconds=end_s), False),
        (names[1], authority.public_key(), now - long, now + long, True),
    ]  # fmt: skip
    made = []
    for subject, key, first, last, is_authority in spans:
        usage = [
            not is_authority,
            not is_authority,
            *[False] * 3,
            *[is_authority] * 2,
            False,
            False,
        ]
        made.append(
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[1])
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(last)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.KeyUsage(*usage), critical=True)
            .sign(authority, hashes.SHA256())
        )
    bundle = pkcs12.serialize_key_and_certificates(
        b"x", examiner, made[0], None, BestAvailableEncryption(b"x")
    )
    return FileIdentity(made[0], bundle, b"x"), made[1]


def signature_checks(pdf: bytes, authority: x509.Certificate, folder: Path) -> dict[str, str]:
    trust = folder / "authority.pem"
    trust.write_bytes(authority.public_bytes(Encoding.PEM))
    return {check.id: check.status.value for check in check_signature(pdf, (trust,))[0]}


def test_every_changed_byte_of_the_report_is_caught(reports: dict[str, Path], check: Check) -> None:
    """Random bytes all over the file."""
    content = reports["ko"].read_bytes()
    assert not failed(check(content))
    rng = np.random.default_rng(20261124)
    for position in rng.integers(len(content), size=CHANGES):
        changed = bytearray(content)
        changed[position] ^= int(rng.integers(1, 256))
        assert failed(check(bytes(changed))), f"byte {position} of {len(content)}"


@pytest.mark.parametrize("authority_signed", [False, True])
def test_every_digit_of_the_signature_counts(
    identity: Identity,
    identity_files: tuple[Path, Path],
    tmp_path: Path,
    authority_signed: bool,
) -> None:
    """The signature does not cover its own digits: many are changed to two others, one of which
    flips the case of a letter."""
    signer, trust = identity, identity_files[1]
    if authority_signed:
        signer, authority = certify("Examiner Kim", -60, 86400)
        trust = tmp_path / "authority.pem"
        trust.write_bytes(authority.public_bytes(Encoding.PEM))
    content = sign_report(small_report(), signer, "test")
    assert coverage_fault(content) == ""
    rng = np.random.default_rng(7)
    for position in rng.choice(range(*signature_gap(content)), CHANGES, replace=False):
        value = DIGITS.index(content[position])
        for other in (value ^ 2, (value + int(rng.integers(1, 16))) % 16):
            changed = bytearray(content)
            changed[position] = DIGITS[other]
            if bytes(changed) == content or coverage_fault(bytes(changed)):
                continue
            statuses = {c.status for c in check_signature(bytes(changed), (trust,))[0]}
            assert CheckStatus.FAIL in statuses, f"digit {position}: {value:X} to {other:X}"


def test_signature_in_another_encoding_is_caught(reports: dict[str, Path], check: Check) -> None:
    """Found by trying every digit: a structure that swallows padding, a name in other letters."""
    content = reports["ko"].read_bytes()

    def swallow_padding(digits: bytearray) -> None:
        digits[2:4] = (int.from_bytes(digits[2:4], "big") + 2).to_bytes(2, "big")

    changed = with_gap(content, swallow_padding)
    assert changed != content
    assert "signature.coverage" in failed(check(changed))
    start, end = signature_gap(content)
    structure = bytes.fromhex(content[start : end - (end - start) % 2].decode())
    outcomes = []
    for found in re.finditer(b"DEMO - NOT FOR CASEWORK", structure):

        def rename(digits: bytearray, at: int = found.start()) -> None:
            digits[at : at + 4] = b"demo"

        outcomes.append(failed(check(with_gap(content, rename))))
    assert all(outcomes)
    assert any("signature.coverage" in outcome for outcome in outcomes)
    lower = content.replace(content[slice(*signature_gap(content))],
                            content[slice(*signature_gap(content))].lower())  # fmt: skip
    assert "signature.coverage" in failed(check(lower))


def test_every_changed_byte_of_the_media_is_caught(
    reports: dict[str, Path], demo_media: tuple[Path, Path], tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    copies = [Path(shutil.copy(path, tmp_path)) for path in demo_media]
    contents = [path.read_bytes() for path in copies]
    report, inputs = reports["ko"].read_bytes(), VerificationInputs(media=(tmp_path,))
    for i in range(CHANGES):
        path, content = copies[i % 2], contents[i % 2]
        changed = bytearray(content)
        changed[rng.integers(len(content))] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        assert failed(verify_pdf(report, inputs)) == [f"media.{('questioned', 'known')[i % 2]}"]
        path.write_bytes(content)


def test_appended_revision_is_caught(
    reports: dict[str, Path], check: Check, tmp_path: Path, tool: Callable[..., bytes]
) -> None:
    content = reports["ko"].read_bytes()
    start = content.rindex(b"startxref") + 9
    previous = int(content[start:].split()[0])
    root = re.findall(rb"/Root (\d+ 0 R)", content)[-1].decode()
    size = re.findall(rb"/Size (\d+)", content)[-1].decode()
    number = int(size)
    offset = len(content)
    revision = f"{number} 0 obj\n<< /Appended true >>\nendobj\n".encode()
    xref = len(content) + len(revision)
    revision += f"xref\n{number} 1\n{offset:010d} 00000 n \n".encode()
    revision += f"trailer\n<< /Size {number + 1} /Root {root} /Prev {previous} >>\n".encode()
    revision += f"startxref\n{xref}\n%%EOF\n".encode()
    appended = tmp_path / "appended.pdf"
    appended.write_bytes(content + revision)
    assert b"Signature is Valid" in tool("pdfsig", appended)
    assert "signature.coverage" in failed(check(content + revision))
    assert "signature.coverage" in failed(check(content + b"\n"))


def test_second_signature_is_caught(draft: bytes, check: Check) -> None:
    """Approval signatures, which allow another one, each valid for its own revision."""
    identity, _ = certify("Second", -60, 60)
    signer = signers.SimpleSigner.load_pkcs12_data(identity._pkcs12, [], passphrase=b"x")
    content = draft
    for name in ("First", "Second"):
        output = io.BytesIO()
        metadata = signers.PdfSignatureMetadata(field_name=name)
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        signers.sign_pdf(writer, metadata, signer, output=output)
        content = output.getvalue()
    assert {"countersignature.coverage", "document.static"} <= set(failed(check(content)))


def test_report_without_signature_or_manifest_fails(
    check: Check, reports: dict[str, Path], draft: bytes, identity: Identity
) -> None:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(draft)) as document:
        del document.attachments["manifest.json"]
        document.save(buffer)
    assert failed(check(sign_report(buffer.getvalue(), identity, "x"))) == ["manifest"]
    assert failed(check(draft)) == ["signature.present"]
    empty = io.BytesIO()
    pikepdf.new().save(empty)
    assert failed(check(empty.getvalue())) == ["signature.present", "manifest"]
    assert "signature.present" in failed(check(b"%PDF-1.7\n" + os.urandom(2000)))


def test_mangled_reports_only_fail(reports: dict[str, Path], check: Check) -> None:
    """Pieces cut, doubled and overwritten: never a traceback, never a pass."""
    content = reports["en"].read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(int(rng.integers(1, 8))):
            ends = [rng.integers(min(3000, len(changed))), rng.integers(len(changed))]
            at, source = int(rng.choice(ends)), int(rng.integers(len(changed)))
            length = int(rng.integers(1, 400))
            piece = rng.choice([b"", rng.bytes(length), bytes(changed[source : source + length])])
            changed[at : at + int(rng.integers(0, length))] = piece
        if bytes(changed) != content:
            assert check(bytes(changed)).result.verdict is CheckStatus.FAIL


def test_report_of_another_signer_is_not_trusted(draft: bytes, check: Check) -> None:
    stranger, _ = certify("Stranger", -60, 86400)
    assert failed(check(sign_report(draft, stranger, "x"))) == ["signature.trust"]


def test_certificates_are_judged_at_signing_and_now(draft: bytes, tmp_path: Path) -> None:
    cases = {"valid": (-60, 60), "expired": (-600, -60), "not yet valid": (600, 6000)}
    for name, span in cases.items():
        examiner, authority = certify(name, *span)
        checks = signature_checks(sign_report(draft, examiner, "x"), authority, tmp_path)
        expected = "PASS" if name == "valid" else "FAIL"
        assert (checks[VALIDITY], checks["signature.trust"]) == (expected, expected), name
        assert checks["signature.coverage"] == "PASS"
    weak, authority = certify("weak", -60, 60, bits=1024)
    checks = signature_checks(sign_report(draft, weak, "x"), authority, tmp_path)
    assert checks["signature.trust"] == "FAIL"
    passing, authority = certify("short-lived", -60, 8)
    signed = sign_report(draft, passing, "x")
    assert signature_checks(signed, authority, tmp_path)[VALIDITY] == "PASS"
    time.sleep(8.5)
    assert signature_checks(signed, authority, tmp_path)[VALIDITY] == "FAIL"


def test_own_certificate_does_not_excuse_its_expiry(draft: bytes, tmp_path: Path) -> None:
    """A self-signed certificate that the reader trusts directly."""
    examiner, _ = certify("expired", -600, -60)
    checks = signature_checks(sign_report(draft, examiner, "x"), examiner.certificate, tmp_path)
    assert checks[VALIDITY] == "FAIL"


def test_number_that_does_not_follow_is_caught(
    check: Check,
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    identity: Identity,
    tmp_path: Path,
) -> None:
    """Signed by a trusted examiner, but with a higher likelihood ratio than the data give."""
    ratio = comparison.likelihood_ratio
    forged = replace(comparison, likelihood_ratio=replace(ratio, log10_lr=ratio.log10_lr + 0.1))
    target = tmp_path / "forged.pdf"
    with pytest.raises(SeongmunError) as caught:
        write_report(
            [finding(forged)], model.pack, population, ReportRequest("en", identity), target
        )
    assert caught.value.code is ErrorCode.REPORT_SELF_CHECK
    assert list(tmp_path.iterdir()) == []
    write_report([finding(forged)], model.pack, population, ReportRequest("en", None), target)
    signed = sign_report(target.read_bytes(), identity, "forged")
    assert failed(check(signed)) == ["result.consistent"]


def hide_synthesis(content: Content) -> None:
    content["demo"] = False
    result(content)["flags"].remove("recording.synthetic")


def claim_more_speakers(content: Content) -> None:
    content["population"]["n_speakers"] = 4700


def huge_bound(content: Content) -> None:
    result(content)["interval_log10"][1] = 10**400


def claim_better_validation(content: Content) -> None:
    content["population"]["validation"]["cllr"]["value"] = 0.01


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: None, []),
        (lambda c: result(c).update(flags=["recording.synthetic"]), ["result.consistent"]),
        (lambda c: result(c).update(score=0.9), ["result.consistent"]),
        (lambda c: result(c).update(bounds_log10=[-3.0, 3.0]), ["result.consistent"]),
        (lambda c: result(c).update(interval_log10=[1.2, 1.3]), ["result.consistent"]),
        (lambda c: result(c).update(verbal_level="strong"), ["result.consistent"]),
        (huge_bound, ["media.questioned"]),
        (hide_synthesis, ["result.consistent"]),
        (lambda c: c.update(demo=False), ["result.consistent"]),
        (claim_more_speakers, ["population.hash"]),
        (claim_better_validation, ["population.hash"]),
        (lambda c: c["model"].update(sha256="0" * 64), ["manifest"]),
    ],
)
def test_doctored_contents_fail_though_signed(
    draft: bytes,
    check: Check,
    identity: Identity,
    change: Callable[[Content], object],
    expected: list[str],
) -> None:
    signed = sign_report(with_manifest(draft, change), identity, "doctored")
    assert failed(check(signed))[:1] == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["items"][0].update(quality={"x": [None]}),
        lambda c: c["items"][0].update(file_name={"x": [None]}),
        lambda c: c["items"][0].update(size_bytes="1"),
        lambda c: c["items"][0].update(channel=True),
        lambda c: c["items"][0].update(sha256="0" * 63),
        lambda c: c["items"][0].update(segments=[[2.0, 1.0]]),
        lambda c: c["items"][0].update(embedding="AAAA" * 32),
        lambda c: c["items"].pop(),
        lambda c: c["items"].reverse(),
        lambda c: c["model"].pop("id"),
        lambda c: c["population"].update(id="a\0b"),
        lambda c: c.update(extra=1),
        lambda c: c.update(items=3),
        lambda c: c.update(language="xx"),
        lambda c: c["profile"].update(vad={"x": {}}),
    ],
)
def test_signed_nonsense_is_no_manifest(
    draft: bytes, identity: Identity, tmp_path: Path, change: Callable[[Content], object]
) -> None:
    """Anyone can sign anything: the wrong keys and types only fail, down to the command."""
    target = tmp_path / "nonsense.pdf"
    target.write_bytes(sign_report(with_manifest(draft, change), identity, "nonsense"))
    assert failed(verify(target, None, None, recompute=False)) == ["manifest"]


def test_attachment_that_grows_without_end_is_refused(
    draft: bytes, identity: Identity, check: Check
) -> None:
    packer = zlib.compressobj()
    block = bytes(1 << 20)
    packed = b"".join(packer.compress(block) for _ in range((MAXIMUM_MANIFEST_BYTES >> 20) + 2))
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(draft)) as document:
        stream = document.attachments["manifest.json"].get_file().obj
        stream.write(packed + packer.flush(), filter=pikepdf.Name.FlateDecode)
        document.save(buffer, compress_streams=False)
    verification = check(sign_report(buffer.getvalue(), identity, "bomb"))
    reasons = {c.id: c.reason for c in verification.result.checks}
    assert reasons["manifest"] == "too_large"


def test_hidden_quality_is_found_by_computing_again(
    draft: bytes,
    demo_media: tuple[Path, Path],
    identity: Identity,
    identity_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    """Better quality than measured, to drop a caution: only the recordings can tell."""

    def embellish(content: Content) -> None:
        for item in content["items"]:
            item["quality"]["bandwidth_hz"] = 3400.0
        for check in content["comparisons"][0]["conditions"]:
            if check["condition"] == "bandwidth":
                check.update(value=3400.0, place="inside", code="bandwidth.inside")
        result(content)["flags"].remove("bandwidth.outside")

    target = tmp_path / "embellished.pdf"
    target.write_bytes(sign_report(with_manifest(draft, embellish), identity, "x"))
    verification = verify(target, demo_media[0].parent, identity_files[1], recompute=True)
    assert failed(verification) == ["result.recomputed"]


LATER_THAN_3 = ("comparisons", "version", "supersedes", "template", "request", "audit")


def as_format_3(content: Content) -> None:
    """The manifest as it was when a report had one comparison."""
    content["format"] = 3
    for name in ("conditions", "result"):
        content[name] = content["comparisons"][0][name]
    for name in LATER_THAN_3:
        del content[name]
    language = content["language"]
    content["propositions"] = {k: v[language] for k, v in content["propositions"].items()}
    for item in content["items"]:
        for name in ("label", "exhibit", "custody"):
            del item[name]


def as_format_2(content: Content) -> None:
    """The manifest as it was before there were conditions."""
    as_format_3(content)
    content["format"] = 2
    del content["conditions"]
    for item in content["items"]:
        item["quality"] = {name: item["quality"][name] for name in QUALITY_2}
    limits = content["profile"].pop("suitability")
    content["profile"]["minimum_net_speech_s"] = limits["refused_net_speech_s"]


@pytest.mark.parametrize("older", [as_format_2, as_format_3])
def test_reports_of_older_formats_are_still_verified(
    older: Callable[[Content], None],
    draft: bytes,
    demo_media: tuple[Path, Path],
    identity: Identity,
    identity_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    target = tmp_path / "old.pdf"
    target.write_bytes(sign_report(with_manifest(draft, older), identity, "x"))
    verification = verify(target, demo_media[0].parent, identity_files[1], recompute=True)
    assert verification.result.verdict is CheckStatus.PASS


def test_cautions_of_format_2_are_not_held_against_the_measures_of_today(
    draft: bytes,
    demo_media: tuple[Path, Path],
    identity: Identity,
    identity_files: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    """They were measured otherwise: neither passed nor failed."""

    def older(content: Content) -> None:
        as_format_2(content)
        for item in content["items"]:
            item["quality"]["bandwidth_hz"] = 3400.0
        content["result"]["flags"].remove("bandwidth.outside")

    target = tmp_path / "old.pdf"
    target.write_bytes(sign_report(with_manifest(draft, older), identity, "x"))
    checks = verify(target, demo_media[0].parent, identity_files[1], recompute=True).result.checks
    reasons = {check.id: (check.status, check.reason) for check in checks}
    expected = (CheckStatus.NOT_CHECKED, "cautions_of_older_format")
    assert reasons["result.recomputed"] == expected
