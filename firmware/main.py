"""Starts the box. Ctrl-C hands the board to the host's tools; whatever else ends the program starts the box anew, until
that has been so three times in a row: then it stays in safe mode."""

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
        except Exception as error:  # a box that has stopped would answer nobody: no failure is an exception to this
            _fail(error)
            machine.reset()
    except KeyboardInterrupt:
        _hand_over()
    finally:
        _stop(stops)


def _run(stops: list) -> None:
    gc.threshold(IMPORT_COLLECT_BYTES)
    import rung_wire.box  # noqa: F401 - first, while the heap is empty: compiling it takes the most room
    from rung_box import crashes, safe
    from rung_box.clock import now_ms
    from rung_box.lamps import Lamps
    from rung_box.memory import Memory

    memory = Memory()
    cause = machine.reset_cause()
    if cause == machine.PWRON_RESET:
        memory.row = 0
    elif memory.running and cause == machine.WDT_RESET:
        crashes.keep_bite()
        memory.row += 1
    memory.running = True
    memory.keep()
    lamps = Lamps()
    stops.append(lamps.dark)
    if memory.row >= safe.AFTER_FAILURES:
        safe.stay(crashes.newest(), lamps)

    from rung_box.app import App
    from rung_box.watchdog import Watchdog

    watchdog = Watchdog(now_ms())
    gc.threshold(-1)  # a collection takes long: from now on only when there is need

    asyncio.new_event_loop()
    asyncio.run(App(lamps, memory, watchdog, stops).run())


def _fail(error: Exception) -> None:
    """Note it and show it, as far as that is possible."""
    for act in (_note, _show_fault):
        gc.collect()
        try:
            act(error)
        except Exception:  # what is needed for it may be the very fault
            pass


def _note(error: Exception) -> None:
    from rung_box import crashes
    from rung_box.memory import Memory

    memory = Memory()
    memory.running = False
    memory.row += 1
    memory.keep()
    crashes.keep(error)


def _show_fault(_: Exception) -> None:
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


def _hand_over() -> None:
    """Whoever breaks in takes the box on: what failed before counts no more."""
    try:
        from rung_box.memory import Memory

        memory = Memory()
        memory.running = False
        memory.row = 0
        memory.keep()
    except (Exception, KeyboardInterrupt):  # mpremote sends Ctrl-C more than once
        pass


def _stop(stops: list) -> None:
    """Call every stop, also when Ctrl-C comes again meanwhile, as from mpremote it does."""
    while stops:
        try:
            stops[-1]()
            stops.pop()
        except KeyboardInterrupt:
            pass


main()
