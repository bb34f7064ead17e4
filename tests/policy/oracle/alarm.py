"""Who is called beside any ask: each alert is about one call, or none, and ends by nothing that is another call's."""

from collections import defaultdict
from dataclasses import dataclass, replace

from tests.policy.oracle.call import addresses, on_hold, phase, rung_into_the_call
from tests.policy.oracle.history import TURNS, Look

from rung import words as w
from rung.words import Ground, Marker, Reply, Want

COMES = {Reply.ACCEPT, Reply.JOIN}
CANNOT = {Reply.BUSY, Reply.DECLINE}
IN_DANGER = {Want.PANIC, Want.CRISIS}
THREATS = {Ground.THREAT, Ground.THREAT_OTHER}


@dataclass(frozen=True)
class Alarm:
    """What is still called for."""

    number: int
    want: Want
    person: str | None
    call: str  # the case; empty: it was raised without a call
    since: int  # when it became what it is
    to: tuple[str, ...]
    comes: bool = False
    cannot: tuple[str, ...] = ()


def alarms(look: Look) -> dict[int, Alarm]:
    """All that are open, by number."""
    open: dict[int, Alarm] = {}
    present = ""
    for at, thing in look.history:
        if type(thing) in TURNS:
            present = thing.case  # type: ignore[attr-defined]
        match thing:
            case w.CaseClosed():
                present = ""
            case w.CaseReceived():
                open = {}  # what was told before was told by the desk from which the case comes
            case w.AlertRaised(ask=number, want=want, to=to):
                fresh = Alarm(number, want, thing.person, present, at, to)
                old = open.get(number, fresh)
                if old.want == want:
                    open[number] = replace(old, to=to)
                else:  # another question
                    open[number] = replace(old, want=want, to=to, since=at, cannot=())
            case w.AlertAnswered(ask=number, reply=reply) if number in open:
                old = open[number]
                cannot = (*old.cannot, thing.desk) if reply in CANNOT else old.cannot
                open[number] = replace(old, comes=reply in COMES, cannot=cannot)
            case w.AlertClosed(ask=number):
                open.pop(number, None)
    return open


def of_present_call(look: Look) -> Alarm | None:
    present = look.case if look.call else ""
    return next((alarm for alarm in alarms(look).values() if alarm.call == present), None)


def without_call(look: Look) -> Alarm | None:
    return next((alarm for alarm in alarms(look).values() if not alarm.call), None)


def there(look: Look) -> list[w.Presence]:
    """The supervisors who can be told: on the floor, and not in the call already."""
    inside = addresses(look).values()
    return [p for p in look.floor.present if look.floor.up and p.extension not in inside]


def alarm_is_right(look: Look) -> str:
    """Did the last step leave everybody called who must be, and nobody else? Else what is wrong."""
    step = look.last_step()
    earlier = look.before(len(look.history) - len(step))
    before, after = alarms(earlier), alarms(look)
    ended = {thing.case for thing in step if isinstance(thing, w.CaseClosed)}
    for number, alarm in before.items():
        if number not in after and not (alarm.call in ended or _is_settled(earlier, alarm, step, after)):
            return f"nobody is called any more, and nothing is settled: {alarm}"
    if wrong := [alarm for alarm in after.values() if alarm.call in ended]:
        return f"somebody is called to a call that is over: {wrong}"
    if any(isinstance(thing, w.MarkerSet) and thing.marker == Marker.EMERGENCY for thing in step):
        mine = of_present_call(look)
        if (there(look) or look.call) and (mine is None or mine.want != Want.PANIC):
            return "a panic calls nobody"
    changed = isinstance(look.history[-len(step) - 1][1], w.FloorIs)
    raised = {thing.ask for thing in step if isinstance(thing, w.AlertRaised)}
    calls = {on.case: on for on in look.on_each_call()}
    for alarm in after.values():
        can = {p.desk for p in there(calls.get(alarm.call, look))}  # who is in that very call is not called to it
        told = alarm.comes or can <= set(alarm.to) or not (changed or alarm.number in raised)
        to_be_told = alarm.want in IN_DANGER or (
            alarm.want == Want.THREAT and not alarm.to
        )  # whoever comes to the floor
        if to_be_told and not told:
            return f"{can} are there, and were not all told: {alarm}"
    came = _came(earlier.case, step)
    if wrong := [alarm for alarm in after.values() if came[alarm.call] & set(alarm.to)]:
        return f"who was told has come, and others are still called: {wrong}"
    wrong = _wrongly_brought_in(look, step, before) or _wrongly_offered(look, after) or _wrongly_awaited(look, after)
    return wrong or _wrongly_silent(earlier, look)


