"""What an agent's page keeps of what was told: what came of a call for help is seen, whoever ended it."""

import pytest

from rung import words as w
from rung.desk.happening import Happening
from rung.page.seen import Seen, fold
from rung.words import Want

PANIC = w.AlertRaised(ask=1, want=Want.PANIC, person="ada", to=("eve",), case="ada-1")


def after(*events: w.Event) -> Seen:
    seen = Seen()
    for event in events:
        seen = fold(seen, Happening(kind="recorded", at_ns=1, event=event))
    return seen


@pytest.mark.parametrize(
    ("why", "seen"),
    [
        ("eve is coming", "eve is coming"),  # to the desk: nothing else shows it
        ("nobody can come", "nobody can come"),
        ("eve is coming, but the phone could not bring them in",) * 2,
        ("called off", ""),
        ("the call is over", ""),
    ],
)
def test_what_came_of_a_call_for_help_is_seen_until_the_next_one(why: str, seen: str) -> None:
    over = w.AlertClosed(1, why, "ada-1")
    assert after(PANIC, over).called == seen
    assert after(PANIC, over, PANIC).called == ""
