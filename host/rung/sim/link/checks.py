"""What must always hold between a box and its bridge: kept beside both, and checked at every step."""

from typing import Any, Final

from rung.link.line import STALL_MS
from rung.sim.link.line import DELAY_MOST_MS
from rung_wire import codes, names
from rung_wire.box import UP as BOX_UP
from rung_wire.box import BoxLink
from rung_wire.host import RESULT_QUEUE_MAX, HostLink
from rung_wire.host import UP as HOST_UP

DRIFT_MOST_PPM: Final = 10_000  # a hundred times a crystal's
SLACK_MS: Final = 2 * DELAY_MOST_MS + codes.PART_MS + STALL_MS  # between two ends of which none seems to stall
TOO_OLD_MS: Final = {"R": 3_000, "W": 10_000}  # acted on no later; the others do not grow too old on a call
OFFERS_MOST: Final = 4
BOX_KEEPS_MOST: Final = 1_200  # as `kept` counts: twice what the fullest healthy one has
HOST_KEEPS_MOST: Final = 2_500
# What the line has lost can be told later by who has recorded it: for as long as its session or its offer lives.
TOLD_AGAIN_MS: Final = 2 * codes.SILENCE_MS

Press = tuple[str, str, int]  # buttons, gesture, epoch
Lamps = tuple[int, tuple[tuple[str, str], ...]]


class Breach(AssertionError):
    """A rule is broken; the first line says which."""


def require(holds: bool, rule: str) -> None:
    if not holds:
        raise Breach(rule)


def _drifted(ms: int) -> int:
    """How wrong the box's clock may be about so long a time, and one for the rounding."""
    return ms * DRIFT_MOST_PPM // 1_000_000 + 2


def kept(thing: object) -> int:
    """How much an end keeps, however deep: items, characters, bytes."""
    if isinstance(thing, str | bytes):
        return len(thing)
    if isinstance(thing, dict):
        return len(thing) + sum(kept(value) for value in thing.values())
    if isinstance(thing, list | tuple):
        return len(thing) + sum(kept(item) for item in thing)
    return kept(thing.__dict__) if hasattr(thing, "__dict__") and not callable(thing) else 1


