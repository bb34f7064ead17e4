"""What stands in a box's flash, before any host has copied to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rung import firmware

KEY: Final = "5a" * 32  # of a virtual box that nobody pairs otherwise
SLOT: Final = "a"  # the one that starts
FLOOR: Final = {"main.py": Path(__file__).parent / "floor_program.py"}


def install(flash: Path, files: Mapping[str, Path] | None = None, key: str = KEY) -> None:
    """Copy files (name on the box to source; by default the firmware, in a slot) into a flash folder, and a key."""
    contents = _firmware() if files is None else {name: source.read_bytes() for name, source in files.items()}
    for name, content in contents.items():
        target = flash / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if key:
        (flash / "key").write_text(f"{key}\n")


def _firmware() -> dict[str, bytes]:
    """The flash of a box whose firmware is on trial no more."""
    slot = firmware.build().files
    outside = {name: slot[f"outside/{name}"] for name in firmware.OUTSIDE}
    return {f"{SLOT}/{name}": content for name, content in slot.items()} | outside | {"slot": f"{SLOT}\n".encode()}
