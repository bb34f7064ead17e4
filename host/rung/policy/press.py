"""How a press of the box is read: the same way under every policy; what differs stands in the tables."""

from collections.abc import Callable
from math import ceil

from rung import words as w
from rung.policy import alerts, asks, transfer
from rung.policy.acts import declare
from rung.policy.answers import nothing, refuse, sentence, taken
from rung.policy.decision import REFUSED, Decision
from rung.policy.language import Rung
from rung.policy.progress import asked, in_the_way
from rung.policy.reading import (
    COMPLETE_AFTER_MS,
    OTHER_LIVE,
    PHONE_LOST,
    Look,
    Missing,
    completes,
    other_live,
)
from rung.policy.scripts import script
from rung.policy.state import Phase
from rung.words import Button, Gesture, Verdict, Want

AGENT, UNNAMED = w.Role.AGENT, w.Ground.UNNAMED
ESCALATE, WARN, RELEASE = BUTTONS = Button.ESCALATE, Button.WARN, Button.RELEASE
TAP, HOLD, CHORD = Gesture.TAP, Gesture.HOLD, Gesture.CHORD
TOO_LATE_MS = {RELEASE: 3000, WARN: 10_000}  # escalate does not grow too old on the same call
NOT_DONE = frozenset({Verdict.REFUSED, Verdict.TOO_LATE})
END_DEADLINE_MS = 5000  # after this without the phone's word, nobody knows whether the call has ended


def pressed(d: Decision, press: w.Pressed) -> w.Answer:
    """Read one press: record it, do what it may do, and answer it with the reason and the next button."""
    who = d.who
    d.events.append(w.PressRecorded(press, who.id, who.trained))  # it and its answer change nothing
    answer = _read(d, press)
    d.events.append(w.PressAnswered(press.number, answer))
    refused = answer.verdict in NOT_DONE
    for button in press.buttons:
        if refused:
            d.flash(button, REFUSED)
        elif d.desk.flashes:
            d.clear_refusal(button)
    return answer


def _read(d: Decision, press: w.Pressed) -> w.Answer:
    gesture = _GESTURES.get((press.gesture, press.buttons))
    if gesture is None:
        return refuse("No gesture is made of these buttons; press again.")
    if gesture is _panic:
        return _panic(d, ESCALATE, d.now)
    case, at = d.desk.case, d.now
    if case is None:
        return refuse("There is no call.")
    if press.epoch != case.epoch:
        return refuse(sentence(OTHER_LIVE) if other_live(d.desk) else "That press was not made on this call.")
    if press.age_ms > 0:
        at -= press.age_ms
        if _too_late(press):
            return w.Answer(verdict=Verdict.TOO_LATE, why="Too late, press again.", next=press.buttons[0])
    return gesture(d, press.buttons[-1], at)


def _too_late(press: w.Pressed) -> bool:
    return any(press.age_ms > TOO_LATE_MS.get(button, press.age_ms) for button in press.buttons)


def _panic(d: Decision, button: Button, at: int) -> w.Answer:
    """Always into the record, and to every supervisor present; an open ask is raised to everybody at once."""
    d.emit(w.MarkerSet(w.Marker.EMERGENCY, d.who.id))
    told = alerts.raise_alert(d, Want.PANIC)
    if d.desk.case is not None and d.case.ask is not None and asks.waits_for_desks(d.case.ask):
        while asks.widen(d, "panic"):
            pass
    if not told or told == alerts.UNREACHED:
        why = told or alerts.nobody(d.desk)
        return refuse(f"The emergency is in the record, but {why}: nobody was alerted. Call for help.")
    return taken(f"Emergency: {told}.")


def _named(d: Decision, button: Button, at: int) -> w.Answer:
    return declare(d, d.policy.common_grounds[BUTTONS.index(button)])


def _chord(d: Decision, button: Button, at: int) -> w.Answer:
    if d.case.ask is None:
        return refuse("Escalate and warn together take an ask back; nothing is being asked.")
    return asks.take_back(d)


