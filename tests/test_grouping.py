"""Calls into people and rings, galleries of real recordings, and what the examiner decides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from phone_calls import Phone, write_calls

from app.cli import run
from app.services import galleries
from app.services.calls import HeardCalls, call_sources, hear_calls
from app.services.case_grouping import case_calls, case_decisions, decide
from app.services.comparing import compare
from app.services.grouping import (
    group_heard,
    grouping_document,
    regroup,
)
from engine.casefile import work
from engine.casefile.checks import check_case
from engine.casefile.store import CaseFile
from engine.casefile.tables import Segment
from engine.compare.gallery import Gallery
from engine.errors import ErrorCode, SeongmunError
from engine.groups.organise import Decisions, GroupSettings, decisions_of
from engine.models.session import EmbeddingModel
from engine.types import CheckStatus, Population

Command = Callable[..., tuple[int, dict]]  # type: ignore[type-arg]


@pytest.fixture(scope="module")
def phone(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Phone:
    """A and B call in turn; everyone else is heard once."""
    return write_calls(shared_data, tmp_path_factory.mktemp("phone"))


@pytest.fixture(scope="module")
def heard(phone: Phone, model: EmbeddingModel) -> HeardCalls:
    return hear_calls(call_sources(phone.paths), model)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run_command(*arguments: object) -> tuple[int, dict]:  # type: ignore[type-arg]
        code = run([*map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run_command


def test_every_party_of_every_call_is_a_voice(heard: HeardCalls, phone: Phone) -> None:
    assert [(v.path, v.speaker, v.channel) for v in heard.voices] == [
        (path, f"S{channel + 1}", channel) for path in phone.paths for channel in (0, 1)
    ]
    assert heard.skipped == ()


def test_ratios_are_those_of_the_comparison(
    heard: HeardCalls, phone: Phone, model: EmbeddingModel, population: Population
) -> None:
    grouping = group_heard(heard, population)
    voices = {(v.path, v.channel): i for i, v in enumerate(heard.voices)}
    expected = compare(phone.path("1"), phone.path("3"), model, population, (0, 1))
    pair = voices[phone.path("1"), 0], voices[phone.path("3"), 1]
    assert grouping.pair(*pair) == pytest.approx(expected.likelihood_ratio.log10_lr, abs=0.05)


def test_people_and_rings_follow_from_the_decisions(
    heard: HeardCalls, population: Population
) -> None:
    """With the truth told as decisions everything else follows, however good the model is."""
    grouping = group_heard(heard, population, GroupSettings(9.0, 9.0))
    assert len(grouping.people) == 8 and not grouping.rings.rings
    keys = {v.key: v for v in heard.voices}
    truth = dict(zip(keys, "AVAWABBX", strict=True))
    same = tuple((a, b) for a, b in combinations(keys, 2) if truth[a] == truth[b])
    told = regroup(grouping, decisions=Decisions(same_voice=same))
    people = {"".join(truth[heard.voices[v].key] for v in p.voices) for p in told.people}
    assert people == {"AAA", "V", "W", "BB", "X"}
    (ring,) = told.rings.rings
    assert len(ring.calls) == 4 and len(ring.people) == 2 and len(ring.others) == 3
    document = grouping_document(told)
    assert [len(r["calls"]) for r in document["rings"]] == [4]
    assert {v["ring"] for v in document["voices"] if v["role"] == "caller"} == {1}
    assert {v["ring"] for v in document["voices"] if v["role"] == "unknown"} == {None}
    assert len(document["links"]) == 4
    assert all(set(link) >= {"log10_lr", "calls"} for link in document["links"])
    caller = next(k for k, name in truth.items() if name == "A")
    victim = regroup(told, decisions=Decisions(same_voice=same, roles={caller: "victim"}))
    assert [len(r.calls) for r in victim.rings.rings] == [2]
    apart = regroup(
        told,
        decisions=Decisions(
            same_voice=same,
            different_ring=((heard.voices[0].recording.sha256, heard.voices[2].recording.sha256),),
        ),
    )
    assert len(apart.rings.rings) > 1 and apart.rings.links
    with pytest.raises(SeongmunError) as error:
        regroup(told, decisions=Decisions(same_voice=same, different_voice=same[:1]))
    assert error.value.code is ErrorCode.GROUP_CONTRADICTION


def test_what_cannot_be_compared_is_left_out_with_its_code(
    phone: Phone, tmp_path: Path, model: EmbeddingModel
) -> None:
    first = phone.paths[0]
    samples, rate_hz = soundfile.read(first)
    paths = {name: tmp_path / f"{name}.wav" for name in ("copy", "again", "silent", "short")}
    shutil.copy(first, paths["copy"])
    soundfile.write(paths["again"], samples * 0.7, rate_hz, "PCM_24")
    rng = np.random.default_rng(0)
    soundfile.write(paths["silent"], rng.normal(0, 1e-4, (5 * rate_hz, 1)), rate_hz)
    voiced = np.flatnonzero(np.abs(samples[:, 0]) > 0.05)[0]
    soundfile.write(paths["short"], samples[voiced : voiced + 2 * rate_hz, 0], rate_hz)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    heard = hear_calls(call_sources([first, *paths.values(), broken, tmp_path / "none"]), model)
    assert {v.path for v in heard.voices} == {first}
    assert {(s.path.stem, s.error.code) for s in heard.skipped} == {
        ("copy", ErrorCode.COMPARE_SAME_BYTES),
        ("again", ErrorCode.COMPARE_SAME_CONTENT),
        ("silent", ErrorCode.SPEECH_NONE),
        ("short", ErrorCode.SPEECH_TOO_SHORT),
        ("broken", ErrorCode.AUDIO_NOT_AUDIO),
        ("none", ErrorCode.FILE_MISSING),
    }


def test_one_call_is_nothing_to_group(
    phone: Phone, population: Population, heard: HeardCalls
) -> None:
    with pytest.raises(SeongmunError) as error:
        group_heard(HeardCalls(heard.voices[:2], ()), population)
    assert (error.value.code, error.value.params) == (ErrorCode.GROUP_TOO_FEW, {"calls": 1})
    with pytest.raises(SeongmunError) as error:
        group_heard(HeardCalls((), ()), population)
    assert error.value.code is ErrorCode.GROUP_TOO_FEW


def test_commands(phone: Phone, command: Command, tmp_path: Path) -> None:
    gallery = tmp_path / "보관함"
    code, enrolled = command("enrol", *phone.paths[1:], "--gallery", gallery, "--watch")
    assert code == 0 and len(enrolled["enrolled"]) == enrolled["n_entries"] == 6
    code, again = command("enrol", phone.paths[1], "--gallery", gallery)
    assert [item["code"] for item in again["already_there"]] == ["gallery.duplicate"] * 2
    code, found = command("search", phone.paths[0], "--gallery", gallery, "--top", 3)
    assert code == 0 and [len(q["hits"]) for q in found["queries"]] == [3, 3]
    for query in found["queries"]:
        ratios = [hit["log10_lr"] for hit in query["hits"]]
        expected = [hit["expected_false_hits"] for hit in query["hits"]]
        assert ratios == sorted(ratios, reverse=True) and expected == sorted(expected)
    code, own = command("search", phone.paths[1], "--gallery", gallery)
    assert own["hits"][0]["flags"] == ["compare.same_bytes"]
    assert own["hits"][0]["log10_lr"] is None
    code, grouped = command("group", *phone.paths, "--min-log10-lr", "0.5")
    assert code == 0 and grouped["min_log10_lr"] == 0.5
    members = [(m["path"], m["speaker"]) for v in grouped["voices"] for m in v["members"]]
    assert sorted(members) == sorted((str(p), s) for p in phone.paths for s in ("S1", "S2"))
    for arguments, expected_code in (
        (("group", phone.paths[0]), "group.too_few"),
        (("search", phone.paths[0], "--gallery", tmp_path / "none"), "gallery.missing"),
    ):
        code, document = command(*arguments)
        assert (code, document["error"]["code"]) == (1, expected_code)


def test_a_gallery_is_made_anew_from_the_recordings(
    phone: Phone, model: EmbeddingModel, population: Population, tmp_path: Path
) -> None:
    kept = [shutil.copy(path, tmp_path) for path in phone.paths[:2]]
    galleries.enrol(tmp_path / "old", call_sources([Path(p) for p in kept]), model)
    Path(kept[0]).unlink()
    told = galleries.reembed(tmp_path / "old", tmp_path / "new", model)
    assert [(item["file_name"], item["code"]) for item in told["failed"]] == [
        (phone.paths[0].name, "file.missing")
    ] * 2
    with Gallery.open(tmp_path / "old") as old, Gallery.open(tmp_path / "new") as new:
        pairs = zip(old.entries()[2:], new.entries(), strict=True)
        assert all(
            (a.voice, a.provenance, a.net_speech_s) == (b.voice, b.provenance, b.net_speech_s)
            for a, b in pairs
        )


def test_the_watch_list_tells_of_new_recordings(
    phone: Phone, heard: HeardCalls, model: EmbeddingModel, population: Population, tmp_path: Path
) -> None:
    watched = galleries.Enrolment("the caller", watched=True)
    galleries.enrol(tmp_path / "g", call_sources(phone.paths[:1]), model, watched)
    galleries.enrol(tmp_path / "g", call_sources(phone.paths[1:2]), model)
    found = galleries.watch(tmp_path / "g", heard.voices, population, -9)
    assert [each.n_searched for each in found] == [0, 0] + [2] * 6
    assert all(h.entry.voice == "the caller" for each in found for h in each.hits)
    low, high = population.calibration.bounds_log10
    limit = np.median([h.log10_lr for each in found for h in each.hits])
    some = galleries.watch(tmp_path / "g", heard.voices, population, float(limit))
    assert 0 < sum(len(e.hits) for e in some) < sum(len(e.hits) for e in found)
    document = galleries.hits_document(some, population)
    assert all(low <= h["log10_lr"] <= high for each in document for h in each["hits"])
    watching = galleries.Watching(population, -9)
    third = call_sources(phone.paths[2:3])
    enrolled = galleries.enrol(tmp_path / "g", third, model, watching=watching)
    expected = galleries.hits_document(
        [e for e in found if e.voice.path == third[0].path], population
    )
    assert enrolled["watch"] == expected and len(enrolled["enrolled"]) == len(expected)


def test_decisions_are_evidence_of_the_case(phone: Phone, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    with CaseFile.create(folder, "1", "홍길동") as case:
        for path in phone.paths[:2]:
            exhibit, _ = case.add(path, "questioned", "홍길동")
            work.edit_segments(case, "홍길동", [], [Segment(0, 0, exhibit.id, 1, 8.0, 15.0, "S2")])
        hashes = [e.media_sha256 for e in case.exhibits()]
    voices = [f"{sha256}/1/S2" for sha256 in hashes]
    decide(folder, "same_voice", "1:S2", "2:S2")
    decide(folder, "role", "2:S2", "victim")
    decide(folder, "different_ring", "2", "1")
    decide(folder, "different_voice", "2:S2", "1:S2")
    with CaseFile.open(folder, writable=True, actor="김감정") as case:
        told = decisions_of(case_decisions(case))
        assert told.different_voice == (tuple(sorted(voices)),) and not told.same_voice
        assert told.roles == {voices[1]: "victim"}
        assert told.different_ring == (tuple(sorted(hashes)),)
        work.undo(case, "김감정")
        assert decisions_of(case_decisions(case)).same_voice == (tuple(sorted(voices)),)
        work.redo(case, "김감정")
        assert not decisions_of(case_decisions(case)).same_voice
        assert all(check.status is CheckStatus.PASS for check in check_case(case))
        assert [c.segments is not None for c in case_calls(case)] == [True, True]
    assert decide(folder, "open_different_voice", "1:S2", "2:S2")["decisions"][-1]["kind"] == (
        "different_ring"
    )
    for arguments in (
        ("maybe", "1", "2"),
        ("role", "1:S2", "boss"),
        ("same_voice", "1:S9", "2:S2"),
    ):
        with pytest.raises(SeongmunError) as error:
            decide(folder, *arguments)
        assert error.value.code in (ErrorCode.CASE_NO_SUCH_FACT, ErrorCode.CASE_NO_SUCH_ROW)
