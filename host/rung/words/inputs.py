"""What happens at the edges."""

from msgspec import Struct

from rung.words.basics import Button, Gesture, Ground, Marker
from rung.words.calls import Call


class Pressed(Struct, frozen=True, kw_only=True, tag=True):
    """One press, as the box sent it. (``box``, ``boot``, ``number``) names it for ever."""

    box: str
    boot: str
    number: int
    buttons: tuple[Button, ...]
    gesture: Gesture
    epoch: int
    age_ms: int  # by the box's clock, since the edge that completed the gesture


class Declared(Struct, frozen=True, tag=True):
    """A person declares a ground; `other` needs its note."""

    ground: Ground
    note: str = ""


class TakenBack(Struct, frozen=True, tag=True):
    """A person takes a ground back."""

    ground: Ground


class Marked(Struct, frozen=True, tag=True):
    """A person marks `emergency` or `crisis`."""

    marker: Marker


class Unmarked(Struct, frozen=True, tag=True):
    """A person takes a marker back; late, the reason is needed."""

    marker: Marker
    reason: str = ""


class Calmed(Struct, frozen=True, tag=True):
    """The caller has calmed down."""


class AskTakenBack(Struct, frozen=True, tag=True):
    """The agent takes the open ask back from the page or by a key."""


class SignedOn(Struct, frozen=True, tag=True):
    """Who is at the desk now; None: nobody is known."""

    person: str | None


class FloorIs(Struct, frozen=True, tag=True):
    """What is known of the floor: the extension to ring for a supervisor while the floor itself is out of reach."""

    supervisors: str


class PhoneIs(Struct, frozen=True, tag=True):
    """Whether the phone answers. While it does not, calls go on but nothing is known of them."""

    up: bool
    can: frozenset[str] = frozenset()
    why: str = ""  # of a phone that is not up: what keeps it down, as far as is known


class CallIs(Struct, frozen=True, tag=True):
    """One call has changed, or is told again."""

    call: Call


class CallsAre(Struct, frozen=True, tag=True):
    """A full answer of the phone: every living call and the recently ended ones."""

    calls: tuple[Call, ...]


class EffectRefused(Struct, frozen=True, tag=True):
    """The phone did not accept a command."""

    id: int
    why: str


class Restarted(Struct, frozen=True, tag=True):
    """The bridge came back with a case from the record: every unconfirmed effect is stale."""


class Tick(Struct, frozen=True, tag=True):
    """Nothing but time has passed."""


Input = (
    Pressed
    | Declared
    | TakenBack
    | Marked
    | Unmarked
    | Calmed
    | AskTakenBack
    | SignedOn
    | FloorIs
    | PhoneIs
    | CallIs
    | CallsAre
    | EffectRefused
    | Restarted
    | Tick
)
