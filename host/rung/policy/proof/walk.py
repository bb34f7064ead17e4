"""The walk: breadth first over classes, each by its one member, with the real `step`."""

from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import Struct

from rung import words as w
from rung.policy.decision import Step
from rung.policy.language import Policy
from rung.policy.proof import judge
from rung.policy.proof.fold import MOMENT_MS, Fold
from rung.policy.proof.judge import Account
from rung.policy.proof.moves import PRESSES, Moves
from rung.policy.proof.paths import BEGINNING, Paths
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import elapsed
from rung.policy.state import Desk
from rung.policy.step import step

MOST = 20_000  # classes in one walk: some thirty times as many as a shipped policy has, and a minute's work
WAYS = 8  # to each rung, which are played with real waits where something lapses

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
    number: int  # among the classes of all walks
    presses: dict[Moves, Happened]  # what came of each press, from the folded member
    leads: dict[Moves, int]  # to which node each move led


class Found(Struct, frozen=True):
    """Something that the walk came upon: the class where it was, and the moves from there."""

    what: str
    number: int
    moves: Moves


Check = Callable[[Happened], Iterable[tuple[str, str]]]
Ways = Callable[[State], Iterable[Way]]


class TooMany(Exception):
    """More classes than a walk may take."""


def move(policy: Policy, fold: Fold, state: State, moves: Moves) -> Iterator[Happened]:
    """Make these moves one after another, without folding between them."""
    for one in moves:
        desk, account = state.desk, state.account
        if one.timer is not None:
            desk, account = elapsed(fold.reads, desk, one.timer), judge.waited(account, one.timer)
        input = w.Tick() if one.make is None else one.make(desk)
        happened = take(policy, fold.reads, State(desk, account), input, desk.at_ms + MOMENT_MS)
        yield happened
        state = happened.after


def take(policy: Policy, reads: Reads, state: State, input: w.Input, now: int) -> Happened:
    """One real step, and what the judge hears of it."""
    made = step(policy, state.desk, input, now)
    account = judge.heard(reads, state.account, made.events) if made.events else state.account
    return Happened(policy, state, input, made, State(made.desk, account))


class Walk:
    """All classes that can be reached by ``ways`` from where it is started. ``check`` judges every single step."""

    def __init__(self, fold: Fold, ways: Ways, check: Check, paths: Paths, most: int = MOST) -> None:
        self.fold = fold
        self.policy = fold.policy
        self.ways = ways
        self.check = check
        self.paths = paths
        self.most = most
        self.nodes: list[Node] = []
        self.steps = 0
        self.taken: dict[str, list[Found]] = {}  # rungs, and the first ways to them
        self.breaches: dict[str, list[Found]] = {}  # by property
        self._known: dict[bytes, int] = {}
        self._folded: dict[bytes, int] = {}  # states as they were, and the node of their class
        self._walked = 0

    def start(self, state: State, source: int = BEGINNING, moves: Moves = ()) -> None:
        """Walk from here too, if its class is new. ``moves`` lead to it from ``source``, a class of any walk."""
        self._reach(state, source, moves)

    def run(self) -> bool:
        """Walk until nothing new is found. Was there anything to walk? Raises TooMany."""
        first = self._walked
        while self._walked < len(self.nodes):
            self._from(self._walked)
            self._walked += 1
        return self._walked > first

    def folded(self, state: State) -> State:
        return State(self.fold.desk(state.desk), judge.folded(self.fold.grounds, state.account))

    def number(self, state: State) -> int | None:
        """Of the state's class, if this walk knows it."""
        at = self._known.get(_key(self.folded(state)))
        return None if at is None else self.nodes[at].number

    def made(self, at: int, state: State, moves: Moves, before: Moves = ()) -> Happened:
        """Make these moves, in a state to which ``before`` led from a node; judge each step, and return the last.

        What is taken after ``before`` is no way to a rung: something is in the way then, or the case at another desk.
        """
        happened: Happened | None = None
        for n, happened in enumerate(move(self.policy, self.fold, state, moves), 1):
            self.steps += 1
            for rung in (e.rung for e in happened.step.events if isinstance(e, w.RungTaken) and not before):
                ways = self.taken.setdefault(rung, [])
                if len(ways) < WAYS:
                    ways.append(Found(rung, self.nodes[at].number, moves[:n]))
            for name, what in self.check(happened):
                self.breach(name, what, at, (*before, *moves[:n]))
        assert happened is not None
        return happened

    def breach(self, name: str, what: str, at: int, moves: Moves = ()) -> None:
        """Keep that these moves, from a node, breach a property."""
        self.breaches.setdefault(name, []).append(Found(what, self.nodes[at].number, moves))

    def _from(self, at: int) -> None:
        node = self.nodes[at]
        for way in self.ways(node.state):
            happened = self.made(at, way.start or node.state, way.moves)
            leads = None
            if way.start is None and _nothing_came_of(happened, node.state):
                leads = at
            elif happened.after.desk.case is not None:
                leads = self._reach(happened.after, node.number, way.moves)
            if way.start is None and way.moves in PRESSES:
                node.presses[way.moves] = happened
            if way.start is None and leads is not None:
                node.leads[way.moves] = leads

    def _reach(self, state: State, source: int, moves: Moves) -> int:
        as_it_is = _key((self.fold.reads_of(state.desk), state.account))
        at = self._folded.get(as_it_is)  # a third of them: folding is dear
        if at is None:
            at = self._folded[as_it_is] = self._at(self.folded(state))
        self.paths.lead(source, moves, self.nodes[at].number)
        return at

    def _at(self, state: State) -> int:
        """Which node has this folded state; a new one if none has."""
        key = _key(state)
        at = self._known.get(key)
        if at is None:
            if len(self.nodes) >= self.most:
                raise TooMany
            at = self._known[key] = len(self.nodes)
            self.nodes.append(Node(state, self.paths.new(), {}, {}))
        return at


def _nothing_came_of(happened: Happened, node: State) -> bool:
    """Most inputs change nothing but a lamp's flash: then the class is the same, and needs no folding."""
    before, after = node.desk, happened.after.desk
    same = after.case is before.case and after.facts is before.facts and after.alerts is before.alerts
    return same and happened.after.account is node.account
