"""Chance against the oracle and the sentences of `session`; and canaries, which show that they catch what is broken."""

import os
from collections.abc import Callable
from importlib import import_module
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.policy.session import Session
from tests.policy.shift import POLICY, Shift

from rung import words as w
from rung.policy import Policy, asks, effects, lamps, press, reading
from rung.policy.reading import Look
from rung.policy.state import Case, Desk, Who
from rung.policy.view import view

SEEDS = int(os.environ.get("RUNG_POLICY_SEEDS", "800"))  # more of them before a release
CHUNK = 100


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_step_agrees_with_the_oracle(first: int) -> None:
    for seed in range(first, first + CHUNK):
        session = Session(Random(seed))
        try:
            session.play(40)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 25))
def test_step_agrees_with_the_oracle_on_what_shrinks(chance: Random, moves: int) -> None:
    Session(chance).play(moves)


IDS = st.sampled_from(["line", "other", "consult-1", "consult-2", ""])
CALLS = st.builds(
    w.Call,
    id=IDS,
    state=st.sampled_from(w.CallState),
    direction=st.sampled_from(["in", "out"]),
    consult_for=st.none() | IDS,
    ended_by=st.none() | st.sampled_from(w.EndedBy),
    cause=st.sampled_from(["", "transfer failed: 503"]),
    outcome=st.none() | st.sampled_from(w.Outcome),
    doing=st.sampled_from(["", "ending", "transferring"]),
)
PRESSES = st.builds(
    w.Pressed,
    box=st.just("box"),
    boot=st.just("boot"),
    number=st.integers(),
    buttons=st.lists(st.sampled_from(w.Button), max_size=3).map(tuple),
    gesture=st.sampled_from(w.Gesture),
    epoch=st.integers(-1, 3),
    age_ms=st.integers(-(2**31), 2**31),
)
ANYTHING = st.one_of(
    PRESSES,
    PRESSES,
    st.builds(w.CallIs, CALLS),
    st.builds(w.CallIs, CALLS),
    st.builds(w.CallsAre, st.lists(CALLS, max_size=4).map(tuple)),
    st.builds(w.PhoneIs, up=st.booleans()),
    st.builds(w.Declared, st.sampled_from(w.Ground), st.sampled_from(["", "note"])),
    st.builds(w.TakenBack, st.sampled_from(w.Ground)),
    st.builds(w.Marked, st.sampled_from(w.Marker)),
    st.builds(w.Unmarked, st.sampled_from(w.Marker), st.sampled_from(["", "reason"])),
    st.builds(w.SignedOn, st.sampled_from([None, "", "ada"])),
    st.builds(w.FloorIs, extension=st.sampled_from(["", "600"])),
    st.builds(w.EffectRefused, st.integers(0, 5), st.just("cannot aim")),
    st.sampled_from([w.Calmed(), w.AskTakenBack(), w.Restarted(), w.Tick()]),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(ANYTHING, st.sampled_from([-1000, 0, 1, 3000, 5000, 30_000])), max_size=30), st.booleans())
def test_step_never_raises_and_the_record_rebuilds_the_case(inputs: list[tuple[w.Input, int]], warned: bool) -> None:
    """Whatever comes, however senseless; and with a clock that runs backwards."""
    shift = Shift().warned() if warned else Shift()
    for something, later_ms in inputs:
        shift.now += later_ms
        shift.put(something)  # folds the record
        lamps(shift.policy, shift.desk, shift.now)
        view(shift.policy, shift.desk, shift.now)


def test_chance_reaches_every_rung() -> None:
    """A chance that never got up the ladder would prove nothing."""
    reached: dict[str, int] = {}
    for seed in range(500):
        session = Session(Random(seed))
        session.play(40)
        for what in session.taken:
            reached[what] = reached.get(what, 0) + 1
    expected = {"warn", "escalate", "final-notice", "announce", "release", "complete", "take back", "panic", ""}
    assert {what for what, times in reached.items() if times >= 10} == expected


def _without(policy: Policy, rung: str, **changed: object) -> Policy:
    rungs = tuple(
        replace(r, requires=tuple(replace(need, **changed) for need in r.requires)) if r.id == rung else r
        for r in policy.rung
    )
    return replace(policy, rung=rungs)


BROKEN_TABLES = {
    "escalate without a warning": _without(POLICY, "escalate", taken=(), persisted=False),
    "escalate without persisting": _without(POLICY, "escalate", persisted=False),
    "final notice though a supervisor may be had": _without(POLICY, "final-notice", unavailable=False),
    "release without a final notice": _without(POLICY, "release", taken=("warn",)),
    "release without persisting": _without(POLICY, "release", persisted=False),
    "release for any ground": _without(POLICY, "release", ground="any"),
    "a shorter wait": replace(POLICY, times=replace(POLICY.times, wait=4.9)),
    "less time to say it": replace(POLICY, times=replace(POLICY.times, say_time=3.9)),
}


def caught(policy: Policy) -> bool:
    for seed in range(400):
        try:
            Session(Random(seed), policy).play(40)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize("broken", BROKEN_TABLES)
def test_canary_a_broken_table_is_caught(broken: str) -> None:
    assert caught(BROKEN_TABLES[broken])


def _ignore_hold(real: Callable[..., object]) -> Callable[..., object]:
    def blocked(look: Look, rung: object) -> object:
        desk = replace(look.desk, case=replace(look.case, held=False))
        return real(Look(look.policy, desk, look.who, look.at_ms), rung)

    return blocked


class _EarlyLook(Look):
    def __init__(self, policy: Policy, desk: Desk, who: Who, at_ms: int) -> None:
        super().__init__(policy, desk, who, at_ms + 1000)


LAMPS = import_module("rung.policy.lamps")  # the package's `lamps` is the function
BROKEN_STEPS: dict[str, tuple[object, str, Callable[[Callable[..., object]], Callable[..., object]]]] = {
    "persisted is ignored": (Look, "_persisted", lambda real: lambda *_: None),
    "waits are held against the arrival": (
        reading,
        "wait_left_ms",
        lambda real: lambda policy, case, at: real(policy, case, at + 500),
    ),
    "a tap transfers by its arrival": (press, "completes", lambda real: lambda desk, at: real(desk, desk.at_ms)),
    "hold counts as talk": (Case, "talk_ms", lambda real: lambda case, since, until: until - since),
    "the hold is not seen": (Look, "_blocked", _ignore_hold),
    "unnamed under crisis": (Look, "_may_declare", lambda real: lambda look: not look.case.grounds),
    "what is unknown is never settled": (effects, "settle_unknown", lambda real: lambda d: None),
    "an ask never ends by time": (asks, "on_time", lambda real: lambda *_: None),
    "nobody knows when the wait is over": (LAMPS, "wait_left_ms", lambda real: lambda *_: 10**9),
    "a lamp invites too soon": (LAMPS, "Look", lambda real: _EarlyLook),
    "nothing is too late": (press, "TOO_LATE_MS", lambda real: {}),  # type: ignore[dict-item,return-value]
}


@pytest.mark.parametrize("broken", BROKEN_STEPS)
def test_canary_a_broken_step_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, change = BROKEN_STEPS[broken]
    monkeypatch.setattr(where, name, change(getattr(where, name)))
    assert caught(POLICY)
