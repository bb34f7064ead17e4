"""How the call stands: talk, hold, rungs taken, asks, leave, and who is in it."""

from tests.policy.oracle.history import WAIT, Afresh, Look, Who

from rung import words as w
from rung.words import CallState, Outcome, Role, Want

WARNINGS = {"warn", "final-notice", "redirect", "de-escalate", "advise-and-warn", "supervisor-warn"}
CAME_TO_SOMETHING = {Outcome.ACCEPTED, Outcome.GRANTED, Outcome.ADVISED, Outcome.JOINED}
FAILED = {
    Outcome.DENIED,
    Outcome.DECLINED,
    Outcome.UNWANTED,
    Outcome.BUSY,
    Outcome.IGNORED,
    Outcome.ABSENT,
    Outcome.VOICEMAIL,
    Outcome.FAILED,
}
NOBODY = {Outcome.BUSY, Outcome.IGNORED, Outcome.ABSENT, Outcome.VOICEMAIL}
CHANGES_NOTHING = {Outcome.TAKEN_BACK, Outcome.INTERRUPTED, Outcome.WITHDRAWN}

HEARD = (w.CaseOpened, w.CaseArrived, w.CaseReceived, w.CallResumed, w.CallHeld, w.PhoneLost, w.BridgeRestarted)


# -- talk and hold -----------------------------------------------------------------------------------------------------


def on_hold(look: Look) -> bool:
    """As the phone last said of this call."""
    held = look.of(w.CallHeld, w.CallResumed, w.CaseArrived, w.CaseOpened)
    return bool(held) and isinstance(held[-1][1], w.CallHeld)


def talk(look: Look, since: int, until: int) -> int:
    """How long (ms) our end and the caller have heard each other between the two.

    A case travels as it was when it was offered: what was said from then until its call arrives, no desk has counted.
    """
    heard: list[tuple[int, int]] = []
    hears, begun, offered = False, 0, 0
    for at, event in [*look.of(*HEARD, w.EffectDecided), (until, None)]:
        if isinstance(event, w.EffectDecided):
            offered = at if isinstance(event.effect, w.Offer) else offered
            continue
        if hears:
            heard.append((begun, at))
        if isinstance(event, w.CaseReceived):
            heard = [(start, min(end, offered)) for start, end in heard]
        hears, begun = isinstance(event, w.CaseOpened | w.CaseArrived | w.CallResumed), at
    return sum(max(0, min(end, until) - max(start, since)) for start, end in heard)


def waited_from(look: Look) -> int | None:
    """The latest warning, notice or redirection, calmed, or end of a failed escalate; None: nothing was said yet."""
    since = None
    for at, event in look.of(w.RungTaken, w.AskClosed, w.CallerCalmed):
        match event:
            case w.CallerCalmed():
                since = at
            case w.RungTaken(rung=rung) if rung in WARNINGS:
                since = at
            case w.AskClosed(rung=rung, outcome=outcome) if rung and outcome in FAILED:
                since = at
    return since


def persisted(look: Look, at: int) -> bool:
    """The abuse went on: `wait` of talk has passed since, and the press attests the rest."""
    since = waited_from(look)
    return since is not None and talk(look, since, at) >= WAIT


# -- rungs -------------------------------------------------------------------------------------------------------------


def taken_at(look: Look, rung: str, person: str | None = None) -> int | None:
    """When the rung that stands was taken last; with ``person``: by that supervisor. None: it does not stand."""
    when: int | None = None
    for at, event in look.of(w.RungTaken, w.RungUndone, w.AskClosed):
        if getattr(event, "rung", "") != rung:
            continue
        if isinstance(event, w.RungTaken):
            when = at if person is None or event.person == person else when
        elif isinstance(event, w.RungUndone) or getattr(event, "outcome", None) not in CAME_TO_SOMETHING:
            when = None
    lapses = look.lapses.get(rung)
    return None if when is None or (lapses is not None and look.edge >= when + lapses) else when


def stands(look: Look, rung: str, person: str | None = None) -> bool:
    return taken_at(look, rung, person) is not None


# -- asks and leave ----------------------------------------------------------------------------------------------------


# An ask of no rung is a hand-over to a supervisor in the call, or a supervisor's handing back: it is no escalate.


def ask_opened(look: Look) -> w.AskOpened | None:
    """The open ask."""
    asks = look.of(w.AskOpened, w.AskClosed)
    opened = asks[-1][1] if asks else None
    return opened if isinstance(opened, w.AskOpened) else None


def phase(look: Look) -> str:
    """How far the open ask is; empty: none is open."""
    opened = ask_opened(look)
    if opened is None:
        return ""
    moves = look.of(w.AskOpened, w.AskMoved)
    last = moves[-1][1]
    if isinstance(last, w.AskMoved):
        return last.phase
    return "telling" if opened.want == Want.TRANSFER else "asking"  # only before a hold is there something to tell


def answered_at(look: Look) -> int | None:
    """When the supervisor of the open ask answered; a transfer that failed since does not change it."""
    answered = None
    for at, event in look.of(w.AskOpened, w.AskMoved):
        if isinstance(event, w.AskOpened):
            answered = None
        elif isinstance(event, w.AskMoved) and event.phase == "answered" and answered is None:
            answered = at
    return answered


def leave(look: Look) -> str:
    """`none`, `unused` or `used`."""
    has = "none"
    for _, event in look.of(w.LeaveGranted, w.LeaveWithdrawn, w.RungTaken):
        if isinstance(event, w.LeaveGranted):
            has = "unused"
        elif isinstance(event, w.LeaveWithdrawn):
            has = "none"
        elif isinstance(event, w.RungTaken) and event.rung == "warn":
            has = "used"
    return has


