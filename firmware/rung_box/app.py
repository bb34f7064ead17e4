"""The box at work: one loop around buttons, line and lamps.

It sleeps until an edge is latched, something comes on the line, or the next thing is due; then it looks at all of them.
A press is on the line in the turn in which its last edge is seen: edge, gesture, frame and write follow each other with
no sleep in between. One loop and no asyncio, which takes a tenth of a small chip's heap: nothing here ever waits.
"""

import binascii
import os

from rung_box.buttons import Buttons
from rung_box.clock import now_ms
from rung_box.gestures import LETTERS, RELEASE, WARN, Gestures
from rung_box.line import Line
from rung_box.once import forget
from rung_box.panel import Panel
from rung_box.rhythm import COLOUR_BLIND, FRAME_MS, STANDARD, frame, is_steady
from rung_wire import codes, const, ticks

_ANSWERS_MAX = codes.PRESS_QUEUE_MAX  # presses whose result may still come
_WELL_MS = const(60_000)  # running for so long: what failed before is no row any more


def _nonce() -> str:
    return binascii.hexlify(os.urandom(5)).decode()


class App:
    """The box. `setup` says what it is made of, `memory` is what the last life left, `dog` the watchdog; `stops`
    collects what must be called when it ends, however it ends."""

    def __init__(self, setup, lamps, memory, dog, stops: list) -> None:
        from rung_box.identity import make_link

        now = now_ms()
        self._lamps = lamps
        self._memory = memory
        self._dog = dog
        self._begun = now
        self._caught: list = memory.presses  # buttons of presses that the reset caught; none when a bridge has heard it
        self._refuse: list = list(self._caught)  # those that no lamp has told yet
        self._link, self._has_untold = make_link(setup.wrong, len(self._caught), _nonce)
        self._gestures = Gestures(self._press)
        self._panel = Panel(self._gestures, self._link, now)
        self._buttons = Buttons(setup, self._gestures)
        self._line = Line(self._buttons.bell)
        self._contacts = self._buttons.contacts
        stops.append(self._buttons.stop)
        self._palette = COLOUR_BLIND if setup.is_colour_blind else STANDARD
        self._buzzer = None
        if setup.sounds != "off":
            from rung_box.buzzer import Buzzer

            self._buzzer = Buzzer(setup.buzzer, setup.sounds == "always")
            stops.append(self._buzzer.silent)
        self._framed_at = now - FRAME_MS
        self._may_be_on_trial = True
        self._moving = True  # a lamp looks different from frame to frame
        self._pressed: list = []  # (number, buttons) of presses whose result may still come

    def run(self) -> None:
        """Work until something fails."""
        while True:
            self._buttons.bell.is_rung = False  # before the edges are read: one that comes meanwhile rings anew
            data = self._line.read()
            now = now_ms()
            self._contacts.service(now)
            self._turn(data, now)
            self._show(now)
            self._care(now)
            self._line.wait(self._next_due(now_ms()))

    def _care(self, now: int) -> None:
        """All have had their turn: the box is well."""
        self._dog.turn(now)
        if self._memory.row and ticks.diff(now, self._begun) >= _WELL_MS:
            self._memory.row = 0
            self._memory.keep()

    def _turn(self, data: bytes, now: int) -> None:
        """One turn of the link."""
        for event in self._link.receive(data, now):
            self._take(event, now)
        self._line.write(self._link.pump(now))

    def _next_due(self, now: int) -> int:
        due = self._link.next_due(now)
        button_due = self._contacts.next_due(now)
        if button_due is not None:
            due = min(due, button_due)
        if self._moving:
            due = min(due, FRAME_MS - ticks.diff(now, self._framed_at))
        return max(0, due)

    def _show(self, now: int) -> None:
        if ticks.diff(now, self._framed_at) < FRAME_MS:
            self._moving = True  # what has changed shows with the next frame
            return
        signals = self._panel.signals(now)
        self._lamps.show(frame(signals, now, self._palette))
        self._framed_at = now
        self._moving = not all(is_steady(signal) for signal in signals)
        if self._buzzer is not None and self._buzzer.follow(signals, self._panel.may_be_in_call(), now):
            self._moving = True

    def _press(self, buttons: str, gesture: str, epoch: int, edge_ms: int) -> None:
        """A gesture is complete: on the line with it."""
        now = now_ms()
        number = self._link.press(buttons, gesture, epoch, edge_ms, now)
        if number is None:
            self._gestures.refuse(buttons, now)
            return
        self._remember()
        self._pressed.append((number, buttons))
        if len(self._pressed) > _ANSWERS_MAX:
            del self._pressed[0]
        self._line.write(self._link.pump(now))

    def _take(self, event, now: int) -> None:
        """An event of the link. What is latched so far happened before it."""
        kind = event[0]
        self._contacts.service(now)
        if kind == "lamps":
            self._take_lamps(event[1], event[2], event[3], now)
        elif kind == "result":
            self._take_result(event[1], event[2], event[3], now)
        elif kind == "acked":
            self._remember()
        elif kind == "maintain":
            self._leave()
        elif kind in ("lost", "welcome"):  # a new session in the middle of one was a lost link, too
            self._panel.forget(now)
            for button in (WARN, RELEASE):
                self._gestures.forbid_hold(button, now)
            if kind == "welcome":
                self._caught = []
                self._remember()
                try:
                    self._note_told()
                    self._note_proven()
                except MemoryError:  # what they load does not fit: the next welcome is another chance
                    pass

    def _note_proven(self) -> None:
        """A bridge has answered, so this firmware works: its slot is on trial no more."""
        if self._may_be_on_trial:
            from rung_box import trial

            trial.passed()
            forget("rung_box.trial")
            self._may_be_on_trial = False

    def _note_told(self) -> None:
        """A bridge has heard what failed."""
        if self._has_untold:
            from rung_box import crashes

            crashes.told()
            forget("rung_box.crashes")
            self._has_untold = False

    def _remember(self) -> None:
        """Should a reset come now, the next life tells of these presses."""
        presses = self._caught + [buttons for _, buttons in self._link.unconfirmed()]
        if presses != self._memory.presses:
            self._memory.presses = presses
            self._memory.keep()

    def _leave(self) -> None:
        """Hand the board over, as Ctrl-C does; and give whoever asked the time to work."""
        self._line.write(self._link.bye())
        self._dog.put_off()
        raise KeyboardInterrupt

    def _take_lamps(self, epoch: int, lamps, fill_ds: int, now: int) -> None:
        if epoch != self._gestures.epoch:
            self._gestures.epoch_changed(epoch, now)
        for button in range(len(LETTERS)):
            if self._panel.has_gone_out(button, lamps):
                self._gestures.forbid_hold(button, now)
        self._panel.lamps(epoch, lamps, fill_ds, now)
        while self._refuse:
            self._gestures.refuse(self._refuse.pop(), now)

    def _take_result(self, number: int, verdict: str, next_button: str, now: int) -> None:
        if verdict in (codes.PRESS_REFUSED, codes.TOO_LATE):
            for pressed, buttons in self._pressed:
                if pressed == number:
                    self._gestures.refuse(buttons, now)
            self._panel.hint(next_button, now)
