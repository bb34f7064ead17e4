"""Is a rung open, and if not, what does it lack? The one place that knows; presses, lamps and refusals all ask here.

Reading of waits: they are held against the instant of the edge that completed the gesture (``at_ms``), not of its
arrival, so a press that travelled slowly cannot profit from its delay.
"""

from collections.abc import Sequence
from functools import cache
from math import ceil, inf

from msgspec import Struct

from rung.policy.language import Grounds, Policy, Requires, Rung, Tables
from rung.policy.progress import HANDED_OVER, in_the_way
from rung.policy.state import Ask, Case, Desk, Phase, Taken, Who
from rung.words import Button, Call, CallState, Ground, HangUp, Marker, Role, Want

# A member of an enumeration is slow to look up in Python 3.11, and a press asks for these dozens of times.
AGENT, BUTTONS = Role.AGENT, tuple(Button)
UP, UNNAMED, CRISIS = CallState.UP, Ground.UNNAMED, Marker.CRISIS

COMPLETE_AFTER_MS = 3000  # agent and supervisor have had this long to talk before a tap can complete the transfer

OTHER_LIVE = "another call is live on this phone; end it or put it on hold first"
BEING_ENDED = "the call is being ended; waiting for the phone"
STRANGER = "somebody else is in this call"
PHONE_LOST = "the phone does not answer; the call may still be up: use the telephone itself"

_NEEDS_PHONE = frozenset({"transfer", "join", "end"})


class Missing(Struct, frozen=True, gc=False):
    """One thing that a rung lacks, in words for the person, and what would mend it."""

    text: str
    rungs: tuple[str, ...] = ()  # one of these rungs would mend it
    button: Button | None = None  # or this very button
    common: bool = False  # it has nothing to do with this rung: the ladder is not asked
    waits: bool = False  # or time alone


def _common(text: str, button: Button | None = None) -> Missing:
    return Missing(text, button=button, common=True)


@cache
def _first(title: str, rung: str) -> Missing:
    return Missing(f"first: {title.lower()}", rungs=(rung,))


