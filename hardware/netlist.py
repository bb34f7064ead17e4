"""The netlist, in KiCad's form: for checking the wires one by one, and for whoever lays out a board."""

from __future__ import annotations

import re

from hardware.boards import Board
from hardware.circuit import build
from hardware.quiet import complaints, rt_logger, skidl


def netlist(board: Board) -> str:
    """The same text for the same circuit: without the day it was written."""
    circuit = build(board)
    with complaints(rt_logger):  # of footprints, which a box that is wired by hand has not
        text = str(circuit.generate_netlist(tool=skidl.KICAD9, do_backup=False, track_src=False))
    text = re.sub(r'\n *\(date "[^"]*"\)', "", text)
    return re.sub(r'\(source "[^"]*"\)', '(source "hardware/circuit.py")', text).rstrip() + "\n"
