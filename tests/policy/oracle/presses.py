"""What a press does, said in one word: a rung's id, or what else can come of it. Empty: nothing."""

from tests.policy.oracle.alarm import of_present_call, there
from tests.policy.oracle.call import (
    added,
    another_caller_hears_us,
    answered_at,
    ask_opened,
    being_ended,
    in_call,
    on_hold,
    phase,
    supervisors,
    taker_is_rung,
    third_party,
)
from tests.policy.oracle.ground import BY_GESTURE, crisis
from tests.policy.oracle.history import ANNOUNCED, EVENTS, MET, SAY, Look, Who
from tests.policy.oracle.tables import LADDERS, Row

from rung import words as w
from rung.words import Button, Gesture, Role, Want

CAN_BE_TAKEN_BACK = {"telling", "asking", "holding", "ringing", "answered", "joining"}


def press_does(look: Look, press: w.Pressed, who: Who) -> str:
    buttons, tap, hold = press.buttons, press.gesture == Gesture.TAP, press.gesture == Gesture.HOLD
    if hold and buttons == (Button.ESCALATE,):
        return "panic"  # needs no ground and no call, and is never too old
    if not look.call or press.epoch != look.epoch() or _too_late(press):
        return ""
    if press.gesture == Gesture.CHORD:
        return _take_back(look, buttons)
    if hold and len(buttons) == 2 and buttons[0] == Button.WARN:
        return f"declares {BY_GESTURE[buttons[1]]}" if not on_its_way(look) else ""
    if len(buttons) != 1 or not (tap or (hold and buttons[0] == Button.RELEASE)):
        return ""
    at = look.edge = look.now - press.age_ms
    if buttons[0] == Button.ESCALATE:
        return _escalate(look, who, at)
    if buttons[0] == Button.WARN:
        row = first_open(look, Button.WARN, who, at)
        return row.rung if row is not None else ""
    return _release(look, who, at, hold)


def _too_late(press: w.Pressed) -> bool:
    if Button.WARN in press.buttons:
        return press.age_ms > 10_000
    return Button.RELEASE in press.buttons and press.age_ms > 3000


def first_open(look: Look, button: Button, who: Who, at: int) -> Row | None:
    """The first rung of this button and role, in ladder order, that is open."""
    for row in LADDERS[look.policy]:
        if (row.button, row.role) == (button, who.role) and is_open(look, row, who, at):
            return row
    return None


def is_open(look: Look, row: Row, who: Who, at: int) -> bool:
    """All that the row requires holds, and nothing that is true of every rung of its kind forbids it."""
    return not _blocked(look, row, who) and row.open(look, who, at)


def _blocked(look: Look, row: Row, who: Who) -> bool:
    if another_caller_hears_us(look) or being_ended(look) or case_is_gone(look):
        return True
    if who.role == Role.SUPERVISOR and not in_call(look, who):
        return True
    if row.does in ("transfer", "join", "end") and not look.phone_known:
        return True
    asked = ask_opened(look)
    if asked is not None and not (
        row.does == "end"
        and row.rung == "end-at-once"
        and asked.want == Want.LEAVE
        and phase(look) not in ("offering", "completing")
        and look.policy == "hang-up-protocol"
    ):
        return True
    if row.button == Button.ESCALATE:
        return False
    if on_hold(look):
        return True
    return row.does == "end" and _ending_blocked(look, who)


def _ending_blocked(look: Look, who: Who) -> bool:
    supervised = who.role == Role.AGENT and bool(added(look))
    return who.id is None or crisis(look) or third_party(look) or supervised


def case_is_gone(look: Look) -> bool:
    """Another desk has it already, and only the transfer of its call is still to be done."""
    turns = look.of(w.CaseReleased, w.CaseReturned, w.CaseArrived)
    return bool(turns) and isinstance(turns[-1][1], w.CaseReleased)


def on_its_way(look: Look) -> bool:
    """The case was offered to another desk: what is declared here from now on would not go along."""
    return case_is_gone(look) or phase(look) == "offering"


# -- escalate ----------------------------------------------------------------------------------------------------------


def _escalate(look: Look, who: Who, at: int) -> str:
    how_far = phase(look)
    stuck = another_caller_hears_us(look) or being_ended(look) or case_is_gone(look)
    inside = supervisors(look)
    if added(look) and who.here and who.role == Role.AGENT:
        first = added(look)[0]
        free = may_be_handed_over(look) and inside[first] <= at
        return f"hand over to {first}" if free and look.phone_known and not stuck else ""
    if how_far == "answered":
        answered = answered_at(look)
        ready = answered is not None and at >= answered + MET and look.phone_known and not stuck
        return "complete" if ready else ""
    if how_far:
        return ""
    row = first_open(look, Button.ESCALATE, who, at)
    return row.rung if row is not None else _quiet_ask(look)


