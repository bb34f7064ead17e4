"""sipp as the caller of a story: a `rung.sim.handset.Handset` that does what no telephone would."""

import asyncio
import math
import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.real.peers import sipp
from tests.real.peers.asterisk import Asterisk

from rung.sim.floor_stage import CALLER_HZ
from rung.sim.handset import patience
from rung.words import Call, CallState, EndedBy

_BIAS, _CLIP = 0x84, 32635
_SAID = re.compile(r"message (sent|received) .*?\n\n(\S+) (\S+).*?\nCall-ID: (\S+)", re.DOTALL)


class SippCaller:
    """One call of a scenario; how it stands is read from what sipp has said and heard on the wire."""

    name = "sipp"
    address = "trunk"

    def __init__(self, asterisk: Asterisk, folder: Path, scenario: str, exits: ExitStack, pause_ms: int = 0) -> None:
        self._asterisk, self._folder, self._exits, self._pause_ms = asterisk, folder, exits, pause_ms
        (folder / "voice").write_bytes(voice(CALLER_HZ))
        self._scenario = sipp.speaking(scenario, folder / "voice")

    async def dial(self, target: str) -> str:
        made = sipp.running(self._asterisk, self._folder, self._scenario, service=target, pause_ms=self._pause_ms)
        self._exits.enter_context(made)
        return self.name

    @property
    def calls(self) -> dict[str, Call]:
        file = self._folder / "sipp.messages"
        said = _SAID.findall(file.read_text(errors="replace")) if file.exists() else []
        own = next((call for way, first, _, call in said if (way, first) == ("sent", "INVITE")), "")
        state, by = CallState.DIALLING, None
        for way, first, second, call in said:
            if call != own:  # the BYE of a call before, which nobody has answered
                continue
            if way == "received" and second == "200" and state is CallState.DIALLING:
                state = CallState.UP
            elif first == "BYE" and by is None:
                state, by = CallState.ENDED, EndedBy.US if way == "sent" else EndedBy.THEM
        now = Call(id=self.name, state=state, direction="out", peer="", ended_by=by)
        return {self.name: now} if own else {}

    @property
    def living(self) -> list[Call]:
        return [call for call in self.calls.values() if call.state is not CallState.ENDED]

    async def until(self, true: Callable[[], bool], what: str) -> None:
        async with patience(f"{self.name}: {what}"):
            while not true():
                await asyncio.sleep(0.02)

    async def hears(self, *hz: int) -> None:
        """sipp says, and does not listen; whoever talks with it is asked."""

    async def answers(self, after_ms: int | None) -> None:
        raise NotImplementedError

    async def decline(self) -> None:
        raise NotImplementedError

    async def hang_up(self) -> None:
        raise NotImplementedError


def voice(hz: int) -> bytes:
    """A second of a tone, u-law, 8000 a second."""
    return bytes(_u_law(round(8000 * math.sin(2 * math.pi * hz * n / 8000))) for n in range(8000))


def _u_law(sample: int) -> int:
    biased = min(abs(sample), _CLIP) + _BIAS
    exponent = biased.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | (biased >> (exponent + 3)) & 0x0F) & 0xFF