def unavailable(look: Look) -> bool:
    """The last ask ended with nobody but busy, ignoring or absent people, and none has come free since."""
    mine = {id(event) for _, event in look.call}
    nobody, final, here = False, False, False
    free: set[str] = set()
    inside: set[str | None] = set()
    for _, thing in look.history:
        if id(thing) in mine:
            here = here or isinstance(thing, w.CaseOpened | w.CaseArrived)
            if isinstance(thing, w.AskClosed) and thing.rung and thing.outcome not in CHANGES_NOTHING:
                nobody = thing.outcome in NOBODY and not inside  # who is in the call can be had
            elif isinstance(thing, w.RungTaken):
                final = final or thing.rung == "final-notice"
            elif isinstance(thing, w.SupervisorJoined):
                nobody = False
                if thing.address:
                    inside.add(thing.person)
            elif isinstance(thing, w.SupervisorLeft):
                inside.discard(thing.person)
            elif isinstance(thing, w.CaseArrived):
                inside = set()
                nobody = nobody and thing.role != Role.SUPERVISOR
        elif isinstance(thing, w.FloorIs):
            now = {p.person for p in thing.present if p.free}
            if here and not final and now - free:
                nobody = False
            free = now if thing.up else set()
        elif isinstance(thing, Afresh):
            here, free = False, set()
        elif isinstance(thing, w.Restarted):
            here = True
    return nobody


def declined(look: Look) -> bool:
    return any(isinstance(e, w.AskClosed) and e.outcome == Outcome.DECLINED for _, e in look.of(w.AskClosed))


def not_necessary(look: Look) -> bool:
    """Attested with the reason, and no supervisor has declined, before or after."""
    return bool(look.of(w.NotNecessary)) and not declined(look)


def involved(look: Look) -> bool:
    """A supervisor has advised, or taken the call, when asked to be involved."""
    return any(
        isinstance(e, w.AskClosed) and e.rung == "involve" and e.outcome in (Outcome.ADVISED, Outcome.ACCEPTED)
        for _, e in look.of(w.AskClosed)
    )


# -- who is in the call ------------------------------------------------------------------------------------------------


def supervisors(look: Look) -> dict[str | None, int]:
    """The supervisors in the call, and since when."""
    inside: dict[str | None, int] = {}
    for at, event in look.of(w.CaseOpened, w.CaseArrived, w.SupervisorJoined, w.SupervisorLeft):
        if isinstance(event, w.SupervisorJoined):
            inside.setdefault(event.person, at)
        elif isinstance(event, w.SupervisorLeft):
            inside.pop(event.person, None)
        elif isinstance(event, w.CaseOpened | w.CaseArrived):
            kept = inside.get(event.person)
            inside = {}
            if event.role == Role.SUPERVISOR:
                inside[event.person] = at if kept is None else kept
    return inside


def added(look: Look) -> list[str | None]:
    """The supervisors who are in the call from another desk."""
    return list(addresses(look))


def addresses(look: Look) -> dict[str | None, str]:
    inside: dict[str | None, str] = {}
    for _, event in look.of(w.CaseArrived, w.SupervisorJoined, w.SupervisorLeft):
        if isinstance(event, w.SupervisorJoined):
            inside |= {event.person: event.address} if event.address else {}
        elif isinstance(event, w.SupervisorLeft):
            inside.pop(event.person, None)
        else:
            inside = {}
    return inside


def third_party(look: Look) -> bool:
    """Somebody is in the call beside caller, agent and the supervisors who are known to be in it."""
    call = look.lines.get(look.line())
    return call is not None and any(party not in addresses(look).values() for party in call.parties)


def another_caller_hears_us(look: Look) -> bool:
    mine = look.line()
    return any(
        call.state == CallState.UP and call.consult_for is None and call.id != mine for call in look.lines.values()
    )


def being_ended(look: Look) -> bool:
    """A hang-up of this call was ordered, and nobody knows yet what came of it."""
    ids: set[int] = set()
    mine = look.line()
    for _, event in look.of(w.EffectDecided, w.EffectConfirmed, w.EffectFailed):
        if isinstance(event, w.EffectDecided) and isinstance(event.effect, w.HangUp) and event.effect.call == mine:
            ids.add(event.effect.id)
        elif isinstance(event, w.EffectConfirmed | w.EffectFailed):
            ids.discard(event.id)
    return bool(ids)


def taker_is_rung(look: Look) -> bool:
    """Whoever has taken the open ask is being rung, to come into the call."""
    target = ""
    for _, event in look.of(w.AskOpened, w.AskReplied):
        if isinstance(event, w.AskOpened):
            target = ""
        elif isinstance(event, w.AskReplied):
            target = event.target or target
    return rung_into_the_call(look, target)


def rung_into_the_call(look: Look, target: str) -> bool:
    """That telephone rings, so that whoever is there comes into the call."""
    ids: set[int] = set()
    for _, event in look.of(w.EffectDecided, w.EffectConfirmed, w.EffectFailed):
        if isinstance(event, w.EffectDecided) and isinstance(event.effect, w.Join) and event.effect.target == target:
            ids.add(event.effect.id)
        elif isinstance(event, w.EffectConfirmed | w.EffectFailed):
            ids.discard(event.id)
    return bool(ids)


def in_call(look: Look, who: Who) -> bool:
    return who.id in supervisors(look)
