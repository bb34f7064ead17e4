"""Safe mode: after failures in a row the firmware does not run. Lamps and line say so; Ctrl-C hands the board over.

It needs as little of the firmware as can be, since that is what has failed; and no watchdog, so that there is time to
mend it.
"""

import binascii
import sys
import time

_SAY_MS = 2000
STEP_MS = 400
_AMBER, _DARK = (90, 45, 0), (0, 0, 0)


def stay(what: str, stops: list) -> None:
    """For ever. `what` failed last; `stops` collects what must be called when Ctrl-C ends it."""
    import machine

    lamps = None
    try:
        from rung_box.setup import Setup

        lamps = Setup().lamps()
        stops.append(lamps.dark)
    except Exception:  # the lamps may be what has failed: the line says so all the same
        pass
    line = frame(binascii.hexlify(machine.unique_id()).decode(), what)
    step = 0
    while True:
        if lamps is not None:
            lamps.show(colours(step))
        if step * STEP_MS % _SAY_MS == 0:
            sys.stdout.write(line)
        time.sleep_ms(STEP_MS)
        step += 1


def colours(step: int):
    """One light wanders over the three lamps."""
    return tuple([_AMBER if index == step % 3 else _DARK for index in range(3)])


def frame(box: str, what: str) -> str:
    """TROUBLE, written by hand: the module that writes frames may be the broken one."""
    body = "T000000%s,s,%s~" % (box, what or "unknown")
    return "!%s%08x\n" % (body, binascii.crc32(body.encode()))
