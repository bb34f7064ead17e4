"""A breach is played once more: from the beginning of a call, with real waits, and without any fold.

The walk lets each wait run out before any other, so it may find what no real call can come to. What is told of a breach
says whether it came about here as well.
"""

from msgspec.structs import replace

from rung import words as w
from rung.policy.lamps import next_change
from rung.policy.language import Policy
from rung.policy.proof import judge, looks, properties
from rung.policy.proof.fold import MOMENT_MS
from rung.policy.proof.ladder import begun
from rung.policy.proof.moves import HAND_BACK, PRESSES, Move, Moves
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import Wait, running, wait_ms
from rung.policy.proof.walk import Breach, Happened, Node, State, take
from rung.words import Role

# These compare whole states with each other: no single sequence shows them.
COMPARED = frozenset({properties.DEAD_END, properties.DANGER, properties.HAND_OVER})

# Said of a breach that does not come about when it is played.
TOO_COARSE = "too coarse for this ladder; simplify it, or report it as a fault of Rung"


def comes_about(policy: Policy, breach: Breach) -> bool | None:
    """Does playing these moves, at an agent's desk or a supervisor's, breach that very property?

    None: it is not played, see COMPARED; nor is what goes by another desk and back.
    """
    if breach.name in COMPARED or HAND_BACK[0] in breach.moves:
        return None
    return any(breach.name in _Played(policy, role, breach.moves).broken for role in Role)


def takes(policy: Policy, rung: str, moves: Moves) -> bool:
    """Does playing these moves, at an agent's desk or a supervisor's, take that rung? By another desk: believed."""
    return HAND_BACK[0] in moves or any(rung in _Played(policy, role, moves).taken for role in Role)


class _Played:
    def __init__(self, policy: Policy, role: Role, moves: Moves) -> None:
        self.policy = policy
        self.reads = Reads(policy, *Role)
        self.state = begun(policy, role)
        self.broken: set[str] = set()
        self.taken: set[str] = set()
        for move in moves:
            if move.timer is not None:
                self._wait(move.timer)
            else:
                self._step(move, self.state.desk.at_ms + MOMENT_MS)
        if self.state.desk.case is not None:
            self._look()

    def _step(self, move: Move | None, now: int) -> Happened:
        """One move at this instant. The judge is told first which waits have passed until then."""
        desk, account = self.state.desk, self.state.account
        later = set(running(self.policy, replace(desk, at_ms=now)))
        for over in (wait for wait in running(self.policy, desk) if wait not in later):
            account = judge.waited(account, over)
        input = w.Tick() if move is None or move.make is None else move.make(desk)
        happened = take(self.policy, self.reads, State(desk, account), input, now)
        self.state = happened.after
        self.broken |= {name for name, _ in properties.of_step(happened)}
        self.taken |= {event.rung for event in happened.step.events if isinstance(event, w.RungTaken)}
        return happened

    def _wait(self, timer: Wait) -> None:
        """Let time pass until this wait has, with a tick whenever something changes by it."""
        until = self.state.desk.at_ms + wait_ms(self.policy, timer)
        while self.state.desk.at_ms < until and timer in running(self.policy, self.state.desk):
            due = next_change(self.policy, self.state.desk)
            self._step(None, until if due is None else min(due, until))

    def _look(self) -> None:
        """Press everything, each from the state that was reached."""
        reached, presses = self.state, {}
        for moves in PRESSES:
            presses[moves] = self._step(moves[0], reached.desk.at_ms + MOMENT_MS)
            self.state = reached
        node = Node(reached, None, (), presses, {})
        self.broken |= {name for name, _ in looks.of_node(self.policy, node)}
