"""Every attack of `benchmarks.tamper` is caught by its check, and the table says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.tamper import ATTACKS, OUTPUT, Attack, Scene, failing, is_caught
from engine.types import CheckStatus


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(Path(tmp_path_factory.mktemp("scene")))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.what)
def test_attack_is_caught_by_its_check(attack: Attack, scene: Scene) -> None:
    verification = attack.run(scene, quickly=True)
    told = [(check.id, check.reason) for check in failing(verification)]
    assert is_caught(attack, verification), told
    if attack.caught_by:
        assert verification.result.verdict is not CheckStatus.PASS


def test_table_has_every_attack() -> None:
    table = OUTPUT.read_text(encoding="utf-8")
    assert [attack.what for attack in ATTACKS if f"| {attack.what} |" not in table] == []
