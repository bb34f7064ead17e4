"""Which case an entry belongs to, where it tells of another call than the one that the agent is on."""

import pytest

from rung import words as w
from rung.journal.by_case import Splitter
from rung.words import EndedBy, Want

ASKED = w.AskFloor(3, 1, Want.PANIC, ("desk-eve",), w.Brief(case="one", caller="caller", person="ada"), ())


@pytest.mark.parametrize(
    ("told", "case"),
    [
        (w.AlertRaised(ask=1, want=Want.PANIC, person="ada", to=("desk-eve",), case="one"), "one"),
        (w.AlertAnswered(ask=1, desk="desk-eve", person="eve", reply=w.Reply.ACCEPT, case="one"), "one"),
        (w.AlertClosed(1, "eve is coming", "one"), "one"),
        (w.AlertClosed(1, "eve is coming"), "two"),
        (w.EffectDecided(ASKED, 0), "one"),
        (w.EffectDecided(w.Hold(3, "call"), 0), "two"),
    ],
    ids=["raised", "answered", "closed", "closed in an older record", "put before supervisors", "another effect"],
)
def test_what_calls_somebody_to_a_call_on_hold_belongs_to_that_call(told: w.Event, case: str) -> None:
    """And is erased with it: the brief tells who calls."""
    splitter = Splitter()
    for number, name in enumerate(("one", "two"), 1):
        opened = w.CaseOpened(case=name, epoch=number, call=name, direction="in", policy="p", version="1")
        assert splitter.case_of(opened) == name
    assert splitter.case_of(told) == case
    assert splitter.case_of(w.CallerCalmed("ada")) == "two"
    assert splitter.case_of(w.CaseClosed(case="two", how="caller_left", by=EndedBy.THEM)) == "two"
