"""Theory of operation: one pure function decides.

``step(policy, desk, input, now)`` takes what a desk remembers and one thing that happened, and gives back the desk
after it, the events for the record, the effects for the phone, and an answer for the person who acted. It knows no
clock, no I/O and no asyncio: time is an argument, the phone's confirmations come back as inputs. So the same seed
always gives the same shift.

Each step runs in three parts, whatever the input:

1. *What is due* since the last step: an ask that rang too long, an effect past its deadline, an announcement that fell.
2. *The input*: one handler each, in ``_HANDLERS``.
3. *What is due* again: what the input has just made due must not wait for the next one.

The rungs, what they need and what they do are the policy's tables. ``reading.missing`` alone decides whether a rung
is open; ``press`` takes rungs, ``calls`` follows the phone, ``state.evolve`` changes the case, event by event. A rung
is taken in one place only, ``press._take``, and the caller's call is ended in one place only,
``press._held_release``.
"""

from collections.abc import Callable
from typing import Any

from rung import words as w
from rung.policy import acts, calls
from rung.policy.decision import Decision, Step
from rung.policy.language import Policy
from rung.policy.press import pressed
from rung.policy.reading import missing
from rung.policy.state import ANNOUNCEMENT_MS, Desk


def step(policy: Policy, desk: Desk, input: w.Input, now_ms: int) -> Step:
    """Decide one input. Never raises, whatever the input. If ``now_ms`` runs backwards, the last step's counts."""
    d = Decision(policy, desk, max(now_ms, desk.at_ms))
    if not isinstance(input, w.Restarted):  # a desk out of the record knows nothing yet by which something could be due
        _due(d)
    handler = _HANDLERS.get(type(input))
    if handler is not None:
        handler(d, input)
    _due(d)
    return d.step()


def _due(d: Decision) -> None:
    if d.desk.case is not None:
        calls.ask_on_time(d)
        calls.effects_on_time(d)
        _announcement(d)


def _announcement(d: Decision) -> None:
    """It falls when what its rung needs no longer holds."""
    said = d.case.announcement
    if said is None:
        return
    if d.now >= said.at_ms + ANNOUNCEMENT_MS:
        d.emit(w.AnnouncementWithdrawn(said.rung, "60 s have passed"))
    elif said.person != d.desk.facts.person:
        d.emit(w.AnnouncementWithdrawn(said.rung, "somebody else sits here now"))
    elif lacks := missing(d.policy, d.desk, d.policy.find(said.rung), d.now):
        d.emit(w.AnnouncementWithdrawn(said.rung, "; ".join(m.text for m in lacks)))


_HANDLERS: dict[type, Callable[[Decision, Any], None]] = {
    w.Pressed: pressed,
    w.Declared: acts.declared,
    w.TakenBack: acts.taken_back,
    w.Marked: acts.marked,
    w.Unmarked: acts.unmarked,
    w.Calmed: acts.calmed,
    w.AskTakenBack: acts.ask_taken_back,
    w.SignedOn: acts.signed_on,
    w.FloorIs: acts.floor_is,
    w.PhoneIs: calls.phone_is,
    w.CallIs: calls.call_is,
    w.CallsAre: calls.calls_are,
    w.EffectRefused: calls.effect_refused,
    w.Restarted: calls.restarted,
}
