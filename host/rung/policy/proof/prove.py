"""The whole proof of one policy, and what it came to."""

import gc
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain

from msgspec import Struct

from rung.policy import phrases
from rung.policy.language import Policy, Rung, version_of
from rung.policy.proof import asking, company, disturbed, handover, looks, properties
from rung.policy.proof import moves as m
from rung.policy.proof.fold import Fold
from rung.policy.proof.ladder import Ladder, begun
from rung.policy.proof.moves import Moves
from rung.policy.proof.paths import Paths
from rung.policy.proof.properties import SENTENCES
from rung.policy.proof.reads import Reads
from rung.policy.proof.walk import MOST, Found, State, TooMany, Walk
from rung.policy.proof.witness import Breach, shortest, takes
from rung.words import Role

LADDER = "the agent's ladder"
ANSWERS = "an ask, who answers"
LIFE = "an ask, by phone"
IN_THE_WAY = "with something in the way"
UNTRAINED = "an agent without a valid training"
ALARM = "supervisors alerted"
COMPANY = "a supervisor in the agent's call"
OWN_DESK = "a supervisor's own desk"
OWN_UNTRAINED = "a supervisor without a valid training"
HANDED = "handed over and back"


class Walked(Struct, frozen=True):
    """One walk: how many classes of state it has found, and how many steps it has made."""

    name: str
    states: int
    steps: int


class Proof(Struct, frozen=True):
    """What was told apart, what was walked, and each property that does not hold."""

    policy: str
    version: str
    fold: tuple[str, ...]
    walked: tuple[Walked, ...]
    breaches: tuple[Breach, ...]  # at most one a property, with the shortest sequence
    too_many: str = ""  # the walk that was given up, for it found more classes than it may

    @property
    def holds(self) -> bool:
        return not self.breaches and not self.too_many

    def breach(self, name: str) -> Breach | None:
        return next((b for b in self.breaches if b.name == name), None)


def prove(policy: Policy, most: int = MOST) -> Proof:
    """Walk everything that the policy tells apart. ``most``: classes that one walk may find before it gives up."""
    collects = gc.isenabled()
    gc.disable()  # the walk makes no cycles, and keeps what it makes until it is over: looking for some costs a third
    try:
        return Walks(policy, most).proof()
    finally:
        if collects:
            gc.enable()


