"""The fold forgets nothing that matters, and the walks miss nothing: shown by chance, with all happening at once."""

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.policy import walked
from tests.policy.chance import GROUNDS, Chance

from rung import words as w
from rung.policy import Desk, Policy, load, next_change, step
from rung.policy.proof import company
from rung.policy.proof import moves as m
from rung.policy.proof.fold import MOMENT_MS, Fold
from rung.policy.proof.judge import Account
from rung.policy.proof.ladder import Ladder
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import elapsed, running
from rung.policy.proof.walk import State
from rung.policy.state import Declaration, Facts
from rung.words import Ground, Role

TAKES_BACK = {moves for ground in Ground for moves in (m.take_back(ground), m.it_takes_back(ground))}
POLICIES = pytest.mark.parametrize("name", walked.POLICIES, ids=lambda name: Path(name).stem)


@cache
def fold_of(name: str, *roles: Role) -> Fold:
    return Fold(Reads(load(name), *roles), alerts=True)


def come_to(fold: Fold, desk: Desk, moves: m.Moves) -> tuple[Any, ...]:
    """The class after these moves, the answers given, and what was sent to phone and floor.

    But not whether the floor was told again that an ask is over, or asked for earlier incidents: the fold forgets them.
    """
    found: list[Any] = []
    for one in moves:
        if one.timer is not None:
            desk = elapsed(fold.reads, desk, one.timer)
        made = step(fold.policy, desk, w.Tick() if one.make is None else one.make(desk), desk.at_ms + MOMENT_MS)
        found.append(made.answer.verdict if made.answer is not None else None)
        found.append(
            [type(effect).__name__ for effect in made.effects if not isinstance(effect, w.CloseAsk | w.LookUp)]
        )
        desk = made.desk
    return (*found, fold.desk(desk))


@POLICIES
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), role=st.sampled_from(Role))
def test_a_desk_and_its_fold_take_the_same_step(name: str, seed: int, role: Role) -> None:
    """So do any two desks of one class: both go with their fold."""
    fold = fold_of(name, *Role)
    call = Chance(load(name), Random(seed), role)
    for _ in range(25):
        call.act()
        if not call.live:
            return
        folded = fold.desk(call.desk)
        assert fold.desk(folded) == folded, call.told
        for moves in (call.draw() for _ in range(4)):
            told = (call.told, [one.words for one in moves])
            if moves == company.FALSE_ALARM:
                continue  # whether it comes within 4 s opens no rung, and is not told apart
            if moves not in TAKES_BACK:
                assert come_to(fold, call.desk, moves) == come_to(fold, folded, moves), told


@POLICIES
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), role=st.sampled_from(Role))
def test_taking_a_ground_back_leads_where_some_member_of_the_class_leads(name: str, seed: int, role: Role) -> None:
    """What it leaves depends on what else had been declared: the walk takes back in every member that matters."""
    walks, _ = walked.walked(name)
    fold = walks.ladder.fold if role == Role.AGENT else walks.supervisor.fold
    call = Chance(load(name), Random(seed), role)
    for _ in range(25):
        call.act()
        if not call.live:
            return
        found = taken_back(fold, fold.desk(call.desk))
        for ground in GROUNDS:
            came_to = come_to(fold, call.desk, m.take_back(ground))
            assert came_to[-1] in found, (call.told, ground)


def taken_back(fold: Fold, folded: Desk) -> list[Desk]:
    """What the walk finds when whoever sits here takes a ground back: in every member of the class."""
    found = [folded]
    here = str(folded.facts.who.id)
    for desk in (folded, declared_by(here, folded)):
        if fold.desk(desk) == folded:  # in this walk nobody else declares, so whoever did has done so for all
            for way in Ladder(fold, here).taken_back(State(desk, Account())):
                found.append(come_to(fold, way.start.desk if way.start is not None else desk, way.moves)[-1])
    return found


def declared_by(person: str, desk: Desk) -> Desk:
    """The desk as if one person alone had declared everything."""
    assert desk.case is not None
    grounds = tuple(replace(d, person=person) for d in desk.case.grounds)
    return replace(desk, case=replace(desk.case, grounds=grounds))


@POLICIES
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), role=st.sampled_from(Role))
def test_what_time_brings_is_what_the_waits_of_the_fold_bring(name: str, seed: int, role: Role) -> None:
    """At the next instant at which time alone changes something, one wait of the fold has run out, or a few have."""
    fold = fold_of(name, *Role)
    call = Chance(load(name), Random(seed), role)
    for _ in range(25):
        call.act()
        due = next_change(call.policy, call.desk)
        if not call.live or due is None:
            return
        later = fold.desk(step(call.policy, call.desk, w.Tick(), due).desk)
        assert later in run_out(fold, fold.desk(call.desk), 3), call.told


def run_out(fold: Fold, folded: Desk, most: int) -> list[Desk]:
    """The classes to which up to ``most`` waits lead that run out, one after another."""
    found, ahead = [folded], [folded]
    for _ in range(most):
        ahead = [come_to(fold, desk, m.passes(timer))[-1] for desk in ahead for timer in running(fold.policy, desk)]
        found += ahead
    return found


# -- what the walks find, and what chance finds ------------------------------------------------------------------------


SEEDS = 60


@POLICIES
def test_whatever_chance_brings_about_the_ladder_is_in_a_state_that_was_walked(name: str) -> None:
    """Asks, alarms, supervisors and whatever is in the way, several at once: taken away, they leave the ladder."""
    ladder = walked.walked(name)[0].ladder
    known = {msgspec.msgpack.encode(node.state.desk) for node in ladder.nodes}
    calm = ladder.nodes[0].state.desk.facts
    for seed in range(SEEDS):
        call = Chance(load(name), Random(seed))
        for _ in range(60):
            call.act()
            if not call.live:
                break
            alone = ladder_alone(call.policy, call.desk, calm)
            assert msgspec.msgpack.encode(ladder.fold.desk(alone)) in known, (seed, call.told)


def ladder_alone(policy: Policy, desk: Desk, calm: Facts) -> Desk:
    """The desk with nothing but the agent's ladder: as if whatever else there is had gone, and come to nothing."""
    case = desk.case
    assert case is not None
    taken, undone = list(case.taken), []
    if case.waiting(w.HangUp):  # it did not come about
        undone += [t for t in taken if policy.find(t.rung).does == "end"][-1:]
    if case.ask is not None:
        undone += [t for t in taken if case.ask is not None and t.rung == case.ask.rung][-1:]
    for one in undone:
        taken.remove(one)
    alone = replace(
        case,
        taken=tuple(taken),
        held=False,
        talking_since=desk.at_ms if case.talking_since is None else case.talking_since,
        grounds=_alone(case.grounds),
        joined=(),
        marks=(),
        pending=(),
        announcement=None,
        ask=None,
    )
    return replace(desk, facts=calm, case=alone)


def _alone(declared: tuple[Declaration, ...]) -> tuple[Declaration, ...]:
    """What supervisors declared counts as if the agent had: their `unnamed` opens what `threat_other` opens.

    Beside the agent's own `unnamed`, which a ground of the agent's would have named, it is left out: see `proof`.
    """
    own = tuple(d for d in declared if d.person == m.AGENT)
    if any(d.ground == Ground.UNNAMED for d in own):
        return own
    others = (d for d in declared if d.person != m.AGENT)
    named = ((d, Ground.THREAT_OTHER if d.ground == Ground.UNNAMED else d.ground) for d in others)
    return (*own, *(replace(d, person=m.AGENT, ground=ground) for d, ground in named))