def may_be_handed_over(look: Look) -> bool:
    """It is not under way already; and whoever else is rung is let go first, so that the caller is off hold."""
    how_far, asked = phase(look), ask_opened(look)
    held = on_hold(look) and asked is not None and asked.want == Want.TRANSFER
    rings = how_far in ("holding", "ringing", "answered", "returning") or (
        how_far not in ("", "telling") and (held or taker_is_rung(look))
    )
    return how_far not in ("offering", "completing") and not rings


def _quiet_ask(look: Look) -> str:
    """Where one's own ladder offers nothing: nothing happens on the phone, a supervisor is told."""
    alarm, can = of_present_call(look), there(look)
    first = [p.desk for p in can if p.group == min(p.group for p in can)]
    if alarm is None:
        return "quiet ask" if first else ""
    told_before = alarm.want != Want.COMPANY or alarm.comes or set(first) <= set(alarm.to)
    return "" if told_before else "quiet ask"


def _take_back(look: Look, buttons: tuple[Button, ...]) -> str:
    both = set(buttons) == {Button.ESCALATE, Button.WARN}
    return "take back" if both and phase(look) in CAN_BE_TAKEN_BACK else ""


# -- release -----------------------------------------------------------------------------------------------------------


def _release(look: Look, who: Who, at: int, hold: bool) -> str:
    said = announcement(look)
    if said is not None and said[1].person != who.id:
        return ""  # it belongs to one person, and everybody else waits for them
    if hold:
        if said is None or at < said[0] + SAY:
            return ""
        row = next(row for row in LADDERS[look.policy] if row.rung == said[1].rung)
        return row.rung if is_open(look, row, who, at) else ""
    row_or_none = first_open(look, Button.RELEASE, who, at)
    return f"announce {row_or_none.rung}" if row_or_none is not None and said is None else ""


def announcement(look: Look) -> tuple[int, w.Announced] | None:
    """The announcement that stands: made, and nothing has made it fall at any moment since."""
    said = look.of(w.Announced)
    made = [i for i, (_, thing) in enumerate(look.history) if isinstance(thing, w.Announced)] if said else []
    if not made or look.history[made[-1]][1] is not said[-1][1]:
        return None
    when, announced = said[-1]
    assert isinstance(announced, w.Announced)
    if look.now >= when + ANNOUNCED:
        return None
    for i in range(made[-1] + 1, len(look.history)):
        if _falls(look, announced, i):
            return None
    return when, announced


def _falls(look: Look, said: w.Announced, i: int) -> bool:
    """Did what stands at this place of the history make it fall?"""
    thing = look.history[i][1]
    if isinstance(thing, w.CallHeld | w.PhoneLost | w.BridgeRestarted | w.CallerCalmed):
        return True
    if isinstance(thing, w.RungTaken) and thing.rung == said.rung:
        return True
    if i + 1 < len(look.history) and type(look.history[i + 1][1]) in EVENTS:
        return False  # in the middle of what one input came to
    then = look.before(i + 1)
    if all(event is not said for _, event in then.call):
        return True  # the desk has turned to another call, and this caller is on hold
    row = next(row for row in LADDERS[look.policy] if row.rung == said.rung)
    who = _speaker(then, said.person, row.role)
    if row.role == Role.SUPERVISOR and _being_handed_over(then, said.person):
        return not row.open(then, who, then.now) or _ending_blocked(then, who)
    return not is_open(then, row, who, then.now)


def _being_handed_over(look: Look, person: str | None) -> bool:
    """A hand-over leaves the announcement of whoever takes the call, at this desk and on the way to theirs."""
    asked = ask_opened(look)
    takers = [event.person for _, event in look.of(w.AskOpened, w.AskReplied) if isinstance(event, w.AskReplied)]
    if asked is not None and asked.rung == "" and takers[-1:] != [person]:
        return False
    arriving = any(isinstance(thing, w.CaseReceived) for thing in look.backwards()) and not look.lines
    return (asked is not None and asked.rung == "" and asked.want == Want.JOIN) or case_is_gone(look) or arriving


def _speaker(look: Look, person: str | None, role: Role) -> Who:
    """Whoever announced it, as they are now: here, or in the call from another desk. Anybody else is nobody."""
    here = look.here
    if here.id == person:
        return here
    return Who(person, role, here=False) if role == Role.SUPERVISOR else Who(None, role)
