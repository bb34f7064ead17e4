"""What a call's last words mean: the whole table, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.phone.sip_reading import ended_by, outcome, outcome_of_failed_transfer
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
