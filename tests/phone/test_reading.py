"""What a call's first and last words mean: the whole tables, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.phone.sip_reading import case_of, ended_by, outcome, outcome_of_failed_transfer, queue_of
from rung.words import EndedBy, Outcome

US, THEM, TRANSFER, NETWORK, UNKNOWN = (
    EndedBy.US,
    EndedBy.THEM,
    EndedBy.TRANSFER,
    EndedBy.NETWORK,
    EndedBy.UNKNOWN,
)

RESET, TIMED_OUT, REFUSED = "Connection reset by peer [104]", "Connection timed out [110]", "Connection refused [111]"


@pytest.mark.parametrize(
    ("to", "queue"),
    [
        ("<sip:agent@127.0.0.1:5060>", "agent"),
        ('"Billing \\"EU\\"" <sips:billing;x=1@pbx.example>;tag=7', "billing"),
        ('"sip:vip@pbx" <sip:agent@pbx>', "agent"),
        ("sip:+44123@pbx", "+44123"),
        ("<SIP:caf%C3%A9%0d@pbx>", "café"),
        ("<sip:pbx.example>", ""),
        ("<tel:112>", ""),
        ("", ""),
    ],
)
def test_whom_it_was_for(to: str, queue: str) -> None:
    assert queue_of({"To": to}) == queue


@pytest.mark.parametrize(
    ("sent", "case"),
    [("desk-1-17", "desk-1-17"), ("b%C3%BCro", "büro"), ("a%0d%0ab%1b[31m", "ab[31m"), ("%ff", "\ufffd")],
)
def test_the_case_sent_along(sent: str, case: str) -> None:
    assert case_of({"X-Rung-Case": sent}) == case
    assert case_of({}) == ""


@given(st.text())
def test_whatever_is_sent_along_is_one_short_line(sent: str) -> None:
    for told in (case_of({"X-Rung-Case": sent}), queue_of({"To": f"<sip:{sent}@pbx>"})):
        assert len(told) <= 120 and (told.isprintable() or not told)


@pytest.mark.parametrize(
    ("text", "ours", "by"),
    [
        ("Rejected by user", True, US),
        ("Rejected by user", False, US),
        ("Busy Here", True, US),
        ("Busy Here", False, UNKNOWN),
        (RESET, False, THEM),
        (RESET, True, THEM),  # both hung up at once, and theirs came first
        ("486 Busy Here", False, THEM),
        ("Call transfered", False, TRANSFER),
        ("a;to-tag=b;from-tag=c replaced", False, TRANSFER),
        (TIMED_OUT, False, NETWORK),
        (REFUSED, False, NETWORK),
        ("rtp stream error", False, NETWORK),
        ("Local timeout", False, NETWORK),
        ("", False, UNKNOWN),
    ],
)
def test_who_ended_it(text: str, ours: bool, by: EndedBy) -> None:
    assert ended_by(text, ours=ours) is by


@pytest.mark.parametrize(
    ("by", "text", "answered", "rang", "found"),
    [
        (THEM, "603 Decline", False, True, Outcome.DECLINED),
        (THEM, "486 Busy Here", False, True, Outcome.BUSY),
        (THEM, "600 Busy Everywhere", False, True, Outcome.BUSY),
        (THEM, "408 Request Timeout", False, True, Outcome.IGNORED),
        (THEM, "480 Temporarily Unavailable", False, False, Outcome.IGNORED),
        (THEM, "404 Not Found", False, False, Outcome.ABSENT),
        (THEM, "503 Service Unavailable", False, False, Outcome.ABSENT),
        (NETWORK, TIMED_OUT, False, False, Outcome.ABSENT),
        (NETWORK, REFUSED, False, False, Outcome.ABSENT),
        (NETWORK, TIMED_OUT, False, True, Outcome.IGNORED),
        (THEM, RESET, True, True, Outcome.DECLINED),
        (NETWORK, "rtp stream error", True, True, Outcome.FAILED),
        (THEM, "500 Server Internal Error", False, False, Outcome.FAILED),
        (THEM, "403 Forbidden", False, False, Outcome.FAILED),
        (UNKNOWN, "", False, False, Outcome.FAILED),
        (US, "Rejected by user", False, True, None),
        (US, "Rejected by user", True, True, None),
        (TRANSFER, "Call transfered", True, True, None),
    ],
)
def test_how_the_supervisor_answered(by: EndedBy, text: str, answered: bool, rang: bool, found: Outcome | None) -> None:
    assert outcome(by, text, answered=answered, rang=rang) is found


def test_a_failed_transfer_is_a_decline_only_where_the_supervisor_was_gone() -> None:
    assert outcome_of_failed_transfer("481 Call/Transaction Does Not Exist") is Outcome.DECLINED
    for text in ("503 Service Unavailable", RESET, "", "no verdict in 1 ms"):
        assert outcome_of_failed_transfer(text) is Outcome.FAILED


@given(text=st.text(), ours=st.booleans(), answered=st.booleans(), rang=st.booleans())
def test_any_text_from_the_network_is_read(text: str, ours: bool, answered: bool, rang: bool) -> None:
    by = ended_by(text, ours=ours)
    found = outcome(by, text, answered=answered, rang=rang)
    assert (found is None) == (by in (US, TRANSFER))
    assert found not in (Outcome.ACCEPTED, Outcome.TAKEN_BACK)
