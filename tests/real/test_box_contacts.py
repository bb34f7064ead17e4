"""The box reads presses on the real MicroPython as it does here: the same cases, and random hands."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.box.hands import ESCALATE, RELEASE, WARN, Press, steps
from tests.box.replay import Replay
from tests.box.vectors import VECTORS

import rung_box

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

HERE = Path(__file__).parent.parent / "box"
FIRMWARE = Path(rung_box.__path__[0]).parent


def _on_vm(plays: list[dict[str, object]]) -> list[object]:
    argv = ["micropython", str(HERE / "on_vm.py"), str(FIRMWARE), str(HERE)]
    program = f"import micropython_run as m; m.run_main({argv!r})"
    lines = "".join(json.dumps(play) + "\n" for play in plays)
    ran = subprocess.run(
        [sys.executable, "-c", program], input=lines, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0 and not ran.stderr, ran.stdout + ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_cases() -> None:
    plays = [
        {"start_ms": start_ms, "lag_ms": vector.lag_ms, "held": vector.held, "steps": vector.steps}
        for vector in VECTORS.values()
        for start_ms in (0, (1 << 30) - 1500)
    ]
    expected = [[vector.sent, sorted(vector.refused)] for vector in VECTORS.values() for _ in range(2)]
    assert _on_vm(plays) == expected


def test_random_hands_make_the_same_here_and_there(seed: int) -> None:
    chance = random.Random(seed)
    plays: list[dict[str, object]] = []
    for _ in range(100):
        presses = []
        for button in (ESCALATE, WARN, RELEASE):
            up = 0
            for _ in range(chance.randrange(5)):
                down = up + chance.randint(20, 600)
                up = down + chance.choice([10, 20, 150, 700, 1500, 2000, 5001]) + chance.randrange(50)
                presses.append(Press(button, down, up))
        play = [*steps(presses, chance), *([ms, "epoch", ms] for ms in chance.sample(range(8000), 2))]
        play.sort(key=lambda step: step[0])
        plays.append({"start_ms": chance.randrange(1 << 30), "lag_ms": chance.randrange(30), "held": [], "steps": play})
    for play, answer in zip(plays, _on_vm(plays), strict=True):
        replay = Replay(play["start_ms"], play["lag_ms"])
        assert answer == [replay.play(play["steps"]), sorted(replay.refused)], f"RUNG_SEED={seed}: {play}"
