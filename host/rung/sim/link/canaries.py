"""Ends with one rule broken each, which the checks must catch: else the checks would prove nothing."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from rung.sim.link.checks import Breach
from rung.sim.link.world import World
from rung_wire import box, codes, host, seal
from rung_wire.box import BoxLink
from rung_wire.host import HostLink

SEEDS_MOST: Final = 200


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
    "forgets the record": ("recorded twice", {"host_class": ForgetsRecord}),
    "forgets lamps": ("the lamps lie", {"host_class": ForgetsLamps}),
    "sends once": ("a press is lost", {"box_class": SendsOnce}),
    "stale age": ("looks younger", {"box_class": StaleAge}),
    "takes twice": ("an answer came twice", {"box_class": TakesTwice}),
    "never lost": ("silent bridge", {"box_class": NeverLost}),
    "never asks, never lost": ("the link did not heal", {"host_class": NeverAsks, "box_class": NeverLost}),
    "forgets what was caught": ("not reported", {"box_class": ForgetsCaught}),
    "acknowledges early": ("before it was durable", {"ack_early": True}),
    "believes all": ("", _with(BelievesAll)),
    "counts nothing": ("", _with(CountsNothing)),
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
        except Exception:
            if not rule:
                return True
            raise
    return False
