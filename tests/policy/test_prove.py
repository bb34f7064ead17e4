"""The proof of the five, and canaries: tables and steps broken on purpose, each caught by the property that it breaks."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy import Desk, Policy, Step, load
from rung.policy.library import shipped
from rung.policy.proof import SENTENCES, handover, looks, prove, walk
from rung.policy.proof import prove as whole
from rung.policy.proof.properties import (
    ANNOUNCED,
    DANGER,
    DEAD_END,
    HAND_OVER,
    HELD,
    LAMPS,
    LEAVE,
    OWN,
    REFUSAL,
    ROLE,
    RULE,
    WARNED,
)
from rung.policy.proof.prove import ALARM, ANSWERS, COMPANY, HANDED, IN_THE_WAY, LADDER, LIFE, OWN_DESK, Walks
from rung.policy.state import Announcement, Case, Declaration, Flash, LeaveGiven
from rung.words import Button, Gesture, Ground, Lamp, LampState, Marker, Role

MOST = 2000  # a broken step may never come to an end


@pytest.mark.parametrize("name", shipped())
def test_every_property_holds(name: str) -> None:
    proof = prove(load(name))
    assert proof.holds, [(b.property, b.what, b.words) for b in proof.breaches]
    assert all(walked.states and walked.steps for walked in proof.walked)


def test_a_walk_that_grows_too_large_says_so_and_shows_nothing() -> None:
    proof = prove(load("no-hang-up"), most=5)
    assert proof.too_many == LADDER and not proof.holds


# -- broken tables -----------------------------------------------------------------------------------------------------


def changed(policy: Policy, rung: str, /, requires: dict[str, Any] | None = None, **keys: Any) -> Policy:
    """The policy with other keys for one rung; ``requires`` changes each alternative of it."""

    def one(r: Any) -> Any:
        needs = tuple(replace(need, **(requires or {})) for need in r.requires)
        return replace(r, requires=needs, **keys) if r.id == rung else r

    return replace(policy, rung=tuple(one(r) for r in policy.rung))


def without(policy: Policy, *rungs: str) -> Policy:
    return replace(policy, rung=tuple(r for r in policy.rung if r.id not in rungs))


WARM, PROTOCOL, CARE, ADVISE, NEVER = (
    load(name) for name in ("warm-transfer", "hang-up-protocol", "end-with-care", "advise-and-warn", "no-hang-up")
)
BROKEN_TABLES: dict[str, tuple[Policy, str, tuple[str, ...], int]] = {
    "a supervisor ends after the agent's warning alone": (
        changed(PROTOCOL, "supervisor-end", {"taken": ()}),
        OWN,
        (LADDER, COMPANY),
        9,
    ),
    "a supervisor ends for a ground alone": (
        changed(NEVER, "supervisor-end", {"taken": (), "persisted": False}),
        OWN,
        (LADDER, OWN_DESK),
        4,
    ),
    "a release that needs an ask that never stands": (
        changed(WARM, "release", {"taken": ("final-notice", "escalate")}),
        DEAD_END,
        (),
        0,
    ),
    "two rungs that need each other": (
        changed(changed(WARM, "warn", {"taken": ("final-notice",)}), "final-notice", {"taken": ("warn",)}),
        DEAD_END,
        (LADDER,),
        1,
    ),
    "nothing but a quiet ask that nobody hears": (without(ADVISE, "supervisor"), DEAD_END, (LADDER,), 1),
    "one warning, and no more": (
        without(changed(changed(CARE, "de-escalate", repeatable=False), "end", {"ground": ("sexual",)}), "involve"),
        DEAD_END,
        (LADDER,),
        2,
    ),
}


@pytest.mark.parametrize("broken", BROKEN_TABLES)
def test_canary_a_broken_table_is_caught(broken: str) -> None:
    policy, name, only, longest = BROKEN_TABLES[broken]
    breach = Walks(policy, MOST).proof(*only).breach(name)
    assert breach is not None and len(breach.words) <= longest, breach


# -- broken steps ------------------------------------------------------------------------------------------------------

Real = Callable[[Policy, Desk, w.Input, int], Step]
Broken = Callable[[Real, Policy, Desk, w.Input, int], Step]


class Canary(Struct):
    """A broken step, the policy that is proved with it, what must catch it, and within how many moves."""

    step: Broken
    policy: Policy
    caught_by: str
    longest: int
    only: tuple[str, ...] = (LADDER,)
    where: Any = walk


def reading(tables: Policy) -> Broken:
    """A step that reads other tables than those that are proved."""
    return lambda real, policy, desk, input, now: real(tables, desk, input, now)


def seeing(change: Callable[[Case, w.Input, int], Case]) -> Broken:
    """A step that sees another case than there is."""

    def broken(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
        seen = desk if desk.case is None else replace(desk, case=change(desk.case, input, now))
        return real(policy, seen, input, now)

    return broken


def adding(when: Callable[[w.Input], bool], *effects: w.Effect, flash: bool = False) -> Broken:
    """A step that does more than it should."""

    def broken(real: Real, policy: Policy, desk: Desk, input: w.Input, now: int) -> Step:
        made = real(policy, desk, input, now)
        if not when(input) or desk.case is None:
            return made
        return replace(made, effects=(*made.effects, *effects))

    return broken


def is_hold(input: w.Input) -> bool:
    return isinstance(input, w.Pressed) and input.gesture == Gesture.HOLD and input.buttons == (Button.RELEASE,)


def is_panic(input: w.Input) -> bool:
    return isinstance(input, w.Pressed) and input.gesture == Gesture.HOLD and input.buttons == (Button.ESCALATE,)


HANG_UP = w.HangUp(99, "line")
