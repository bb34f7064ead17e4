"""`python -m tests.bench.asterisk`: from a command to its confirmation, and to what the other end sees of it.

Each action is done in turns by the adapter and bare, by a client of the manager that knows nothing of desks, on calls
of the same phones at the same Asterisk: what else the computer does strikes both alike.
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.bench.report import machine, met, quantile
from tests.phone.contract import Desk
from tests.real.asterisk_rig import AsteriskWorld, Floor, admin, floor
from tests.real.sip_rig import RigPhone

from rung.phone.asterisk.link import AmiLink
from rung.phone.asterisk.wire import Message
from rung.words import Call, CallIs, CallState, PhoneIs

BARE = """
[bare]
exten => hold,1,MusicOnHold()
exten => wait,1,Wait(600)
exten => consult,1,Dial(PJSIP/sup,30,g)
"""
TIMES, MS = 1.3, 2.0  # goal: at most so many times the bare time, and so much more
WARM_UP = 2
Samples = dict[tuple[str, str], list[int]]  # ns, by action and who did it

UP, HELD, RINGING, DIALLING, ENDED = (
    CallState.UP, CallState.HELD, CallState.RINGING, CallState.DIALLING, CallState.ENDED,
)  # fmt: skip


class Bench:
    """Both clients on one floor, and what they took."""

    def __init__(self, w: AsteriskWorld, made: Floor, link: AmiLink, events: list[tuple[int, Message]]) -> None:
        self.w, self.made, self.link, self.events = w, made, link, events
        self.caller, self.sup = made.phones["caller"], made.phones["sup"]
        self.samples: Samples = defaultdict(list)

    def took(self, action: str, who: str, begun: int, ended: int) -> None:
        self.samples[action, who].append(ended - begun)

    async def told(self, wanted: Callable[[Call], bool], begun: int) -> int:
        """When the desk was told so, since ``begun``."""
        desk = self.w.desk
        assert isinstance(desk, StampedDesk)
        async with asyncio.timeout(20):
            while True:
                for at, news in reversed(desk.stamped):
                    if at < begun:
                        break
                    if isinstance(news, CallIs) and wanted(news.call):
                        return at
                await desk.heard()

    async def seen(self, begun: int, name: str, **fields: str) -> int:
        async with asyncio.timeout(20):
            while True:
                for at, event in reversed(self.events):
                    if at < begun:
                        break
                    if event["Event"] == name and fields.items() <= event.items():
                        return at
                await asyncio.sleep(0)

    async def call_by_rung(self) -> tuple[str, str, str]:
        out, line = await self.w.line()
        own, _, far = line.partition("~")
        return out, own, far

    # -- each action, by the one and by the other ---------------------------------------------------------------------

    async def turn(self) -> None:
        for who in ("adapter", "bare"):
            await self.transferred(who)
            await self.made.quiet()
            await self.joined_and_ended(who)
            await self.made.quiet()

    async def transferred(self, who: str) -> None:
        _, own, far = await self.call_by_rung()
        line, phone = f"{own}~{far}", self.w.phone
        redirect = {"Context": "bare", "Exten": "hold", "Priority": "1"}
        both = {f"Extra{key}": value for key, value in (redirect | {"Exten": "wait"}).items()}
        for _ in range(2):  # held, taken back, held again
            begun = time.monotonic_ns()
            if who == "adapter":
                await phone.hold(line)
                self.took("hold", who, begun, await self.told(lambda c: c.state is HELD, begun))
            else:
                await self.link.do("Redirect", Channel=far, ExtraChannel=own, **redirect, **both)
                self.took("hold", who, begun, await self.seen(begun, "MusicOnHoldStart", Uniqueid=far))
            await asyncio.sleep(0.05)
            if _ == 1:
                break
            begun = time.monotonic_ns()
            if who == "adapter":
                await phone.resume(line)
                self.took("resume", who, begun, await self.told(lambda c: c.state is UP, begun))
            else:
                await self.link.do("Bridge", Channel1=far, Channel2=own)
                first, second = [await self.seen(begun, "BridgeEnter", Uniqueid=id) for id in (far, own)]
                self.took("resume", who, begun, max(first, second))
            await asyncio.sleep(0.05)
        rung = len(self.sup.seen)
        begun = time.monotonic_ns()
        if who == "adapter":
            await phone.consult(line, "sup")
        else:
            await self.link.do("Redirect", Channel=own, **(redirect | {"Exten": "consult"}))
        await self.sup.until(lambda c: c.state is RINGING, rung)
        self.took("consult, their phone rings", who, begun, time.monotonic_ns())
        if who == "adapter":
            self.took("consult", who, begun, await self.told(lambda c: c.state is DIALLING, begun))
            at = await self.told(lambda c: c.state is UP and c.consult_for == line, begun)
        else:
            self.took("consult", who, begun, await self.seen(begun, "DialBegin"))
            at = await self.seen(begun, "DialEnd", DialStatus="ANSWER")
        (dest,) = {e["DestUniqueid"] for t, e in self.events if begun < t and e["Event"] == "DialBegin"}
        await asyncio.sleep(0.05)
        assert at > begun
        begun = time.monotonic_ns()
        if who == "adapter":
            await phone.complete(line, f"{own}~{dest}")
            self.took("complete", who, begun, await self.told(lambda c: c.id == line and c.state is ENDED, begun))
        else:
            await self.link.do("Bridge", Channel1=far, Channel2=dest)
            self.took("complete", who, begun, await self.seen(begun, "BridgeEnter", Uniqueid=dest))

    async def joined_and_ended(self, who: str) -> None:
        out, own, far = await self.call_by_rung()
        line, phone = f"{own}~{far}", self.w.phone
        (name,) = {e["Channel"] for _, e in self.events if e["Event"] == "Newchannel" and e["Uniqueid"] == own}
        begun = time.monotonic_ns()
        if who == "adapter":
            await phone.join(line, "sup")
            self.took("join, answered at once", who, begun, await self.told(lambda c: c.parties == ("sup",), begun))
        else:
            into = {"Application": "BridgeAdd", "Data": name, "ChannelId": f"bare-{begun}", "Async": "true"}
            await self.link.do("Originate", Channel="PJSIP/sup", **into)
            at = await self.seen(begun, "BridgeEnter", Uniqueid=f"bare-{begun}")
            self.took("join, answered at once", who, begun, at)
        await asyncio.sleep(0.1)
        begun = time.monotonic_ns()
        closed = asyncio.ensure_future(self._closed(self.caller, self.w.caller.at_phone[out.partition("~")[0]]))
        if who == "adapter":
            await phone.hang_up(line)
            self.took("hang up", who, begun, await self.told(lambda c: c.state is ENDED, begun))
        else:
            await self.link.do("Hangup", Channel=far, Cause="16")
            self.took("hang up", who, begun, await self.seen(begun, "Hangup", Uniqueid=far))
        self.took("hang up, their phone closed", who, begun, await closed)

    async def _closed(self, phone: RigPhone, call: str) -> int:
        await phone.becomes(call, ENDED)
        return time.monotonic_ns()


class StampedDesk(Desk):
    """Knows when it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.stamped: list[tuple[int, object]] = []

    def feed(self, news: PhoneIs | CallIs) -> None:  # type: ignore[override]
        self.stamped.append((time.monotonic_ns(), news))
        super().feed(news)

    async def heard(self) -> None:
        await asyncio.sleep(0)


