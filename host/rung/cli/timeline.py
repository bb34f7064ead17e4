"""A story's timeline: what happened, with the time since the latest press's edge."""

import time

import msgspec
from rich.console import Console
from rich.markup import escape

from rung import words as w
from rung.desk.happening import Happening


class Timeline:
    def __init__(self, json: bool) -> None:
        self._json = json
        self._console = Console(highlight=False, soft_wrap=True)
        self._edge_ns = 0

    def title(self, name: str, about: str, shortened: str) -> None:
        if self._json:
            self._line("story", text=name, shortened=shortened)
            return
        self._console.print(f"\n[bold]{name}[/bold]: {escape(about.strip())}")
        self._console.print(f"[dim]times shortened for the story: {shortened}[/dim]")

    def edge(self, at_ns: int, text: str) -> None:
        """The edge that completed a gesture: times count from here."""
        self._edge_ns = at_ns
        self._line("edge", text=text, at_ns=at_ns) if self._json else self._show(at_ns, "bold cyan", "agent", text)

    def told(self, text: str) -> None:
        self._line("told", text=text) if self._json else self._show(time.monotonic_ns(), "green", "story", text)

    def happened(self, happening: Happening) -> None:
        if self._json:
            print(msgspec.json.encode(happening).decode(), flush=True)
            return
        text = describe(happening)
        if text:
            style = "red" if happening.kind == "trouble" else ""
            self._show(happening.at_ns, style, happening.kind, text)

    def end(self, name: str, failure: str) -> None:
        if self._json:
            self._line("end", text=name, failure=failure)
        elif failure:
            self._console.print(f"[bold red]{name}: NOT as told: {escape(failure)}[/bold red]")
        else:
            self._console.print(f"[bold green]{name}: came out as told[/bold green]")

    def _show(self, at_ns: int, style: str, kind: str, text: str) -> None:
        since = f"{(at_ns - self._edge_ns) / 1e6:+10.1f} ms" if self._edge_ns else " " * 13
        line = f"{since}  {kind:12}  {escape(text)}"
        self._console.print(f"[{style}]{line}[/{style}]" if style else line)

    def _line(self, kind: str, at_ns: int = 0, **what: str) -> None:
        line = {"kind": kind, "at_ns": at_ns or time.monotonic_ns()} | {k: v for k, v in what.items() if v}
        print(msgspec.json.encode(line).decode(), flush=True)


def describe(happening: Happening) -> str:
    """One line for people; empty for what would only repeat another line."""
    if happening.kind in ("view", "shown", "started", "accepted"):
        return ""
    if happening.press is not None:
        press = happening.press
        buttons = "+".join(press.buttons)
        return f"{press.gesture} of {buttons}, number {press.number}, epoch {press.epoch}, age {press.age_ms} ms"
    if happening.event is not None:
        return _event(happening.event)
    if happening.effect is not None:
        return f"{type(happening.effect).__name__} to the phone"
    if happening.lamps is not None:
        return lamps_in_words(happening.lamps)
    if happening.call is not None:
        call = happening.call
        ended = f" by {call.ended_by} {call.cause}" if call.ended_by else ""
        return f"{'consult' if call.consult_for else 'line'} {call.state}{ended}"
    if happening.answer is not None:
        return happening.answer.why
    if happening.up is not None and not happening.text:
        return "answers" if happening.up else "does not answer; calls go on"
    return happening.text


def lamps_in_words(lamps: w.Lamps) -> str:
    shown = (("escalate", lamps.escalate), ("warn", lamps.warn), ("release", lamps.release))
    return "  ".join(f"{name} {lamp.state}{'*' if lamp.mark != w.LampMark.NONE else ''}" for name, lamp in shown)


def _event(event: w.Event) -> str:
    if isinstance(event, w.PressAnswered):
        following = f" Next: {event.answer.next}." if event.answer.next else ""
        return f"{event.answer.verdict}: {event.answer.why}{following}"
    if isinstance(event, w.PolicyKept):
        return f"policy {event.version}"
    if isinstance(event, w.EffectDecided):
        return f"decided: {type(event.effect).__name__}"
    if isinstance(event, w.PressRecorded):
        return "press durable"
    fields = msgspec.structs.asdict(event)
    told = ", ".join(str(v) for k, v in fields.items() if v and k not in ("id", "person", "warns", "policy"))
    return f"{type(event).__name__} {told}"
