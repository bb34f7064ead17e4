"""The box's clock, in whole milliseconds that wrap: `rung_wire.ticks` compares them."""

import time

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable

now_ms: "Callable[[], int]" = time.ticks_ms  # type: ignore[assignment]  # MicroPython's types call it opaque
