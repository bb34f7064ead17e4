"""Prints what both ends say under a seeded faulty line: the same on every interpreter that runs the wire.

Written in what MicroPython knows. argv: the folder that holds `rung_wire`.
"""

import sys

sys.path.insert(0, sys.argv[1])

from rung_wire import codes, names
from rung_wire.box import BoxLink
from rung_wire.frame import Decoder, encode, pack, text_of
from rung_wire.host import HostLink
from rung_wire.names import PAIRED
from rung_wire.seal import Key

SEEDS = 12
TURNS = 400
PERIOD = 1 << 30
KEY = Key(bytes(range(32)))
LAMPS = (("b", "-"), ("l", "a"), ("o", "f"))


class Dice:
    """The same numbers on every interpreter."""

    def __init__(self, seed):
        self._state = seed

    def below(self, most):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % most


def broken(data, dice):
    """Lose, flip, repeat or surround some bytes."""
    fault = dice.below(12)
    if not data or fault > 4:
        return data
    place = dice.below(len(data))
    if fault == 0:
        return data[:place]
    if fault == 1:
        return data[:place] + bytes([data[place] ^ (1 << dice.below(8))]) + data[place + 1 :]
    if fault == 2:
        return data + data
    if fault == 3:
        return b"ets Jul 29 2019\r\n!AT\r" + data + b"\xff\xc3\x28~\n"
    return bytes([dice.below(256) for _ in range(200)]) + data


def frames():
    """Every kind of frame with its longest and its shortest numbers, there and back."""
    for table, rules, most in (
        (names.BOX_FRAMES, codes.BOX_FRAMES, codes.BOX_FRAME_MAX_BYTES),
        (names.HOST_FRAMES, codes.HOST_FRAMES, codes.HOST_FRAME_MAX_BYTES),
    ):
        for kind in sorted(table):
            for digit in ("0", "f"):
                values = []
                for _, form, rule in table[kind][1]:
                    if form == names.ONE_OF:
                        values.append(rule[-1])
                    elif form == names.LAMP:
                        values.append("k-")
                    else:
                        values.append(int(digit * rule, 16) if form == names.NUMBER else digit * rule)
                text = text_of(kind, 255, 65535, pack(kind, tuple(values)))
                data = encode(text, KEY.tag(text))
                print(data, Decoder(rules, most).feed(b"!x" + data))


def story(seed):
    """Both ends over a faulty line; the clock of the box wraps on the way."""
    dice = Dice(seed)
    now = 0
    offset = PERIOD - 3000
    box = BoxLink("aabbccddeeff", f"{seed:08x}", "0.1.0", codes.BY_POWER, KEY, lambda: f"{dice.below(1 << 20):010x}")
    host = HostLink({"aabbccddeeff": KEY})
    session = seed
    to_box = b""
    for turn in range(TURNS):
        now += 1 + dice.below(120) if dice.below(40) else 2500
        box_now = (now + offset) % PERIOD
        if dice.below(10) == 0:
            print("made", box.press("R", "h", turn, (box_now - 7) % PERIOD, box_now))
        if dice.below(12) == 0:
            host.lamps(turn, LAMPS, dice.below(64), now)
        for event in box.receive(broken(to_box, dice), box_now):
            print("box", event)
        to_host = box.pump(box_now)
        for event in host.receive(broken(to_host, dice), now):
            print("host", event)
            if event[0] == "hello" and event[-1] == PAIRED:
                session += 1
                host.welcome(session, f"{dice.below(1 << 20):012x}", 0, now)
            elif event[0] == "press":
                host.ack(event[1], event[2], now)
                host.result(event[1], event[2], "r", "W", now)
        to_box = host.pump(now)
        print(now, to_host, to_box, box.next_due(box_now), host.next_due(now))
    for link in (box, host):
        print(link.state, link.bad_frames, link.noise_bytes, link.strays, link.unproven, link.illegal)


def noise():
    """A megabyte of random bytes."""
    dice = Dice(7)
    box = BoxLink("aa", "bb", "0", codes.BY_POWER, KEY, lambda: "0")
    block = bytes([dice.below(256) for _ in range(4099)])
    for _ in range(256):
        box.receive(block, 0)
    print(box.state, box.bad_frames, box.noise_bytes)


frames()
for number in range(1, SEEDS + 1):
    story(number)
noise()