def _tap_escalate(d: Decision, button: Button, at: int) -> w.Answer:
    case = d.case
    there = case.added if d.who.role is AGENT else None
    if there is not None and at < there.at_ms:
        return refuse("A supervisor has come into the call since. Press again.", ESCALATE)
    if there is not None:
        return transfer.hand_over(d, there)
    return _tap(d, button, at) if case.ask is None else _tap_while_asking(d, at)


def _tap_while_asking(d: Decision, at: int) -> w.Answer:
    ask = d.case.ask
    assert ask is not None
    if completes(d.desk, at):
        transfer.complete(d)
        return taken(f"Transferring the caller to the {ask.whom}.")
    if ask.phase != Phase.ANSWERED or ask.answered_ms is None:
        return nothing(f"{asked(ask, d.now)}.")
    if stuck := transfer.stuck(d.desk):
        return refuse(f"Not transferred: {stuck}.")
    left_s = ceil(max(0, ask.answered_ms + COMPLETE_AFTER_MS - d.now) / 1000)
    again = f"tap again in {left_s} s" if left_s else "tap again"  # let go before they had answered for long
    return nothing(f"The {ask.whom} has answered; {again} to transfer.", ESCALATE)


def _tap_release(d: Decision, button: Button, at: int) -> w.Answer:
    said = d.case.announcement
    if said is None or said.person != d.who.id:
        return _tap(d, button, at)
    left_ms = said.at_ms + d.policy.times.say_ms - d.now
    if left_ms > 0:
        return nothing(f"Announced; say it now, and hold release in {ceil(left_ms / 1000)} s.", button)
    return nothing(f"Announced {(d.now - said.at_ms) // 1000} s ago; hold release to end the call.", button)


def _tap(d: Decision, button: Button, at: int) -> w.Answer:
    look = d.look(d.who, at)
    near = look.nearest(button)
    if near is None or near[1]:
        refused = _refuse(look, button, near)
        return _quiet_ask(d, refused) if button is ESCALATE else refused
    rung = near[0]
    if rung.does == "end":
        return _announce(d, rung, look)
    if look.declares_unnamed(rung):
        d.emit(w.GroundDeclared(ground=UNNAMED, person=d.who.id))
        look = d.look(d.who, at)
    _take(d, rung, look)
    if rung.does != "say":
        asks.start(d, rung)
        if d.case.ask is None:
            if rung.does == "transfer":  # of anything else the caller has been told nothing
                return taken("No supervisor can be reached; tell the caller, who stays with you.")
            return taken("No supervisor can be reached; the caller stays with you.")
    return taken(rung.title)


def _announce(d: Decision, rung: Rung, look: Look) -> w.Answer:
    d.emit(w.Announced(rung.id, d.who.id))
    d.keep(look)
    if rung.play and "play" in d.desk.facts.can:
        d.do(w.Play, 0, d.case.call, *script(d.policy, rung, d.case, d.who))
    return taken(f"{rung.title}: say it now, then hold release.")


def _held_release(d: Decision, button: Button, at: int) -> w.Answer:
    said, look = d.case.announcement, d.look(d.who, at)
    if said is None or said.person != d.who.id:
        near = look.nearest(RELEASE)
        if near is None or near[1]:
            return _refuse(look, RELEASE, near)
        return refuse("Say it first: tap release, tell the caller, then hold.", RELEASE)
    rung = look.policy.find(said.rung)
    if lacks := look.missing(rung):
        return _because(look, rung, lacks)
    left_ms = said.at_ms + look.policy.times.say_ms - at
    if left_ms > 0:
        return refuse(f"Let the caller hear it: hold again in {ceil(left_ms / 1000)} s.", RELEASE)
    if d.case.ask is not None:  # leave is no longer wanted
        asks.withdraw(d)
    _take(d, rung, look)
    d.do(w.HangUp, END_DEADLINE_MS, d.case.call)
    return taken(rung.title)


