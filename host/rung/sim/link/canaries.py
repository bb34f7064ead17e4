"""Ends with one rule broken each, which the checks must catch: else the checks would prove nothing."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from rung.sim.link.checks import Breach
from rung.sim.link.world import World, acts_on
from rung_wire import box, codes, host, seal
from rung_wire.box import BoxLink
from rung_wire.host import HostLink

SEEDS_MOST: Final = 500


class GivesTwice(HostLink):
    """Dedupe switched off."""

    def _press(self, frame: Any, now: int, is_fresh: bool, events: Any) -> None:
        self._given = self._acked = 0
        super()._press(frame, now, is_fresh, events)


GivesTwice.handlers = {**host.HANDLERS, (host.UP, codes.PRESS): GivesTwice._press}


class ForgetsRecord(HostLink):
    """What an earlier bridge recorded is not told to the box."""

    def welcome(self, session: int, nonce: str, last_number: int, now: int) -> None:
        super().welcome(session, nonce, 0, now)


class ForgetsLamps(HostLink):
    """Lamps are sent once, with no repetition."""

    def _reliable(self, at: Any, now: int) -> bytes:
        out = super()._reliable(at, now)
        self._flight = None
        return out


class NeverAsks(HostLink):
    """A bridge that knows no session keeps still when it hears one."""

    def _stray(self) -> None:
        pass


class SendsOnce(BoxLink):
    """A press is not repeated."""

    def pump(self, now: int) -> bytes:
        out = super().pump(now)
        if b"!P" in out:
            self._presses.pop(0)
        return out


class StaleAge(BoxLink):
    """The age is the one of the press's first moment."""

    def pump(self, now: int) -> bytes:
        for press in self._presses:
            press._aged_at = now
        return super().pump(now)


class TakesTwice(BoxLink):
    """A repeated reliable frame is taken again."""

    def _result(self, frame: Any, now: int, is_fresh: bool, events: Any) -> None:
        super()._result(frame, now, True, events)


TakesTwice.handlers = {**box.HANDLERS, (box.UP, codes.RESULT): TakesTwice._result}


class NeverLost(BoxLink):
    """Silence means nothing to the box."""

    def _patience(self, now: int) -> int:
        return 1000


class ForgetsCaught(BoxLink):
    """What a reset caught is kept to itself."""

    def __init__(self, *identity: Any) -> None:
        super().__init__(*identity[:-1])


class LatchesLate(BoxLink):
    """A press takes the epoch that holds when it is sent, not the one of its edge."""

    def _lamps(self, frame: Any, now: int, is_fresh: bool, events: Any) -> None:
        super()._lamps(frame, now, is_fresh, events)
        for press in self._presses:
            press.epoch = frame[3][0]


LatchesLate.handlers = {**box.HANDLERS, (box.UP, codes.LAMPS): LatchesLate._lamps}


class NewestFirst(BoxLink):
    """Of several presses the last is sent first."""

    def pump(self, now: int) -> bytes:
        self._presses.reverse()
        out = super().pump(now)
        self._presses.reverse()
        return out


class KeepsPresses(BoxLink):
    """However many are unconfirmed."""

    def press(self, *press: Any) -> int | None:
        before, self._presses = self._presses, []
        number = super().press(*press)
        self._presses = before + self._presses
        return number


class KeepsResults(HostLink):
    """However many wait."""

    def result(self, *result: Any) -> None:
        before, self._results = self._results, []
        super().result(*result)
        self._results = before + self._results


class KeepsOffers(HostLink):
    """However often a box greets."""

    def welcome(self, *welcome: Any) -> None:
        before, self._offers = self._offers, []
        super().welcome(*welcome)
        self._offers = before + self._offers


class KeepsGarbage(HostLink):
    """A frame that has begun may go on for ever."""

    def __init__(self, keys: Any) -> None:
        super().__init__(keys)
        self._decoder._most_bytes = 1 << 20


class BoxKeepsGarbage(BoxLink):
    """The same."""

    def __init__(self, *identity: Any) -> None:
        super().__init__(*identity)
        self._decoder._most_bytes = 1 << 20


class Remembers(HostLink):
    """Every frame, in a place that no rule names."""

    def _handle(self, frame: Any, now: int, is_fresh: bool, events: Any) -> None:
        self._memories = [*getattr(self, "_memories", []), frame]
        super()._handle(frame, now, is_fresh, events)


class BelievesAll(seal.Session):
    """No proof is asked for."""

    def judge(self, frame: Any) -> int:
        return seal.FRESH


class CountsNothing(seal.Session):
    """What was made with the key is believed however often it comes."""

    def judge(self, frame: Any) -> int:
        self._taken = [0, 0]
        for count in range(frame[1], 1024, 256):
            if frame[5] == self._tag(count, frame[4]):
                return seal.FRESH
        return seal.UNPROVEN


def _with(session: type[seal.Session]) -> dict[str, Any]:
    class LaxKey(seal.Key):
        def session(self, number: int, boot: str, box_nonce: str, host_nonce: str) -> seal.Session:
            return session(number, seal.Key(self.mac(f"{number}{boot}{box_nonce}{host_nonce}")))

    return {"key": LaxKey(bytes(codes.KEY_BYTES))}


CANARIES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "gives twice": ("recorded twice", {"host_class": GivesTwice}),
    "acts twice": ("acted on twice", {"host_class": GivesTwice}),
    "forgets the record": ("recorded twice", {"host_class": ForgetsRecord}),
    "heeds no epoch": ("of another epoch", {"acts_on": lambda what, made_in, age, now: acts_on(what, now, age, now)}),
    "latches late": ("a press was changed", {"box_class": LatchesLate}),
    "heeds no age": (
        "was acted on that was",
        {"acts_on": lambda what, made_in, age, now: acts_on(what, made_in, 0, now)},
    ),
    "stale age": ("looks younger", {"box_class": StaleAge}),
    "sends once": ("a press is lost", {"box_class": SendsOnce}),
    "forgets what was caught": ("not reported", {"box_class": ForgetsCaught}),
    "acknowledges early": ("before it was durable", {"ack_early": True}),
    "newest first": ("out of order", {"box_class": NewestFirst}),
    "takes twice": ("an answer came twice", {"box_class": TakesTwice}),
    "forgets lamps": ("the lamps lie", {"host_class": ForgetsLamps}),
    "never lost": ("silent bridge", {"box_class": NeverLost}),
    "never asks, never lost": ("the link did not heal", {"host_class": NeverAsks, "box_class": NeverLost}),
    "keeps presses": ("too many presses", {"box_class": KeepsPresses}),
    "keeps results": ("too many results", {"host_class": KeepsResults}),
    "keeps offers": ("too many offers", {"host_class": KeepsOffers}),
    "keeps garbage": ("the bridge keeps too much garbage", {"host_class": KeepsGarbage}),
    "keeps garbage in the box": ("the box keeps too much garbage", {"box_class": BoxKeepsGarbage}),
    "remembers": ("the bridge keeps more and more", {"host_class": Remembers}),
    "believes all": ("that nobody", _with(BelievesAll)),
    "counts nothing": ("an answer came twice", _with(CountsNothing)),
}


def is_caught(
    name: str, seeds: Iterable[int] = range(SEEDS_MOST), told: Callable[[str], None] = lambda rule: None
) -> bool:
    """Whether the checks find this canary in one of the worlds, by the rule that it breaks."""
    rule, broken = CANARIES[name]
    for seed in seeds:
        try:
            World(seed, **broken).run()
        except Breach as breach:
            told(str(breach))
            if rule in str(breach):
                return True
    return False
