"""The box: three buttons, three lamps and a line to the host."""

VERSION = "0.1.0"
