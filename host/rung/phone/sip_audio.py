"""Tones on calls: send one, and say which one is heard. So a story proves that two people talk."""

import asyncio
import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from baresip import AudioNotActive, AudioRestarted
from baresip.audio import CallAudio

Samples: TypeAlias = "array[int]"  # 16 bits, mono

_TICK_S = 0.02
_AHEAD_S = 0.1  # how much tone is queued ahead, so that a busy machine leaves no gaps
_LISTEN_S = 0.2  # one judgement about what is heard
_QUIET = 300  # mean amplitude of 32767 below which a block counts as silence
_PURE = 0.7  # share of the power that one tone must have
_LOUDNESS = 8000


def tone(hz: int, rate: int, start: int, count: int) -> Samples:
    """``count`` 16-bit samples of a sine, from sample ``start`` on."""
    step = 2 * math.pi * hz / rate
    return array("h", (int(_LOUDNESS * math.sin(step * n)) for n in range(start, start + count)))


def pitch(samples: Samples, rate: int) -> int:
    """The one tone in ``samples``, in Hz; 0 for silence, noise or a mixture."""
    if not samples or sum(map(abs, samples)) / len(samples) < _QUIET:
        return 0
    pairs = enumerate(pairwise(samples))
    rises = [n - before / (after - before) for n, (before, after) in pairs if before < 0 <= after]
    if len(rises) < 3:
        return 0
    hz = rate * (len(rises) - 1) / (rises[-1] - rises[0])
    step = 2 * math.pi * hz / rate
    real = sum(s * math.cos(step * n) for n, s in enumerate(samples))
    imag = sum(s * math.sin(step * n) for n, s in enumerate(samples))
    share = 2 * (real**2 + imag**2) / (len(samples) * sum(s * s for s in samples))
    return round(hz) if share > _PURE else 0


@dataclass
class _Ear:
    audio: Any
    sent: int = 0
    block: Samples = field(default_factory=lambda: array("h"))
    heard: int = 0
    silent_ticks: int = 0


class Tones:
    """Speaks and listens on every call that `living` names by handle, from the first time it is asked to.

    Before that it does nothing at all: only stories need it, and an agent's phone runs all day.
    """

    def __init__(self, living: Callable[[], Iterable[int]]):
        self._hz = 0
        self._living = living
        self._ears: dict[int, _Ear] = {}
        self._running: asyncio.Task[None] | None = None

    def send(self, hz: int) -> None:
        """From now on this tone; 0: silence."""
        self._hz = hz
        self._start()

    def heard(self, handle: int) -> int:
        """The tone last heard, in Hz; 0 for none, as on the first question."""
        self._start()
        ear = self._ears.get(handle)
        return ear.heard if ear else 0

    def stop(self) -> None:
        if self._running:
            self._running.cancel()

    def _start(self) -> None:
        self._running = self._running or asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while True:
            handles = set(self._living())
            for handle in self._ears.keys() - handles:
                del self._ears[handle]
            for handle in handles:
                ear = self._ears.setdefault(handle, _Ear(CallAudio(handle)))
                try:
                    self._serve(ear)
                except AudioRestarted:
                    ear.block = array("h")  # the next operation binds to the new streams
                except AudioNotActive:
                    ear.heard, ear.block = 0, array("h")  # on hold, or not up yet
            await asyncio.sleep(_TICK_S)

    def _serve(self, ear: _Ear) -> None:
        info = ear.audio.info()
        if self._hz and info.tx_ready:
            missing = int(_AHEAD_S * info.tx_sample_rate) - info.tx_buffered // 2
            if missing > 0:
                samples = tone(self._hz, info.tx_sample_rate, ear.sent, missing)
                ear.sent += ear.audio.write(samples.tobytes()) // 2
        if info.rx_ready:
            pcm = ear.audio.read(32 * 1024)
            ear.silent_ticks = 0 if pcm else ear.silent_ticks + 1
            if ear.silent_ticks * _TICK_S > _LISTEN_S:
                ear.heard, ear.block = 0, array("h")
            ear.block.frombytes(pcm)
            if len(ear.block) >= _LISTEN_S * info.rx_sample_rate:
                ear.heard, ear.block = pitch(ear.block, info.rx_sample_rate), array("h")
