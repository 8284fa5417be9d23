"""Archive timestamps: a report outlives its certificates, and nothing else comes with one."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from app.cli import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, run
from app.services.signing import SignerChoice, archive, countersign
from benchmarks.laboratory import DAY, PASSWORD, Authority, Laboratory, Told, ec_key
from engine.errors import ErrorCode, SeongmunError
from engine.report.lasting import archive_report
from engine.report.revocation import NO_DATA
from engine.report.sign import FileIdentity, Proofs, countersign_report, sign_report
from engine.report.timestamps import TimestampAuthority, load_authority
from engine.types import CheckStatus
from engine.verify.coverage import BYTE_RANGE, coverage_fault, revisions
from engine.verify.signature import check_signature
from tests.agreement import Tool

SHORT = datetime.timedelta(seconds=10)
NOW = datetime.timedelta()
DIGITS = b"0123456789ABCDEF"


@pytest.fixture(scope="module")
def signed(lab: Laboratory, base: bytes) -> bytes:
    return sign_report(base, lab.proven(lab.examiner), "감정서")


@pytest.fixture(scope="module")
def countersigned(lab: Laboratory, signed: bytes) -> bytes:
    return countersign_report(signed, lab.proven(lab.reviewer), "검토")


def clock_of(lab: Laboratory, who: FileIdentity) -> TimestampAuthority:
    return load_authority(lab.write(who, "some-clock.p12"), PASSWORD)


def outcomes(pdf: bytes, *trust: Path, revocation: tuple[Path, ...] = ()) -> dict[str, str]:
    """Reasons by check, with the status where it is not PASS."""
    checks, _ = check_signature(pdf, trust, revocation)
    return {
        c.id: c.reason if c.status is CheckStatus.PASS else f"{c.status.value} {c.reason}"
        for c in checks
    }


def wait_until(moment: datetime.datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds() + 2))


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


@pytest.mark.parametrize("reviewed", [False, True])
@pytest.mark.parametrize("times", [1, 2])
def test_other_programs_agree(
    lab: Laboratory,
    signed: bytes,
    countersigned: bytes,
    reviewed: bool,
    times: int,
    tool: Tool,
    tmp_path: Path,
) -> None:
    pdf = countersigned if reviewed else signed
    for _ in range(times):
        pdf = archive_report(pdf, lab.clock, lab.revocation)
    said = outcomes(pdf, lab.root)
    assert not [outcome for outcome in said.values() if outcome.startswith("FAIL")]
    for suffix in ["", ".2"][:times]:
        assert said[f"archive.coverage{suffix}"] == "whole_file"
        assert said[f"archive.timestamp{suffix}"] == "stamped"
    assert said["signature.timestamp"] == "stamped"

    path, content, token = (tmp_path / name for name in ("a.pdf", "content", "token"))
    path.write_bytes(pdf)
    tool("qpdf", "--check", path)
    shown = tool("pdfsig", path, check=False).decode()
    assert shown.count("Signature is Valid") == 1 + reviewed
    assert shown.count("Total document signed") == 1
    for span in BYTE_RANGE.findall(pdf)[1 + reviewed :]:
        _, first, second, rest = map(int, span)
        content.write_bytes(pdf[:first] + pdf[second : second + rest])
        padded = bytes.fromhex(pdf[first + 1 : second - 1].decode())
        token.write_bytes(padded[: 4 + int.from_bytes(padded[2:4], "big")])
        digest = hashlib.sha256(content.read_bytes()).hexdigest()
        tool("openssl", "ts", "-verify", "-digest", digest, "-in", token, "-token_in",
             "-CAfile", lab.root)  # fmt: skip
    root = asn1_x509.Certificate.load(lab.authority.certificate.public_bytes(Encoding.DER))
    reader = PdfFileReader(io.BytesIO(pdf), strict=True)
    for signature in reader.embedded_regular_signatures:
        context = ValidationContext(trust_roots=[root], allow_fetching=False)
        assert validate_pdf_signature(signature, context).bottom_line
    for stamp in reader.embedded_timestamp_signatures:
        context = ValidationContext(trust_roots=[root], allow_fetching=False)
        found = validate_pdf_timestamp(stamp, context)
        assert found.valid and found.intact and found.trusted
    assert len(reader.embedded_timestamp_signatures) == times


def test_report_outlives_its_clock_and_its_signer(lab: Laboratory, base: bytes) -> None:
    """Both certificates have expired; the archive timestamp came before, the next authority's
    later still."""
    span = (-DAY, SHORT)
    signer = lab.authority.identity("감정인 Kim", ec_key(), span)
    short = lab.authority.identity("Short clock", ec_key(), span, stamps=True)
    clock = clock_of(lab, short)
    stamped = sign_report(base, replace(signer, proofs=Proofs(clock, lab.revocation)), "감정서")
    bare = sign_report(base, replace(signer, proofs=Proofs(revocation=lab.revocation)), "감정서")
    kept = [archive_report(pdf, lab.clock, NO_DATA) for pdf in (stamped, bare)]
    twice = archive_report(archive_report(stamped, clock, NO_DATA), lab.clock, NO_DATA)
    wait_until(short.certificate.not_valid_after_utc)

    said = outcomes(stamped, lab.root)
    assert said["signature.timestamp"] == "NOT_CHECKED authority_unknown"
    assert said["signature.certificate_valid_at_signing"] == "FAIL expired_since"
    for pdf in (kept[0], twice):
        said = outcomes(pdf, lab.root)
        assert said["signature.timestamp"] == "stamped"
        assert said["signature.certificate_valid_at_signing"] == "within_validity_stamped"
        assert (said["signature.trust"], said["signature.revocation"]) == (
            "trusted",
            "not_revoked",
        )
        assert said["archive.timestamp"] == "stamped"
    assert outcomes(twice, lab.root)["archive.timestamp.2"] == "stamped"
    said = outcomes(kept[1], lab.root)
    assert said["signature.timestamp"] == "NOT_CHECKED no_timestamp"
    assert said["signature.certificate_valid_at_signing"] == "within_validity_stamped"

    # An archive timestamp of nobody's, or one that came too late, saves nothing.
    unknown = lab.clock_of(Authority("Unknown", ec_key()))
    said = outcomes(archive_report(stamped, unknown, NO_DATA), lab.root)
    assert said["archive.timestamp"] == "NOT_CHECKED authority_unknown"
    assert said["signature.certificate_valid_at_signing"] == "FAIL expired_since"
    said = outcomes(archive_report(stamped, lab.clock, NO_DATA), lab.root)
    assert said["archive.timestamp"] == "stamped"
    assert said["signature.timestamp"] == "NOT_CHECKED authority_unknown"
    assert said["signature.certificate_valid_at_signing"] == "FAIL outside_validity"


def test_clock_that_was_revoked_after_the_archive_timestamp(lab: Laboratory, base: bytes) -> None:
    """Retired it is still believed; with a stolen key it never is."""
    clock = lab.authority.identity("Retired clock", ec_key(), stamps=True)
    proofs = Proofs(clock_of(lab, clock), lab.revocation)
    stamped = sign_report(base, replace(lab.examiner, proofs=proofs), "감정서")
    kept = archive_report(stamped, lab.clock, NO_DATA)
    time.sleep(2)
    for reason, expected in (
        (x509.ReasonFlags.cessation_of_operation, "stamped"),
        (x509.ReasonFlags.key_compromise, "NOT_CHECKED authority_revoked"),
        (None, "NOT_CHECKED authority_revoked"),
    ):
        told = Told(NOW, reason, age=NOW)
        crl = lab.keep("clocks.crl", lab.authority.revocation_list([clock], told=told))
        assert outcomes(kept, lab.root, revocation=(crl,))["signature.timestamp"] == expected
        without = outcomes(stamped, lab.root, revocation=(crl,))
        assert without["signature.timestamp"] == "NOT_CHECKED authority_revoked"


def test_every_digit_of_an_archive_timestamp_counts(lab: Laboratory, countersigned: bytes) -> None:
    pdf = archive_report(countersigned, lab.clock, NO_DATA)
    assert [len(r) for r in revisions(pdf)][1:] == [len(countersigned), len(pdf)]
    first, second = (int(n) for n in BYTE_RANGE.findall(pdf)[-1][1:3])
    digits = bytes.fromhex(pdf[first + 1 : second - 1].decode())
    used = 2 * (4 + int.from_bytes(digits[2:4], "big"))
    rng = np.random.default_rng(9)
    for at in first + 1 + rng.choice(used, 30, replace=False):
        changed = bytearray(pdf)
        changed[at] = DIGITS[DIGITS.index(pdf[at]) ^ int(rng.integers(1, 16))]
        if not coverage_fault(bytes(changed), 3, is_stamp=True):
            said = outcomes(bytes(changed), lab.root)
            assert said["archive.timestamp"].startswith("FAIL"), int(at)


def test_what_is_refused(lab: Laboratory, signed: bytes, base: bytes, tmp_path: Path) -> None:
    report, out = tmp_path / "report.pdf", tmp_path / "out.pdf"
    clock = lab.write(lab.authority.identity("Clock", ec_key(), stamps=True), "tsa.p12")
    secret = PASSWORD.decode()
    for pdf in (base, signed + b"\n", signed[:200] + b"x" + signed[201:]):
        report.write_bytes(pdf)
        refused = code_of(lambda: archive(report, clock, secret, (), out))
        assert refused is ErrorCode.ARCHIVE_NOT_INTACT
    report.write_bytes(signed)
    assert code_of(lambda: archive(report, clock, secret, (), report)) is ErrorCode.FILE_EXISTS
    own = lab.write(lab.examiner, "examiner.p12")
    assert code_of(lambda: archive(report, own, secret, (), out)) is ErrorCode.TIMESTAMP_PURPOSE
    assert report.read_bytes() == signed and not out.exists()
    archive(report, clock, secret, (lab.crl,), out)
    reviewer = SignerChoice("file", lab.write(lab.reviewer, "reviewer.p12"), secret)
    after = tmp_path / "after.pdf"
    refused = code_of(lambda: countersign(out, reviewer, after))
    assert refused is ErrorCode.COUNTERSIGN_ARCHIVED and not after.exists()


def test_command_line_archives(
    lab: Laboratory,
    countersigned: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SECRET", PASSWORD.decode())
    report, out = tmp_path / "감정서.pdf", tmp_path / "보관.pdf"
    report.write_bytes(countersigned)
    clock = lab.write(lab.authority.identity("Clock", ec_key(), stamps=True), "tsa.p12")
    arguments = ["archive", str(report), "--out", str(out), "--tsa-p12", str(clock), "--json"]
    assert run(arguments) == EXIT_USAGE
    capsys.readouterr()
    arguments += ["--tsa-pass-env", "SECRET", "--revocation", str(lab.crl)]
    assert run(arguments) == EXIT_DONE
    told = json.loads(capsys.readouterr().out)["checks"]
    assert [c["id"] for c in told] == ["archive.coverage", "archive.timestamp"]
    assert outcomes(out.read_bytes(), lab.root)["archive.timestamp"] == "stamped"
    assert out.read_bytes().startswith(countersigned)
    report.write_bytes(countersigned + b"\n")
    assert run([*arguments, "--lang", "en"]) == EXIT_FAILED
    capsys.readouterr()
