"""The second opinion: a naive reading of all five policies, from their own words over the plain history of a call.

It shares nothing with the policy room: it keeps no state, reads no table, and looks through the whole history anew for
every question. It is slow and simple on purpose. `history` finds things in it, `call` and `ground` say what holds,
`tables` holds the five ladders, `presses` and `acts` say what somebody's doing comes to, `asking` what may become of an
ask, `alarm` who is called beside any, `handing` who is in the call, and who may get the caller.
"""

from tests.policy.oracle.acts import what_it_does
from tests.policy.oracle.alarm import alarm_is_right
from tests.policy.oracle.asking import ask_is_right
from tests.policy.oracle.handing import handed_over_rightly, known_who_is_in
from tests.policy.oracle.history import Afresh, Entry, Look

__all__ = [
    "Afresh",
    "Entry",
    "Look",
    "alarm_is_right",
    "ask_is_right",
    "handed_over_rightly",
    "known_who_is_in",
    "what_it_does",
]
