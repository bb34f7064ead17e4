"""What a desk tells whoever watches it, in the order in which it happened. The record is the journal; this is for eyes.

``json`` of it is what `rung run --json` prints, one a line, and what stories, tests and the terminal read.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from rung import words as w
from rung.desk.showing import Shown
from rung.floor.base import Asked, Place
from rung.link.door import Counters
from rung.policy.view import View

BACKLOG_MAX = 10_000  # happenings; a busy call makes a few hundred
CLOSE_S = 2.0

Kind = Literal[
    "started",  # the desk is up; text: its policy
    "policies",  # new calls are judged by these; text
    "press",  # known to the bridge
    "recorded",  # durable; one for each event
    "acknowledged",  # the acknowledgement has been written to the box's port
    "command",  # handed to the phone or to the floor
    "accepted",  # taken by it: nothing is confirmed by that
    "lamps",  # what the box is told to show
    "shown",  # what the box has taken
    "answer",  # to a key
    "box",  # the box came or went
    "line",  # its counters have risen: garbage, and nothing else
    "phone",  # the phone came or went
    "call",  # a call changed
    "floor",  # the floor came or went
    "asked",  # all that other desks ask of whoever sits here, and what has come to its end
    "replied",  # from here, to what another desk asks; text: what
    "joined",  # the case at the desk in text, in front of a supervisor here who is in its call; without one: no more
    "desks",  # what goes on at all desks, where a supervisor sits here
    "cases",  # what is on record of calls at other desks has changed
    "block",  # the phone system has taken that a number is kept away, or gets through
    "view",  # what the page shows
    "page",  # it is served at the address in text
    "trouble",  # something does not work: one line with the mend
]


class Happening(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened, at `at_ns`; only the fields that its kind needs are set."""

    kind: Kind
    at_ns: int  # CLOCK_MONOTONIC, which all processes of a computer share
    press: w.Pressed | None = None
    event: w.Event | None = None
    seq: int = 0  # of the entry in the record
    effect: w.Effect | None = None
    lamps: w.Lamps | None = None
    answer: w.Answer | None = None
    call: w.Call | None = None
    up: bool | None = None
    text: str = ""
    counters: Counters | None = None
    view: View | None = None
    shown: Shown | None = None
    asks: tuple[Asked, ...] = ()
    desks: dict[str, Place] = {}


class Teller:
    """Hands happenings to a watcher on a thread of its own, so that nobody who tells ever waits for one who listens.

    A watcher that does not keep up, or fails, misses happenings; the desk does not stop for it.
    """

    def __init__(self, watch: Callable[[Happening], None]) -> None:
        self._queue: queue.Queue[Happening | None] = queue.Queue(BACKLOG_MAX)
        self._watch = watch
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)
        self._thread.start()

    def tell(self, kind: Kind, **what: object) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(Happening(kind=kind, at_ns=time.monotonic_ns(), **what))  # type: ignore[arg-type]  # by field

    def close(self) -> None:
        """Everything told so far reaches the watcher first, unless it takes longer than CLOSE_S."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=CLOSE_S)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while (happening := self._queue.get()) is not None:
            with contextlib.suppress(Exception):  # whatever ails the eyes, the next happening is told as well
                self._watch(happening)