def _came(case: str, step: list[object]) -> dict[str, set[str]]:
    """Who has come in this step, newest first, by the case into whose call; it began with ``case``."""
    came = defaultdict[str, set[str]](set)
    for thing in reversed(step):
        if type(thing) in TURNS:
            case = thing.case  # type: ignore[attr-defined]
        elif isinstance(thing, w.SupervisorJoined):
            came[case].add(thing.desk)
    return came


def _is_settled(earlier: Look, alarm: Alarm, step: list[object], after: dict[int, Alarm]) -> bool:
    """Somebody comes to the desk, or is in the call; nobody can; it was called off, or is called anew."""
    if any(isinstance(thing, w.SupervisorJoined) and thing.address == earlier.floor.extension for thing in step):
        return True
    if any(isinstance(e, w.SupervisorJoined) and e.desk in alarm.to for e in step):
        return True  # by whichever way
    if any(isinstance(thing, w.MarkerLifted) for thing in step):
        return True
    if alarm.want == Want.THREAT and any(isinstance(e, w.GroundTakenBack) and e.ground in THREATS for e in step):
        return True
    answers = [e for e in step if isinstance(e, w.AlertAnswered) and e.ask == alarm.number]
    on_that_call = "join" in earlier.phone_can and earlier.call != [] and earlier.case == alarm.call
    if alarm.comes or (on_that_call and any(e.reply == Reply.JOIN for e in answers)):  # but is not in the call yet
        return alarm.want not in IN_DANGER or any(other.call == alarm.call for other in after.values())
    if any(e.reply in COMES for e in answers):
        return True
    busy = {*alarm.cannot, *(e.desk for e in answers if e.reply in CANNOT)}
    return busy >= set(alarm.to)


def _wrongly_awaited(look: Look, open: dict[int, Alarm]) -> str:
    """Whoever is to come into the call is on their way: their telephone rings for it, or they have taken the ask."""
    for alarm in open.values():
        if alarm.comes and not (look.case == alarm.call and _is_on_the_way(look, alarm.number)):
            return f"nobody is on the way, and nobody is called: {alarm}"
    return ""


def _is_on_the_way(look: Look, number: int) -> bool:
    said = [e for _, e in look.of(w.AlertAnswered) if isinstance(e, w.AlertAnswered) and e.ask == number][-1]
    took = [getattr(e, "desk", "") for _, e in look.of(w.AskOpened, w.AskReplied) if getattr(e, "target", "")]
    asked = phase(look) not in ("", "returning") and took[-1:] == [said.desk]
    return asked or rung_into_the_call(look, said.target)


def _wrongly_brought_in(look: Look, step: list[object], before: dict[int, Alarm]) -> str:
    """Into the call that it is about, and into no other caller's."""
    for answer in (e for e in step if isinstance(e, w.AlertAnswered)):
        for e in step:
            if isinstance(e, w.EffectDecided) and isinstance(e.effect, w.Join):
                alarm = before[answer.ask]
                if e.effect.case != alarm.call or e.effect.call != look.line():
                    return f"they are brought into {e.effect.call} of {e.effect.case} for {alarm}"
    return ""


def _wrongly_offered(look: Look, open: dict[int, Alarm]) -> str:
    """Coming into the call is offered on that call alone, where the phone can; coming to the desk always is."""
    if not look.floor.up:
        return ""
    told = [e.effect for _, e in look.history if isinstance(e, w.EffectDecided) and isinstance(e.effect, w.AskFloor)]
    for alarm in open.values():
        if alarm.comes or not alarm.to:  # where nobody was there, nobody is
            continue
        last = [effect for effect in told if effect.ask == alarm.number][-1]
        can = "join" in look.phone_can and look.call != [] and look.case == alarm.call
        if (Reply.JOIN in last.may) != can or Reply.ACCEPT not in last.may:
            return f"{last.may} is offered for {alarm}, and the desk is on {look.case}"
        if last.brief.case != alarm.call:
            return f"the brief is of {last.brief.case}: {alarm}"
    return ""


def _wrongly_silent(earlier: Look, look: Look) -> str:
    """With the floor out of reach the supervisors' extension is rung into the call, as soon as it can be."""
    alarm, was = _to_be_rung(look), _to_be_rung(earlier)
    if alarm is None or (was is not None and was.number == alarm.number):
        return ""
    return "" if rung_into_the_call(look, look.floor.extension) else f"the extension is not rung: {alarm}"


def _to_be_rung(look: Look) -> Alarm | None:
    """Who is in danger on a call into which the extension can be rung, and nobody comes or is there."""
    alarm = of_present_call(look)
    if alarm is None or alarm.want not in IN_DANGER or alarm.comes or not look.call or addresses(look):
        return None
    can = look.phone_known and "join" in look.phone_can and not on_hold(look)
    return alarm if can and look.floor.extension and not look.floor.up else None
