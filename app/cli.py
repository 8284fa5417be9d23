"""The command line: parse, call a service, print what it returns.

Every command takes ``--json`` (one document on stdout, nothing else) and ``--lang``. Exit codes:
0 done, 1 failed, 2 usage, 3 incomplete (something could not be checked).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click
import typer

from app import views
from app.gui_main import run_gui
from app.messages import Language
from app.output import Output
from app.services.signing import NOBODY, SignerChoice, opened_identity
from app.signing_options import ClockPasswordOption, RevocationOption, secret_of, signs
from engine.casefile.work import CASE_FACTS, DECISION_KINDS, EXHIBIT_FACTS
from engine.errors import ErrorCode, SeongmunError
from engine.files import write_atomic
from engine.speech.exchange import FORMATS
from engine.types import CaseAnchor, CheckStatus, ParamValue, VoiceFacts

if TYPE_CHECKING:
    from engine.report.sign import Identity
    from engine.verify.run import Verification

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INCOMPLETE = 0, 1, 2, 3
SPEAKERS = tuple("12345678")
EXIT_BY_VERDICT = {
    CheckStatus.PASS: EXIT_DONE,
    CheckStatus.FAIL: EXIT_FAILED,
    CheckStatus.NOT_CHECKED: EXIT_INCOMPLETE,
}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
models_app = typer.Typer(help="Model packs.", rich_markup_mode=None)
app.add_typer(models_app, name="models")
case_app = typer.Typer(help="The case file.", rich_markup_mode=None)
app.add_typer(case_app, name="case")


class Role(StrEnum):
    questioned = "questioned"
    known = "known"
    reference = "reference"


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Sex(StrEnum):
    male = "male"
    female = "female"


class Lang(StrEnum):
    ko = "ko"
    en = "en"


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
LangOption = Annotated[Lang | None, typer.Option(help="Language of messages and reports.")]
ModelOption = Annotated[str | None, typer.Option(help="Model pack: id or folder.")]
DeviceOption = Annotated[Device, typer.Option(help="Where the network runs.")]
PopulationOption = Annotated[str | None, typer.Option(help="Population: id or file.")]
PassOption = Annotated[
    str | None, typer.Option("--pass-env", help="Environment variable with the case's passphrase.")
]
ScaleOption = Annotated[str | None, typer.Option(help="Verbal scale: id or file.")]
ReportLanguageOption = Annotated[
    Literal["ko", "en", "both"] | None,
    typer.Option(help="Language of the report, or both in one document; else that of --lang."),
]
TemplateOption = Annotated[str | None, typer.Option(help="Laboratory's template: id or file.")]
ReasonOption = Annotated[str, typer.Option(help="Why the superseded report is corrected.")]
SupersedesOption = Annotated[
    str, typer.Option(help="Number of the case's report that this one corrects.")
]
FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE…")]


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; a coded error is printed, never a traceback."""
    output = Output("--json" in arguments, _language(arguments))
    try:
        result = typer.main.get_command(app).main(
            list(arguments), prog_name="seongmun", standalone_mode=False
        )
    except click.UsageError as error:
        output.error(SeongmunError(ErrorCode.USAGE, reason=error.format_message()))
        return EXIT_USAGE
    except SeongmunError as error:
        output.error(error)
        return EXIT_FAILED
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.error(SeongmunError(ErrorCode.CANCELLED))
        return EXIT_FAILED
    return int(result) if isinstance(result, int) else EXIT_DONE


def _language(arguments: Sequence[str]) -> Any:
    """The language asked for, also where the rest of the line cannot be parsed."""
    for i, argument in enumerate(arguments):
        value = argument.partition("=")[2] or "".join(arguments[i + 1 : i + 2])
        if argument.split("=")[0] == "--lang" and value in list(Lang):
            return value
    return None


