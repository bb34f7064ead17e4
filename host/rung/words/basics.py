"""Buttons, gestures, grounds, markers and lamps."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

# A text that can name a caller, or that a person has typed about one: the record keeps it encrypted, so that it can be
# erased. An event with such a field has a last field `sealed`, where it stands.
Private = Annotated[str, Meta(extra={"private": True})]


class Button(StrEnum):
    """The three buttons of a box."""

    ESCALATE = "escalate"
    WARN = "warn"
    RELEASE = "release"


class Gesture(StrEnum):
    """How a button was pressed; the box tells them apart."""

    TAP = "tap"
    HOLD = "hold"
    CHORD = "chord"  # escalate and warn together


class Role(StrEnum):
    """Who may take a rung."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Person(Struct, frozen=True, gc=False):
    """Somebody who acts, as the floor knows them."""

    id: str
    role: Role = Role.AGENT
    trained: bool = False  # holds a training that is still valid (policies that ask for it say which endings need it)


class Ground(StrEnum):
    """What the caller does. ``unnamed`` is abuse that will be named later."""

    UNNAMED = "unnamed"
    RUDENESS = "rudeness"
    PROFANITY = "profanity"
    DEROGATORY = "derogatory"
    SHOUTING = "shouting"
    INTERRUPTING = "interrupting"
    DEMANDS = "demands"
    UNCOOPERATIVE = "uncooperative"
    HARASSMENT = "harassment"
    SLUR = "slur"
    HATE_SPEECH = "hate_speech"
    SEXUAL = "sexual"
    SEXIST = "sexist"
    HOMOPHOBIC = "homophobic"
    THREAT = "threat"
    THREAT_OTHER = "threat_other"
    BOUNDARIES = "boundaries"
    OTHER = "other"  # only with a note


class Marker(StrEnum):
    """Not grounds: they never open an ending."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"


class LampState(StrEnum):
    """What a lamp says of its button."""

    OFF = "off"
    LIT = "lit"  # may be pressed
    BREATHING = "breathing"  # the next step
    BLINKING = "blinking"  # waiting for somebody
    REFUSED = "refused"
    DONE = "done"  # confirmed by the phone


class LampMark(StrEnum):
    """A second signal over the state. ``unconfirmed`` is not here: only the box itself can know it."""

    NONE = "none"
    FILLING = "filling"  # the box's own hold, or a wait counted down from the host
    ALONE = "alone"  # nobody could answer


class Lamp(Struct, frozen=True, gc=False):
    """One lamp: its state, and a mark over it."""

    state: LampState = LampState.OFF
    mark: LampMark = LampMark.NONE


class Lamps(Struct, frozen=True, gc=False):
    """What the box shows: one lamp a button, and the epoch that a press made now would belong to (0: no call)."""

    epoch: int = 0
    escalate: Lamp = Lamp()
    warn: Lamp = Lamp()
    release: Lamp = Lamp()
    fill_ms: int = 0  # how long the ``filling`` lamp still takes
