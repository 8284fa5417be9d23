"""Signing with a token: SoftHSM2 stands for the examiner's card, RSA and elliptic curve."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.cli import EXIT_FAILED, EXIT_INCOMPLETE, run
from app.services.signing import SignerChoice, countersign
from benchmarks.laboratory import PASSWORD, Laboratory, ec_key
from engine.errors import ErrorCode, SeongmunError
from engine.report.sign import Proofs, sign_report
from engine.report.tokens import open_token
from engine.verify.signature import check_signature
from tests.agreement import Tool, require_agreement, small_report
from ui.review_window import ReviewWindow

PIN, ADMIN_PIN = "246810", "13579246"
MODULES = [
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"),
]


@pytest.fixture(scope="module")
def module() -> Path:
    found = [path for path in MODULES if path.exists()]
    assert found, "softhsm2 is missing: make test installs it"
    return found[0]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the certificates of the tokens RSA, EC, OLD and WEAK; EMPTY has no key."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "store").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'store'}\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    strong = rsa.generate_private_key(65537, 2048)
    make_token(folder, "RSA", strong)
    make_token(folder, "EC", ec.generate_private_key(ec.SECP256R1()))
    make_token(folder, "OLD", strong, days=-1)
    make_token(folder, "WEAK", rsa.generate_private_key(65537, 1024))
    initialise("EMPTY")
    yield folder
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def initialise(label: str) -> None:
    pins = ["--so-pin", ADMIN_PIN, "--pin", PIN]
    util("--init-token", "--free", "--label", label, *pins)


def util(*arguments: str) -> None:
    program = shutil.which("softhsm2-util")
    assert program, "softhsm2 is missing: make test installs it"
    subprocess.run([program, *arguments], check=True, capture_output=True, timeout=60)


def make_token(
    folder: Path, label: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, days: int = 30
) -> None:
    """A token with a key that was made elsewhere, and its self-signed certificate."""
    initialise(label)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"감정인 {label}")])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    private = folder / f"{label}.key"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    names = ["--token", label, "--label", "key", "--id", "01", "--pin", PIN]
    util("--import", str(private), *names)
    (folder / f"{label}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    der = folder / f"{label}.der"
    der.write_bytes(certificate.public_bytes(Encoding.DER))
    program = shutil.which("pkcs11-tool")
    assert program, "opensc is missing: make test installs it"
    found = next(path for path in MODULES if path.exists())
    write = ["--write-object", str(der), "--type", "cert", "--id", "01", "--label", "certificate"]
    login = ["--module", str(found), "--token-label", label, "--login", "--pin", PIN]
    subprocess.run([program, *login, *write], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def draft() -> bytes:
    """A small PDF to sign."""
    return small_report()


@pytest.mark.parametrize("label", ["RSA", "EC"])
def test_token_signs_what_others_verify(
    label: str, module: Path, tokens: Path, draft: bytes, tool: Tool, tmp_path: Path
) -> None:
    with open_token(module, PIN, label) as identity:
        signed = sign_report(draft, identity, "감정서")
    require_agreement(signed, tokens / f"{label}.pem", tmp_path, tool)
    checks, (facts,) = check_signature(signed, (tokens / f"{label}.pem",))
    assert f"감정인 {label}" in facts.signer
    reasons = {check.id: check.reason for check in checks}
    assert reasons["signature.trust"] == "trusted"
    assert reasons["signature.revocation"] == "trusted_directly"


@pytest.mark.parametrize(("examiner", "reviewer"), [("RSA", "EC"), ("EC", "RSA")])
def test_tokens_of_examiner_and_reviewer(
    examiner: str,
    reviewer: str,
    module: Path,
    tokens: Path,
    draft: bytes,
    tool: Tool,
    tmp_path: Path,
) -> None:
    """With timestamps of a clock that is a file."""
    clock = Laboratory(tmp_path).clock
    report, out = tmp_path / "report.pdf", tmp_path / "out.pdf"
    with open_token(module, PIN, examiner) as identity:
        proven = replace(identity, proofs=Proofs(clock))
        report.write_bytes(sign_report(draft, proven, "감정서"))
    countersign(report, SignerChoice("token", module, PIN, reviewer), out)
    both = [tokens / f"{label}.pem" for label in (examiner, reviewer)] + [tmp_path / "root.pem"]
    bundle = tmp_path / "trusted.pem"
    bundle.write_bytes(b"".join(path.read_bytes() for path in both))
    require_agreement(out.read_bytes(), bundle, tmp_path, tool)
    checks, _ = check_signature(out.read_bytes(), both)
    reasons = {check.id: check.reason for check in checks}
    assert reasons["signature.timestamp"] == "stamped"
    assert reasons["countersignature.timestamp"] == "no_timestamp"
    assert reasons["countersignature.trust"] == "trusted"


def test_reviewer_signs_with_a_token_in_the_window(
    qtbot: QtBot, reports: dict[str, Path], module: Path, tokens: Path, tmp_path: Path
) -> None:
    """The certificate is named by the reviewer, as where a token holds several."""
    report = tmp_path / "report.pdf"
    report.write_bytes(reports["en"].read_bytes())
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = ReviewWindow(settings)
    qtbot.addWidget(window)
    window.desk.open(report)
    qtbot.waitUntil(lambda: not window.board.running, timeout=120_000)
    dialog = window.desk.ask_to_countersign()
    assert dialog is not None
    dialog._kind.setCurrentIndex(dialog._kind.findData("token"))
    dialog._paths["token"].setText(str(module))
    dialog._token.setText("EC")
    dialog._certificate.setText("감정인 EC")
    dialog._secret.setText(PIN)
    copy = dialog.target
    dialog.accept()
    qtbot.waitUntil(lambda: not window.board.running, timeout=120_000)
    checks, (_, reviewer) = check_signature(copy.read_bytes(), (tokens / "EC.pem",))
    reasons = {check.id: check.reason for check in checks}
    assert "감정인 EC" in reviewer.signer
    assert reasons["countersignature.trust"] == "trusted"
    assert window.desk.report == copy
    settings.sync()
    assert PIN not in (tmp_path / "settings.ini").read_text(encoding="utf-8")
    window.close()


@pytest.mark.parametrize(
    ("label", "pin", "code"),
    [
        ("RSA", "111111", ErrorCode.TOKEN_PIN),
        ("RSA", "", ErrorCode.TOKEN_PIN),
        ("OLD", PIN, ErrorCode.KEY_EXPIRED),
        ("WEAK", PIN, ErrorCode.KEY_WEAK),
        ("EMPTY", PIN, ErrorCode.KEY_INVALID),
        ("없는 토큰", PIN, ErrorCode.TOKEN_MISSING),
        (None, PIN, ErrorCode.TOKEN_CHOICE),
    ],
)
def test_what_cannot_sign_is_told(
    label: str | None, pin: str, code: ErrorCode, module: Path, tokens: Path
) -> None:
    with pytest.raises(SeongmunError) as caught, open_token(module, pin, label):
        pass
    assert caught.value.code is code


def test_library_that_is_none(tmp_path: Path, tokens: Path) -> None:
    (tmp_path / "no.so").write_bytes(b"nothing")
    for path in (tmp_path / "no.so", tmp_path / "missing.so"):
        with pytest.raises(SeongmunError) as caught, open_token(path, PIN):
            pass
        assert caught.value.code is ErrorCode.TOKEN_MODULE


def test_token_that_is_removed_while_signing(module: Path, tokens: Path, draft: bytes) -> None:
    make_token(tokens, "REMOVED", ec.generate_private_key(ec.SECP256R1()))
    with open_token(module, PIN, "REMOVED") as identity:
        util("--delete-token", "--token", "REMOVED")
        with pytest.raises(SeongmunError) as caught:
            sign_report(draft, identity, "감정서")
    assert caught.value.code is ErrorCode.SIGN_FAILED


def test_command_line_signs_with_a_token(
    module: Path,
    tokens: Path,
    demo_media: tuple[Path, Path],
    tmp_path: Path,
    tool: Tool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOKEN_PIN", PIN)
    report = tmp_path / "report.pdf"
    arguments = ["compare", *map(str, demo_media), "--report", str(report), "--json"]
    token = ["--sign-token", str(module), "--token-label", "EC", "--sign-pass-env", "TOKEN_PIN"]
    assert run([*arguments, *token]) == 0
    assert "Signature is Valid." in tool("pdfsig", report, check=False).decode()
    assert run([*arguments, *token[:-2]]) == 2
    capsys.readouterr()


@pytest.mark.parametrize("label", ["RSA", "EC"])
def test_review_record_signed_with_a_token(
    label: str,
    module: Path,
    tokens: Path,
    reports: dict[str, Path],
    tmp_path: Path,
    tool: Tool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a timestamp and the list of an authority that has nothing to say of the token."""
    lab = Laboratory(tmp_path)
    clock = lab.write(lab.authority.identity("Clock", ec_key(), stamps=True), "clock.p12")
    monkeypatch.setenv("TOKEN_PIN", PIN)
    monkeypatch.setenv("CLOCK", PASSWORD.decode())
    record, trusted = tmp_path / "검토 기록.pdf", tokens / f"{label}.pem"
    arguments = ["verify", str(reports["ko"]), "--no-recompute", "--json", "--record", str(record)]
    who = ["--reviewer", "검토자 이", "--agency", "문자감정원", "--remarks", "이상 없음"]
    token = ["--sign-token", str(module), "--token-label", label, "--sign-pass-env", "TOKEN_PIN"]
    proofs = ["--tsa-p12", str(clock), "--tsa-pass-env", "CLOCK", "--revocation", str(lab.crl)]
    assert run([*arguments, *who, *token, *proofs]) == EXIT_INCOMPLETE
    capsys.readouterr()

    believed = ["--trust", str(trusted), "--trust", str(lab.root)]
    assert run(["verify", str(record), "--json", *believed]) == EXIT_INCOMPLETE
    checks = {c["id"]: c for c in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["signature.present"]["params"]["signer"] == f"Common Name: 감정인 {label}"
    told = {name: (check["status"], check["reason"]) for name, check in checks.items()}
    assert told["signature.integrity"] == ("PASS", "intact")
    assert told["signature.coverage"] == ("PASS", "whole_file")
    assert told["signature.trust"] == ("PASS", "trusted")
    assert told["signature.timestamp"] == ("PASS", "stamped")
    assert told["review.document"] == ("PASS", "canonical")
    assert not [name for name, (status, _) in told.items() if status == "FAIL"]
    bundle = tmp_path / "trusted.pem"
    bundle.write_bytes(trusted.read_bytes() + lab.root.read_bytes())
    require_agreement(record.read_bytes(), bundle, tmp_path, tool)

    changed = bytearray(record.read_bytes())
    changed[len(changed) // 3] ^= 1
    record.write_bytes(bytes(changed))
    assert run(["verify", str(record), "--json", *believed]) == EXIT_FAILED
    assert "Signature is Valid" not in tool("pdfsig", record, check=False).decode()
    capsys.readouterr()


def test_no_record_is_written_where_the_token_does_not_sign(
    module: Path,
    tokens: Path,
    reports: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOKEN_PIN", "000000")
    record = tmp_path / "record.pdf"
    arguments = ["verify", str(reports["ko"]), "--no-recompute", "--json", "--lang", "en"]
    who = ["--record", str(record), "--reviewer", "Lee"]
    token = ["--sign-token", str(module), "--token-label", "EC", "--sign-pass-env", "TOKEN_PIN"]
    assert run([*arguments, *who, *token]) == EXIT_FAILED
    assert json.loads(capsys.readouterr().out)["error"]["code"] == ErrorCode.TOKEN_PIN.value
    assert not record.exists()
