"""The report, its signature and its verification, on the demo recordings (synthetic)."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from app.resources import VERBAL_SCALE
from app.services.comparing import Comparison
from app.services.reporting import ReportRequest, finding_of, write_report
from app.services.verifying import verify
from engine.canonical import canonical_bytes
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.lr.verbal import load_scale
from engine.models.session import EmbeddingModel
from engine.report.fonts import register_fonts
from engine.report.manifest import parse
from engine.report.sign import Identity, load_pkcs12
from engine.types import CheckStatus, Population
from engine.verify.coverage import BYTE_RANGE
from engine.verify.run import Verification, read_manifest

Tool = Callable[..., bytes]
CHANGES = 300


def failed(verification: Verification) -> list[str]:
    return [c.id for c in verification.result.checks if c.status is CheckStatus.FAIL]


def text_of(path: Path, tool: Tool) -> str:
    return re.sub(r"\s+", "", tool("pdftotext", "-raw", path, "-").decode("utf-8"))


def code_of(action: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeongmunError) as caught:
        action()
    return caught.value.code


def test_report_prints_what_its_manifest_says(reports: dict[str, Path], tool: Tool) -> None:
    for language, path in reports.items():
        manifest, _ = read_manifest(path.read_bytes())
        assert manifest is not None
        content, text = manifest.content, text_of(path, tool)
        for item in content["items"]:
            assert item["sha256"] in text
            assert item["file_name"] in text
        assert content["model"]["sha256"] in text
        assert content["population"]["sha256"] in text
        for compared in content["comparisons"]:
            assert f"{compared['result']['log10_lr']:.2f}" in text
            assert f"{compared['result']['score']:.4f}" in text
        assert content["report_id"] in text
        for proposition in content["propositions"].values():
            assert proposition[language].replace(" ", "") in text
        assert ("합성음성" if language == "ko" else "Syntheticvoice") in text
        assert ("시연용문서" if language == "ko" else "DEMONSTRATION") in text


def test_korean_font_is_embedded_as_a_subset(reports: dict[str, Path], tool: Tool) -> None:
    lines = tool("pdffonts", reports["ko"]).decode().splitlines()[2:]
    korean = [line for line in lines if "Nanum" in line or "Malgun" in line]
    assert len(korean) >= 2
    for line in korean:
        embedded, subset, unicode_map = line.split()[-5:-2]
        assert (embedded, subset, unicode_map) == ("yes", "yes", "yes")


def test_independent_tools_accept_the_report(
    reports: dict[str, Path], tool: Tool, identity_files: tuple[Path, Path], tmp_path: Path
) -> None:
    path = reports["ko"]
    said = tool("pdfsig", path).decode()
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert b"unchanged since signing" in tool("mutool", "sign", "-v", path)
    tool("qpdf", "--check", path)
    content = path.read_bytes()
    first, second = (int(number) for number in BYTE_RANGE.findall(content)[0][1:3])
    signed, cms = tmp_path / "signed.bin", tmp_path / "signature.der"
    signed.write_bytes(content[:first] + content[second:])
    cms.write_bytes(bytes.fromhex(content[first + 1 : second - 1].decode()))
    tool("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", signed,
         "-CAfile", identity_files[1], "-purpose", "any", "-out", os.devnull)  # fmt: skip


def test_untouched_report_is_verified_down_to_the_number(
    reports: dict[str, Path], demo_media: tuple[Path, Path], identity_files: tuple[Path, Path]
) -> None:
    for path in reports.values():
        verification = verify(path, demo_media[0].parent, identity_files[1], recompute=True)
        assert verification.result.verdict is CheckStatus.PASS, verification.result.checks
        assert verification.manifest is not None
        reported = verification.manifest.content["comparisons"][0]["result"]["log10_lr"]
        assert verification.recomputed_log10_lr == pytest.approx(reported, abs=1e-4)


def test_what_was_not_checked_is_not_passed(reports: dict[str, Path]) -> None:
    verification = verify(reports["ko"], None, None, recompute=False)
    by_id = {c.id: c.status for c in verification.result.checks}
    for check_id in ("signature.trust", "media.known", "media.questioned", "result.recomputed"):
        assert by_id[check_id] is CheckStatus.NOT_CHECKED
    assert verification.result.verdict is CheckStatus.NOT_CHECKED


def test_draft_says_so_and_signed_report_does_not(
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    reports: dict[str, Path],
    tmp_path: Path,
    tool: Tool,
) -> None:
    draft = tmp_path / "draft.pdf"
    write_report(
        [finding_of(comparison, load_scale(VERBAL_SCALE))],
        model.pack,
        population,
        ReportRequest("en", None),
        draft,
    )
    assert "DRAFT" in text_of(draft, tool)
    assert "DRAFT" not in text_of(reports["en"], tool)


def test_canonical_manifest_is_strict(reports: dict[str, Path]) -> None:
    manifest, _ = read_manifest(reports["ko"].read_bytes())
    assert manifest is not None
    content = canonical_bytes(manifest.content)
    assert parse(content).content == manifest.content
    for bad in (
        b"",
        b"{}",
        b"[]",
        content + b" ",
        content.replace(b'"demo":true', b'"demo":true,"demo":true'),
        content.replace(b'"format":4', b'"format":5'),
        content.replace(b'"demo":true', b'"demo":1'),
        b"[" * 100_000,
    ):
        assert code_of(lambda bad=bad: parse(bad)) is ErrorCode.REPORT_MANIFEST
    with pytest.raises(ValueError, match="JSON"):
        canonical_bytes({"x": float("nan")})


def test_forbidden_claims_are_nowhere(reports: dict[str, Path], tool: Tool) -> None:
    for path in reports.values():
        text = tool("pdftotext", path, "-").decode().lower()
        assert not re.search(r"\bmatch|identified|% same|동일인입니다|일치", text)


def make_identity(
    path: Path, bits: int = 2048, days: int = 10, algorithm: hashes.HashAlgorithm | None = None
) -> Identity:
    write_identity(path, bits, days, algorithm)
    return load_pkcs12(path, b"x")


def write_identity(
    path: Path, bits: int, days: int, algorithm: hashes.HashAlgorithm | None = None
) -> None:
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=20)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=20 + days))
        .sign(key, algorithm or hashes.SHA256())
    )
    protection = BestAvailableEncryption(b"x")
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"t", key, certificate, None, protection)
    )


def test_bad_identities_have_their_codes(tmp_path: Path) -> None:
    expired, weak, garbage = (tmp_path / name for name in ("expired.p12", "weak.p12", "bad.p12"))
    write_identity(expired, 2048, -5)
    write_identity(weak, 1024, 10)
    garbage.write_bytes(b"not a key")
    assert code_of(lambda: load_pkcs12(tmp_path / "none.p12", b"x")) is ErrorCode.KEY_MISSING
    assert code_of(lambda: load_pkcs12(expired, b"wrong")) is ErrorCode.KEY_PASSWORD
    assert code_of(lambda: load_pkcs12(expired, b"x")) is ErrorCode.KEY_EXPIRED
    assert code_of(lambda: load_pkcs12(weak, b"x")) is ErrorCode.KEY_WEAK
    assert code_of(lambda: load_pkcs12(garbage, b"x")) is ErrorCode.KEY_INVALID


def test_missing_font_is_an_error(tmp_path: Path) -> None:
    assert code_of(lambda: register_fonts((tmp_path,))) is ErrorCode.REPORT_FONT


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False)
    if done.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    target = small_disk / "report.pdf"
    write_atomic(target, b"old")
    assert code_of(lambda: write_atomic(target, b"x" * 200_000)) is ErrorCode.FILE_DISK_FULL
    assert target.read_bytes() == b"old"
    assert [p.name for p in small_disk.iterdir()] == ["report.pdf"]
