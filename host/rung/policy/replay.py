"""What would another policy have done with the calls of a record?

The record is played to `step` under the other policy: the same calls, grounds, markers, answers of supervisors and
presses, at the same times. Up to the first press that comes out otherwise this is exact; from there on the call might
have gone another way, because people act on what they see, and the replay says so.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.language import Policy
from rung.policy.state import Desk
from rung.policy.step import step
from rung.words import CallState, Role, Verdict


class Compared(Struct, frozen=True):
    """One press: what came of it, and what would have."""

    case: str
    at_ms: int
    press: w.Pressed
    was: w.Answer
    would: w.Answer
    took: tuple[str, ...]  # rungs, as recorded
    would_take: tuple[str, ...]
    certain: bool  # nothing on this call had come out otherwise before

    @property
    def differs(self) -> bool:
        """In what was done; a refusal in other words, or a quiet ask in place of one, is no difference."""
        was, would = (answer.verdict == Verdict.TAKEN for answer in (self.was, self.would))
        return was != would or bool(self.took) != bool(self.would_take)


def replay(entries: Iterable[tuple[int, w.Event]], policy: Policy) -> Iterator[Compared]:
    """Compare every press of the record: (at_ms, event) of one desk, in order."""
    player = _Player(policy)
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


class _Player:
    """Turns what the record says of the world back into inputs."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.desk = Desk()
        self.line: w.Call | None = None
        self.case = ""
        self.certain = True
        self.consult: w.Call | None = None
        for input in (w.FloorIs(up=True), w.PhoneIs(up=True, can=frozenset({"join"})), w.CallsAre(())):
            self._put(0, input)

    def press(self, at_ms: int, recorded: list[w.Event]) -> Compared | None:
        pressed, answered = recorded[0], recorded[-1]
        assert isinstance(pressed, w.PressRecorded) and isinstance(answered, w.PressAnswered)
        if self.line is None:
            return None
        for event in recorded:
            if isinstance(event, w.AskOpened | w.AlertRaised):  # who was asked was there
                self._present(at_ms, event.to, event.target if isinstance(event, w.AskOpened) else "")
        epoch = self.desk.case.epoch if self.desk.case is not None else 0
        events = self._by(at_ms, pressed.person, replace(pressed.press, epoch=epoch))
        would = next(e.answer for e in reversed(events) if isinstance(e, w.PressAnswered))
        took, would_take = (
            tuple(e.rung for e in some if isinstance(e, w.RungTaken | w.Announced)) for some in (recorded, events)
        )
        compared = Compared(self.case, at_ms, pressed.press, answered.answer, would, took, would_take, self.certain)
        self.certain = self.certain and not compared.differs
        return compared

    def world(self, at_ms: int, event: w.Event) -> None:
        """What people, phone and floor did beside the presses."""
        match event:
            case w.CaseOpened(call=call, direction=direction, caller=caller, person=person, role=role):
                self.case, self.certain = event.case, True
                self._put(at_ms, w.SignedOn(person, role, trained=True))
                self._line(at_ms, w.Call(id=call, state=CallState.UP, direction=direction, peer=caller))
            case w.CaseClosed(by=by, cause=cause) if self.line is not None:
                self._line(at_ms, replace(self.line, state=CallState.ENDED, ended_by=by, cause=cause))
                self.line = None
            case w.CallHeld() if self.line is not None:
                self._line(at_ms, replace(self.line, state=CallState.HELD))
            case w.CallResumed() if self.line is not None:
                self._line(at_ms, replace(self.line, state=CallState.UP))
            case w.GroundDeclared(ground=ground, person=person, note=note):
                self._by(at_ms, person, w.Declared(ground, note))
            case w.GroundTakenBack(ground=ground, person=person):
                self._by(at_ms, person, w.TakenBack(ground))
            case w.MarkerSet(marker=w.Marker.CRISIS, person=person):
                self._by(at_ms, person, w.Marked(w.Marker.CRISIS))
            case w.MarkerLifted(marker=w.Marker.CRISIS, person=person, reason=reason):
                self._by(at_ms, person, w.Unmarked(w.Marker.CRISIS, reason))
            case w.CallerCalmed(person=person):
                self._by(at_ms, person, w.Calmed())
            case w.NotNecessary(reason=reason, person=person):
                self._by(at_ms, person, w.Attested(reason))
            case _:
                self._supervisors(at_ms, event)

    def _supervisors(self, at_ms: int, event: w.Event) -> None:
        match event:
            case w.AskWidened(to=to):
                self._present(at_ms, (*(p.desk for p in self.desk.facts.present), *to), "")
            case w.AskReplied(desk=desk, person=person, reply=reply, word=word) if self.desk.case is not None:
                ask = self.desk.case.ask
                if ask is not None:
                    said = w.Replied(ask=ask.number, desk=desk, person=person, reply=reply, word=word)
                    self._put(at_ms, said)
            case w.AskMoved(consult=consult) if consult is not None and self.line is not None:
                state = CallState.UP if event.phase == "answered" else CallState.DIALLING
                self.consult = w.Call(id=consult, state=state, direction="out", consult_for=self.line.id)
                self._put(at_ms, w.CallIs(self.consult))
            case w.AskClosed(outcome=outcome) if self.desk.case is not None and self.desk.case.ask is not None:
                self._close(at_ms, outcome)
            case w.SupervisorJoined(address=address) if self.line is not None:
                self._line(at_ms, replace(self.line, parties=(*self.line.parties, address)))
            case w.SupervisorLeft() if self.line is not None:
                self._line(at_ms, replace(self.line, parties=()))

    def _present(self, at_ms: int, desks: tuple[str, ...], extension: str) -> None:
        """These supervisors are there, rung by their desks' names; or the floor is out of reach, but an extension."""
        known = tuple(w.Presence(desk=desk, person=desk, extension=desk) for desk in desks)
        self._put(at_ms, w.FloorIs(up=not extension, present=known, extension=extension))

    def _close(self, at_ms: int, outcome: w.Outcome) -> None:
        """An ask that ended by itself in the record ends here as it did there."""
        if self.consult is not None:
            self._put(at_ms, w.CallIs(replace(self.consult, state=CallState.ENDED, outcome=outcome)))
            self.consult = None
        if self.desk.case is not None and self.desk.case.ask is not None:
            self._put(at_ms, w.AskTakenBack())

    def _line(self, at_ms: int, call: w.Call) -> None:
        self.line = call
        self._put(at_ms, w.CallIs(call))

    def _by(self, at_ms: int, person: str | None, act: w.Act) -> tuple[w.Event, ...]:
        """A supervisor in the call acts from another desk; anybody else sits here. The record knows of no training."""
        case, who = self.desk.case, self.desk.facts.who
        if case is not None and person is not None and person != who.id and case.joined_ms(person) is not None:
            return self._put(at_ms, w.FromDesk("", w.Person(person, Role.SUPERVISOR), act))
        if person != who.id:
            self._put(at_ms, w.SignedOn(person, who.role, trained=True))
        return self._put(at_ms, act)

    def _put(self, at_ms: int, input: w.Input) -> tuple[w.Event, ...]:
        made = step(self.policy, self.desk, input, at_ms)
        self.desk = made.desk
        return made.events
