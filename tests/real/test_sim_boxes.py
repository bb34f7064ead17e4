"""`rung sim boxes`: the ports that it tells work, what else hangs on the hub does not, and the flash outlives it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from tests.real.box_rig import PATIENCE, read_until
from tests.real.host_end import HostEnd

from rung_wire.host import HostLink


@contextmanager
def hub(folder: Path, *options: str) -> Iterator[list[str]]:
    """The lines that the command tells; interrupted at the end, it must leave no port."""
    command = [sys.executable, "-m", "rung", "sim", "boxes", *options, "--full-speed", "--folder", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    try:
        while not lines or not lines[-1].startswith("Flash them"):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        yield lines
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        process.stdout.close()
    assert list(folder.glob("tty*")) == []


def mpremote(port: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mpremote", "connect", str(port), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_bare_boxes_keep_what_is_put_on_them(tmp_path: Path) -> None:
    folder = tmp_path / "boxes"
    with hub(folder, "2", "--bare") as lines:
        assert [line.split()[0] for line in lines[:2]] == [str(folder / "ttyRUNG0"), str(folder / "ttyRUNG1")]
        ids = [
            mpremote(folder / f"ttyRUNG{n}", "exec", "import machine; print(machine.unique_id().hex())") for n in (0, 1)
        ]
        assert [done.stdout.strip() for done in ids] == [line.split()[2] for line in lines[:2]]
        assert mpremote(folder / "ttyRUNG1", "exec", "with open('kept', 'w') as f: f.write('here')").returncode == 0
    with hub(folder, "2", "--bare"):
        assert mpremote(folder / "ttyRUNG1", "fs", "cat", ":kept").stdout == "here"
        assert mpremote(folder / "ttyRUNG0", "fs", "cat", ":kept").returncode != 0


def test_flashed_boxes_greet_and_odd_neighbours_are_odd(tmp_path: Path) -> None:
    folder = tmp_path / "boxes"
    with hub(folder, "2", "--foreign", "--taken") as lines:
        assert "held by this program" in lines[1]
        assert "GPS" in lines[2]
        host = HostEnd(str(folder / "ttyRUNG0"))
        host.link = HostLink({})
        with host:
            host.wait("hello")
        assert "in use by another program" in mpremote(folder / "ttyRUNG1", "eval", "1").stderr
        with serial.Serial(str(folder / "ttyGPS0")) as port:
            read_until(port, b"*47\r\n")


def test_without_a_folder_that_may_be_made_it_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "rung", "sim", "boxes", "1", "--bare", "--folder", str(tmp_path / "file" / "x")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
