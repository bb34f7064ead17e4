"""What a person sees of a desk: for the terminal now, for the page later. Pure, from the same tables as the presses."""

from math import ceil

from msgspec import Struct
from msgspec.structs import astuple

from rung.policy.alerts import heard
from rung.policy.asks import UNDER_WAY
from rung.policy.book import Rules, policy_of
from rung.policy.choices import Choice, alarm_ms, choices
from rung.policy.lamps import lamps
from rung.policy.language import Rung
from rung.policy.progress import asked, in_the_way
from rung.policy.reading import (
    Look,
    Missing,
    completes,
    look_at,
    next_step,
    other_live,
    third_parties,
)
from rung.policy.scripts import script
from rung.policy.state import SAYING_MS, Case, Desk, Phase, Who
from rung.policy.transfer import stuck
from rung.words import Button, Earlier, Ground, HangUp, Lamps, Role

HAND_OVER = "Hand the call over to the supervisor who is in it"


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
    alerts: tuple[str, ...] = ()  # who was told, beside any ask
    leave: str = ""  # granted and not used
    supervisors: tuple[str, ...] = ()  # in the call
    others: tuple[str, ...] = ()  # somebody else in the call
    listening: tuple[str, ...] = ()  # who hears the call, and how
    recording: bool = False
    breather_ms: int = 0  # how long no calls come from queues
    tasks: tuple[str, ...] = ()  # what the phone cannot do, and a person is to
    language: str = ""  # of the scripts
    tick: tuple[str, ...] = ()  # what may be ticked as tried
    tried: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()  # standing, each with who declared it
    declared: tuple[tuple[Ground, str | None], ...] = ()  # the same, not in words
    common: tuple[Ground, ...] = ()  # the floor's commonest
    earlier: tuple[Earlier, ...] = ()  # incidents of this caller
    asked_ms: int = 0  # how long ago the open ask was made
    may: tuple[Choice, ...] = ()  # beside the ladder
    alarm_ms: int = 0  # how long a panic may still be called off
    markers: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()  # what does not work, each with its mend


def view(rules: Rules, desk: Desk, now_ms: int, who: Who | None = None) -> View:
    """The desk in words at ``now_ms``, for whoever sits here, or for ``who``: a supervisor in the call."""
    now = max(now_ms, desk.at_ms)
    case = desk.case
    if case is None:
        person = desk.facts.who.id if who is None else who.id
        return View(
            call=_no_call(desk),
            person=person,
            alerts=_alerts(desk),
            alarm_ms=alarm_ms(desk, person, now),
            breather_ms=_breather_ms(desk, now),
            tasks=tuple(why for _, why in desk.tasks),
            troubles=_troubles(desk),
        )
    look = _Words(*astuple(look_at(policy_of(rules, case), desk, who or desk.facts.who, now)))
    return look.view(lamps(rules, desk, now, who))


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


