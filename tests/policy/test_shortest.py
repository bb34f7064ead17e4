"""A breach is told by the fewest moves that lead to it, and by none that it comes about without."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.policy.broken_steps import adding

from rung import words as w
from rung.policy import Desk, load
from rung.policy.language import Requires
from rung.policy.proof import Breach, handover, looks, prove, walk
from rung.policy.proof import moves as m
from rung.policy.proof.moves import Moves
from rung.policy.proof.paths import BEGINNING, Paths
from rung.policy.proof.properties import DEAD_END, HAND_OVER, HELD, LAMPS
from rung.policy.proof.prove import LADDER, Walks
from rung.policy.proof.timers import Timer
from rung.policy.proof.witness import shortest
from rung.words import Button, Ground, LampState, Reply, Want

CLASSES = 8
WAYS = st.lists(st.tuples(st.integers(0, CLASSES), st.integers(0, 4), st.integers(1, CLASSES)), max_size=30)


@given(WAYS)
def test_no_way_to_a_class_is_shorter(drawn: list[tuple[int, int, int]]) -> None:
    """Held against letting each way shorten what it leads to until none does."""
    paths = Paths()
    assert [paths.new() for _ in range(CLASSES)] == list(range(1, CLASSES + 1))
    fewest = {BEGINNING: 0}
    for source, length, to in drawn:
        paths.lead(source, m.CALMED * length, to)
    for _ in range(CLASSES):
        for source, length, to in drawn:
            if source in fewest:
                fewest[to] = min(fewest[source] + length, fewest.get(to, 10**6))
    assert {at: len(moves) for at, moves in paths.shortest().items()} == fewest


def test_of_two_ways_as_short_the_first_that_was_found_is_told() -> None:
    paths = Paths()
    at = paths.new()
    for moves in (m.HELD, m.UP, m.PANIC):
        paths.lead(BEGINNING, moves, at)
    assert paths.shortest()[at] == m.HELD


# -- played once more --------------------------------------------------------------------------------------------------

NEVER = load("no-hang-up")
ADVISE = load("advise-and-warn")
ONCE = replace(ADVISE, rung=tuple(replace(r, repeatable=r.repeatable and r.id != "supervisor") for r in ADVISE.rung))


@pytest.fixture
def calmed_hangs_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A step that ends the call when the caller calms down, once all of these rungs stand and nobody is asked."""
    rungs: list[str] = []

    def when(desk: Desk, input: w.Input) -> bool:
        if desk.case is None or desk.case.ask is not None or not isinstance(input, w.Calmed):
            return False
        return {t.rung for t in desk.case.taken} >= set(rungs)

    monkeypatch.setattr(walk, "step", partial(adding(when, w.HangUp(99, "line")), walk.step))
    return rungs


def told(*ways: Moves) -> Breach:
    return shortest(NEVER, [Breach(HELD, "", way) for way in ways])


def test_what_a_breach_comes_about_without_is_left_out(calmed_hangs_up: list[str]) -> None:
    breach = told((*m.HELD, *m.UP, *m.declare(Ground.PROFANITY), *m.CALMED, *m.passes(Timer.TALK)))
    assert (breach.moves, breach.played) == (m.CALMED, True)


def test_what_a_breach_needs_is_kept(calmed_hangs_up: list[str]) -> None:
    calmed_hangs_up += ["supervisor-warn"]
    warned = (*m.inside(m.FIRST), *m.it_declares(Ground.SLUR), *m.passes(Timer.JOINED), *m.ITS_TAPS[Button.WARN])
    breach = told((*m.PANIC, *warned, *m.inside(), *m.CALMED))
    assert (breach.moves, breach.played) == ((*warned, *m.CALMED), True)


def test_a_shorter_way_that_does_not_come_about_is_passed_over(calmed_hangs_up: list[str]) -> None:
    breach = told(m.UP, m.HELD, (*m.UP, *m.CALMED))
    assert (breach.moves, breach.played) == (m.CALMED, True)


def test_where_none_comes_about_the_shortest_is_told_and_that_it_does_not() -> None:
    breach = told((*m.HELD, *m.UP), m.UP, m.HELD)
    assert (breach.moves, breach.played) == (m.UP, False)


def test_what_only_a_lamp_shows_is_played_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    real = looks.lamps
    monkeypatch.setattr(looks, "lamps", lambda *args: replace(real(*args), warn=w.Lamp(LampState.LIT)))
    breach = shortest(NEVER, [Breach(LAMPS, "", m.CALMED)])
    assert (breach.moves, breach.played) == ((), True)


def test_a_breach_after_a_handing_back_is_played_over_both_desks(calmed_hangs_up: list[str]) -> None:
    calmed_hangs_up += ["supervisor"]  # it stands only once the supervisor has had the call, and the agent has it again
    breach = Walks(ONCE).proof(LADDER).breach(HELD)
    assert breach is not None and breach.played
    taken = m.TAPS[Button.ESCALATE], handover.TAKEN[Want.TRANSFER], handover.HANDED_BACK, m.CALMED
    assert breach.moves == tuple(one for moves in taken for one in moves)


@pytest.mark.parametrize(
    "begun",
    [(*m.declare(Ground.PROFANITY),), (*m.TAPS[Button.ESCALATE], *m.LOST)],
    ids=["nobody was asked", "the phone is lost"],
)
def test_a_supervisor_who_never_had_the_caller_cannot_hand_them_back(begun: Moves, calmed_hangs_up: list[str]) -> None:
    calmed_hangs_up += ["supervisor"]
    way = (*begun, *handover.TAKEN[Want.TRANSFER], *handover.HANDED_BACK, *m.CALMED)
    assert shortest(ONCE, [Breach(HELD, "", way)]).played is False


def test_what_compares_whole_states_is_not_played() -> None:
    assert shortest(NEVER, [Breach(HAND_OVER, "", m.HELD), Breach(HAND_OVER, "", ())]) == Breach(HAND_OVER, "", ())


# -- dead ends ---------------------------------------------------------------------------------------------------------

OFFER, *SUPERVISORS = NEVER.rung
JOIN_ONCE = replace(OFFER, does="join", repeatable=False, requires=(Requires(),))


def test_a_dead_end_is_played_and_told_without_what_does_not_lead_there() -> None:
    """The ask's own walk puts floor and phone back as they were, which nobody has to do."""
    breach = prove(replace(NEVER, rung=(JOIN_ONCE, *SUPERVISORS))).breach(DEAD_END)
    assert breach is not None and breach.played
    there = (*m.TAPS[Button.ESCALATE], *m.reply(Reply.JOIN), *m.inside(m.FIRST))
    assert breach.moves == (*there, *m.UP, *m.declare(Ground.PROFANITY))


def test_a_dead_end_that_is_not_reached_by_real_waits_is_not_told_as_shown() -> None:
    breach = Breach(DEAD_END, "nobody has a way on", m.HELD)
    assert shortest(NEVER, [breach]).played is False
