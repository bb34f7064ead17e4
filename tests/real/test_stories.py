"""`rung demo --story` as its user has it: a process of its own, no terminal, one event a line."""

import json
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.sim.stories import STORIES

PATIENCE_S = 180.0
Line = dict[str, Any]

# A story that waits in vain for something that a desk never does.
FAILING = """
from rung.cli import main
from rung.sim import stories

async def vain(t):
    "The call ends by itself."
    await t.call_in()
    await t.stage.until(t.over, "the call ends by itself", patience_s=1)

stories.STORIES["vain"] = vain
main()
"""


def rung(*args: str, program: tuple[str, ...] = ("-m", "rung")) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def told(story: str) -> list[Line]:
    done = rung("demo", "--story", story, "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def place(lines: list[Line], wanted: dict[str, Any], after: int = -1) -> int:
    """Where the first line after another stands that has all this."""

    def has(line: Any, part: Any) -> bool:
        if isinstance(part, dict):
            return isinstance(line, dict) and all(has(line.get(key), value) for key, value in part.items())
        return bool(line == part)

    found = next((i for i, line in enumerate(lines) if i > after and has(line, wanted)), None)
    assert found is not None, f"no {wanted} after line {after}"
    return found


def lamp_done(line: Line, button: str) -> bool:
    return line["kind"] in ("lamps", "shown") and line["lamps"].get(button, {}).get("state") == "done"


@pytest.mark.parametrize("story", sorted(set(STORIES) - {"no-supervisor"}))
def test_it_comes_out_as_told(story: str) -> None:
    lines = told(story)
    assert lines[0] | {"kind": "story", "text": story} == lines[0]
    assert lines[0]["shortened"]  # it says that it shortened the policy's times
    assert lines[-1] | {"kind": "end", "text": story} == lines[-1]
    assert "failure" not in lines[-1]
    assert not any(lamp_done(line, "release") for line in lines)


def test_no_lamp_is_done_before_the_phone_has_confirmed() -> None:
    lines = told("no-supervisor")
    hold = {"buttons": ["release"], "gesture": "hold"}
    decided = place(lines, {"kind": "recorded", "event": {"type": "EffectDecided", "effect": {"type": "HangUp"}}})
    effect = lines[decided]["event"]["effect"]["id"]
    press = place(lines, {"kind": "press", "press": hold})
    recorded = place(lines, {"kind": "recorded", "event": {"type": "PressRecorded", "press": hold}}, press)
    acknowledged = place(lines, {"kind": "acknowledged", "press": hold}, recorded)
    confirmed = place(lines, {"kind": "recorded", "event": {"type": "EffectConfirmed", "id": effect}}, acknowledged)
    done = place(lines, {"kind": "shown", "lamps": {"release": {"state": "done"}}}, confirmed)
    assert press < recorded < decided < acknowledged < confirmed < done
    assert not any(lamp_done(line, button) for line in lines[:confirmed] for button in ("escalate", "warn", "release"))
    assert lines[press]["at_ns"] < lines[recorded]["at_ns"] < lines[acknowledged]["at_ns"] < lines[confirmed]["at_ns"]
    assert "failure" not in lines[-1]


def test_a_story_that_does_not_come_out_exits_1() -> None:
    done = rung("demo", "--story", "vain", "--json", program=("-c", FAILING))
    assert done.returncode == 1, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last | {"kind": "end", "text": "vain"} == last
    assert "the call ends by itself" in last["failure"]


def test_a_story_that_nobody_knows_is_one_line_that_names_those_there_are() -> None:
    done = rung("demo", "--story", "no-such-story")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "no-such-story" in line
    assert all(story in line for story in STORIES)
