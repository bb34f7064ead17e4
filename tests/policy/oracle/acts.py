"""What comes of an act that is no press: on the page, by a key, or by a supervisor at their own desk."""

from tests.policy.oracle.alarm import without_call
from tests.policy.oracle.call import (
    added,
    another_caller_hears_us,
    ask_opened,
    being_ended,
    declined,
    in_call,
    leave,
    phase,
)
from tests.policy.oracle.ground import marked, standing
from tests.policy.oracle.history import Look, Who
from tests.policy.oracle.presses import (
    CAN_BE_TAKEN_BACK,
    case_is_gone,
    may_be_handed_over,
    on_its_way,
    press_does,
)

from rung import words as w
from rung.words import Ground, Marker, Role, Want

FALSE_ALARM, FREELY = 4000, 60_000  # ms


def what_it_does(look: Look, act: object, who: Who) -> str:
    """What a press or another act of this person comes to, in one word; empty: nothing."""
    if not _may_act(look, who, act):
        return ""
    return press_does(look, act, who) if isinstance(act, w.Pressed) else _act_does(look, act, who)


def _may_act(look: Look, who: Who, act: object) -> bool:
    """From another desk: a supervisor in this call; without being in it only to lift a crisis or withdraw leave."""
    if who.here:
        return True
    if who.role != Role.SUPERVISOR or not look.call:
        return False
    takes = isinstance(act, w.TakeOver) and _on_the_phone(look, who)
    return who.id in added(look) or takes or isinstance(act, w.LeaveTakenBack | w.Unmarked)


def _act_does(look: Look, act: object, who: Who) -> str:
    if isinstance(act, w.Unmarked) and act.marker == Marker.EMERGENCY:
        return _false_alarm(look, who)
    if not look.call:
        return ""
    if on_its_way(look) and not isinstance(act, w.AskTakenBack | w.Unwanted | w.TakeOver | w.HandBack):
        return "" if getattr(act, "marker", None) != Marker.EMERGENCY else "marks emergency"
    match act:
        case w.Declared(ground=ground, note=note):
            return f"declares {ground}" if ground != Ground.OTHER or note.strip() else ""
        case w.TakenBack(ground=ground):
            mine = any((s.ground, s.person) == (ground, who.id) for s in standing(look))
            return f"takes {ground} back" if mine else ""
        case w.Marked(marker=marker):
            return f"marks {marker}"
        case w.Unmarked():
            return _unmark_crisis(look, act.reason, who)
        case w.Calmed():
            return "calmed"
        case w.AskTakenBack():
            return "take back" if phase(look) in CAN_BE_TAKEN_BACK else ""
        case w.Unwanted():
            asked = ask_opened(look)
            offered = asked is not None and asked.want != Want.LEAVE  # who is asked for leave is not offered to anybody
            return "unwanted" if offered and phase(look) in CAN_BE_TAKEN_BACK else ""
        case w.Attested(reason=reason):
            asked_for = look.policy == "end-with-care"
            return "not necessary" if asked_for and reason.strip() and not declined(look) else ""
        case w.LeaveTakenBack():
            return "leave withdrawn" if who.role == Role.SUPERVISOR and leave(look) == "unused" else ""
        case w.TakeOver():
            return _take_over(look, who)
        case w.HandBack():
            return _hand_back(look, who)
    return ""


def _false_alarm(look: Look, who: Who) -> str:
    """Whoever has marked it calls it off: on this call, or what was called without one. The first mark counts."""
    called = [marked(on, Marker.EMERGENCY).get(who.id) for on in look.on_each_call()]
    alarm = without_call(look)
    if alarm is not None and (alarm.want, alarm.person) == (Want.PANIC, who.id):
        called.append(alarm.since)
    return "false alarm" if any(at is not None and look.now <= at + FALSE_ALARM for at in called) else ""


def _unmark_crisis(look: Look, reason: str, who: Who) -> str:
    """A supervisor lifts it; who marked it takes it back within 60 s, or later with a reason when no supervisor can."""
    marks = marked(look, Marker.CRISIS)
    if who.role == Role.SUPERVISOR:
        return "lifts crisis" if marks else ""
    if who.id not in marks:
        return ""
    if look.now <= marks[who.id] + FREELY:
        return "lifts crisis"
    alone = not added(look) and not (look.floor.up and look.floor.present)
    return "lifts crisis" if reason.strip() and alone else ""


def _take_over(look: Look, who: Who) -> str:
    """The supervisor whom the agent has on the phone, or one who is in the call, takes it."""
    stuck = another_caller_hears_us(look) or being_ended(look) or case_is_gone(look) or not look.phone_known
    if _on_the_phone(look, who):
        return "" if stuck else "complete"
    goes = not who.here and in_call(look, who) and may_be_handed_over(look) and not stuck
    return f"hand over to {who.id}" if goes else ""


def _on_the_phone(look: Look, who: Who) -> bool:
    """They have answered, and talk with the agent."""
    took = [e.person for _, e in look.of(w.AskReplied) if isinstance(e, w.AskReplied)]
    return not who.here and phase(look) == "answered" and bool(took) and took[-1] == who.id


def _hand_back(look: Look, who: Who) -> str:
    """A supervisor who got the call from another desk gives it back to that desk."""
    origin = [e.desk for _, e in look.of(w.CaseReceived) if isinstance(e, w.CaseReceived)]
    stuck = another_caller_hears_us(look) or being_ended(look) or case_is_gone(look) or not look.phone_known
    mine = who.role == Role.SUPERVISOR and who.here and bool(origin) and origin[-1] in look.floor.desks
    return "hand back" if mine and ask_opened(look) is None and not stuck else ""
