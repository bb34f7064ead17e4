"""What is behind a port decides whether it is worked on, whatever its USB ids promised."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

import pytest
from msgspec.structs import replace

from rung.firmware import Build
from rung.fleet import flashing
from rung.fleet.board import BARE, FLAT, FOREIGN, SLOTS, About, BoardError, Progress, Sent
from rung.fleet.crate import Crate, meet_all
from rung.fleet.flashing import Done, Failed, Met, Wanted, meet
from rung.fleet.image import Image
from rung.fleet.keyring import Keyring
from rung.fleet.ports import Candidate, LeftAlone

BARE_ESP32 = About(
    id="24dcc3a1b2c3",
    machine="Generic ESP32 module with ESP32",
    micropython="1.29.0",
    mpy=0x1F06,
    layout=BARE,
    firmware="",
    digest="",
    slot="",
    back="",
    fingerprint="",
    desk="",
    free=2_000_000,
    leftovers=False,
)
SURE, NAMED = Candidate("COM7", sure=True), Candidate("COM7", sure=True, named=True)


class FakeBoard:
    """Tells what it is told to, and counts its resets; for what no virtual board can be."""

    about_all = BARE_ESP32
    resets = 0

    @classmethod
    def open(cls, port: str) -> Self:
        if port == "gone":
            raise BoardError("gone: the board has gone; plug it in and try again")
        if port == "broken":
            raise ZeroDivisionError("by zero")
        return cls()

    def about(self) -> About:
        return self.about_all

    def install(self, build: Build, progress: Progress) -> Sent:
        progress(1, 2)
        raise AssertionError("it went on")

    def restart(self) -> None:
        FakeBoard.resets += 1

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def boards(monkeypatch: pytest.MonkeyPatch) -> type[FakeBoard]:
    monkeypatch.setattr(flashing, "Board", FakeBoard)
    monkeypatch.setattr(FakeBoard, "resets", 0)
    return FakeBoard


@pytest.mark.parametrize(
    ("change", "candidate", "why"),
    [
        ({}, SURE, ""),
        ({"layout": FLAT}, SURE, ""),
        ({"layout": SLOTS}, SURE, ""),
        ({"machine": "Generic ESP32S3 module with ESP32S3"}, SURE, ""),
        ({"machine": "linux [GCC 14.2.1] version"}, SURE, ""),
        ({"layout": FOREIGN}, NAMED, ""),
        ({"layout": FOREIGN}, SURE, "it runs another program in MicroPython; if that may go, name it: --port"),
        (
            {"machine": "Raspberry Pi Pico with RP2040"},
            NAMED,
            "it runs MicroPython on another chip (RP2040)",
        ),
    ],
)
def test_only_ours_and_bare_boards_are_worked_on(
    change: dict[str, str], candidate: Candidate, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBoard, "about_all", replace(BARE_ESP32, **change))
    met = meet(candidate)
    if why:
        assert met == LeftAlone("COM7", why) and FakeBoard.resets == 1, "and it goes on with what it had"
    else:
        assert isinstance(met, Met) and met.id == BARE_ESP32.id


def test_only_the_boards_that_are_named_by_id_are_worked_on() -> None:
    assert isinstance(meet(SURE, [BARE_ESP32.id]), Met)
    assert meet(SURE, ["24dcc3000000"]) == LeftAlone("COM7", f"board {BARE_ESP32.id} is not named")


def test_a_silent_port_that_is_named_may_be_an_empty_chip_where_an_image_is_at_hand() -> None:
    gone = Candidate("gone", sure=True, named=True)
    assert meet(gone, may_be_empty=True) == Met("gone")
    assert meet(gone) == Failed("gone", "gone: the board has gone; plug it in and try again")


def test_a_mistake_of_this_program_takes_no_other_board_along() -> None:
    found = meet_all([Candidate("broken", sure=True), SURE])
    assert isinstance(found[1], Met)
    assert str(found[0]) == "broken: ZeroDivisionError: by zero; this is a mistake in Rung, please tell"


def test_an_image_for_another_chip_is_refused_before_esptool_is_called(tmp_path: Path) -> None:
    met = meet(SURE)
    assert isinstance(met, Met)
    wanted = Wanted(Keyring(tmp_path), Image(Path("s3.bin"), "ESP32-S3", 0))
    [outcome] = Crate([(met, "")], wanted, lambda *_: None)
    assert str(outcome) == "COM7: the chip is ESP32, and s3.bin is for ESP32-S3; take the image of that chip"
    assert FakeBoard.resets == 1


def test_a_crate_that_is_stopped_still_tells_of_every_board(tmp_path: Path) -> None:
    met, reached, go_on = meet(SURE), threading.Event(), threading.Event()
    assert isinstance(met, Met)

    def tell(port: str, stage: str, done: int = 0, all: int = 0) -> None:
        reached.set()
        go_on.wait(10)

    boards = [(Met(f"COM{number}", met.board, met.about), "") for number in range(3)]
    crate = Crate(boards, Wanted(Keyring(tmp_path)), tell)
    assert reached.wait(10)
    crate.stop()
    go_on.set()
    outcomes = list(crate)
    assert len(outcomes) == 3 and not any(isinstance(outcome, Done) for outcome in outcomes)
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Failed)} == {
        "stopped before it was done; it is safe to flash it again"
    }
    assert FakeBoard.resets == 3
