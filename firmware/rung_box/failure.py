"""What the box does when its firmware has failed: note it, and show it for a moment."""

import time

SHOWN_MS = 3000  # long enough to be seen, and for a tool to break in between two starts


def note(error: Exception) -> None:
    """For the next life, and for whoever asks."""
    from rung_box import crashes
    from rung_box.memory import Memory

    memory = Memory()
    memory.running = False
    memory.row += 1
    memory.keep()
    crashes.keep(error)


def show(_: Exception) -> None:
    """All lamps say `fault`."""
    from rung_box.clock import now_ms
    from rung_box.rhythm import FRAME_MS, frame
    from rung_box.setup import Setup
    from rung_wire import codes, ticks

    lamps = Setup().lamps()
    begun = now_ms()
    now = begun
    while ticks.diff(now, begun) < SHOWN_MS:
        lamps.show(frame(((codes.FAULT, codes.NO_MARK, begun, 0),) * 3, now))
        time.sleep_ms(FRAME_MS)
        now = now_ms()
