# mypy: ignore-errors
"""Inside the VM: the wires between this life of the box and its board.

Downwards every message is nine bytes: how the pin stands now, and one number, from its lowest bit: six bits of pin, one
that is empty, 30 of milliseconds, five of how many edges this is, eight and seven in 10 microseconds: their gap, and
what the first is past its millisecond. Upwards a kind, a length and a payload. board.py holds the other end. A chip has
all this in its ROM; here it takes of the firmware's heap, hence so short.

The interrupt: a thread waits for edges, keeps the levels and hands each wanted edge to
micropython.schedule, as the ESP32's interrupt routine does. So a handler runs in the main thread
between two bytecodes, or inside a sleep or poll. There it finds the clock and the pin as they were at
the edge, as it does microseconds later on silicon: here the host's other work may hold up this process
for many milliseconds. Edges of one message are handled in one go, as by a chip that was busy
meanwhile: so nothing stretches them. Unlike silicon: an idle poll notices after up to 1 ms; nothing is handled while
the VM waits for a byte in the REPL or in a blocking read; there is no `hard=True`; and an edge by
itself that finds the queue full waits FULL_MS before it is lost.
"""

import _thread
import sys
import time

from micropython import const, heap_lock, schedule

_OPEN = const(2)  # nothing outside drives the pin; 0 and 1 are levels
_FULL_MS = const(50)
PINS = 49

driven = bytearray([_OPEN] * PINS)  # what the world outside does to each pin
pulled = bytearray(PINS)  # what the pull resistor makes of an open pin
listeners = {}  # of a pin's number: (trigger mask, handler, pin)
_link = None
_edge = -1  # the edge whose handler runs, as in a message, but with its level in the empty bit


class _Replaced:
    """A module, of which one name means something else."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        return getattr(self._module, name)


def replace(module, name, value):
    """From now on programs find `value` there."""
    sys.modules[module] = _Replaced(__import__(module))
    setattr(sys.modules[module], name, value)


def ticks_ms():
    """What time.ticks_ms is to the firmware."""
    return time.ticks_ms() if _edge < 0 else _edge >> 7 & 0x3FFFFFFF


def level(number):
    if _edge >= 0 and _edge & 63 == number:
        return _edge >> 6 & 1
    return pulled[number] if driven[number] == _OPEN else driven[number]


def send(kind, payload=b""):
    _link.write(kind + len(payload).to_bytes(2, "little") + payload)


def attach(fd, levels):
    """Open the wires on an inherited descriptor; `levels` is how the pins stand now."""
    global _link
    _link = open(fd, "r+b")
    for number, value in levels:
        driven[number] = value
    _thread.start_new_thread(_listen, (bytearray(9), listeners.get))


def _listen(message, listener_of):
    """Thread. It must not allocate: this VM's threads are unsafe once two of them touch the heap.

    So the heap is locked for it, and what it needs is bound beforehand.
    """
    read, sleep_ms, levels, pulls, handle = _link.readinto, time.sleep_ms, driven, pulled, _handle
    heap_lock()
    while read(message) == 9:
        edge = 0
        place = 8
        while place:
            edge = edge << 8 | message[place]
            place -= 1
        number = edge & 63
        before = levels[number] if levels[number] != _OPEN else pulls[number]
        levels[number] = message[0]
        after = levels[number] if levels[number] != _OPEN else pulls[number]
        is_alone = edge >> 37 & 31 == 1
        listener = listener_of(number)
        if not listener or (is_alone and (before == after or not listener[0] & 2 - after)):
            continue
        edge |= after << 6
        tries = _FULL_MS if is_alone else -1
        while tries:
            try:
                schedule(handle, edge)
                break
            except RuntimeError:
                sleep_ms(1)
                tries -= 1


def _handle(edge):
    """In the main thread: the edges of a message, of which the last has led to the level that stands in it."""
    global _edge
    trigger, handler, pin = listeners.get(edge & 63) or (0, None, None)  # it may have been taken away meanwhile
    left = edge >> 37 & 31
    at = edge >> 50
    try:
        while left:
            left -= 1
            _edge = (edge & 0x1FFFFFFFFF ^ (left & 1) << 6) + (at // 100 << 7)
            if trigger & 2 - level(edge & 63):
                handler(pin)
            at += edge >> 42 & 255
    finally:
        _edge = -1
