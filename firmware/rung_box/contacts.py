"""From latched edges to gestures: one `Debounce` a button, behind the one ring of edges. Pure.

An edge carries the epoch of its moment: a press belongs to the call on which it was begun, even when the lamps change
between the interrupt and the loop.
"""

from array import array

from rung_box.debounce import Debounce

SIZE = 48  # three buttons chattering while a collection takes 10 ms; a good contact makes fewer than ten edges


class EdgeRing:
    """A ring whose memory is taken once: storing an edge allocates nothing. One end puts, one takes."""

    def __init__(self) -> None:
        self.button = 0  # the edge that `take` took
        self.level = False
        self.epoch = 0
        self.ms = 0
        self.is_overrun = False  # edges have been lost; none is taken in until somebody has put this right
        self._what = bytearray(SIZE)  # twice the button, and 1 if it is down
        self._epochs = array("I", [0] * SIZE)
        self._ms = array("I", self._epochs)
        self._head = 0
        self._tail = 0

    def put(self, button: int, level: bool, epoch: int, ms: int) -> None:
        """For the interrupt."""
        place = self._head
        head = (place + 1) % SIZE
        if self.is_overrun or head == self._tail:
            self.is_overrun = True
            return
        self._head = head
        self._what[place] = 2 * button + level
        self._epochs[place] = epoch
        self._ms[place] = ms

    def take(self) -> bool:
        """For the loop: the oldest edge, into `button`, `level`, `epoch` and `ms`; False when there is none."""
        tail = self._tail
        if tail == self._head:
            return False
        self.button = self._what[tail] // 2
        self.level = self._what[tail] % 2 == 1
        self.epoch = self._epochs[tail]
        self.ms = self._ms[tail]
        self._tail = (tail + 1) % SIZE
        return True


class Contacts:
    """Tells `gestures` what the hands do, whenever `service` is called. `is_down(button)` reads a pin."""

    def __init__(self, gestures, is_down) -> None:
        self.edges = EdgeRing()  # the interrupt puts edges here
        self._gestures = gestures
        self._is_down = is_down
        self._contacts = [self._contact(button) for button in range(3)]

    def service(self, now: int) -> None:
        """Let every edge latched, and the time up to `now`, have its effect."""
        edges = self.edges
        while edges.take():
            for contact in self._contacts:  # all of them: the gestures must hear of the buttons in the order of time
                contact.pass_time(edges.ms)
            self._contacts[edges.button].edge(edges.level, edges.epoch, edges.ms)
        if edges.is_overrun:  # what was latched came before what was lost; how long anything lasted since, nobody knows
            for contact in self._contacts:
                contact.forget()
            edges.is_overrun = False
        for button, contact in enumerate(self._contacts):
            contact.settle(self._is_down(button), self._gestures.epoch, now)
        self._gestures.tick(now)

    def next_due(self, now: int):
        """Milliseconds until `service` must be called; None: not before the next edge."""
        soonest = self._gestures.next_due(now)
        for contact in self._contacts:
            due = contact.next_due(now)
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    def _contact(self, button: int) -> Debounce:
        held = self._is_down(button)
        if held:
            self._gestures.held_at_boot(button)
        return Debounce(self._gestures, button, held)
