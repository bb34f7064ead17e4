"""A story's timeline: what happened, with the time since the latest press's edge."""

import sys
import time
from datetime import datetime
from enum import StrEnum
from typing import TextIO

import msgspec
from rich.console import Console
from rich.markup import escape

from rung import words as w
from rung.desk.happening import Happening
from rung.floor.base import Asked

_EFFECTS = {
    w.Hold: "put the caller on hold",
    w.Consult: "ring whoever is to take the caller",
    w.Complete: "put the caller through",
    w.TakeBack: "take the caller back",
    w.HangUp: "hang up",
    w.Join: "bring the supervisor into the call",
    w.Leave: "leave the call to the supervisor",
    w.Play: "play the announcement",
    w.Record: "record the call",
    w.StopRecording: "stop recording",
    w.Listen: "ring the supervisor to listen",
    w.StopListening: "let the supervisor listen no more",
    w.Pause: "pause the agent in queues",
    w.AskPhone: "ask for all calls",
    w.AskFloor: "ask supervisors",
    w.CloseAsk: "close the ask for all",
    w.LookUp: "look for earlier incidents",
    w.Offer: "offer the case",
    w.Reclaim: "keep the case",
    w.AnswerOffer: "answer the offer of a case",
}
# Of the rest the phone system's words would only repeat, or blur, what is said already.
_CAUSE_TELLS = (w.EndedBy.THEM, w.EndedBy.NETWORK, w.EndedBy.PHONE, w.EndedBy.UNKNOWN)


class Timeline:
    """Of one story, to the terminal or to ``out``; where several desks are watched, each line begins with its desk."""

    def __init__(self, json: bool, out: TextIO | None = None) -> None:
        self._json = json
        self._out = out or sys.stdout
        self._console = Console(file=self._out, highlight=False, soft_wrap=True, force_terminal=sys.stdout.isatty())
        self._edge_ns = 0
        self._describers: dict[str, Describer] = {}

    def title(self, name: str, about: str, shortened: str, parts: str, policy: str = "") -> None:
        """``parts``: what of it is real."""
        if self._json:
            self._line("story", text=name, shortened=shortened, parts=parts, policy=policy)
            return
        of = f" ({policy})" if policy else ""
        self._console.print(f"\n[bold]{name}[/bold]{escape(f'{of}: {about.strip()}')}")
        self._console.print(f"[dim]{escape(f'{parts}; times shortened for the story: {shortened}')}[/dim]")

    def edge(self, at_ns: int, text: str, desk: str = "") -> None:
        """The edge that completed a gesture: times count from here."""
        self._edge_ns = at_ns
        if self._json:
            self._line("edge", text=text, at_ns=at_ns, desk=desk)
        else:
            self._show(at_ns, "bold cyan", "hand" if desk else "agent", text, desk)

    def told(self, text: str) -> None:
        self._line("told", text=text) if self._json else self._show(time.monotonic_ns(), "green", "story", text)

    def happened(self, happening: Happening, desk: str = "") -> None:
        if self._json:
            line = msgspec.to_builtins(happening)
            self._print(line | {"desk": desk} if desk else line)
            return
        text = self._describers.setdefault(desk, Describer()).describe(happening)
        if text:
            style = "red" if happening.kind == "trouble" else ""
            self._show(happening.at_ns, style, happening.kind, text, desk)

    def end(self, name: str, failure: str) -> None:
        if self._json:
            self._line("end", text=name, failure=failure)
        elif failure:
            self._console.print(f"[bold red]{name}: NOT as told: {escape(failure)}[/bold red]")
        else:
            self._console.print(f"[bold green]{name}: came out as told[/bold green]")

    def _show(self, at_ns: int, style: str, kind: str, text: str, desk: str = "") -> None:
        since = f"{(at_ns - self._edge_ns) / 1e6:+10.1f} ms" if self._edge_ns else " " * 13
        where = f"{desk:10}  " if desk else ""
        line = escape(f"{since}  {where}{kind:12}  {text}")
        self._console.print(f"[{style}]{line}[/{style}]" if style else line)

    def _line(self, kind: str, at_ns: int = 0, **what: str) -> None:
        line = {"kind": kind, "at_ns": at_ns or time.monotonic_ns()} | {k: v for k, v in what.items() if v}
        self._print(line)

    def _print(self, line: dict[str, object]) -> None:
        print(msgspec.json.encode(line).decode(), file=self._out, flush=True)


