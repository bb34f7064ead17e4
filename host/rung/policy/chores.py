"""What the phone does beside the ladder: record in an emergency, give no calls during a breather.

What it cannot do, or does not do, is a task for a person, in the record and on the page. Nothing here opens a rung.
"""

from rung import words as w
from rung.policy import book
from rung.policy.answers import nothing, refuse, taken
from rung.policy.decision import Decision
from rung.policy.language import Duty
from rung.policy.state import CHORE_MS
from rung.words import Marker, Want

RECORDING = {
    "record": "this phone cannot record, or has not: record in another way, or write down what is said",
    "consent": "ask whether the caller agrees to a recording; only then record",
}
GOES_ON = "the phone has not stopped the recording of a false alarm: stop it in another way"
NO_JOIN = "this phone brings nobody into a call: whoever comes, comes to this desk"
NO_CASE = "this phone sends no case along: tell the supervisor what has happened on this call"
NO_BLOCK = "this phone blocks no number: if it is decided, whoever runs the telephones does it"


def task(d: Decision, what: str, why: str) -> None:
    """Told once, until somebody has seen to it."""
    if (what, why) not in d.desk.tasks:
        d.emit(w.TaskDue(what, why))


def done(d: Decision, act: w.TaskDone) -> w.Answer:
    if act.task not in {what for what, _ in d.desk.tasks}:
        return nothing("No such task is open.")
    d.emit(w.TaskSettled(act.task, d.who.id))
    return taken("Seen to.")


# -- an emergency ------------------------------------------------------------------------------------------------------


def at_emergency(d: Decision, want: Want) -> None:
    """Panic or crisis on a call. Recording follows the site's switch, and panic does not override it."""
    if d.desk.case is None or not d.desk.facts.phone_up:
        return
    if "join" not in d.desk.facts.can:
        task(d, "join", NO_JOIN)
    switch = book.recording(d.rules)
    call = d.desk.facts.calls.get(d.case.call)
    if want != Want.PANIC or switch == "never" or call is None or call.recording or d.case.waiting(w.Record):
        return
    if switch == "consented":
        task(d, "record", RECORDING["consent"])
    elif "record" in d.desk.facts.can:
        d.do(w.Record, CHORE_MS, call.id, d.case.id)
    else:
        task(d, "record", RECORDING["record"])


def recording_is(d: Decision, call: w.Call) -> None:
    """What we began lasts while the emergency stands: not after a false alarm."""
    mine = call.recording == d.case.id
    for pending in d.case.pending:
        begun = isinstance(pending.effect, w.Record) and mine
        if begun or (isinstance(pending.effect, w.StopRecording) and not call.recording):
            d.emit(w.EffectConfirmed(pending.effect.id))
    if mine and not d.case.marked(Marker.EMERGENCY) and not d.case.waiting(w.StopRecording):
        d.do(w.StopRecording, CHORE_MS, call.id)


def not_done(d: Decision, effect: w.Record | w.StopRecording) -> None:
    """A person sees to it; but nobody need record after a false alarm."""
    if isinstance(effect, w.StopRecording):
        task(d, "record", GOES_ON)
    elif d.case.marked(Marker.EMERGENCY):
        task(d, "record", RECORDING["record"])


def recorded_no_more(d: Decision) -> None:
    """It was a false alarm: nor need a person see to a recording."""
    if "record" in {what for what, _ in d.desk.tasks} and not d.case.marked(Marker.EMERGENCY):
        d.emit(w.TaskSettled("record", d.who.id))


# -- what is due after a call ------------------------------------------------------------------------------------------


def after_call(d: Decision, duty: Duty) -> None:
    if duty.do == "block" and "block" not in d.desk.facts.can:
        task(d, "block", NO_BLOCK)
    elif duty.do == "breather":
        _pause(d)


def _pause(d: Decision) -> None:
    if "pause" in d.desk.facts.can:
        d.do(w.Pause, 0, True, "breather")
    else:
        task(d, "pause", "this phone pauses nobody: leave the queues by hand for the breather")


def breather_on_time(d: Decision) -> None:
    """It ends by time; and a phone that has not paused anybody by its deadline is not waited for."""
    rest, facts = d.desk.rest, d.desk.facts
    assert rest is not None
    if d.now >= rest.until_ms:
        _end(d, "it is over")
    elif "pause" in facts.can and not facts.paused and d.now >= rest.at_ms + CHORE_MS:
        task(d, "pause", "the phone has paused nobody: leave the queues by hand for the breather")


def breather_over(d: Decision, act: w.BreatherOver) -> w.Answer:
    if not d.who.here:
        return refuse("Only whoever sits there ends a breather.")
    if d.desk.rest is None and not d.desk.facts.paused:
        return nothing("There is no breather.")
    _end(d, "the agent has ended it")
    return taken("Calls come again.")


def _end(d: Decision, why: str) -> None:
    d.emit(w.BreatherEnded(why))
    if "pause" in d.desk.facts.can:
        d.do(w.Pause, 0, False)


def paused_is(d: Decision, before: bool, was_up: bool) -> None:
    """The phone has said whether it gives the agent calls."""
    facts = d.desk.facts
    if d.desk.rest is None or not facts.phone_up:
        return
    if before and was_up and not facts.paused:
        d.emit(w.BreatherEnded("the agent has ended it on the phone"))
    elif not was_up and not facts.paused:
        _pause(d)  # it may be asked for again


def refused(d: Decision, said: w.EffectRefused) -> None:
    """Of an effect that no case waits for."""
    if d.desk.rest is not None and d.desk.rest.effect == said.id:
        task(d, "pause", f"{said.why}: leave the queues by hand for the breather")
