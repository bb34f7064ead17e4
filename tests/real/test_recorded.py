"""What a recorder on the line has, on real parts: told again it changes nothing, and it holds no key."""

import asyncio
from pathlib import Path

import pytest
from tests.link.leaks import files_without_keys, leaks

from rung import words as w
from rung.policy import Times
from rung.words import Button, CallState, LampState

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.desk.happening import Happening
from rung.sim.stage import Stage
from rung.sim.stories import Player
from rung.sim.tamper import Tamper, Way

BETWEEN_S = 0.002  # the box's input ring holds five frames
PATIENCE_S = 30.0
Tape = list[tuple[Way, bytes]]


async def tell_again(tamper: Tamper, tape: Tape) -> None:
    for way, line in tape:
        tamper.add(way, line)
        while not tamper.is_idle:
            await asyncio.sleep(BETWEEN_S)


class Watched:
    """A stage, and all that its bridge has said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.bad_box = self.bad_bridge = 0  # frames thrown away, as last told
        self.stage = Stage(folder, Times(wait=0.3, say_time=0.3, answer_within=1), self._watch, tampered=True)

    def _watch(self, happening: Happening) -> None:
        self.said.append(repr(happening))
        if happening.counters is not None:
            counters = happening.counters
            self.bad_box, self.bad_bridge = counters.box_bad, counters.unproven + counters.strays

    def presses(self) -> int:
        return sum(isinstance(event, w.PressRecorded) for event in self.stage.record)

    def is_settled(self) -> bool:
        """Escalate comes next, no refusal is shown any more, and time itself changes nothing."""
        lamps = self.stage.lamps
        return (lamps.escalate.state, lamps.warn.state) == (LampState.BREATHING, LampState.OFF)

    async def changes_nothing(self, tamper: Tamper, tape: Tape) -> None:
        stage = self.stage
        await stage.until(self.is_settled, "it is escalate's turn")
        before, lamps, bad_box, bad_bridge = list(stage.record), stage.lamps, self.bad_box, self.bad_bridge
        await tell_again(tamper, tape)
        await stage.until(
            lambda: self.bad_box > bad_box and self.bad_bridge > bad_bridge, "both ends have counted them"
        )
        assert stage.record == before
        assert stage.lamps == lamps and stage.ready
        await stage.tap(Button.WARN)
        await stage.until(lambda: self.presses() == 1 + count(before), "a press is taken as ever")


def is_back(tape: Tape) -> bool:
    """Has the box greeted, and taken lamps since?"""
    kinds = b"".join(line[:2] for way, line in tape if way == "up")
    return b"!G" in kinds.partition(b"!H")[2]


def count(record: list[w.Event]) -> int:
    return sum(isinstance(event, w.PressRecorded) for event in record)


async def play(folder: Path) -> list[bytes | str]:
    watched = Watched(folder)
    async with watched.stage as stage:
        player, tamper = Player(stage, lambda text: None), stage.tamper
        assert tamper is not None
        await player.call_in()
        await player.declare("p", w.Ground.PROFANITY)
        await player.warn()
        tape = list(tamper.seen)
        assert {way for way, line in tape if line.startswith((b"!P", b"!k", b"!l", b"!w"))} == {"up", "down"}
        await watched.changes_nothing(tamper, tape)
        await stage.restart_bridge()
        watched.bad_bridge = 0
        await watched.changes_nothing(tamper, tape)
        seen = len(tamper.seen)
        stage.box.reset()
        async with asyncio.timeout(PATIENCE_S):
            while not is_back(tamper.seen[seen:]):
                await asyncio.sleep(0.05)
        watched.bad_box = 0
        await watched.changes_nothing(tamper, tape)
        assert player.caller_is(CallState.UP)
        return [*watched.said, *(line for _, line in tamper.seen)]


def test_a_recorded_session_told_again_changes_nothing_and_no_key_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """To the bridge and to the box: in the same session, to a new bridge, and after the box was reset."""
    said = asyncio.run(play(tmp_path))
    [key] = [file.read_text().strip() for file in (tmp_path / "desk" / "keys").iterdir()]
    said += [*capfd.readouterr(), *files_without_keys(tmp_path)]
    assert len(b"".join(part if isinstance(part, bytes) else part.encode() for part in said)) > 10_000
    assert leaks(key, said) == []
    assert leaks(key, [(tmp_path / "flash" / "key").read_bytes()]) == ["hexadecimal"], "it would have been found"
