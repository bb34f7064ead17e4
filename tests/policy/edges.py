"""Where a call goes on: the desk and its record, time, the phone, the floor, and the other desk."""

from typing import Self

from msgspec.structs import replace
from tests.policy.oracle import (
    Afresh,
    Entry,
    Look,
    alarm_is_right,
    ask_is_right,
    handed_over_rightly,
    known_who_is_in,
)
from tests.policy.oracle.history import EVENTS, all_cases
from tests.policy.oracle.presses import announcement

from rung import words as w
from rung.policy import Desk, Policy, Step, next_change, step
from rung.policy.state import Facts
from rung.words import Call, CallState, EndedBy, Outcome, Presence, Role

LINE, PARTNER = "line", "sip:partner@example.invalid"
EVE = Presence(desk="desk-eve", person="eve", extension="601")
FAY = Presence(desk="desk-fay", person="fay", extension="602")
GUS = Presence(desk="desk-gus", person="gus", extension="603", group=1)
SUPERVISORS = {"eve": EVE, "fay": FAY, "gus": GUS}
DESKS = {"desk-ada": "500"} | {p.desk: p.extension for p in SUPERVISORS.values()}
ADA = "desk-ada"
OTHER_CLOCK = 7_000_000  # each desk has its own clock
_MET = frozenset({w.AskClosed, w.AskWidened, w.SupervisorFree, w.AnnouncementWithdrawn, w.CaseReturned, w.CaseClosed})
_CALLS = frozenset({w.AlertRaised, w.AlertClosed, w.MarkerSet})
PHONE = frozenset({"join", "case", "returns", "play"})


