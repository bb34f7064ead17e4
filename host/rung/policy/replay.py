"""What would another policy have done with the calls of a record?

The record is played to `step` under the other policy: the same calls, grounds, markers, answers of supervisors and
presses, at the same times. Up to the first press that comes out otherwise this is exact; from there on the call might
have gone another way, because people act on what they see, and the replay says so. A press without a call, or on a case
that came from another desk, has nothing here to be compared with.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.asks import waits_for_desks
from rung.policy.evolve import NOBODY_CAME
from rung.policy.language import Policy
from rung.policy.reading import STRANGER
from rung.policy.state import Ask, Desk, Phase
from rung.policy.step import step
from rung.words import Button, CallState, Gesture, Marker, Outcome, Reply, Role, Verdict, Want

PANIC = (Gesture.HOLD, Button.ESCALATE)
ERASED = "(erased)"  # a text that is no longer readable; it was there, or the act would not have been taken
_STRANGERS = re.compile(rf"{STRANGER} \((.*?)\)", re.IGNORECASE)
ALIEN = -1  # the epoch of a press that was made on another call


class Compared(Struct, frozen=True):
    """One press: what came of it, and what would have."""

    case: str
    at_ms: int
    press: w.Pressed
    was: w.Answer
    would: w.Answer
    took: tuple[str, ...]  # rungs, as recorded
    would_take: tuple[str, ...]
    asked: tuple[Want, ...]  # of a supervisor, as recorded
    would_ask: tuple[Want, ...]
    certain: bool  # nothing on this call had come out otherwise before
    trained: bool | None  # whether the record says that the person was; None: it does not, and they are taken as such

    @property
    def differs(self) -> bool:
        """In what was done, or asked for; a refusal in other words, or a quiet ask in place of one, is no difference.

        Nor is panic ever: it is the same under every policy, and the record does not keep who could be told.
        """
        if (self.press.gesture, *self.press.buttons) == PANIC:
            return False
        was, would = (answer.verdict == Verdict.TAKEN for answer in (self.was, self.would))
        return was != would or bool(self.took) != bool(self.would_take) or self.asked != self.would_ask


def replay(entries: Iterable[tuple[int, w.Event]], policy: Policy) -> Iterator[Compared]:
    """Compare every press of the record that can be: (at_ms, event) of one desk, in order."""
    entries = list(entries)
    player = _Player(policy, _groups(event for _, event in entries))
    press: list[w.Event] = []  # one press, from its record to its answer; in between is what came of it
    for at_ms, event in entries:
        if isinstance(event, w.PressRecorded):
            press = [event]
        elif press:
            press.append(event)
            if isinstance(event, w.PressAnswered):
                compared = player.press(at_ms, press)
                press = []
                if compared is not None:
                    yield compared
        else:
            player.world(at_ms, event)


def _groups(events: Iterable[w.Event]) -> dict[int, list[tuple[str, ...]]]:
    """The desks that each ask went to, group after group."""
    found: dict[int, list[tuple[str, ...]]] = {}
    number = 0
    for event in events:
        if isinstance(event, w.AskOpened):
            number, found[event.ask] = event.ask, [event.to]
        elif isinstance(event, w.AskWidened) and number:
            found[number].append(event.to)
    return found


def _presence(desk: str, person: str, group: int = 0) -> w.Presence:
    """A supervisor, rung by the desk's name; the record keeps no numbers."""
    return w.Presence(desk=desk, person=person, extension=desk, group=group)


