"""Shared fixtures: recordings, tools, identities. What is absent is skipped, saying so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from app.resources import DEFAULT_MODEL_ID, DEMO, DEMO_KNOWN, DEMO_QUESTIONED, MODELS, VERBAL_SCALE
from app.services.comparing import Comparison, compare
from app.services.loading import open_population
from app.services.reporting import ReportRequest, finding_of, write_report
from benchmarks.laboratory import Laboratory
from engine.lr.verbal import load_scale
from engine.models.pack import load_pack
from engine.models.session import EmbeddingModel
from engine.report.sign import Identity, load_pkcs12, make_demo_identity
from engine.types import Population
from engine.verify.run import Verification, VerificationInputs, verify_pdf
from tests.agreement import small_report

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = b"correct horse"

settings.register_profile("no_clock", deadline=None)
settings.load_profile("no_clock")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recordings for development; the product never needs them."""
    folder = Path(os.environ.get("SEONGMUN_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared recordings at {folder} (set SEONGMUN_SHARED)")
    return folder


@pytest.fixture(scope="session")
def tool() -> object:
    """Run an external program: ``tool("ffmpeg", ...)`` returns its stdout; it must be there."""

    def run(program: str, *arguments: object, check: bool = True) -> bytes:
        assert shutil.which(program), f"{program} is missing: make test installs it"
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, check=False, timeout=120
        )
        assert done.returncode == 0 or not check, done.stderr.decode(errors="replace")
        return done.stdout

    return run


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    """The embedded model on the CPU."""
    return EmbeddingModel.open(load_pack(MODELS / DEFAULT_MODEL_ID), "cpu")


@pytest.fixture(scope="session")
def demo_media() -> tuple[Path, Path]:
    """Questioned and known demo recording (synthetic)."""
    return DEMO / DEMO_QUESTIONED, DEMO / DEMO_KNOWN


@pytest.fixture(scope="session")
def identity_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A PKCS#12 file (password `PASSWORD`) and its certificate."""
    folder = tmp_path_factory.mktemp("identity")
    key, certificate = folder / "demo.p12", folder / "demo.pem"
    make_demo_identity(key, certificate, PASSWORD)
    return key, certificate


@pytest.fixture(scope="session")
def identity(identity_files: tuple[Path, Path]) -> Identity:
    """The opened demo identity."""
    return load_pkcs12(identity_files[0], PASSWORD)


@pytest.fixture(scope="session")
def population(model: EmbeddingModel) -> Population:
    return open_population(None, model)


@pytest.fixture(scope="session")
def comparison(
    model: EmbeddingModel, population: Population, demo_media: tuple[Path, Path]
) -> Comparison:
    return compare(*demo_media, model, population)


@pytest.fixture(scope="session")
def reports(
    tmp_path_factory: pytest.TempPathFactory,
    comparison: Comparison,
    model: EmbeddingModel,
    population: Population,
    identity: Identity,
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    for language in ("ko", "en"):
        request = ReportRequest(language, identity)  # type: ignore[arg-type]
        found = finding_of(comparison, request.scale)
        write_report([found], model.pack, population, request, folder / f"{language}.pdf")
    return {language: folder / f"{language}.pdf" for language in ("ko", "en")}


@pytest.fixture
def check(
    model: EmbeddingModel, population: Population, identity_files: tuple[Path, Path]
) -> Callable[[bytes], Verification]:
    """Everything that can be checked without the media."""
    inputs = VerificationInputs(
        trust=(identity_files[1],),
        pack=model.pack,
        population=population,
        scale=load_scale(VERBAL_SCALE),
    )
    return lambda pdf: verify_pdf(pdf, inputs)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """Examiner, reviewer, timestamp authority and who certifies them."""
    return Laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.fixture(scope="module")
def base() -> bytes:
    """A report to sign, as small as can be."""
    return small_report()
