"""The real firmware on the real MicroPython, with fingers on its buttons, eyes on its lamps and a host on its line.

All boxes here have the heap of an ESP32 that leaves 64 KB to the firmware.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.host_end import PATIENCE_S, HostEnd

from rung import firmware
from rung.sim.box import Pixels, VirtualBox
from rung.sim.flash import install
from rung_wire import codes

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

HEAP = "64wK"
UNIQUE_ID = "24dcc3a1b2c3"
FLOOD_BYTES = 10_000_000 if os.environ.get("RUNG_LONG") else 500_000  # the virtual port takes about 0.15 MB a second
FLOOD_PORTION_BYTES = 100_000
ESCALATE, WARN, RELEASE = range(3)
LIT = ((60, 60, 60),) * 3


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    folder = tmp_path / "flash"
    folder.mkdir()
    install(folder)
    return folder


@pytest.fixture
def box(flash: Path, tmp_path: Path) -> Iterator[VirtualBox]:
    with VirtualBox(flash, link=tmp_path / "ttyRUNG0", heap=HEAP, unique_id=UNIQUE_ID) as box:
        yield box


@pytest.fixture
def host(box: VirtualBox) -> Iterator[HostEnd]:
    """A host in session, with every lamp lit on call 7."""
    with HostEnd(box.port) as host:
        host.wait("up")
        host.show(7, "lll")
        box.wait_lamps(lambda pixels: pixels == LIT, PATIENCE_S)
        yield host


def _hold(box: VirtualBox, host: HostEnd, button: str, ms: int) -> None:
    box.press(button)
    until = time.monotonic() + ms / 1000
    host.run(lambda: time.monotonic() >= until)
    box.let_go(button)


def _is_red(pixels: Pixels, button: int) -> bool:
    red, green, blue = pixels[button]
    return red > 0 and green == blue == 0


def test_handshake(box: VirtualBox) -> None:
    with HostEnd(box.port) as host:
        hello = host.wait("hello")
        assert hello[1] == UNIQUE_ID
        assert hello[3:6] == (codes.PROTOCOL, firmware.build().version, codes.BY_POWER)
        host.wait("up")
        box.reset("watchdog")
        again = host.wait("hello")
        assert again[1] == UNIQUE_ID and again[2] != hello[2], "the same box in another boot"
        assert again[5] == codes.BY_WATCHDOG
        host.wait("up")


@pytest.mark.parametrize(
    ("button", "ms", "buttons", "gesture"),
    [
        ("escalate", 10, "E", codes.TAP),
        ("escalate", 2300, "E", codes.HOLD),
        ("warn", 10, "W", codes.TAP),
        ("release", 10, "R", codes.TAP),
        ("release", 2500, "R", codes.HOLD),
    ],
)
def test_each_gesture_arrives_once(
    box: VirtualBox, host: HostEnd, button: str, ms: int, buttons: str, gesture: str
) -> None:
    _hold(box, host, button, ms)
    assert host.wait("press")[3:6] == (buttons, gesture, 7)
    assert host.is_still("press")


def test_a_release_held_for_a_second_is_refused_on_its_lamp(box: VirtualBox, host: HostEnd) -> None:
    _hold(box, host, "release", 1000)
    box.wait_lamps(lambda pixels: _is_red(pixels, RELEASE), PATIENCE_S)
    assert host.is_still("press")


def test_escalate_and_warn_together_are_one_chord(box: VirtualBox, host: HostEnd) -> None:
    box.press("warn")
    box.press("escalate")
    assert host.wait("press")[3:6] == ("EW", codes.CHORD, 7)
    box.let_go("warn")
    box.let_go("escalate")
    assert host.is_still("press")


def test_warn_held_and_another_tapped_names_a_ground(box: VirtualBox, host: HostEnd) -> None:
    """All three lamps say that they may be chosen; let go, they say what they said before."""
    box.press("warn")
    host.run(lambda: box.lamps()[0] == box.lamps()[2] == (90, 90, 60))
    _hold(box, host, "release", 100)
    assert host.wait("press")[3:6] == ("WR", codes.HOLD, 7)
    box.let_go("warn")
    assert host.is_still("press")
    box.wait_lamps(lambda pixels: pixels == LIT, PATIENCE_S)


def test_a_bouncing_contact_is_one_press(box: VirtualBox, host: HostEnd) -> None:
    box.bounce("release", 7)
    time.sleep(0.1)
    box.let_go("release")
    assert host.wait("press")[3:6] == ("R", codes.TAP, 7)
    assert host.is_still("press")


def test_a_press_is_repeated_and_its_lamp_says_so_until_it_is_acknowledged(box: VirtualBox, host: HostEnd) -> None:
    host.acks = False
    _hold(box, host, "release", 100)
    press = host.wait("press")
    host.run(lambda: host.heard.count(b"!P") >= 4)
    assert host.is_still("press")
    box.wait_lamps(lambda pixels: pixels[RELEASE][0] > pixels[RELEASE][1] > pixels[RELEASE][2], PATIENCE_S)
    assert box.lamps()[ESCALATE] == LIT[ESCALATE]
    host.link.ack(press[1], press[2], host.now())
    host.is_still("press")
    sent = host.heard.count(b"!P")
    assert host.is_still("press") and host.heard.count(b"!P") == sent
    assert box.lamps() == LIT


@pytest.mark.parametrize(("epoch", "states"), [(8, "lll"), (0, "ooo"), (7, "llo")])
def test_a_release_hold_is_cancelled_visibly(box: VirtualBox, host: HostEnd, epoch: int, states: str) -> None:
    """Another call, no call, or the lamp going out in the middle of the hold."""
    box.press("release")
    host.is_still("press", 1.0)
    host.link.lamps(epoch, tuple((state, "-") for state in states), 0, host.now())
    host.wait("shown")
    box.wait_lamps(lambda pixels: _is_red(pixels, RELEASE), PATIENCE_S)
    host.is_still("press", 1.0)
    box.let_go("release")
    assert host.is_still("press")


def test_a_lost_link_cancels_a_hold_and_shows_on_all_lamps(box: VirtualBox, host: HostEnd) -> None:
    box.press("release")
    host.is_still("press", 1.0)
    silent_since = time.monotonic()
    box.wait_lamps(lambda pixels: len(set(pixels)) == 1 and pixels[0][2] > 0 == pixels[0][0], PATIENCE_S)
    assert time.monotonic() - silent_since < PATIENCE_S
    box.let_go("release")
    host.wait("up")
    host.show(7, "lll")
    assert host.is_still("press")
    _hold(box, host, "release", 100)
    assert host.wait("press")[3:6] == ("R", codes.TAP, 7)


def test_a_press_made_without_a_host_arrives_with_its_age(box: VirtualBox, host: HostEnd) -> None:
    host.link.bye()
    host.turn()
    time.sleep(0.2)
    box.press("escalate")
    time.sleep(0.1)
    let_go_ns = box.let_go("escalate")
    time.sleep(1.0)
    host.restart()
    press = host.wait("press")
    assert press[3:6] == ("E", codes.TAP, 7)
    # A busy computer brings the edge to the box a few milliseconds late; never early.
    assert 900 <= press[6] <= (time.monotonic_ns() - let_go_ns) // 1_000_000


def test_garbage_changes_nothing_but_a_counter(box: VirtualBox, host: HostEnd, seed: int) -> None:
    """At full speed, of every byte but 0x03, which hands the board over by design; RUNG_LONG=1 for 10 MB."""
    chance = random.Random(seed)
    for _ in range(FLOOD_BYTES // FLOOD_PORTION_BYTES):
        host.write(chance.randbytes(FLOOD_PORTION_BYTES).replace(b"\x03", b"\x04"))
        host.show(7, "lll")  # or what the cable holds would keep the host's frames from the box for seconds
    host.run(lambda: host.link.box_bad > 0)
    assert box.lamps() == LIT
    assert host.is_still("press")
    _hold(box, host, "release", 100)
    assert host.wait("press")[3:6] == ("R", codes.TAP, 7)
    assert box.life == 1, f"RUNG_SEED={seed}"


def test_half_a_line_blocks_nothing(box: VirtualBox, host: HostEnd) -> None:
    host.write(b"!l01")
    _hold(box, host, "release", 100)
    assert host.wait("press")[3:6] == ("R", codes.TAP, 7)
    host.show(8, "lll")


def test_a_button_held_at_the_start_is_no_press(box: VirtualBox, host: HostEnd) -> None:
    box.press("warn")
    assert host.is_still("press", 0.2)
    box.reset()
    host.wait("up")
    host.show(7, "lll")
    box.wait_lamps(lambda pixels: _is_red(pixels, WARN), PATIENCE_S)
    box.let_go("warn")
    box.wait_lamps(lambda pixels: pixels == LIT, PATIENCE_S)
    assert host.is_still("press")
    _hold(box, host, "warn", 100)
    assert host.wait("press")[3:6] == ("W", codes.TAP, 7)
