"""The contract of every phone, kept by a telephone of the real Asterisk 22 behind the broker.

Every day a core of it; RUNG_LONG=1 plays all. The table in PHONES.md is Asterisk's own: the broker takes nothing away.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.phone import table
from tests.phone.contract import World
from tests.phone.table import CLAUSES
from tests.real.asterisk_rig import Played, write_tone
from tests.real.pbx_rig import world

from rung.phone.asterisk.commands import sound_name

CORE = (
    "it_greets_and_then_tells_all_calls",
    "hold_and_resume_are_confirmed_by_states",
    "the_one_who_hangs_up_is_known",
    "a_consult_on_hold_is_completed_with_the_case",
    "each_command_hits_its_own_line",
    "a_third_party_comes_in_without_hold_and_may_have_the_call",
)
CHOSEN = [c for c in CLAUSES if os.environ.get("RUNG_LONG") == "1" or c.__name__ in CORE]


@pytest.mark.parametrize("clause", CHOSEN, ids=lambda clause: clause.__name__)
def test_behind_the_broker(clause: Callable[[World], Awaitable[None]], played: Played, tmp_path: Path) -> None:
    floor, runner = played
    sounds = tmp_path / "sounds"
    script = sounds / f"{sound_name('This call ends now.', 'en')}.wav"
    script.parent.mkdir(parents=True)
    write_tone(script, 1800, seconds=0.2)

    async def story() -> None:
        async with world(floor, tmp_path, sounds=str(sounds)) as made:
            await clause(made)
            table.hold("Asterisk 22", clause, made)

    runner.run(story())
