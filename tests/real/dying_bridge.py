"""`rung`, but it kills itself with SIGKILL at a chosen step: ``dying_bridge.py PLAN.json run …``.

A step is a place in the bridge's own threads, at which it has just told something; nothing after it happens. Its name
says where on the ladder the call stands, so that it means the same in a story that was cut short before.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from rung import words as w
from rung.cli import main
from rung.desk.happening import Happening, Teller
from rung.journal.store import Journal
from rung.link.line import Line, monotonic_ms
from rung.policy.decision import Decision
from rung.policy.step import _HANDLERS

QUIET = ("view", "shown", "trouble", "answer")  # the bridge does nothing at these


class Plan(Struct):
    deadly: set[str]  # the steps to die at; empty: none
    group: bool  # the whole process group, or this process alone
    diary: str  # file: every step reached, one a line
    where: str = "idle"
    canary: str = ""  # a mistake to make, which the test must find


def where_after(where: str, event: w.Event) -> str:
    """Where the call stands once this is on record."""
    match event:
        case w.RungTaken(rung=rung):
            return f"{rung} taken"
        case w.AskMoved(phase=phase, consult=consult):
            return f"{phase} {'dialled' if consult and phase == 'ringing' else ''}".strip()
        case w.AskClosed(outcome=outcome):
            return f"ask {outcome}"
        case w.CaseOpened() | w.CaseClosed() | w.Announced() | w.GroundDeclared():
            return type(event).__name__
        case w.PressAnswered(answer=w.Answer(verdict=w.Verdict.REFUSED)):
            return "refused"
        case w.BridgeRestarted():
            return "BridgeRestarted"
    return where


def what(told: Happening) -> str:
    if told.event is not None:
        return type(told.event).__name__
    if told.effect is not None:
        return type(told.effect).__name__
    if told.press is not None:
        return f"{told.press.gesture} {'+'.join(told.press.buttons)}"
    if told.call is not None:
        return f"{'consult' if told.call.consult_for else 'line'} {told.call.state} {told.call.doing}".strip()
    return "" if told.up is None else str(told.up)


class Dying:
    """Watches the bridge from within, and ends it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._where = plan.where
        self._diary = os.open(plan.diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._appended = False

    def appended(self) -> None:
        self._appended = True

    def told(self, told: Happening) -> None:
        # All entries of one transaction are on record together: the first of them is the step.
        if told.kind not in QUIET and (told.kind != "recorded" or self._appended):
            self._appended = self._appended and told.kind != "recorded"
            # When the phone has taken a command, it may already have told what came of it.
            where = "" if told.kind == "accepted" else f"{self._where}: "
            self._step(f"{where}{told.kind} {what(told)}".strip())
        if told.kind == "recorded" and told.event is not None:
            self._where = where_after(self._where, told.event)

    def _step(self, name: str) -> None:
        os.write(self._diary, f"{name}\n".encode())
        if name in self._plan.deadly:
            os.killpg(0, signal.SIGKILL) if self._plan.group else os.kill(os.getpid(), signal.SIGKILL)


def spy(dying: Dying) -> None:
    tell, append = Teller.tell, Journal.append

    def telling(self, kind, **said):  # type: ignore[no-untyped-def]
        tell(self, kind, **said)
        dying.told(Happening(kind=kind, at_ns=0, **said))

    def appending(self, events, **when):  # type: ignore[no-untyped-def]
        head = append(self, events, **when)
        dying.appended()
        return head

    Teller.tell, Journal.append = telling, appending  # type: ignore[method-assign]


def acknowledge_early() -> None:
    """The canary of the record: the acknowledgement leaves before the press is durable."""
    press = Line._press

    def pressing(self, link, boot, number, *fields):  # type: ignore[no-untyped-def]
        link.ack(boot, number, monotonic_ms())
        self._port.write(link.pump(monotonic_ms()))
        return press(self, link, boot, number, *fields)

    Line._press = pressing  # type: ignore[method-assign]


def hang_up_again() -> None:
    """The canary of the restart: what was not confirmed is sent once more."""
    restarted = _HANDLERS[w.Restarted]

    def restarting(d: Decision, said: w.Restarted) -> None:
        pending = d.case.pending
        restarted(d, said)
        for unconfirmed in pending:
            if isinstance(unconfirmed.effect, w.HangUp):
                d.do(w.HangUp, 5000, d.case.call)

    _HANDLERS[w.Restarted] = restarting


CANARIES = {"acknowledges early": acknowledge_early, "hangs up again": hang_up_again}


if __name__ == "__main__":
    plan = msgspec.json.decode(Path(sys.argv.pop(1)).read_bytes(), type=Plan)
    spy(Dying(plan))
    if plan.canary:
        CANARIES[plan.canary]()
    main()
