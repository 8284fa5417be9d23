"""Export of a report of 12 items, and of one with an audit trail of 300 pages, beside the time that
poppler takes to draw the same pages: the demo's voices, unsigned."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.resources import DEMO, DEMO_KNOWN, DEMO_QUESTIONED
from app.services.comparing import compare
from app.services.loading import open_model, open_population
from app.services.reporting import CaseExtract, Finding, ReportRequest, finding_of, make_report
from engine.types import AuditEvent, CaseAnchor

KNOWN = 11
EVENTS = 18_700


def main() -> None:
    """Print one line per report."""
    model = open_model(None, "cpu")
    population = open_population(None, model)
    request = ReportRequest("ko", None)
    made = compare(DEMO / DEMO_QUESTIONED, DEMO / DEMO_KNOWN, model, population)
    first = finding_of(made, request.scale)
    dozen = [_other(first, number) for number in range(1, KNOWN + 1)]
    trail = tuple(
        AuditEvent(n, "2026-11-25T10:00:00Z", "A", "segment.edit", {}, "", f"{n:064x}")
        for n in range(1, EVENTS + 1)
    )
    long = CaseExtract(CaseAnchor("u", "1", EVENTS, trail[-1].hash), trail)
    for name, findings, asked in (
        ("2 items", [first], request),
        ("12 items", dozen, request),
        ("12 items, both languages", dozen, replace(request, language="both")),
        ("300 pages of audit trail", [first], replace(request, case=long)),
    ):

        def work(findings: list[Finding] = findings, asked: ReportRequest = asked) -> bytes:
            return make_report(findings, model.pack, population, asked)[0]

        _report(name, work)


def _other(finding: Finding, number: int) -> Finding:
    """The same comparison as if with another exhibit."""
    questioned, known = finding.sides
    return replace(finding, sides=(questioned, replace(known, exhibit=number)))


def _report(name: str, work: Callable[[], bytes]) -> None:
    work()
    wall, busy = time.perf_counter(), time.process_time()
    pdf = work()
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.pdf"
        path.write_bytes(pdf)
        start = time.perf_counter()
        subprocess.run(["pdftoppm", "-r", "50", "-gray", path, Path(folder) / "page"], check=True)
        drawn = time.perf_counter() - start
        pages = len(list(Path(folder).glob("page*")))
    print(
        f"{name:26} {wall:6.2f} s ({busy:.2f} s of processor), {pages} pages, {len(pdf) >> 10} KiB;"
        f" poppler draws them in {drawn:.2f} s: ratio {wall / drawn:.2f}"
    )


if __name__ == "__main__":
    main()
