"""Who sits at a desk: they sign on, and off, and one takes over from the other.

A call is never left with nobody who is known: while a case is open here nobody signs off, and whoever signs on says
by name from whom they take over. A sign-on that has come to its end, or whose person may no longer, ends with the
case. What the bridge forgets when it dies stands in the record: a restart in mid-call signs nobody off.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from rung import words as w
from rung.floor.base import FloorError, Place, Status
from rung.floor.people import Known, Refusal
from rung.journal.format import JournalError
from rung.words import Person, Role

SHIFT_H = 12.0  # a sign-on ends by itself: the longest shift
NAME_MOST = 60  # characters of what was typed as a name that the record keeps
LOOK_S = 5.0  # between two looks at whether who sits here still may


class Directory(Protocol):
    """Who is known. `people_local.LocalDirectory` is a file's, `people_service.FloorDirectory` the floor's."""

    async def check(self, name: str, password: str) -> Known | Refusal:
        """Who they are, if that is their password. FloorError: it cannot be told."""

    async def find(self, name: str) -> Known | None:
        """As they stand now; None: they may not come any more. FloorError: it cannot be told."""

    def sits(self, name: str | None) -> None:
        """Who has this desk now; None: nobody."""


class Desk(Protocol):
    """What a seat needs of `Bridge`."""

    def sit(self, place: Place) -> None: ...
    def record(self, *events: w.Event) -> None: ...
    def last_of(self, *kinds: type[w.Event]) -> w.Event | None: ...
    @property
    def busy(self) -> bool: ...


class Seat:
    """One desk's. Call it on the event loop."""

    def __init__(
        self,
        desk: Desk,
        directory: Directory,
        place: Place,
        role: Role,
        *,
        shift_h: float = SHIFT_H,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``place`` as the floor is to show it, nobody there yet; ``role`` is the most that anybody can be here."""
        self.known: Known | None = None  # who sits here
        self._desk = desk
        self._directory = directory
        self._place = place
        self._role = role
        self._shift = timedelta(hours=shift_h)
        self._now = now
        self._until = now()
        self._why = ""  # their sign-on is to end, as soon as no call needs them

    @property
    def place(self) -> Place:
        """As this desk is shown now."""
        return self._place

    def resume(self) -> None:
        """Before `Bridge.run`: whoever sat here when the last one ended does so still."""
        last = self._desk.last_of(w.PersonSignedOn, w.PersonSignedOff)
        if isinstance(last, w.PersonSignedOn) and last.until:
            self._until = datetime.fromisoformat(last.until)
            trained = self._today().isoformat() if last.trained else ""
            self.known = Known(id=last.person, jobs=(w.Job(last.role),), trained_until=trained)
            self._place = replace(self._place, person=Person(last.person, last.role, last.trained))
            self._directory.sits(last.person)

    async def sign_on(self, name: str, password: str, relieves: str = "") -> Person | Refusal:
        """``relieves``: who sits here now, where a call is open; then it is theirs no more. Recorded either way."""
        try:
            known = await self._directory.check(name, password)
            found = known if isinstance(known, Refusal) else self._may_sit(known, relieves)
            if isinstance(known, Refusal) or isinstance(found, Refusal):
                assert isinstance(found, Refusal)
                self._desk.record(w.SignOnRefused(name[:NAME_MOST], found.why))
                return found
            self._record(known, found, relieves)
        except FloorError as error:
            return Refusal(str(error))
        except JournalError as error:
            return Refusal(f"not recorded, so not done: {error}")
        self.known, self._why = known, ""
        self._directory.sits(known.id)
        self._place = replace(self._place, status=Status.FREE)
        self._sit(found)
        return found

    def _record(self, known: Known, person: Person, relieves: str) -> None:
        before, busy = self.known, self._desk.busy
        self._until = self._now() + self._shift
        came = w.PersonSignedOn(
            person=known.id,
            role=person.role,
            trained=person.trained,
            until=self._until.isoformat(timespec="seconds"),
            relieves=relieves if busy else "",
            offline=known.offline,
        )
        if before is not None and before.id != known.id:
            why = f"{known.id} has taken over" if busy else f"{known.id} has signed on"
            self._desk.record(w.PersonSignedOff(before.id, why), came)
        else:
            self._desk.record(came)

    def _may_sit(self, known: Known, relieves: str) -> Person | Refusal:
        there = self.known
        if self._desk.busy and (there is None or there.id != known.id) and relieves != (there.id if there else ""):
            who = there.id if there else "nobody"
            return Refusal(f"a call is open here, and it is {who}'s: say that you take over from {who}, or wait")
        return known.at(self._role, self._today())

    async def sign_off(self) -> Refusal | None:
        """None: nobody sits here any more."""
        if self.known is None:
            return Refusal("nobody is signed on here")
        if self._desk.busy:
            return Refusal("a call is open here: end it, or let somebody sign on who takes over from you")
        try:
            self._leave("signed off")
        except JournalError as error:
            return Refusal(f"not recorded, so not done: {error}")
        return None

    def go_away(self, away: bool) -> None:
        """Signed on, and not to be asked; or back again."""
        self._place = replace(self._place, status=Status.AWAY if away else Status.FREE)
        self._desk.sit(self._place)

    async def watch(self) -> None:
        """For ever: training and jobs as they stand now, and the end of a sign-on."""
        while True:
            with contextlib.suppress(JournalError):  # then the next look does it
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Raises JournalError."""
        known = self.known
        if known is None:
            return
        try:
            now = await self._directory.find(known.id)
        except FloorError:
            now = known  # nobody is thrown out because the floor is gone
        if self.known is not known:
            return  # another has signed on meanwhile
        person = None if now is None else now.at(self._role, self._today())
        if self._now() >= self._until:
            self._why = "the sign-on has come to its end"
        elif not isinstance(person, Person):
            self._why = "may no longer sit here" if person is None else person.why
        else:
            self._why, self.known = "", now
            if person != self._place.person:
                self._sit(person)
        if self._why and not self._desk.busy:
            self._leave(self._why)

    def _leave(self, why: str) -> None:
        assert self.known is not None
        self._desk.record(w.PersonSignedOff(self.known.id, why))
        self.known, self._why = None, ""
        self._directory.sits(None)
        self._place = replace(self._place, person=None)
        self._desk.sit(self._place)

    def _sit(self, person: Person) -> None:
        self._place = replace(self._place, person=person)
        self._desk.sit(self._place)

    def _today(self) -> date:
        return self._now().astimezone().date()
