# mypy: ignore-errors
"""Inside the VM: the wires between this life of the box and its board.

Downwards every message is six bytes, (pin, level, four of its time) or (PING, …); upwards a kind, a length and a
payload. board.py holds the other end.

The interrupt: a thread waits for edges, keeps the levels and hands each wanted edge to
micropython.schedule, as the ESP32's interrupt routine does. So a handler runs in the main thread
between two bytecodes, or inside a sleep or poll. There it finds the clock and the pin as they were at
the edge, as it does microseconds later on silicon: here the host's other work may hold up this process
for many milliseconds. Unlike silicon: an idle poll notices after up to 1 ms; nothing is handled while
the VM waits for a byte in the REPL or in a blocking read; there is no `hard=True`; and an edge that
finds the queue full waits FULL_MS before it is lost.
"""

import _thread
import time
from array import array

import micropython

PING = 255
DRIVEN_LOW, DRIVEN_HIGH, OPEN = 0, 1, 2
PINS = 64
FULL_MS = 50

driven = bytearray([OPEN] * PINS)  # what the world outside does to each pin
pulled = bytearray(PINS)  # what the pull resistor makes of an open pin
listeners = [None] * PINS  # (trigger mask, handler, pin)
_link = None

# Edges on their way to their handlers: what they were and when.
EDGES = 32  # more than micropython.schedule takes
_edges = [None] * EDGES  # listeners
_levels = bytearray(EDGES)
_times = array("I", [0] * EDGES)
_handling = None  # the edge whose handler runs
_ticks_ms = time.ticks_ms


def ticks_ms():
    """What time.ticks_ms is to the firmware."""
    return _ticks_ms() if _handling is None else _times[_handling]


def level(number):
    if _handling is not None and _edges[_handling][2].number == number:
        return _levels[_handling]
    return pulled[number] if driven[number] == OPEN else driven[number]


def send(kind, payload=b""):
    _link.write(kind + len(payload).to_bytes(2, "little") + payload)


def attach(fd, levels):
    """Open the wires on an inherited descriptor; `levels` is how the pins stand now."""
    global _link
    _link = open(fd, "r+b")
    for number, value in levels:
        driven[number] = value
    _thread.start_new_thread(_listen, ())


def _listen():
    """Thread. It must not allocate: this VM's threads are unsafe once two of them touch the heap.

    So the heap is locked for it, and all is in one function with its names bound beforehand.
    """
    message = bytearray(6)
    place = 0
    read, schedule, sleep_ms = _link.readinto, micropython.schedule, time.sleep_ms
    levels, pulls, listening, pong = driven, pulled, listeners, _pong
    edges, edge_levels, times, handle = _edges, _levels, _times, _handle
    micropython.heap_lock()
    while read(message) == 6:
        number = message[0]
        if number == PING:
            handler = argument = pong
        else:
            before = levels[number] if levels[number] != OPEN else pulls[number]
            levels[number] = message[1]
            after = levels[number] if levels[number] != OPEN else pulls[number]
            listener = listening[number]
            if not listener or before == after or not listener[0] & (1 if after else 2):
                continue
            place = (place + 1) % EDGES
            edges[place] = listener
            edge_levels[place] = after
            times[place] = message[2] | message[3] << 8 | message[4] << 16 | message[5] << 24
            handler, argument = handle, place
        tries = FULL_MS
        while tries:
            try:
                schedule(handler, argument)
                break
            except RuntimeError:
                sleep_ms(1)
                if number != PING:
                    tries -= 1


def _handle(place):
    global _handling
    _handling = place
    try:
        _edges[place][1](_edges[place][2])
    finally:
        _handling = None


def _pong(_):
    """Answer from the main thread, which shows that it has taken what came before."""
    send(b"P")