def lamps_in_words(lamps: w.Lamps) -> str:
    shown = (("escalate", lamps.escalate), ("warn", lamps.warn), ("release", lamps.release))
    marks = (f" ({lamp.mark})" if lamp.mark != w.LampMark.NONE else "" for _, lamp in shown)
    return "   ".join(f"{name} {lamp.state}{mark}" for (name, lamp), mark in zip(shown, marks, strict=True))


class Describer:
    """One line for people; empty for what would only repeat another line. Remembers what each effect was."""

    def __init__(self) -> None:
        self._effects: dict[int, w.Effect] = {}
        self._floor: bool | None = None

    def describe(self, happening: Happening) -> str:
        if happening.kind in ("view", "shown", "started", "accepted"):
            return ""
        if happening.kind == "floor":  # told anew whenever somebody there comes, goes or is on a call
            same, self._floor = self._floor == happening.up, happening.up
            if same:
                return ""
        if happening.asks:
            return "; ".join(_asked(ask) for ask in happening.asks)
        if happening.press is not None:
            press = happening.press
            buttons = "+".join(press.buttons)
            return f"{press.gesture} of {buttons}, number {press.number}, epoch {press.epoch}, age {press.age_ms} ms"
        if happening.event is not None:
            return self._event(happening.event)
        if happening.effect is not None:
            whom = "phone" if isinstance(happening.effect, w.PhoneEffect) else "floor"
            return f"to the {whom}: {_command(happening.effect)}"
        if happening.lamps is not None:
            return lamps_in_words(happening.lamps)
        if happening.call is not None:
            return _call(happening.call)
        if happening.answer is not None:
            return happening.answer.why
        if happening.up is not None and not happening.text:
            return "answers" if happening.up else "does not answer; calls go on"
        return happening.text

    def _event(self, event: w.Event) -> str:
        match event:
            case w.PressRecorded():
                return "press durable"
            case w.PressAnswered(answer=answer):
                next_button = f" Next: {answer.next}." if answer.next else ""
                return f"{_spelled(answer.verdict)}: {answer.why}{next_button}"
            case w.ErasureOrdered(keys=keys, why=why):
                return f"to be erased: {len(keys)} keys: {why}"
            case w.Erased(keys=keys):
                return f"erased: {len(keys)} keys"
            case w.HoldPlaced(case=case, person=person, reason=reason):
                return f"{case} is held by {person}: {reason}"
            case w.HoldLifted(case=case, person=person):
                return f"{case} is held no more: {person}"
            case w.ClearTextSeen(case=case, person=person, what=what):
                return f"{person} sees {what} of {case}"
            case w.PolicyKept(version=version):
                return f"policy {version}"
            case w.RecordBegunAnew(why=why):
                return f"record begun anew: {why}"
            case w.CaseOpened(epoch=epoch, policy=policy, version=version):
                return f"case opened: epoch {epoch}, policy {policy} {version}"
            case w.CaseClosed(how=how, review=review):
                return f"case closed: {how}" + (", goes before a manager" if review else "")
            case w.RungTaken(rung=rung, attests=attests):
                says = "; ".join("the abuse went on" if words == "persisted" else words for words in attests)
                return f"rung taken: {rung}" + (f" (this says: {says})" if says else "")
            case w.CaseReceived(case=case, desk=desk):
                return f"case received: {case}, {desk}"
            case w.EarlierKnown(incidents=incidents):
                return f"earlier incidents of this caller: {len(incidents)}"
            case w.AskOpened(rung=rung, want=want, to=to, target=target):
                whom = ", ".join(to) or target or "nobody"
                return f"ask opened: {rung or 'hand over'}, {_spelled(want)}, to {whom}"
            case w.AlertRaised(want=want, to=to):
                return f"alert: {_spelled(want)}, to {', '.join(to) or 'nobody yet'}"
            case w.AskReplied(person=person, reply=reply, word=word):
                return f"{person or 'the extension'} replies: {_spelled(reply)}" + (f": {word}" if word else "")
            case w.AlertAnswered(person=person, reply=reply):
                return f"{person} replies: {_spelled(reply)}"
            case w.LeaveGranted(person=person) | w.LeaveWithdrawn(person=person):
                return f"leave {'granted' if isinstance(event, w.LeaveGranted) else 'withdrawn'} by {person}"
            case w.SupervisorFree(person=person) | w.SupervisorJoined(person=person) | w.SupervisorLeft(person=person):
                return f"{_spaced(type(event).__name__)}: {person or 'unnamed'}"
            case w.ListeningAsked(person=person, how=how, granted=granted):
                return f"{person} asks to {how}" + ("" if granted else ": the caller must agree first")
            case w.AskMoved(phase=phase, outcome=outcome):
                return f"ask: {phase}" + (f", {_spelled(outcome)}" if outcome else "")
            case w.AskClosed(outcome=outcome):
                return f"ask closed: {_spelled(outcome)}"
            case w.Attended(act=act, by=by):
                return f"{by}: {_act(act)}"
            case w.CallHeld():
                return "caller on hold"
            case w.CallResumed():
                return "agent and caller talk again"
            case w.GroundDeclared(ground=ground, note=note, names=names):
                named = ", which names what was unnamed" if names else ""
                return f"ground declared: {_spelled(ground)}{named}" + (f": {note}" if note else "")
            case w.EffectDecided(effect=effect):
                self._effects[effect.id] = effect
                return f"decided: {_command(effect)}"
            case w.EffectConfirmed(id=id):
                who = "other desk" if isinstance(self._effects.get(id), w.FloorEffect) else "phone"
                return f"the {who} confirms: {self._effect(id)}"
            case w.EffectFailed(id=id, why=why) | w.EffectUnknown(id=id, why=why):
                came_to = "unknown" if isinstance(event, w.EffectUnknown) else "came to nothing"
                return f"{came_to}: {self._effect(id)}: {why}"
            case w.PersonSignedOn(person=person, role=role, relieves=relieves):
                return f"{person} signs on as {role}" + (f", takes over from {relieves}" if relieves else "")
            case w.PersonSignedOff(person=person, why=why):
                return f"{person} is signed off: {why}"
            case w.GrantRefused(person=person, desk=desk, why=why):
                return f"the answer of {person} at {desk} is refused: {why}"
            case w.ActRefused(person=person, desk=desk, act=act, why=why):
                return f"{_spaced(act)} by {person} at {desk} is refused: {why}"
        return _fields(event, "person")

    def _effect(self, id: int) -> str:
        """In words; by its number where it was decided before anybody watched."""
        effect = self._effects.get(id)
        return f"command {id}" if effect is None else _command(effect)


