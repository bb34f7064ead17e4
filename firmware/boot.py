# Rung, slots 1
"""Runs before everything else, before the host's tools too: puts the slot that starts on the path, and darkens the
lamps, which keep their light over a reset. It never raises. README.md has the table of what it may find."""

import os
import sys

import machine

POINTER = "/slot"  # "a": that slot starts. "b a 3": b is on trial, goes back to a, and has three starts left
SLOTS = ("a", "b")
ROOT = "-"  # no slot: what an older firmware has left beside them
TRIES = 3
START_MS = 30_000  # a slot on trial that has not come to its own watchdog by then hangs
PROMPT_MS = 600_000  # but where somebody is at work a bite would say nothing about it


def read() -> "list[str]":
    """The pointer's words; none where it is not there or says nothing that can be followed."""
    try:
        with open(POINTER) as file:
            words = file.read().split()
    except (OSError, ValueError):
        words = []
    if not words or words[0] not in SLOTS:
        return []
    is_trial = len(words) == 3 and words[1] != words[0] and words[1] in ["a", "b", ROOT] and words[2].isdigit()
    return words if is_trial or len(words) == 1 else []


def point(words: str) -> None:
    """Switch the pointer: whole or not at all."""
    if words == ROOT:
        os.remove(POINTER)
    else:
        with open(POINTER + ".new", "w") as file:
            file.write(words + "\n")
        os.rename(POINTER + ".new", POINTER)


def go_back() -> bool:
    """Leave a slot that is on trial; whether one was."""
    words = read()
    if len(words) == 3:
        point(words[1])
    return len(words) == 3


def _choose() -> str:
    """What starts now. A slot on trial uses up its starts by those that neither power nor a person explains."""
    words = read()
    if len(words) < 3:
        return (words or [ROOT])[0]
    name, back, tries = words
    left = int(tries)
    cause = machine.reset_cause()
    if cause == machine.WDT_RESET:
        left = -1
    elif cause == machine.SOFT_RESET:  # somebody was at the prompt
        left = TRIES
    elif cause != machine.PWRON_RESET:
        left -= 1
    try:
        if left != int(tries):
            point("%s %s %d" % (name, back, left) if left >= 0 else back)
    except OSError:  # a full flash: what is decided holds for this start all the same
        pass
    if left < 0:
        return back
    machine.WDT(timeout=PROMPT_MS if cause == machine.SOFT_RESET else START_MS)
    return name


def _path() -> None:
    name = _choose()
    if name != ROOT:
        sys.path.insert(0, "/" + name)


if __name__ == "__main__":  # and not main.py that asks for go_back
    # Not in a function: what its frame leaves behind on the stack would keep these modules alive for good.
    try:
        _path()
        from rung_box.setup import Setup

        setup = Setup()
        setup.lamps().dark()
        setup.forget()
        del Setup, setup
    except KeyboardInterrupt:  # the host's tools want the board: main.py starts nothing
        broken_in = True
    except Exception:  # nothing to start, or no lamps where they should be: main.py says so
        pass
    del read, point, go_back, _choose, _path
