"""A shift full of chance: an agent who presses anything, and a phone that mostly obeys. Checked step by step.

Whoever draws decides: `random.Random(seed)` for volume, hypothesis for sequences that shrink.
"""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace
from tests.policy.oracle import Oracle, World
from tests.policy.sentences import (
    OPEN,
    at_most_one_hang_up_for_each_hold,
    done_only_when_the_phone_has_confirmed,
    every_press_is_recorded_and_answered_once,
    every_refusal_says_why,
    lamps_agree_with_presses,
    lamps_change_only_at_next_change,
    no_hang_up_without_announcement_and_final_notice,
    nothing_is_ended_or_transferred_but_by_a_press,
    the_case_is_as_the_phone_last_said,
    the_result_of_an_ask_is_shown_off_hold,
)
from tests.policy.shift import LINE, POLICY, Shift, line

from rung import words as w
from rung.policy import Policy, Step, lamps, next_change
from rung.policy.state import Facts
from rung.policy.view import view
from rung.words import Button, Call, CallState, EndedBy, Gesture, Ground, Marker, Outcome, Verdict

WAITS = (0, 1, 100, 999, 1000, 2000, 2999, 3000, 3001, 3999, 4000, 4001, 4999, 5000, 5001, 30_000, 60_000)
AGES = (0, 0, 0, 0, 0, 1, 500, 2500, 3000, 3001, 5000, 9999, 10_001, 30_000)
GROUNDS = (Ground.UNNAMED, Ground.RUDENESS, Ground.SLUR, Ground.THREAT_OTHER, Ground.PROFANITY)