class Look(Struct, gc=False):
    """One person's look at the case of a desk, at one instant: every question here is about it."""

    policy: Policy
    tables: Tables  # the policy's
    desk: Desk
    case: Case
    call: Call | None  # the case's own, as the phone tells it
    who: Who
    at_ms: int
    taken: Sequence[str]  # the rungs that are taken, for this person, and have not lapsed
    stopped: Missing | None  # what stops every rung, whatever the ladder says
    found: dict[str, list[Missing]]  # by rung: what has been read already

    # -- rungs ---------------------------------------------------------------------------------------------------------

    def missing(self, rung: Rung) -> list[Missing]:
        """What ``rung`` lacks: empty when it is open. Of alternatives, the one that lacks least."""
        fewest = self.found.get(rung.id)
        if fewest is not None:
            return fewest
        stop = self._blocked(rung)
        if stop is not None:
            fewest = [stop]
        elif rung.id in self.taken and not rung.repeatable:
            fewest = [self._done(rung)]
        else:
            for need in rung.requires:
                lacks = self._lacking(rung, need)
                if fewest is None or len(lacks) < len(fewest):
                    fewest = lacks
                if not lacks:
                    break
            assert fewest is not None
        self.found[rung.id] = fewest
        return fewest

    def what_holds(self, rung: Rung) -> Requires:
        """The alternative by which this open rung is open: the first of them that lacks nothing."""
        needs = rung.requires
        return needs[0] if len(needs) == 1 else next(need for need in needs if not self._lacking(rung, need))

    def _done(self, rung: Rung) -> Missing:
        ladder = [other for other in reversed(self.policy.rung) if other.role == rung.role]
        follow = [o.id for o in ladder if o.repeatable or o.lapses_after is not None or not self.stands(o)]
        if rung.lapses_after is None:
            return Missing("already done on this call", rungs=tuple(follow))
        mine = (t for t in reversed(self.case.taken) if t.rung == rung.id)
        taken = next(t for t in mine if _stands_still(rung, t, self.who, self.at_ms))
        left_s = ceil((taken.at_ms - self.at_ms) / 1000 + rung.lapses_after)
        return Missing(f"already done on this call; again in {left_s} s", rungs=tuple(follow), waits=True)

    def stands(self, rung: Rung) -> bool:
        """Taken, and not lapsed; a supervisor's rung only by that supervisor."""
        return rung.id in self.taken

    def nearest(self, button: Button) -> tuple[Rung, list[Missing]] | None:
        """The rung that a press of ``button`` would take, which lacks nothing: the first in ladder order that is open.

        Without one, the closed rung that lacks least, and what it lacks; one already taken only if there is no other.
        """
        ladder = self.tables.ladders[self.who.role][button]
        closest = None
        for rung in ladder:
            if rung.repeatable or rung.id not in self.taken:
                lacks = self.missing(rung)
                if not lacks:
                    return rung, lacks
                if closest is None or len(lacks) < len(closest[1]):
                    closest = rung, lacks
        if closest is None and ladder:
            return ladder[0], self.missing(ladder[0])
        return closest

    def opened(self) -> dict[Button, Rung]:
        """The rung that a press would take, for each button for which one is open."""
        near = [(button, self.nearest(button)) for button in BUTTONS]
        return {button: found[0] for button, found in near if found is not None and not found[1]}

    def way_on(self, lacks: list[Missing], followed: set[str] | None = None) -> tuple[Button | None, str]:
        """The button that leads towards what is lacking; or, when no button helps, None and the act that does.

        Of several steps that would mend it the one that lacks least is followed first, and each once.
        """
        for gap in lacks:
            if gap.button is not None:
                return gap.button, ""
        steps: list[tuple[str, list[Missing]]] = []
        for gap in lacks:
            for name in gap.rungs:
                rung = self.tables.find(name)
                if rung.role is self.who.role:
                    further = self.missing(rung)
                    if not further:
                        return rung.button, ""
                    steps.append((name, further))
        followed = set() if followed is None else followed
        for name, further in sorted(steps, key=lambda step: len(step[1])):
            if name not in followed:
                followed.add(name)
                button, act = self.way_on(further, followed)
                if button is not None or act:
                    return button, act
        return None, "; ".join([gap.text for gap in lacks if gap.waits or not gap.rungs])

    # -- what stops a rung whatever the ladder says: common to all policies --------------------------------------------

    def _blocked(self, rung: Rung) -> Missing | None:
        """What stops this rung whatever the ladder says."""
        if self.stopped is not None:
            return self.stopped
        case, does = self.case, rung.does
        if case.ask is not None and not (rung.while_asking and _is_leave_asked(case.ask)):
            return _common(in_the_way(case.ask), Button.ESCALATE if completes(self.desk, self.desk.at_ms) else None)
        if case.pending and case.waiting(HangUp):
            return _common(BEING_ENDED)
        if case.held and rung.button != Button.ESCALATE:
            return _common("the caller is on hold; take the call off hold first")
        if not self.desk.facts.calls_known and does in _NEEDS_PHONE:
            return _common(PHONE_LOST)
        return self._blocked_ending() if does == "end" else None

    def _blocked_ending(self) -> Missing | None:
        case, who, call = self.case, self.who, self.call
        if case.marks and case.marked(CRISIS):
            return _common("crisis is marked: nobody can release this call until it is taken back")
        if who.id is None:
            return _common("nobody is signed on at this desk; sign on first")
        if call is not None and call.parties and (others := third_parties(self.desk)):
            return _common(f"{STRANGER} ({', '.join(others)}); they must leave first")
        if said := self.said_by_another():
            return _common(said)
        if who.role == AGENT and case.added is not None:
            return _common("a supervisor is in this call, and only they can end it", Button.ESCALATE)
        return None

    def said_by_another(self) -> str:
        """Somebody else's announcement stands, and an announcement belongs to one person; empty: none does."""
        said = self.case.announcement
        if said is None or said.person == self.who.id:
            return ""
        return f"wait for {said.person}, who has announced the end of this call"

    # -- what one alternative of a rung needs --------------------------------------------------------------------------

    def _lacking(self, rung: Rung, need: Requires) -> list[Missing]:
        """What one alternative of the rung lacks."""
        lacks = []
        for other in need.taken:
            if other not in self.taken:
                lacks.append(_first(self.tables.find(other).title, other))
        if rung.id in self.tables.seldom:
            lacks += self._lacking_seldom(need)
        if need.persisted and (gap := self._persisted(rung)) is not None:
            lacks.append(gap)
        if need.attested is not None and not self._attested(need.attested):
            lacks.append(Missing("name what you heard the caller do since you joined"))
        if need.ground is not None and not self._has_ground(rung, need):
            lacks.append(self._no_ground(rung, need))
        return lacks

    def _lacking_seldom(self, need: Requires) -> list[Missing]:
        """Of that, what few rungs need."""
        case = self.case
        lacks = []
        if need.leave is not None and (gap := self._leave(need.leave)) is not None:
            lacks.append(gap)
        if need.unavailable and not case.unavailable:
            lacks.append(Missing("a supervisor must have been asked and not be available", rungs=self.tables.asking))
        if need.involved and not case.involved:
            lacks.append(Missing("a supervisor must be involved", rungs=self.policy.that("involve")))
        if need.not_necessary and not case.not_necessary:
            lacks.append(Missing("attest, with the reason, that no supervisor is necessary"))
        if need.trained and not self.who.trained:
            text = "this needs a valid training; ask a supervisor to end the call"
            lacks.append(Missing(text, rungs=self.tables.asking))
        if need.on_call and (gap := self._since_joining()) is not None:
            lacks.append(gap)
        return lacks

    def _leave(self, wanted: str) -> Missing | None:
        case, policy = self.case, self.policy
        if wanted == "unused" and case.leave is None:
            text = "leave has been used" if case.leave_used else "a supervisor must give leave first"
            return Missing(text, rungs=policy.that("leave"))
        if wanted == "none" and (case.leave is not None or case.leave_used):
            return Missing("leave has been given; go on from there", rungs=self.tables.on_leave)
        return None

    def _since_joining(self) -> Missing | None:
        joined = self.case.joined_ms(self.who.id)
        if joined is None:
            return Missing("you must be in the call")
        left_ms = self.tables.wait_ms - self.case.talk_ms(joined, self.at_ms)
        return Missing(f"listen first: {ceil(left_ms / 1000)} s more of talk") if left_ms > 0 else None

    def _persisted(self, rung: Rung) -> Missing | None:
        if self.case.counted_ms is None:
            return Missing("no warning has been given on this call", rungs=self.tables.warnings[rung.role])
        left_ms = self.tables.wait_ms - self.case.talk_ms(self.case.counted_ms, self.at_ms)
        return Missing(f"let the caller answer: {ceil(left_ms / 1000)} s more of talk") if left_ms > 0 else None

    def _attested(self, wanted: Grounds) -> bool:
        since, allowed = self.case.joined_ms(self.who.id), self.tables.ground_set(wanted)
        return since is not None and any(
            d.person == self.who.id and d.ground in allowed and d.at_ms > since for d in self.case.grounds
        )

    def standing(self, rung: Rung, need: Requires) -> tuple[Ground, ...]:
        """The grounds that stand and are what ``need`` asks for."""
        assert need.ground is not None
        allowed, since = self.tables.ground_set(need.ground), self._since(rung, need)
        return tuple(dict.fromkeys(d.ground for d in self.case.grounds if d.at_ms > since and d.ground in allowed))

    def _since(self, rung: Rung, need: Requires) -> float:
        """Only a ground declared after this instant counts: calmed closes endings, and a table may name a rung."""
        calmed = self.case.calmed_ms
        since = calmed if calmed is not None and rung.does == "end" else -inf
        return since if need.after is None else max(since, self._last_taken(need.after))

    def _last_taken(self, rung: str) -> float:
        return max((t.at_ms for t in self.case.taken if t.rung == rung), default=inf)

    def _has_ground(self, rung: Rung, need: Requires) -> bool:
        assert need.ground is not None
        case, allowed, since = self.case, self.tables.ground_set(need.ground), -inf
        if need.after is not None or case.calmed_ms is not None:
            since = self._since(rung, need)
        for declared in case.grounds:
            if declared.at_ms > since and declared.ground in allowed:
                return True
        # Where none stands, the press itself declares `unnamed`.
        return not case.grounds and UNNAMED in allowed and self._may_declare() and self.at_ms > since

    def _may_declare(self) -> bool:
        """A press that needs a ground declares `unnamed` where none stands; never under crisis."""
        case = self.case
        return not case.grounds and not (case.marks and case.marked(CRISIS))

    def declares_unnamed(self, rung: Rung) -> bool:
        """Does the press that takes this open rung declare `unnamed`?"""
        return rung.id in self.tables.for_unnamed and self._may_declare()

    def _no_ground(self, rung: Rung, need: Requires) -> Missing:
        if need.after is not None and need.after not in need.taken and not self.case.has_taken(need.after):
            return _first(self.tables.find(need.after).title, need.after)
        return Missing(self._ground_text(rung, need))

    def _ground_text(self, rung: Rung, need: Requires) -> str:
        assert need.ground is not None
        case, allowed = self.case, self.tables.ground_set(need.ground)
        if not case.grounds:
            return "name the ground" + ("; under crisis a press does not declare one" if case.marked(CRISIS) else "")
        stood = any(d.ground in allowed for d in case.grounds)
        if stood and case.calmed_ms is not None and rung.does == "end":
            return "the caller had calmed down; if it began again, name the ground anew"
        if stood and need.after is not None:
            return f"name it again: it must have gone on after “{self.tables.find(need.after).title}”"
        few = [g for g in Ground if g in allowed]
        if len(few) <= 8:
            return f"name the ground ({', '.join(few)})"
        named = dict.fromkeys(d.ground for d in case.grounds if d.ground is not UNNAMED)
        return f"name the ground: this needs another than {', '.join(named)}" if named else "name the ground"


