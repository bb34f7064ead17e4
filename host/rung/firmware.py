"""Where the box's firmware stands on this host, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from msgspec import Struct


def files() -> dict[str, Path]:
    """The firmware's files: name on the box (such as `rung_box/lamps.py`) to source.

    `rung_wire` is the very package that the host imports. Raises FileNotFoundError when a part is
    not there.
    """
    rest = _rest()
    found = {name: rest / name for name in ("boot.py", "main.py") if (rest / name).is_file()}
    for package in (rest / "rung_box", _wire()):
        for source in sorted(package.rglob("*.py")):
            found[f"{package.name}/{source.relative_to(package).as_posix()}"] = source
    return found


def _rest() -> Path:
    here = Path(__file__).parent
    for place in (here / "_firmware", here.parents[1] / "firmware"):
        if (place / "rung_box").is_dir():
            return place
    raise FileNotFoundError("no firmware beside rung: neither a wheel's nor a checkout's")


def _wire() -> Path:
    package = importlib.util.find_spec("rung_wire")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("the package rung_wire is not installed")
    return Path(package.submodule_search_locations[0])


class Build(Struct, frozen=True):
    """The firmware as it travels to a board."""

    version: str
    files: dict[str, bytes]  # of the slot: name (such as `rung_box/lamps.mpy`) to content; its `manifest` is one
    outside: dict[str, bytes]  # boot.py and main.py
    compiled: bool  # False: the sources travel, since the board's MicroPython loads nothing that can be compiled here


def build(mpy: int) -> Build:
    """The firmware for a board whose `sys.implementation._mpy` is ``mpy`` (0: sources); quick when asked again."""
    raise NotImplementedError
