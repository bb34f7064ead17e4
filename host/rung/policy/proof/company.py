"""The third walk: supervisors who are called beside any ask, who come into the call, and who act in it.

Panic, crisis, a threat and a quiet ask call them; `alarm` takes that to its end. Once one is in the call, `acts` lets
both act: the agent by the box, the supervisor from their own desk. Each starts at the bottom of the agent's ladder or
at the highest state that was found, for how a supervisor comes and acts does not depend on the rungs between.
"""

from collections.abc import Iterator

from rung import words as w
from rung.policy.proof import moves as m
from rung.policy.proof.fold import Fold
from rung.policy.proof.ladder import ENDING, Ladder
from rung.policy.proof.moves import Moves
from rung.policy.proof.timers import Timer, running
from rung.policy.proof.walk import State, Walk, Way
from rung.words import Button, Gesture, Ground, HangUp, Marker, Reply

AGENT_DOES = (*m.TAPS.values(), m.HOLD, m.CHORD)
ENDS_NOTHING = (m.TAPS[Button.RELEASE], m.HOLD, m.CHORD)
FALSE_ALARM = m.of(w.Unmarked(Marker.EMERGENCY), "false alarm")
NO_CRISIS = m.of(w.Unmarked(Marker.CRISIS), "take the crisis back")
CALLS = (m.TAPS[Button.ESCALATE], m.PANIC, m.CRISIS, FALSE_ALARM, NO_CRISIS)
THREAT = (*m.declare(Ground.THREAT), *m.take_back(Ground.THREAT))
ANSWERS = tuple(m.alarmed(said, by) for by in (m.FIRST, m.WIDER) for said in (Reply.JOIN, Reply.ACCEPT, Reply.BUSY))
PHONE = (
    m.REFUSES,
    m.TELLS_ALL,
    (*m.RESTARTED, *m.TELLS_ALL),
    (*m.LOST, *m.HOLD, *m.BACK, *m.TELLS_ALL),
    (*m.HELD, *m.HOLD, *m.UP),
)
OVERDUE = (*m.passes(Timer.OVERDUE), *m.TELLS_ALL)
IN_THE_WAY = (
    (*m.HELD, *m.ITS_HOLD, *m.UP),
    (*m.CRISIS, *m.ITS_TAPS[Button.RELEASE], *m.ITS_HOLD, *m.LIFTS),
    (*m.LOST, *m.ITS_HOLD, *m.BACK, *m.TELLS_ALL),
    (*m.LIVE, *m.ITS_HOLD, *m.GONE),
)


class Company:
    """What may happen when supervisors come beside any ask."""

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.policy = fold.policy

    def alarm(self, state: State) -> Iterator[Way]:
        """Until a supervisor is in the call."""
        case = state.desk.case
        if case is None or case.ask is not None or case.joined:
            return
        for moves in (*ENDS_NOTHING, *CALLS, THREAT, *PHONE):
            yield Way(moves)
        if state.desk.facts.floor_up:
            yield from (Way(moves) for moves in ANSWERS)
        if case.marks:
            yield Way((*m.passes(Timer.MINUTE), *NO_CRISIS))
        if case.waiting(w.Join):
            yield from (Way(moves) for moves in (m.inside(m.FIRST), m.inside(m.WIDER), OVERDUE))

    def acts(self, state: State) -> Iterator[Way]:
        """While a supervisor is in the call."""
        case = state.desk.case
        if case is None or not case.joined or case.ask is not None:
            return
        hers = (*m.ITS_TAPS.values(), m.ITS_HOLD, m.ITS_CALMED, m.TAKES_OVER)
        for moves in (*AGENT_DOES, *hers, m.inside()):
            yield Way(moves)
        if case.waiting(HangUp):
            yield from (Way(moves) for moves in ENDING)
            return
        if case.announcement is not None:
            yield from (Way(moves) for moves in IN_THE_WAY)
        for timer in running(self.policy, state.desk):
            yield Way(m.passes(timer))
        for ground, *_ in self.fold.reads.classes:
            yield Way(m.it_declares(ground))
        yield from Ladder(self.fold, m.SUPERVISOR).taken_back(state, m.it_takes_back)


def ends(ladder: Walk) -> Iterator[int]:
    """The bottom of the ladder, and the highest state of it in which nothing waits."""
    quiet = [at for at, node in enumerate(ladder.nodes) if (c := node.state.desk.case) and not c.pending and not c.ask]
    top = max(quiet, key=lambda at: len(ladder.nodes[at].state.account.taken))
    yield from dict.fromkeys((0, top))


def floors(ladder: Walk) -> Iterator[tuple[State, int, Moves]]:
    """With two supervisors on the floor, and with the floor out of reach."""
    bottom, *top = ends(ladder)
    two = m.floor(m.FIRST, m.WIDER, words="two supervisors are there")
    for at, floor in ((top[0] if top else bottom, two), (bottom, m.floor(up=False))):
        yield ladder.made(at, ladder.nodes[at].state, floor).after, ladder.nodes[at].number, floor


def joined(ladder: Walk) -> Iterator[tuple[State, int, Moves]]:
    """With a supervisor in the call: alone, or after another one has warned, who is gone again."""
    bottom, *top = ends(ladder)
    came = [(at, m.inside(m.FIRST)) for at in (bottom, *top)]
    for at, moves in (*came, (bottom, _another_warned(ladder))):
        yield ladder.made(at, ladder.nodes[at].state, moves).after, ladder.nodes[at].number, moves


def _another_warned(ladder: Walk) -> Moves:
    named = Ladder(ladder.fold, m.SUPERVISOR).attestable()
    press = m.pressed((Button.WARN,), Gesture.TAP)
    return (
        *m.floor(m.FIRST, m.WIDER, words="two supervisors are there"),
        *m.inside(m.FIRST, m.WIDER),
        *m.there(w.Declared(named, "note"), f"name {named}", m.WIDER),
        *m.passes(Timer.JOINED),
        *m.there(press, "tap warn", m.WIDER),
        *m.inside(m.FIRST),
    )
