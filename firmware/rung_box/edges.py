"""Edges on their way from the interrupt to the loop.

An edge carries the epoch of its moment: a press belongs to the call on which it was begun, even when the lamps change
between the interrupt and the loop.
"""

from array import array

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
