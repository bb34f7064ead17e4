"""What a SIP call's first and last words mean: whom it was for; who ended it, and how a supervisor's phone answered.

The first are headers of the INVITE. The last are the texts of the embedded stack's CALL_CLOSED event: a status line
("486 Busy Here"), an operating-system error ("Connection refused [111]"), or words of its own.
"""

import re
from urllib.parse import unquote

from rung.phone.sip_control import plain
from rung.words import EndedBy, Outcome

CASE = "X-Rung-Case"  # ours: the case that the calling desk sends along, percent-encoded
TO = "To"
REPLACES = "Replaces"  # the dialog whose place the call takes

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')  # the name beside an address, which may look like an address itself
_USER = re.compile(r"sips?:([^@;?>]*)[^@?>]*@", re.IGNORECASE)
_STATUS = re.compile(r"(\d{3}) ")
_ERRNO = re.compile(r"\[(\d+)\]$")
_RESET_BY_PEER = "104"  # the stack's way of saying that a BYE or a CANCEL came in

_BY_US = "Rejected by user"

TRANSFERRED = "Call transfered"  # as the stack spells it: the peer reported the new call answered
REPLACED = " replaced"  # another call of the same peer took this one's place

# How a consult that was never answered came to its end.
_ANSWERS = {
    603: Outcome.DECLINED,
    486: Outcome.BUSY,
    600: Outcome.BUSY,
    408: Outcome.IGNORED,
    480: Outcome.IGNORED,
    404: Outcome.ABSENT,
    410: Outcome.ABSENT,
    502: Outcome.ABSENT,
    503: Outcome.ABSENT,
    504: Outcome.ABSENT,
    604: Outcome.ABSENT,
}
_NO_SUCH_DIALOG = 481  # the supervisor had hung up before the caller could take the consult's place


def queue_of(headers: dict[str, str]) -> str:
    """The user part of the address that was called; empty if there is none."""
    user = _USER.search(_QUOTED.sub("", headers.get(TO, "")))
    return plain(unquote(user[1])) if user else ""


def case_of(headers: dict[str, str]) -> str:
    """The case sent along; empty if none was."""
    return plain(unquote(headers.get(CASE, "")))


def status_of(text: str) -> int | None:
    """The SIP status that ``text`` begins with."""
    found = _STATUS.match(text + " ")
    return int(found[1]) if found else None


def ended_by(text: str, *, ours: bool) -> EndedBy:
    """Who ended a call that closed with ``text``; ``ours``: we had asked for it, perhaps too late."""
    if text == TRANSFERRED or text.endswith(REPLACED):
        return EndedBy.TRANSFER
    if text == _BY_US:
        return EndedBy.US
    if status_of(text) is not None:
        return EndedBy.THEM
    errno = _ERRNO.search(text)
    if errno:
        return EndedBy.THEM if errno[1] == _RESET_BY_PEER else EndedBy.NETWORK
    if text == "rtp stream error" or "timeout" in text.lower():
        return EndedBy.NETWORK
    return EndedBy.US if ours else EndedBy.UNKNOWN


def outcome(by: EndedBy, text: str, *, answered: bool, rang: bool) -> Outcome | None:
    """How the supervisor's phone answered a consult; None where we ended it, or it was completed."""
    if by in (EndedBy.US, EndedBy.TRANSFER):
        return None
    if answered:
        return Outcome.DECLINED if by is EndedBy.THEM else Outcome.FAILED
    status = status_of(text)
    if status is not None:
        return _ANSWERS.get(status, Outcome.FAILED)
    if by is EndedBy.NETWORK:
        return Outcome.IGNORED if rang else Outcome.ABSENT
    return Outcome.FAILED


def outcome_of_failed_transfer(text: str) -> Outcome:
    """Of a consult that ended while its completion was under way, which then failed with ``text``.

    Only "no such dialog" shows that the supervisor had hung up; anything else is nobody's answer.
    """
    return Outcome.DECLINED if status_of(text) == _NO_SUCH_DIALOG else Outcome.FAILED