class Book:
    """All that was pressed, recorded, acted on, acknowledged, shown. Times are the world's."""

    def __init__(self) -> None:
        self.told: list[Lamps] = [(0, (("o", "-"),) * 3)]  # all lamps that any bridge told; dark, until somebody tells
        self.shown: Lamps | None = None
        self.shown_epoch = 0  # the last that the box knew, lamps or not
        self.pressed_count = 0
        self.acted: set[tuple[str, int]] = set()
        self.recorded: dict[str, int] = {}  # highest number of each boot
        self.results = 0
        self._boot = ""
        self._caught: dict[str, int] = {}
        self._heard: set[str] = set()  # boots of which a bridge knows what their reset caught
        self._welcomed: set[str] = set()
        self._pressed: dict[tuple[str, int], tuple[Press, int]] = {}  # with the time of its edge
        self._acked = 0  # of this boot: they are acknowledged in their order
        self._made = 0
        self._answered = 0
        self._box_spoke = 0
        self._host_spoke = 0
        self.told_again_at = -TOLD_AGAIN_MS  # when somebody last told recorded bytes again

    # -- the box -------------------------------------------------------------------------------------------------------

    def begins(self, boot: str, caught: int) -> None:
        self._boot = boot
        self._caught[boot] = caught
        self._acked = self._made = self._answered = 0
        self.shown = None
        self.shown_epoch = 0

    def pressed(self, number: int, press: Press, edge: int) -> None:
        self._made += 1
        self.pressed_count += 1
        require(number == self._made, "presses are not numbered in their order")
        self._pressed[self._boot, number] = (press, edge)

    def box_event(self, event: tuple[Any, ...]) -> None:
        kind = event[0]
        if kind == "acked":
            require(event[1] <= self.recorded.get(self._boot, 0), "acknowledged before it was durable")
            require(event[1] == self._acked + 1, "acknowledged twice, or out of order")
            self._acked = event[1]
        elif kind == "lamps":
            self.shown = (event[1], event[2])
            self.shown_epoch = event[1]
            require(self.shown in self.told, "lamps that nobody told")
        elif kind == "result":
            require(event[1] <= self.recorded.get(self._boot, 0), "an answer before the press")
            require(event[2] == names.VERDICTS[event[1] % 4], "an answer to another press")
            require(event[1] > self._answered, "an answer came twice")
            self._answered = event[1]
            self.results += 1
        elif kind in ("lost", "welcome"):
            self.shown = None
            if kind == "welcome":
                require(self._boot in self._heard, "welcomed by a bridge that has not heard what the reset caught")
                self._welcomed.add(self._boot)

    def box_turn(self, box: BoxLink, now: int, stalled_until: int, spoke: bool) -> None:
        waiting = [number for number, _ in box.unconfirmed()]
        require(waiting == list(range(self._acked + 1, self._made + 1)), "a press is lost, and nothing shows it")
        require(len(waiting) <= codes.PRESS_QUEUE_MAX, "the box keeps too many presses")
        require(box._decoder.kept_bytes < codes.HOST_FRAME_MAX_BYTES, "the box keeps too much garbage")
        silent_ms = now - max(self._host_spoke, stalled_until)
        if box.state == BOX_UP and self.shown is not None:
            most = codes.SILENCE_MS + _drifted(codes.SILENCE_MS)
            require(silent_ms <= most + self._slack_ms(now), "the lamps still show what a silent bridge said")
        self._box_spoke = now if spoke else self._box_spoke

    # -- the bridge ----------------------------------------------------------------------------------------------------

    def last_press(self, boot: str) -> int:
        return self.recorded.get(boot, 0)

    def told_caught(self, boot: str, caught: int) -> None:
        told = self._caught[boot] == caught or (caught == 0 and boot in self._welcomed)
        require(told, "a press that a reset caught is not reported")
        self._heard.add(boot)

    def given(self, boot: str, number: int, press: Press, age_ms: int, now: int, stalled_ms: int) -> None:
        """The link hands a press to the bridge, which has just stalled for so long."""
        require((boot, number) in self._pressed, "a press that nobody made")
        made, edge = self._pressed[boot, number]
        require(press == made, "a press was changed")
        real_ms = now - edge
        wrong_ms = _drifted(real_ms)
        require(
            age_ms >= real_ms - wrong_ms - self._slack_ms(now),
            f"a press looks younger ({age_ms}) than it is ({real_ms} ms)",
        )
        require(age_ms <= real_ms + wrong_ms + stalled_ms, f"a press looks older ({age_ms}) than it is ({real_ms} ms)")

    def record(self, boot: str, number: int, now: int, epoch: int, acts: bool) -> None:
        """The press is durable, and the bridge acts on it or not."""
        require(not acts or (boot, number) not in self.acted, "a press was acted on twice")
        last = self.recorded.get(boot, 0)
        require(number > last, "a press was recorded twice")
        require(number == last + 1, "a press was skipped, or came out of order")
        self.recorded[boot] = number
        if acts:
            self._acts(boot, number, now, epoch)

    def _acts(self, boot: str, number: int, now: int, epoch: int) -> None:
        (buttons, _, pressed_epoch), edge = self._pressed[boot, number]
        require(pressed_epoch == epoch, "a press of another epoch was acted on")
        limit_ms = TOO_OLD_MS.get(buttons)
        real_ms = now - edge
        require(
            limit_ms is None or real_ms <= limit_ms + self._slack_ms(now) + _drifted(real_ms) + DELAY_MOST_MS,
            f"a press was acted on that was {real_ms} ms old",
        )
        self.acted.add((boot, number))

    def host_turn(self, host: HostLink, now: int, stalled_until: int, spoke: bool) -> None:
        require(len(host._results) <= RESULT_QUEUE_MAX, "the bridge keeps too many results")
        require(len(host._offers) <= OFFERS_MOST, "the bridge keeps too many offers")
        require(host._decoder.kept_bytes < codes.BOX_FRAME_MAX_BYTES, "the bridge keeps too much garbage")
        silent_ms = now - max(self._box_spoke, stalled_until)
        if host.state == HOST_UP:
            require(silent_ms <= codes.SILENCE_MS + self._slack_ms(now), "the bridge takes a silent box for present")
        self._host_spoke = now if spoke else self._host_spoke

    def bounded(self, box: BoxLink, host: HostLink) -> None:
        """Whatever they keep, also what no rule above names."""
        require(kept(box) <= BOX_KEEPS_MOST, "the box keeps more and more")
        require(kept(host) <= HOST_KEEPS_MOST, "the bridge keeps more and more")

    def _slack_ms(self, now: int) -> int:
        return SLACK_MS + TOLD_AGAIN_MS * (now - self.told_again_at <= TOLD_AGAIN_MS + SLACK_MS)

    # -- once the world has healed -------------------------------------------------------------------------------------

    def agree(self, box: BoxLink, host: HostLink, box_now: int, now: int, lamps: Any) -> None:
        require(box.state == BOX_UP and host.up(now), "the link did not heal")
        require(box.session == host.session, "the ends are in different sessions")
        require(not box.unconfirmed(), "a press stays unconfirmed on a good line")
        require(self.recorded.get(self._boot, 0) == self._made, "a press was lost")
        self.bounded(box, host)
        require(self.shown == (self.told[0] if lamps is None else lamps[:2]), "the lamps lie")