class _Player:
    """Turns what the record says of the world back into inputs."""

    def __init__(self, policy: Policy, groups: dict[int, list[tuple[str, ...]]]) -> None:
        self.policy = policy
        self.groups = groups  # whom each ask of the record went to
        self.desk = Desk()
        self.lines: dict[str, w.Call] = {}  # the living ones, by case
        self.epochs: dict[str, int] = {}  # as recorded, by case
        self.case = ""  # the one that the record is about now
        self.doubtful: set[str] = set()
        self.consult: w.Call | None = None
        self.away = False  # the phone, or the bridge, until the phone has told its calls again
        self.there: dict[str, w.Presence] = {}  # supervisors of whom the record has told, by desk
        for input in (
            w.FloorIs(up=True),
            w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})),
            w.CallsAre(()),
        ):
            self._put(0, input)

    # -- presses -------------------------------------------------------------------------------------------------------

    def press(self, at_ms: int, recorded: list[w.Event]) -> Compared | None:
        pressed, answered = recorded[0], recorded[-1]
        assert isinstance(pressed, w.PressRecorded) and isinstance(answered, w.PressAnswered)
        if self.case not in self.lines or self.desk.case is None:
            return None
        self._facts(at_ms, recorded)
        same_call = pressed.press.epoch == self.epochs[self.case]
        press = replace(pressed.press, epoch=self.desk.case.epoch if same_call else ALIEN)
        with self._hindered(at_ms, answered.answer.why):
            events = self._by(at_ms, pressed.person, press, trained=pressed.trained is not False)
        for event in recorded:
            self._handed_over(at_ms, event)
        would = next(e.answer for e in reversed(events) if isinstance(e, w.PressAnswered))
        took, would_take = (
            tuple(e.rung for e in some if isinstance(e, w.RungTaken | w.Announced)) for some in (recorded, events)
        )
        asked, would_ask = (
            tuple(e.want for e in some if isinstance(e, w.AskOpened) and e.rung) for some in (recorded, events)
        )
        compared = Compared(
            case=self.case,
            at_ms=at_ms,
            press=pressed.press,
            was=answered.answer,
            would=would,
            took=took,
            would_take=would_take,
            asked=asked,
            would_ask=would_ask,
            certain=self.case not in self.doubtful,
            trained=pressed.trained,
        )
        if compared.differs:
            self.doubtful.add(self.case)
        return compared

    def _facts(self, at_ms: int, recorded: list[w.Event]) -> None:
        """What an ask shows to have been so: the phone told its calls, and who was asked was there, nobody else."""
        for event in recorded:
            if isinstance(event, w.AskOpened) and event.rung:
                self._phone_back(at_ms)
                groups = enumerate(self.groups[event.ask])
                self.there = {desk: _presence(desk, desk, group) for group, desks in groups for desk in desks}
                self._known(at_ms, (), event.target)
            elif isinstance(event, w.AlertRaised):
                self._known(at_ms, event.to)

    @contextmanager
    def _hindered(self, at_ms: int, why: str) -> Iterator[None]:
        """Somebody who is no supervisor is in the call: the record tells of them by what they hindered alone."""
        line, found = self.lines.get(self.case), _STRANGERS.search(why)
        if line is None or found is None:
            yield
            return
        self._put(at_ms, w.CallIs(replace(line, parties=(*line.parties, *found[1].split(", ")))))
        yield
        self._put(at_ms, w.CallIs(line))

    # -- what people, phone and floor did beside the presses -----------------------------------------------------------

    def world(self, at_ms: int, event: w.Event) -> None:
        match event:
            case w.GroundDeclared(ground=ground, person=person, note=note):
                self._by(at_ms, person, w.Declared(ground, note or ERASED))
            case w.GroundTakenBack(ground=ground, person=person):
                self._by(at_ms, person, w.TakenBack(ground))
            case w.MarkerSet(marker=Marker.CRISIS, person=person):
                self._by(at_ms, person, w.Marked(Marker.CRISIS))
            case w.MarkerLifted(marker=Marker.CRISIS, by=by) if by:
                self._from_afar(at_ms, by, w.Unmarked(Marker.CRISIS))
            case w.MarkerLifted(marker=Marker.CRISIS, person=person, reason=reason):
                self._by(at_ms, person, w.Unmarked(Marker.CRISIS, reason or ERASED))
            case w.CallerCalmed(person=person):
                self._by(at_ms, person, w.Calmed())
            case w.NotNecessary(reason=reason, person=person):
                self._by(at_ms, person, w.Attested(reason or ERASED))
            case w.LeaveWithdrawn(person=person):
                self._from_afar(at_ms, person, w.LeaveTakenBack())
            case w.AnnouncementWithdrawn(why=why):
                with self._hindered(at_ms, why):
                    pass
            case _:
                self._phone(at_ms, event)

    def _phone(self, at_ms: int, event: w.Event) -> None:
        line = self.lines.get(self.case)
        match event:
            case w.CaseOpened(case=case, person=person, role=role):
                self.case, self.epochs[case] = case, event.epoch
                self._put(at_ms, w.SignedOn(person, role, trained=True))
                self._line(at_ms, w.Call(id=event.call or case, state=CallState.UP, direction=event.direction))
            case w.CaseArrived(case=case) | w.CaseTurnedTo(case=case):
                self.case = case
            case w.CaseClosed(case=case, by=by, cause=cause) if line is not None:
                self._put(at_ms, w.CallIs(replace(line, state=CallState.ENDED, ended_by=by, cause=cause)))
                del self.lines[case]
            case w.CallHeld() if line is not None:
                self._line(at_ms, replace(line, state=CallState.HELD))
            case w.CallResumed() if line is not None:
                self._line(at_ms, replace(line, state=CallState.UP))
                self._phone_back(at_ms)
            case w.RungUndone(why=why) if self.desk.case is not None:
                if (ending := self.desk.case.waiting(w.HangUp)) is not None:
                    self._put(at_ms, w.EffectRefused(ending.effect.id, why))
            case w.PhoneLost() | w.BridgeRestarted():
                self.away = True
                self._put(at_ms, w.PhoneIs(up=False) if isinstance(event, w.PhoneLost) else w.Restarted())
            case _:
                self._supervisors(at_ms, event, line)

    def _phone_back(self, at_ms: int) -> None:
        if self.away:
            self.away = False
            consults = () if self.consult is None else (self.consult,)
            self._put(at_ms, w.PhoneIs(up=True, can=self.desk.facts.can))
            self._put(at_ms, w.CallsAre((*self.lines.values(), *consults)))

    def _supervisors(self, at_ms: int, event: w.Event, line: w.Call | None) -> None:
        ask = self.desk.case.ask if self.desk.case is not None else None
        match event:
            case w.AskOpened(rung="", want=Want.JOIN, person=person) if person is not None:
                self._from_afar(at_ms, person, w.TakeOver())
            case w.SupervisorFree(person=person):
                self._known(at_ms, (person,))
            case w.AskReplied(desk=desk, person=person, reply=reply, word=word, target=target) if ask is not None:
                there = self.there.get(desk, _presence(desk, person))
                self.there[desk] = replace(there, person=person, extension=target or there.extension)
                self._known(at_ms, ())
                self._put(at_ms, w.Replied(ask=ask.number, desk=desk, person=person, reply=reply, word=word))
            case w.AskMoved(outcome=outcome) | w.AskClosed(outcome=outcome) if outcome is not None and ask is not None:
                self._close(at_ms, ask, outcome)
                ask = self.desk.case.ask if self.desk.case is not None else None
                if isinstance(event, w.AskClosed) and ask is not None and line is not None:
                    self._put(
                        at_ms, w.CallIs(replace(line, state=CallState.UP))
                    )  # it closes once the caller is off hold
                    self._put(at_ms, w.CallIs(line))
            case w.AskMoved(consult=consult) if consult is not None and line is not None:
                state = CallState.UP if event.phase == "answered" else CallState.DIALLING
                self.consult = w.Call(id=consult, state=state, direction="out", consult_for=line.id)
                self._put(at_ms, w.CallIs(self.consult))
            case w.SupervisorJoined(person=person, address=""):  # who sat down at this desk
                self._put(at_ms, w.SignedOn(person, Role.SUPERVISOR, trained=True))
            case w.SupervisorLeft(person=person) if person == (self.desk.facts.who.id or ""):
                self._put(at_ms, w.SignedOn(None))
            case w.SupervisorJoined(person=person, desk=desk, address=address) if line is not None:
                self.there[desk] = w.Presence(desk=desk, person=person, extension=address)
                self._known(at_ms, ())
                self._line(at_ms, replace(line, parties=(*line.parties, address)))
            case w.SupervisorLeft() if line is not None:
                self._line(at_ms, replace(line, parties=()))
            case _:
                self._handed_over(at_ms, event)

    def _handed_over(self, at_ms: int, event: w.Event) -> None:
        """The transfer is ordered, as the other desk has taken the case or there was none to take it; or it has not."""
        offer = self.desk.case.waiting(w.Offer) if self.desk.case is not None else None
        if isinstance(event, w.AskMoved) and event.phase in (Phase.COMPLETING, Phase.ANSWERED) and offer is not None:
            assert isinstance(offer.effect, w.Offer)
            accepted = event.phase == Phase.COMPLETING
            self._put(at_ms, w.OfferAnswered(offer.effect.case, accepted, offer=offer.effect.id))

    def _known(self, at_ms: int, desks: tuple[str, ...], extension: str = "") -> None:
        """These supervisors are there too; or the floor is out of reach, and an extension is not."""
        for desk in desks:
            self.there.setdefault(desk, _presence(desk, desk))
        self._put(at_ms, w.FloorIs(up=not extension, present=tuple(self.there.values()), extension=extension))

    def _close(self, at_ms: int, ask: Ask, outcome: Outcome) -> None:
        """An ask that came to nothing in the record does so here, by what may have brought it about."""
        consult, self.consult = self.consult, None
        if outcome == Outcome.UNWANTED:
            self._put(at_ms, w.Unwanted())
        elif consult is not None and outcome not in (Outcome.TAKEN_BACK, Outcome.INTERRUPTED):
            self._put(at_ms, w.CallIs(replace(consult, state=CallState.ENDED, outcome=outcome)))
        elif outcome in NOBODY_CAME and waits_for_desks(ask):
            for desk in ask.to:
                self._put(at_ms, w.Replied(ask=ask.number, desk=desk, person=desk, reply=Reply.BUSY))
        elif outcome not in (Outcome.TAKEN_BACK, Outcome.INTERRUPTED) and self.desk.case is not None:
            for pending in self.desk.case.pending:
                self._put(at_ms, w.EffectRefused(pending.effect.id, "as recorded"))
        if self.desk.case is not None and self.desk.case.ask is not None:
            self._put(at_ms, w.AskTakenBack())

    def _line(self, at_ms: int, call: w.Call) -> None:
        self.lines[self.case] = call
        self._put(at_ms, w.CallIs(call))

    def _by(self, at_ms: int, person: str | None, act: w.Act, *, trained: bool | None = None) -> tuple[w.Event, ...]:
        """A supervisor in the call acts from another desk; anybody else sits here. ``trained`` None: as before."""
        case, who = self.desk.case, self.desk.facts.who
        trained = who.trained if trained is None else trained
        if case is not None and person is not None and person != who.id and case.joined_ms(person) is not None:
            return self._put(at_ms, w.FromDesk("", w.Person(person, Role.SUPERVISOR, trained), act))
        if (person, trained) != (who.id, who.trained):
            self._put(at_ms, w.SignedOn(person, who.role, trained))
        return self._put(at_ms, act)

    def _from_afar(self, at_ms: int, person: str, act: w.Act) -> None:
        """A supervisor who is not in the call."""
        self._put(at_ms, w.FromDesk("", w.Person(person, Role.SUPERVISOR), act))

    def _put(self, at_ms: int, input: w.Input) -> tuple[w.Event, ...]:
        made = step(self.policy, self.desk, input, at_ms)
        self.desk = made.desk
        return made.events
