"""What a box tells of itself: failures, safe mode, maintenance; over the line's thread."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.link.box_end import BOX, PATIENCE_S, BoxEnd, Desk, pty_at, serving

from rung_box import safe
from rung_wire import codes


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[BoxEnd, Desk]]:
    """A box and a desk in session."""
    desk = Desk()
    with pty_at(tmp_path / "tty") as box, serving(str(tmp_path / "tty"), desk):
        until_up(box, desk)
        yield box, desk


def until_up(box: BoxEnd, desk: Desk) -> None:
    box.wait("welcome")
    box.run(lambda: desk.status.up, "the desk hears that the box is there")


def wait_until(condition: Callable[[], bool]) -> None:
    """Without a box that works."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_one_line(text: str) -> bool:
    return "\n" not in text and len(text) < 400


def test_what_a_box_tells_of_itself_is_told_once_a_boot(ends: tuple[BoxEnd, Desk]) -> None:
    box, desk = ends
    for boot in ("00000002", "00000003"):
        box.restart(boot, troubles=((codes.RESTARTED, "ValueError-app.py-27"),))
        until_up(box, desk)
        box.run(lambda: bool(desk.status.trouble), "the trouble is told")
        assert is_one_line(desk.status.trouble) and "ValueError-app.py-27" in desk.status.trouble
        box.restart(boot, troubles=((codes.RESTARTED, "ValueError-app.py-27"),))
        box.wait("welcome")
        box.rest(0.3)
    assert len([trouble for trouble in desk.troubles() if "ValueError" in trouble]) == 2


def test_a_box_in_safe_mode_is_trouble_though_nothing_proves_it(tmp_path: Path) -> None:
    desk = Desk()
    with pty_at(tmp_path / "tty") as box, serving(str(tmp_path / "tty"), desk):
        wait_until(lambda: bool(desk.troubles()))  # the port is open; a box in safe mode greets nobody
        os.write(box.fd, safe.frame("00000000000a", "OSError").encode() + safe.frame(BOX, "OSError-app.py-5").encode())
        wait_until(lambda: "safe mode" in desk.status.trouble)
    assert f"box {BOX} is in safe mode" in desk.status.trouble and "OSError-app.py-5" in desk.status.trouble
    assert is_one_line(desk.status.trouble) and not desk.status.up


def test_safe_mode_told_within_a_session_changes_nothing(ends: tuple[BoxEnd, Desk]) -> None:
    box, desk = ends
    os.write(box.fd, safe.frame(BOX, "OSError").encode())
    box.press("E")
    box.run(lambda: bool(desk.presses), "the press comes after it")
    assert desk.status.up and not desk.status.trouble


def test_a_box_that_leaves_for_maintenance_is_told_as_such(ends: tuple[BoxEnd, Desk]) -> None:
    box, desk = ends
    os.write(box.fd, box.link.bye())
    wait_until(lambda: not desk.status.up)
    assert "in maintenance" in desk.status.trouble
