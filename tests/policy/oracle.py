"""May this press do this now? A second, naive reading of policy 2, from its own words over the plain history.

It shares nothing with the policy room: it keeps no state, reads no table and looks through the whole history of a call
anew for every question. It is slow and simple on purpose.
"""

from dataclasses import dataclass, field

from rung import words as w
from rung.words import Button, CallState, Gesture, Ground, Marker, Outcome

WAIT_MS, SAY_MS, ANSWERED_MS, ANNOUNCED_MS = 5000, 4000, 3000, 60_000
NEVER_END = {Ground.UNNAMED, Ground.THREAT_OTHER}
NOTHING_CAME_OF_IT = {Outcome.DECLINED, Outcome.BUSY, Outcome.IGNORED, Outcome.ABSENT, Outcome.FAILED}
NOBODY = {Outcome.BUSY, Outcome.IGNORED, Outcome.ABSENT}


@dataclass
class World:
    """What the oracle is told beside the history: who sits here, what the phone says, and the lines it has named."""

    person: str | None = None
    phone: bool = False
    lines: dict[str, w.Call] = field(default_factory=dict)


@dataclass
class Oracle:
    """``history``: (time, event) of the whole shift, in order."""

    history: list[tuple[int, w.Event]]
    world: World

    def allows(self, press: w.Pressed, now: int) -> str:
        """What the press does: a rung's id, `announce`, `complete`, `take back`, `panic`, or nothing (empty)."""
        button, at = press.buttons[0], now - press.age_ms
        if press.gesture == Gesture.HOLD and button == Button.ESCALATE:
            return "panic"
        self.call = self._this_call()
        if not self.call or press.epoch != self._opened().epoch:
            return ""
        if press.age_ms > 3000 and button == Button.RELEASE:
            return ""
        if press.age_ms > 10_000 and Button.WARN in press.buttons:
            return ""
        if press.gesture == Gesture.CHORD:
            return "take back" if self._asking() in ("telling", "holding", "ringing", "answered") else ""
        if self._another_caller_hears_us() or self._being_ended():
            return ""
        if self._asking():
            return "complete" if button == Button.ESCALATE and press.gesture == Gesture.TAP and self._met(at) else ""
        if button == Button.WARN and press.gesture == Gesture.TAP:
            return self._warn(at)
        if button == Button.ESCALATE:
            return "escalate" if self._stands("warn") and self._persisted(at) and self.world.phone else ""
        if button == Button.RELEASE and self._release(at):
            return self._hold_or_tap(press, at, now)
        return ""

    # -- the ladder ----------------------------------------------------------------------------------------------------

    def _warn(self, at: int) -> str:
        if self._on_hold():
            return ""
        if not self._stands("warn"):
            return "warn" if self._grounds() or not self._crisis() else ""
        final = not self._stands("final-notice") and self._unavailable() and self._persisted(at)
        return "final-notice" if final else ""

    def _release(self, at: int) -> bool:
        return (
            not self._on_hold()
            and self.world.phone
            and self.world.person is not None
            and not self._crisis()
            and self._stands("final-notice")
            and not self._stands("release")
            and self._persisted(at)
            and self._ending_ground()
        )

    def _hold_or_tap(self, press: w.Pressed, at: int, now: int) -> str:
        announced = self._announced(now)
        if press.gesture == Gesture.TAP:
            return "" if announced is not None else "announce"
        return "release" if announced is not None and at >= announced + SAY_MS else ""

    # -- facts, each looked up anew ------------------------------------------------------------------------------------

    def _this_call(self) -> list[tuple[int, w.Event]]:
        """All that was written about the present case; empty when there is none."""
        cases: dict[str, list[tuple[int, w.Event]]] = {}
        present = ""
        for at, event in self.history:
            if isinstance(event, w.CaseOpened | w.CaseTurnedTo):
                present = event.case
            if present:
                cases.setdefault(present, []).append((at, event))
            if isinstance(event, w.CaseClosed):
                present = ""
        return cases.get(present, [])

    def _opened(self) -> w.CaseOpened:
        opened = self.call[0][1]
        assert isinstance(opened, w.CaseOpened)
        return opened

    def _stands(self, rung: str) -> bool:
        """Taken, and it has not come to nothing."""
        stands = False
        for _, event in self.call:
            match event:
                case w.RungTaken(rung=name):
                    stands = stands or name == rung
                case w.RungUndone(rung=name):
                    stands = stands and name != rung
                case w.AskClosed(rung=name, outcome=outcome):
                    stands = stands and (name != rung or outcome == Outcome.ACCEPTED)
        return stands

    def _grounds(self) -> list[tuple[Ground, str | None, int]]:
        """Standing: ground, who, and when the abuse was attested. Naming an `unnamed` attests nothing new."""
        stand: list[tuple[Ground, str | None, int]] = []
        for at, event in self.call:
            if isinstance(event, w.GroundTakenBack):
                stand = [g for g in stand if g[:2] != (event.ground, event.person)]
            elif isinstance(event, w.GroundDeclared):
                unnamed = [g for g in stand if g[:2] == (Ground.UNNAMED, event.person)]
                stand = [g for g in stand if g[:2] != (event.ground, event.person)]
                if unnamed and event.ground != Ground.UNNAMED:
                    stand.remove(unnamed[0])
                    at = unnamed[0][2]
                stand.append((event.ground, event.person, at))
        return stand

    def _ending_ground(self) -> bool:
        calmed = max((at for at, event in self.call if isinstance(event, w.CallerCalmed)), default=-1)
        return any(ground not in NEVER_END and at > calmed for ground, _, at in self._grounds())

    def _crisis(self) -> bool:
        marked: set[str | None] = set()
        for _, event in self.call:
            if isinstance(event, w.MarkerSet) and event.marker == Marker.CRISIS:
                marked.add(event.person)
            elif isinstance(event, w.MarkerLifted) and event.marker == Marker.CRISIS:
                marked.discard(event.person)
        return bool(marked)

    def _hears(self) -> list[bool]:
        """After each entry of this call: do agent and caller hear each other?"""
        heard, hears = [], True
        for _, event in self.call:
            if isinstance(event, w.CallHeld | w.PhoneLost | w.BridgeRestarted):
                hears = False
            elif isinstance(event, w.CallResumed):
                hears = True
            heard.append(hears)
        return heard

    def _on_hold(self) -> bool:
        held = False
        for _, event in self.call:
            if isinstance(event, w.CallHeld | w.CallResumed):
                held = isinstance(event, w.CallHeld)
        return held

    def _persisted(self, at: int) -> bool:
        """At least `wait` of talk before ``at``, since the latest warning, calmed, or end of a failed escalate."""
        since = None
        for when, event in self.call:
            match event:
                case w.RungTaken(rung="warn" | "final-notice"):
                    since = when
                case w.AskClosed(outcome=outcome) if outcome in NOTHING_CAME_OF_IT:
                    since = when
                case w.CallerCalmed() if since is not None:
                    since = when
        if since is None:
            return False
        talk, hears = 0, self._hears()
        for i, (begun, _) in enumerate(self.call):
            over = self.call[i + 1][0] if i + 1 < len(self.call) else at
            if hears[i]:
                talk += max(0, min(over, at) - max(begun, since))
        return talk >= WAIT_MS

    def _asking(self) -> str:
        """The phase of the open ask."""
        phase = ""
        for _, event in self.call:
            if isinstance(event, w.AskOpened):
                phase = "telling"
            elif isinstance(event, w.AskMoved):
                phase = event.phase
            elif isinstance(event, w.AskClosed):
                phase = ""
        return phase

    def _met(self, at: int) -> bool:
        """The supervisor of the open ask has answered, and 3 s have passed since."""
        answered = None
        for when, event in self.call:
            if isinstance(event, w.AskOpened):
                answered = None
            elif isinstance(event, w.AskMoved) and event.phase == "answered" and answered is None:
                answered = when
        return (
            self._asking() == "answered" and answered is not None and at >= answered + ANSWERED_MS and self.world.phone
        )

    def _unavailable(self) -> bool:
        last = [e.outcome for _, e in self.call if isinstance(e, w.AskClosed)]
        last = [outcome for outcome in last if outcome not in (Outcome.TAKEN_BACK, Outcome.INTERRUPTED)]
        return bool(last) and last[-1] in NOBODY

    def _being_ended(self) -> bool:
        ids: set[int] = set()
        for _, event in self.call:
            if isinstance(event, w.EffectDecided) and isinstance(event.effect, w.HangUp):
                ids.add(event.effect.id)
            elif isinstance(event, w.EffectConfirmed | w.EffectFailed):
                ids.discard(event.id)
        return bool(ids)

    def _announced(self, now: int) -> int | None:
        """When the standing announcement was made; None when there is none, or something has made it fall since."""
        said, whole = None, self.call
        for i, (when, event) in enumerate(whole):
            self.call = whole[: i + 1]
            match event:
                case w.Announced():
                    said = when
                case w.CallerCalmed() | w.CallHeld() | w.PhoneLost() | w.BridgeRestarted() | w.AskOpened():
                    said = None
                case w.AnnouncementWithdrawn() | w.RungTaken(rung="release"):
                    said = None
                case w.MarkerSet() | w.GroundTakenBack() if self._crisis() or not self._ending_ground():
                    said = None
        self.call = whole
        return said if said is not None and now < said + ANNOUNCED_MS else None

    def _another_caller_hears_us(self) -> bool:
        mine = self._opened().call
        return any(
            call.state == CallState.UP and call.consult_for is None and call.id != mine
            for call in self.world.lines.values()
        )
