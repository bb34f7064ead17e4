# Rung, slots 1
"""Starts the firmware that boot.py has put on the path. Ctrl-C hands the board to the host's tools; when the firmware
fails, a slot on trial goes back, and the board starts anew."""

import sys
import time

import machine

PAUSE_S = 3  # between two starts of what cannot even be loaded: time for a tool to break in
PROMPT_MS = 30_000  # a stray Ctrl-C, which a flipped bit can make, must not leave the box at its prompt for good

try:
    if globals().get("broken_in"):  # in boot.py
        raise KeyboardInterrupt
    import rung_box.start  # noqa: F401  # runs until Ctrl-C
except KeyboardInterrupt:  # too early for the firmware to hand the board over
    machine.WDT(timeout=PROMPT_MS)
except Exception as error:
    if "rung_box.failure" not in sys.modules:  # nobody has shown it yet
        sys.print_exception(error)
        time.sleep(PAUSE_S)
    try:
        import boot

        again = boot.go_back() or "rung_box" in sys.modules  # else there is no firmware: wait for one
    except Exception:  # a full flash, or a full heap: boot.py counts the starts
        again = True
    if again:
        machine.reset()
