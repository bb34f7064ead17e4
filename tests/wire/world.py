"""A box and a bridge joined by a faulty line, replayed from a seed; every check is made while it runs.

The seed draws the fault rates. Faults come first; then the line heals, and both ends must converge. The canaries in
test_faults.py show that the checks can fail.
"""

from __future__ import annotations

import random
from typing import Any

from rung_wire import codes
from rung_wire.box import BoxLink
from rung_wire.host import HostLink
from rung_wire.seal import PAIRED, Key

RING_BYTES = 259  # what a stalled box can hold; the rest is dropped
CLOCK_PERIOD = 1 << 30
HEAL_MS = 15_000

BOX = "aabbccddeeff"
KEY = Key(bytes(range(codes.KEY_BYTES)))
GARBAGE = (
    b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
    b'Traceback (most recent call last):\r\n  File "main.py", line 1, in <module>\r\nOSError: 28\r\n',
    b"MicroPython v1.28 on 2026-01-01; ESP32\r\n>>> ",
    b"AT\rAT+GCAP\r",
    b"!",
    b"!P0000011,E,t",
    b"~00000000\n",
)
LAMPS = [
    tuple((state, mark) for state in states)
    for states in ("olb", "bol", "kro", "ddo", "ooo")
    for mark in codes.LAMP_MARKS
]


class Line:
    """One direction: keeps the order, breaks everything else while `faulty`."""

    def __init__(self, rng: random.Random, ring_bytes: int | None = None) -> None:
        self._rng = rng
        self._ring_bytes = ring_bytes
        self._loss, self._flip, self._repeat, self._noise = (rng.random() * 0.2 for _ in range(4))
        self._most_delay_ms = rng.choice((1, 5, 40, 400))
        self._arriving: list[tuple[int, bytes]] = []
        self._past: list[bytes] = []
        self.faulty = True
        self.sent = 0

    def send(self, data: bytes, now: int) -> None:
        if not data:
            return
        self.sent += len(data)
        self._past = [*self._past[-3:], data]
        at = now + self._rng.randint(0, self._most_delay_ms)
        if self._arriving:
            at = max(at, self._arriving[-1][0])
        cut = self._rng.randint(0, len(data))
        self._arriving += [(at, self._broken(part)) for part in (data[:cut], data[cut:])]

    def _broken(self, part: bytes) -> bytes:
        if not self.faulty:
            return part
        rng = self._rng
        if part and rng.random() < self._loss:
            begin = rng.randrange(len(part))
            part = part[:begin] + part[rng.randint(begin, len(part)) :]
        if part and rng.random() < self._flip:
            place = rng.randrange(len(part))
            flipped = part[place] ^ (1 << rng.randrange(8))
            part = part[:place] + bytes((flipped,)) + part[place + 1 :]
        if rng.random() < self._noise:
            noise = rng.choice((*GARBAGE, rng.randbytes(rng.randint(1, 300))))
            part = rng.choice((part + noise, noise + part))
        if rng.random() < self._repeat:
            part += rng.choice(self._past)
        return part

    def forget(self) -> None:
        """A serial line repeats nothing from before a reset."""
        self._past = []

    def arrived(self, now: int) -> bytes:
        out = b""
        while self._arriving and self._arriving[0][0] <= now:
            out += self._arriving.pop(0)[1]
        return out if self._ring_bytes is None else out[: self._ring_bytes]

    def next_at(self) -> int:
        return self._arriving[0][0] if self._arriving else 1 << 62


