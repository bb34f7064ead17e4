"""Plays hands on the box's contacts, without a box: runs alike on CPython and on MicroPython, and imports nothing else.

A play is a list of steps in the order of their time, each a list:

    [ms, "edge", button, level]   the contact closes (level true) or opens; the interrupt latches it
    [ms, "epoch", epoch]          the host says that another call has the agent's audio
    [ms, "forbid", button]        the link is lost, or the button's lamp went out
"""

from rung_box.contacts import Contacts
from rung_box.gestures import Gestures


class Replay:
    """The box's contacts and gestures. `lag_ms`: how late the task sees what the interrupt latched."""

    def __init__(self, start_ms=0, lag_ms=0, held=()):
        self.sent = []  # [buttons, gesture, epoch, ms of the completing edge, ms when it was sent], ms since the start
        self.refused = set()  # buttons whose lamp said so at any time
        self.gestures = Gestures(self._send)
        self._start_ms = start_ms
        self._lag_ms = lag_ms
        self._now = 0
        self._levels = [button in held for button in range(3)]
        self.contacts = Contacts(self.gestures, lambda button: self._levels[button])

    def play(self, steps, rest_ms=10000):
        """Play the steps, then let `rest_ms` pass; what was sent."""
        end = (steps[-1][0] if steps else 0) + rest_ms
        seen_at = None  # when the task will see what is latched
        for step in steps + [[end]]:  # noqa: RUF005 (MicroPython cannot unpack into a list)
            if seen_at is not None and seen_at <= step[0]:
                self._serve(seen_at)
                seen_at = None
            if seen_at is None:
                self._run_to(step[0])
            self._now = step[0]
            if len(step) > 1:
                self._step(step)
                if step[1] == "edge" and seen_at is None:
                    seen_at = step[0] + self._lag_ms
        return self.sent

    def _run_to(self, ms):
        """Let time pass, with the task waking whenever it is due."""
        while True:
            due = self.contacts.next_due(self._clock())
            if due is None or self._now + due >= ms:
                return
            self._serve(self._now + due)

    def _clock(self):
        return (self._start_ms + self._now) % (1 << 30)

    def _step(self, step):
        kind, value = step[1], step[2]
        if kind == "edge":
            self._levels[value] = bool(step[3])
            self.contacts.edges.put(value, bool(step[3]), self.gestures.epoch, self._clock())
        elif kind == "epoch":
            self.gestures.epoch_changed(value, self._clock())
        else:
            self.gestures.forbid_hold(value, self._clock())
        self._look()

    def _serve(self, ms):
        self._now = ms
        self.contacts.service(self._clock())
        self._look()

    def _look(self):
        for button in range(3):
            if self.gestures.refused_since(button) is not None:
                self.refused.add(button)

    def _send(self, buttons, gesture, epoch, edge_ms):
        since_start = (edge_ms - self._start_ms) % (1 << 30)
        self.sent.append([buttons, gesture, epoch, since_start, self._now])
