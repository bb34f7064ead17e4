"""A shift with a floor: supervisors present, who answer, come into the call, and act from their own desks."""

from msgspec.structs import replace
from tests.policy.shift import LINE, Shift, line

from rung import words as w
from rung.policy import Policy, Step, load
from rung.words import Gesture, Ground, Presence, Reply, Role, Verdict

EVE = Presence(desk="desk-eve", person="eve", extension="601")
FAY = Presence(desk="desk-fay", person="fay", extension="602")
GUS = Presence(desk="desk-gus", person="gus", extension="603", group=1)


class Scene(Shift):
    """An agent, or a supervisor, at a desk of this policy; the call is up."""

    def __init__(
        self,
        policy: str | Policy,
        *,
        person: str = "ada",
        role: Role = Role.AGENT,
        trained: bool = True,
        present: tuple[Presence, ...] = (EVE, FAY, GUS),
        can: frozenset[str] = frozenset({"join", "case", "returns"}),
        call: bool = True,
    ) -> None:
        super().__init__(load(policy) if isinstance(policy, str) else policy)
        self.sits(person, role, trained)
        self.floor(*present)
        self.put(w.PhoneIs(up=True, can=can))
        self.put(w.CallsAre(()))
        if call:
            self.line("up")

    # -- who is where --------------------------------------------------------------------------------------------------

    def sits(self, person: str | None, role: Role = Role.AGENT, trained: bool = True) -> None:
        self.put(w.SignedOn(person, role, trained))

    def floor(self, *present: Presence, up: bool = True) -> None:
        desks = {p.desk: p.extension for p in (EVE, FAY, GUS)} | {"desk-ada": "500"}
        self.put(w.FloorIs(up=up, present=present, desks=desks, extension="600"))

    # -- what people do ------------------------------------------------------------------------------------------------

    def declare(self, *grounds: str) -> "Scene":
        for ground in grounds:
            self.put(w.Declared(Ground(ground), note="said so" if ground == "other" else ""))
        return self

    def talk(self) -> "Scene":
        """Long enough for "the abuse went on"."""
        self.wait(self.policy.times.wait_ms)
        return self

    def took(self, rung: str) -> bool:
        """Does the rung stand, or its announcement?"""
        said = self.case.announcement
        return self.case.has_taken(rung) or (said is not None and said.rung == rung)

    def must(self, button: str, gesture: str = "tap") -> "Scene":
        answer = self.press(button, gesture)
        assert answer.verdict == Verdict.TAKEN, answer
        return self

    def end(self) -> "Scene":
        """Announce, say it, hold."""
        self.must("release")
        self.wait(self.policy.times.say_ms)
        return self.must("release", "hold")

    def reply(self, reply: str, who: Presence = EVE, word: str = "") -> Step:
        asked = self.desk.case.ask if self.desk.case is not None else None
        number = asked.number if asked is not None else self.desk.alert.number if self.desk.alert is not None else 0
        return self.put(w.Replied(ask=number, desk=who.desk, person=who.person, reply=Reply(reply), word=word))

    def alarm(self, reply: str, who: Presence = EVE) -> Step:
        """A reply to the alert."""
        assert self.desk.alert is not None
        return self.put(w.Replied(ask=self.desk.alert.number, desk=who.desk, person=who.person, reply=Reply(reply)))

    def parties(self, *addresses: str) -> Step:
        """Who else is in the call, as the phone says."""
        return self.put(w.CallIs(replace(line("up"), parties=addresses)))

    def come_in(self, who: Presence = EVE) -> "Scene":
        """That supervisor is in the call, after a quiet ask or a panic."""
        self.press("escalate", "hold")
        self.alarm("join", who)
        self.parties(who.extension)
        return self

    def other(self, who: Presence, act: w.Act, trained: bool = False) -> w.Answer | None:
        """A supervisor acts from their own desk."""
        return self.put(w.FromDesk(who.desk, w.Person(who.person, Role.SUPERVISOR, trained), act)).answer

    def other_press(self, who: Presence, button: str, gesture: str = "tap", trained: bool = False) -> w.Answer:
        self.presses += 1
        buttons = tuple(w.Button(name) for name in button.split("+"))
        press = w.Pressed(
            box="box-2",
            boot="boot",
            number=self.presses,
            buttons=buttons,
            gesture=Gesture(gesture),
            epoch=self.case.epoch,
            age_ms=0,
        )
        answer = self.other(who, press, trained)
        assert answer is not None
        return answer

    # -- what came of it -----------------------------------------------------------------------------------------------

    def outcomes(self) -> list[str]:
        return [e.outcome for e in self.events(w.AskClosed) if isinstance(e, w.AskClosed)]

    def sent(self, kind: type) -> list[w.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def hung_up(self) -> bool:
        return any(isinstance(e, w.HangUp) and e.call == LINE for e in self.effects)