class _Words(Look):
    """One person's look at one case, in words."""

    def view(self, lamps: Lamps) -> View:
        policy, desk, case = self.policy, self.desk, self.case
        rung = policy.find(case.taken[-1].rung) if case.taken else None
        return View(
            call=_call(desk, case),
            epoch=case.epoch,
            held_ms=self.at_ms - case.quiet_since if case.held and case.quiet_since is not None else 0,
            talk_ms=case.talk_ms(0, self.at_ms),
            person=self.who.id,
            ladder=tuple(self.rung(rung) for rung in policy.rung if rung.role == self.who.role),
            buttons={button: self.meaning(button) for button in Button},
            next=self.next(),
            script=self.script(),
            countdown_ms=lamps.fill_ms,
            ask="" if case.ask is None else asked(case.ask, self.at_ms),
            alerts=_alerts(desk),
            leave="" if case.leave is None else f"leave given by {case.leave.person}",
            supervisors=tuple(j.person or "a supervisor" for j in case.joined),
            others=tuple(third_parties(desk)),
            listening=_listening(desk, case),
            recording=bool((call := desk.facts.calls.get(case.call)) is not None and call.recording),
            breather_ms=_breather_ms(desk, self.at_ms),
            tasks=tuple(why for _, why in desk.tasks),
            grounds=tuple(_declared(g.ground, g.person) for g in case.grounds),
            declared=tuple((g.ground, g.person) for g in case.grounds),
            common=policy.common_grounds,
            earlier=case.earlier,
            asked_ms=0 if case.ask is None else self.at_ms - case.ask.opened_ms,
            may=tuple(choices(self)),
            alarm_ms=alarm_ms(desk, self.who.id, self.at_ms),
            markers=tuple(sorted({str(mark.marker) for mark in case.marks})),
            language=case.language,
            tick=() if rung is None else tuple(i.get(case.language, next(iter(i.values()))) for i in rung.tick),
            tried=case.tried,
            troubles=_troubles(desk),
        )

    def rung(self, rung: Rung) -> RungView:
        lacks = self.missing(rung)
        state = "open" if not lacks else "taken" if self.stands(rung) else "closed"
        texts = tuple(m.text for m in lacks) if state == "closed" else ()
        return RungView(rung.id, rung.title, rung.button, state, texts)

    def meaning(self, button: Button) -> str:
        """What a press of ``button`` would do now, or why nothing."""
        if button == Button.ESCALATE:
            if self.hands_over():
                why = self.not_handed()
                return f"Not now: {why}" if why else HAND_OVER
            if (ask := self.case.ask) is not None:
                if ask.phase == Phase.ANSWERED and (why := stuck(self.desk)):
                    return f"Not now: {why}"
                done = completes(self.desk, self.at_ms)
                return f"Transfer the caller to the {ask.whom}" if done else "Show how far the ask is"
        near = self.nearest(button)
        if near is None or near[1]:
            return self.not_now(button, near)
        rung = near[0]
        if rung.does != "end":
            attests = f" (this says: {'; '.join(rung.attests)})" if rung.attests else ""
            return f"{rung.title}{attests}"
        said = self.case.announcement
        if said is None:
            return f"{rung.title}: tap to announce it"
        left_ms = said.at_ms + self.policy.times.say_ms - self.at_ms
        return f"Say it; hold in {ceil(left_ms / 1000)} s" if left_ms > 0 else "Hold to end the call"

    def hands_over(self) -> bool:
        """A supervisor is in the call: the agent's escalate hands it to them, and takes no step of the ladder."""
        return self.who.role == Role.AGENT and self.case.added is not None

    def not_handed(self) -> str:
        """Why it does not now; empty: it does."""
        ask = self.case.ask
        return in_the_way(ask) if ask is not None and ask.phase in UNDER_WAY else stuck(self.desk)

    def step(self) -> Rung | None:
        """The next one."""
        step = next_step(self.policy, self.opened())
        return None if step is not None and step.button == Button.ESCALATE and self.hands_over() else step

    def not_now(self, button: Button, near: tuple[Rung, list[Missing]] | None) -> str:
        why = "nothing here" if near is None else f"not now: {'; '.join(gap.text for gap in near[1])}"
        quiet = button == Button.ESCALATE and heard(self.desk)
        return f"Quiet ask; {why}" if quiet else f"{why[0].upper()}{why[1:]}"

    def next(self) -> str:
        if (ask := self.case.ask) is not None:
            if ask.phase in UNDER_WAY:
                return in_the_way(ask)
            if ask.phase == Phase.ANSWERED and (why := stuck(self.desk)):
                return why
            return "tap escalate to transfer" if completes(self.desk, self.at_ms) else f"wait for the {ask.whom}"
        step = self.step()
        if step is not None:
            return step.title
        if self.hands_over():
            return self.not_handed() or HAND_OVER
        near = [self.nearest(button) for button in Button]
        ladder = [found for found in near if found is not None]
        if not ladder:
            return ""
        rung, lacks = min(ladder, key=self._far)
        if lacks[0].common:
            return lacks[0].text
        button, act = self.way_on(lacks)
        return f"{rung.title}: {act or button}"

    def _far(self, found: tuple[Rung, list[Missing]]) -> tuple[bool, bool, int, int]:
        """How far off that step is: done with, another one comes first, so much lacks."""
        rung, lacks = found
        done = self.stands(rung) and not rung.repeatable
        return done, any(gap.rungs for gap in lacks), len(lacks), self.policy.rung.index(rung)

    def script(self) -> Script | None:
        """What is to be said now; else what the next step would say, as a preview."""
        saying = _to_say(self.case, self.who, self.at_ms)
        rung = self.policy.find(saying) if saying else self.step()
        if rung is None:
            return None
        text, language = script(self.policy, rung, self.case, self.who)
        return Script(rung.title, text, language, preview=not saying)


