"""What the box asks of MicroPython itself: the time, and memory back."""

import sys
import time

TYPE_CHECKING = False  # MicroPython has no `typing`; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable

# In whole milliseconds that wrap: `rung_wire.ticks` compares them.
now_ms: "Callable[[], int]" = time.ticks_ms  # type: ignore[assignment]  # MicroPython's types call it opaque


def forget(*modules: str) -> None:
    """What is needed once gives its memory back; whoever imports one of these again gets it anew."""
    for module in modules:
        package, _, name = module.rpartition(".")
        if sys.modules.pop(module, None) is not None:
            delattr(sys.modules[package], name)
