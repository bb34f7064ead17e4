# mypy: ignore-errors
"""Inside the VM: the wires between this life of the box and its board.

Downwards every message is six bytes, (pin, level, four of its time); upwards a kind, a length and a payload. board.py holds the other end. A chip has all this in its ROM; here it takes of the firmware's heap, hence so
short.

The interrupt: a thread waits for edges, keeps the levels and hands each wanted edge to
micropython.schedule, as the ESP32's interrupt routine does. So a handler runs in the main thread
between two bytecodes, or inside a sleep or poll. There it finds the clock and the pin as they were at
the edge, as it does microseconds later on silicon: here the host's other work may hold up this process
for many milliseconds. Unlike silicon: an idle poll notices after up to 1 ms; nothing is handled while
the VM waits for a byte in the REPL or in a blocking read; there is no `hard=True`; and an edge that
finds the queue full waits FULL_MS before it is lost.
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
_edge = -1  # the edge whose handler runs, in one number: its time, its level and six bits of its pin


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
    return time.ticks_ms() if _edge < 0 else _edge >> 7


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
    _thread.start_new_thread(_listen, (bytearray(6), listeners.get))


def _listen(message, listener_of):
    """Thread. It must not allocate: this VM's threads are unsafe once two of them touch the heap.

    So the heap is locked for it, and what it needs is bound beforehand.
    """
    read, sleep_ms, levels, pulls, handle = _link.readinto, time.sleep_ms, driven, pulled, _handle
    heap_lock()
    while read(message) == 6:
        number = message[0]
        before = levels[number] if levels[number] != _OPEN else pulls[number]
        levels[number] = message[1]
        after = levels[number] if levels[number] != _OPEN else pulls[number]
        listener = listener_of(number)
        if not listener or before == after or not listener[0] & (1 if after else 2):
            continue
        ms = message[2] | message[3] << 8 | message[4] << 16 | message[5] << 24
        edge = ms << 7 | after << 6 | number
        tries = _FULL_MS
        while tries:
            try:
                schedule(handle, edge)
                break
            except RuntimeError:
                sleep_ms(1)
                tries -= 1


def _handle(edge):
    """In the main thread."""
    global _edge
    listener = listeners.get(edge & 63)
    if listener:  # else it has been taken away meanwhile
        _edge = edge
        try:
            listener[1](listener[2])
        finally:
            _edge = -1
