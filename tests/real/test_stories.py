"""`rung demo --story` as its user has it: a process of its own, no terminal, one event a line."""

import json
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.policy import load
from rung.policy.library import shipped
from rung.sim.stories import STORIES

# They are played once for all the tests here, which must not happen at every worker.

PATIENCE_S = 280.0
Line = dict[str, Any]
Told = dict[tuple[str, str], list[Line]]

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
FAILING_ON_A_FLOOR = """
from rung.cli import main
from rung.sim import floor_stories
from rung.sim.floor_stage import Parts
from rung.sim.scene import story

@story("no-hang-up", Parts.VIRTUAL)
async def vain(s):
    "The agent ends the call, which this policy never lets them."
    await s.call_in()
    await s.refused(w.Button.RELEASE, w.Button.WARN, "warn comes next")

from rung import words as w
floor_stories.FLOOR_STORIES += (vain,)
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


@pytest.fixture(scope="module")
def told() -> Told:
    """Every story of every policy, played once, side by side: its lines, by policy and name."""
    done = rung("demo", "--all", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    failures = [line for line in lines if line.get("failure")]
    assert (done.returncode, done.stderr, failures) == (0, "", []), done.stderr[-2000:]
    found: Told = {}
    for line in lines:
        if line["kind"] == "story":
            current = found.setdefault((line["policy"], line["text"]), [])
        current.append(line)
    return found


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


def effects(lines: list[Line], kind: str) -> list[Line]:
    """What was decided, as it stands in the record."""
    decided = [line["event"]["effect"] for line in recorded(lines, "EffectDecided")]
    return [effect for effect in decided if effect["type"] == kind]


def recorded(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["kind"] == "recorded" and line["event"]["type"] == kind]


def test_every_story_comes_out_and_says_what_is_real_and_what_was_shortened(told: Told) -> None:
    assert {name for policy, name in told if policy == "warm-transfer"} >= set(STORIES)
    for (policy, name), lines in told.items():
        assert lines[0]["shortened"] and lines[0]["parts"], (policy, name)
        assert lines[-1] | {"kind": "end", "text": name} == lines[-1]
        if effects(lines, "Join") or effects(lines, "Play"):
            assert "virtual phones" in lines[0]["parts"], f"{policy}: {name} does what no embedded SIP phone can"


@pytest.mark.parametrize("policy", shipped())
def test_every_rung_of_every_policy_is_taken_in_a_story(policy: str, told: Told) -> None:
    lines = [line for (of, _), lines in told.items() if of == policy for line in lines]
    taken = {line["event"]["rung"] for line in recorded(lines, "RungTaken")}
    assert {rung.id for rung in load(policy).rung} <= taken


def test_on_real_phones_every_policy_ends_a_call_by_a_supervisor(told: Told) -> None:
    """Warned and ended at their own desk, by their own box; the phone's confirmation is in the record."""
    for policy in shipped():
        real = [lines for (of, _), lines in told.items() if of == policy and "real SIP phones" in lines[0]["parts"]]
        at_supervisor = [[line for line in lines if line.get("desk") == "supervisor"] for lines in real]
        ended = [lines for lines in at_supervisor if effects(lines, "HangUp")]
        assert ended, policy
        for lines in ended:
            (hang_up,) = effects(lines, "HangUp")
            assert hang_up["id"] in [line["event"]["id"] for line in recorded(lines, "EffectConfirmed")]


def test_no_release_lamp_is_done_before_its_phone_has_confirmed(told: Told) -> None:
    for story, lines in told.items():
        for desk in {line.get("desk") for line in lines}:
            there = [line for line in lines if line.get("desk") == desk]
            confirmed = [i for i, line in enumerate(there) if line in recorded([line], "CaseClosed")]
            done = [i for i, line in enumerate(there) if lamp_done(line, "release")]
            assert not done or (confirmed and min(done) > min(confirmed)), story


def test_press_record_acknowledgement_confirmation_and_lamp_come_in_this_order(told: Told) -> None:
    lines = told["warm-transfer", "no-supervisor"]
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


@pytest.mark.parametrize(
    ("program", "failure"),
    [(FAILING, "the call ends by itself"), (FAILING_ON_A_FLOOR, "release was not refused with warn")],
)
def test_a_story_that_does_not_come_out_exits_1(program: str, failure: str) -> None:
    done = rung("demo", "--story", "vain", "--json", program=("-c", program))
    assert done.returncode == 1, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last | {"kind": "end", "text": "vain"} == last
    assert failure in last["failure"]


def test_a_story_that_nobody_knows_is_one_line_that_names_those_there_are() -> None:
    done = rung("demo", "--story", "no-such-story")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "no-such-story" in line
    assert all(story in line for story in STORIES)


def test_one_that_several_policies_have_asks_for_the_policy() -> None:
    done = rung("demo", "--story", "supervisor-takes")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("add --policy advise-and-warn or end-with-care or hang-up-protocol\n")
    done = rung("demo", "--policy", "no-such-policy", "--list")
    assert done.returncode == 2 and "no policy 'no-such-policy'" in done.stderr
    done = rung("demo", "--policy", "our-floor.toml")
    assert done.returncode == 2 and done.stderr.endswith("; a floor's own has no stories, but drills: --drill\n")


def test_the_list_names_each_by_policy_with_a_line(told: Told) -> None:
    done = rung("demo", "--list")
    assert done.returncode == 0, done.stderr
    for policy, name in told:
        section = done.stdout.split(f"{policy}: ")[1].split("\n\n")[0]
        assert any(line.split()[:1] == [name] and len(line.split()) > 3 for line in section.splitlines()), (
            policy,
            name,
        )
