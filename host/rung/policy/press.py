"""How a press of the box is read: the same way under every policy; what differs stands in the tables."""

from math import ceil

from rung import words as w
from rung.policy.calls import complete, start_ask, take_back
from rung.policy.decision import Decision
from rung.policy.language import Rung
from rung.policy.reading import (
    COMPLETE_AFTER_MS,
    OTHER_LIVE,
    PHONE_LOST,
    Missing,
    asked,
    blocked,
    completes,
    declares_unnamed,
    first_open,
    missing,
    nearest,
    other_live,
    way_on,
)
from rung.policy.state import Phase
from rung.words import Button, Gesture, Verdict

CHORD = frozenset({Button.ESCALATE, Button.WARN})
TOO_LATE_MS = {Button.RELEASE: 3000, Button.WARN: 10_000}  # escalate does not grow too old on the same call
END_DEADLINE_MS = 5000  # after this without the phone's word, nobody knows whether the call has ended


def pressed(d: Decision, press: w.Pressed) -> None:
    """Read one press: record it, do what it may do, and answer it with the reason and the next button."""
    d.emit(w.PressRecorded(press, d.desk.facts.person))
    answer = _read(d, press)
    d.emit(w.PressAnswered(press.number, answer))
    d.answer = answer
    for button in press.buttons:
        if answer.verdict in (Verdict.REFUSED, Verdict.TOO_LATE):
            d.flash(button, w.LampState.REFUSED)
        else:
            d.clear_refusal(button)


def _read(d: Decision, press: w.Pressed) -> w.Answer:
    buttons = frozenset(press.buttons)
    fits = buttons == CHORD if press.gesture == Gesture.CHORD else len(buttons) == 1
    if not fits:
        return refuse("No gesture is made of these buttons; press again.")
    button = press.buttons[0]
    if press.gesture == Gesture.HOLD and button == Button.ESCALATE:
        return _panic(d)
    if d.desk.case is None:
        return refuse("There is no call.")
    if press.epoch != d.case.epoch:
        return refuse(_sentence(OTHER_LIVE) if other_live(d.desk) else "That press was not made on this call.")
    if press.age_ms > min(TOO_LATE_MS.get(b, press.age_ms) for b in buttons):
        return w.Answer(verdict=Verdict.TOO_LATE, why="Too late, press again.", next=button)
    if press.gesture == Gesture.CHORD:
        return _chord(d)
    at = d.now - max(0, press.age_ms)
    if press.gesture == Gesture.HOLD:
        return _held_release(d, at) if button == Button.RELEASE else nothing("Grounds are named by key or on the page.")
    if button == Button.ESCALATE and d.case.ask is not None:
        return _tap_while_asking(d, at)
    return _tap(d, button, at)


def refuse(why: str, next: Button | None = None) -> w.Answer:
    return w.Answer(verdict=Verdict.REFUSED, why=why, next=next)


def nothing(why: str, next: Button | None = None) -> w.Answer:
    return w.Answer(verdict=Verdict.NOTHING, why=why, next=next)


def taken(why: str) -> w.Answer:
    return w.Answer(verdict=Verdict.TAKEN, why=why)


def _panic(d: Decision) -> w.Answer:
    """Always into the record. Whoever pressed is told the truth: there is no floor yet that could be alerted."""
    d.emit(w.MarkerSet(w.Marker.EMERGENCY, d.desk.facts.person))
    return refuse("The emergency is in the record, but the floor is out of reach: nobody was alerted. Call for help.")


def _chord(d: Decision) -> w.Answer:
    if d.case.ask is None:
        return refuse("Escalate and warn together take an ask back; nothing is being asked.")
    return take_back(d)


def _tap_while_asking(d: Decision, at: int) -> w.Answer:
    ask = d.case.ask
    assert ask is not None
    if completes(d.desk, at):
        complete(d)
        return taken("Transferring the caller to the supervisor.")
    if ask.phase != Phase.ANSWERED or ask.answered_ms is None:
        return nothing(f"{asked(ask, d.now)}.")
    if other_live(d.desk) or not d.desk.facts.calls_known:
        return refuse(f"Not transferred: {OTHER_LIVE if other_live(d.desk) else PHONE_LOST}.")
    left_s = ceil(max(0, ask.answered_ms + COMPLETE_AFTER_MS - d.now) / 1000)
    again = f"tap again in {left_s} s" if left_s else "tap again"  # let go before the supervisor had answered for long
    return nothing(f"The supervisor has answered; {again} to transfer.", Button.ESCALATE)


def _tap(d: Decision, button: Button, at: int) -> w.Answer:
    if button == Button.RELEASE and (said := d.case.announcement) is not None:
        return nothing(f"Announced {(d.now - said.at_ms) // 1000} s ago; hold release to end the call.", Button.RELEASE)
    rung = first_open(d.policy, d.desk, button, at)
    if rung is None:
        return _refuse_rung(d, button, at)
    if rung.does == "end":
        d.emit(w.Announced(rung.id, d.desk.facts.person))
        return taken(f"{rung.title}: say it now, then hold release.")
    if declares_unnamed(d.policy, d.case, rung):
        d.emit(w.GroundDeclared(ground=w.Ground.UNNAMED, person=d.desk.facts.person))
    _take(d, rung)
    if rung.does == "transfer":
        start_ask(d, rung)
        if d.case.ask is None:
            return taken("No supervisor can be rung from this desk; the caller is not put on hold.")
    return taken(rung.title)


def _held_release(d: Decision, at: int) -> w.Answer:
    said = d.case.announcement
    if said is None:
        rung = first_open(d.policy, d.desk, Button.RELEASE, at)
        if rung is None:
            return _refuse_rung(d, Button.RELEASE, at)
        return refuse("Say it first: tap release, tell the caller, then hold.", Button.RELEASE)
    rung = d.policy.find(said.rung)
    lacks = missing(d.policy, d.desk, rung, at)
    if lacks:
        return _because(d, rung, lacks, at)
    left_ms = said.at_ms + d.policy.times.say_ms - at
    if left_ms > 0:
        return refuse(f"Let the caller hear it: hold again in {ceil(left_ms / 1000)} s.", Button.RELEASE)
    _take(d, rung)
    d.do(w.HangUp, END_DEADLINE_MS, d.case.call)
    return taken(rung.title)


def _take(d: Decision, rung: Rung) -> None:
    went_on = ("persisted",) if any(need.persisted for need in rung.requires) else ()
    attests = went_on + rung.attests
    d.emit(w.RungTaken(rung=rung.id, person=d.desk.facts.person, warns=rung.warns, attests=attests))


def _refuse_rung(d: Decision, button: Button, at: int) -> w.Answer:
    closest = nearest(d.policy, d.desk, button, at)
    if closest is None:
        return refuse(f"This policy has no step for {button} here.")
    return _because(d, *closest, at)


def _because(d: Decision, rung: Rung, lacks: list[Missing], at: int) -> w.Answer:
    """What the rung lacks, and the button that comes next or, where none helps, the act."""
    text = "; ".join(m.text for m in lacks)
    button, act = way_on(d.policy, d.desk, lacks, at)
    now = f" Now: {act}." if act and act not in text else ""
    if blocked(d.desk, rung):  # it has nothing to do with this rung
        return refuse(f"{_sentence(text)}{now}", button)
    return refuse(f"{rung.title}: {text}.{now}", button)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
