"""Which ports may have a board, and which are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from serial.tools import list_ports

from rung.fleet.ports import Candidate, back_at, look, place_of


class Usb(NamedTuple):
    device: str
    vid: int | None
    pid: int | None
    description: str = "n/a"
    location: str | None = None


CP2102, MICROPYTHON, JTAG = (0x10C4, 0xEA60), (0x303A, 0x4001), (0x303A, 0x1001)
MODEM, PICO = (0x1199, 0x9071), (0x2E8A, 0x0005)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Usb]:
    ports: list[Usb] = []
    monkeypatch.setattr(list_ports, "comports", lambda: list(ports))
    return ports


def test_only_micropythons_own_ids_allow_a_program_to_be_interrupted_unasked(plugged: list[Usb]) -> None:
    plugged += [Usb("/dev/ttyACM1", *JTAG), Usb("/dev/ttyACM0", *MICROPYTHON), Usb("/dev/ttyUSB0", *CP2102)]
    found, left = look((), None)
    assert found == [Candidate("/dev/ttyACM0", sure=True), Candidate("/dev/ttyACM1"), Candidate("/dev/ttyUSB0")]
    assert left == []


def test_what_has_no_boards_ids_is_left_alone_and_told(plugged: list[Usb]) -> None:
    plugged += [Usb("/dev/ttyACM0", *MODEM, "a modem"), Usb("/dev/ttyACM1", *PICO), Usb("/dev/ttyS0", None, None)]
    found, left = look((), None)
    assert found == []
    assert [str(port) for port in left] == [
        "/dev/ttyACM0: left alone: no board has its ids (a modem, USB 1199:9071)",
        "/dev/ttyACM1: left alone: no board has its ids (n/a, USB 2e8a:0005)",
        "/dev/ttyS0: left alone: it is no USB device; if a board is there, name it: --port",
    ]


def test_a_port_that_is_named_is_taken_at_its_word_and_no_other_is_looked_at(plugged: list[Usb]) -> None:
    plugged += [Usb("/dev/ttyUSB0", *CP2102), Usb("/dev/ttyACM0", *MODEM)]
    assert look(["/dev/ttyACM0", "COM9", "COM9"], Path("x")) == (
        [Candidate("/dev/ttyACM0", sure=True, named=True), Candidate("COM9", sure=True, named=True)],
        [],
    )


def test_virtual_ports_are_found_in_their_folder_and_asked_politely(plugged: list[Usb], tmp_path: Path) -> None:
    plugged.append(Usb("/dev/ttyUSB0", *CP2102))
    for name in ("ttyRUNG1", "ttyRUNG0", "ttyGPS0", "box0.flash"):
        (tmp_path / name).touch()
    names = [tmp_path / name for name in ("ttyGPS0", "ttyRUNG0", "ttyRUNG1")]
    assert look((), tmp_path) == ([Candidate(str(port)) for port in names], [])


def test_a_board_is_followed_by_its_place_when_its_port_changes(plugged: list[Usb]) -> None:
    """A chip with USB inside may come back from esptool under another name."""
    plugged += [Usb("/dev/ttyACM0", *JTAG, location="1-2.3"), Usb("/dev/ttyS0", None, None)]
    place = place_of("/dev/ttyACM0")
    plugged[0] = Usb("/dev/ttyACM4", *MICROPYTHON, location="1-2.3")
    assert back_at(place) == "/dev/ttyACM4"
    assert place_of("/dev/ttyS0") == "" and back_at("") == "" and place_of("socket://127.0.0.1:1") == ""
