"""The policies' stories on the real Asterisk 22, with real SIP phones for agent, caller and supervisor."""

import asyncio
import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.real.asterisk_stage import AsteriskStage, Housed

from rung import words as w
from rung.policy import load
from rung.policy.book import Recording
from rung.sim.floor_stage import AGENT_HZ, SUPERVISOR_HZ, Parts
from rung.sim.floor_stories import FLOOR_STORIES
from rung.sim.scene import ALIVE_S, TIMES, Scene, Story
from rung.words import Button, Gesture, Reply, Want

# Every day: those that are real elsewhere too, and those that only a PBX makes real (join, play).
PBX_ALONE = ("joins", "crisis")
DAILY = {s for s in FLOOR_STORIES if s.parts is Parts.REAL or s.plays or any(word in s.name for word in PBX_ALONE)}
CHOSEN = FLOOR_STORIES if os.environ.get("RUNG_LONG") == "1" else tuple(s for s in FLOOR_STORIES if s in DAILY)


@pytest.mark.parametrize("story", CHOSEN, ids=lambda story: f"{story.policy}-{story.name}")
def test_on_asterisk(story: Story, house: Housed, tmp_path: Path) -> None:
    made, runner = house
    on_pbx = replace(story, parts=Parts.PBX)
    lines: list[str] = []

    async def play() -> None:
        async with AsteriskStage(made, tmp_path, on_pbx.rules(), Parts.PBX, trained=story.trained) as stage:
            await story.play(Scene(stage, lines.append))

    try:
        runner.run(play())
    finally:
        print("\n".join(lines))
        runner.run(made.quiet())


@pytest.mark.parametrize("recording", ["never", "announced"])
def test_panic_brings_the_supervisor_into_the_call(recording: Recording, house: Housed, tmp_path: Path) -> None:
    """Without hold; and recorded only where the site says so, which the agent sees, until it was a false alarm."""
    made, runner = house
    rules = load("warm-transfer", TIMES[Parts.PBX])
    monitor = made.asterisk.folder / "spool/monitor"
    before = set(monitor.glob("*.wav"))

    async def play() -> None:
        async with AsteriskStage(made, tmp_path, rules, Parts.PBX, recording=recording) as stage:
            s = Scene(stage, print)
            await s.call_in()
            await s.agent.press(Button.ESCALATE, Gesture.HOLD)
            await s.reply(await s.sees(Want.PANIC), Reply.JOIN)
            await s.expect(lambda: s.agent.has(w.SupervisorJoined), "the supervisor is in the call")
            await s.caller.hears(AGENT_HZ, SUPERVISOR_HZ)
            s.must(not s.agent.has(w.CallHeld), "the caller was never on hold")
            decided = [event.effect for event in s.agent.record if isinstance(event, w.EffectDecided)]
            asked = [effect.id for effect in decided if isinstance(effect, w.Record)]
            s.must(bool(asked) == (recording == "announced"), f"asked to record: {asked}")
            for id in asked:
                await s.expect(lambda id=id: s.agent.has(w.EffectConfirmed, id=id), "it is being recorded")
            await asyncio.sleep(ALIVE_S[Parts.PBX])
            s.must(not s.agent.has(w.CaseClosed), "the call stays up")

    try:
        runner.run(play())
    finally:
        runner.run(made.quiet())
    written = set(monitor.glob("*.wav")) - before
    assert len(written) == (recording == "announced")
    assert all(file.stat().st_size > 1000 for file in written)
