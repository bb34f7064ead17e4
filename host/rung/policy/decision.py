"""One step in the making: events are emitted one by one, and the desk follows each at once."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.policy.book import Rules
from rung.policy.evolve import evolve
from rung.policy.language import Policy
from rung.policy.reading import Look, look_at
from rung.policy.state import Case, Desk, Flash, Who

REFUSED, DONE = w.LampState.REFUSED, w.LampState.DONE
REFUSED_MS = 2000  # how long a lamp shows `refused`
DONE_MS = 3000  # how long a lamp shows `done`


class Step(Struct, frozen=True, gc=False):
    """What one input came to. ``answer`` is for the person who acted, if a person did."""

    desk: Desk
    events: tuple[w.Event, ...]
    effects: tuple[w.Effect, ...]
    answer: w.Answer | None


class Decision:
    """The desk while a step is worked out; nothing here outlives the step."""

    __slots__ = ("_look", "case", "desk", "effects", "events", "now", "rules", "who")

    def __init__(self, rules: Rules, desk: Desk, now_ms: int) -> None:
        self.rules = rules
        self.desk = replace(desk, at_ms=now_ms)
        self.case: Case = desk.case  # type: ignore[assignment]  # of the desk; read only where there is one
        self.now = now_ms
        self.who: Who = desk.facts.who  # who acts
        self.events: list[w.Event] = []
        self.effects: tuple[w.Effect, ...] = ()
        self._look: Look | None = None

    def look(self, who: Who, at_ms: int) -> Look:
        """What ``who`` could do at ``at_ms``; the same Look while nothing changes, so that no rung is read twice."""
        look = self._look
        if look is None or look.desk is not self.desk or look.who is not who or look.at_ms != at_ms:
            rules = self.rules  # `self.policy`, spelled out: every press comes here
            policy = rules if isinstance(rules, Policy) else rules.of(self.desk.case)
            look = self._look = look_at(policy, self.desk, who, at_ms)
        return look

    def keep(self, look: Look) -> None:
        """What has just happened changes nothing that ``look`` has seen."""
        self._look = replace(look, desk=self.desk, case=self.case)

    @property
    def policy(self) -> Policy:
        """That of the present case; without one the desk's own."""
        rules = self.rules
        return rules if isinstance(rules, Policy) else rules.of(self.desk.case)

    def emit(self, event: w.Event) -> None:
        self.events.append(event)
        self.desk = desk = evolve(self.desk, event, self.now)
        self.case = desk.case  # type: ignore[assignment]

    def do(self, kind: Any, deadline_ms: int, *args: Any) -> None:
        """Decide an effect: the record has it before the phone or the floor does. ``deadline_ms`` 0: nothing waits."""
        effect = kind(self.desk.effect + 1, *args)
        self.emit(w.EffectDecided(effect, self.now + deadline_ms if deadline_ms else 0))
        self.effects += (effect,)

    def flash(self, button: w.Button, state: w.LampState) -> None:
        """Let a lamp answer for a moment. A refusal never hides that something has just been done."""
        if not self.who.here:
            return  # the lamp is at that person's own desk
        now = self.now
        mine = Flash(button, state, now + (REFUSED_MS if state is REFUSED else DONE_MS))
        kept: tuple[Flash, ...] = ()
        for flash in self.desk.flashes:
            if now < flash.until_ms:
                if flash.button is not button:
                    kept += (flash,)
                elif flash.state is DONE is not state:
                    mine = flash
        self.desk = replace(self.desk, flashes=(*kept, mine))

    def clear_refusal(self, button: w.Button) -> None:
        if not self.who.here:
            return
        flashes = self.desk.flashes
        for i, flash in enumerate(flashes):
            if flash.button is button and flash.state is REFUSED:
                self.desk = replace(self.desk, flashes=flashes[:i] + flashes[i + 1 :])

    def facts(self, **changed: Any) -> None:
        self.desk = replace(self.desk, facts=replace(self.desk.facts, **changed))
