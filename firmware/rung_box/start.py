"""Starts the box, when it is imported, and runs it. Ctrl-C hands the board to the host's tools; whatever else ends the
program is noted and shown, and main.py starts the box anew; three times in a row, and it stays in safe mode."""

import gc

import machine

IMPORT_COLLECT_BYTES = 8192  # what compiling leaves behind must not cut the heap to pieces
FAILURES = 3  # in a row: then safe mode


def main() -> None:
    stops: list = []
    try:
        try:
            _run(stops)
        except Exception as error:  # a box that has stopped would answer nobody: no failure is an exception to this
            _stop(stops)
            _fail(error)
            raise
    except KeyboardInterrupt:
        _hand_over()
    finally:
        _stop(stops)


def _run(stops: list) -> None:
    gc.threshold(IMPORT_COLLECT_BYTES)
    # First, while the heap is empty: compiling these takes the most room.
    import rung_wire.box  # noqa: F401, I001
    import rung_box.gestures  # noqa: F401
    from rung_box.memory import Memory

    memory = Memory()
    cause = machine.reset_cause()
    if cause == machine.PWRON_RESET:
        memory.row = 0
    elif memory.running and cause == machine.WDT_RESET:
        from rung_box import crashes

        crashes.keep_bite()
        memory.row += 1
    memory.running = True
    memory.keep()
    if memory.row >= FAILURES:
        from rung_box import crashes, safe

        safe.stay(crashes.newest(), stops)

    app = _build(memory, cause, stops)
    gc.threshold(-1)  # a collection takes long: from now on only when there is need
    gc.collect()
    app.run()


def _build(memory, cause: int, stops: list):
    """The box, ready to run."""
    from rung_box.app import App
    from rung_box.clock import now_ms
    from rung_box.once import forget
    from rung_box.setup import Setup
    from rung_box.watchdog import Watchdog

    watchdog = Watchdog(now_ms())
    setup = Setup()
    lamps = setup.lamps()
    stops.append(lamps.dark)
    if cause == machine.PWRON_RESET:
        from rung_box import selftest

        selftest.run_if_wanted(setup, lamps, lambda: watchdog.feed(now_ms()))
        forget("rung_box.selftest")
    app = App(setup, lamps, memory, watchdog, stops)
    setup.forget()
    return app


def _fail(error: Exception) -> None:
    """Note it and show it, as far as that is possible."""
    for act in ("note", "show"):
        gc.collect()
        try:
            from rung_box import failure

            getattr(failure, act)(error)
        except Exception:  # what is needed for it may be the very fault
            pass


def _hand_over() -> None:
    """Whoever breaks in takes the box on: what failed before counts no more."""
    try:
        from rung_box.memory import Memory

        memory = Memory()
        memory.running = False
        memory.row = 0
        memory.keep()
        from rung_box import trial

        trial.interrupted()
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