def _to_say(case: Case, who: Who, now: int) -> str | None:
    if case.announcement is not None:
        return case.announcement.rung if case.announcement.person == who.id else None
    if case.ask is not None:
        return case.ask.rung if case.ask.phase == Phase.TELLING and case.ask.person == who.id else None
    last = case.taken[-1] if case.taken else None
    if last is None or last.person != who.id:
        return None
    if now >= last.at_ms + SAYING_MS or last.at_ms < (case.counted_ms or 0):
        return None  # long said, or the call has moved on since: a failed ask, calmed
    return last.rung


def _alerts(desk: Desk) -> tuple[str, ...]:
    parked = {case.id for case in desk.parked}
    found = []
    for alert in desk.alerts:
        told = f"{len(alert.to)} told" if alert.to else "nobody told yet"
        far = told if alert.supervisor is None else f"{alert.supervisor} is coming"
        found.append(f"{'on another call, ' if alert.case in parked else ''}{alert.want}: {far}")
    return tuple(found)


def _listening(desk: Desk, case: Case) -> tuple[str, ...]:
    call = desk.facts.calls.get(case.call)
    names = {p.extension: p.person for p in desk.facts.present}
    how = {"listen": "listens", "coach": "listens and speaks to you alone", "barge": "listens and is heard by both"}
    if call is None or not call.listeners:
        return ()
    heard = tuple(f"{names.get(who, who)} {how[as_]}" for who, as_ in call.listeners.items())
    return (*heard, f"Say: {LISTENED_TO.get(case.language, LISTENED_TO['en'])}")


LISTENED_TO = {
    "en": "A colleague is listening to this call.",
    "de": "Eine Kollegin oder ein Kollege hört bei diesem Gespräch mit.",
}


def _breather_ms(desk: Desk, now: int) -> int:
    return 0 if desk.rest is None else max(0, desk.rest.until_ms - now)


def _drops_caller(desk: Desk) -> bool:
    """Is somebody to take the caller, over a phone that drops one whose transfer fails?"""
    ask = desk.case.ask if desk.case is not None else None
    return ask is not None and ask.consult is not None and "returns" not in desk.facts.can


def _declared(ground: str, person: str | None) -> str:
    return f"{ground} ({person})" if person else f"{ground}"


def _troubles(desk: Desk) -> tuple[str, ...]:
    facts = desk.facts
    found = {
        "The phone does not answer; the call may still be up.": not facts.phone_up,
        "The phone has not told its calls yet.": facts.phone_up and not facts.calls_known,
        "Another call is live on this phone; end it or put it on hold.": desk.case is not None
        and bool(other_live(desk)),
        "Nobody is known at this desk, so no call can be ended: name desk.person in rung.toml.": facts.who.id is None,
        "The phone is paused: no calls come from queues.": facts.paused and desk.rest is None,
        "This phone drops a caller whose transfer fails: the supervisor is rung once more, and must answer.": (
            _drops_caller(desk)
        ),
        f"No {'other ' if facts.who.role == Role.SUPERVISOR else ''}supervisor is present.": (
            facts.floor_up and not facts.present
        ),
        "No supervisors' extension is set; nobody can be rung.": not facts.floor_up and not facts.extension,
    }
    return tuple(text for text, holds in found.items() if holds)
