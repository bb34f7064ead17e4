"""The wire between box and bridge: `box.BoxLink`, `host.HostLink`, and the codes in `codes`.

Nothing is imported here, so that a box never spends heap on the host's end.
"""