def look_at(policy: Policy, desk: Desk, who: Who, at_ms: int) -> Look:
    """What is the same for every rung is read here, once."""
    tables, case, calls = policy.tables, desk.case, desk.facts.calls
    assert case is not None
    call = calls.get(case.call)
    taken = []
    for old in case.taken:
        if old.rung in tables.lasting or _stands_still(tables.find(old.rung), old, who, at_ms):
            taken.append(old.rung)
    alone = call is not None and len(calls) == 1  # as it mostly is
    free = who.here and not case.released and (alone or not other_live(desk))
    return Look(policy, tables, desk, case, call, who, at_ms, taken, None if free else _stop(desk, case, who), {})


def _is_leave_asked(ask: Ask) -> bool:
    """Also while whoever takes the call instead is rung; but once the transfer is under way it is nearly theirs."""
    return ask.want == Want.LEAVE and ask.phase not in (Phase.OFFERING, Phase.COMPLETING)


def _stands_still(rung: Rung, taken: Taken, who: Who, at_ms: int) -> bool:
    """A supervisor's rung stands only for that supervisor."""
    lapses_ms = inf if rung.lapses_after is None else round(rung.lapses_after * 1000)
    return taken.at_ms > at_ms - lapses_ms and (rung.role is AGENT or who.id in (None, taken.person))


