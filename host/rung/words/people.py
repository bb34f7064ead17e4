"""People as a site knows them, and what the record keeps of who came, went, and may do what."""

from enum import StrEnum

from msgspec import Struct

from rung.words.basics import Role


class Job(StrEnum):
    """What somebody is at a site; one person may be several."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"  # reviews, complaints, blocks
    ADMIN = "admin"  # people, desks, boxes


class Training(Struct, frozen=True, gc=False, kw_only=True):
    """The newest training of one person, as records tell of it. Instants are Unix milliseconds."""

    given_ms: int = 0  # 0: they tell of none
    until_ms: int = 0
    acknowledged_ms: int = -1  # when the person last acknowledged that every ending is reviewed; -1: never

    def acknowledged(self, given_ms: int) -> bool:
        """Since a training that was given then; each new one is acknowledged anew."""
        return self.acknowledged_ms >= given_ms

    def holds(self, now_ms: int) -> bool:
        return bool(self.given_ms) and self.acknowledged(self.given_ms) and now_ms < self.until_ms


class PersonSignedOn(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """This person sits here from now on. ``relieves``: in mid-call, from whom they have taken over by name."""

    person: str
    role: Role
    trained: bool
    until: str = ""  # the instant at which it ends by itself, ISO 8601
    relieves: str = ""
    offline: bool = False  # the floor was out of reach: who they are was known here from an earlier time


class PersonSignedOff(Struct, frozen=True, gc=False, tag=True):
    """Nobody sits here. ``why``: by themselves, the end of their time, or that they may no longer."""

    person: str
    why: str


class SignOnRefused(Struct, frozen=True, gc=False, tag=True):
    """Somebody tried. What was typed as a name may be anything."""

    name: str
    why: str


class PersonChanged(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """What is known of a person has been changed by another, or by themselves. No password is ever in a record."""

    person: str
    by: str
    what: str  # added, roles, password, trained, retired
    jobs: tuple[Job, ...] = ()
    until: str = ""  # the last day of it, ISO 8601
    why: str = ""


class GrantRefused(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """An answer to an ask came whose signature does not hold for this very ask; nothing was done."""

    desk: str  # from which it came, as the floor vouches
    person: str  # as it says
    ask: int
    why: str


class ActRefused(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Somebody at another desk wanted to act on the call here, and may not, or not on this call; nothing was done."""

    desk: str  # from which it came, as the floor vouches
    person: str  # as it says
    act: str  # its kind, such as Pressed
    why: str


class CommandRefused(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """A desk wanted something of the PBX that it may not have; nothing was done."""

    desk: str
    person: str
    what: str
    why: str


PeopleEvent = (
    PersonSignedOn | PersonSignedOff | SignOnRefused | PersonChanged | GrantRefused | ActRefused | CommandRefused
)