class Session(Shift):
    """A shift whose every step is held against the oracle and the sentences below."""

    def __init__(self, chance: Random, policy: Policy = POLICY) -> None:
        self.chance = chance
        self.world = World()
        self.phone: dict[str, Call] = {}  # the truth, which the desk hears of
        self.checked = 0
        self.taken: list[str] = []
        super().__init__(policy)

    # -- one step, and what must hold for each -------------------------------------------------------------------------

    def put(self, input: w.Input) -> Step:
        before = self.desk
        made = super().put(input)
        self._track(input)
        nothing_is_ended_or_transferred_but_by_a_press(input, made)
        the_result_of_an_ask_is_shown_off_hold(before.case is not None and before.case.ask, made)
        done_only_when_the_phone_has_confirmed(before.flashes, made)
        the_case_is_as_the_phone_last_said(input, made)
        return made

    def _track(self, input: w.Input) -> None:
        """What the oracle is told, from the inputs alone."""
        world = self.world
        if isinstance(input, w.SignedOn):
            world.person = input.person
        elif isinstance(input, w.PhoneIs):
            self.connected = input.up
            world.phone = world.phone and input.up
        elif isinstance(input, w.CallsAre):
            world.phone = self.connected
            world.lines = {call.id: call for call in input.calls if call.state != CallState.ENDED}
        elif isinstance(input, w.CallIs):
            world.lines[input.call.id] = input.call
            if input.call.state == CallState.ENDED:
                del world.lines[input.call.id]

    def try_press(self, press: w.Pressed) -> None:
        """Press, and compare what happened with what the oracle allows."""
        self.put(w.Tick())  # what has become due is not the press's doing
        lamps_agree_with_presses(self)
        expected = Oracle([(r.at_ms, r.event) for r in self.record], self.world).allows(press, self.now)
        held = self.desk.case is not None and self.desk.case.held
        made = self.put(press)
        assert made.answer is not None
        came = what_came_of_it(made)
        assert came == expected, f"the oracle allows {expected!r}, step did {came!r}: {press}, {made.answer}"
        assert (made.answer.verdict == Verdict.TAKEN) == (expected not in ("", "panic"))
        every_press_is_recorded_and_answered_once(made)
        every_refusal_says_why(made.answer)
        if held and Button.RELEASE in press.buttons:
            assert made.answer.verdict != Verdict.TAKEN, "release is refused while the caller is on hold"
        self.checked += 1
        self.taken.append(expected)

    # -- moves ---------------------------------------------------------------------------------------------------------

    def play(self, moves: int) -> None:
        start: list[Callable[[], object]] = [self.line_up, self.warned, self.nobody, self.noticed, self.announced]
        start += [self.asked, self.answered, self.answered, self.noticed, self.announced]
        self.chance.choice(start)()
        self.phone |= self.desk.facts.calls
        for move in range(moves):
            self.chance.choice(_MOVES)(self)
            if move % 5 == 0:
                view(self.policy, self.desk, self.now)  # whatever has happened, it can be told
        whatever_has_happened_the_story_can_be_finished(self)
        no_hang_up_without_announcement_and_final_notice(self)
        at_most_one_hang_up_for_each_hold(self)

    def line_up(self) -> None:
        self.line("up")

    def nobody(self) -> None:
        self.warned().nobody_came()

    def asked(self) -> None:
        self.warned().ringing()

    def answered(self) -> None:
        self.warned().ringing()
        self.consult("up")

    def any_press(self) -> None:
        button, gesture = self.chance.choice(
            ["warn tap", "escalate tap", "release tap", "release hold", "escalate+warn chord", "escalate hold"]
        ).split()
        self._press(button, gesture, self.chance.choice(AGES))

    def lit_press(self) -> None:
        """As a person would: what the lamps invite to. Now and then it travels slowly."""
        shown = lamps(self.policy, replace(self.desk, flashes=()), self.now)
        lit = [b for b in Button if getattr(shown, b).state in OPEN]
        if lit:
            button = self.chance.choice(lit)
            announced = button == Button.RELEASE and self.case.announcement is not None
            self._press(button, "hold" if announced else "tap", self.chance.choice(AGES))

    def _press(self, button: str, gesture: str, age_ms: int) -> None:
        self.presses += 1
        shown = lamps(self.policy, self.desk, self.now).epoch
        self.try_press(
            w.Pressed(
                box="box",
                boot="boot",
                number=self.presses,
                buttons=tuple(Button(name) for name in button.split("+")),
                gesture=Gesture(gesture),
                epoch=self.chance.choice([shown] * 9 + [max(0, self.desk.epoch - 1), self.desk.epoch]),
                age_ms=age_ms,
            )
        )

    def some_time(self) -> None:
        for_ms = self.chance.choice(WAITS)
        due = next_change(self.policy, self.desk) or self.now + for_ms
        for at in (self.chance.randint(self.now, max(self.now, due - 1)), max(self.now, due - 1)):
            lamps_change_only_at_next_change(self, at)
        if self.chance.random() < 0.8:
            self.wait(for_ms)
        else:  # a bridge that was busy
            self.now += for_ms

    def some_act(self) -> None:
        ground = self.chance.choice(GROUNDS)
        acts: list[w.Input] = [w.Declared(ground), w.Declared(Ground.SLUR), w.TakenBack(ground), w.AskTakenBack()]
        acts += [w.Marked(Marker.CRISIS), w.Unmarked(Marker.CRISIS, "a slip"), w.Calmed(), w.Declared(Ground.RUDENESS)]
        self.put(self.chance.choice(acts))

    def some_fact(self) -> None:
        person = self.chance.choice(["ada", "ada", "ada", "ben", None])
        self.put(
            self.chance.choice(
                [w.SignedOn(person), w.FloorIs(extension="600"), w.FloorIs(extension="600"), w.FloorIs(extension="")]
            )
        )

    def phone_obeys(self) -> None:
        """The phone does what it was last told and has not done yet; now and then it will not."""
        if self.desk.case is None or not self.case.pending:
            return
        effect = self.case.pending[-1].effect
        if self.chance.random() < 0.1:
            self.put(w.EffectRefused(effect.id, "cannot aim"))
        else:
            self._obey(effect)

    def _obey(self, effect: w.Effect) -> None:
        match effect:
            case w.Hold():
                self._now(replace(self.phone.get(LINE, line("up")), state=CallState.HELD))
            case w.Consult():
                self.consults += 1
                self._now(_consult(self.consults, CallState.DIALLING))
            case w.TakeBack(consult=consult) if self.phone:
                if consult in self.phone:
                    ended = replace(self.phone[consult], state=CallState.ENDED, ended_by=EndedBy.US)
                    self._now(ended)
                self._now(replace(self.phone.get(LINE, line("up")), state=CallState.UP))
            case w.Complete(consult=consult):
                self._now(line("ended", "transfer", cause="Call transfered"))
                if consult in self.phone:
                    self._now(replace(self.phone[consult], state=CallState.ENDED, ended_by=EndedBy.TRANSFER))
            case w.HangUp():
                self._now(line("ended", "us"))

    def heal(self) -> None:
        """No more faults: everything is plugged in again, the phone obeys, and people wait for it."""
        self.put(w.FloorIs(extension="600"))
        self.put(w.PhoneIs(up=True))
        self.phone.pop("other", None)
        for _ in range(5):
            self.phone.setdefault(LINE, line("up"))
            self.phone[LINE] = replace(self.phone[LINE], doing="")
            self.put(w.CallsAre(tuple(self.phone.values())))
            if self.desk.case is None:
                self._now(line("up"))
            if self.case.ask is not None:
                self.press("escalate+warn", "chord")
            while (effect := self._told_and_not_lost()) is not None:
                self._obey(effect)
            self.wait(35_000)

    def _told_and_not_lost(self) -> w.Effect | None:
        """What the phone is still to do. What is `unknown` never reached it, and is settled by its own word."""
        case = self.desk.case
        return None if case is None else next((p.effect for p in case.pending if p.unknown is None), None)

    def supervisor(self) -> None:
        """The supervisor's phone does something."""
        consults = [call for call in self.phone.values() if call.consult_for]
        if consults:
            ends = [(CallState.ENDED, Outcome(o)) for o in ("busy", "ignored", "absent", "declined", "failed")]
            state, outcome = self.chance.choice([(CallState.UP, None)] * 5 + ends)
            by = EndedBy.THEM if outcome else None
            self._now(replace(consults[-1], state=state, outcome=outcome, ended_by=by))

    def line_does(self) -> None:
        """Something happens to the caller's line that nobody told the phone to do."""
        state = self.chance.choice(["up", "held", "up", "held", "up", "ended"])
        by = self.chance.choice(["them", "us", "transfer", "network", "unknown"]) if state == "ended" else None
        cause = self.chance.choice(["", "", "transfer failed: 503"])
        if LINE in self.phone or self.chance.random() < 0.3:
            self._now(line(state, by, cause=cause))

    def new_call(self) -> None:
        if LINE not in self.phone:
            self._now(line("up"))

    def other_call(self) -> None:
        self._now(line(self.chance.choice(["up", "held", "ended", "ended"]), "them", call="other"))

    def phone_tells_all(self) -> None:
        doing = self.chance.choice(["", "", "ending", "transferring"])
        if LINE in self.phone:
            self.phone[LINE] = replace(self.phone[LINE], doing=doing)
        self.put(w.CallsAre(tuple(self.phone.values())))

    def phone_is_lost(self) -> None:
        self.put(w.PhoneIs(up=False))
        self.some_time()
        self.put(w.PhoneIs(up=True))
        if self.chance.random() < 0.3:
            self.any_press()
        if self.chance.random() < 0.1:
            self.phone.clear()
        self.phone_tells_all()

    def bridge_restarts(self) -> None:
        self.desk = replace(self.desk, facts=Facts(), flashes=())
        self.world = World()
        if self.desk.case is not None:
            self.put(w.Restarted())
        self.put(w.SignedOn("ada"))
        self.put(w.FloorIs(extension="600"))
        self.put(w.PhoneIs(up=True))
        self.phone_tells_all()

    def _now(self, call: Call) -> None:
        self.phone[call.id] = call
        if call.state == CallState.ENDED:
            del self.phone[call.id]
        self.put(w.CallIs(call))


