"""Sentences of "How a press is read" that no other file is about."""

from msgspec.structs import replace
from tests.policy.scene import Scene
from tests.policy.shift import line
from tests.policy.test_rows import LEAVE, WARNED, declare, talk, tap, then

from rung import words as w
from rung.policy import asks
from rung.policy.view import view
from rung.words import Ground, Reply, Want


def test_the_first_open_rung_of_the_ladder_is_taken() -> None:
    s = Scene("hang-up-protocol")
    then(WARNED, talk, declare("threat"))(s)
    s.must("release")
    assert s.case.announcement is not None and s.case.announcement.rung == "end"


def test_a_rung_is_taken_at_the_press() -> None:
    s = Scene("warm-transfer")
    s.must("warn")
    assert s.case.has_taken("warn")


def test_a_refused_press_a_quiet_ask_and_a_panic_do_not_count() -> None:
    s = Scene("warm-transfer")
    s.must("warn")
    counted = s.case.counted_ms
    s.wait(1000)
    assert s.press("release").verdict == "refused"
    assert s.press("escalate").verdict == "nothing", "a quiet ask"
    s.press("escalate", "hold")
    assert s.case.counted_ms == counted and [t.rung for t in s.case.taken] == ["warn"]


def test_warn_and_release_are_refused_while_the_caller_is_on_hold() -> None:
    s = Scene("hang-up-protocol").declare("threat")
    s.line("held")
    for button in ("warn", "release"):
        answer = s.press(button)
        assert answer.verdict == "refused" and "on hold" in answer.why


def test_leave_is_granted_or_denied_and_a_call_accepted_declined_or_busy() -> None:
    s = Scene("hang-up-protocol")
    leave = asks.replies(s.desk, Want.LEAVE)
    assert Reply.GRANT in leave and Reply.DENY in leave and Reply.DECLINE not in leave
    assert {Reply.ACCEPT, Reply.DECLINE, Reply.BUSY} <= set(asks.replies(s.desk, Want.TRANSFER))


def test_outbound_calls_follow_the_same_ladder() -> None:
    s = Scene("warm-transfer", call=False)
    s.put(w.CallIs(replace(line("up"), direction="out")))
    assert s.press("release").verdict == "refused"
    s.must("warn")
    assert s.case.has_taken("warn")


def test_who_rings_again_starts_at_the_bottom_with_the_earlier_case_shown() -> None:
    s = Scene("hang-up-protocol").declare("threat").end()
    s.line("ended", "us")
    s.put(w.CallIs(line("up", call="again")))
    s.put(w.EarlierAre("again", (w.Earlier("case-1", "2026-01-02", (Ground.THREAT,), "released"),)))
    assert s.press("release").verdict == "refused" and not s.case.taken and not s.case.grounds
    assert [e.case for e in view(s.rules, s.desk, s.now).earlier] == ["case-1"]


def test_leave_given_is_used_once() -> None:
    s = Scene("hang-up-protocol")
    then(LEAVE, tap("warn"))(s)
    assert s.case.leave is None and s.case.leave_used
    assert s.press("warn").verdict == "refused"
