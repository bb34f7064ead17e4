"""A phone that does what a test wants, also wrongly. tests/real/ has the real one."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from rung.phone.base import CannotMore, Feed, PhoneError
from rung.words import Call, CallIs, CallsAre, CallState, EndedBy, PhoneIs

LINE, CONSULT = "line-1", "consult-1"
CAN = frozenset({"attended", "returns", "case"})


class ScriptedPhone(CannotMore):
    """Obeys at once, unless ``refuse`` raises for a command, ``deaf`` has it swallowed, or ``mute`` hides the news."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []  # commands, in order
        self.living: dict[str, Call] = {}
        self.ended: list[Call] = []
        self.refuse: Callable[[str], None] = lambda command: None
        self.deaf: set[str] = set()  # accepted, and never done
        self.mute = False
        self.up = asyncio.Event()
        self._feed: Feed = lambda news: None

    async def run(self, feed: Feed) -> None:
        self._feed = feed
        self.up.set()
        self.tell_all()
        await asyncio.Event().wait()

    def tell_all(self) -> None:
        """As on a new connection."""
        self._feed(PhoneIs(up=True, can=CAN))
        self._feed(CallsAre(self._calls()))

    def is_lost(self, why: str = "") -> None:
        self._feed(PhoneIs(up=False, why=why))

    def now(self, call: str, state: CallState, ended_by: EndedBy | None = None, **more: object) -> None:
        """A call reaches a state; the desk hears of it, unless the phone is mute."""
        known = self.living.get(call) or Call(id=call, state=state, direction="out" if call == CONSULT else "in")
        made = replace(known, state=state, ended_by=ended_by, **more)
        self.living[call] = made
        if state == CallState.ENDED:
            self.ended.append(self.living.pop(call))
        if not self.mute:
            self._feed(CallIs(made))

    def _calls(self) -> tuple[Call, ...]:
        return (*self.living.values(), *self.ended)

    async def recount(self) -> None:
        self._take("recount")
        self._feed(CallsAre(self._calls()))

    def _take(self, command: str, *args: str) -> bool:
        """Is it to be done?"""
        self.asked.append((command, *args))
        self.refuse(command)
        return command not in self.deaf

    async def hold(self, call: str) -> None:
        if self._take("hold", call):
            self.now(call, CallState.HELD)

    async def resume(self, call: str) -> None:
        if self._take("resume", call):
            self.now(call, CallState.UP)

    async def consult(self, call: str, target: str, case: str = "") -> None:
        if self._take("consult", call, target):
            self.now(CONSULT, CallState.DIALLING, consult_for=call)

    async def complete(self, call: str, consult: str) -> None:
        if self._take("complete", call, consult):
            self.now(call, CallState.ENDED, EndedBy.TRANSFER)
            self.now(consult, CallState.ENDED, EndedBy.TRANSFER)

    async def take_back(self, call: str, consult: str | None) -> None:
        if self._take("take_back", call):
            if consult in self.living:
                self.now(consult, CallState.ENDED, EndedBy.US)
            self.now(call, CallState.UP)

    async def join(self, call: str, target: str, case: str = "") -> None:
        raise PhoneError("this phone cannot bring anybody else into a call")

    async def leave(self, call: str) -> None:
        raise PhoneError("this phone cannot leave a call to others")

    async def play(self, call: str, text: str, language: str) -> None:
        raise PhoneError("this phone cannot play anything to a caller")

    async def transfer(self, call: str, target: str) -> None:
        raise AssertionError("Rung never transfers blindly")

    async def hang_up(self, call: str) -> None:
        if self._take("hang_up", call):
            self.now(call, CallState.ENDED, EndedBy.US)
