"""The book of calls: any order of the stack's events leaves it truthful."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.phone.sip_calls import KEPT_ENDED, Attempt, CallBook
from rung.phone.sip_control import MAX_CALLS, MAX_LINE, Done
from rung.words import CallState, EndedBy, Outcome

LINE, CONSULT = 1, 2
RESET = "Connection reset by peer [104]"


def consulting() -> CallBook:
    """A held caller, and a supervisor who has answered; the completion is under way."""
    book = CallBook()
    book.saw("CALL_INCOMING", LINE)
    book.saw("CALL_ESTABLISHED", LINE)
    book.legs[LINE].hold_asked = True
    book.saw("CALL_LOCAL_SDP", LINE, "offer")
    book.saw("CALL_REMOTE_SDP", LINE, "answer")
    book.attempt = Attempt(consult_for=book.legs[LINE].id)
    book.saw("CALL_OUTGOING", CONSULT)
    book.attempt = None
    book.saw("CALL_RINGING", CONSULT)
    book.saw("CALL_ESTABLISHED", CONSULT)
    line, consult = book.legs[LINE], book.legs[CONSULT]
    line.transferring, line.completing = True, consult.id
    return book


def test_a_hold_counts_when_the_peer_has_answered_it() -> None:
    book = CallBook()
    book.saw("CALL_INCOMING", LINE)
    book.saw("CALL_ESTABLISHED", LINE)
    book.legs[LINE].hold_asked = True
    assert book.saw("CALL_LOCAL_SDP", LINE, "offer") == []
    (told,) = book.saw("CALL_REMOTE_SDP", LINE, "answer")
    assert told.state is CallState.HELD


DIALOG = "abc@127.0.0.1;to-tag=1;from-tag=2"
WITH_CASE = {"X-Rung-Case": "b%C3%BCro-1-17", "To": "<sip:sup@127.0.0.1:5060>"}


def replaced(*, answered: bool) -> CallBook:
    """A call that came with a case has closed because another call of the same peer takes its place."""
    book = CallBook()
    (rang,) = book.saw("CALL_INCOMING", LINE, headers=WITH_CASE)
    assert (rang.case, rang.queue) == ("büro-1-17", "sup")
    if answered:
        book.saw("CALL_ESTABLISHED", LINE)
    (ended,) = book.saw("CALL_CLOSED", LINE, f"{DIALOG} replaced")
    assert (ended.ended_by, ended.case) == (EndedBy.TRANSFER, "büro-1-17")
    return book


@pytest.mark.parametrize("answered", [True, False])
def test_a_replacing_call_brings_the_case_along(answered: bool) -> None:
    book = replaced(answered=answered)
    (rang,) = book.saw("CALL_INCOMING", 3, headers={"Replaces": DIALOG})
    assert (rang.case, rang.queue, book.legs[3].took_over) == ("büro-1-17", "sup", answered)


@pytest.mark.parametrize("headers", [{}, {"Replaces": "another;to-tag=1;from-tag=2"}])
def test_a_call_that_replaces_nothing_of_ours_is_a_call_like_any_other(headers: dict[str, str]) -> None:
    """It rings, whatever went before, and nobody is connected unasked."""
    book = replaced(answered=True)
    (rang,) = book.saw("CALL_INCOMING", 3, headers=headers)
    assert (rang.case, book.legs[3].took_over) == ("", False)
    (rang,) = book.saw("CALL_INCOMING", 4, headers={"Replaces": DIALOG})
    assert (rang.case, book.legs[4].took_over) == ("", False), "nor is anybody later"


def test_the_case_of_a_call_that_we_dial_is_the_other_desks_to_tell() -> None:
    (dialling,) = CallBook().saw("CALL_OUTGOING", LINE, headers=WITH_CASE)
    assert (dialling.case, dialling.queue) == ("", "")


def test_the_stacks_own_renegotiation_changes_nothing() -> None:
    book = consulting()
    for handle in (LINE, CONSULT):
        assert book.saw("CALL_LOCAL_SDP", handle, "offer") == []
        assert book.saw("CALL_REMOTE_SDP", handle, "answer") == []


def test_the_joining_is_not_read_as_a_decline() -> None:
    book = consulting()
    assert book.saw("CALL_CLOSED", CONSULT, RESET) == [], "withheld until the verdict"
    line, consult = book.saw("CALL_CLOSED", LINE, "Call transfered")
    assert (line.ended_by, consult.ended_by, consult.outcome) == (EndedBy.TRANSFER, EndedBy.TRANSFER, None)


def test_the_verdict_may_come_before_the_consults_end() -> None:
    book = consulting()
    (line,) = book.saw("CALL_CLOSED", LINE, "Call transfered")
    (consult,) = book.saw("CALL_CLOSED", CONSULT, RESET)
    assert (line.ended_by, consult.ended_by, consult.outcome) == (EndedBy.TRANSFER, EndedBy.TRANSFER, None)


def test_a_supervisor_who_hung_up_first_declined() -> None:
    book = consulting()
    book.saw("CALL_CLOSED", CONSULT, RESET)
    line, consult = book.saw("CALL_TRANSFER_FAILED", LINE, "481 Call Does Not Exist")
    assert (line.state, line.cause, line.doing) == (CallState.HELD, "transfer failed: 481 Call Does Not Exist", "")
    assert (consult.ended_by, consult.outcome) == (EndedBy.THEM, Outcome.DECLINED)


def test_a_completion_never_sent_leaves_the_supervisors_hanging_up_a_decline() -> None:
    book = consulting()
    book.saw("CALL_CLOSED", CONSULT, RESET)
    (consult,) = book.transfer_refused(book.legs[LINE])
    assert (consult.ended_by, consult.outcome) == (EndedBy.THEM, Outcome.DECLINED)
    assert [c.doing for c in book.calls()] == ["", ""]


def test_a_failed_completion_leaves_both_calls() -> None:
    book = consulting()
    (line,) = book.saw("CALL_TRANSFER_FAILED", LINE, "503 Service Unavailable")
    assert line.state is CallState.HELD
    assert [c.state for c in book.calls()] == [CallState.HELD, CallState.UP]
    (consult,) = book.saw("CALL_CLOSED", CONSULT, RESET)
    assert consult.outcome is Outcome.DECLINED


def test_a_caller_who_leaves_meanwhile_left() -> None:
    book = consulting()
    (line,) = book.saw("CALL_CLOSED", LINE, RESET)
    assert (line.ended_by, line.state) == (EndedBy.THEM, CallState.ENDED)
    assert [c.state for c in book.calls()] == [CallState.ENDED, CallState.UP]


EVENTS = st.tuples(
    st.sampled_from(
        [
            "CALL_INCOMING",
            "CALL_OUTGOING",
            "CALL_RINGING",
            "CALL_PROGRESS",
            "CALL_ESTABLISHED",
            "CALL_LOCAL_SDP",
            "CALL_REMOTE_SDP",
            "CALL_TRANSFER_FAILED",
            "CALL_CLOSED",
            "CALL_HOLD",
            "SOMETHING_NEW",
        ]
    ),
    st.integers(1, 4),
    st.sampled_from(["offer", "answer", "", RESET, "Call transfered", "x replaced", "486 Busy Here"]),
    st.booleans(),
)


@given(st.lists(EVENTS, max_size=60))
def test_any_order_of_events_is_told_truthfully(events: list[tuple[str, int, str, bool]]) -> None:
    """What was told, change by change, is what `calls` says; and who has ended stays so."""
    book, told, handles = CallBook(), {}, 0
    current: dict[int, int] = {}
    for event, slot, text, flag in events:
        if event in ("CALL_INCOMING", "CALL_OUTGOING"):  # the stack never gives a handle twice
            handles += 1
            current[slot] = handles
        handle = current.get(slot, 0)
        line = book.legs.get(handle)
        if line and flag and line.answered:
            line.hold_asked = not line.held_in_stack
            others = [other.id for other in book.legs.values() if other is not line]
            line.transferring, line.completing = True, (others or [None])[0]
        for call in book.saw(event, handle, text):
            assert told.get(call.id, (None,))[0] is not CallState.ENDED
            assert (call.state is CallState.ENDED) == (call.ended_by is not None)
            told[call.id] = (call.state, call.cause)
    living = {c.id: c.state for c in book.calls() if c.state is not CallState.ENDED}
    assert living == {i: state for i, (state, _) in told.items() if state is not CallState.ENDED}
    assert len(book.ended) <= KEPT_ENDED


@given(st.text(), st.text())
def test_what_a_peer_words_is_told_in_printable_characters(peer: str, cause: str) -> None:
    book = CallBook()
    (ringing,) = book.saw("CALL_INCOMING", LINE, "", f"\x1b[2J{peer}")
    (ended,) = book.saw("CALL_CLOSED", LINE, f"\x1b]0;{cause}\x07")
    assert ringing.peer.isprintable() and ended.cause.isprintable() and len(ended.cause) <= 120


def test_the_longest_list_of_calls_fits_a_line() -> None:
    for text in ("\x01", '"', "\U0001f4de"):  # six bytes of JSON each, two, four
        book = CallBook()
        for handle in range(KEPT_ENDED + MAX_CALLS):
            book.attempt = Attempt(consult_for=f"{book.prefix}-99999999")
            book.saw("CALL_OUTGOING", handle, "", text * 1024)
            book.saw("CALL_ESTABLISHED", handle)
            if handle < KEPT_ENDED:
                book.saw("CALL_CLOSED", handle, text * 1024)
            else:
                book.transfer_failed(book.legs[handle], text * 1024)
        line = msgspec.json.encode(Done(2**63, calls=book.calls()))
        assert len(book.calls()) == KEPT_ENDED + MAX_CALLS
        assert len(line) < 0.7 * MAX_LINE