def _command(effect: w.Effect) -> str:
    ends = isinstance(effect, w.Pause) and not effect.paused
    return "let calls come to the agent again" if ends else _EFFECTS[type(effect)]


def _fields(told: w.Event, but: str) -> str:
    fields = msgspec.structs.asdict(told).items()
    words = ", ".join(_spelled(value) for key, value in fields if value and key != but)
    return _spaced(type(told).__name__) + (f": {words}" if words else "")


def _act(act: w.AfterAct) -> str:
    """What is for people in it: no keys, days instead of milliseconds."""
    told = []
    for key, value in msgspec.structs.asdict(act).items():
        if key.endswith("_ms") and value:
            told.append(f"until {datetime.fromtimestamp(value / 1000):%Y-%m-%d %H:%M}")
        elif value is True:
            told.append(key.replace("_", " "))
        elif value and key != "locked":
            told.append(", ".join(map(str, value)) if isinstance(value, tuple) else str(value))
    return _spaced(type(act).__name__) + (f": {', '.join(told)}" if told else "")


def _asked(ask: Asked) -> str:
    over = f": over, {_spelled(ask.over)}" if ask.over is not None else ""
    return f"{ask.desk} asks for {_spelled(ask.want)}{over}"


def _call(call: w.Call) -> str:
    ended = f" by {call.ended_by}" if call.ended_by else ""
    cause = f": {call.cause}" if call.cause and call.ended_by in _CAUSE_TELLS else ""
    return f"{'consult' if call.consult_for else 'line'} {call.state}{ended}{cause}"


def _spelled(value: object) -> str:
    """`taken_back` as "taken back"; what somebody wrote stays as written."""
    return str(value).replace("_", " ") if isinstance(value, StrEnum) else str(value)


def _spaced(name: str) -> str:
    """`MarkerSet` as "marker set"."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
