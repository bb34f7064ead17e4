"""The contract of every phone, kept by the real Asterisk 22 with real SIP phones for agent, caller and supervisor."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.phone import table
from tests.phone.contract import World
from tests.phone.table import CLAUSES
from tests.real.asterisk_rig import Played, write_tone

from rung.phone.asterisk.commands import sound_name


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
def test_asterisk(clause: Callable[[World], Awaitable[None]], played: Played, tmp_path: Path) -> None:
    made, runner = played
    sounds = tmp_path / "sounds"
    script = sounds / f"{sound_name('This call ends now.', 'en')}.wav"
    script.parent.mkdir(parents=True)
    write_tone(script, 1800, seconds=0.2)

    async def story() -> None:
        async with made.world(sounds=str(sounds)) as world:
            await clause(world)
            table.hold("Asterisk 22", clause, world)

    runner.run(story())