class Edges:
    """``policy`` is the engine's; ``told`` is the name by which the oracle knows the practice."""

    def __init__(self, policy: Policy, told: str, lapses: dict[str, int] | None = None) -> None:
        self.policy, self.told, self.lapses = policy, told, lapses
        self.now, self.desk, self.at = 1000, Desk(at_ms=1000), ADA
        self.history: list[Entry] = []
        self.phone: dict[str, Call] = {}  # the truth, which the desk hears of
        self.floor = w.FloorIs(up=True, present=(EVE, FAY, GUS), desks=DESKS, extension="600")
        self.presses = self.consults = self.calls = 0
        self.can = PHONE
        self.offered: w.Offer | None = None
        self.elsewhere: tuple[str, Desk, list[Entry], int] | None = None  # where the case is expected, clock ahead by
        self.left: dict[str, tuple[Desk, int]] = {}  # desks that the call has left, and their clocks then
        self.story: tuple[str, ...] = ()  # what was told before
        self.came: list[str] = []  # what the presses and acts came to

    def begin(self, person: str = "ada", role: Role = Role.AGENT, trained: bool = True) -> None:
        if role == Role.SUPERVISOR:
            self.at = SUPERVISORS[person].desk
        self.put(w.SignedOn(person, role, trained))
        self.floor = replace(self.floor, present=tuple(p for p in SUPERVISORS.values() if p.desk != self.at))
        self.put(self.floor)
        self.put(w.PhoneIs(up=True, can=self.can))
        self.put(w.CallsAre(()))

    def copy(self) -> Self:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.history, new.phone = self.history.copy(), self.phone.copy()
        new.left, new.came = self.left.copy(), []
        return new

    # -- one step, and what must hold for each -------------------------------------------------------------------------

    def put(self, input: w.Input) -> Step:
        made = step(self.policy, self.desk, input, self.now)
        self.check(input, made)
        self.desk = made.desk
        if made.events or not isinstance(input, w.Tick):
            self.history.append((self.now, input))
        self.history += [(self.now, event) for event in made.events]
        for event in made.events:
            if type(event) in _MET:
                self.came.append(f"{type(event).__name__} {getattr(event, 'outcome', '')}".strip())
        for effect in made.effects:
            if isinstance(effect, w.Offer):
                self.offered = effect
            elif isinstance(effect, w.Reclaim):
                self.offered = self.elsewhere = None  # that desk forgets it
        asking = made.desk.case is not None and made.desk.case.ask is not None
        if asking or any(type(event) is w.AskClosed for event in made.events):
            look = self.look()
            wrong = ask_is_right(look) or handed_over_rightly(look)
            assert not wrong, wrong
        if made.desk.alerts or any(type(event) in _CALLS for event in made.events):
            wrong = alarm_is_right(self.look())
            assert not wrong, wrong
        if isinstance(input, w.FloorIs) or (isinstance(input, w.CallIs) and input.call.parties):
            wrong = known_who_is_in(self.look())
            assert not wrong, wrong
        return made

    def check(self, input: w.Input, made: Step) -> None:
        """For whoever wants to hold each step against more."""

    def look(self) -> Look:
        return Look(self.told, self.history, self.now, self.lapses)

    # -- time ----------------------------------------------------------------------------------------------------------

    def wait(self, ms: str) -> None:
        """Let time pass as the bridge does: a Tick whenever `next_change` says so."""
        end = self.now + int(ms)
        while (due := next_change(self.policy, self.desk)) is not None and due <= end:
            self.now = max(due, self.now)
            self.put(w.Tick())
        self.now = end

    def late(self, ms: str) -> None:
        """A bridge that was busy."""
        self.now += int(ms)

    # -- the phone -----------------------------------------------------------------------------------------------------

    def _now(self, call: Call) -> None:
        self.phone[call.id] = call
        if call.state == CallState.ENDED:
            del self.phone[call.id]
        self.put(w.CallIs(call))

    def line(self, state: str, by: str = "") -> None:
        """The caller's line, when nobody told the phone to."""
        id = self.line_id()
        call = self.phone.get(id, Call(id=id, state=CallState.UP, direction="in", peer="caller"))
        ended = EndedBy(by or "them") if state == "ended" else None
        if state == "ended" and id not in self.phone:
            return
        self._now(replace(call, state=CallState(state), ended_by=ended, doing=""))

    def line_id(self) -> str:
        """The caller's line; each call after the first has a name of its own."""
        if self.phone.keys() & {f"{LINE}-{n}" for n in range(1, self.calls + 1)}:
            return next(id for id in self.phone if id.startswith(LINE))
        self.calls += 1
        return f"{LINE}-{self.calls}"

    def second(self, state: str) -> None:
        """Another caller's line."""
        call = Call(id="second", state=CallState(state), direction="in", peer="another")
        self._now(replace(call, ended_by=EndedBy.THEM) if state == "ended" else call)

    def turn(self) -> None:
        """The agent turns from one caller to the other, and the phone tells it in one answer."""
        self.line_id()
        mine = next((call for id, call in self.phone.items() if id.startswith(LINE)), None)
        if mine is None:
            return
        away = mine.state == CallState.UP
        other = Call(id="second", state=CallState.UP if away else CallState.HELD, direction="in", peer="another")
        self.phone |= {mine.id: replace(mine, state=CallState.HELD if away else CallState.UP), "second": other}
        self.put(w.CallsAre(tuple(self.phone.values())))

    def plain(self) -> None:
        """A telephone that brings nobody into a call: who takes one is rung."""
        self.can -= {"join"}
        self.put(w.PhoneIs(up=True, can=self.can))

    def dials(self) -> None:
        """The phone does at last what it was told before: whoever is to be rung is."""
        pending = self.desk.case.pending if self.desk.case is not None else ()
        orders = [p.effect for p in pending if isinstance(p.effect, w.Consult)]
        if orders:
            self._obey(orders[0])

    def parties(self, *names: str) -> None:
        """Who else is in the call."""
        others = {p.person: p.extension for p in SUPERVISORS.values() if p.desk != self.at} | {"partner": PARTNER}
        addresses = tuple(others[name] for name in names if name in others)
        for id, call in list(self.phone.items()):
            if id.startswith(LINE):
                self._now(replace(call, parties=addresses))

    def consult(self, becomes: str) -> None:
        """The telephone of the supervisor."""
        consults = [call for call in self.phone.values() if call.consult_for]
        if consults and becomes == "up":
            self._now(replace(consults[-1], state=CallState.UP))
        elif consults:
            outcome = Outcome(becomes) if becomes != "hung-up" else None
            by = EndedBy.THEM if outcome else EndedBy.US
            self._now(replace(consults[-1], state=CallState.ENDED, outcome=outcome, ended_by=by))

    def obey(self, lost: bool = True) -> None:
        """The phone does what it was told and has not done yet; what is ``lost`` may have reached it, or not."""
        for _ in range(4):
            pending = self.desk.case.pending if self.desk.case is not None else ()
            told = [p.effect for p in pending if lost or p.unknown is None]
            if not told:
                return
            self._obey(told[-1])

    def refuse(self) -> None:
        """The phone will not."""
        if self.desk.case is not None and self.desk.case.pending:
            self.put(w.EffectRefused(self.desk.case.pending[-1].effect.id, "cannot aim"))

    def missed(self) -> None:
        """Whoever is rung to come into the call does not pick up."""
        pending = self.desk.case.pending if self.desk.case is not None else ()
        for line in [p.effect.call for p in pending if isinstance(p.effect, w.Join)][:1]:
            if line in self.phone:
                self._now(replace(self.phone[line], cause=""))
                self._now(replace(self.phone[line], cause="join failed: nobody answered"))

    def _obey(self, effect: w.Effect) -> None:
        line = self.phone.get(getattr(effect, "call", ""))
        if line is None:
            return
        match effect:
            case w.Hold():
                self._now(replace(line, state=CallState.HELD))
            case w.Consult():
                self.consults += 1
                id = f"consult-{self.consults}"
                self._now(Call(id=id, state=CallState.DIALLING, direction="out", consult_for=effect.call))
            case w.TakeBack(consult=consult):
                if consult in self.phone:
                    self._now(replace(self.phone[consult], state=CallState.ENDED, ended_by=EndedBy.US))
                self._now(replace(line, state=CallState.UP))
            case w.Join(target=target):
                self._now(replace(line, parties=(*line.parties, target)))
            case w.Complete() | w.Leave():
                consult = getattr(effect, "consult", None)
                self._now(replace(line, state=CallState.ENDED, ended_by=EndedBy.TRANSFER))
                if consult in self.phone:
                    self._now(replace(self.phone[consult], state=CallState.ENDED, ended_by=EndedBy.TRANSFER))
                self._follow()
            case w.HangUp():
                self._now(replace(line, state=CallState.ENDED, ended_by=EndedBy.US))

    def all(self, doing: str = "") -> None:
        """The phone tells all its calls."""
        for id in [id for id in self.phone if id.startswith(LINE)]:
            self.phone[id] = replace(self.phone[id], doing=doing)  # type: ignore[arg-type]
        self.put(w.CallsAre(tuple(self.phone.values())))

    def lost(self) -> None:
        self.put(w.PhoneIs(up=False))

    def back(self) -> None:
        self.put(w.PhoneIs(up=True, can=self.can))
        self.put(w.CallsAre(tuple(self.phone.values())))

    def restart(self) -> None:
        """The bridge comes back: facts are gone, the case is in the record."""
        here = self.desk.facts.who
        self.desk = replace(self.desk, facts=Facts(), flashes=())
        self.history.append((self.now, Afresh()))
        if self.desk.case is not None:
            self.put(w.Restarted())
        self.put(w.SignedOn(here.id, here.role, here.trained))
        self.put(self.floor)
        self.back()

    # -- the case goes to another desk ---------------------------------------------------------------------------------

    def carry(self, accepted: str = "yes") -> None:
        """The floor carries the offered case to the other desk, and its answer back; a lost one carries nothing."""
        offer, self.offered = self.offered, None
        if offer is None or not self.floor.up:
            return
        accepts = accepted == "yes" and self._offer_there(offer)
        self.put(w.OfferAnswered(offer.case, accepts, "" if accepts else "no", offer.id))

    def _offer_there(self, offer: w.Offer) -> bool:
        """At that desk, by its own clock, it is one case more."""
        desk, clock = self.left.get(offer.to, (Desk(at_ms=self.now + OTHER_CLOCK), self.now + OTHER_CLOCK))
        there = type(self)(self.policy, self.told, self.lapses)
        there.desk, there.now, there.at = desk, max(clock, self.now + OTHER_CLOCK), offer.to
        agent = offer.to == ADA
        there.floor = self.floor
        there.begin("ada" if agent else offer.to.removeprefix("desk-"), Role.AGENT if agent else Role.SUPERVISOR)
        there.put(w.CallIs(self._talking(offer.case)))
        assert there.desk.case is None or not self.floor.up, "the talk about a case is none at that desk"
        case = w.CaseOffered(case=offer.case, desk=self.at, state=offer.state, policy=offer.policy, offer=offer.id)
        made = there.put(case)
        self.elsewhere = (offer.to, there.desk, there.history, there.now - self.now)
        return any(isinstance(e, w.AnswerOffer) and e.accepted for e in made.effects)

    def _talking(self, case: str) -> Call:
        """The call in which the two desks talk about it, as the other desk's phone tells it."""
        return Call(id=f"talking-{self.calls}", state=CallState.UP, direction="in", peer="a colleague", case=case)

    def _travels(self, case: str) -> list[Entry]:
        """The case as it was offered: what the caller hears after that, and what had fallen before, stays here."""
        offers = [isinstance(thing, w.EffectDecided) and isinstance(thing.effect, w.Offer) for _, thing in self.history]
        offered = max(i for i, is_offer in enumerate(offers) if is_offer)
        before = max(i for i in range(offered) if type(self.history[i][1]) not in EVENTS)
        stays: tuple[type, ...] = () if announcement(self.look().before(before)) else (w.Announced,)
        later = {id(thing) for _, thing in self.history[offered:] if isinstance(thing, w.CallHeld | w.CallResumed)}
        whole = all_cases(self.history)[0][case]
        return [e for e in whole if not isinstance(e[1], (w.CaseClosed, *stays)) and id(e[1]) not in later]

    def _follow(self) -> None:
        """The call goes on at the other desk: from here on that desk is looked at."""
        if self.elsewhere is None:
            return
        case = next(e.case for _, e in reversed(self.history) if isinstance(e, w.CaseClosed))
        at, desk, entries, moved = self.elsewhere
        whole = self._travels(case)
        self.left[self.at] = (self.desk, self.now)
        self.history = [(when + moved, event) for when, event in whole] + [(desk.at_ms, Afresh()), *entries]
        self.at, self.desk, self.now, self.elsewhere = at, desk, self.now + moved, None
        self.floor = replace(self.floor, present=tuple(p for p in SUPERVISORS.values() if p.desk != at))
        self.phone = {}
        self._now(replace(self._talking(case), state=CallState.ENDED, ended_by=EndedBy.TRANSFER))
        self.calls += 1
        self._now(Call(id=f"{LINE}-{self.calls}", state=CallState.UP, direction="in", peer="caller", case=case))
