"""What stands in a box's flash, before any host has copied to it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rung import firmware

KEY: Final = "5a" * 32  # of a virtual box that nobody pairs otherwise
FLOOR: Final = {"main.py": Path(__file__).parent / "floor_program.py"}


def install(flash: Path, files: Mapping[str, Path] | None = None, key: str = KEY) -> None:
    """Copy files (name on the box to source; by default the firmware) into a flash folder, and the box's key."""
    for name, source in (firmware.files() if files is None else files).items():
        target = flash / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    if key:
        (flash / "key").write_text(f"{key}\n")
