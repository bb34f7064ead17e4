"""A log of what happens names no caller."""

import msgspec
import pytest
from tests.journal.specimens import NUMBER, every_event

from rung import words as w
from rung.desk.happening import Happening
from rung.desk.withholding import withheld
from rung.policy import Book, Desk, load
from rung.policy.view import view
from rung.words import CallState, EndedBy

KEPT = "it is kept as journal.damaged-20261125T231440.db, sound up to entry 12345"  # what a log is for
CALL = w.Call(id=f"x{NUMBER}", state=CallState.ENDED, direction="in", peer=NUMBER, ended_by=EndedBy.THEM, cause=NUMBER)


@pytest.mark.parametrize("event", list(every_event()), ids=lambda e: type(getattr(e, "effect", e)).__name__)
def test_no_event_names_a_caller_in_a_log(event: w.Event) -> None:
    told = withheld(Happening(kind="recorded", at_ns=1, event=event, seq=3))
    assert NUMBER not in msgspec.json.encode(told).decode()
    assert type(told.event) is type(event) and told.seq == 3


def test_nothing_else_does() -> None:
    happening = Happening(
        kind="trouble",
        at_ns=1,
        call=CALL,
        effect=w.LookUp(1, "c", NUMBER),
        answer=w.Answer(w.Verdict.REFUSED, f"somebody else is in this call ({NUMBER})", w.Button.WARN),
        text=f"not accepted: sip:{NUMBER}@10.0.0.9 is busy; {NUMBER}, +49 151 12345678, 015112345678; {KEPT}",
        view=view(Book(load("warm-transfer")), Desk(), 0),
    )
    told = withheld(happening)
    assert told.view is None and told.call is not None and told.call.ended_by == EndedBy.THEM
    assert told.text == f"not accepted: … is busy; …, …, …; {KEPT}"
    assert told.answer == w.Answer(w.Verdict.REFUSED, "", w.Button.WARN)
    assert NUMBER not in msgspec.json.encode(told).decode()
