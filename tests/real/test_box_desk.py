"""The box on different desks: boards, settings, plain LEDs, the buzzer, left-handed, the self-test."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pytest
from tests.real.box_rig import wait_for
from tests.real.host_end import PATIENCE_S, HostEnd
from tests.real.test_box_alive import change

from rung.sim.box import DEVKITC, VirtualBox
from rung.sim.flash import install
from rung_box.boards import esp32_c3_supermini, esp32_devkitc, esp32_s3_devkitc_1, lolin_s2_mini
from rung_wire import codes

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

LIT = ((60, 60, 60),) * 3
DARK = ((0, 0, 0),) * 3
BUTTONS = ("escalate", "warn", "release")
BOARDS = (esp32_devkitc, esp32_s3_devkitc_1, lolin_s2_mini, esp32_c3_supermini)


def pins_of(board: object, is_mirrored: bool = False) -> dict[str, int]:
    buttons = BUTTONS[::-1] if is_mirrored else BUTTONS
    pins = dict(zip(buttons, board.BUTTONS, strict=True))  # type: ignore[attr-defined]
    leds = dict(zip(("led 1", "led 2", "led 3"), board.LEDS, strict=True))  # type: ignore[attr-defined]
    return pins | leds | {"lamps": board.PIXELS, "buzzer": board.BUZZER}  # type: ignore[attr-defined]


@contextmanager
def desk(flash: Path, settings: str, pins: Mapping[str, int] = DEVKITC) -> Iterator[tuple[VirtualBox, HostEnd]]:
    """A box with these settings and a host in session."""
    install(flash)
    (flash / "settings").write_text(settings)
    with VirtualBox(flash, link=flash.parent / "ttyRUNG0", pins=pins) as box, HostEnd(box.port) as host:
        host.wait("up")
        yield box, host


def levels(box: VirtualBox, pin: str) -> list[int]:
    """The duties that a pin has put out, each once while it lasted."""
    return [duty for duty, _ in groupby(wave.duty for wave in box.waves(pin))]


def tap(box: VirtualBox, button: str) -> None:
    box.press(button)
    time.sleep(0.2)
    box.let_go(button)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.__name__.rpartition(".")[2])
def test_every_board_works_with_its_own_pins(flash: Path, board: object) -> None:
    name = board.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    with desk(flash, f"board = {name}", pins_of(board)) as (box, host):
        host.show(7, "lll")
        box.wait_lamps(lambda pixels: pixels == LIT, PATIENCE_S)
        for button in BUTTONS:
            tap(box, button)
            assert host.wait("press")[3:5] == (button[0].upper(), codes.TAP)


def test_on_a_left_handed_desk_all_is_the_other_way_round(flash: Path) -> None:
    with desk(flash, "mirror = yes", pins_of(esp32_devkitc, is_mirrored=True)) as (box, host):
        host.show(7, "loo")
        box.wait_lamps(lambda pixels: pixels == (*DARK[:2], LIT[0]), PATIENCE_S)
        tap(box, "escalate")
        assert host.wait("press")[3:5] == ("E", codes.TAP)


def test_plain_leds_show_the_rhythm(flash: Path) -> None:
    with desk(flash, "lamps = leds", pins_of(esp32_devkitc)) as (box, host):
        host.show(7, "lok")
        wait_for(lambda: host.turn() or box.waves("led 1")[-1].duty > 40_000)
        host.run(lambda: len(levels(box, "led 3")) > 8)
        assert len(set(levels(box, "led 3")[-4:])) == 2 and levels(box, "led 3")[-2:].count(0) == 1, "blinking"
        assert box.waves("led 2")[-1].duty == 0
        assert box.lamps() in ((), DARK)


def test_the_colour_blind_have_their_own_colours(flash: Path) -> None:
    with desk(flash, "palette = colour_blind") as (box, host):
        host.show(7, "doo")
        host.run(lambda: box.lamps()[0] == (0, 50, 70))


@pytest.mark.parametrize(
    ("settings", "idle", "in_call"),
    [("", False, False), ("buzzer = idle", True, False), ("buzzer = always", True, True)],
    ids=["none", "idle", "always"],
)
def test_the_buzzer_is_silent_in_calls_unless_it_is_wanted(
    flash: Path, settings: str, idle: bool, in_call: bool
) -> None:
    with desk(flash, settings, pins_of(esp32_devkitc)) as (box, host):
        assert in_call or not sounded(box), "nobody knew yet whether there is a call"
        for epoch, wanted in ((0, idle), (7, in_call)):
            host.show(epoch, "ooo")
            host.is_still("press", 0.2)  # long enough to be seen
            before = len(box.waves("buzzer"))
            host.show(epoch, "ood")
            host.is_still("press", 0.6)
            assert sounded(box, before) == wanted
            assert not box.waves("buzzer") or box.waves("buzzer")[-1].duty == 0


def sounded(box: VirtualBox, since: int = 0) -> bool:
    return any(wave.duty for wave in box.waves("buzzer")[since:])


def test_a_mistake_in_the_settings_is_told_and_costs_nothing_else(flash: Path) -> None:
    with desk(flash, "mirror = perhaps\npalette = colour_blind") as (box, host):
        host.restart()
        trouble = host.wait("trouble")
        assert trouble[2:4] == (codes.SETTINGS, "line-1--mirror-cannot-be-perhaps")
        host.wait("up")
        host.show(7, "doo")
        host.run(lambda: box.lamps()[0] == (0, 50, 70))


def test_a_strapping_pin_is_refused_at_the_start(flash: Path) -> None:
    install(flash)
    change(flash, "rung_box/boards/esp32_devkitc.py", "BUTTONS = (25, 26, 27)", "BUTTONS = (25, 12, 27)")
    change(flash, "rung_box/failure.py", "SHOWN_MS = 3000", "SHOWN_MS = 50")
    with VirtualBox(flash, link=flash.parent / "ttyRUNG0") as box, HostEnd(box.port) as host:
        _, _, trouble, what, _ = host.wait("trouble")
        assert trouble == codes.SAFE and re.match(r"ValueError-setup.py-\d+-warn--GPIO-12-is", what)


# -- the self-test -----------------------------------------------------------------------------------------------------


def is_red(box: VirtualBox, place: int) -> bool:
    red, green, blue = box.lamps()[place]
    return red > 0 == green == blue


def _quick_box(flash: Path) -> VirtualBox:
    install(flash)
    change(flash, "rung_box/selftest.py", "IDLE_MS = 8000", "IDLE_MS = 600")
    return VirtualBox(flash, link=flash.parent / "ttyRUNG0", pins=pins_of(esp32_devkitc))


def _power_up(box: VirtualBox, *buttons: str) -> None:
    box.unplug()
    for button in buttons:
        box.press(button)
    box.plug()


def test_two_buttons_at_power_up_test_all_there_is(flash: Path) -> None:
    seen: list[tuple[tuple[int, int, int], ...]] = []
    with _quick_box(flash) as box:
        box.watch_lamps(lambda frame: seen.append(frame.pixels))
        _power_up(box, "escalate", "warn")
        box.wait_lamps(lambda pixels: pixels == (*DARK[:2], (0, 0, 90)), PATIENCE_S)
        for button in ("escalate", "warn"):
            box.let_go(button)
        for place, button in enumerate(BUTTONS):
            box.wait_lamps(lambda pixels: pixels == DARK, PATIENCE_S)
            box.press(button)
            lit = (*DARK[:place], LIT[0], *DARK[place + 1 :])
            box.wait_lamps(lambda pixels, lit=lit: pixels == lit, PATIENCE_S)  # type: ignore[misc]
            box.let_go(button)
        with HostEnd(box.port) as host:
            host.wait("up")
            assert host.is_still("press")
        assert list(dict.fromkeys(wave.hertz for wave in box.waves("buzzer") if wave.duty)) == [500, 1000, 1500]
    colours = {colour for frame in seen for colour in frame}
    assert {(90, 0, 0), (0, 90, 0), (0, 0, 90)} <= colours
    assert box.life == 2, "the two by which it was begun are no crash"


@pytest.mark.parametrize("held", [("warn",), BUTTONS], ids=["one", "three"])
def test_one_button_or_three_at_power_up_test_nothing(flash: Path, held: tuple[str, ...]) -> None:
    with _quick_box(flash) as box:
        _power_up(box, *held)
        with HostEnd(box.port) as host:
            host.wait("up")
            host.show(7, "lll")
            host.run(lambda: all(is_red(box, BUTTONS.index(button)) for button in held))
        assert not sounded(box)


def test_a_chord_that_is_let_go_starts_the_box_at_once(flash: Path) -> None:
    with _quick_box(flash) as box:
        _power_up(box, "escalate", "warn")
        box.wait_lamps(lambda pixels: pixels == (*LIT[:2], DARK[0]), PATIENCE_S)
        box.let_go("escalate")
        box.let_go("warn")
        with HostEnd(box.port) as host:
            host.wait("up")
            assert host.is_still("press")
        assert not sounded(box)
