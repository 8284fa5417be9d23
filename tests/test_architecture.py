"""The rules of ARCHITECTURE.md."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.messages import codes
from engine.errors import ErrorCode
from engine.lr.verbal import FORBIDDEN

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [p for top in ("engine", "app", "ui") for p in (ROOT / top).rglob("*.py")]


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return names | {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}


def test_layers_point_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_ui_takes_types_and_errors_alone_from_the_engine() -> None:
    for path in (ROOT / "ui").rglob("*.py"):
        used = {name for name in imports(path) if name.split(".")[0] == "engine"}
        assert used <= {"engine.types", "engine.errors"}, path


def test_only_gui_main_imports_the_ui() -> None:
    users = {p for p in (ROOT / "app").rglob("*.py") if any(n.startswith("ui") for n in imports(p))}
    assert users == {ROOT / "app" / "gui_main.py"}


def test_engine_opens_no_socket() -> None:
    network = {"socket", "http", "urllib", "requests", "aiohttp", "ssl", "ftplib", "smtplib"}
    for path in (ROOT / "engine").rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & network, path


def test_no_pickle() -> None:
    for path in SOURCES:
        assert not {"pickle", "shelve", "dill", "joblib"} & imports(path), path


def test_batch_commands_load_neither_qt_nor_numba() -> None:
    script = "import sys, app.cli; print(*(m for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    modules = {name.split(".")[0] for name in loaded.stdout.split()}
    assert "app" in modules
    assert not modules & {"PySide6", "librosa", "numba", "torch"}


def test_every_error_has_a_text_in_both_languages() -> None:
    assert {code.value for code in ErrorCode} <= codes()


def _texts(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a table or list, by its dotted path."""
    if isinstance(tree, str):
        yield path, tree
        return
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield from _texts(value, f"{path}.{key}".lstrip("."))


@pytest.mark.parametrize("name", ["messages", "report", "review", "rings", "validation"])
def test_texts_are_complete_in_both_languages(name: str) -> None:
    data = tomllib.loads((ROOT / f"resources/i18n/{name}.toml").read_text(encoding="utf-8"))
    if name == "report":  # a glossary's keys are words of its language
        assert len(data["ko"].pop("glossary")) == len(data["en"].pop("glossary")) > 0
    if name == "messages":
        korean_texts = dict(_texts({k: v["ko"] for k, v in data.items()}))
        english_texts = dict(_texts({k: v["en"] for k, v in data.items()}))
    else:
        korean_texts, english_texts = dict(_texts(data["ko"])), dict(_texts(data["en"]))
    assert korean_texts.keys() == english_texts.keys()
    for key, korean in korean_texts.items():
        english = english_texts[key]
        fields = [set(re.findall(r"\{(\w+)", text)) for text in (korean, english)]
        assert fields[0] == fields[1], key
        assert re.search("[가-힣]", korean) or key in {"page", "sha256", "validation_text"}, key


def test_forbidden_words_are_never_printed() -> None:
    """No text of the product says who speaks, or how probable that is."""
    texts = [p for kind in ("toml", "ts", "md") for p in (ROOT / "resources").rglob(f"*.{kind}")]
    assert len(texts) > 6
    for path in texts:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not FORBIDDEN.search(line), f"{path.name}: {line}"


@pytest.mark.parametrize(
    "claim",
    [
        "The voices match.",
        "matching voices",
        "They are the same person with 97 %",
        "identified as the suspect",
        "It is probable that the same speaker spoke",
        "97 % sure",
        "두 음성은 동일인입니다.",
        "동일인으로 판단됩니다",
        "음성이 일치합니다",
        "동일인일 확률은 97 %",
        "동일인일 가능성이 높음",
        "피의자 본인의 목소리입니다",
    ],
)
def test_the_forbidden_words_are_found(claim: str) -> None:
    assert FORBIDDEN.search(claim)


def test_every_statement_of_a_result_names_both_propositions() -> None:
    texts = tomllib.loads((ROOT / "resources/i18n/report.toml").read_text(encoding="utf-8"))
    for language, words in (
        ("ko", ("명제 1", "명제 2")),
        ("en", ("proposition 1", "proposition 2")),
    ):
        for kind in ("result_same", "result_different", "verbal_same", "verbal_different"):
            assert all(word in texts[language][kind] for word in words), kind
        for kind in ("interpretation_same", "interpretation_different", "interpretation_none"):
            assert {"{same}", "{different}"} <= set(re.findall(r"{\w+}", texts[language][kind]))


def test_no_absolute_paths_and_no_index_hosts() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    hosts = re.compile("|".join(["py" + r"pi\.org", "python" + "hosted", "index-" + "url"]))
    for name in tracked.stdout.decode().split("\0"):
        path = ROOT / name
        if path.suffix in {".py", ".toml", ".lock", ".md", ".txt"} and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "/".join(("", "work", "main")) not in text, name
            assert not hosts.search(text.replace("--no-emit-index-" + "url", "")), name
