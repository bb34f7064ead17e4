"""What is proved: each property by name, with the sentence that it stands for, and how a single step may breach it."""

from collections.abc import Iterator

from msgspec.structs import replace

from rung import words as w
from rung.policy.language import ANY, Policy, Requires, Rung
from rung.policy.proof import judge
from rung.policy.proof.judge import Account
from rung.policy.proof.walk import Happened
from rung.policy.state import Case, Desk
from rung.words import Button, CallState, EndedBy, Gesture, LampState, Role

RULE = "no_rung_without_its_rule"
ANNOUNCED = "no_ending_unannounced"
ROLE = "no_ending_by_whom_the_tables_give_none"
WARNED = "no_ending_without_its_warning"
OWN = "no_supervisors_ending_without_their_own_warning"
HELD = "nothing_but_a_held_release_ends"
DANGER = "panic_and_crisis_open_no_ending"
LEAVE = "leave_is_used_once"
DEAD_END = "no_dead_end"
REFUSAL = "every_refusal_names_a_next_step"
LAMPS = "lamps_agree_with_step"
HAND_OVER = "a_hand_over_keeps_every_rung"

SENTENCES = {
    RULE: "No rung is taken, and no call ended, unless everything that its table asks for holds.",
    ANNOUNCED: "No call is ended before its end was announced, by whoever ends it, and `say_time` has passed.",
    ROLE: "Whoever has no ending in the tables never ends a call: under no-hang-up, no agent does.",
    WARNED: "Where every way to an ending asks for a warning, a warning stands when the call is ended.",
    OWN: "A supervisor warns only of what they have attested, `wait` after they came into the call, and ends it only "
    "after a warning of their own and `wait` once more.",
    HELD: "No call is ended by phone, floor, link, clock or restart, nor by an old, alien or doubled press: only by "
    "release, held by a known person in time and on this very call.",
    DANGER: "Neither panic nor crisis makes an ending possible that was not possible before.",
    LEAVE: "Leave that was granted opens one step that comes about, once.",
    DEAD_END: "Every rung can be taken; no ask waits for ever; and whoever has an abusive caller has a way on, even if "
    "nobody hears.",
    REFUSAL: "Whatever is refused names a button that helps now, or an act.",
    LAMPS: "A lit or breathing lamp's press takes something, a dark one's takes nothing, and done is what the phone "
    "has confirmed.",
    HAND_OVER: "Handing a case over, or back, neither loses nor gains a rung, a ground, or leave.",
}

Breaches = Iterator[tuple[str, str]]


def of_step(happened: Happened) -> Breaches:
    """What this one step breaches, by itself."""
    if not happened.step.events and not happened.step.effects:
        return
    who, press = _actor(happened)
    for event in happened.step.events:
        if isinstance(event, w.RungTaken):
            yield from _taken(happened, event, who, press)
        elif isinstance(event, w.Announced):
            rung = happened.policy.find(event.rung)
            for why in _not_allowed(happened, rung, happened.before.account, who or NOBODY):
                yield RULE, f"“{rung.title}” was announced {why}"
    case = happened.before.desk.case
    for effect in happened.step.effects:
        if isinstance(effect, w.HangUp) and case is not None and effect.call == case.call:
            yield from _ended(happened, case, who, press)
    yield from _done(happened)


def _actor(happened: Happened) -> tuple[w.Person | None, w.Pressed | None]:
    """Who pressed, and what, if this was a press of a known person."""
    input, seat = happened.input, happened.before.desk.facts.who
    here = None if seat.id is None else w.Person(seat.id, seat.role, seat.trained)
    who, act = (input.person, input.act) if isinstance(input, w.FromDesk) else (here, input)
    return who, act if isinstance(act, w.Pressed) else None


NOBODY = w.Person("")


def _taken(happened: Happened, event: w.RungTaken, who: w.Person | None, press: w.Pressed | None) -> Breaches:
    rung, account = happened.policy.find(event.rung), happened.before.account
    if press is None:
        yield HELD if rung.does == "end" else RULE, f"“{rung.title}” was taken, and nobody had pressed"
    for why in _not_allowed(happened, rung, account, who or NOBODY):
        yield RULE, f"“{rung.title}” was taken {why}"
    if rung.warns and rung.role == Role.SUPERVISOR:
        yield from _warned_too_soon(happened.policy, rung, account, who or NOBODY)
    if event.uses_leave and account.leave != "unused":
        yield LEAVE, f"“{rung.title}” was taken though leave was {account.leave}"
    elif not event.uses_leave and not judge.allows(happened.policy, _without_leave(rung), account, who or NOBODY):
        yield LEAVE, f"“{rung.title}” was taken, which needs leave, and used none up"


def _warned_too_soon(policy: Policy, rung: Rung, account: Account, who: w.Person) -> Breaches:
    if not judge.attested(policy, ANY, account.said, who.id):
        yield OWN, f"the supervisor took “{rung.title}”, and had not attested anything since they came into the call"
    if (who.id, True) not in account.present:
        yield OWN, f"the supervisor took “{rung.title}” before they had been in the call for `wait`"


