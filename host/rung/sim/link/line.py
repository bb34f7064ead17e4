"""One direction of a bad line."""

import random
from binascii import crc32
from bisect import insort
from collections import Counter

RING_BYTES = 259  # what a box's input ring holds; the rest is dropped
DELAY_MOST_MS = 300  # of anything on its way
TAPE_CHUNKS = 200  # what somebody with a recorder keeps

GARBAGE = (
    b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
    b'Traceback (most recent call last):\r\n  File "main.py", line 1, in <module>\r\nOSError: 28\r\n',
    b"MicroPython v1.28 on 2026-01-01; ESP32\r\n>>> ",
    b"AT\rAT+GCAP\r",
    b"!",
    b"!P0000011,E,t",
    b"~00000000\n",
)


LIKELY = b"0123456789abcdefEWRthcolbkrd-"  # what stands in fields


def forged(frames: bytes, rng: random.Random) -> bytes:
    """The same with one character of each changed, and its sum made right: what somebody without the key can make."""
    out = b""
    for frame in frames.split(b"\n"):
        body = frame[1:-8]
        if not frame.startswith(b"!") or not body:
            continue
        place = rng.randrange(len(body))
        other = rng.choice(LIKELY.replace(body[place : place + 1], b""))
        body = b"%b%c%b" % (body[:place], other, body[place + 1 :])
        out += b"!%b%08x\n" % (body, crc32(body))
    return out


class BadLine:
    """Bytes go in with `send` and come out with `arrived`. Every fault is counted by its kind in ``faults``."""

    def __init__(self, rng: random.Random, faults: "Counter[str]", ring_bytes: int | None = None) -> None:
        self._rng = rng
        self._faults = faults
        self._ring_bytes = ring_bytes
        self._loss, self._flip, self._repeat, self._noise = (rng.random() * 0.25 for _ in range(4))
        self._split = rng.choice((0.3, 0.3, 1.0))
        self._drips = rng.random() < 0.05  # byte by byte
        self._usual_ms = rng.choice((1, 5, 40))
        self._burst_until = 0
        self._arriving: list[tuple[int, int, bytes]] = []  # when, in which order sent
        self._sent = 0
        self.tape: list[bytes] = []
        self.is_bad = True
        self.is_cut = False

    def send(self, data: bytes, now: int) -> None:
        if not data:
            return
        if self.is_cut:
            self._faults["cut off"] += 1
            return
        self.tape = [*self.tape[1 - TAPE_CHUNKS :], data]
        for part in self._parts(data):
            self._put(self._broken(part), now)

    def add(self, data: bytes, now: int) -> None:
        """Bytes that neither end has sent."""
        self._faults["added"] += 1
        self._put(data, now)

    def arrived(self, now: int) -> bytes:
        out = b""
        while self._arriving and self._arriving[0][0] <= now:
            out += self._arriving.pop(0)[2]
        if self._ring_bytes is not None and len(out) > self._ring_bytes:
            self._faults["overrun"] += 1
            return out[: self._ring_bytes]
        return out

    def next_at(self) -> int:
        return self._arriving[0][0] if self._arriving else 1 << 62

    def lose_all(self) -> None:
        """What is on its way is gone."""
        self._arriving = []

    def heal(self) -> None:
        self.is_bad = self.is_cut = False
        self._usual_ms = 1

    def _parts(self, data: bytes) -> list[bytes]:
        if not self.is_bad:
            return [data]
        if self._drips:
            self._faults["split"] += len(data) - 1
            return [data[at : at + 1] for at in range(len(data))]
        if self._rng.random() >= self._split:
            return [data]
        self._faults["split"] += 1
        cut = self._rng.randint(0, len(data))
        return [data[:cut], data[cut:]]

    def _put(self, part: bytes, now: int) -> None:
        at = now + self._rng.randint(0, self._usual_ms)
        last = self._arriving[-1][0] if self._arriving else 0
        if self.is_bad and now >= self._burst_until and self._rng.random() < 0.02:
            self._burst_until = now + self._rng.randint(20, DELAY_MOST_MS)
        if self.is_bad and now < self._burst_until:
            at = now + self._rng.randint(0, DELAY_MOST_MS)
            self._faults["reordered"] += at < last
        else:
            at = max(at, last)
        self._sent += 1
        insort(self._arriving, (at, self._sent, part))

    def _broken(self, part: bytes) -> bytes:
        if not self.is_bad or not part:
            return part
        rng, weight = self._rng, 0.05 if self._drips else 1.0
        if rng.random() < self._loss * weight:
            self._faults["lost"] += 1
            begin = rng.randrange(len(part))
            part = part[:begin] + part[rng.randint(begin, len(part)) :]
        if part and rng.random() < self._flip * weight:
            self._faults["flipped"] += 1
            place = rng.randrange(len(part))
            part = part[:place] + bytes((part[place] ^ (1 << rng.randrange(8)),)) + part[place + 1 :]
        if rng.random() < self._noise * weight:
            self._faults["noise"] += 1
            noise = rng.choice((*GARBAGE, rng.randbytes(rng.randint(1, 300))))
            part = rng.choice((part + noise, noise + part))
        if rng.random() < self._repeat * weight:
            self._faults["repeated"] += 1
            part += rng.choice(self.tape[-3:])
        return part
