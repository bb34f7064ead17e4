"""MicroPython's image is checked whole before any board is touched."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.fleet.images import image, part

from rung.fleet.image import CHIPS, PROGRAM_AT, Image, ImageError, read_image

CUTS = 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "micropython.bin"


def fault(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        read_image(file)
    line = str(caught.value)
    assert line.startswith(str(file)) and "\n" not in line
    return line


@pytest.mark.parametrize("number", CHIPS)
def test_the_chip_says_where_the_image_begins(file: Path, number: int) -> None:
    chip, offset = CHIPS[number]
    file.write_bytes(image(number))
    assert read_image(file) == Image(file, chip, offset)


def test_the_offsets_are_those_of_the_chips() -> None:
    assert dict(CHIPS.values()) == {
        "ESP32": 0x1000,
        "ESP32-S2": 0x1000,
        "ESP32-S3": 0x0,
        "ESP32-C3": 0x0,
        "ESP32-C6": 0x0,
    }


def test_an_image_that_is_cut_off_anywhere_is_refused(file: Path, seed: int) -> None:
    whole, chance = image(), random.Random(seed)
    for length in [0, 1, 24, len(whole) - 1, len(whole) - 33, *(chance.randrange(len(whole)) for _ in range(CUTS))]:
        assert "take the .bin" in (line := fault(file, whole[:length])) or "download it again" in line


def test_an_image_with_one_wrong_bit_is_refused(file: Path, seed: int) -> None:
    whole, chance = image(), random.Random(seed)
    begin = PROGRAM_AT - CHIPS[0][1]
    for _ in range(CUTS):
        data = bytearray(whole)
        data[chance.randrange(begin + 24, len(whole))] ^= 1 << chance.randrange(8)
        assert "its program" in fault(file, bytes(data))


def test_what_is_no_download_for_an_esp32_is_refused(file: Path) -> None:
    assert "is no image of an ESP32" in fault(file, b"UF2\n" * 100)
    assert "number 99" in fault(file, part(99, [b"boot"]))
    assert "take the .bin, not the .app-bin" in fault(file, part(0, [b"MicroPython" * 5000]))
    mixed = bytearray(image(0))
    begin = PROGRAM_AT - CHIPS[0][1]
    mixed[begin:] = part(9, [b"MicroPython"])
    assert "its program is for another chip than its bootloader" in fault(file, bytes(mixed))
    with pytest.raises(ImageError, match="cannot be read: No such file"):
        read_image(file.with_name("none.bin"))


def test_chips_have_many_names() -> None:
    names = {
        "ESP32": ["ESP32", "ESP32-D0WDQ6", "ESP32-PICO-D4", ""],
        "ESP32-S3": ["ESP32S3", "ESP32-S3", "esp32-s3 (QFN56)", ""],
        "ESP32-C3": ["ESP32C3", ""],
    }
    for chip, called in names.items():
        for other, others in names.items():
            fits = Image(Path("x"), chip, 0)
            assert [fits.suits(name) for name in others] == [chip == other or not name for name in others]
        assert all(Image(Path("x"), chip, 0).suits(name) for name in called)
