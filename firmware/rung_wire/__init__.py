"""The wire between box and bridge: `box.BoxLink`, `host.HostLink`, and the codes in `codes`.

Nothing is imported here, so that a box never spends heap on the host's end.
"""


def const(number: int) -> int:
    """MicroPython's compiler writes the number wherever a name stands that begins with `_`, and keeps no such name."""
    return number