class Walks:
    """The walks of one policy. `proof` makes them all, one after another, and tells what came of them."""

    def __init__(self, policy: Policy, most: int = MOST) -> None:
        self.policy = policy
        agents, supervisors = Reads(policy, Role.AGENT), Reads(policy, Role.SUPERVISOR)
        ladders, calls, hers = Fold(agents, alerts=False), Fold(agents, alerts=True), Fold(supervisors, alerts=False)
        asks = asking.Asking(policy)
        self.reads = agents, supervisors
        self.paths = Paths()
        self.ladder = Walk(ladders, Ladder(ladders).ways, properties.of_step, self.paths, most)
        self.answers = Walk(ladders, asks.answers, properties.of_step, self.paths, most)
        self.life = Walk(ladders, asks.life, properties.of_step, self.paths, most)
        self.untrained = Walk(ladders, Ladder(ladders).ways, properties.of_step, self.paths, most)
        self.alarm = Walk(calls, company.Company(calls).alarm, properties.of_step, self.paths, most)
        self.acts = Walk(hers, company.Company(hers).acts, properties.of_step, self.paths, most)
        self.supervisor = Walk(hers, Ladder(hers, m.SUPERVISOR).ways, properties.of_step, self.paths, most)
        self.own_untrained = Walk(hers, Ladder(hers, m.SUPERVISOR).ways, properties.of_step, self.paths, most)
        self.parts: dict[str, tuple[Walk, Callable[[], int | None]]] = {
            LADDER: (self.ladder, self._ladder),
            ANSWERS: (self.answers, self._answers),
            LIFE: (self.life, self._life),
            IN_THE_WAY: (self.ladder, self._disturbed),
            **({UNTRAINED: (self.untrained, self._untrained)} if agents.trained else {}),
            ALARM: (self.alarm, self._alarm),
            COMPANY: (self.acts, self._acts),
            OWN_DESK: (self.supervisor, self._supervisor),
            **({OWN_UNTRAINED: (self.own_untrained, self._own_untrained)} if supervisors.trained else {}),
            HANDED: (self.ladder, self._handed),
        }

    def proof(self, *only: str) -> Proof:
        """Make all walks, or ``only`` these; each needs the agent's ladder, and an ask's life its answers."""
        walked: list[Walked] = []
        too_many = ""
        parts = {name: part for name, part in self.parts.items() if not only or name in only}
        for name, (walk, part) in parts.items():
            states, steps = len(walk.nodes), walk.steps
            try:
                more = part()
            except TooMany:
                too_many = name
                break
            walked.append(Walked(name, len(walk.nodes) - states if more is None else more, walk.steps - steps))
        found: dict[str, list[Breach]] = {}
        for name, ways in ((name, ways) for walk in self._walks for name, ways in walk.breaches.items()):
            found.setdefault(name, []).extend(Breach(name, one.what, self._way(one)) for one in ways)
        told = {name: shortest(self.policy, ways, self._dead) for name, ways in found.items()}
        if not too_many and not only and properties.DEAD_END not in told:
            told |= {breach.name: breach for breach in self._in_vain()}
        return Proof(
            policy=self.policy.name,
            version=version_of(self.policy),
            fold=tuple(told_apart(*self.reads)),
            walked=tuple(walked),
            breaches=tuple(told[name] for name in SENTENCES if name in told),
            too_many=too_many,
        )

    @cached_property
    def _shortest(self) -> dict[int, Moves]:
        """To each class; only a breach asks for it, or what lapses, once everything is walked."""
        return self.paths.shortest()

    @cached_property
    def _walks(self) -> list[Walk]:
        return list(dict.fromkeys(walk for walk, _ in self.parts.values()))

    def _dead(self, state: State) -> set[str]:
        """What a dead end this state is, as some walk found of its class."""
        numbers = {number for walk in self._walks if (number := walk.number(state)) is not None}
        found = (one for walk in self._walks for one in walk.breaches.get(properties.DEAD_END, ()))
        return {one.what for one in found if one.number in numbers}

    def _way(self, found: Found) -> Moves:
        return (*self._shortest[found.number], *found.moves)

    def _ladder(self) -> None:
        self.ladder.start(begun(self.policy))
        known = 0
        while self._whole(self.ladder):
            known, first = len(self.ladder.nodes), known
            for state, source, moves in tuple(handover.given_back(self.ladder, first)):
                self.ladder.start(state, source, moves)

    def _whole(self, walk: Walk) -> bool:
        """Walk everything that one person may do with a caller: then it can be told whether they have a way on.

        Was there anything to walk?
        """
        if not walk.run():
            return False
        self._look(walk)
        for at, what in looks.stuck(walk):
            walk.breach(properties.DEAD_END, what, at)
        return True

    def _look(self, walk: Walk) -> None:
        for at, node in enumerate(walk.nodes):
            for name, what in looks.of_node(self.policy, node):
                walk.breach(name, what, at)

    def _answers(self) -> None:
        asking.ask(self.ladder, self.answers, self.life)
        self.answers.run()
        self._ended(self.answers)

    def _life(self) -> None:
        self.life.run()
        self._ended(self.life)

    def _ended(self, walk: Walk) -> None:
        self._look(walk)
        for at in asking.endless(walk):
            walk.breach(properties.DEAD_END, "an ask is open, and nothing brings it to an end", at)
        asking.settle(walk, self.ladder)
        self._whole(self.ladder)

    def _disturbed(self) -> int:
        disturbed_states = disturbed.disturb(self.ladder)
        self.ladder.run()
        return disturbed_states

    def _untrained(self) -> None:
        self._expired(self.ladder, disturbed.UNTRAINED, self.untrained)

    def _own_untrained(self) -> None:
        self._expired(self.supervisor, disturbed.UNTRAINED_SUPERVISOR, self.own_untrained)

    def _expired(self, ladder: Walk, expired: Moves, walk: Walk) -> None:
        for state, source in disturbed.untrained(ladder, expired):
            walk.start(state, source, expired)
        self._whole(walk)

    def _alarm(self) -> None:
        for state, source, moves in company.floors(self.ladder):
            self.alarm.start(state, source, moves)
        self.alarm.run()
        self._look(self.alarm)

    def _acts(self) -> None:
        for state, source, moves in company.joined(self.ladder):
            self.acts.start(state, source, moves)
        self.acts.run()
        self._look(self.acts)

    def _supervisor(self) -> None:
        self.supervisor.start(begun(self.policy, Role.SUPERVISOR))
        self._whole(self.supervisor)

    def _handed(self) -> int:
        return handover.hand_over(self.ladder)

    def _in_vain(self) -> Iterator[Breach]:
        """A rung that nothing leads to; or, where something lapses, no way that the walks went, with real waits."""
        lapses = any(rung.lapses_after is not None for rung in self.policy.rung)
        for rung in self.policy.rung:
            found = [one for walk in self._walks for one in walk.taken.get(rung.id, ())]
            ways = sorted(map(self._way, found), key=len) if lapses else []
            if not found:
                why = f"can never be taken: {self._why_never(rung)}"
            elif never := looks.never(self._walks, rung):
                opens = "; ".join(phrases.parts(self.policy, rung, never))
                why = f"can never be taken in one of its ways: no sequence of presses brings about {opens}"
            elif ways and not any(takes(self.policy, rung.id, way) for way in chain(ways, *map(again, ways))):
                why = "is not reached in time: what it needs has lapsed; let it lapse later"
            else:
                continue
            what = f"“{rung.title}” ({rung.id}) {why}"
            yield Breach(properties.DEAD_END, what, ways[0] if ways else ())
            return

    def _why_never(self, rung: Rung) -> str:
        before = next((first for walk in self._walks for first in looks.instead(walk, rung)), "")
        if before:
            return f"whenever it is open, so is “{self.policy.find(before).title}”, which {rung.button} takes first"
        return f"no sequence of presses brings about {phrases.opens(self.policy, rung)}"


def again(way: Moves) -> Iterator[Moves]:
    """The same with one step of it taken once more, later: what lapses may have to be."""
    for n, move in enumerate(way):
        if (move,) in m.TAPS.values():
            yield from ((*way[:later], move, *way[later:]) for later in range(n + 1, len(way)))


def told_apart(agents: Reads, supervisors: Reads) -> Iterator[str]:
    """What the fold keeps, in words."""
    for who, reads in (("agent", agents), ("supervisor", supervisors)):
        classes = [", ".join(members) for members in reads.classes]
        yield f"grounds, for the {who}: {' | '.join(classes)}"
    for reads in (agents,):
        kept = sorted(reads.rungs)
        yield f"rungs whose being taken is read: {', '.join(kept) or 'none'}"
        flags = [*sorted(reads.flags(False)), *(["leave"] if reads.leave else [])]
        yield f"also read: {', '.join(flags) or 'nothing'}"
    times = agents.policy.times
    yield f"each wait, passed or not: wait {times.wait:g} s, say {times.say_time:g} s, answer {times.answer_within:g} s"
