"""Call after call with every action, on Debian's baresip and on the embedded phone: none is mixed up with another.

A few every day, 50 under RUNG_LONG=1. Asterisk has a file of its own, test_asterisk_soak.py.
"""

import os
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.phone.contract import World
from tests.phone.every_action import every_action
from tests.real.sip_rig import Rig, play
from tests.real.test_baresip_contract import baresip_world
from tests.real.test_sip_contract import sip_world

CALLS = 50 if os.environ.get("RUNG_LONG") == "1" else 2


@pytest.mark.parametrize("world", [baresip_world, sip_world], ids=["Debian's baresip", "the embedded phone"])
def test_call_after_call_with_every_action(
    world: Callable[[Rig], AbstractAsyncContextManager[World]], tmp_path: Path
) -> None:
    async def story(made: Rig) -> None:
        async with world(made) as w:
            begun = time.monotonic()
            for number in range(CALLS):
                await every_action(w, number)
            print(f"{CALLS} calls in {time.monotonic() - begun:.0f} s")

    play(story, tmp_path)
