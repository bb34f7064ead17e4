"""Which signal each lamp shows: what the host says, under what only the box can know. Pure.

When several hold, `codes.PRECEDENCE` decides.
"""

from rung_box.gestures import LETTERS, WARN
from rung_wire import codes, ticks

HINT_MS = 2400  # how long the lamp that a refusal names as the next breathes: once


class Panel:
    """Reads gestures and link; is told what else matters."""

    def __init__(self, gestures, link, now: int) -> None:
        self._gestures = gestures
        self._link = link
        self._lamps: "tuple[tuple[str, str], ...] | None" = None  # None: not known in this session
        self._since = [now] * 3  # when each lamp began to show what the host says
        self._epoch: "int | None" = None  # of the lamps that were last told
        self._full_ms = 0
        self._waiting_since = [now] * 3
        self._naming_since = now
        self._waiting = ""  # buttons whose press is not acknowledged
        self._hint = (codes.NO_BUTTON, now)  # the button to press next, and since when its lamp may say so

    def lamps(self, epoch: int, lamps, fill_ds: int, now: int) -> None:
        """What the host says from now on."""
        if epoch != self._epoch:
            self.hint(codes.NO_BUTTON, now)  # it was about another call
        self._epoch = epoch
        full_ms = fill_ds * 100
        for button in range(3):
            refilled = lamps[button][1] == codes.FILLING and full_ms != self._full_ms
            if self._lamps is None or lamps[button] != self._lamps[button] or refilled:
                self._since[button] = now
        self._lamps = lamps
        self._full_ms = full_ms

    def forget(self, now: int) -> None:
        """The session began or ended: the lamps are not known."""
        self._lamps = None
        self._since = [now] * 3
        self.hint(codes.NO_BUTTON, now)

    def hint(self, letter: str, now: int) -> None:
        """A refusal names the button that comes next, or `codes.NO_BUTTON`. Only a lamp that is lit can say so."""
        self._hint = (letter, now)

    def may_be_in_call(self) -> bool:
        """Whether a caller may hear this desk; nobody knows before the host has said anything."""
        return self._epoch != 0

    def has_gone_out(self, button: int, lamps) -> bool:
        """Whether these new lamps take away what the button's lamp invites to."""
        inviting = (codes.LIT, codes.BREATHING)
        return self._lamps is not None and self._lamps[button][0] in inviting and lamps[button][0] == codes.OFF

    def signals(self, now: int):
        """For each lamp what `rhythm.frame` takes."""
        waiting = "".join([buttons for _, buttons in self._link.unconfirmed()])
        for button in range(3):
            if LETTERS[button] not in self._waiting:
                self._waiting_since[button] = now
        self._waiting = waiting
        if not self._gestures.naming(WARN):
            self._naming_since = now
        return [self._signal(button, now) for button in range(3)]

    def _signal(self, button: int, now: int):
        filling = self._gestures.filling(button, now)
        refused_since = self._gestures.refused_since(button)
        holding = []
        if self._gestures.stuck(button):
            holding.append(codes.FAULT)
        if LETTERS[button] in self._waiting:
            holding.append(codes.UNCONFIRMED)
        if self._lamps is None:
            holding.append(codes.LINK_LOST)
        if self._gestures.naming(button):
            holding.append(codes.OWN_NAMING)
        if filling is not None:
            holding.append(codes.OWN_HOLD)
        if refused_since is not None:
            holding.append(codes.OWN_REFUSED)
        if self._is_next(button, now):
            holding.append(codes.OWN_NEXT)
        shown = codes.strongest(holding)
        if shown == codes.OWN_NAMING:
            return shown, codes.NO_MARK, self._naming_since, 0
        if shown == codes.OWN_HOLD:
            return codes.OFF, codes.FILLING, filling[0], filling[1]
        if shown == codes.OWN_REFUSED:
            return codes.REFUSED, codes.NO_MARK, refused_since, 0
        if shown == codes.UNCONFIRMED:
            return shown, codes.NO_MARK, self._waiting_since[button], 0
        if shown == codes.OWN_NEXT:
            return codes.BREATHING, codes.NO_MARK, self._hint[1], 0
        if shown == codes.FROM_HOST and self._lamps is not None:
            state, mark = self._lamps[button]
            return state, mark, self._since[button], self._full_ms
        return shown, codes.NO_MARK, self._since[button], 0

    def _is_next(self, button: int, now: int) -> bool:
        """Whether the hint is this button's, and takes nothing from what the host says: it is lit, with no mark."""
        letter, since = self._hint
        if letter != LETTERS[button] or not 0 <= ticks.diff(now, since) < HINT_MS:
            return False
        return self._lamps is not None and self._lamps[button] == (codes.LIT, codes.NO_MARK)
