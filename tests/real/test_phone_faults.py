"""Each telephone system stalled, killed, or heard through garbage, at each step of a call, with a desk on it.

The call is never ended by us, no lamp says that anything is done, the person is told, and it goes on when the peer is
back. Every day a step or two for each fault; all of them, and 30 s of standing still, under RUNG_LONG=1.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.real import fault_rig as rig
from tests.real.asterisk_rig import Played
from tests.real.sip_rig import Rig, play

FAULTS: tuple[rig.Fault, ...] = (rig.stalled, rig.garbled, rig.killed)
EVERY = [(fault, step) for step in rig.STEPS for fault in FAULTS]
DAILY = [(rig.stalled, rig.while_theirs_rings), (rig.garbled, rig.on_hold), (rig.killed, rig.in_the_consult)]
DAILY_PBX = [(rig.stalled, rig.in_the_consult), (rig.garbled, rig.in_the_consult), (rig.killed, rig.in_talk)]


def each(daily: list[tuple[rig.Fault, rig.Step]]) -> pytest.MarkDecorator:
    chosen = EVERY if rig.LONG else daily
    return pytest.mark.parametrize(("fault", "step"), chosen, ids=lambda part: part.__name__)


def struck(
    peer: Callable[[Rig], AbstractAsyncContextManager[rig.Struck]], fault: rig.Fault, step: rig.Step, folder: Path
) -> None:
    async def story(made: Rig) -> None:
        async with peer(made) as s:
            await fault(s, await step(s.world))

    play(story, folder)


@each(DAILY)
def test_the_embedded_phone(fault: rig.Fault, step: rig.Step, tmp_path: Path) -> None:
    struck(rig.embedded, fault, step, tmp_path)


@each(DAILY)
def test_debians_baresip(fault: rig.Fault, step: rig.Step, tmp_path: Path) -> None:
    struck(rig.debians_baresip, fault, step, tmp_path)


@each(DAILY_PBX)
def test_asterisk(fault: rig.Fault, step: rig.Step, played: Played, tmp_path: Path) -> None:
    _, runner = played

    async def story() -> None:
        async with rig.asterisk(played, tmp_path) as s:
            await fault(s, await step(s.world))

    runner.run(story())