def _without_leave(rung: Rung) -> Rung:
    """The rung with those of its alternatives that need no unused leave."""
    return replace(rung, requires=tuple(need for need in rung.requires if need.leave != "unused"))


def _not_allowed(happened: Happened, rung: Rung, account: Account, who: w.Person) -> Iterator[str]:
    if rung.role != who.role:
        yield f"by {_named(who)}, and it is the {rung.role}'s"
    if not rung.repeatable and account.has(rung, who.id):
        yield "for the second time"
    if not judge.allows(happened.policy, rung, account, who):
        yield "though what it needs does not hold"
    if rung.does == "end":
        yield from _in_the_way(happened.before.desk, account, who)


def _in_the_way(desk: Desk, account: Account, who: w.Person) -> Iterator[str]:
    """What forbids every ending, under every policy."""
    case = desk.case
    call = None if case is None else desk.facts.calls.get(case.call)
    supervisors = {p.extension for p in desk.facts.present} | {desk.facts.extension}
    others = set() if call is None else set(call.parties) - supervisors
    lines = [c for c in desk.facts.calls.values() if c.consult_for is None and c.state == CallState.UP]
    found = {
        "under crisis": bool(account.crisis),
        "by nobody who is known": not who.id,
        "while the caller is on hold": call is not None and call.state == CallState.HELD,
        "while somebody else is in the call": bool(others),
        "while another call is live": any(case is None or c.id != case.call for c in lines),
        "while the phone is lost": not desk.facts.calls_known,
        "though a supervisor is in the call": who.role == Role.AGENT and bool(account.present),
        "though the case is another desk's": case is None or bool(case.released),
    }
    yield from (text for text, holds in found.items() if holds)


def _named(who: w.Person) -> str:
    return f"the {who.role}" if who.id else "nobody who is known"


def _ended(happened: Happened, case: Case, who: w.Person | None, press: w.Pressed | None) -> Breaches:
    rung = next((happened.policy.find(e.rung) for e in happened.step.events if isinstance(e, w.RungTaken)), None)
    account = happened.before.account
    if why := _no_held_release(press, case, who):
        yield HELD, f"the call was ended {why}"
    if rung is None or rung.does != "end":
        yield RULE, "the call was ended by no rung of the tables"
        return
    role = Role.AGENT if who is None else who.role
    if account.announced is None or account.announced[:2] != (rung.id, who and who.id):
        yield ANNOUNCED, f"the call was ended by “{rung.title}”, which had not been announced by {role}"
    elif not account.announced[2]:
        yield ANNOUNCED, f"the call was ended by “{rung.title}” before it could be said"
    if not any(r.role == role and r.does == "end" for r in happened.policy.rung):
        yield ROLE, f"the {role} ended the call, for whom the tables have no ending"
    warnings = {r.id: r.role for r in happened.policy.rung if r.warns}
    if _needs_warning(happened.policy, rung) and not _warned(happened.policy, rung, account):
        yield WARNED, f"the call was ended by “{rung.title}”, and nobody had warned"
    if role == Role.SUPERVISOR and who is not None:
        own = [r for r, person in account.taken if person == who.id and warnings.get(r) == Role.SUPERVISOR]
        if not own:
            yield OWN, f"the supervisor ended the call by “{rung.title}” without a warning of their own"
        elif not account.went_on:
            yield OWN, f"the supervisor ended the call by “{rung.title}”, and `wait` had not passed since the warning"


def _no_held_release(press: w.Pressed | None, case: Case, who: w.Person | None) -> str:
    if press is None:
        return "and nobody had pressed"
    if (press.buttons, press.gesture) != ((Button.RELEASE,), Gesture.HOLD):
        return f"by a {press.gesture} of {'+'.join(press.buttons)}"
    if press.epoch != case.epoch:
        return "by a press that was made on another call"
    if press.age_ms > 3000:
        return "by a press older than 3 s"
    return "" if who is not None else "by nobody who is known"


def _needs_warning(policy: Policy, rung: Rung) -> bool:
    return all(need.persisted or _names_warning(policy, need) for need in rung.requires)


def _names_warning(policy: Policy, need: Requires) -> bool:
    return any(policy.find(r).warns for r in need.taken)


def _warned(policy: Policy, rung: Rung, account: Account) -> bool:
    """A table that names none asks for anybody's: then the wait has begun."""
    if any(policy.find(r).warns for r, _ in account.taken):
        return True
    return account.went_on is not None and any(not _names_warning(policy, need) for need in rung.requires)


def _done(happened: Happened) -> Breaches:
    """A lamp says done only when the phone has confirmed what was ordered."""
    before = {f for f in happened.before.desk.flashes if f.state == LampState.DONE}
    for flash in happened.step.desk.flashes:
        if flash.state == LampState.DONE and flash not in before and not _confirms(happened.input):
            yield LAMPS, f"the lamp of {flash.button} said done, and the phone had not confirmed anything"


def _confirms(input: w.Input) -> bool:
    calls = (input.call,) if isinstance(input, w.CallIs) else input.calls if isinstance(input, w.CallsAre) else ()
    return any(c.state == CallState.ENDED and c.ended_by in (EndedBy.US, EndedBy.TRANSFER) for c in calls)