def _output(as_json: bool, lang: Lang | None) -> Output:
    return Output(as_json, lang.value if lang else None)


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Seongmun: offline forensic voice comparison. Without a command: the desktop program."""
    if context.invoked_subcommand is None:
        raise typer.Exit(run_gui())


@app.command()
def gui(case: Annotated[Path | None, typer.Argument(show_default=False)] = None) -> int:
    """The desktop program, with CASE open in it."""
    return run_gui(case)


@app.command()
def info(files: FilesArgument, json_: JsonOption = False, lang: LangOption = None) -> int:
    """Container, codec, hash and quality of recordings."""
    from app.services.describing import describe_file

    output = _output(json_, lang)
    described = []
    for path in files:
        try:
            described.append(describe_file(path))
        except SeongmunError as error:
            if len(files) == 1:
                raise
            described.append({"path": str(path), "error": output.error_document(error)})
    output.result({"files": described}, lambda: views.info_text(described, output.language))
    return EXIT_FAILED if any("error" in item for item in described) else EXIT_DONE


@app.command()
def segments(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    speakers: Annotated[str, typer.Option(help="How many there are, 1 to 8, or auto.")] = "auto",
    format_: Annotated[
        Literal["json", "rttm", "textgrid", "audacity"] | None,
        typer.Option("--format", help="What to print, for other programs."),
    ] = None,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Speech segments and speaker turns: a proposal."""
    from app.services.loading import open_model
    from app.services.segmenting import propose

    output = _output(json_ or format_ == "json", lang)
    n_speakers = _n_speakers(speakers)
    found = propose(file, open_model(model, device.value), n_speakers, output.progress)
    fmt = next((f for f in FORMATS if f == format_), None)
    output.result(
        views.segments_document(found), lambda: views.segments_text(found, fmt, output.language)
    )
    return EXIT_DONE


