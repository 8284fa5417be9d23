"""Revocation by real OCSP responses and CRLs, before and after a signature was made."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.cli import run
from benchmarks.laboratory import DAY, PASSWORD, Authority, Laboratory, Told, ec_key, rsa_key
from engine.errors import ErrorCode, SeongmunError
from engine.report.revocation import RevocationData, load_revocation
from engine.report.revoked import revocations
from engine.report.sign import FileIdentity, Proofs, countersign_report, sign_report
from engine.report.timestamps import load_authority
from engine.types import CheckStatus
from engine.verify.signature import check_signature
from tests.agreement import Tool, require_agreement

NOW = datetime.timedelta()
Reason = x509.ReasonFlags
SUPERSEDED = Reason.superseded


@pytest.fixture(scope="module")
def stamped(lab: Laboratory, base: bytes) -> bytes:
    """Signed and stamped three seconds ago, with the CRL that revokes nobody."""
    signed = sign_report(base, lab.proven(lab.examiner), "감정서")
    time.sleep(3)
    return signed


def outcomes(pdf: bytes, lab: Laboratory, *revocation: bytes) -> dict[str, str]:
    """Reasons by check, with the status where it is not PASS."""
    files = [lab.keep(f"given{i}.der", content) for i, content in enumerate(revocation)]
    checks, _ = check_signature(pdf, [lab.root], files)
    return {
        c.id: c.reason if c.status is CheckStatus.PASS else f"{c.status.value} {c.reason}"
        for c in checks
    }


def told(pdf: bytes, lab: Laboratory, *revocation: bytes) -> tuple[str, str]:
    """Outcomes of revocation and trust."""
    said = outcomes(pdf, lab, *revocation)
    return said["signature.revocation"], said["signature.trust"]


def with_proofs(lab: Laboratory, identity: FileIdentity, *revocation: bytes) -> FileIdentity:
    files = [lab.keep(f"kept{i}.der", content) for i, content in enumerate(revocation)]
    return replace(identity, proofs=Proofs(revocation=load_revocation(files)))


class Responder:
    """`openssl ocsp` with the index of the laboratory's root."""

    def __init__(self, lab: Laboratory, folder: Path, tool: Tool) -> None:
        self.lab, self.folder, self.tool = lab, folder, tool
        self.key = folder / "root.key"
        self.key.write_bytes(
            lab.authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )

    def answer(self, about: FileIdentity, revoked: str = "", days: int = 7) -> Path:
        """A response for `days`; revoked since and why as in ``YYMMDDHHMMSSZ,reason``."""
        certificate = self.folder / "asked.pem"
        certificate.write_bytes(about.certificate.public_bytes(Encoding.PEM))
        expiry = f"{about.certificate.not_valid_after_utc:%y%m%d%H%M%SZ}"
        subject = about.certificate.subject.rfc4514_string()
        serial = f"{about.certificate.serial_number:X}"
        serial = serial.zfill(len(serial) + len(serial) % 2)
        index = self.folder / "index.txt"
        line = ["R" if revoked else "V", expiry, revoked, serial, "unknown", f"/{subject}"]
        index.write_text("\t".join(line) + "\n", encoding="utf-8")
        request, response = self.folder / "request.der", self.folder / "response.der"
        asked = ("-issuer", self.lab.root, "-cert", certificate)
        self.tool("openssl", "ocsp", *asked, "-reqout", request)
        self.tool("openssl", "ocsp", "-index", index, "-CA", self.lab.root, "-rsigner",
                  self.lab.root, "-rkey", self.key, "-reqin", request, "-respout", response,
                  "-ndays", days)  # fmt: skip
        return response


@pytest.fixture
def responder(lab: Laboratory, tmp_path: Path, tool: Tool) -> Responder:
    return Responder(lab, tmp_path, tool)


@pytest.mark.parametrize("who", ["examiner", "other_examiner"], ids=["RSA", "EC"])
def test_good_response_of_openssl_is_kept_and_counts(
    lab: Laboratory, base: bytes, responder: Responder, tool: Tool, tmp_path: Path, who: str
) -> None:
    """The certificates name no responder, as those of a laboratory of its own do not."""
    identity = getattr(lab, who)
    plain = sign_report(base, identity, "감정서")
    assert told(plain, lab)[0] == "NOT_CHECKED no_revocation_data"
    response = responder.answer(identity)
    assert told(plain, lab, response.read_bytes())[0] == "not_revoked"
    kept = replace(identity, proofs=Proofs(revocation=load_revocation([response])))
    signed = sign_report(base, kept, "감정서")
    assert told(signed, lab) == ("not_revoked", "trusted")
    require_agreement(signed, lab.root, tmp_path, tool)


