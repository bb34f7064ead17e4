"""The second walk: an ask's whole life, from the tap to the caller's transfer or the end of it.

How an ask goes depends on what is asked, on the floor and on the phone; of the ladder only on what may be taken
meanwhile. So it is walked from one state of the ladder for each rung that asks, and for each ending that stays open.
Whatever it leaves behind must be a class that the ladder's walk knows, or is walked on from there.
"""

from collections.abc import Iterator

from rung import words as w
from rung.policy.asks import UNDER_WAY
from rung.policy.language import Policy
from rung.policy.proof import moves as m
from rung.policy.proof.looks import takes
from rung.policy.proof.timers import Timer, running
from rung.policy.proof.walk import Node, State, Walk, Way
from rung.policy.state import Phase
from rung.words import Button, CallState, EndedBy, HangUp, Outcome, Reply

BY_PERSON = (*m.TAPS.values(), m.HOLD, m.CHORD)
REPLIES = tuple(m.reply(said) for said in Reply)
COMES = tuple(m.reply(said) for said in (Reply.ACCEPT, Reply.TAKE, Reply.JOIN, Reply.GRANT, Reply.DECLINE))
LATER = (m.reply(Reply.TAKE), m.reply(Reply.DECLINE))
BY_FLOOR = (
    m.SEEN,
    m.floor(up=False),
    m.floor(words="nobody is present any more"),
    m.floor(m.BUSY, words="all are busy"),
)
BY_PHONE = (
    m.HELD,
    m.UP,
    *(m.ENDED[by] for by in (EndedBy.US, EndedBy.THEM, EndedBy.TRANSFER)),
    m.REFUSES,
    m.TELLS_ALL,
    (*m.LOST, *m.BACK, *m.TELLS_ALL),
    (*m.RESTARTED, *m.TELLS_ALL),
)
CONSULT = (
    m.consult(CallState.DIALLING, "the supervisor's phone is dialled"),
    m.consult(CallState.UP, "the supervisor answers the phone"),
    m.consult(CallState.ENDED, "the supervisor's phone is busy", by=EndedBy.THEM, outcome=Outcome.BUSY),
    m.consult(CallState.ENDED, "the consult ends by a click", by=EndedBy.US),
)
FAILED = m.phone(m.line(CallState.UP, cause="503"), "the phone: the transfer failed")
TRANSFERRING = m.phone(m.line(CallState.UP, doing="transferring"), "the phone is transferring")
COMPLETING = (FAILED, (*TRANSFERRING, *m.UP), (*TRANSFERRING, *m.passes(Timer.OVERDUE), *m.TELLS_ALL, *FAILED))
COMING = (m.inside(m.FIRST), m.inside())
TAP = m.TAPS[Button.ESCALATE]
OUT_OF_REACH = m.floor(up=False)
CANNOT_JOIN = m.of(w.PhoneIs(up=True), "the phone cannot bring anybody into a call")
CHORD_THEN = (*m.CHORD, *m.TELLS_ALL)
AS_BEFORE = (*m.floor(m.FIRST), *m.BACK, *m.UP)
OFFERED = (m.answered(True), m.answered(False))