@app.command()
@signs
def compare(
    questioned: Path,
    known: Path,
    population: PopulationOption = None,
    report: Annotated[Path | None, typer.Option(help="Write the evidence report here.")] = None,
    scale: ScaleOption = None,
    sex: Annotated[
        Sex | None, typer.Option(help="Of both speakers, for the check of the conditions.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Spoken in both recordings, such as ko; for the same check.")
    ] = "",
    case: Annotated[Path | None, typer.Option(help="Record everything in this case.")] = None,
    supersedes: SupersedesOption = "",
    reason: ReasonOption = "",
    report_language: ReportLanguageOption = None,
    template: TemplateOption = None,
    pass_env: PassOption = None,
    signer: SignerChoice = NOBODY,
    questioned_channel: Annotated[int | None, typer.Option(help="Counted from 0.")] = None,
    known_channel: Annotated[int | None, typer.Option(help="Counted from 0.")] = None,
    allow_truncated: Annotated[
        bool, typer.Option(help="Analyse what is left of a cut recording.")
    ] = False,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Compare a questioned with a known voice."""
    from app.services.case_analysis import compare_in_case
    from app.services.comparing import compare as compare_voices
    from app.services.loading import open_model, open_population, open_scale, open_template
    from app.services.reporting import ReportRequest, finding_of, write_report
    from app.services.wording import condition_line, verbal_text

    output = _output(json_, lang)
    if signer.kind != "none" and report is None:
        raise click.UsageError("--sign-p12 and --sign-token need --report")
    identity = _identity(signer)
    if supersedes and (case is None or report is None):
        raise click.UsageError("--supersedes needs --case and --report")
    opened = open_model(model, device.value)
    chosen = open_population(population, opened)
    channels = (questioned_channel, known_channel)
    verbal_scale = open_scale(scale)
    request = None
    if report is not None:
        wanted = report_language or output.language
        request = ReportRequest(
            wanted, identity, scale=verbal_scale, template=open_template(template)
        )
    speaker = VoiceFacts(sex.value if sex else "", language)
    facts = (speaker, speaker)
    if case is not None:
        comparison = compare_in_case(
            case,
            (questioned, known),
            opened,
            chosen,
            channels,
            allow_truncated,
            request,
            report,
            supersedes,
            _passphrase(pass_env),
            output.progress,
            facts=facts,
            reason=reason,
        ).comparison
    else:
        comparison = compare_voices(
            questioned,
            known,
            opened,
            chosen,
            channels,
            allow_truncated,
            output.progress,
            facts=facts,
        )
        if request is not None and report is not None:
            found = finding_of(comparison, request.scale)
            write_report([found], opened.pack, chosen, request, report, output.progress)
    verbal = verbal_text(comparison.likelihood_ratio, output.language, verbal_scale)
    result = views.comparison_document(comparison, verbal)
    lines = [condition_line(check, output.language) for check in comparison.conditions]
    output.result(
        result, lambda: "\n".join([views.comparison_text(result, output.language), *lines])
    )
    return EXIT_DONE


def _n_speakers(speakers: str) -> int | None:
    if speakers != "auto" and speakers not in SPEAKERS:
        raise click.UsageError("--speakers: 1 to 8, or auto")
    return None if speakers == "auto" else int(speakers)


def _identity(signer: SignerChoice) -> Identity | None:
    """Who signs, if anybody; a token's session ends with the command."""
    return click.get_current_context().with_resource(opened_identity(signer))


def _passphrase(variable: str | None) -> str:
    """A case's passphrase, from the environment: command lines are seen by everyone."""
    if variable is None:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise click.UsageError(f"--pass-env: {variable} is not set")
    return value


@app.command()
def embed(
    files: FilesArgument,
    out: Annotated[Path, typer.Option(help="NumPy archive to write.")],
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Speaker embeddings of recordings, L2-normalised, with the mean and deviation that normalise
    their scores."""
    import numpy as np

    from app.services.loading import open_model
    from app.services.scoring import embed_files

    output = _output(json_, lang)
    opened = open_model(model, device.value)
    vectors, statistics = [], []
    for item in embed_files(files, opened, output.progress):
        if isinstance(item, SeongmunError):
            raise item
        vectors.append(item.embedding.vector)
        statistics.append((item.embedding.cohort_mean, item.embedding.cohort_deviation))
    buffer = io.BytesIO()
    np.savez(
        buffer,
        embeddings=np.stack(vectors),
        cohort_statistics=np.array(statistics),
        paths=np.array([str(path) for path in files]),
    )
    write_atomic(out, buffer.getvalue())
    result = {
        "out": str(out),
        "n": len(vectors),
        "dim": opened.pack.embedding_dim,
        "model_sha256": opened.pack.model_sha256,
        "provider": opened.provider,
    }
    output.result(result, lambda: f"{out}: {len(vectors)} × {opened.pack.embedding_dim}")
    return EXIT_DONE


@app.command()
def score(
    trials: Annotated[Path, typer.Argument(metavar="TRIALS.csv")],
    root: Annotated[Path, typer.Option(help="Folder of the recordings.")],
    out: Annotated[Path, typer.Option(help="CSV to write.")],
    population: PopulationOption = None,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Score a table of trials; exit code 3 where some rows have no likelihood ratio."""
    from app.services.loading import open_model, open_population, shipped_population
    from app.services.scoring import score_trials

    output = _output(json_, lang)
    opened = open_model(model, device.value)
    chosen = open_population(population, opened) if population else shipped_population(opened)
    content, rows, refused = score_trials(trials, root, opened, chosen, output.progress)
    write_atomic(out, content)
    result = {
        "out": str(out),
        "n_trials": rows,
        "n_without_lr": refused,
        "model_sha256": opened.pack.model_sha256,
        "population_id": chosen.id if chosen else None,
    }
    output.result(result, lambda: views.score_text(result, output.language))
    return EXIT_INCOMPLETE if refused else EXIT_DONE


@app.command()
@signs
def group(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE…", show_default=False)] = None,
    min_log10_lr: Annotated[
        float | None, typer.Option(help="Least mean log10 LR that makes voices one person's.")
    ] = None,
    case: Annotated[
        list[Path] | None,
        typer.Option(help="Also the calls of this case, with what was decided; can be repeated."),
    ] = None,
    pass_env: PassOption = None,
    speakers: Annotated[str, typer.Option(help="How many per FILE, 1 to 8, or auto.")] = "auto",
    report: Annotated[Path | None, typer.Option(help="Write a report (PDF) here.")] = None,
    signer: SignerChoice = NOBODY,
    population: PopulationOption = None,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Voices across calls, and the rings behind them; exit code 3 where a call was left out."""
    from app.services import casework
    from app.services.calls import call_sources
    from app.services.case_grouping import case_anchor, case_calls, case_decisions
    from app.services.grouping import group_calls, group_settings, grouping_document
    from app.services.loading import open_model, open_population
    from app.services.ring_reporting import RingReportRequest, keep_ring_report, write_ring_report
    from engine.casefile.store import CaseFile
    from engine.groups.organise import decisions_of

    output = _output(json_, lang)
    if not files and not case:
        raise click.UsageError("FILE or --case")
    if signer.kind != "none" and report is None:
        raise click.UsageError("--sign-p12 and --sign-token need --report")
    identity = _identity(signer)
    opened = open_model(model, device.value)
    chosen = open_population(population, opened)
    settings = group_settings(min_log10_lr)
    keeps = report is not None and case is not None and len(case) == 1
    with ExitStack() as stack:
        cases = [
            stack.enter_context(
                CaseFile.open(
                    path, writable=keeps, actor=casework.actor(), passphrase=_passphrase(pass_env)
                )
            )
            for path in case or ()
        ]
        calls = [call for read in cases for call in case_calls(read)]
        calls += call_sources(files or (), _n_speakers(speakers))
        log = [row for read in cases for row in case_decisions(read)]
        anchor = case_anchor(cases[0]) if len(cases) == 1 else CaseAnchor()
        found = group_calls(calls, opened, chosen, settings, decisions_of(log), output.progress)
        if report is not None:
            request = RingReportRequest(output.language, identity, log, anchor)
            written = write_ring_report(
                found, opened.pack, opened.provider, chosen, request, report, output.progress
            )
            if keeps:
                keep_ring_report(cases[0], written)
    document = grouping_document(found) | {"report": str(report) if report else None}
    output.result(document, lambda: views.grouping_text(document, output.language))
    return EXIT_INCOMPLETE if any(item["speaker"] is None for item in document["skipped"]) else 0


@app.command()
def enrol(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE…", show_default=False)] = None,
    gallery: Annotated[Path, typer.Option(help="Folder of the gallery; made if missing.")] = ...,  # type: ignore[assignment]
    voice: Annotated[str, typer.Option(help="Name of the voice, where it is one person's.")] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Put the voices on the watch-list.")
    ] = False,
    speakers: Annotated[str, typer.Option(help="How many per call, 1 to 8, or auto.")] = "auto",
    precision: Annotated[
        Literal["float32", "int16"] | None,
        typer.Option(help="Of a new gallery; int16 takes half the memory."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Make the gallery from this one of another model."),
    ] = None,
    min_log10_lr: Annotated[
        float, typer.Option(help="Least log10 LR that makes a watched voice a hit.")
    ] = 0.0,
    population: PopulationOption = None,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Store the voices of recordings in a gallery, and tell which of its watched voices they may
    be; exit code 1 where a recording failed."""
    from app.services import galleries
    from app.services.calls import call_sources
    from app.services.loading import open_model, open_population, shipped_population

    output = _output(json_, lang)
    if not files and from_ is None:
        raise click.UsageError("FILE or --from")
    opened = open_model(model, device.value)
    if from_ is not None:
        document = galleries.reembed(from_, gallery, opened, output.progress)
        output.result(document, lambda: views.lines_of(document))
        return EXIT_INCOMPLETE if document["failed"] else EXIT_DONE
    calls = call_sources(files or (), _n_speakers(speakers))
    how = galleries.Enrolment(voice, watch)
    chosen = open_population(population, opened) if population else shipped_population(opened)
    watching = galleries.Watching(chosen, min_log10_lr) if chosen else None
    document = galleries.enrol(
        gallery, calls, opened, how, precision, output.progress, watching=watching
    )
    output.result(document, lambda: views.enrolment_text(document, output.language))
    failed = any(item["speaker"] is None for item in document["skipped"])
    return EXIT_FAILED if failed else EXIT_DONE


@app.command()
def search(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    gallery: Annotated[Path, typer.Option(help="Folder of the gallery.")],
    top: Annotated[int, typer.Option(min=1, help="How many entries per speaker.")] = 50,
    speakers: Annotated[str, typer.Option(help="How many there are, 1 to 8, or auto.")] = "auto",
    population: PopulationOption = None,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Search a gallery for the speakers of a recording."""
    from app.services import galleries
    from app.services.calls import call_sources
    from app.services.loading import open_model, open_population

    output = _output(json_, lang)
    opened = open_model(model, device.value)
    chosen = open_population(population, opened)
    (call,) = call_sources([file], _n_speakers(speakers))
    found, skipped = galleries.search(gallery, call, opened, chosen, top, output.progress)
    document = galleries.search_document(found, skipped, chosen)
    output.result(document, lambda: views.search_text(document, output.language))
    return EXIT_DONE


@app.command()
def calibrate(
    id_: Annotated[str, typer.Option("--id", help="Id of the population.")],
    out: Annotated[Path, typer.Option(help="Population file to write, or its folder.")],
    scores: Annotated[
        Path | None, typer.Argument(metavar="[SCORES.csv]", show_default=False)
    ] = None,
    recordings: Annotated[
        Path | None,
        typer.Option(help="CSV of recordings: path, speaker, session, sex, language, channel."),
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
    description: Annotated[
        str | None, typer.Option(help="Who speaks, over what, where it comes from.")
    ] = None,
    licence: Annotated[str, typer.Option(help="Licence of the recordings.")] = "",
    sex: Annotated[Sex | None, typer.Option(help="Take recordings of this sex alone.")] = None,
    language: Annotated[str, typer.Option(help="Take this language alone.")] = "",
    channel: Annotated[str, typer.Option(help="Take this channel alone.")] = "",
    min_net_speech: Annotated[float, typer.Option(help="Seconds that a recording needs.")] = 0.0,
    duration_s: Annotated[
        float | None, typer.Option(min=3.0, help="Cut every recording to this much speech.")
    ] = None,
    band_hz: Annotated[
        float | None, typer.Option(min=1000.0, help="Take away what lies above this frequency.")
    ] = None,
    minimum_net_speech_s: Annotated[float | None, typer.Option(show_default="10")] = None,
    bandwidth_min_hz: Annotated[float | None, typer.Option(show_default="0")] = None,
    bandwidth_max_hz: Annotated[float | None, typer.Option(show_default="24000")] = None,
    model: ModelOption = None,
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Fit a population on labelled scores (columns score, same, spk_a, spk_b), or on recordings,
    whose conditions are measured."""
    from app.services.calibrating import SCORED_CONDITIONS, calibrate_scores
    from app.services.loading import open_model, pack_directory
    from app.services.populating import Cut, Selection, population_from_recordings
    from engine.models.pack import load_pack

    output = _output(json_, lang)
    limits: dict[str, ParamValue] = {
        name: value
        for name, value in (
            ("minimum_net_speech_s", minimum_net_speech_s),
            ("bandwidth_min_hz", bandwidth_min_hz),
            ("bandwidth_max_hz", bandwidth_max_hz),
        )
        if value is not None
    }
    if recordings is not None and scores is None and root is not None:
        population = population_from_recordings(
            recordings,
            root,
            id_,
            out,
            open_model(model, device.value),
            description or "",
            licence,
            Selection(sex.value if sex else "", language, channel, min_net_speech),
            Cut(duration_s, band_hz),
            limits,
            output.progress,
        )
    elif scores is not None and recordings is None:
        pack = load_pack(pack_directory(model))
        conditions = {**SCORED_CONDITIONS, **limits}
        population = calibrate_scores(scores, id_, out, pack, description, licence, conditions)
    else:
        raise click.UsageError("SCORES.csv, or --recordings with --root")
    document = views.population_document(population)
    output.result(document, lambda: json.dumps(document, ensure_ascii=False, indent=2))
    return EXIT_DONE


@app.command()
@signs
def validate(
    scores: Annotated[Path, typer.Argument(metavar="SCORES.csv")],
    out: Annotated[Path | None, typer.Option(help="Folder for plots and a PDF.")] = None,
    mark_log10_lr: Annotated[
        float | None, typer.Option(help="A case's log10 LR, marked in the Tippett plot.")
    ] = None,
    case: Annotated[Path | None, typer.Option(help="Keep the study in this case.")] = None,
    pass_env: PassOption = None,
    signer: SignerChoice = NOBODY,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Validation study of labelled scores (or of a population file): figures with intervals,
    plots, a report that can be signed."""
    from app.services.validating import (
        keep_study_in,
        make_study,
        print_study,
        study_figures,
        write_study,
    )

    output = _output(json_, lang)
    identity = _identity(signer)
    if identity is not None and out is None and case is None:
        raise click.UsageError("--sign-p12 needs --out or --case")
    study, validated = make_study(scores, output.progress)
    files: list[Path] = []
    if out is not None or case is not None:
        printed = print_study(study, validated, output.language, identity, mark_log10_lr)
        if case is not None:
            keep_study_in(case, printed, _passphrase(pass_env))
        files = write_study(printed, out) if out is not None else []
    document = study_figures(study, files)
    output.result(document, lambda: json.dumps(document, ensure_ascii=False, indent=2))
    return EXIT_DONE


@app.command()
@signs
def verify(
    report: Annotated[Path, typer.Argument(metavar="REPORT.pdf")],
    case: Annotated[Path | None, typer.Option(help="Case that holds the recordings.")] = None,
    media: Annotated[Path | None, typer.Option(help="Folder with the recordings.")] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="Trusted certificate, PEM or DER; can be repeated.")
    ] = None,
    no_recompute: Annotated[bool, typer.Option("--no-recompute")] = False,
    population: Annotated[Path | None, typer.Option(help="Population file.")] = None,
    scale: Annotated[Path | None, typer.Option(help="Verbal scale file.")] = None,
    pass_env: PassOption = None,
    record: Annotated[
        Path | None, typer.Option(help="Write a review record (PDF) here; needs --reviewer.")
    ] = None,
    reviewer: Annotated[str, typer.Option(help="Who reviews.")] = "",
    agency: Annotated[str, typer.Option(help="For whom the reviewer works.")] = "",
    remarks: Annotated[str, typer.Option(help="What the reviewer has to say.")] = "",
    signer: SignerChoice = NOBODY,
    model: ModelOption = None,
    device: DeviceOption = Device.cpu,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Check a report: signature, media, model, population and the number itself."""
    from app.services import casework
    from app.services.loading import pack_directory
    from app.services.verifying import verify as verify_report

    output = _output(json_, lang)
    if case is not None and media is not None:
        raise click.UsageError("--case or --media, not both")
    if bool(record) != bool(reviewer) or (signer.kind != "none" and record is None):
        raise click.UsageError("--record and --reviewer go together; --sign-… needs them")
    identity = _identity(signer)
    directory = pack_directory(model) if model else None
    with casework.reading(case, _passphrase(pass_env)) as opened:
        verification = verify_report(
            report,
            media,
            trust,
            not no_recompute,
            device.value,
            directory,
            population,
            opened,
            scale,
            revocation=signer.revocation,
        )
    document = views.verification_document(verification)
    if record is not None:
        who = (reviewer, agency, remarks)
        _write_record(
            report, tuple(trust or ()), verification, who, output.language, identity, record
        )
        document["record"] = str(record)
    output.result(document, lambda: views.verification_text(verification, output.language))
    return EXIT_BY_VERDICT[verification.result.verdict]


@app.command()
@signs
def countersign(
    report: Annotated[Path, typer.Argument(metavar="REPORT.pdf")],
    out: Annotated[Path, typer.Option(help="Where the countersigned report is written.")],
    signer: SignerChoice = NOBODY,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Sign an examiner's report as its reviewer; what the examiner signed stays as it is."""
    from app.services.signing import countersign as countersign_report

    output = _output(json_, lang)
    if signer.kind == "none":
        raise click.UsageError("--sign-p12 or --sign-token")
    facts = countersign_report(report, signer, out, output.language)
    document = {"out": str(out), "signatures": views.signature_documents(facts)}
    output.result(document, lambda: views.signatures_text(facts, output.language))
    return EXIT_DONE


@app.command()
def archive(
    report: Annotated[Path, typer.Argument(metavar="REPORT.pdf")],
    out: Annotated[Path, typer.Option(help="Where the archived report is written.")],
    tsa_p12: Annotated[Path, typer.Option(help="PKCS#12 file of a timestamp authority.")],
    tsa_pass_env: ClockPasswordOption = None,
    revocation: RevocationOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Add an archive timestamp: a signed report outlives the certificates in it."""
    from app.services.signing import archive as archive_report

    output = _output(json_, lang)
    secret = secret_of(tsa_pass_env, "--tsa-p12 needs --tsa-pass-env")
    checks = archive_report(report, tsa_p12, secret, tuple(revocation or ()), out)
    document = {"out": str(out), "checks": [views.check_document(check) for check in checks]}
    output.result(document, lambda: "\n".join(views.check_lines(checks, output.language)))
    return EXIT_DONE


def _write_record(
    report: Path,
    trust: tuple[Path, ...],
    verification: Verification,
    who: tuple[str, str, str],
    language: Language,
    identity: Identity | None,
    target: Path,
) -> None:
    from app.services.review_record import Reviewer, write_record
    from app.services.reviewing import ReviewInputs, review_of

    found = review_of(report, ReviewInputs(trust=trust), verification)
    write_record(found, Reviewer(*who), language, identity, target)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demo's files.")] = Path("demo-output"),
    device: DeviceOption = Device.auto,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """The main job on the bundled synthetic recordings."""
    from app.services.demo import run_demo

    output = _output(json_, lang)
    result = run_demo(out, output.language, device.value, output.progress)
    document = views.demo_document(result)
    output.result(document, lambda: views.demo_text(result, output.language))
    return EXIT_BY_VERDICT[result.verification.result.verdict]


@app.command()
def selftest(json_: JsonOption = False, lang: LangOption = None) -> int:
    """Installation qualification."""
    from app.selftest import run_selftest

    output = _output(json_, lang)
    items = run_selftest()
    failed = any(item.status is CheckStatus.FAIL for item in items)
    document = {
        "items": [{"id": i.id, "status": i.status.value, "detail": i.detail} for i in items],
        "passed": not failed,
    }
    lines = "\n".join(f"{i.status.value:12} {i.id:32} {i.detail}" for i in items)
    output.result(document, lambda: lines)
    return EXIT_FAILED if failed else EXIT_DONE


@models_app.command("list")
def models_list(json_: JsonOption = False, lang: LangOption = None) -> int:
    """Model packs of this installation."""
    from app.services.loading import installed_packs

    output = _output(json_, lang)
    packs = [views.pack_document(pack) for pack in installed_packs()]
    lines = "\n".join(f"{p['id']}  {p['version']}  {p['model_sha256']}" for p in packs)
    output.result({"models": packs}, lambda: lines)
    return EXIT_DONE


@models_app.command("check")
def models_check(
    path: Annotated[str, typer.Argument(metavar="PATH")],
    device: DeviceOption = Device.cpu,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Check a pack: hashes, tensors, golden vector."""
    from app.services.loading import pack_directory
    from engine.models.pack import load_pack
    from engine.models.session import EmbeddingModel

    output = _output(json_, lang)
    model = EmbeddingModel.open(load_pack(pack_directory(path)), device.value)
    document = {**views.pack_document(model.pack), "provider": model.provider, "ok": True}
    output.result(document, lambda: json.dumps(document, ensure_ascii=False, indent=2))
    return EXIT_DONE


@case_app.command("new")
def case_new(
    case: Path,
    number: Annotated[str, typer.Option(help="Case number.")],
    examiner: Annotated[str, typer.Option(help="Name of the examiner.")],
    agency: Annotated[str, typer.Option(help="Who examines.")] = "",
    requester: Annotated[str, typer.Option(help="Who asked for it.")] = "",
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Make a new case folder; with --pass-env an encrypted one."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.new_case(case, number, examiner, agency, requester, _passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("add")
def case_add(
    case: Path,
    files: FilesArgument,
    role: Annotated[Role, typer.Option(help="What the recordings are.")],
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Copy recordings, or whole folders, into the case."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.add_recordings(
        case, files, role.value, output.progress, passphrase=_passphrase(pass_env)
    )
    output.result(document, lambda: views.added_text(document, output.language))
    return EXIT_FAILED if document["failed"] else EXIT_DONE


@case_app.command("list")
def case_list(
    case: Path, pass_env: PassOption = None, json_: JsonOption = False, lang: LangOption = None
) -> int:
    """What the case holds."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.list_case(case, _passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("set")
def case_set(
    case: Path,
    name: Annotated[str, typer.Argument(help=", ".join((*CASE_FACTS, *EXHIBIT_FACTS)))],
    value: str,
    exhibit: Annotated[int | None, typer.Option(help="Number of an exhibit.")] = None,
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Fill in something about the case or an exhibit; an empty value takes it away."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.set_fact(case, name, value, exhibit, _passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document["facts"]))
    return EXIT_DONE


@case_app.command("decide")
def case_decide(
    case: Path,
    kind: Annotated[
        str, typer.Argument(help=", ".join(DECISION_KINDS) + "; open_… leaves it open again")
    ],
    first: Annotated[str, typer.Argument(help="Exhibit 3 is 3, its speaker S1 is 3:S1.")],
    second: Annotated[str, typer.Argument(help="The other one, or the role.")] = "",
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Decide what voices and calls belong together when they are grouped."""
    from app.services.case_grouping import decide as decide_in_case

    output = _output(json_, lang)
    document = decide_in_case(case, kind, first, second, _passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("undo")
def case_undo(
    case: Path, pass_env: PassOption = None, json_: JsonOption = False, lang: LangOption = None
) -> int:
    """Take the last edit back."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.step_back(case, redo=False, passphrase=_passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("redo")
def case_redo(
    case: Path, pass_env: PassOption = None, json_: JsonOption = False, lang: LangOption = None
) -> int:
    """Bring back what was undone last."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.step_back(case, redo=True, passphrase=_passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("report")
@signs
def case_report(
    case: Path,
    out: Annotated[Path, typer.Argument(metavar="OUT.pdf")],
    analysis: Annotated[
        list[int] | None,
        typer.Option(help="Number of an analysis; can be repeated. Without: all of the case."),
    ] = None,
    report_language: ReportLanguageOption = None,
    template: TemplateOption = None,
    supersedes: SupersedesOption = "",
    reason: ReasonOption = "",
    model: ModelOption = None,
    population: PopulationOption = None,
    scale: ScaleOption = None,
    signer: SignerChoice = NOBODY,
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """One report of comparisons that the case has recorded: each with its own result."""
    from app.services.case_analysis import report_analyses
    from app.services.loading import open_scale, open_template
    from app.services.reporting import ReportRequest

    output = _output(json_, lang)
    identity = _identity(signer)
    request = ReportRequest(
        report_language or output.language,
        identity,
        scale=open_scale(scale),
        template=open_template(template),
    )
    made = report_analyses(
        case,
        analysis or [],
        request,
        out,
        model,
        population,
        supersedes,
        reason,
        _passphrase(pass_env),
        output.progress,
    )
    document = {"report": str(out)} | made.as_content()
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("check")
def case_check(
    case: Path,
    report: Annotated[
        Path | None, typer.Option(help="A report of the case, whose anchor must be contained.")
    ] = None,
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Database, audit trail, records, originals."""
    from app.services import casework

    output = _output(json_, lang)
    result = casework.check_case(
        case, output.progress, passphrase=_passphrase(pass_env), report=report
    )
    document = views.checks_document(result)
    output.result(document, lambda: views.case_check_text(result, output.language))
    return EXIT_BY_VERDICT[result.verdict]


@case_app.command("export")
def case_export(
    case: Path,
    out: Path,
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """The whole case as one file; an encrypted one stays encrypted."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.export(case, out, output.progress, _passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE


@case_app.command("import")
def case_import(
    file: Path,
    case: Path,
    pass_env: PassOption = None,
    json_: JsonOption = False,
    lang: LangOption = None,
) -> int:
    """Verify an exported case and unpack it."""
    from app.services import casework

    output = _output(json_, lang)
    document = casework.import_archive(file, case, output.progress, _passphrase(pass_env))
    output.result(document, lambda: views.lines_of(document))
    return EXIT_DONE
