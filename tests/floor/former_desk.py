"""A desk for `test_version_skew`, run with the sources of the release before this one.

`python former_desk.py FLOOR.json FOLDER REPLY POLICY`: whole, with a record; answers every ask with REPLY, if it is not
empty. A line on stdin is pressed or declared, and a press has one answer; what happens is said on stdout, a line each.
"""

import asyncio
import itertools
import sys
import threading
from pathlib import Path

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import FloorError, Place
from rung.floor.enrolment import read_enrolment
from rung.floor.nats import NatsFloor
from rung.journal.store import Journal
from rung.policy import Book, load
from rung.policy.language import Times
from rung.sim.exchange import VirtualExchange
from rung.sim.phone import VirtualPhone
from rung.sim.telephone import Telephone

TIMES = Times(wait=0.05, say_time=0.05, answer_within=10, widen_after=5)
_saying = threading.Lock()


def say(*what: object) -> None:
    """A whole line: what is told comes on the teller's thread, answers come on the loop's."""
    with _saying:
        print(*what, flush=True)


def told(happening: Happening) -> None:
    if happening.event is not None:
        say("recorded", type(happening.event).__name__)
    elif happening.kind in ("floor", "trouble"):
        say(happening.kind, happening.up, happening.text)


class Trunk:
    """In the exchange of a desk that gets a case: what comes from that of the desk which hands it over."""

    def __init__(self, exchange: VirtualExchange, caller: Telephone) -> None:
        self._exchange, self._caller = exchange, caller
        self._agent = Telephone(exchange, "trunk")
        self._agent.habit("answer")

    def consults(self, number: str, case: str) -> None:
        """The agent, with the caller, rings the desk about that case."""
        self._caller.dial("trunk")
        (line,) = self._agent.living
        station = self._agent.station
        self._line = self._exchange.find(station, line.id)
        self._consult = self._exchange.dial(station, number, line.id)
        self._exchange.ring(self._consult, case)

    def complete(self) -> None:
        """The agent leaves, and the two are together."""
        self._exchange.complete(self._line, self._consult)


async def main(enrolment: Path, folder: Path, reply: str, policy: str) -> None:
    who = read_enrolment(enrolment)
    floor, exchange, numbers = NatsFloor(who), VirtualExchange(), itertools.count(1)
    phone = VirtualPhone(exchange, "700")
    phone.habit("answer")
    book = Book(load(policy, TIMES), desk=who.desk)
    bridge = Bridge(book, Journal(folder / "journal.db"), phone, Teller(told), floor=floor)
    place = Place(extension="700", person=w.Person(f"p-{who.desk}", who.role, trained=True))
    caller, other = Telephone(exchange, "caller"), Telephone(exchange, "601")  # the telephone of a desk elsewhere
    other.habit("answer")
    trunk = Trunk(exchange, caller)

    def pressed(button: str) -> w.Pressed:
        buttons, epoch = (w.Button(button),), bridge.look().epoch
        return w.Pressed(
            box="b", boot="b", number=next(numbers), buttons=buttons, gesture=w.Gesture.TAP, epoch=epoch, age_ms=0
        )

    async def hands() -> None:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode().strip():
            if line == "call":
                caller.dial("700")
            elif line.startswith("consulted "):
                trunk.consults("700", line.removeprefix("consulted "))
            elif line == "complete":
                trunk.complete()
            elif line == "escalate" and not any((r.button, r.state) == (line, "open") for r in bridge.look().ladder):
                say("answer too early")  # it would be a quiet ask
            elif line in ("escalate", "warn"):
                answer = bridge.feed(pressed(line))
                say("answer", None if answer is None else answer.verdict, bool(bridge.look().leave))
            else:
                bridge.feed(w.Declared(w.Ground(line)))

    async def answers() -> None:
        while reply:
            await asyncio.sleep(0.05)
            for asked in bridge.asks.asks:
                if asked.over is None:
                    try:
                        await floor.reply(asked.desk, asked.ask, w.Reply(reply))
                        say("replied", asked.brief.case)
                    except FloorError as error:
                        say("refused", error)

    await asyncio.gather(bridge.run(place), hands(), answers())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
