"""A breach is played once more: from the beginning of a call, with real waits, and without any fold.

The walk lets each wait run out before any other, so it may find what no real call can come to. What is told of a breach
says whether it came about here as well, and leaves out whatever it comes about without.
"""

from collections.abc import Callable, Collection

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.lamps import next_change
from rung.policy.language import Policy
from rung.policy.proof import judge, looks, properties
from rung.policy.proof.fold import MOMENT_MS
from rung.policy.proof.handover import HANDED_BACK, TRIPS, has_again, received
from rung.policy.proof.judge import Account
from rung.policy.proof.ladder import begun
from rung.policy.proof.moves import PRESSES, Move, Moves
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import Wait, running, wait_ms
from rung.policy.proof.walk import Happened, Node, State, take
from rung.words import Role

TRIED = 50  # of a property's breaches, the shortest first, until one comes about

# These compare whole states with each other: no single sequence shows them.
COMPARED = frozenset({properties.DANGER, properties.HAND_OVER})

# Said of a breach that does not come about when it is played.
TOO_COARSE = "too coarse for this ladder; simplify it, or report it as a fault of Rung"


class Breach(Struct, frozen=True):
    """A property that does not hold: what happened, and the moves that lead there."""

    name: str  # of the property
    what: str
    moves: Moves
    played: bool | None = None  # does it come about with real waits? None: it was not played

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(one.words for one in self.moves)


Dead = Callable[[State], Collection[str]]  # what the walks found a state to be a dead end for


def shortest(policy: Policy, breaches: list[Breach], dead: Dead = lambda state: ()) -> Breach:
    """Of these breaches of one property, the one of the fewest moves that comes about; else the one of the fewest."""
    breaches = sorted(breaches, key=lambda breach: len(breach.moves))
    if breaches[0].name in COMPARED:
        return breaches[0]
    real = next((breach for breach in breaches[:TRIED] if _whats(policy, breach, dead)), None)
    return replace(breaches[0], played=False) if real is None else replace(_needed(policy, real, dead), played=True)


def takes(policy: Policy, rung: str, moves: Moves) -> bool:
    """Does playing these moves, at an agent's desk or a supervisor's, take that rung?"""
    return any(rung in _Played(policy, role, moves).taken for role in Role)


def _whats(policy: Policy, breach: Breach, dead: Dead) -> set[str]:
    """What breaches that very property when these moves are played, at an agent's desk or a supervisor's."""
    played = [_Played(policy, role, breach.moves) for role in Role]
    if breach.name == properties.DEAD_END:
        return {what for one in played for what in dead(one.state)}
    return {what for one in played for name, what in one.broken if name == breach.name}


def _needed(policy: Policy, breach: Breach, dead: Dead) -> Breach:
    """The same breach without every move that it comes about without."""
    whats = _whats(policy, breach, dead)
    for n in reversed(range(len(breach.moves))):
        without = replace(breach, moves=breach.moves[:n] + breach.moves[n + 1 :])
        if _whats(policy, without, dead) == whats:
            breach = without
    return breach


class _Played:
    """What these moves break and take, played from the beginning of a call at an agent's desk, or a supervisor's."""

    def __init__(self, policy: Policy, role: Role, moves: Moves) -> None:
        self.policy = policy
        self.reads = Reads(policy, *Role)
        self.state = begun(policy, role)
        self.broken: set[tuple[str, str]] = set()  # properties, and what breaks them
        self.taken: set[str] = set()
        self._all(moves)

    def _all(self, moves: Moves) -> None:
        while moves:
            over, these = next(((over, trip) for over, trip in TRIPS if moves[: len(trip)] == trip), ((), moves[:1]))
            if over:
                if not self._over_and_back(over):
                    return
            else:
                self._play(self.state, these)
            moves = moves[len(these) :]
        if self.state.desk.case is not None:
            self._look()

    def _over_and_back(self, moves: Moves) -> bool:
        """By these moves a supervisor takes the call that was asked for, and hands it back. Did that come about?"""
        asked = self.state
        if asked.account.asking is None or asked.desk.case is None or asked.desk.case.ask is None:
            return False
        over = received(self.policy, self._play(asked, moves), Role.SUPERVISOR)
        back = over and received(self.policy, self._play(State(over, Account()), HANDED_BACK), Role.AGENT)
        if back is None or back.case is None:
            return False
        self.state = has_again(asked, back)
        return True

    def _play(self, state: State, moves: Moves) -> Happened:
        """These moves from that state, with real waits; what came of the last."""
        self.state = state
        for move in moves:
            now = self.state.desk.at_ms
            happened = self._step(move, now + MOMENT_MS) if move.timer is None else self._wait(move.timer)
        return happened

    def _wait(self, timer: Wait) -> Happened:
        """Let time pass until this wait has, with a tick whenever something changes by it."""
        until = self.state.desk.at_ms + wait_ms(self.policy, timer)
        happened = self._step(None, self.state.desk.at_ms)
        while self.state.desk.at_ms < until and timer in running(self.policy, self.state.desk):
            due = next_change(self.policy, self.state.desk)
            happened = self._step(None, until if due is None else min(due, until))
        return happened

    def _step(self, move: Move | None, now: int) -> Happened:
        happened = self._made(move, now)
        self.state = happened.after
        self.broken |= set(properties.of_step(happened))
        self.taken |= {event.rung for event in happened.step.events if isinstance(event, w.RungTaken)}
        return happened

    def _made(self, move: Move | None, now: int) -> Happened:
        """One move at this instant. The judge is told first which waits have passed until then."""
        desk, account = self.state.desk, self.state.account
        later = set(running(self.policy, replace(desk, at_ms=now)))
        for over in (wait for wait in running(self.policy, desk) if wait not in later):
            account = judge.waited(account, over)
        input = w.Tick() if move is None or move.make is None else move.make(desk)
        return take(self.policy, self.reads, State(desk, account), input, now)

    def _look(self) -> None:
        """Press everything, each from the state that was reached."""
        presses = {moves: self._made(moves[0], self.state.desk.at_ms + MOMENT_MS) for moves in PRESSES}
        self.broken |= set(looks.of_node(self.policy, Node(self.state, 0, presses, {})))
