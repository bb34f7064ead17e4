"""The second opinion: 100,000 calls full of chance, on which the machine and the oracle must agree press by press.

A failure prints its seed and its story in words. ``RUNG_POLICY_SEEDS`` asks for more calls, or fewer.
"""

import os
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy import moves
from tests.policy.oracle.tables import LADDERS
from tests.policy.played import all_of, every_pair, jobs, play, play_deep
from tests.policy.session import Session

from rung.policy import load
from rung.words import Ground, Outcome

SEEDS = int(os.environ.get("RUNG_POLICY_SEEDS", "100000"))
DEEP = max(5, SEEDS // 100)
EXAMPLES = 3000
OFTEN = SEEDS // 10_000  # at least so often chance must bring about each thing


@pytest.mark.timeout(900)
def test_the_machine_and_the_oracle_agree_press_by_press_and_chance_gets_up_every_ladder() -> None:
    came, failed = all_of(play, jobs(SEEDS))
    assert not failed, "\n".join(failed)
    chance_reaches_every_rung_every_outcome_and_every_kind_of_act(came)


def chance_reaches_every_rung_every_outcome_and_every_kind_of_act(reached: Counter[tuple[str, str]]) -> None:
    """A chance that never got up the ladder would prove nothing."""
    anywhere = Counter[str]()
    for (_, what), times in reached.items():
        anywhere[what] += times
    rungs = {(told, row.rung) for told in LADDERS for row in LADDERS[told]}
    rungs |= {(told, f"announce {row.rung}") for told in LADDERS for row in LADDERS[told] if row.does == "end"}
    rungs |= {("hang-up-protocol", "leave withdrawn"), ("end-with-care", "not necessary")}
    for told in LADDERS:
        rungs |= {(told, what) for what in ("", "panic", "quiet ask", "take back", "hand over to eve", "calmed")}
    assert {key: reached[key] for key in rungs if reached[key] < OFTEN} == {}
    acts = {"complete", "hand over to fay", "hand back", "unwanted", "false alarm", "marks crisis", "lifts crisis"}
    acts |= {f"declares {g}" for g in Ground} | {"takes slur back", "takes unnamed back"}
    acts |= {f"AskClosed {outcome}" for outcome in Outcome}
    acts |= {"AskWidened", "SupervisorFree", "AnnouncementWithdrawn", "CaseReturned", "CaseClosed"}
    assert {what: anywhere[what] for what in acts if anywhere[what] < OFTEN} == {}


@pytest.mark.timeout(900)
def test_they_agree_on_every_move_from_every_beginning() -> None:
    failed = all_of(every_pair, moves.POLICIES)[1]
    assert not failed, "\n".join(failed)


@pytest.mark.timeout(900)
def test_every_step_keeps_the_sentences_and_every_call_can_be_finished() -> None:
    failed = all_of(play_deep, jobs(DEEP, 100))[1]
    assert not failed, "\n".join(failed)


CALLS = {told: moves.of(told) for told in moves.POLICIES}
BEGUN = st.sampled_from([(told, which) for told in CALLS for which in range(len(moves.starts(told)))])


@settings(max_examples=EXAMPLES)
@given(BEGUN, st.lists(st.sampled_from(list(moves.MOVES)), max_size=8))
def test_the_machine_and_the_oracle_agree_on_what_shrinks(begun: tuple[str, int], told: list[str]) -> None:
    CALLS[begun[0]].begin(begun[1]).play(moves.words(told))


@pytest.mark.parametrize(("told", "rung", "ms"), [("warm-transfer", "warn", 8000), ("hang-up-protocol", "warn", 9000)])
def test_they_agree_where_a_floor_lets_a_rung_lapse(told: str, rung: str, ms: int) -> None:
    """ "a policy may let a rung lapse" """
    policy = moves.lapsing(load(told), rung, ms / 1000)
    calls = moves.Calls(policy, told, lambda p, t: Session(p, t, {rung: ms}))
    for seed in range(600):
        calls.by_seed(seed)
    unknowing = moves.Calls(policy, told)
    with pytest.raises(AssertionError):  # chance does come where the lapse makes the difference
        for seed in range(600):
            unknowing.by_seed(seed)
