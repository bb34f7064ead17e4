"""MicroPython's image, written by the real esptool to a mock of the chips' own bootloader."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.fleet.images import image
from tests.real.test_pair import rung

from rung.fleet.esptool import write_image
from rung.fleet.image import CHIPS, ImageError, read_image
from rung.fleet.inventory import Inventory
from rung.link.hello import Hello, greeted
from rung.link.keys import read_keys
from rung.sim.box import VirtualBox
from rung_wire.names import PAIRED

pytest.importorskip("esptool", reason="needs esptool: pip install 'rung[flash]'")
pytest.importorskip("esp32_mock_bootloader", reason="needs the mock: pip install esp32-mock-bootloader")

PATIENCE_S = 30.0
MOCKS_MAC = "240ac4e29526"
SERVE = "from esp32_mock_bootloader.cli import main; main(['run', '--chip', '{chip}', '--port', '{port}'])"
WORN = """
from esp32_mock_bootloader.server import FlashImage
write = FlashImage.write_defl_block
def worn(self, payload):
    write(self, payload)
    self.data[0x12345] ^= 1
FlashImage.write_defl_block = worn
"""


@contextmanager
def chip(kind: str, before: str = "") -> Iterator[str]:
    """A chip in its bootloader; the port to reach it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = before + SERVE.format(chip=kind, port=port)
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", program], **silent) as process:  # type: ignore[call-overload]
        try:
            _wait_for(port)
            yield f"socket://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end, "the mock did not start"
            time.sleep(0.05)


def verified(port: str, file: Path, offset: int) -> bool:
    """Whether esptool, asked anew, finds the file in the flash."""
    options = ["--port", port, "--before", "no-reset", "--after", "no-reset"]
    command = [sys.executable, "-m", "esptool", *options, "verify-flash", hex(offset), str(file)]
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "micropython.bin"
    file.write_bytes(image())
    return file


@pytest.mark.parametrize(("number", "kind"), [(0, "esp32"), (9, "esp32s3")])
def test_an_image_is_written_at_the_chips_own_offset_and_verified(file: Path, number: int, kind: str) -> None:
    file.write_bytes(image(number))
    with chip(kind) as port:
        offset = CHIPS[number][1]
        assert not verified(port, file, offset)
        done: list[tuple[int, int]] = []
        written = write_image(port, read_image(file), lambda *far: done.append(far))
        assert verified(port, file, offset)
    assert len(written.id) == 12 and int(written.id, 16) and done[-1] == (100, 100)


def test_an_image_for_another_chip_is_refused_and_nothing_is_written(file: Path) -> None:
    with chip("esp32s3") as port:
        with pytest.raises(ImageError, match=r"the chip is ESP32-S3, and .* is for ESP32; take the image of that"):
            write_image(port, read_image(file), lambda *_: None)
        assert not verified(port, file, 0x1000)


def test_a_flash_that_does_not_keep_what_is_written_is_told(file: Path) -> None:
    with chip("esp32", WORN) as port, pytest.raises(ImageError, match=f"what stands in the flash is not {file}"):
        write_image(port, read_image(file), lambda *_: None)


def test_no_chip_in_its_bootloader_is_told(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ImageError, match="no chip answers in its bootloader; hold BOOT"):
            write_image(port, read_image(file), lambda *_: None)
    with pytest.raises(ImageError, match="cannot be opened"):
        write_image(port, read_image(file), lambda *_: None)


def test_the_command_refuses_a_bad_image_before_it_looks_at_any_port(file: Path, tmp_path: Path) -> None:
    file.write_bytes(image()[:-100])
    code, said = rung("flash", "--port", "/dev/none", "--image", file, "--yes", "--fleet", tmp_path / "fleet")
    assert (code, said) == (2, f"rung: {file}: its program is cut off; download it again\n")


def test_an_empty_chip_becomes_a_paired_box_in_one_command_beside_one_that_is_another_chip(
    file: Path, tmp_path: Path
) -> None:
    """A port with a chip in its bootloader, and after esptool has reset it, with that chip running MicroPython."""
    pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")
    port, fleet = tmp_path / "ttyX0", tmp_path / "fleet"
    _is_known(fleet, MOCKS_MAC, "north")
    box = VirtualBox(link=tmp_path / "ttyRUNG0", unique_id=MOCKS_MAC)
    with bootloader(port), chip("esp32s3") as other, box:
        ports = ["--port", str(port), "--port", other]
        command = [sys.executable, "-u", "-m", "rung", "flash", *ports, "--image", str(file), "--yes"]
        told = []
        with subprocess.Popen([*command, "--fleet", str(fleet)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                told.append(line.rstrip())
                if "first start" in line:
                    (tmp_path / "new").symlink_to(box.port)
                    (tmp_path / "new").replace(port)
        *_, right, summary = told
        assert f"{other}: the chip is ESP32-S3, and {file} is for ESP32; take the image of that chip" in told
        assert right.startswith(f"{port}: box {MOCKS_MAC} runs firmware") and "desk north" in right, told
        assert (process.returncode, summary) == (1, "1 of 2 boards run what is wanted")
        hello = greeted(box.port, read_keys(fleet / "north" / "keys"), PATIENCE_S)
        assert isinstance(hello, Hello) and hello.trust == PAIRED


def _is_known(fleet: Path, box: str, desk: str) -> None:
    with closing(Inventory(fleet / "fleet.db")) as inventory:
        inventory.saw(box)
        inventory.rename(box, desk)


@contextmanager
def bootloader(port: Path) -> Iterator[None]:
    """An ESP32 in its bootloader behind a serial port."""
    command = [sys.executable, "-u", "-m", "esp32_mock_bootloader.cli", "run", "--chip", "esp32", "--pty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            port.symlink_to(process.stdout.readline().strip())
            yield
        finally:
            process.kill()
