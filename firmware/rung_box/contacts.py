"""From latched edges to gestures: one `Debounce` a button, behind the one ring of edges. Pure."""

from rung_box.debounce import Debounce
from rung_box.edges import EdgeRing


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
