"""The ear: it names one tone and nothing else."""

import asyncio
import random
from array import array
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("baresip")

from rung.phone.sip_audio import Tones, pitch, tone

RATE = 8000


@given(hz=st.integers(100, 2000), start=st.integers(0, 10**6))
def test_a_tone_is_named(hz: int, start: int) -> None:
    assert abs(pitch(tone(hz, RATE, start, 1600), RATE) - hz) <= max(5, hz // 100)


@given(seed=st.integers(0, 10**6))
def test_noise_and_silence_are_no_tone(seed: int) -> None:
    dice = random.Random(seed)
    assert pitch(array("h", (dice.randint(-8000, 8000) for _ in range(1600))), RATE) == 0
    assert pitch(array("h", (dice.randint(-50, 50) for _ in range(1600))), RATE) == 0
    assert pitch(array("h"), RATE) == 0


def test_two_voices_at_once_are_no_tone() -> None:
    both = zip(tone(440, RATE, 0, 1600), tone(1000, RATE, 0, 1600), strict=True)
    assert pitch(array("h", (a + b for a, b in both)), RATE) == 0


@pytest.mark.parametrize("ask", [lambda tones: tones.send(440), lambda tones: tones.heard(1)], ids=["send", "heard"])
def test_nothing_runs_until_a_tone_is_wanted(ask: Callable[[Tones], object]) -> None:
    async def whole() -> None:
        looked = asyncio.Event()

        def living() -> list[int]:
            looked.set()
            return []

        tones = Tones(living)
        await asyncio.sleep(0.1)
        assert not looked.is_set()
        ask(tones)
        await asyncio.wait_for(looked.wait(), 30)
        tones.stop()

    asyncio.run(whole())