def table(samples: Samples) -> str:
    head = f"{'ms, median (p99)':30}{'adapter':>18}{'bare':>18}   goal: {TIMES} times + {MS:g} ms"
    lines = [head]
    for action in dict.fromkeys(action for action, _ in samples):
        ours, bare = samples[action, "adapter"], samples[action, "bare"]
        shown = [f"{quantile(values, 0.5):.2f} ({quantile(values, 0.99):.2f})" for values in (ours, bare)]
        within = quantile(ours, 0.5) <= TIMES * quantile(bare, 0.5) + MS
        lines.append(f"{action:30}{shown[0]:>18}{shown[1]:>18}   {met(within)}")
    return "\n".join(lines)


async def measure(made: Floor, turns: int) -> Samples:
    await made.phones["sup"].client.auto_answer(0)
    events: list[tuple[int, Message]] = []
    link = await AmiLink.connect(admin(made.asterisk), lambda event: events.append((time.monotonic_ns(), event)))
    async with made.world(desk=StampedDesk) as w:
        bench = Bench(w, made, link, events)
        for turn in range(-WARM_UP, turns):
            if turn == 0:
                bench.samples.clear()
            await bench.turn()
            events.clear()
    await link.close()
    return bench.samples


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.asterisk", description=__doc__)
    parser.add_argument("--turns", type=int, default=50, metavar="N", help="of each action, by each (50)")
    turns = parser.parse_args().turns
    print(f"Asterisk over its manager, each action {turns} times and bare as often", flush=True)
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="rung-bench-") as folder,
        floor(Path(folder), dialplan=BARE) as (made, runner),
    ):
        samples = runner.run(measure(made, turns))
    print(table(samples))
    print(f"{time.monotonic() - begun:.0f} s; {machine()}")


if __name__ == "__main__":
    main()
