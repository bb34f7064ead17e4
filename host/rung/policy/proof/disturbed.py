"""The fourth walk: each state of the ladder with one thing in the way.

What may be in the way (the caller on hold, another live call, a lost phone, a stranger or a supervisor in the call, a
crisis, an emergency, nobody signed on, nobody on the floor) is no part of the ladder: it comes and goes at any time. So
the ladder is not walked once more for each. Instead, from *every* state of it, each thing is put in the way and release
is tapped and held: what is taken then must have been possible without it. And in one state of each kind (the same
presses take the same) every button is pressed, lamps and refusals are looked at, and the thing is taken away again:
that must lead back to a state of the ladder that is known. So a disturbed call is a state of the ladder and something
in the way, and nothing else. Two things at once are left to chance (`tests/policy/test_fold.py`).
"""

from collections.abc import Iterator

from msgspec import Struct

from rung import words as w
from rung.policy.proof import judge, looks, properties
from rung.policy.proof import moves as m
from rung.policy.proof.moves import Moves
from rung.policy.proof.walk import Happened, Node, State, Walk
from rung.words import Button, HangUp, Role

RELEASE = m.TAPS[Button.RELEASE]


class InTheWay(Struct, frozen=True):
    """Something in the way, and how it goes away again (empty: it does not, or what it leaves is walked elsewhere)."""

    comes: Moves
    goes: Moves = ()


NOBODY_SIGNED_ON = m.of(w.SignedOn(None), "nobody is signed on any more")
UNTRAINED = m.of(w.SignedOn(m.AGENT, Role.AGENT, False), "the agent's training has expired")
UNTRAINED_SUPERVISOR = m.of(w.SignedOn(m.SUPERVISOR, Role.SUPERVISOR, False), "the supervisor's training has expired")
SIGNED_ON = m.of(w.SignedOn(m.AGENT, Role.AGENT, True), "the agent signs on")
THINGS = (
    InTheWay(m.HELD, m.UP),
    InTheWay(m.LIVE, m.GONE),
    InTheWay(m.LOST, (*m.BACK, *m.TELLS_ALL)),
    InTheWay(m.STRANGER, m.UP),
    InTheWay(m.inside(m.FIRST), m.inside()),
    InTheWay(m.CRISIS, m.LIFTS),
    InTheWay(m.PANIC),
    InTheWay(NOBODY_SIGNED_ON, SIGNED_ON),
    InTheWay(UNTRAINED, SIGNED_ON),
    InTheWay(m.floor(words="nobody is present on the floor"), m.floor(m.FIRST)),
    InTheWay(m.floor(up=False, extension=""), m.floor(m.FIRST)),
    InTheWay((*m.RESTARTED, *m.TELLS_ALL)),
)
TRAINED = w.Person(m.AGENT, Role.AGENT, True)
DANGERS = (m.CRISIS, m.PANIC)
SIGNED_OFF = (NOBODY_SIGNED_ON, UNTRAINED)


def disturb(ladder: Walk) -> int:
    """Put each thing in the way of every state; how many that makes. Steps and breaches count with the ladder's own."""
    states = 0
    kinds: set[object] = set()
    for at, node in enumerate(tuple(ladder.nodes)):
        case = node.state.desk.case
        if case is None or case.ask is not None or case.waiting(HangUp):
            continue
        kind = (case.announcement is not None, bool(case.grounds), *(_takes(node, moves) for moves in PRESSES))
        for thing in THINGS:
            _one(ladder, at, node, thing, wholly=kind not in kinds)
        kinds.add(kind)
        states += len(THINGS)
    return states


PRESSES = (*m.TAPS.values(), m.HOLD)


def _takes(node: Node, moves: Moves) -> tuple[str, ...]:
    events = node.presses[moves].step.events
    return tuple(e.rung for e in events if isinstance(e, w.RungTaken | w.Announced))


def _one(ladder: Walk, at: int, node: Node, thing: InTheWay, *, wholly: bool) -> None:
    state = ladder.made(at, node.state, thing.comes).after
    tap = ladder.made(at, state, RELEASE, thing.comes)
    hold = ladder.made(at, state, m.HOLD, thing.comes)
    case = node.state.desk.case
    # Where an end is announced, a tap announces nothing new; it may do so once what is in the way has withdrawn that.
    presses = ((hold, m.HOLD),) if case is None or case.announcement else ((tap, RELEASE), (hold, m.HOLD))
    for made, moves in presses:
        more = set(_of(made)) - set(_of(node.presses[moves]))
        if more := {what for what in more if not _was_open(ladder, node.state, what)}:
            name = properties.DANGER if thing.comes in DANGERS else properties.RULE
            what = f"release opens what it did not open before: {', '.join(sorted(more))}"
            ladder.breach(name, what, at, (*thing.comes, *moves))
    if wholly:
        _wholly(ladder, at, state, thing, tap, hold)


def _was_open(ladder: Walk, state: State, what: str) -> bool:
    """Another ending may have come first: without a training the next one of the ladder does."""
    rung = next((r for r in ladder.policy.rung if r.id == what), None)
    return rung is not None and judge.allows(ladder.policy, rung, state.account, TRAINED)


def untrained(ladder: Walk, expired: Moves) -> Iterator[tuple[State, int]]:
    """Every state of the ladder once the training has expired, and the class in which it did."""
    for at, node in enumerate(tuple(ladder.nodes)):
        yield ladder.made(at, node.state, expired).after, node.number


def _of(made: Happened) -> Iterator[str]:
    for event in made.step.events:
        if isinstance(event, w.RungTaken | w.Announced):
            yield event.rung
    yield from ("the end of the call" for effect in made.step.effects if isinstance(effect, w.HangUp))


def _wholly(ladder: Walk, at: int, state: State, thing: InTheWay, tap: Happened, hold: Happened) -> None:
    """Every button, the lamps, the refusals, and back again."""
    taps = {
        button: tap if button == Button.RELEASE else ladder.made(at, state, moves, thing.comes)
        for button, moves in m.TAPS.items()
    }
    found = [*looks.of_lamps(ladder.policy, taps, hold), *looks.of_answers(taps, [hold])]
    for name, what in found:
        ladder.breach(name, what, at, thing.comes)
    if not thing.goes:
        return
    warned = () if thing.comes in SIGNED_OFF else ((taps[Button.WARN].after, m.TAPS[Button.WARN]),)
    for after, pressed in ((state, ()), (tap.after, RELEASE), *warned):
        back = ladder.made(at, after, thing.goes, (*thing.comes, *pressed)).after
        ladder.start(back, ladder.nodes[at].number, (*thing.comes, *pressed, *thing.goes))
