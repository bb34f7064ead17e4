"""Who is called without a call is still called after a restart: no case tells of it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from rung import words as w
from rung.clock import wall_ms
from rung.desk.recovery import STILL_CALLED_MS, recover
from rung.journal.store import Journal
from rung.policy import load, step
from rung.sim.disk import Disk, FileLayer
from rung.words import Presence, Reply, Want

TO = ("desk-eve", "desk-fay")
PANIC = w.AlertRaised(ask=7, want=Want.PANIC, person="ada", to=TO)
BUSY = w.AlertAnswered(ask=7, desk="desk-fay", person="fay", reply=Reply.BUSY)
OPENED = w.CaseOpened(case="c", epoch=1, call="line", direction="in", policy="p", version="1")
CLOSED = w.CaseClosed(case="c", how="caller_left", by=w.EndedBy.THEM)


@pytest.fixture
def journal() -> Iterator[Journal]:
    layer = FileLayer(Disk())
    with closing(Journal("/desk.journal", vfs=layer.name)) as made:
        yield made


def tell(journal: Journal, *events: w.Event, ago_ms: int = 0) -> None:
    journal.append(events, at_ms=5000, wall_ms=wall_ms() - ago_ms)


def called(journal: Journal) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(alert.number, alert.case, alert.busy) for alert in recover(journal).alerts]


def test_a_panic_that_nobody_has_answered_is_before_the_supervisors_again_after_a_restart(journal: Journal) -> None:
    tell(journal, PANIC, BUSY)
    assert called(journal) == [(7, "", ("desk-fay",))]
    eve = Presence(desk="desk-eve", person="eve", extension="601")
    told = step(load("warm-transfer"), recover(journal), w.FloorIs(up=True, present=(eve,)), 6000)
    assert [(e.ask, e.want, e.to) for e in told.effects if isinstance(e, w.AskFloor)] == [
        (7, Want.PANIC, ("desk-eve",))
    ]


def test_it_is_so_whatever_calls_have_come_since(journal: Journal) -> None:
    tell(journal, PANIC, OPENED)
    assert called(journal) == [(7, "", ())]
    tell(journal, BUSY, CLOSED)
    assert called(journal) == [(7, "", ("desk-fay",))]


@pytest.mark.parametrize("closed", [w.AlertClosed(7, "eve is coming"), w.AlertClosed(7, "called off")])
def test_what_is_over_stays_so(journal: Journal, closed: w.Event) -> None:
    tell(journal, PANIC, closed)
    assert called(journal) == []


def test_what_was_called_for_long_ago_calls_nobody(journal: Journal) -> None:
    tell(journal, PANIC, ago_ms=STILL_CALLED_MS + 1000)
    assert called(journal) == []


def test_the_alert_of_a_call_comes_back_with_its_call_alone(journal: Journal) -> None:
    raised = w.AlertRaised(ask=7, want=Want.PANIC, person="ada", to=TO, case="c")
    tell(journal, OPENED, raised)
    assert called(journal) == [(7, "c", ())]
    tell(journal, CLOSED)
    assert called(journal) == []
