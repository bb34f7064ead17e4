"""The first walk: one person with one caller, the whole ladder of their role, and every way in which an ask may end."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from rung import words as w
from rung.policy.language import Policy
from rung.policy.proof import moves as m
from rung.policy.proof.fold import MOMENT_MS, NOW_MS, Fold, said_of
from rung.policy.proof.grounds import Declared, Said
from rung.policy.proof.judge import Account, heard
from rung.policy.proof.moves import Moves
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import Lapse, Timer, running
from rung.policy.proof.walk import State, Way
from rung.policy.state import Case, Declaration, Desk
from rung.policy.step import step
from rung.words import Button, CallState, EndedBy, Ground, HangUp, Reply, Role, Want

QUICK = (Reply.GRANT, Reply.DENY, Reply.DECLINE, Reply.ADVISE, Reply.BUSY)  # replies after which no phone rings


def begun(policy: Policy, role: Role = Role.AGENT, trained: bool = True) -> State:
    """A call has just come up: the agent sits here, a supervisor is free, the phone can bring one in."""
    desk, account = Desk(at_ms=NOW_MS), Account()
    reads = Reads(policy, *Role)
    person = m.AGENT if role == Role.AGENT else m.SUPERVISOR
    for input in (
        w.SignedOn(person, role, trained),
        w.FloorIs(up=True, present=(m.FIRST,) if role == Role.AGENT else (), desks=m.DESKS, extension=m.EXTENSION),
        w.PhoneIs(up=True, can=m.CAN),
        w.CallsAre(()),
        w.CallIs(m.line(CallState.UP)),
    ):
        made = step(policy, desk, input, desk.at_ms + MOMENT_MS)
        desk, account = made.desk, heard(reads, account, made.events)
    return State(desk, account)


class Ladder:
    """What may happen to a person with a caller, as far as the ladder goes."""

    def __init__(self, fold: Fold, person: str = m.AGENT) -> None:
        self.fold = fold
        self.person = person
        self.policy = fold.policy
        self.warned = self._warned()
        self.attests = "not_necessary" in fold.reads.flags(False)

    def attestable(self) -> Ground:
        """A ground that opens a supervisor's warning."""
        wanted = [need.attested for r in self.policy.rung if r.role == Role.SUPERVISOR for need in r.requires]
        sets = [self.policy.ground_set(grounds) for grounds in wanted if grounds is not None]
        return next((g for found in sets for g in Ground if g in found), Ground.UNNAMED)

    def _warned(self) -> Moves:
        """A supervisor comes into the call, hears it, warns, takes back what they had named, and leaves."""
        named = self.attestable()
        heard = (*m.inside(m.FIRST), *m.it_declares(named), *m.passes(Timer.JOINED), *m.ITS_TAPS[Button.WARN])
        return (*heard, *m.it_takes_back(named), *m.inside())

    def ways(self, state: State) -> Iterator[Way]:
        case = state.desk.case
        assert case is not None
        for moves in self._moves(state.desk, case):
            yield Way(moves)
        if case.waiting(HangUp) is None:
            yield from self.taken_back(state)

    def _moves(self, desk: Desk, case: Case) -> Iterator[Moves]:
        yield from m.TAPS.values()
        yield m.HOLD
        if case.waiting(HangUp):
            yield from ENDING
            return
        if case.announcement is not None:
            yield m.LATE
            yield m.ALIEN
        for timer in running(self.policy, desk):
            if timer not in (Timer.TELL, Timer.WIDER, Timer.IGNORED):  # the asks' own walk takes these
                yield m.passes(timer)
            if isinstance(timer, Lapse):  # the fold forgets what has lapsed: does the step forget it as well?
                yield from ((*m.passes(timer), *press) for press in (*m.TAPS.values(), m.HOLD))
        unnamed = any(d.ground == Ground.UNNAMED for d in case.grounds)
        for ground, *others in self.fold.reads.classes:
            yield m.declare(ground)
            if unnamed and others:
                yield m.declare(others[0])  # it names the `unnamed`, and does not touch the first of its class
        yield m.CALMED
        if self.attests:
            yield m.ATTEST
        if case.leave is not None:
            yield m.WITHDRAWS
        if case.unavailable:
            yield m.COMES_FREE
        if self.fold.reads.persisted and case.counted_ms is None and self.person == m.AGENT and case.ask is None:
            yield self.warned  # by a supervisor who is gone again: the agent has not warned, and yet the wait has begun
        if case.ask is not None:
            yield from _outcomes(case.ask.want)

    def taken_back(self, state: State, back: Callable[[Ground], Moves] = m.take_back) -> Iterator[Way]:
        """Grounds are taken back: in the folded member, and in others where more had been declared than now counts."""
        case = state.desk.case
        assert case is not None
        found: set[Said] = set()
        for start, said in self._members(state):
            for d in (d for d in said.declared if d.person == self.person):
                left = self.fold.grounds.fold(Said(tuple(k for k in said.declared if k != d), said.marks))
                if left not in found:
                    found.add(left)
                    yield Way(back(d.ground), start)

    def _members(self, state: State) -> Iterator[tuple[State | None, Said]]:
        """Members of the state's class: its own, and with one more declaration that changes no answer."""
        case, account = state.desk.case, state.account
        assert case is not None
        said = said_of(self.fold.reads, case)
        own = self.fold.grounds.fold(said)
        yield None, own
        places = [at for _, at in account.said.marks] + [d.at for d in account.said.declared]
        instants = [(0, -1), *((at, account.said.mark(name) or -1) for name, at in said.marks)]
        for ground in (g for members in self.fold.reads.classes for g in members[:2] if g != Ground.UNNAMED):
            if any((d.ground, d.person) == (ground, self.person) for d in own.declared):
                continue
            for at_ms, place in (*instants, (NOW_MS, 1 + max(places, default=0))):
                more = Said((*said.declared, Declared(ground, self.person, at_ms)), said.marks)
                if self.fold.grounds.fold(more) == own:
                    yield _with(state, ground, self.person, at_ms, place), more


def _with(state: State, ground: Ground, person: str, at_ms: int, place: int) -> State:
    """The same state with one more declaration, made at this instant."""
    case, account = state.desk.case, state.account
    assert case is not None
    desk = replace(state.desk, case=replace(case, grounds=(*case.grounds, Declaration(ground, person, at_ms))))
    said = Said((*account.said.declared, Declared(ground, person, place)), account.said.marks)
    return State(desk, replace(account, said=said))


def _outcomes(want: Want) -> Iterator[Moves]:
    """Every outcome of an ask, each by its shortest way; the asks' own walk takes the long ones."""
    for said in QUICK:
        yield m.reply(said)
    yield m.TAKE_BACK
    yield m.UNWANTED
    yield (*m.RESTARTED, *m.TELLS_ALL)
    # a technical failure
    yield (*(m.passes(Timer.TELL) if want == Want.TRANSFER else m.reply(Reply.TAKE)), *m.REFUSES)


# What the phone may say to a hang-up.
ENDING = (
    m.ENDED[EndedBy.US],
    m.ENDED[EndedBy.THEM],
    m.REFUSES,
    (*m.passes(Timer.OVERDUE), *m.TELLS_ALL),
    (*m.passes(Timer.OVERDUE), *m.TELLS_NONE),
)
