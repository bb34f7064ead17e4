"""The wire between box and bridge: `box.BoxLink`, `host.HostLink`, and the codes in `codes`.

Nothing is imported here, so that a box never spends heap on the host's end.
"""

# MicroPython's compiler writes the number itself wherever a name stands that was made so; one that begins with `_` it
# does not even keep.
const = int
