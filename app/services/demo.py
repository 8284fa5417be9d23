"""The main job on the bundled synthetic recordings."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from app.messages import Language
from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services.case_analysis import compare_in_case
from app.services.casework import new_case, reading
from app.services.comparing import Comparison
from app.services.loading import open_model, open_population
from app.services.reporting import ReportRequest
from app.services.verifying import verify
from engine.files import copy_atomic
from engine.progress import Progress, no_progress
from engine.report.sign import load_pkcs12, make_demo_identity
from engine.verify.run import Verification


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where the demo's files are and what came out."""

    report: Path
    case: Path
    media: Path
    certificate: Path
    comparison: Comparison
    verification: Verification


def run_demo(
    directory: Path, language: Language, device: str = "auto", progress: Progress = no_progress
) -> DemoResult:
    """Make a case, compare its recordings, sign a report with a fresh demo identity, verify it.

    Raises
    ------
    SeongmunError
        Whatever the steps raise; FILE_WRITE_FAILED where `directory` cannot be written.
    """
    media, case = directory / "media", directory / "case"
    for name in (DEMO_QUESTIONED, DEMO_KNOWN):
        copy_atomic(DEMO / name, media / name)
    if not case.exists():
        new_case(case, "DEMO", "Demo")
    model = open_model(None, device)
    population = open_population(None, model)
    key, certificate = directory / "demo-identity.p12", directory / "demo-certificate.pem"
    password = secrets.token_hex(16).encode("ascii")
    make_demo_identity(key, certificate, password)
    identity = load_pkcs12(key, password)
    key.unlink()
    report = directory / "report.pdf"
    request = ReportRequest(language, identity)
    compared = compare_in_case(
        case,
        (media / DEMO_QUESTIONED, media / DEMO_KNOWN),
        model,
        population,
        request=request,
        target=report,
        progress=progress,
    )
    with reading(case) as opened:
        verification = verify(report, None, certificate, recompute=True, case=opened)
    return DemoResult(report, case, media, certificate, compared.comparison, verification)