_MOVES: list[Callable[[Session], None]] = (
    [Session.any_press] * 6
    + [Session.lit_press] * 6
    + [Session.some_time] * 8
    + [Session.some_act] * 3
    + [Session.phone_obeys] * 6
    + [Session.supervisor] * 2
    + [Session.new_call] * 2
    + [Session.line_does, Session.other_call, Session.phone_tells_all]
    + [Session.phone_is_lost, Session.bridge_restarts, Session.some_fact]
)


def _consult(number: int, state: CallState) -> Call:
    return Call(id=f"consult-{number}", state=state, direction="out", consult_for=LINE)


def what_came_of_it(made: Step) -> str:
    """In the oracle's words."""
    came = ""
    for event in made.events:
        match event:
            case w.RungTaken(rung=rung):
                came = rung
            case w.Announced():
                came = "announce"
            case w.EffectDecided(effect=w.Complete()):
                came = "complete"
            case w.AskMoved(outcome=Outcome.TAKEN_BACK) | w.AskClosed(outcome=Outcome.TAKEN_BACK):
                came = "take back"
            case w.MarkerSet(marker=Marker.EMERGENCY):
                came = "panic"
    return came


def whatever_has_happened_the_story_can_be_finished(s: Session) -> None:
    """After the faults have healed nothing hangs, and an abused agent still has a way up the whole ladder."""
    s.heal()
    assert s.case.ask is None
    assert s.case.pending == ()
    s.line("up")
    for mark in s.case.marks:
        s.put(w.SignedOn(mark.person))
        s.put(w.Unmarked(mark.marker, "it was a film"))
    s.put(w.SignedOn("ada"))
    if not s.case.has_taken("warn"):
        assert s.press("warn").verdict == Verdict.TAKEN
    s.wait(s.policy.times.wait_ms)
    if not s.case.has_taken("final-notice"):
        s.nobody_came()
        assert s.press("warn").verdict == Verdict.TAKEN
        s.wait(s.policy.times.wait_ms)
    s.put(w.Declared(Ground.THREAT))
    s.put(w.Declared(Ground.THREAT))  # the first may have named an `unnamed` from before calmed
    if s.case.announcement is None:
        assert s.press("release").verdict == Verdict.TAKEN
    s.wait(s.policy.times.say_ms)
    assert s.press("release", "hold").verdict == Verdict.TAKEN
    s.line("ended", "us")
    assert s.closed().how == "released"
