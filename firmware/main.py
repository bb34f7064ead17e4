"""Starts the box. Ctrl-C hands the board to the host's tools; whatever else ends the program starts the box anew."""

import asyncio
import gc
import time

import machine

IMPORT_COLLECT_BYTES = 8192  # what compiling leaves behind must not cut the heap to pieces
FAULT_SHOWN_MS = 3000  # long enough to be seen, and for a tool to break in between two starts


def main() -> None:
    stops: list = []
    try:
        try:
            _run(stops)
        except Exception:  # a box that has stopped would answer nobody: no failure is an exception to this
            try:
                _show_fault()
            except Exception:  # the lamps themselves may be the fault
                pass
            machine.reset()
    except KeyboardInterrupt:
        pass
    finally:
        _stop(stops)


def _run(stops: list) -> None:
    gc.threshold(IMPORT_COLLECT_BYTES)
    import rung_wire.box  # noqa: F401 - first, while the heap is empty: compiling it takes the most room
    from rung_box.app import App
    from rung_box.lamps import Lamps

    gc.threshold(-1)  # a collection takes long: from now on only when there is need

    lamps = Lamps()
    stops.append(lamps.dark)
    asyncio.new_event_loop()
    asyncio.run(App(lamps, stops).run())


def _show_fault() -> None:
    from rung_box.clock import now_ms
    from rung_box.lamps import Lamps
    from rung_box.rhythm import FRAME_MS, frame
    from rung_wire import codes, ticks

    lamps = Lamps()
    begun = now_ms()
    now = begun
    while ticks.diff(now, begun) < FAULT_SHOWN_MS:
        lamps.show(frame(((codes.FAULT, codes.NO_MARK, begun, 0),) * 3, now))
        time.sleep_ms(FRAME_MS)
        now = now_ms()


def _stop(stops: list) -> None:
    """Call every stop, also when Ctrl-C comes again meanwhile, as from mpremote it does."""
    while stops:
        try:
            stops[-1]()
            stops.pop()
        except KeyboardInterrupt:
            pass


main()