def _take(d: Decision, rung: Rung, look: Look) -> None:
    """The rung is taken, for the alternative that holds; the record says what it attests and, of an ending, why."""
    need = look.what_holds(rung)
    attests = ("persisted", *rung.attests) if need.persisted else rung.attests
    grounds = look.standing(rung, need) if rung.does == "end" and need.ground is not None else ()
    d.emit(
        w.RungTaken(
            rung=rung.id,
            person=d.who.id,
            warns=rung.warns,
            attests=attests,
            grounds=grounds,
            uses_leave=need.leave == "unused",
        )
    )


def _quiet_ask(d: Decision, refused: w.Answer) -> w.Answer:
    """No rung is open for it: still, a supervisor is told that the agent would like company."""
    told = alerts.raise_alert(d, Want.COMPANY)
    if not told or told == alerts.UNREACHED:
        return refused
    return nothing(f"Quiet ask: {told}. {refused.why}", refused.next)


def _refuse(look: Look, button: Button, near: tuple[Rung, list[Missing]] | None) -> w.Answer:
    if near is not None:
        return _because(look, near[0], near[1])
    if button == ESCALATE and look.who.role is AGENT:
        return refuse("This policy has no step for escalate here; ask a supervisor aloud.")
    if button == ESCALATE:
        return _of_supervisor(look)
    hands_over, ask = look.who.role is AGENT and look.case.added is not None, look.case.ask
    if (why := transfer.stuck(look.desk)) and (hands_over or why != PHONE_LOST):
        return refuse(sentence(why))
    if ask is not None and (not hands_over or ask.phase in asks.UNDER_WAY):
        return refuse(sentence(in_the_way(ask)), ESCALATE if completes(look.desk, look.desk.at_ms) else None)
    if button == RELEASE and (said := look.said_by_another()):
        return refuse(sentence(said))
    if hands_over:
        why = f"This policy has no step for {button} here; escalate hands the call to the supervisor who is in it."
        return refuse(why, ESCALATE)
    if not alerts.heard(look.desk) and ESCALATE not in look.opened():
        return refuse(f"This policy has no step for {button} here, and no supervisor is present; ask for one aloud.")
    return refuse(f"This policy has no step for {button} here; escalate calls a supervisor.", ESCALATE)


def _of_supervisor(look: Look) -> w.Answer:
    """Nobody stands above them: what they can do instead."""
    other = "take the call over" if not look.who.here else "hand the call back" if look.case.origin else ""
    why = f"A supervisor has no step for escalate{other and f', but may {other}'}."
    opened, near = look.opened(), look.nearest(WARN)
    if opened or near is None:
        return refuse(why, next((button for button in BUTTONS if button in opened), None))
    way = _because(look, *near)
    return refuse(f"{why} {way.why}", way.next)


def _because(look: Look, rung: Rung, lacks: list[Missing]) -> w.Answer:
    """What the rung lacks, and the button that comes next or, where none helps, the act."""
    text = lacks[0].text if len(lacks) == 1 else "; ".join([gap.text for gap in lacks])
    button, act = look.way_on(lacks)
    now = f" Now: {act}." if act and act not in text else ""
    if lacks[0].common:  # it has nothing to do with this rung
        return refuse(f"{sentence(text)}{now}", button)
    return refuse(f"{rung.title}: {text}.{now}", button)


# Each gets the button that it names, and when it was let go.
_GESTURES: dict[tuple[Gesture, tuple[Button, ...]], Callable[[Decision, Button, int], w.Answer]] = {
    (TAP, (ESCALATE,)): _tap_escalate,
    (TAP, (WARN,)): _tap,
    (TAP, (RELEASE,)): _tap_release,
    (HOLD, (ESCALATE,)): _panic,
    (HOLD, (RELEASE,)): _held_release,
    **{(HOLD, (WARN, button)): _named for button in BUTTONS},  # warn held, and then a second one: it names a ground
    (CHORD, (ESCALATE, WARN)): _chord,
    (CHORD, (WARN, ESCALATE)): _chord,
}
