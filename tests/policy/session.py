"""A call told in words, at one desk or two, each step held against the oracle.

``tell("tap warn")`` is one move: what a person presses or does, what the phone or the floor does, or time that passes.
The words are the one description from which chance and hypothesis draw (`moves`), so whatever fails is a story that
can be read, shortened and told again.
"""

from collections.abc import Sequence
from typing import Self

from msgspec.structs import replace
from tests.policy.came import what_came_of_it
from tests.policy.edges import ADA, SUPERVISORS, Edges
from tests.policy.oracle import what_it_does
from tests.policy.oracle.history import Who

from rung import words as w
from rung.policy import Step, lamps
from rung.words import Button, Gesture, Ground, LampState, Marker, Role, Verdict

OPEN = (LampState.LIT, LampState.BREATHING)


class Session(Edges):
    """People at this desk and at others, beside the edges; what they do is compared."""

    def act(self, act: w.Act, who: Who | None = None, desk: str = "") -> Step:
        """Somebody acts, and what comes of it is compared with what the oracle says."""
        self.put(w.Tick())  # what has become due is not this act's doing
        look = self.look()
        who = look.here if who is None else who
        expected = what_it_does(look, act, who)
        person = w.Person(who.id or "", who.role, who.trained)
        made = self.put(act if who.here else w.FromDesk(desk, person, act))
        came = what_came_of_it(made)
        assert came == expected, f"the oracle allows {expected!r}, step did {came!r}: {act}, {made.answer}"
        assert made.answer is not None
        told = expected not in ("", "panic", "quiet ask")  # whether they could tell anybody, these two say themselves
        assert told <= (made.answer.verdict == Verdict.TAKEN), made.answer
        assert made.answer.why
        self.came.append(came)
        return made

    def press(self, buttons: str, gesture: str, age_ms: int = 0, stale: int = 0, who: Who | None = None) -> Step:
        self.presses += 1
        epoch = self.desk.case.epoch if self.desk.case is not None else 0
        press = w.Pressed(
            box="box",
            boot="boot",
            number=self.presses,
            buttons=tuple(Button(name) for name in buttons.split("+")),
            gesture=Gesture(gesture),
            epoch=max(0, epoch - stale),
            age_ms=age_ms,
        )
        return self.act(press, who, "" if who is None else SUPERVISORS[str(who.id)].desk)

    # -- moves ---------------------------------------------------------------------------------------------------------

    def tell(self, move: str) -> None:
        verb, *args = move.split()
        if verb in SUPERVISORS:
            self._from_their_desk(verb, args)
        else:
            getattr(self, verb)(*args)

    def play(self, moves: Sequence[str]) -> Self:
        for i, move in enumerate(moves):
            try:
                self.tell(move)
            except Exception as error:
                error.add_note(f"{self.told}, {'; '.join((*self.story, *moves[: i + 1]))}")
                raise
        self.story += tuple(moves)
        return self

    # people at this desk

    def tap(self, button: str, age: str = "0") -> None:
        self.press(button, "tap", int(age))

    def hold(self, buttons: str, age: str = "0") -> None:
        self.press(buttons, "hold", int(age))

    def chord(self, buttons: str = "escalate+warn", age: str = "0") -> None:
        self.press(buttons, "chord", int(age))

    def stale(self, gesture: str, button: str) -> None:
        """Made on the call before this one."""
        self.press(button, gesture, stale=1)

    def lit(self, which: str) -> None:
        """As a person would: what the lamps invite to, the next step first."""
        shown = lamps(self.policy, replace(self.desk, flashes=()), self.now)
        lit = [b for b in Button if getattr(shown, b).state in OPEN]
        lit.sort(key=lambda b: getattr(shown, b).state != LampState.BREATHING)
        if lit:
            button = lit[int(which) % len(lit)]
            announced = self.desk.case is not None and self.desk.case.announcement is not None
            self.press(button, "hold" if announced and button == Button.RELEASE else "tap")

    def declare(self, ground: str) -> None:
        self.act(w.Declared(Ground(ground), "said so" if ground == "other" else ""))

    def takeback(self, ground: str) -> None:
        self.act(w.TakenBack(Ground(ground)))

    def mark(self, marker: str) -> None:
        self.act(w.Marked(Marker(marker)))

    def unmark(self, marker: str, reason: str = "") -> None:
        self.act(w.Unmarked(Marker(marker), reason))

    def calmed(self) -> None:
        self.act(w.Calmed())

    def askback(self) -> None:
        self.act(w.AskTakenBack())

    def unwanted(self) -> None:
        self.act(w.Unwanted())

    def attest(self, reason: str = "") -> None:
        self.act(w.Attested(reason))

    def handback(self) -> None:
        self.act(w.HandBack())

    def sign(self, person: str, trained: str = "trained") -> None:
        """Somebody sits down: at the agent's desk agents, at a supervisor's desk supervisors."""
        role = Role.AGENT if self.at == ADA else Role.SUPERVISOR
        names = {"own": "ada" if role == Role.AGENT else "eve", "another": "ben" if role == Role.AGENT else "fay"}
        self.put(w.SignedOn(names.get(person), role, trained == "trained"))

    # supervisors at their own desks

    def _from_their_desk(self, name: str, args: list[str]) -> None:
        who = Who(name, Role.SUPERVISOR, here=False)
        if self.at == SUPERVISORS[name].desk:
            return
        verb, *rest = args
        desk = SUPERVISORS[name].desk
        if verb in ("tap", "hold"):
            self.press(rest[0], verb, who=who)
        elif verb == "chord":
            self.press("escalate+warn", verb, who=who)
        elif verb == "declares":
            self.act(w.Declared(Ground(rest[0])), who, desk)
        elif verb == "retracts":
            self.act(w.TakenBack(Ground(rest[0])), who, desk)
        elif verb == "lifts":
            self.act(w.Unmarked(Marker.CRISIS), who, desk)
        elif verb == "calmed":
            self.act(w.Calmed(), who, desk)
        elif verb == "takes":
            self.act(w.TakeOver(), who, desk)
        elif verb == "withdraws":
            self.act(w.LeaveTakenBack(), who, desk)

    def reply(self, name: str, reply: str) -> None:
        """To the open ask, or else to the alert."""
        case = self.desk.case
        ask = case.ask.number if case is not None and case.ask is not None else 0
        self._replied(name, reply, ask or (self.desk.alert.number if self.desk.alert is not None else 0))

    def alarm(self, name: str, reply: str) -> None:
        self._replied(name, reply, self.desk.alert.number if self.desk.alert is not None else 0)

    def _replied(self, name: str, reply: str, ask: int) -> None:
        who = SUPERVISORS[name]
        self.put(w.Replied(ask=ask, desk=who.desk, person=name, reply=w.Reply(reply)))

    def present(self, who: str) -> None:
        """Who is on the floor: `all`, `none`, `busy`, `down`, or one name."""
        everybody = tuple(p for p in SUPERVISORS.values() if p.desk != self.at)
        there = {
            "all": everybody,
            "none": (),
            "down": (),
            "busy": tuple(replace(p, free=False) for p in everybody),
        }.get(who)
        there = tuple(p for p in everybody if p.person == who) if there is None else there
        self.floor = replace(self.floor, up=who != "down", present=there)
        self.put(self.floor)

    def extension(self, number: str = "") -> None:
        self.floor = replace(self.floor, extension=number)
        self.put(self.floor)
