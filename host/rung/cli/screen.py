"""A desk in the terminal: call, lamps, what each button means now, what to say, and why a press was refused."""

import threading
import time
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rung import words as w
from rung.cli.asked import lines
from rung.cli.keys import HELP
from rung.desk.happening import Happening
from rung.desk.signs import SIGNS
from rung.page.keys import GROUNDS
from rung.policy.view import View
from rung.words import Button, LampMark, LampState

REFRESH_HZ = 10
ANSWER_S = 8.0  # how long an answer stays to be read
_STYLE = {
    LampState.OFF: "dim",
    LampState.LIT: "bold white",
    LampState.BREATHING: "bold green",
    LampState.BLINKING: "bold yellow",
    LampState.REFUSED: "bold red",
    LampState.DONE: "bold cyan",
}


class Screen:
    """Fed with happenings from any thread; draws itself while it is entered as a context."""

    def __init__(self, extra_help: str = "") -> None:
        self._lock = threading.Lock()
        self._view: View | None = None
        self._view_ns = 0
        self._lamps = w.Lamps()
        self._box = "no box yet"
        self._phone = "no phone yet"
        self._pages: list[str] = []
        self._trouble = ""
        self._asked: list[str] = []
        self._answer: tuple[float, w.Answer] | None = None
        self._help = extra_help
        self.prompt = ""  # what is being typed
        self.caller: list[str] = []  # in a drill: what the caller has said
        self.box_lamps: tuple[tuple[int, int, int], ...] = ()  # of a virtual box: the firmware's own pixels
        self._live = Live(get_renderable=self._draw, console=Console(), refresh_per_second=REFRESH_HZ, screen=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def happened(self, happening: Happening) -> None:
        with self._lock:
            self._note(happening)

    def _note(self, happening: Happening) -> None:
        event = happening.event
        if happening.view is not None:
            self._view, self._view_ns = happening.view, happening.at_ns
        if happening.kind == "page":
            self._pages.append(happening.text)
        if happening.lamps is not None:
            self._lamps = happening.lamps
        if happening.answer is not None:
            self._answer = (time.monotonic(), happening.answer)
        if isinstance(event, w.PressAnswered):
            self._answer = (time.monotonic(), event.answer)
        if happening.kind == "box":
            self._box = happening.text
        elif happening.kind == "phone":
            down = happening.text or "the call may go on"
            self._phone = "answers" if happening.up else f"does not answer; {down}"
        elif happening.kind == "asked":
            self._asked = lines(happening.asks)
        elif happening.kind == "trouble":
            self._trouble = happening.text

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _draw(self) -> RenderableType:
        with self._lock:
            view = self._view
            parts: list[RenderableType] = [self._head(view), *self._spoken(), self._buttons(view)]
            parts += [Panel(Text("\n".join(self._asked)), title="asked", border_style="yellow")] if self._asked else []
            if view is not None:
                parts += [self._script(view), self._ladder(view)]
            parts += [self._answered(), self._foot(view)]
            return Group(*parts)

    def _head(self, view: View | None) -> RenderableType:
        line = Text()
        if view is None:
            return Text("starting …", style="dim")
        since_ms = (time.monotonic_ns() - self._view_ns) // 1_000_000
        talking = view.talk_ms and not view.held_ms
        line.append(view.call, style="bold")
        if view.epoch:
            line.append(f"   talk {(view.talk_ms + (since_ms if talking else 0)) // 1000} s")
        if view.held_ms:
            line.append(f"   on hold {(view.held_ms + since_ms) // 1000} s", style="yellow")
        line.append(f"   {view.person or 'nobody known'}", style="dim")
        if view.ask:
            line.append(f"\n{view.ask}", style="yellow")
        return Panel(line, title="Rung", border_style="dim")

    def _spoken(self) -> list[RenderableType]:
        if not self.caller:
            return []
        words = Text("\n".join(f"“{said}”" for said in self.caller[-2:]), style="bold")
        return [Panel(words, title="the caller", border_style="magenta")]

    def _buttons(self, view: View | None) -> RenderableType:
        table = Table.grid(expand=True, padding=(0, 1))
        for _ in Button:
            table.add_column(ratio=1)
        table.add_row(*(self._lamp(i, button) for i, button in enumerate(Button)))
        if view is not None:
            table.add_row(*(Text(view.buttons.get(button, ""), style="dim") for button in Button))
        return table

    def _lamp(self, index: int, button: Button) -> RenderableType:
        lamp: w.Lamp = getattr(self._lamps, button)
        text = Text(f" {SIGNS[lamp.state]} {button.upper()}  {lamp.state}", style=_STYLE[lamp.state])
        if lamp.mark != LampMark.NONE:
            text.append(f" · {lamp.mark}")
        if index < len(self.box_lamps):
            red, green, blue = (min(255, 4 * c) for c in self.box_lamps[index])  # the box is dimmer than a screen
            text.append("  ██", style=f"rgb({red},{green},{blue})")
        return text

    def _script(self, view: View) -> RenderableType:
        if view.script is None:
            return Text(f"Next: {view.next}" if view.next else "", style="dim")
        since_ms = (time.monotonic_ns() - self._view_ns) // 1_000_000
        left_ms = view.countdown_ms - since_ms
        title = f"{'when it comes to it' if view.script.preview else 'SAY'}: {view.script.title}"
        words = Text(view.script.text, style="dim" if view.script.preview else "bold")
        if left_ms > 0:
            words.append(f"\n… {left_ms / 1000:.1f} s", style="yellow")
        return Panel(words, title=Text(title), subtitle=Text(f"next: {view.next}") if view.next else None)

    def _ladder(self, view: View) -> RenderableType:
        steps = [
            Text(f"{step.title}: {step.state}", style={"open": "green", "taken": "cyan"}.get(step.state, "dim"))
            for step in view.ladder
        ]
        standing = Text("grounds: " + (", ".join(view.grounds) or "none"))
        if view.markers:
            standing.append("   marked: " + ", ".join(view.markers), style="bold red")
        tried = [f"{n} {item}{' ✔' if item in view.tried else ''}" for n, item in enumerate(view.tick, 1)]
        ticks = [Text("tried: " + " · ".join(tried), style="dim")] if tried else []
        return Group(Columns(steps, padding=(0, 3)), standing, *ticks)

    def _answered(self) -> RenderableType:
        if self._answer is None or time.monotonic() - self._answer[0] > ANSWER_S:
            return Text("")
        answer = self._answer[1]
        refused = answer.verdict in (w.Verdict.REFUSED, w.Verdict.TOO_LATE)
        text = Text(f"{answer.verdict}: {answer.why}", style="bold red" if refused else "")
        if answer.next:
            text.append(f"  Next: {answer.next}.", style="bold")
        return text

    def _foot(self, view: View | None) -> RenderableType:
        lines = Text(f"box: {self._box}   phone: {self._phone}", style="dim")
        for page in self._pages:
            lines.append(f"\npage: {page}", style="cyan")
        for task in view.tasks if view else ():
            lines.append(f"\nto do: {task}", style="yellow")
        if view is not None and view.listening:
            lines.append(f"\n{'; '.join(view.listening)}", style="bold")
        if view is not None and view.recording:
            lines.append("\nthis call is being recorded", style="bold")
        if view is not None and view.breather_ms:
            lines.append(f"\nbreather: no calls for {view.breather_ms / 60_000:.0f} min more; b ends it", style="cyan")
        for trouble in (*(view.troubles if view else ()), *([self._trouble] if self._trouble else [])):
            lines.append(f"\n{trouble}", style="red")
        names = " ".join(f"{key} {ground}" for key, ground in GROUNDS.items())
        lines.append(f"\n{self._help}{names}\n{HELP} · Ctrl-C ends")
        if self.prompt:
            lines.append(f"\n{self.prompt}", style="bold")
        return lines
