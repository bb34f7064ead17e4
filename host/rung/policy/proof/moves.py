"""What may happen next: each move is one input, or a few that belong together, in words that a manager reads."""

from collections.abc import Callable
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.proof.timers import Wait
from rung.policy.state import Desk
from rung.words import Button, CallState, EndedBy, Gesture, Ground, Outcome, Presence, Reply, Role

AGENT, SUPERVISOR, SECOND = "agent", "supervisor", "second supervisor"
LINE, OTHER = "line", "other-line"
DESK = "agent's desk"
FIRST = Presence(desk="desk-1", person=SUPERVISOR, extension="601")
WIDER = Presence(desk="desk-2", person=SECOND, extension="602", group=1)
EXTENSION = "600"  # rung while the floor is out of reach
DESKS = {DESK: "500", FIRST.desk: FIRST.extension, WIDER.desk: WIDER.extension}


class Move(Struct, frozen=True):
    """One input, made for the desk as it is then; or a wait that runs out."""

    words: str
    make: Callable[[Desk], w.Input] | None = None
    timer: Wait | None = None


Moves = tuple[Move, ...]


def of(input: w.Input, words: str) -> Moves:
    return (Move(words, lambda desk: input),)


@cache
def passes(timer: Wait) -> Moves:
    return (Move(str(timer), timer=timer),)


# -- at the box and on the page ----------------------------------------------------------------------------------------


def pressed(
    buttons: tuple[Button, ...], gesture: Gesture, *, age_ms: int = 0, epoch: int = 0
) -> Callable[[Desk], w.Pressed]:
    """A press on the present call; ``epoch`` is added to its number, for one that was made on another."""

    def make(desk: Desk) -> w.Pressed:
        return w.Pressed(
            box="box",
            boot="boot",
            number=1,
            buttons=buttons,
            gesture=gesture,
            epoch=desk.epoch + epoch if desk.case is None else desk.case.epoch + epoch,
            age_ms=age_ms,
        )

    return make


def tap(button: Button) -> Moves:
    return (Move(f"tap {button}", pressed((button,), Gesture.TAP)),)


def hold(button: Button) -> Moves:
    return (Move(f"hold {button}", pressed((button,), Gesture.HOLD)),)


TAPS = {button: tap(button) for button in Button}
HOLD = hold(Button.RELEASE)
PANIC = (Move("hold escalate (panic)", pressed((Button.ESCALATE,), Gesture.HOLD)),)
CHORD = (Move("escalate and warn together", pressed((Button.ESCALATE, Button.WARN), Gesture.CHORD)),)
PRESSES = (*TAPS.values(), HOLD, CHORD)
LATE = (Move("hold release, heard 3.001 s late", pressed((Button.RELEASE,), Gesture.HOLD, age_ms=3001)),)
ALIEN = (Move("hold release, made on an earlier call", pressed((Button.RELEASE,), Gesture.HOLD, epoch=-1)),)
CALMED = of(w.Calmed(), "the caller calms down")
ATTEST = of(w.Attested("they said so"), "attest that no supervisor is necessary")
TAKE_BACK = of(w.AskTakenBack(), "take the ask back")
UNWANTED = of(w.Unwanted(), "the caller does not want the supervisor")
CRISIS = of(w.Marked(w.Marker.CRISIS), "mark a crisis")


@cache
def declare(ground: Ground) -> Moves:
    return of(w.Declared(ground, "note"), f"name {ground}")


@cache
def take_back(ground: Ground) -> Moves:
    return of(w.TakenBack(ground), f"take {ground} back")


# -- supervisors -------------------------------------------------------------------------------------------------------

_SAYS = {
    Reply.ACCEPT: "is coming",
    Reply.TAKE: "takes the call",
    Reply.JOIN: "comes into the call",
    Reply.ADVISE: "advises",
    Reply.GRANT: "grants leave",
    Reply.DENY: "denies leave",
    Reply.DECLINE: "declines",
    Reply.BUSY: "is busy",
}


@cache
def reply(said: Reply, by: Presence = FIRST) -> Moves:
    """To the open ask."""

    def make(desk: Desk) -> w.Replied:
        asked = desk.case.ask if desk.case is not None else None
        number = 0 if asked is None else asked.number
        return w.Replied(ask=number, desk=by.desk, person=by.person, reply=said)

    return (Move(f"the {by.person} {_SAYS[said]}", make),)


@cache
def alarmed(said: Reply, by: Presence = FIRST) -> Moves:
    """To the open alert."""

    def make(desk: Desk) -> w.Replied:
        number = 0 if desk.alert is None else desk.alert.number
        return w.Replied(ask=number, desk=by.desk, person=by.person, reply=said)

    return (Move(f"the {by.person}, alerted, {_SAYS[said]}", make),)


def there(act: w.Act | Callable[[Desk], w.Act], words: str, by: Presence = FIRST) -> Moves:
    """A supervisor acts from their own desk."""

    def make(desk: Desk) -> w.FromDesk:
        done = act(desk) if callable(act) else act
        return w.FromDesk(by.desk, w.Person(by.person, Role.SUPERVISOR), done)

    return (Move(f"the {by.person}: {words}", make),)


