"""Runs before everything else, before the host's tools too: the lamps keep their light over a reset, and what they told
then holds no longer."""

try:
    from rung_box.lamps import Lamps

    Lamps().dark()
except ImportError:
    pass  # the box has not been flashed, or not to the end