class World:
    """`journal` is what is durable: it outlives every bridge. `told` are all lamps that any bridge told."""

    def __init__(
        self,
        seed: int,
        host_class: type[HostLink] = HostLink,
        box_class: type[BoxLink] = BoxLink,
        ack_early: bool = False,
    ) -> None:
        self.rng = random.Random(seed)
        self._host_class, self._box_class, self._ack_early = host_class, box_class, ack_early
        self.now = 0
        self.to_host = Line(self.rng)
        self.to_box = Line(self.rng, RING_BYTES)
        self._offset = CLOCK_PERIOD - self.rng.randrange(70_000)  # the box's clock wraps in the middle of it
        self._slow_record = self.rng.random() < 0.3
        self.accepted: dict[tuple[str, int], tuple[str, str, int, int]] = {}
        self.journal: list[tuple[str, int]] = []
        self.acked: set[tuple[str, int]] = set()
        self.results: list[tuple[str, int]] = []
        self.lamps: Any = None
        self.shown: Any = None
        self.told: list[Any] = [(0, (("o", "-"),) * 3, 0)]  # dark, until somebody tells
        self._stalled = {"box": 0, "host": 0}
        self._new_box()
        self._new_host()

    # -- both ends --------------------------------------------------------------------------------

    def _box_now(self) -> int:
        return (self.now + self._offset) % CLOCK_PERIOD

    def _new_box(self) -> None:
        self.boot = f"{self.rng.randrange(1 << 32):08x}"
        self.box = self._box_class(
            BOX, self.boot, "0.1.0", codes.BY_POWER, KEY, lambda: f"{self.rng.getrandbits(40):010x}"
        )
        self.to_host.forget()
        self.to_box.forget()
        self.shown = None

    def _new_host(self) -> None:
        self.host = self._host_class({BOX: KEY})
        self._waiting: list[tuple[int, tuple[Any, ...]]] = []
        if self.lamps is not None:
            self.host.lamps(*self.lamps, self.now)

    def _host_turn(self) -> None:
        for event in self.host.receive(self.to_host.arrived(self.now), self.now):
            if self.faulty and self.rng.random() < 0.01:
                return self._new_host()  # killed before the event was handled
            if event[0] == "hello" and event[-1] == PAIRED:
                numbers = [number for boot, number in self.journal if boot == event[2]]
                session = self.host.session % 0xFFFF + self.rng.randint(1, 0xFFF0) % 0xFFFF + 1
                nonce = f"{self.rng.getrandbits(48):012x}"
                self.host.welcome((session - 1) % 0xFFFF + 1, nonce, max(numbers, default=0))
            elif event[0] == "press":
                self._check_press(event)
                if self._ack_early:
                    self.host.ack(event[1], event[2], self.now)
                delay = self.rng.randint(0, 300) if self._slow_record or self._ack_early else 0
                self._waiting.append((self.now + delay, event))
            elif event[0] == "shown":
                assert event[1:] in self.told, "the box took lamps that nobody told"
        while self._waiting and self._waiting[0][0] <= self.now:
            self._record(*self._waiting.pop(0)[1][1:3])
        out = self.host.pump(self.now)
        assert len(out) <= RING_BYTES, "one turn overflows the ring of the box"
        self.to_box.send(out, self.now)

    def _record(self, boot: str, number: int) -> None:
        assert (boot, number) not in self.journal, "a press was given out twice"
        earlier = [known for known_boot, known in self.journal if known_boot == boot]
        assert number == len(earlier) + 1, "a press was skipped or came out of order"
        self.journal.append((boot, number))
        self.host.ack(boot, number, self.now)
        self.host.result(boot, number, codes.VERDICTS[number % 4], "W", self.now)

    def _check_press(self, event: tuple[Any, ...]) -> None:
        _, boot, number, buttons, gesture, epoch, age_ms = event
        assert (boot, number) in self.accepted, "a press that nobody made"
        made = self.accepted[boot, number]
        assert (buttons, gesture, epoch) == made[:3], "a press was changed"
        real_ms = self.now - made[3]
        # A stall of the bridge (20 s!) must not make a press look young.
        slack_ms = codes.SILENCE_MS + codes.PRESS_MOST_MS
        assert real_ms - slack_ms <= age_ms <= real_ms, f"age {age_ms} of {real_ms} ms is not fresh"

    def _box_turn(self) -> None:
        for event in self.box.receive(self.to_box.arrived(self.now), self._box_now()):
            if event[0] == "acked":
                assert (self.boot, event[1]) in self.journal, "acknowledged before it was durable"
                assert (self.boot, event[1]) not in self.acked, "acknowledged twice"
                self.acked.add((self.boot, event[1]))
            elif event[0] == "lamps":
                self.shown = event[1:3]
                told = [lamps[:2] for lamps in self.told]
                assert self.shown in told, "lamps that nobody told"
            elif event[0] == "result":
                assert event[2] == codes.VERDICTS[event[1] % 4], "an answer to another press"
                assert (self.boot, event[1]) in self.journal, "an answer before the press"
                assert (self.boot, event[1]) not in self.results, "an answer came twice"
                self.results.append((self.boot, event[1]))
            elif event[0] in ("lost", "welcome"):
                self.shown = None
        assert len(self.box.unconfirmed()) <= codes.PRESS_QUEUE_MAX
        self.to_host.send(self.box.pump(self._box_now()), self.now)

    # -- what happens to them -----------------------------------------------------------------------

    def _press(self) -> None:
        edge = self.now - self.rng.randint(0, 30)
        press = (self.rng.choice(codes.BUTTONS), self.rng.choice(codes.GESTURES), self.rng.getrandbits(32))
        box_edge = (edge + self._offset) % CLOCK_PERIOD
        number = self.box.press(*press, box_edge, self._box_now())
        if number is not None:
            self.accepted[self.boot, number] = (*press, edge)

    def _tell_lamps(self) -> None:
        self.lamps = (self.rng.getrandbits(32), self.rng.choice(LAMPS), self.rng.randrange(0x1000))
        self.told.append(self.lamps)
        self.host.lamps(*self.lamps, self.now)

    def _act(self) -> None:
        act = self.rng.random()
        if act < 0.5:
            self._press()
        elif not self.faulty:
            pass  # what was told before must come through by itself
        elif act < 0.8:
            self._tell_lamps()
        elif act < 0.85:
            self._new_box()
        elif act < 0.9:
            if self.rng.random() < 0.5:
                self.host.bye()
                self.to_box.send(self.host.pump(self.now), self.now)
            self._new_host()
        else:
            # One at a time: of a press from a box that then falls silent, a stalled bridge cannot
            # know the age (PROTOCOL.md, "Stall").
            if max(self._stalled.values()) <= self.now:
                end = self.rng.choice(("box", "host"))
                self._stalled[end] = self.now + self.rng.choice((100, 1_000, 20_000))

    def run(self, faulty_ms: int = 60_000) -> World:
        self.faulty = True
        self._run_until(faulty_ms)
        self.faulty = self.to_host.faulty = self.to_box.faulty = False
        self._stalled = {"box": 0, "host": 0}
        self._run_until(faulty_ms + HEAL_MS, quiet_after=faulty_ms + HEAL_MS // 2)
        self._check_end()
        return self

    def _run_until(self, end: int, quiet_after: int = 1 << 62) -> None:
        next_act, spins = self.now, 0
        while self.now < end:
            if next_act <= self.now:
                if self.now < quiet_after:
                    self._act()
                next_act = self.now + self.rng.randint(1, 800)
            if self._stalled["host"] <= self.now:
                self._host_turn()
            if self._stalled["box"] <= self.now:
                self._box_turn()
            before, self.now = self.now, min(end, next_act, self._next_turn())
            spins = spins + 1 if self.now == before else 0
            assert spins < 30, "next_due spins"

    def _next_turn(self) -> int:
        """Nothing but arriving bytes and `next_due` wakes an end: so it must not be too late."""
        waits = [at for at, _ in self._waiting[:1]]
        host = min(self.now + self.host.next_due(self.now), self.to_host.next_at(), *waits, 1 << 62)
        box = min(self.now + self.box.next_due(self._box_now()), self.to_box.next_at())
        return max(self.now, min(max(host, self._stalled["host"]), max(box, self._stalled["box"])))

    def _check_end(self) -> None:
        assert self.box.up(self._box_now()) and self.host.up(self.now), "the link did not heal"
        assert not self.box.unconfirmed(), "a press stays unconfirmed on a good line"
        mine = [key for key in self.accepted if key[0] == self.boot]
        assert all(key in self.journal for key in mine), "an accepted press was lost"
        assert self.acked <= set(self.journal), "an acknowledged press is not in the record"
        assert self.lamps is None or self.shown == self.lamps[:2], "the lamps lie"
