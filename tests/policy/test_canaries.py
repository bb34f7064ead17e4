"""Canaries: policies and a `step` broken on purpose. Each must be caught, else the comparison shows nothing."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from msgspec.structs import replace
from tests.policy import moves
from tests.policy.broken import BROKEN, SAME
from tests.policy.deep import Deep
from tests.policy.played import over_the_cores

from rung import words as w
from rung.policy import acts, alerts, asks, cases, effects, floor_news, load, press, reading, transfer
from rung.policy.decision import Decision
from rung.policy.reading import Look, look_at
from rung.policy.state import Alert, Case
from rung.words import Outcome

SEEDS = 300  # after every move from every beginning has been tried


def catches(calls: moves.Calls) -> bool:
    """Do machine and oracle come to differ?"""
    try:
        for which, move in calls.pairs():
            calls.one(which, move)
        for seed in range(SEEDS):
            calls.by_seed(seed)
    except AssertionError:
        return True
    return False


def catches_table(says: str) -> bool:
    return catches(moves.Calls(BROKEN[says], says.split(":")[0]))


@pytest.mark.timeout(900)
def test_every_broken_policy_is_caught() -> None:
    caught = dict(zip(BROKEN, over_the_cores(catches_table, BROKEN), strict=True))
    assert {says for says in caught if not caught[says]} == SAME


# -- a broken step -----------------------------------------------------------------------------------------------------

Broken = Callable[[Any], object]
STEP = import_module("rung.policy.step")  # the package's `step` and `lamps` are the functions
LAMPS = import_module("rung.policy.lamps")
evolve = import_module("rung.policy.evolve")
OF_CASE = evolve._OF_CASE


def then(change: Callable[[Case, Any, int], Case]) -> Broken:
    """The event as it is, and something more."""
    return lambda real: lambda case, event, at: change(real(case, event, at), event, at)


def instead(value: object) -> Broken:
    return lambda real: lambda *_: value


def constant(value: object) -> Broken:
    return lambda real: value


def ignored(real: object) -> Callable[[Case, object, int], Case]:
    return lambda case, event, at: case


def _no_hold(real: Callable[..., object]) -> Callable[..., object]:
    def blocked(look: Look, rung: object) -> object:
        desk = replace(look.desk, case=replace(look.case, held=False))
        return real(look_at(look.policy, desk, look.who, look.at_ms), rung)

    return blocked


def _last_open(real: Callable[..., Any]) -> Callable[..., object]:
    def nearest(look: Look, button: w.Button) -> object:
        rungs = [rung for rung in look.tables.ladders[look.who.role][button] if not look.missing(rung)]
        return (rungs[-1], []) if rungs else real(look, button)

    return nearest


def _early(real: Callable[..., Look]) -> Callable[..., Look]:
    """Sees what will be open in a second."""
    return lambda policy, desk, who, at_ms: real(policy, desk, who, at_ms + 1000)


def _every_alert(real: Callable[..., None]) -> Callable[..., None]:
    """Whatever ends, ends them all."""

    def close(d: Decision, alert: Alert, why: str, outcome: Outcome) -> None:
        for each in d.desk.alerts:
            real(d, each, why, outcome)

    return close


def _into_any_call(real: object) -> Callable[..., object]:
    return lambda desk, alert: asks.replies(desk, alert.want)


def _restarts_wait(case: Case, event: w.AskClosed, at: int) -> Case:
    return replace(case, counted_ms=None if case.counted_ms is None else at)


def _had(case: Case, event: w.AskClosed, at: int) -> Case:
    return replace(case, unavailable=case.unavailable and event.outcome != Outcome.BUSY)


def _not_had(case: Case, event: w.AskClosed, at: int) -> Case:
    return replace(case, unavailable=case.unavailable or event.outcome == Outcome.DECLINED)


def _as_new(real: Callable[..., Case]) -> Callable[..., Case]:
    return lambda case, event, at: real(case, replace(event, names=False), at)


def _forgets(self: Decision, event: w.Event) -> None:
    """The desk follows, the record does not."""
    Decision.emit(self, event)
    if isinstance(event, w.GroundDeclared):
        self.events.remove(event)


def _joined_long_ago(case: Case, event: object, at: int) -> Case:
    return replace(case, joined=tuple(replace(j, at_ms=j.at_ms - 5000) for j in case.joined))


BROKEN_STEPS: dict[str, tuple[object, object, Broken]] = {
    "persisted is ignored": (Look, "_persisted", instead(None)),
    "waits are held against the arrival": (
        Look,
        "_persisted",
        lambda real: lambda look, rung: real(look_at(look.policy, look.desk, look.who, look.at_ms + 500), rung),
    ),
    "a tap transfers by its arrival": (press, "completes", lambda real: lambda desk, at: real(desk, desk.at_ms)),
    "a tap transfers too soon": (reading, "COMPLETE_AFTER_MS", constant(2900)),
    "hold counts as talk": (Case, "talk_ms", lambda real: lambda case, since, until: until - since),
    "the hold is not seen": (Look, "_blocked", _no_hold),
    "unnamed under crisis": (Look, "_may_declare", lambda real: lambda look: not look.case.grounds),
    "unnamed beside a ground": (Look, "_has_ground", instead(True)),
    "nothing is too late": (press, "TOO_LATE_MS", constant({})),
    "the last open rung is taken": (Look, "nearest", _last_open),
    "crisis, strangers and nobody do not stop an ending": (Look, "_blocked_ending", instead(None)),
    "a third party is not seen": (reading, "third_parties", instead([])),
    "another caller is not seen": (reading, "other_live", instead(False)),
    "a supervisor need not listen": (Look, "_since_joining", instead(None)),
    "a supervisor need not attest": (Look, "_attested", instead(True)),
    "who is not in the call may act on it": (STEP, "_may_act", instead(True)),
    "an announcement stands too long": (STEP, "ANNOUNCEMENT_MS", constant(61_000)),
    "an announcement stands whatever happens": (STEP, "_announcement", instead(None)),
    "a crisis is taken back too late": (acts, "TAKE_BACK_MS", lambda real: real | {w.Marker.CRISIS: 90_000}),
    "what does not go along is taken": (transfer, "on_its_way", instead(False)),
    "another desk keeps our clock": (cases, "shifted", lambda real: lambda case, by: case),
    "all groups are asked at once": (
        asks,
        "_next_group",
        lambda real: lambda desk, asked: tuple(p.desk for p in desk.facts.present if p.desk not in asked),
    ),
    "who is busy is asked": (
        asks,
        "_next_group",
        lambda real: lambda desk, asked: tuple(p.desk for p in desk.facts.present if p.group == 0)[: 0 if asked else 3],
    ),
    "an ask never ends by time": (asks, "on_time", instead(None)),
    "nobody ever comes free": (floor_news, "_came_free", instead(None)),
    "all may be busy": (floor_news, "_nobody_left", instead(None)),
    "a threat names nothing": (press, "declare", instead(w.Answer(verdict=w.Verdict.TAKEN, why="declared"))),
    "calmed closes no ending": (OF_CASE, w.CallerCalmed, then(lambda case, e, at: replace(case, calmed_ms=None))),
    "calmed does not start the wait": (OF_CASE, w.CallerCalmed, then(lambda case, e, at: replace(case, counted_ms=0))),
    "naming attests anew": (OF_CASE, w.GroundDeclared, _as_new),
    "a ground cannot be taken back": (OF_CASE, w.GroundTakenBack, ignored),
    "leave is never used up": (
        OF_CASE,
        w.RungTaken,
        lambda real: lambda c, e, at: real(c, replace(e, uses_leave=False), at),
    ),
    "leave cannot be withdrawn": (OF_CASE, w.LeaveWithdrawn, ignored),
    "an ask taken back restarts the wait": (OF_CASE, w.AskClosed, then(_restarts_wait)),
    "busy is not unavailable": (OF_CASE, w.AskClosed, then(_had)),
    "a decline is unavailability": (OF_CASE, w.AskClosed, then(_not_had)),
    "a decline voids no attestation": (
        OF_CASE,
        w.AskClosed,
        then(lambda case, e, at: replace(case, declined=False, not_necessary=True)),
    ),
    "whoever joins has been there long": (OF_CASE, w.SupervisorJoined, then(_joined_long_ago)),
    "a release undone stays taken": (OF_CASE, w.RungUndone, ignored),
    "crisis cannot be lifted": (OF_CASE, w.MarkerLifted, ignored),
    "an alert ends with another call": (alerts, "close", _every_alert),
    "whoever has left the call gets it": (transfer, "_left_before_it_was_theirs", instead(None)),
    "a supervisor is brought into another caller's call": (alerts, "may", _into_any_call),
}
LYING: dict[str, tuple[object, object, Broken, str, str]] = {
    "what is unknown is never settled": (
        *(effects, "settle_unknown", instead(None)),
        *("hang-up-protocol", "line up; declare threat; tap release; wait 4000; hold release; wait 5000"),
    ),
    "nobody knows when the wait is over": (
        *(LAMPS, "_instants", instead([])),
        *("warm-transfer", "line up; tap warn; wait 1"),
    ),
    "a lamp invites too soon": (
        *(LAMPS, "look_at", _early),
        *("warm-transfer", "line up; tap warn; wait 4500"),
    ),
    "the record rebuilds another case": (
        *(STEP, "Decision", lambda real: type("Forgets", (real,), {"emit": _forgets})),
        *("warm-transfer", "line up; tap warn"),
    ),
}


@pytest.mark.parametrize("broken", BROKEN_STEPS)
def test_a_broken_step_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, *BROKEN_STEPS[broken])
    assert _some_policy_catches()


@pytest.mark.parametrize("broken", LYING)
def test_a_step_that_lies_or_hangs_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, change, told, story = LYING[broken]
    _tell(told, story)
    _break(monkeypatch, where, name, change)
    with pytest.raises(AssertionError):
        _tell(told, story)


def _tell(told: str, story: str) -> None:
    s = Deep(load(told), told)
    s.begin()
    s.play(moves.words([story]))
    s.finish()


def _break(monkeypatch: pytest.MonkeyPatch, where: object, name: Any, change: Broken) -> None:
    if isinstance(where, dict):
        monkeypatch.setitem(where, name, change(where[name]))
    else:
        monkeypatch.setattr(where, name, change(getattr(where, name)))


def _some_policy_catches() -> bool:
    """All five in turn: every move from every beginning, then chance."""
    five = [moves.of(told) for told in moves.POLICIES]
    pairs = zip(*(calls.pairs() for calls in five), strict=False)
    try:
        for some in pairs:
            for calls, (which, move) in zip(five, some, strict=True):
                calls.one(which, move)
        for seed in range(SEEDS):
            for calls in five:
                calls.by_seed(seed)
    except AssertionError:
        return True
    return False
