"""The wire between box and bridge: `rung_wire.box.BoxLink` and `rung_wire.host.HostLink`; codes in `rung_wire.codes`.

Nothing is imported here, so that a box never spends heap on the host's end.
"""
