"""Runs before everything else, before the host's tools too: the lamps keep their light over a reset, and what they told
then holds no longer."""

try:
    from rung_box.setup import Setup

    setup = Setup()
    setup.lamps().dark()
    setup.forget()
    del Setup, setup
except Exception:  # the box has not been flashed, or not to the end, or has a wrong pin: main.py says so
    pass