def floor(*present: Presence, up: bool = True, extension: str = EXTENSION, words: str = "") -> Moves:
    said = w.FloorIs(up=up, present=present, desks=DESKS if up else {}, extension=extension)
    return of(said, words or ("the floor is out of reach" if not up else "the floor tells who is there"))


SEEN = (
    Move(
        "the supervisor's desk shows it",
        lambda desk: w.Seen(desk.case.ask.number if desk.case and desk.case.ask else 0, FIRST.desk),
    ),
)


@cache
def answered(accepted: bool) -> Moves:
    """The supervisor's desk answers the offer of the case."""
    words = f"the supervisor's desk {'has' if accepted else 'refuses'} the case"

    def make(desk: Desk) -> w.OfferAnswered:
        case = desk.case
        offer = case.waiting(w.Offer) if case is not None else None
        number = 0 if offer is None else offer.effect.id
        return w.OfferAnswered("" if case is None else case.id, accepted, "busy", offer=number, desk=FIRST.desk)

    return (Move(words, make),)


HAND_BACK = of(w.HandBack(), "hand the caller back")
TAKES_OVER = there(w.TakeOver(), "takes the call over")
ITS_TAPS = {button: there(pressed((button,), Gesture.TAP), f"tap {button}") for button in (Button.WARN, Button.RELEASE)}
ITS_HOLD = there(pressed((Button.RELEASE,), Gesture.HOLD), "hold release")
ITS_CALMED = there(w.Calmed(), "the caller calms down")
LIFTS = there(w.Unmarked(w.Marker.CRISIS), "lifts the crisis")


@cache
def it_declares(ground: Ground) -> Moves:
    return there(w.Declared(ground, "note"), f"name {ground}")


@cache
def it_takes_back(ground: Ground) -> Moves:
    return there(w.TakenBack(ground), f"take {ground} back")


BUSY = replace(FIRST, free=False)
WITHDRAWS = there(w.LeaveTakenBack(), "withdraws leave")
COMES_FREE = (
    *floor(BUSY, words="the supervisor talks elsewhere"),
    *floor(FIRST, words="the supervisor comes free"),
)

# -- the phone ---------------------------------------------------------------------------------------------------------


def line(
    state: CallState,
    *,
    by: EndedBy | None = None,
    cause: str = "",
    doing: str = "",
    parties: tuple[str, ...] = (),
    id: str = LINE,
    case: str = "",
) -> w.Call:
    return w.Call(
        id=id,
        state=state,
        direction="in",
        peer="caller",
        ended_by=by,
        cause=cause,
        doing=doing,  # type: ignore[arg-type]
        parties=parties,
        case=case,
    )


def phone(call: w.Call, words: str) -> Moves:
    return of(w.CallIs(call), words)


UP = phone(line(CallState.UP), "the caller is heard again")
HELD = phone(line(CallState.HELD), "the caller is on hold")
ENDED = {by: phone(line(CallState.ENDED, by=by), f"the phone: the call has ended, by {by}") for by in EndedBy}
CAN = frozenset({"join", "case", "returns"})
LOST = of(w.PhoneIs(up=False), "the phone stops answering")
BACK = of(w.PhoneIs(up=True, can=CAN), "the phone answers again")
RESTARTED = of(w.Restarted(), "the bridge is restarted")
LIVE = phone(line(CallState.UP, id=OTHER), "another call is live on the phone")
GONE = phone(line(CallState.ENDED, id=OTHER, by=EndedBy.THEM), "the other call has ended")
STRANGER = phone(line(CallState.UP, parties=("900",)), "somebody else is in the call")


@cache
def inside(*who: Presence) -> Moves:
    """Who of the supervisors is in the call, as the phone says."""
    words = " and ".join(f"the {p.person}" for p in who)
    return phone(
        line(CallState.UP, parties=tuple(p.extension for p in who)), f"{words or 'nobody else'} is in the call"
    )


def consult(
    state: CallState, words: str, *, by: EndedBy | None = None, outcome: Outcome | None = None, of: str = LINE
) -> Moves:
    """The call to the supervisor of the open ask."""

    def make(desk: Desk) -> w.CallIs:
        asked = desk.case.ask if desk.case is not None else None
        id = f"consult-{0 if asked is None else asked.number}"
        call = w.Call(
            id=id, state=state, direction="out", peer="supervisor", consult_for=of, ended_by=by, outcome=outcome
        )
        return w.CallIs(call)

    return (Move(words, make),)


REFUSES = (
    Move(
        "the phone refuses",
        lambda desk: w.EffectRefused(desk.case.pending[0].effect.id if desk.case and desk.case.pending else 0, "503"),
    ),
)
TELLS_ALL = (Move("the phone tells all its calls", lambda desk: w.CallsAre(tuple(desk.facts.calls.values()))),)
TELLS_NONE = of(w.CallsAre(()), "the phone tells that it has no call")
