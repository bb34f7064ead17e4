"""The one program that holds the PBX's login: which desk has which telephone, and what it may do with it.

A desk is bound to one extension, and has that telephone's own adapter: calls of others are not there for it. The
adapter outlives its desk, so that a desk that comes back learns how its calls ended; but it beats in the dialplan only
while a desk has it, so that a caller on hold goes back to the agent if that desk dies. No death here ends a call.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from rung.phone.asterisk.phone import AsteriskPhone
from rung.phone.asterisk.settings import AsteriskSettings
from rung.phone.asterisk.shared import SharedAmi
from rung.phone.base import Feed, PhoneError, PhoneNews
from rung.phone.pbx.wire import COMMANDS, SITE_WIDE, Value
from rung.words import CallsAre, PhoneIs

Tell = Callable[[str, str, str, str], None]  # desk, person, what it wanted, why it was refused


class Pass(Struct, frozen=True, kw_only=True):
    """Who sits at a desk, as the floor vouches, and which telephone is theirs."""

    desk: str
    person: str
    endpoint: str  # as Asterisk names it: PJSIP/1001
    site_wide: bool = False  # may block numbers


class Telephone:
    """One extension: its adapter, and the desk that has it."""

    def __init__(self, settings: AsteriskSettings, ami: SharedAmi) -> None:
        self.phone = AsteriskPhone(settings, ami.connect, self.attended)
        self.desk = ""
        self._tell: Feed | None = None
        self._last: PhoneIs | None = None  # the PBX is just being reached
        self.task = asyncio.create_task(self.phone.run(self._news))

    def attended(self) -> bool:
        return self._tell is not None

    def _news(self, news: PhoneNews) -> None:
        if isinstance(news, PhoneIs):
            self._last = news
        if self._tell is not None:
            self._tell(news)

    def take(self, desk: str, tell: Feed) -> None:
        """From now on this desk has it; first it is told all."""
        self.desk, self._tell = desk, tell
        if self._last is not None:
            tell(self._last)
            if self._last.up:
                tell(CallsAre(self.phone.book.calls()))

    def leave(self) -> None:
        self.desk, self._tell = "", None

    def knows(self, call: str) -> bool:
        """One of its own, living or ended."""
        return any(own.id == call for own in self.phone.book.calls())


class Broker:
    """Joins desks and telephones. ``settings`` gives those of an endpoint; ``refused`` records what nobody may."""

    def __init__(self, settings: Callable[[str], AsteriskSettings], ami: SharedAmi, refused: Tell) -> None:
        self._settings = settings
        self._ami = ami
        self._refused = refused
        self._telephones: dict[str, Telephone] = {}

    def seat(self, who: Pass, tell: Feed) -> "Seated":
        """The telephone of whoever sits there. PhoneError while another desk has it."""
        if who.endpoint not in self._telephones:
            self._telephones[who.endpoint] = Telephone(self._settings(who.endpoint), self._ami)
        telephone = self._telephones[who.endpoint]
        if telephone.desk and telephone.desk != who.desk:
            why = f"{who.endpoint} is commanded from the desk {telephone.desk!r}; sign off there first"
            self.refuse(who, "sign on", why)
        telephone.take(who.desk, tell)
        return Seated(self, who, telephone, tell)

    def refuse(self, who: Pass, what: str, why: str) -> None:
        """Recorded, and told: raises PhoneError."""
        self._refused(who.desk, who.person, what, why)
        raise PhoneError(why)

    async def stop(self) -> None:
        for telephone in self._telephones.values():
            telephone.task.cancel()
        await asyncio.gather(*(t.task for t in self._telephones.values()), return_exceptions=True)


class Seated:
    """One desk at one telephone, until `leave`."""

    def __init__(self, broker: Broker, who: Pass, telephone: Telephone, tell: Feed) -> None:
        self.who = who
        self._broker = broker
        self._telephone = telephone
        self._tell = tell

    def leave(self) -> None:
        if self._telephone._tell is self._tell:  # else the same desk has come back over another line
            self._telephone.leave()

    async def do(self, what: str, args: tuple[Value, ...]) -> None:
        """One command of a phone. Raises as that does; what is not this desk's to want is recorded as well."""
        if why := self._forbidden(what, args):
            self._broker.refuse(self.who, what, why)
        await getattr(self._telephone.phone, what)(*args)

    def _forbidden(self, what: str, args: tuple[Value, ...]) -> str:
        """Why not; empty: it may."""
        wants = COMMANDS.get(what)
        if wants is None or len(args) != len(wants) or not all(map(_fits, wants, args)):
            return f"{what!r} is no command of a telephone"
        given = dict(zip(wants, args, strict=True))
        for name in ("call", "consult", "consult?"):
            call = given.get(name)
            if isinstance(call, str) and not self._telephone.knows(call):
                return f"that is no call of {self.who.endpoint}"
        if "/" in str(given.get("target", "")):  # a place in the dialplan, or somebody's device, and no extension
            return f"{given['target']!r} is no extension"
        if what in SITE_WIDE and not self.who.site_wide:
            return "a number is blocked by a supervisor or a manager"
        return ""


def _fits(name: str, value: Value) -> bool:
    if name == "paused":
        return isinstance(value, bool)
    if name == "until_s":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) or (name.endswith("?") and value is None)
