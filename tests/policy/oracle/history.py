"""The plain history of a call, what happened at the edges and what the desk wrote, and finding things in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import get_args

from rung import words as w
from rung.words import CallState, Role

WAIT, SAY, MET, ANNOUNCED, ANSWER, WIDEN = 5000, 4000, 3000, 60_000, 30_000, 12_000  # ms, as the practice tells them
EVENTS = frozenset(get_args(w.Event))
TURNS = frozenset({w.CaseOpened, w.CaseTurnedTo, w.CaseArrived})  # after these the desk is on this case


class Afresh:
    """What follows happens at a desk that knows nothing yet: the bridge was restarted, or the call came to another."""


Entry = tuple[int, object]  # when (ms), and an input, an event, or `Afresh`


@dataclass(frozen=True)
class Who:
    """Somebody who acts: who sits here, or a person at another desk."""

    id: str | None = None
    role: Role = Role.AGENT
    trained: bool = False
    here: bool = True


class Look:
    """One look through the history, for one question at one moment; what it has found it keeps only so long."""

    def __init__(self, policy: str, history: list[Entry], now: int, lapses: dict[str, int] | None = None) -> None:
        self.policy, self.history, self.now = policy, history, now
        self.edge = now  # when the button that is asked about was let go
        self.lapses = lapses or {}  # a floor may let a rung lapse: after so many ms it counts as not taken
        cases, present = all_cases(history)
        self.case = present
        self.call = cases.get(present, []) if present else []  # (when, event) of the present case; empty: there is none
        self._kinds = {type(thing) for _, thing in self.call}

    def before(self, length: int) -> "Look":
        """The same look when the history was only so long."""
        return Look(self.policy, self.history[:length], self.history[length - 1][0], self.lapses)

    def on_each_call(self) -> "Iterator[Look]":
        """The same look for each call of this desk, that on which it is and those on hold."""
        for case, written in all_cases(self.history)[0].items():
            turns = (w.CaseOpened, w.CaseReceived, w.CaseArrived, w.CaseClosed)
            begins = [e for _, e in written if isinstance(e, turns)]
            if begins and isinstance(begins[-1], w.CaseOpened | w.CaseArrived):
                look = Look(self.policy, self.history, self.now, self.lapses)
                look.case, look.call, look._kinds = case, written, {type(thing) for _, thing in written}
                yield look

    def last_step(self) -> list[object]:
        """What was written since the last input."""
        return [thing for _, thing in takewhile(lambda entry: type(entry[1]) in EVENTS, reversed(self.history))]

    def of(self, *kinds: type) -> list[tuple[int, object]]:
        """Everything of these kinds that was written of this case, in order."""
        wanted = self._kinds.intersection(kinds)
        return [entry for entry in self.call if type(entry[1]) in wanted] if wanted else []

    # -- what is known at the edges, from the newest back --------------------------------------------------------------

    def backwards(self) -> Iterator[object]:
        """What this desk has been told, newest first."""
        for _, thing in reversed(self.history):
            if isinstance(thing, Afresh):
                return
            yield thing

    @cached_property
    def here(self) -> Who:
        """Who sits at this desk."""
        said = next((x for x in self.backwards() if isinstance(x, w.SignedOn)), None)
        return Who() if said is None else Who(said.person, said.role, said.trained)

    @cached_property
    def floor(self) -> w.FloorIs:
        return next((x for x in self.backwards() if isinstance(x, w.FloorIs)), w.FloorIs())

    @cached_property
    def phone_known(self) -> bool:
        """The phone answers, and since it came up it has told all its calls."""
        told = False
        for x in self.backwards():
            if isinstance(x, w.PhoneIs):
                if not x.up:
                    return False
                if told:
                    return True
            told = told or isinstance(x, w.CallsAre)
        return False

    @cached_property
    def phone_can(self) -> frozenset[str]:
        return next((x.can for x in self.backwards() if isinstance(x, w.PhoneIs) and x.up), frozenset())

    @cached_property
    def lines(self) -> dict[str, w.Call]:
        """The living calls of this phone."""
        told: list[object] = []
        for x in self.backwards():
            if isinstance(x, w.CallIs):
                told.append(x)
            elif isinstance(x, w.CallsAre):
                told.append(x)
                break
        lines: dict[str, w.Call] = {}
        for x in reversed(told):
            if isinstance(x, w.CallsAre):
                lines = {call.id: call for call in x.calls}
            elif isinstance(x, w.CallIs):
                lines[x.call.id] = x.call
        return {id: call for id, call in lines.items() if call.state != CallState.ENDED}

    # -- the case ------------------------------------------------------------------------------------------------------

    def line(self) -> str:
        """The phone's name of this call; a handed-over call has another at each desk."""
        arrived = self.of(w.CaseOpened, w.CaseArrived)[-1][1]
        assert isinstance(arrived, w.CaseOpened | w.CaseArrived)
        return arrived.call

    def epoch(self) -> int:
        arrived = self.of(w.CaseOpened, w.CaseArrived)[-1][1]
        assert isinstance(arrived, w.CaseOpened | w.CaseArrived)
        return arrived.epoch


def all_cases(history: list[Entry]) -> tuple[dict[str, list[tuple[int, object]]], str]:
    """All that was written about each case, and the one that the desk is on (empty: none). Inputs are no case's."""
    cases: dict[str, list[tuple[int, object]]] = {}
    present = ""
    for entry in history:
        thing = entry[1]
        kind = type(thing)
        if kind in EVENTS:
            if kind in TURNS:
                present = thing.case  # type: ignore[attr-defined]
            case = thing.case if kind is w.CaseReceived else present  # type: ignore[attr-defined]
            if case in cases:
                cases[case].append(entry)
            else:
                cases[case] = [entry]
            if kind is w.CaseClosed:
                present = ""
    return cases, present