class Asking:
    """What may happen while an ask is open."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def answers(self, state: State) -> Iterator[Way]:
        """Two groups of supervisors, until one of them takes it, or nobody does."""
        case = state.desk.case
        if case is None or case.ask is None or case.ask.taker:
            return
        for moves in (
            *BY_PERSON,
            m.TAKE_BACK,
            *BY_FLOOR,
            *REPLIES,
            *(m.reply(said, m.WIDER) for said in Reply),
            m.PANIC,
        ):
            yield Way(moves)
        for timer in running(self.policy, state.desk):
            if timer in (Timer.WIDER, Timer.IGNORED):
                yield Way(m.passes(timer))

    def life(self, state: State) -> Iterator[Way]:
        """One supervisor, or the extension, and everything that the phone may say, until the ask is over."""
        case = state.desk.case
        if case is None or case.ask is None or not case.ask.rung:
            return  # over, or by now a hand-over
        phase = case.ask.phase
        early = phase in (Phase.TELLING, Phase.HOLDING, Phase.ASKING)
        heard = (COMES if early else LATER) if state.desk.facts.floor_up else ()
        for moves in (*BY_PERSON, *heard, *BY_PHONE):
            yield Way(moves)
        if phase not in UNDER_WAY:
            yield Way(m.UNWANTED)
        if case.ask.consult or case.waiting(w.Consult) or phase == Phase.RETURNING:
            yield from (Way(moves) for moves in CONSULT)
        if phase == Phase.OFFERING:
            yield from (Way(moves) for moves in OFFERED)
        if phase == Phase.COMPLETING:
            yield from (Way(moves) for moves in COMPLETING)
        if case.waiting(w.Join) or case.joined:
            yield from (Way(moves) for moves in COMING)
        if not case.ask.taker or phase == Phase.ANSWERED:
            yield Way(m.floor(up=False))
        for timer in running(self.policy, state.desk):
            if timer == Timer.OVERDUE:  # nobody knows any more what came of it: the phone is asked, and tells
                yield from (Way((*m.passes(timer), *more)) for more in (m.TELLS_ALL, m.TELLS_NONE, CHORD_THEN))
            elif isinstance(timer, Timer) and timer not in (Timer.WIDER, Timer.TALK, Timer.JOINED):
                yield Way(m.passes(timer))  # what lapses meanwhile is the ladder's own


def ask(ladder: Walk, answers: Walk, life: Walk) -> None:
    """Start both walks with each rung that asks, under each floor and with each phone that makes a difference."""
    known: set[tuple[str, bool]] = set()
    for at, node in enumerate(ladder.nodes):
        tapped = node.presses[TAP].step.events
        rung = next((e.rung for e in tapped if isinstance(e, w.RungTaken)), None)
        if rung is None or node.state.desk.case is None or node.state.desk.case.announcement is not None:
            continue
        key = (rung, takes(node.presses[m.TAPS[Button.RELEASE]]))  # an ending may stay open meanwhile
        if key in known:
            continue
        known.add(key)
        answers_to = (m.floor(m.FIRST, m.WIDER, words="two supervisors are there"),)
        others: tuple[m.Moves, ...] = (OUT_OF_REACH,) if ladder.policy.find(rung).does == "transfer" else (CANNOT_JOIN,)
        if any(known_rung == rung for known_rung, _ in known - {key}):
            others = ()  # with the ending open, once is enough
        for walk, facts in ((answers, answers_to), (life, ((), *others))):
            for fact in facts:
                made = ladder.made(at, node.state, (*fact, *TAP))
                walk.start(made.after, node.number, (*fact, *TAP))


def settle(walk: Walk, ladder: Walk) -> None:
    """Whatever an ask has left behind is a state of the ladder, once floor and phone are as they were."""
    for at, node in enumerate(walk.nodes):
        case = node.state.desk.case
        if case is None or case.ask is not None or case.waiting(HangUp):
            continue
        moves = (*m.REFUSES, *AS_BEFORE) if case.pending else AS_BEFORE
        ladder.start(walk.made(at, node.state, moves).after, node.number, moves)


def endless(walk: Walk) -> Iterator[int]:
    """The states of an open ask that neither time, nor the phone's obedience, nor taking it back brings to an end."""
    ends = {at for at, node in enumerate(walk.nodes) if not node.leads or _over(node)}
    back: dict[int, list[int]] = {}
    for at, node in enumerate(walk.nodes):
        for moves, to in node.leads.items():
            if moves in (m.UP, m.TELLS_ALL, m.CHORD) or moves[0].timer is not None:
                back.setdefault(to, []).append(at)
    ahead = list(ends)
    while ahead:
        for at in back.get(ahead.pop(), ()):
            if at not in ends:
                ends.add(at)
                ahead.append(at)
    yield from (at for at in range(len(walk.nodes)) if at not in ends)


def _over(node: Node) -> bool:
    case = node.state.desk.case
    return case is None or case.ask is None
