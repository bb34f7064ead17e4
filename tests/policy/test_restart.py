"""The bridge comes back in mid-call: every point of a case, with everything the phone may then say of it.

Nothing is hung up or transferred by the restart; what had been sent is settled by the phone's word alone; and the story
can be finished.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.policy.shift import LINE, Shift, consult, line

from rung import words as w
from rung.policy.state import Facts
from rung.words import Call, Outcome


def telling(s: Shift) -> None:
    s.warned().press("escalate")


def holding(s: Shift) -> None:
    telling(s)
    s.wait(s.policy.times.say_ms)


def dialling(s: Shift) -> None:
    holding(s)
    s.line("held")


def ringing(s: Shift) -> None:
    dialling(s)
    s.consult("dialling")


def answered(s: Shift) -> None:
    ringing(s)
    s.consult("up")
    s.wait(3000)


def completing(s: Shift) -> None:
    answered(s)
    s.press("escalate")


def returning(s: Shift) -> None:
    ringing(s)
    s.consult("ended", "busy", "them")


def releasing(s: Shift) -> None:
    s.announced().press("release", "hold")


UP, HELD = line("up"), line("held")
RINGS, TALKS = consult("dialling"), consult("up")
BUSY, DECLINED = consult("ended", "busy", "them"), consult("ended", "declined", "them")
DONE = line("ended", "transfer")

# What stood in the record, what the phone then says, and: the ask's phase, its outcome, how the case closed.
TABLE: list[tuple[Callable[[Shift], object], tuple[Call, ...], str | None, str | None, str | None]] = [
    (telling, (UP,), None, "interrupted", None),
    (telling, (HELD,), None, "interrupted", None),
    (telling, (line("ended", "them"),), None, "interrupted", "caller left"),
    (holding, (UP,), "returning", None, None),
    (holding, (HELD,), "returning", None, None),
    (holding, (line("ended", "them"),), None, "caller_left", "caller left"),
    (dialling, (HELD,), "returning", None, None),
    (dialling, (HELD, RINGS), "ringing", None, None),
    (dialling, (HELD, TALKS), "answered", None, None),
    (dialling, (HELD, BUSY), "returning", None, None),
    (dialling, (UP,), None, "interrupted", None),
    (ringing, (HELD, RINGS), "ringing", None, None),
    (ringing, (HELD, TALKS), "answered", None, None),
    (ringing, (HELD, DECLINED), "returning", None, None),
    (ringing, (HELD,), "returning", None, None),
    (ringing, (line("ended", "them"), RINGS), None, "caller_left", "caller left on hold"),
    (answered, (HELD, TALKS), "answered", None, None),
    (answered, (HELD, DECLINED), "returning", None, None),
    (completing, (line("held", doing="transferring"), TALKS), "completing", None, None),
    (completing, (HELD, TALKS), "answered", None, None),
    (completing, (line("held", cause="transfer failed: 503"), TALKS), "answered", None, None),
    (completing, (HELD,), "returning", None, None),
    (completing, (DONE,), None, "accepted", "transferred"),
    (completing, (), None, "failed", "unknown"),
    (returning, (HELD, BUSY), "returning", None, None),
    (returning, (UP, BUSY), None, "busy", None),
    (returning, (), None, "failed", "unknown"),
    (releasing, (UP,), None, "busy", None),
    (releasing, (line("up", doing="ending"),), None, "busy", None),
    (releasing, (line("ended", "us"),), None, "busy", "released"),
    (releasing, (line("ended", "them"),), None, "busy", "caller left"),
    (releasing, (), None, "busy", "unknown"),
]


def restart(s: Shift, says: tuple[Call, ...]) -> None:
    """Kill the bridge and start it again: facts are gone, the case is folded from the record."""
    s.desk = replace(s.desk, facts=Facts(), flashes=())
    s.put(w.Restarted())
    s.put(w.SignedOn("ada"))
    s.put(w.FloorIs(extension="600"))
    s.put(w.PhoneIs(up=True))
    s.put(w.CallsAre(says))
    s.consults = max(s.consults, len(says) - 1)


@pytest.mark.parametrize(("at", "says", "phase", "outcome", "how"), TABLE)
def test_what_the_phone_says_after_a_restart(
    at: Callable[[Shift], object], says: tuple[Call, ...], phase: str | None, outcome: str | None, how: str | None
) -> None:
    s = Shift()
    at(s)
    sent = len(s.effects)
    restart(s, says)
    after = s.effects[sent:]
    assert not any(isinstance(e, w.Complete) or (isinstance(e, w.HangUp) and e.call == LINE) for e in after)
    assert not any(isinstance(e, w.Hold | w.Consult) for e in after)
    closed = s.events(w.AskClosed)
    assert (closed[-1].outcome if closed else None) == (None if outcome is None else Outcome(outcome))  # type: ignore[union-attr]
    if how is not None:
        assert s.desk.case is None
        assert s.closed().how == how
        return
    assert (s.case.ask.phase if s.case.ask else None) == phase
    assert (s.case.announcement, s.case.held) == (None, says[0].state == "held")


@pytest.mark.parametrize(("at", "says", "phase", "outcome", "how"), [row for row in TABLE if row[4] is None])
def test_the_story_can_be_finished_after_a_restart(
    at: Callable[[Shift], object], says: tuple[Call, ...], phase: str | None, outcome: str | None, how: str | None
) -> None:
    """The phone settles what it was doing, the agent goes on, and the call is released, once, by a new hold."""
    s = Shift()
    at(s)
    restart(s, says)
    if says[0].doing == "ending":
        s.line("ended", "us")
        assert s.closed().how == "released"
        return
    if says[0].doing == "transferring":
        s.line("ended", "transfer")
        assert s.closed().how == "transferred"
        return
    s.press("escalate+warn", "chord")  # whatever is still asked, is taken back
    s.line("up")
    assert s.case.ask is None
    assert s.case.pending == ()
    s.wait(s.policy.times.wait_ms)
    if not s.case.has_taken("final-notice"):
        s.nobody_came()
        assert s.press("warn").verdict == w.Verdict.TAKEN
        s.wait(s.policy.times.wait_ms)
    before = s.did(w.HangUp)
    s.put(w.Declared(w.Ground.THREAT))
    assert s.press("release", "hold").verdict == w.Verdict.REFUSED
    assert s.press("release").verdict == w.Verdict.TAKEN
    s.wait(s.policy.times.say_ms)
    assert s.press("release", "hold").verdict == w.Verdict.TAKEN
    assert s.did(w.HangUp) == before + 1


def test_the_restart_itself_is_why_an_announcement_falls() -> None:
    s = Shift().announced()
    restart(s, (UP,))
    assert s.events(w.AnnouncementWithdrawn) == [w.AnnouncementWithdrawn("release", "the bridge was restarted")]
    assert s.did(w.AskPhone) == 0


def test_an_interrupted_ask_changes_neither_wait_nor_unavailability() -> None:
    s = Shift().warned()
    s.press("escalate")
    restart(s, (UP,))
    assert not s.case.unavailable
    assert s.press("escalate").verdict == w.Verdict.TAKEN


def test_a_call_that_the_phone_no_longer_knows_has_ended_nobody_knows_how() -> None:
    s = Shift()
    s.line("up")
    s.put(w.CallsAre(()))
    assert [e.by for e in s.events(w.CaseClosed)] == ["unknown"]  # type: ignore[attr-defined]
