"""The policies' stories on Asterisk with sipp as the caller.

One holds and re-invites all the while, one answers nothing any more, and one hangs up at an awkward moment.
"""

import asyncio
import os
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.real.asterisk_stage import AsteriskStage, House, Housed
from tests.real.sipp_handset import SippCaller

from rung import words as w
from rung.sim.floor_stage import Parts
from rung.sim.floor_stories import FLOOR_STORIES
from rung.sim.handset import Handset, StageError
from rung.sim.scene import Scene, Story
from rung.words import EndedBy

LONG = os.environ.get("RUNG_LONG") == "1"
DAILY = ("warm-transfer", "supervisor-ends")  # it has hold, consult, transfer, and an ending
CHOSEN = [s for s in FLOOR_STORIES if LONG or (s.policy, s.name) == DAILY]
TURNS = 3 if LONG else 1
SOON_S = 3.0


class SippStage(AsteriskStage):
    def __init__(self, house: House, *args: Any, scenario: str, pause_ms: int = 0, **more: Any) -> None:
        super().__init__(house, *args, **more)
        self._scenario, self._pause_ms = scenario, pause_ms

    async def _caller(self) -> Handset:
        sipps = self._exits.enter_context(ExitStack())
        return SippCaller(self._house.asterisk, self._folder, self._scenario, sipps, self._pause_ms)


def play(story: Story, house: Housed, folder: Path, scenario: str, pause_ms: int = 0) -> None:
    made, runner = house
    lines: list[str] = []

    async def whole() -> None:
        rules = replace(story, parts=Parts.PBX).rules()
        ways = {"trained": story.trained, "scenario": scenario, "pause_ms": pause_ms}
        async with SippStage(made, folder, rules, Parts.PBX, **ways) as stage:
            scene = Scene(stage, lines.append)
            if pause_ms:
                await until_they_leave(scene, story)
            else:
                await story.play(scene)

    try:
        runner.run(whole())
    finally:
        print("\n".join(lines))
        runner.run(made.quiet())


async def until_they_leave(s: Scene, story: Story) -> None:
    """However far the story had come: it is told that the caller left, wherever their call was by then."""
    playing = asyncio.ensure_future(story.play(s))
    leaves = asyncio.ensure_future(s.caller.until(lambda: not s.caller.living and bool(s.caller.calls), "they leave"))
    await asyncio.wait((playing, leaves), return_when=asyncio.FIRST_COMPLETED)
    await leaves
    closed = lambda: [e for desk in (s.agent, s.supervisor) for e in desk.record if isinstance(e, w.CaseClosed)]  # noqa: E731
    try:
        await s.agent.until(lambda: any(e.by != EndedBy.TRANSFER for e in closed()), "it is told", SOON_S)
    except StageError:  # Asterisk took the BYE for a channel that it was just moving, and lost it: PHONES.md
        print("a BYE was lost")
        return
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    ends = [e for e in closed() if e.by != EndedBy.TRANSFER]
    first = [call.ended_by for call in s.caller.calls.values()]
    if [e.how for e in ends] == [w.Ending.RELEASED] and first == [EndedBy.US]:
        print("both hung up in the same instant")  # and our order was the first that Asterisk took
        return
    assert [e.by for e in ends] == ([EndedBy.US] if first == [EndedBy.THEM] else [EndedBy.THEM]), (ends, first)
    assert not any(e.review for e in ends if e.by == EndedBy.THEM)


@pytest.mark.parametrize("scenario", ["restless", "mute"])
@pytest.mark.parametrize("story", CHOSEN, ids=lambda story: f"{story.policy}-{story.name}")
def test_a_caller_who_holds_and_reinvites_or_answers_nothing(
    story: Story, scenario: str, house: Housed, tmp_path: Path
) -> None:
    """Their holds are not ours, and that nobody answers our BYE keeps no call up: the story goes as told."""
    play(story, house, tmp_path, scenario)


@pytest.mark.parametrize("story", CHOSEN, ids=lambda story: f"{story.policy}-{story.name}")
def test_a_caller_who_leaves_at_an_awkward_moment(story: Story, house: Housed, tmp_path: Path) -> None:
    chance = random.Random(f"{story.policy}-{story.name}")
    for turn in range(TURNS):
        folder = tmp_path / str(turn)
        folder.mkdir()
        play(story, house, folder, "leaves", chance.randrange(300, 4000))
