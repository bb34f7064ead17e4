"""One desk on a shift, driven through the public doors alone, as the bridge drives it."""

import msgspec
from msgspec import Struct

from rung import words as w
from rung.policy import Desk, Policy, Step, lamps, load, next_change, step
from rung.policy.book import Rules
from rung.policy.evolve import evolve
from rung.policy.state import Case
from rung.words import Button, CallState, EndedBy, Gesture, Ground, LampState, Outcome

POLICY = load("warm-transfer")
LINE, CONSULT = "line", "consult"

_WRITE, _READ = msgspec.json.encode, msgspec.json.Decoder(Step)


class Recorded(Struct, frozen=True):
    at_ms: int
    event: w.Event


class Shift:
    """A desk with its clock and its record. Every step is checked against what must hold for all of them."""

    def __init__(self, policy: Policy = POLICY, *, person: str | None = "ada", supervisors: str = "600") -> None:
        self.policy = policy
        self.rules: Rules = policy
        self.now = 1000
        self.desk = Desk(at_ms=self.now)
        self.record: list[Recorded] = []
        self.effects: list[w.Effect] = []
        self.presses = 0
        self.consults = 0
        self.put(w.SignedOn(person))
        self.put(w.FloorIs(extension=supervisors))
        self.put(w.PhoneIs(up=True))
        self.put(w.CallsAre(()))

    # -- inputs --------------------------------------------------------------------------------------------------------

    def put(self, input: w.Input) -> Step:
        """One input now."""
        made = step(self.rules, self.desk, input, self.now)
        folded = self.desk
        for event in made.events:
            folded = evolve(folded, event, made.desk.at_ms)
        assert folded.case == made.desk.case, "the record cannot rebuild the case"
        assert folded.alerts == made.desk.alerts, "the record cannot rebuild who is called"
        assert (folded.epoch, folded.effect) == (made.desk.epoch, made.desk.effect)
        assert _READ.decode(_WRITE(made)) == made, "not what its type says"
        self.desk = made.desk
        self.record += [Recorded(made.desk.at_ms, event) for event in made.events]
        self.effects += made.effects
        return made

    def wait(self, ms: int) -> None:
        """Let time pass as the bridge does: a Tick whenever `next_change` says so."""
        end = self.now + ms
        while (due := next_change(self.rules, self.desk)) is not None and due <= end:
            self.now = due
            self.put(w.Tick())
        self.now = end

    def press(self, button: str, gesture: str = "tap", *, age_ms: int = 0, epoch: int | None = None) -> w.Answer:
        self.presses += 1
        buttons = tuple(Button(name) for name in button.split("+"))
        made = self.put(
            w.Pressed(
                box="box",
                boot="boot",
                number=self.presses,
                buttons=buttons,
                gesture=Gesture(gesture),
                epoch=lamps(self.rules, self.desk, self.now).epoch if epoch is None else epoch,
                age_ms=age_ms,
            )
        )
        assert made.answer is not None
        return made.answer

    def line(self, state: str, by: str | None = None, *, call: str = LINE, cause: str = "", doing: str = "") -> Step:
        """What the phone says of the caller's line."""
        return self.put(w.CallIs(line(state, by, call=call, cause=cause, doing=doing)))

    def consult(self, state: str, outcome: str | None = None, by: str | None = None) -> Step:
        """What the phone says of the supervisor's line: a new one begins with `dialling`."""
        self.consults += state == "dialling"
        return self.put(w.CallIs(consult(state, outcome, by, number=self.consults)))

    # -- parts of stories ----------------------------------------------------------------------------------------------

    def warned(self) -> "Shift":
        """A call is up, the agent has warned, and the caller has had the time to answer."""
        self.line("up")
        assert self.press("warn").verdict == w.Verdict.TAKEN
        self.wait(self.policy.times.wait_ms)
        return self

    def ringing(self) -> "Shift":
        """The supervisor's telephone rings, the caller is on hold."""
        assert self.press("escalate").verdict == w.Verdict.TAKEN
        self.wait(self.policy.times.say_ms)
        self.line("held")
        self.consult("dialling")
        return self

    def nobody_came(self, outcome: str = "busy") -> "Shift":
        """An ask came to nothing, and the caller has talked on."""
        self.ringing()
        self.consult("ended", outcome, "them")
        self.line("up")
        self.wait(self.policy.times.wait_ms)
        return self

    def noticed(self) -> "Shift":
        """Up to the final notice, with time to answer."""
        self.warned().nobody_came()
        assert self.press("warn").verdict == w.Verdict.TAKEN
        self.wait(self.policy.times.wait_ms)
        return self

    def announced(self, ground: Ground = Ground.PROFANITY) -> "Shift":
        """The release is announced, and has been said."""
        self.noticed()
        self.put(w.Declared(ground))
        assert self.press("release").verdict == w.Verdict.TAKEN
        self.wait(self.policy.times.say_ms)
        return self

    # -- what came of it -----------------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        assert self.desk.case is not None
        return self.desk.case

    def lamp(self, button: str) -> LampState:
        lamp: w.Lamp = getattr(lamps(self.rules, self.desk, self.now), button)
        return lamp.state

    def events(self, kind: type) -> list[w.Event]:
        return [r.event for r in self.record if isinstance(r.event, kind)]

    def closed(self) -> w.CaseClosed:
        last = self.events(w.CaseClosed)[-1]
        assert isinstance(last, w.CaseClosed)
        return last

    def did(self, kind: type) -> int:
        """How many effects of this kind have gone to the phone."""
        return sum(isinstance(effect, kind) for effect in self.effects)


def line(state: str, by: str | None = None, *, call: str = LINE, cause: str = "", doing: str = "") -> w.Call:
    return w.Call(
        id=call,
        state=CallState(state),
        direction="in",
        peer="caller",
        ended_by=None if by is None else EndedBy(by),
        cause=cause,
        doing=doing,  # type: ignore[arg-type]
    )


def consult(state: str, outcome: str | None = None, by: str | None = None, *, number: int = 1) -> w.Call:
    return w.Call(
        id=f"{CONSULT}-{number}",
        state=CallState(state),
        direction="out",
        peer="supervisor",
        consult_for=LINE,
        ended_by=None if by is None else EndedBy(by),
        outcome=None if outcome is None else Outcome(outcome),
    )
