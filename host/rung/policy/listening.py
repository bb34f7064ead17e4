"""A supervisor hears a call, coaches or barges in: as the phone can, and as the site's switch allows.

Panic does not override the switch. The agent sees on the page who listens, with a script to say so.
"""

from rung import words as w
from rung.policy import book, chores
from rung.policy.answers import nothing, refuse, taken
from rung.policy.decision import Decision

CONSENT = "a supervisor wants to listen: ask whether the caller agrees, and settle this only if they do"
WAYS: tuple[w.Listening, ...] = ("listen", "coach", "barge")


def ways(can: frozenset[str], switch: book.Recording) -> tuple[w.Listening, ...]:
    """How somebody may listen to a call on this phone at this site; a site that asks for consent lets them ask."""
    return () if switch == "never" else tuple(how for how in WAYS if how in can)


def listen_in(d: Decision, act: w.ListenIn) -> w.Answer:
    if d.who.here:  # from another desk `step` lets nobody but a supervisor, and only while there is a call
        return refuse("A supervisor listens from their own desk, while there is a call.")
    switch = book.recording(d.rules)
    if switch == "never":
        return refuse("This site lets nobody listen.")
    if act.how not in d.desk.facts.can:
        return refuse(f"This phone cannot do that: {act.how}.")
    target = _telephone(d)
    if not target:
        return refuse("The floor does not know your telephone.")
    agreed = switch == "announced" or d.case.consent == "given"
    d.emit(w.ListeningAsked(person=d.who.id or "", how=act.how, granted=agreed))
    if not agreed:
        chores.task(d, "listen", CONSENT)
        return refuse("The caller must agree first; the agent has been asked to ask.")
    d.do(w.Listen, 0, d.case.call, target, act.how, d.case.id)
    return taken("Your telephone rings; the agent sees that you listen.")


def listen_out(d: Decision, act: w.ListenOut) -> w.Answer:
    call = d.desk.facts.calls.get(d.case.call) if d.desk.case is not None else None
    target = _telephone(d)
    if call is None or target not in call.listeners:
        return nothing("You do not listen to this call.")
    d.do(w.StopListening, 0, call.id, target)
    return taken("You listen no more.")


def _telephone(d: Decision) -> str:
    """Of whoever acts."""
    return next((p.extension for p in d.desk.facts.present if p.person == d.who.id), "")