def _stop(desk: Desk, case: Case, who: Who) -> Missing | None:
    if case.released:
        return _common(HANDED_OVER)
    if not who.here and case.joined_ms(who.id) is None:
        return _common("you are not in this call")
    return _common(OTHER_LIVE) if other_live(desk) else None


def next_step(policy: Policy, opened: dict[Button, Rung]) -> Rung | None:
    """Of the rungs that a press would take now, the one that stands highest."""
    return max(opened.values(), key=policy.rung.index) if opened else None


def third_parties(desk: Desk) -> list[str]:
    """Who is in the case's call beside caller, agent and the supervisors who joined it."""
    case = desk.case
    call = desk.facts.calls.get(case.call) if case is not None else None
    if case is None or call is None or not call.parties:
        return []
    known = {j.address for j in case.joined}
    return [party for party in call.parties if party not in known]


def completes(desk: Desk, at_ms: int) -> bool:
    """Would a tap of escalate, let go at ``at_ms``, transfer the caller to the supervisor who has answered?"""
    ask = desk.case.ask if desk.case is not None else None
    return (
        ask is not None
        and ask.phase == Phase.ANSWERED
        and ask.answered_ms is not None
        and at_ms >= ask.answered_ms + COMPLETE_AFTER_MS
        and desk.facts.calls_known
        and not other_live(desk)
    )


def alone(desk: Desk, asking: Rung) -> bool:
    """Could nobody answer this ask now? While the floor is out of reach only a transfer rings, the extension."""
    facts = desk.facts
    if facts.floor_up:
        return not any(p.free for p in facts.present)
    return asking.does != "transfer" or not facts.extension


def other_live(desk: Desk) -> list[Call]:
    """The calls of other callers than the case's that have our live audio."""
    own = None if desk.case is None else desk.case.call
    found = []
    for call in desk.facts.calls.values():
        if call.state is UP and call.id != own and call.consult_for is None:
            found.append(call)
    return found