def test_response_is_kept_by_both_signatures(
    lab: Laboratory, base: bytes, tool: Tool, tmp_path: Path
) -> None:
    answers = [lab.authority.answer(who) for who in (lab.examiner, lab.reviewer)]
    signed = sign_report(base, with_proofs(lab, lab.examiner, answers[0]), "감정서")
    signed = countersign_report(signed, with_proofs(lab, lab.reviewer, answers[1]), "검토")
    said = outcomes(signed, lab)
    assert said["signature.revocation"] == said["countersignature.revocation"] == "not_revoked"
    assert said["countersignature.coverage"] == "whole_file"
    require_agreement(signed, lab.root, tmp_path, tool)


def test_command_line_keeps_and_judges_a_response(
    lab: Laboratory,
    responder: Responder,
    demo_media: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SECRET", PASSWORD.decode())
    report, key = tmp_path / "report.pdf", lab.write(lab.examiner, "examiner.p12")
    signer = ["--sign-p12", str(key), "--sign-pass-env", "SECRET"]
    arguments = ["compare", *map(str, demo_media), "--report", str(report), *signer]
    good = responder.answer(lab.examiner)
    assert run([*arguments, "--revocation", str(good)]) == 0
    assert told(report.read_bytes(), lab) == ("not_revoked", "trusted")
    report.unlink()
    revoked = responder.answer(lab.examiner, "260101000000Z,superseded")
    capsys.readouterr()
    assert run([*arguments, "--lang", "en", "--revocation", str(revoked)]) == 1
    assert "revoked" in capsys.readouterr().err and not report.exists()


def test_revoked_response_counts_and_nobody_signs_with_it(
    lab: Laboratory, base: bytes, responder: Responder
) -> None:
    plain = sign_report(base, lab.examiner, "감정서")
    revoked = responder.answer(lab.examiner, "260101000000Z,superseded")
    assert told(plain, lab, revoked.read_bytes()) == ("FAIL revoked_untimed", "FAIL revoked")
    kept = replace(lab.examiner, proofs=Proofs(revocation=load_revocation([revoked])))
    for chain in (kept.chain, ()):
        with pytest.raises(SeongmunError) as caught:
            sign_report(base, replace(kept, chain=chain), "감정서")
        assert caught.value.code is ErrorCode.KEY_REVOKED


@pytest.mark.parametrize("revoked", [None, Told(DAY)], ids=["good", "revoked"])
def test_response_of_somebody_else_does_not_count(
    lab: Laboratory, base: bytes, revoked: Told | None
) -> None:
    plain = sign_report(base, lab.examiner, "감정서")
    foreign = Authority(lab.authority.name, ec_key())
    forged = (foreign.certificate, foreign.key)
    not_appointed = lab.authority.responder(ec_key(), answers=False)
    for responder in (forged, not_appointed, foreign.responder(rsa_key())):
        response = lab.authority.answer(lab.examiner, revoked, responder=responder)
        said = told(plain, lab, response)
        assert said == ("NOT_CHECKED revocation_not_current", "trusted")
        signed = sign_report(base, with_proofs(lab, lab.examiner, response), "감정서")
        assert told(signed, lab) == said
    about_another = lab.authority.answer(lab.reviewer, revoked)
    assert told(plain, lab, about_another)[0] == "NOT_CHECKED revocation_not_current"


@pytest.mark.parametrize("key", [rsa_key, ec_key])
def test_appointed_responder_counts(
    lab: Laboratory, base: bytes, key: Callable[[], object]
) -> None:
    plain = sign_report(base, lab.examiner, "감정서")
    responder = lab.authority.responder(key())  # type: ignore[arg-type]
    good = lab.authority.answer(lab.examiner, responder=responder)
    assert told(plain, lab, good) == ("not_revoked", "trusted")
    revoked = lab.authority.answer(lab.examiner, Told(DAY), responder=responder)
    assert told(plain, lab, revoked) == ("FAIL revoked_untimed", "FAIL revoked")
    assert told(plain, lab, good, revoked)[0] == "FAIL revoked_untimed"


def test_stale_response_shows_nothing_but_a_revocation_stays(lab: Laboratory, base: bytes) -> None:
    plain = sign_report(base, lab.examiner, "감정서")
    past, old = datetime.timedelta(minutes=-1), Told(DAY / 2, age=DAY / 4)
    stale = lab.authority.answer(lab.examiner, lasts=past)
    assert told(plain, lab, stale) == ("NOT_CHECKED revocation_not_current", "trusted")
    stale = lab.authority.answer(lab.examiner, old, lasts=past)
    assert told(plain, lab, stale) == ("FAIL revoked_untimed", "FAIL revoked")


@pytest.mark.parametrize(
    ("revocation", "expected"),
    [
        (Told(NOW, SUPERSEDED, age=NOW), "revoked_later"),
        (Told(NOW, Reason.cessation_of_operation, age=NOW), "revoked_later"),
        (Told(NOW, Reason.affiliation_changed, age=NOW), "revoked_later"),
        (Told(NOW, Reason.privilege_withdrawn, age=NOW), "revoked_later"),
        (Told(NOW, None, age=NOW), "NOT_CHECKED revoked_later_unexplained"),
        (Told(NOW, Reason.certificate_hold, age=NOW), "NOT_CHECKED revoked_later_unexplained"),
        (Told(NOW, Reason.key_compromise, age=NOW), "FAIL revoked_compromised"),
        (Told(NOW, Reason.ca_compromise, age=NOW), "FAIL revoked_compromised"),
        (Told(DAY / 2, SUPERSEDED, age=NOW), "FAIL revoked_before"),
        (Told(DAY / 2, None), "FAIL revoked_before"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("kind", ["CRL", "OCSP"])
def test_revoked_after_the_timestamp(
    lab: Laboratory, stamped: bytes, revocation: Told, expected: str, kind: str
) -> None:
    if kind == "CRL":
        data = lab.authority.revocation_list([lab.examiner], told=revocation)
    else:
        data = lab.authority.answer(lab.examiner, revocation)
    trust = "FAIL revoked" if expected.startswith("FAIL") else "trusted"
    assert told(stamped, lab, data) == (expected, trust)


def test_date_from_which_an_authority_doubts_a_key(lab: Laboratory, stamped: bytes) -> None:
    for doubted, expected in ((DAY, "FAIL revoked_doubted"), (NOW, "revoked_later")):
        revocation = Told(NOW, SUPERSEDED, doubted, age=NOW)
        revoked = lab.authority.revocation_list([lab.examiner], told=revocation)
        assert told(stamped, lab, revoked)[0] == expected


def test_reason_that_is_told_in_one_place_is_enough(lab: Laboratory) -> None:
    hour = datetime.timedelta(hours=1)
    time.sleep(1 - time.time() % 1)  # both within a second, which is as fine as they tell
    listed = lab.authority.revocation_list([lab.examiner], told=Told(hour, SUPERSEDED))
    answer = lab.authority.answer(lab.examiner, Told(hour))
    data = RevocationData(crls=(listed,), ocsps=(answer,))
    (only,) = revocations(lab.examiner.certificate, lab.authority.certificate, data)
    assert only.reason == "superseded"


def test_revoked_after_a_timestamp_without_earlier_data(lab: Laboratory, base: bytes) -> None:
    """The list that tells of the revocation tells that there was none before."""
    signed = sign_report(base, replace(lab.examiner, proofs=Proofs(lab.clock)), "감정서")
    time.sleep(2)
    later = Told(NOW, SUPERSEDED, age=NOW)
    assert told(signed, lab, lab.authority.revocation_list([lab.examiner], told=later)) == (
        "revoked_later",
        "trusted",
    )


def test_only_a_trusted_timestamp_saves_what_was_revoked_later(
    lab: Laboratory, base: bytes
) -> None:
    unknown = lab.clock_of(Authority("Unknown", ec_key()))
    later = lab.authority.revocation_list([lab.examiner], told=Told(NOW, SUPERSEDED, age=NOW))
    for proofs in (Proofs(), Proofs(unknown)):
        signed = sign_report(base, replace(lab.examiner, proofs=proofs), "감정서")
        assert told(signed, lab, later) == ("FAIL revoked_untimed", "FAIL revoked")


def test_timestamp_of_a_revoked_clock_is_not_believed(lab: Laboratory, base: bytes) -> None:
    clock = lab.authority.identity("Clock", ec_key(), stamps=True)
    authority = load_authority(lab.write(clock, "old-clock.p12"), PASSWORD)
    signed = sign_report(base, replace(lab.examiner, proofs=Proofs(authority)), "감정서")
    assert outcomes(signed, lab)["signature.timestamp"] == "stamped"
    time.sleep(2)
    later = Told(NOW, SUPERSEDED, age=NOW)
    revoked = lab.authority.revocation_list([clock, lab.examiner], told=later)
    said = outcomes(signed, lab, revoked)
    assert said["signature.timestamp"] == "NOT_CHECKED authority_revoked"
    assert said["signature.revocation"] == "FAIL revoked_untimed"
