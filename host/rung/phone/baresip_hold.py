"""baresip's holds, kept as they were meant.

Debian's 1.0.0 takes a call off hold whenever any other call ends, even one that only rang. So after each end it is
asked which calls are still on hold, and what it has resumed by itself is put back; nobody is told of those few
milliseconds, unless it fails. Only a call whose own consult has ended is let go: its caller is off hold then, as is
wanted. A change of hold is sent only when the peer has answered the one before: baresip would flip its own mark and
send nothing.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from rung.phone.baresip_calls import HELD, RINGING, UP, Book, Leg, Printed, current_of, lines_of
from rung.phone.base import PhoneError
from rung.phone.ctrl_tcp import ControlLine, Reply

ANSWER_S = 2.0  # for the peer's answer to a change of hold
_LOOK_S = 0.002


async def until(wanted: Callable[[], bool], within_s: float = ANSWER_S) -> bool:
    """Whether it came about in time."""
    try:
        async with asyncio.timeout(within_s):
            while not wanted():
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return False
    return True


async def change(line: ControlLine, book: Book, leg: Leg, *, hold: bool) -> bool:
    """Whether baresip has begun it; False: it is so already. PhoneError: the call has just ended.

    Not by a decoy, whose end would take a call off hold: what another call suffers is put back after the next look.
    """
    if not await until(lambda: leg.asked_hold is None or leg.id not in book.legs):
        leg.asked_hold = None  # the peer has refused it, of which nothing is told
    if leg.id not in book.legs:
        raise PhoneError(f"cannot aim: call {leg.id!r} has just ended")
    leg.asked_hold = hold
    commands = ("callfind", leg.id), ("listcalls", ""), ("hold" if hold else "resume", "")
    found, listed, _ = await line.ask(*commands, then=partial(_read, leg, hold))
    await turn_back(line, book)
    if "not found" in found.text:
        raise PhoneError(f"cannot aim: call {leg.id!r} has just ended")
    return not _is_so(listed.text, hold)


async def turn_back(line: ControlLine, book: Book) -> None:
    """A person's own keys act on the current call, which shall be the one that rings."""
    if ringing := [leg.id for leg in book.legs.values() if leg.state is RINGING]:
        await line.ask(("callfind", ringing[-1]))


def _read(leg: Leg, hold: bool, replies: list[Reply]) -> None:
    if "not found" in replies[0].text or _is_so(replies[1].text, hold):
        leg.asked_hold = None  # no answer will come


def _is_so(listed: str, hold: bool) -> bool:
    current = current_of(listed)
    return current is not None and lines_of(listed)[current] == hold


def resumed(book: Book, seen: list[Printed]) -> list[Leg]:
    """Which calls are on hold as far as the desk knows, and by baresip's word no longer are."""
    live = {call.id for call in seen if call.state is UP}
    legs = [book.legs[id] for id in live if id in book.legs]
    held = [leg for leg in legs if leg.state is HELD and leg.wanted is not False]
    return [leg for leg in held if leg.asked_hold is None and not leg.put_back]


async def put_back(line: ControlLine, book: Book, leg: Leg, answers: int) -> bool:
    """Whether it is on hold again. ``answers``: its peer's, before baresip resumed it."""
    await until(lambda: leg.answers > answers)
    if leg.wanted is False:
        return False
    try:
        await change(line, book, leg, hold=True)
    except PhoneError:
        return False
    return await until(lambda: leg.asked_hold is None)
