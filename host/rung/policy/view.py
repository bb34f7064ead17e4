"""What a person sees of a desk: for the terminal now, for the page later. Pure, from the same tables as the presses."""

from math import ceil

from msgspec import Struct

from rung.policy.lamps import lamps
from rung.policy.language import Policy, Rung
from rung.policy.reading import asked, blocked, completes, first_open, missing, nearest, next_step, other_live, way_on
from rung.policy.state import SAYING_MS, Case, Desk, Phase
from rung.words import Button, HangUp, Role


class RungView(Struct, frozen=True):
    """One rung of the ladder. ``state`` is `taken`, `open` or `closed`; ``lacks`` says what a closed one lacks."""

    id: str
    title: str
    button: Button
    state: str
    lacks: tuple[str, ...] = ()


class Script(Struct, frozen=True):
    """Words to say. ``preview``: not yet; this is what the next step would say."""

    title: str
    text: str
    language: str
    preview: bool = False


class View(Struct, frozen=True, kw_only=True):
    """A desk in words, at one instant. Empty texts: nothing to tell."""

    call: str  # the call's state in one line
    epoch: int = 0
    held_ms: int = 0  # how long the caller has been on hold
    talk_ms: int = 0  # how long agent and caller have heard each other on this call
    person: str | None = None
    ladder: tuple[RungView, ...] = ()
    buttons: dict[Button, str] = {}  # what a press means now
    next: str = ""  # the next step, or the act that leads to it
    script: Script | None = None
    countdown_ms: int = 0  # until what is announced or asked may go on
    ask: str = ""  # how far the open ask is
    grounds: tuple[str, ...] = ()  # standing, each with who declared it
    markers: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()  # what does not work, each with its mend


def view(policy: Policy, desk: Desk, now_ms: int, language: str = "en") -> View:
    """The desk in words at ``now_ms``; scripts in ``language``, or in the first language that the policy has."""
    now = max(now_ms, desk.at_ms)
    case = desk.case
    if case is None:
        return View(call=_no_call(desk), person=desk.facts.person, troubles=_troubles(desk))
    return View(
        call=_call(desk, case),
        epoch=case.epoch,
        held_ms=now - case.quiet_since if case.held and case.quiet_since is not None else 0,
        talk_ms=case.talk_ms(0, now),
        person=desk.facts.person,
        ladder=tuple(_rung(policy, desk, rung, now) for rung in policy.rung if rung.role == Role.AGENT),
        buttons={button: _meaning(policy, desk, case, button, now) for button in Button},
        next=_next(policy, desk, case, now),
        script=_script(policy, desk, case, now, language),
        countdown_ms=lamps(policy, desk, now).fill_ms,
        ask="" if case.ask is None else asked(case.ask, now),
        grounds=tuple(_declared(ground, person) for ground, person in ((g.ground, g.person) for g in case.grounds)),
        markers=tuple(sorted({str(mark.marker) for mark in case.marks})),
        troubles=_troubles(desk),
    )


def _no_call(desk: Desk) -> str:
    lines = [call for call in desk.facts.calls.values() if call.consult_for is None]
    return f"{lines[0].state}: {lines[0].peer}" if lines else "no call"


def _call(desk: Desk, case: Case) -> str:
    call = desk.facts.calls.get(case.call)
    peer = call.peer if call is not None and call.peer else "the caller"
    if not desk.facts.calls_known:
        return f"{peer} was {'on hold' if case.held else 'in the call'} when the phone was last heard"
    if case.waiting(HangUp):
        return f"the call with {peer} is being ended"
    return f"{peer} is on hold" if case.held else f"in a call with {peer}"


def _rung(policy: Policy, desk: Desk, rung: Rung, now: int) -> RungView:
    lacks = missing(policy, desk, rung, now)
    taken = desk.case is not None and desk.case.has_taken(rung.id)
    state = "open" if not lacks else "taken" if taken else "closed"
    texts = tuple(m.text for m in lacks) if state == "closed" else ()
    return RungView(rung.id, rung.title, rung.button, state, texts)


def _meaning(policy: Policy, desk: Desk, case: Case, button: Button, now: int) -> str:
    """What a press of ``button`` would do now, or why nothing."""
    if case.ask is not None and button == Button.ESCALATE:
        return "Transfer the caller to the supervisor" if completes(desk, now) else "Show how far the ask is"
    rung = first_open(policy, desk, button, now)
    if rung is None:
        closest = nearest(policy, desk, button, now)
        return "Nothing" if closest is None else f"Not now: {'; '.join(m.text for m in closest[1])}"
    if rung.does != "end":
        attests = f" (this says: {'; '.join(rung.attests)})" if rung.attests else ""
        return f"{rung.title}{attests}"
    said = case.announcement
    if said is None:
        return f"{rung.title}: tap to announce it"
    left_ms = said.at_ms + policy.times.say_ms - now
    return f"Say it; hold in {ceil(left_ms / 1000)} s" if left_ms > 0 else "Hold to end the call"


def _next(policy: Policy, desk: Desk, case: Case, now: int) -> str:
    if case.ask is not None:
        return "tap escalate to transfer" if completes(desk, now) else "wait for the supervisor"
    step = next_step(policy, desk, now)
    if step is not None:
        return step.title
    ladder = [n for button in Button if (n := nearest(policy, desk, button, now)) is not None]
    if not ladder:
        return ""
    rung, lacks = min(ladder, key=lambda found: (len(found[1]), policy.rung.index(found[0])))
    if blocked(desk, rung):
        return lacks[0].text
    button, act = way_on(policy, desk, lacks, now)
    return f"{rung.title}: {act or button}"


def _script(policy: Policy, desk: Desk, case: Case, now: int, language: str) -> Script | None:
    """What is to be said now; else what the next step would say, as a preview."""
    saying = _to_say(case, now)
    rung = policy.find(saying) if saying is not None else next_step(policy, desk, now)
    if rung is None:
        return None
    spoken = language if language in rung.script else next(iter(rung.script))
    return Script(rung.title, rung.script[spoken].strip(), spoken, preview=saying is None)


def _to_say(case: Case, now: int) -> str | None:
    if case.announcement is not None:
        return case.announcement.rung
    if case.ask is not None:
        return case.ask.rung if case.ask.phase == Phase.TELLING else None
    last = case.taken[-1] if case.taken else None
    if last is None or now >= last.at_ms + SAYING_MS or last.at_ms < (case.counted_ms or 0):
        return None  # long said, or the call has moved on since: a failed ask, calmed
    return last.rung


def _declared(ground: str, person: str | None) -> str:
    return f"{ground} ({person})" if person else f"{ground}"


def _troubles(desk: Desk) -> tuple[str, ...]:
    facts = desk.facts
    found = {
        "The phone does not answer; the call may still be up.": not facts.phone_up,
        "The phone has not told its calls yet.": facts.phone_up and not facts.calls_known,
        "Another call is live on this phone; end it or put it on hold.": desk.case is not None and other_live(desk),
        "Nobody is known at this desk, so no call can be ended: name desk.person in rung.toml.": facts.person is None,
        "No supervisors' extension is set; nobody can be rung.": not facts.supervisors,
    }
    return tuple(text for text, holds in found.items() if holds)
