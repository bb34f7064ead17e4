"""`python -m tests.bench.phones`: from a command to its confirmation and to the caller's phone, per phone and action.

Beside baresip's stands the same done bare, in turns in the same run: a client of the control line that sends the one
command and nothing else. All phones here are real. Asterisk has a bench of its own (`tests.bench.asterisk`).
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench.report import machine, met, quantile
from tests.phone.contract import Hand, World, running
from tests.real.peers import baresip
from tests.real.sip_rig import AGENT_HZ, Rig, RigPhone, rig
from tests.real.test_baresip_contract import BaresipHand
from tests.real.test_sip_contract import SipHand, sip_world

from rung.phone.baresip import BaresipPhone
from rung.phone.ctrl_tcp import ControlLine, Event
from rung.words import CallState

TIMES, MORE_MS = 1.3, 2.0  # goal: at most so many times the bare time, and so much more
Samples = dict[str, dict[str, list[int]]]  # by action, by who did it, in ns


async def of_a_phone(w: World, caller: RigPhone | None, samples: Samples, who: str) -> None:
    """One call: hold, resume, hang up. ``caller``: whose view of the end is timed too."""

    async def timed(action: str, command: Awaitable[None], confirmed: Callable[[], Awaitable[object]]) -> int:
        begun = time.monotonic_ns()
        await command
        await confirmed()
        samples[action][who].append(time.monotonic_ns() - begun)
        return begun

    out, line = await w.line()
    await asyncio.sleep(0.05)
    mark = len(w.desk.news)
    await timed("hold", w.phone.hold(line), lambda: w.desk.becomes(line, CallState.HELD, mark))
    await asyncio.sleep(0.05)
    mark = len(w.desk.news)
    await timed("resume", w.phone.resume(line), lambda: w.desk.becomes(line, CallState.UP, mark))
    await asyncio.sleep(0.05)
    begun = await timed("hang up", w.phone.hang_up(line), lambda: w.desk.becomes(line, CallState.ENDED))
    if caller is not None:
        await caller.becomes(out, CallState.ENDED)
        samples["hang up, at the caller's"][who].append(time.monotonic_ns() - begun)


class Bare:
    """A baresip whose control line does one command and no more."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def heard(self, event: Event) -> None:
        self.came.put_nowait((str(event.get("type")), str(event.get("param"))))

    async def until(self, kind: str, param: str = "") -> None:
        while (said := await self.came.get())[0] != kind or param not in said[1]:
            pass

    async def one_call(self, line: ControlLine, hand: Hand, caller: RigPhone, samples: Samples) -> None:
        out = await caller.client.dial(hand.address)
        await self.until("CALL_INCOMING")
        await line.ask(("accept", ""))
        await self.until("CALL_ESTABLISHED")
        await caller.becomes(out, CallState.UP)
        for action, command in (("hold", "hold"), ("resume", "resume")):
            await asyncio.sleep(0.05)
            begun = time.monotonic_ns()
            await line.ask((command, ""))
            await self.until("CALL_REMOTE_SDP", "answer")
            samples[action]["bare"].append(time.monotonic_ns() - begun)
        await asyncio.sleep(0.05)
        begun = time.monotonic_ns()
        await line.ask(("hangup", ""))
        await self.until("CALL_CLOSED")
        samples["hang up"]["bare"].append(time.monotonic_ns() - begun)
        await caller.becomes(out, CallState.ENDED)
        samples["hang up, at the caller's"]["bare"].append(time.monotonic_ns() - begun)


async def of_baresip(made: Rig, calls: int) -> Samples:
    samples: Samples = defaultdict(lambda: defaultdict(list))
    with (
        baresip.running("agent", made.folder, tone_hz=AGENT_HZ) as driven,
        baresip.running("other", made.folder, tone_hz=AGENT_HZ) as other,
    ):
        driven.close()
        other.close()
        caller = await made.phone("caller")
        bare, phone = Bare(), BaresipPhone("127.0.0.1", driven.control_port)
        line = await ControlLine.connect("127.0.0.1", other.control_port, bare.heard)
        async with running(phone) as desk:
            world = World(phone, desk, BaresipHand(driven), SipHand(caller), SipHand(caller))
            for _ in range(calls):
                await of_a_phone(world, caller, samples, "rung")
                await bare.one_call(line, BaresipHand(other), caller, samples)
        await line.close()
    return samples


async def of_the_embedded(made: Rig, calls: int) -> Samples:
    samples: Samples = defaultdict(lambda: defaultdict(list))
    async with sip_world(made) as world:
        for _ in range(calls):
            await of_a_phone(world, made.phones[0], samples, "rung")
    return samples


def table(phone: str, samples: Samples) -> str:
    lines = []
    for action, by in samples.items():
        ours, bare = by["rung"], by.get("bare", [])
        figures = f"{quantile(ours, 0.5):9.2f}{quantile(ours, 0.99):9.2f}"
        beside = f"{'':>18}"
        if bare:
            goal = TIMES * quantile(bare, 0.5) + MORE_MS
            beside = f"{quantile(bare, 0.5):9.2f}{quantile(bare, 0.99):9.2f}   goal {goal:.2f}: "
            beside += met(quantile(ours, 0.5) <= goal)
        lines.append(f"{phone:24}{action:28}{len(ours):4}{figures}{beside}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.phones", description=__doc__)
    parser.add_argument("--calls", type=int, default=40, metavar="N", help="calls on each phone (40)")
    calls = parser.parse_args().calls
    if calls < 1:
        parser.error("--calls: at least 1")
    print(machine())
    print(f"{'ms':24}{'':28}{'n':>4}{'median':>9}{'p99':>9}{'bare':>9}{'p99':>9}", flush=True)
    with tempfile.TemporaryDirectory(prefix="rung-bench-") as name:
        folder = Path(name)

        async def on_a_rig(of: Callable[[Rig, int], Awaitable[Samples]], place: str) -> Samples:
            (folder / place).mkdir()
            async with rig(folder / place) as made:
                return await of(made, calls)

        print(table("embedded SIP phone", asyncio.run(on_a_rig(of_the_embedded, "sip"))), flush=True)
        print(table("baresip 1.0.0 (Debian)", asyncio.run(on_a_rig(of_baresip, "baresip"))), flush=True)
    print(machine())


if __name__ == "__main__":
    main()
