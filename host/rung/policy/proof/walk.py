"""The walk: breadth first over classes, each by its one member, with the real `step`.

Breadth first, so that the first way found to a class is a shortest one, and a breach comes with its shortest sequence.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.step import step
from rung.policy.decision import Step
from rung.policy.language import Policy
from rung.policy.proof import judge
from rung.policy.proof.fold import MOMENT_MS, Fold
from rung.policy.proof.judge import Account
from rung.policy.proof.moves import Move, Moves
from rung.policy.proof.timers import elapsed
from rung.policy.state import Desk

_key = msgspec.msgpack.Encoder().encode


class State(Struct, frozen=True):
    """A desk, and what the judge knows of its call."""

    desk: Desk
    account: Account


class Happened(Struct, frozen=True):
    """One input, and what came of it."""

    policy: Policy
    before: State
    input: w.Input
    step: Step
    after: State  # not folded


class Way(Struct, frozen=True):
    """Something that may happen in a state. ``start``: in another member of its class than the folded one."""

    moves: Moves
    start: State | None = None


class Node(Struct):
    state: State
    parent: int | None  # the node from which it was first reached
    moves: Moves  # and how
    ways: dict[Moves, Happened]  # what came of each, from the folded member
    leads: dict[Moves, int]  # and to which node


Check = Callable[[Happened], Iterable[tuple[str, str]]]
Ways = Callable[[State], Iterable[Way]]


class TooMany(Exception):
    """More classes than the walk may take."""


class Breach(Struct, frozen=True):
    """A property that does not hold: what happened, and the moves that lead there."""

    property: str
    what: str
    words: tuple[str, ...]


def move(policy: Policy, fold: Fold, state: State, moves: Moves) -> Iterator[Happened]:
    """Make these moves one after another, without folding between them."""
    for one in moves:
        desk, account = state.desk, state.account
        if one.timer is not None:
            desk, account = elapsed(policy, desk, one.timer), judge.waited(policy, account, one.timer)
        input = w.Tick() if one.make is None else one.make(desk)
        made = step(policy, desk, input, desk.at_ms + MOMENT_MS)
        after = State(made.desk, judge.heard(fold.reads, account, made.events) if made.events else account)
        yield Happened(policy, State(desk, account), input, made, after)
        state = after


class Walk:
    """All classes that can be reached from ``starts`` by ``ways``. ``check`` judges every single step."""

    def __init__(self, fold: Fold, ways: Ways, check: Check, most: int) -> None:
        self.fold = fold
        self.policy = fold.policy
        self.ways = ways
        self.check = check
        self.most = most
        self.nodes: list[Node] = []
        self.steps = 0
        self.breaches: dict[str, Breach] = {}
        self._known: dict[bytes, int] = {}

    def folded(self, state: State) -> State:
        return State(self.fold.desk(state.desk), judge.folded(self.fold.grounds, state.account))

    def run(self, starts: Iterable[tuple[State, Moves]]) -> None:
        """Walk until nothing new is found. Raises TooMany."""
        for start, moves in starts:
            self._reach(self.folded(start), None, moves)
        at = 0
        while at < len(self.nodes):
            self._from(at)
            at += 1

    def _from(self, at: int) -> None:
        node = self.nodes[at]
        for way in self.ways(node.state):
            happened = None
            for happened in move(self.policy, self.fold, way.start or node.state, way.moves):
                self.steps += 1
                for name, what in self.check(happened):
                    self.breach(name, what, at, way.moves)
            if happened is None:
                continue
            leads = None
            if happened.after.desk.case is not None:
                leads = self._reach(self.folded(happened.after), at, way.moves)
            if way.start is None:
                node.ways[way.moves] = happened
                if leads is not None:
                    node.leads[way.moves] = leads

    def _reach(self, state: State, parent: int | None, moves: Moves) -> int:
        key = _key(state)
        known = self._known.get(key)
        if known is not None:
            return known
        if len(self.nodes) >= self.most:
            raise TooMany
        self._known[key] = len(self.nodes)
        self.nodes.append(Node(state, parent, moves, {}, {}))
        return len(self.nodes) - 1

    def knows(self, state: State) -> bool:
        """Is the class of this state among those that were walked?"""
        return _key(self.folded(state)) in self._known

    def breach(self, name: str, what: str, at: int, moves: Moves = ()) -> None:
        """Keep the first breach of each property: no other has a shorter way."""
        self.breaches.setdefault(name, Breach(name, what, (*self.path(at), *(m.words for m in moves))))

    def path(self, at: int | None) -> tuple[str, ...]:
        """The words of the moves that first led to a node."""
        words: list[str] = []
        while at is not None:
            node = self.nodes[at]
            words[:0] = [m.words for m in node.moves]
            at = node.parent
        return tuple(words)
