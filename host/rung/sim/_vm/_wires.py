# mypy: ignore-errors
"""Inside the VM: the wires between this life of the box and its board.

Downwards every message is two bytes, (pin, level) or (PING, 0); upwards a kind, a length and a
payload. board.py holds the other end.

The interrupt: a thread waits for edges, keeps the levels and hands each wanted edge to
micropython.schedule, as the ESP32's interrupt routine does. So a handler runs in the main thread
between two bytecodes, or inside a sleep or poll. Unlike silicon: an idle poll notices after up to
1 ms; nothing is handled while the VM waits for a byte in the REPL or in a blocking read; there is
no `hard=True`; and an edge that finds the queue full waits FULL_MS before it is lost, since here the
host's other work may hold up the program, which no ESP32 suffers.
"""

import _thread
import time

import micropython

PING = 255
DRIVEN_LOW, DRIVEN_HIGH, OPEN = 0, 1, 2
PINS = 64
FULL_MS = 50

driven = bytearray([OPEN] * PINS)  # what the world outside does to each pin
pulled = bytearray(PINS)  # what the pull resistor makes of an open pin
listeners = [None] * PINS  # (trigger mask, handler, pin)
_link = None


def level(number):
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
    message = bytearray(2)
    read, schedule, sleep_ms = _link.readinto, micropython.schedule, time.sleep_ms
    levels, pulls, listening, pong = driven, pulled, listeners, _pong
    micropython.heap_lock()
    while read(message) == 2:
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
            handler, argument = listener[1], listener[2]
        tries = FULL_MS
        while tries:
            try:
                schedule(handler, argument)
                break
            except RuntimeError:
                sleep_ms(1)
                if number != PING:
                    tries -= 1


def _pong(_):
    """Answer from the main thread, which shows that it has taken what came before."""
    send(b"P")
