"""Who is on the floor, as every desk keeps it from what the server tells."""

import asyncio
from collections.abc import Callable

import msgspec
from nats.aio.msg import Msg

from rung import words as w
from rung.floor.base import DesksAre, FloorError, Place, Status
from rung.floor.nats_letters import Found, Sat, encode, read_page, read_sat
from rung.floor.nats_link import CONNECT_S, Enrolment, Link, connected
from rung.words import Presence, Role

PAGE_S = 2.0


class Places:
    """The last of each desk. Applies changes in any order: the server numbers them, without a gap."""

    def __init__(self, changed: Callable[[str], None] = lambda desk: None) -> None:
        self._changed = changed
        self.signed_on = False  # people sign on at this site
        self.beats = False  # where three computers are the floor: something is always told
        self.heard = asyncio.Event()  # of any change
        self.missing = asyncio.Event()  # some changes never came: it must be loaded anew
        self._last = 0  # the number of the newest change
        self._seqs: dict[str, int] = {}
        self._sat: dict[str, tuple[Role, Sat]] = {}

    def get(self, desk: str) -> Sat | None:
        """None: that desk is not on the floor."""
        found = self._sat.get(desk)
        return None if found is None else found[1]

    def role(self, desk: str) -> Role:
        """The most that somebody there can be: the server lets no desk say more."""
        return self._sat[desk][0] if desk in self._sat else Role.AGENT

    def seq(self, subject: str) -> int:
        """Of the last change of that subject; 0: there was none."""
        return self._seqs.get(subject, 0)

    def desks(self) -> tuple[str, ...]:
        return tuple(self._sat)

    async def load(self, link: Link, desk: str) -> None:
        """All of them, from a steward. FloorError while none is there, or none that is up to date."""
        after, wanted = "", self._last
        self.signed_on = False
        while True:
            answer = await link.request(f"rung.floor.places.{desk}", after.encode(), PAGE_S)
            try:
                page = read_page(answer.data)
            except msgspec.MsgspecError as error:
                raise FloorError(f"the floor's steward is of another release: {error}") from None
            self.signed_on, self.beats = page.signed_on, page.beats
            if 0 < page.at < wanted:
                raise FloorError("the steward is not up to date")
            self._last = max(self._last, page.at)
            for found in page.found:
                self.keep(found)
            if not page.more:
                return
            after = page.found[-1].subject

    def keep(self, found: Found) -> None:
        self._set(found.subject, found.seq, found.data.encode())

    async def told(self, msg: Msg) -> None:
        """A change, as the server publishes it."""
        headers = msg.headers or {}
        seq = int(headers.get("Nats-Sequence", "0"))
        if 0 < self._last < seq - 1:
            self.missing.set()
        self._last = max(self._last, seq)
        self.heard.set()
        self._set(headers.get("Nats-Subject", ""), seq, msg.data)

    def _set(self, subject: str, seq: int, data: bytes) -> None:
        if seq <= self._seqs.get(subject, 0):
            return
        self._seqs[subject] = seq
        _, _, role, desk = subject.split(".")
        try:
            sat = read_sat(data) if data else None
        except msgspec.MsgspecError:
            sat = None  # a desk of another release that says what nobody here understands
        if sat is not None:
            self._sat[desk] = (Role(role), sat)
        elif desk in self._sat and self._sat[desk][0] == role:
            del self._sat[desk]
        self._changed(desk)

    def floor_is(self, here: str) -> w.FloorIs:
        others = ((desk, role, sat.place) for desk, (role, sat) in self._sat.items() if desk != here)
        present = tuple(p for desk, role, place in others if (p := _presence(desk, role, place)) is not None)
        return w.FloorIs(up=True, present=present, desks={d: sat.place.extension for d, (_, sat) in self._sat.items()})

    def desks_are(self) -> DesksAre:
        return DesksAre({desk: sat.place for desk, (_, sat) in self._sat.items()})


def _presence(desk: str, role: Role, place: Place) -> Presence | None:
    """As others see whoever sits there; None: not as somebody to be asked."""
    person = place.person
    if person is None or not role == person.role == Role.SUPERVISOR or place.status == Status.AWAY:
        return None
    free = place.status == Status.FREE
    return Presence(desk=desk, person=person.id, extension=place.extension, group=place.group, free=free)


async def look(who: Enrolment) -> w.FloorIs:
    """Who is on the floor now, without going there. FloorError if it is out of reach."""
    return (await _loaded(who)).floor_is(who.desk)


async def desks_of(who: Enrolment) -> dict[str, Place]:
    """How each desk that is there shows itself. FloorError if the floor is out of reach."""
    return (await _loaded(who)).desks_are().desks


async def _loaded(who: Enrolment) -> Places:
    places = Places()
    async with connected(who) as link:
        await places.load(link, who.desk)
    return places


async def put(link: Link, subject: str, sat: Sat | None, last: int, within_s: float) -> int | None:
    """Keep this place; None: nobody is there any more. As `keep`."""
    return await keep(link, subject, b"" if sat is None else encode(sat), last, within_s)


async def keep(link: Link, subject: str, data: bytes, last: int, within_s: float) -> int | None:
    """Have the server keep this. Returns its number; None: ``last`` is not that subject's last number any more.

    Raises as `Link.request`.
    """
    headers = {"Nats-Expected-Last-Subject-Sequence": str(last)}
    answer = await link.request(subject, data, within_s, headers)
    kept: dict[str, object] = msgspec.json.decode(answer.data, type=dict)
    error = kept.get("error")
    if isinstance(error, dict):
        if error.get("err_code") == WRONG_LAST_SEQUENCE:
            return None
        raise FloorError(f"the server does not keep it: {error.get('description')}")
    seq = kept["seq"]
    assert isinstance(seq, int)
    return seq


async def store(link: Link, subject: str, name: str, data: bytes) -> None:
    """Returns once it is on the server's disk; twice under one name, it is kept once, but not under none."""
    answer = await link.request(subject, data, CONNECT_S, {"Nats-Msg-Id": name} if name else None)
    if "error" in msgspec.json.decode(answer.data, type=dict[str, object]):
        raise FloorError(f"the floor does not keep it: {answer.data.decode()}")


WRONG_LAST_SEQUENCE = 10071  # NATS' own number
