"""Whatever comes from the box's port that is no frame changes nothing: on the whole desk, in the middle of a call."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from rung import words as w
from rung.policy import Times
from rung.words import CallState

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.desk.happening import Happening
from rung.link.door import Counters
from rung.sim.stage import Stage
from rung.sim.stories import Player
from rung.sim.tamper import Tamper

FLOOD_BYTES = 10_000_000
PORTION_BYTES = 50_000
SEED = int(os.environ.get("RUNG_SEED", random.SystemRandom().randrange(1 << 32)))
TEXTS = {
    "ROM text": b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
    "a traceback": b'Traceback (most recent call last):\r\n  File "main.py", line 1\r\nOSError: 28\r\n',
    "a prompt": b"MicroPython v1.28.0 on 2026-01-01; ESP32 module with ESP32\r\n>>> ",
    "a modem manager": b"AT\rAT+GCAP\rATI\r",
    "half a frame": b"!P000001,1,E,t,1",
    "a frame with a wrong sum": b"!P0000011,E,t,1,0~00000000\n",
}


async def flood(tamper: Tamper, total: int) -> None:
    chance = random.Random(SEED)
    for _ in range(total // PORTION_BYTES):
        tamper.add("up", chance.randbytes(PORTION_BYTES))
        while not tamper.is_idle:
            await asyncio.sleep(0.005)


async def play(folder: Path) -> None:
    counted: list[Counters] = []

    def watch(happening: Happening) -> None:
        if happening.counters is not None:
            counted.append(happening.counters)

    async with Stage(folder, Times(wait=0.3, say_time=0.3, answer_within=1), watch, tampered=True) as stage:
        player = Player(stage, lambda text: None)
        assert stage.tamper is not None
        await player.call_in()
        await player.declare("p", w.Ground.PROFANITY)
        before = list(stage.record)
        for text in TEXTS.values():
            stage.tamper.add("up", text)
        await flood(stage.tamper, FLOOD_BYTES)
        await stage.until(lambda: bool(counted) and counted[-1].noise_bytes > FLOOD_BYTES // 2, "the flood is counted")
        assert counted[-1].bad_frames > 0
        assert stage.record == before, f"seed {SEED}"
        assert player.caller_is(CallState.UP)
        await stage.until(lambda: stage.ready, f"the box is in session, seed {SEED}")
        await player.warn()
        presses = [e.press.number for e in stage.record if isinstance(e, w.PressRecorded)]
        assert presses == list(range(1, len(presses) + 1)), f"seed {SEED}"


def test_garbage_from_the_box_changes_nothing(tmp_path: Path) -> None:
    asyncio.run(play(tmp_path))
