"""A short session: the proof that a box runs, and the press test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.link.box_end import BOX, KEY, BoxEnd, pty_at

from rung.fleet.flashing import restart
from rung.fleet.keyring import Keyring
from rung.fleet.press_test import BUTTONS, NOTHING, OK, all_done, try_button
from rung.fleet.visit import Visit, VisitError
from rung_wire import codes
from rung_wire.seal import Key

KEYS = {BOX: Key(bytes.fromhex(KEY))}
PATIENCE_S = 20.0
SHORT_S = 1.5
TROUBLE = (codes.RESTARTED, "ValueError-app.py-27")


class Desk:
    """A box that works in a thread of its own; presses are made from the test's."""

    def __init__(self, end: BoxEnd) -> None:
        self.end = end
        self.to_press: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        def turn() -> bool:
            while self.to_press:
                self.end.press(self.to_press.pop(0))
            return self.over.is_set()

        self.end.run(turn)


@contextmanager
def box(port: Path, *, key: str = KEY, works: bool = True, fails: bool = False) -> Iterator[Desk]:
    with pty_at(port, key=key) as end:
        end.restart("00000001", troubles=(TROUBLE,) if fails else ())
        desk = Desk(end)
        thread = threading.Thread(target=desk.run, daemon=True)
        if works:
            thread.start()
        try:
            yield desk
        finally:
            desk.over.set()
            if works:
                thread.join()


def test_a_box_that_is_welcomed_is_proven_and_left_again(tmp_path: Path) -> None:
    expected = ["welcome", "lost"] * 2
    end = time.monotonic() + PATIENCE_S
    with box(tmp_path / "ttyX0", fails=True) as desk:
        with Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
            hello = visit.welcome(BOX)
            assert (hello.box, hello.firmware) == (BOX, "1.2.3")
        with Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
            visit.welcome(BOX)
        while len(desk.end.events) < len(expected) and time.monotonic() < end:  # the goodbye is still on its way
            time.sleep(0.01)
    assert [event[0] for event in desk.end.events] == expected


def fails(port: Path, wanted: str = BOX, keys: dict[str, Key] = KEYS) -> str:
    with pytest.raises(VisitError) as caught, Visit(str(port), keys, SHORT_S) as visit:
        visit.welcome(wanted)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(port))
    return str(caught.value)


def test_whatever_a_box_does_instead_is_one_line_with_the_mend(tmp_path: Path) -> None:
    port = tmp_path / "ttyX0"
    with box(port):
        assert f"here is box {BOX} instead of 24dcc3000099" in fails(port, "24dcc3000099")
        assert f"is not paired with this fleet; give it a key: rung fleet rekey {BOX}" in fails(port, keys={})
    with box(port, key=""):
        assert "is not paired" in fails(port)
    with box(port, works=False):
        assert "no box greets; unplug it and plug it in again" in fails(port)


def test_what_a_box_tells_of_itself_is_kept(tmp_path: Path) -> None:
    with box(tmp_path / "ttyX0", fails=True):
        with Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
            visit.welcome(BOX)
            try_button(visit, "warn", lambda: None, SHORT_S)
        assert [str(trouble) for trouble in visit.troubles] == [
            f"box {BOX} has failed and started anew (ValueError-app.py-27); if it goes on, flash it anew"
        ]


class Rebooting:
    """A board with USB inside its chip: its port is lost a little after the reset, and comes back."""

    def __init__(self, port: Path) -> None:
        self._port = port
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def restart(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.over.set()
        self._thread.join()

    def _run(self) -> None:
        for _ in range(2):
            with pty_at(self._port):
                time.sleep(0.3)
            time.sleep(0.3)
        with box(self._port):
            self.over.wait(PATIENCE_S)


def test_a_port_that_is_lost_by_the_reset_is_waited_for(tmp_path: Path) -> None:
    board = Rebooting(tmp_path / "ttyX0")
    keyring = Keyring(tmp_path / "fleet")
    keyring.draft(BOX, KEY)
    keyring.keep(BOX, "")
    try:
        assert restart(board, str(tmp_path / "ttyX0"), BOX, keyring) == ("1.2.3", ())  # type: ignore[arg-type]
    finally:
        board.stop()


def test_each_button_is_asked_for_by_its_lamp_and_told_by_the_box(tmp_path: Path) -> None:
    with box(tmp_path / "ttyX0") as desk, Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
        visit.welcome(BOX)
        results = {
            button: try_button(visit, button, lambda code=code: desk.to_press.append(code), PATIENCE_S)
            for button, code in BUTTONS.items()
        }
        assert results == dict.fromkeys(BUTTONS, OK)
        shown = [event[2] for event in desk.end.events if event[0] == "lamps"]
        breathing = [[state for state, _ in lamps] for lamps in shown if codes.BREATHING in dict(lamps)]
        assert breathing == [list("boo"), list("obo"), list("oob")]
        all_done(visit)


def test_a_wrong_button_and_none_are_told(tmp_path: Path) -> None:
    with box(tmp_path / "ttyX0") as desk, Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
        visit.welcome(BOX)
        assert try_button(visit, "warn", lambda: desk.to_press.append("R"), PATIENCE_S) == "release came instead"
        assert try_button(visit, "warn", lambda: desk.to_press.append("EW"), PATIENCE_S) == (
            "escalate and warn came instead"
        )
        assert try_button(visit, "release", lambda: None, SHORT_S) == NOTHING


def test_what_was_pressed_before_it_was_asked_for_is_no_answer(tmp_path: Path) -> None:
    with box(tmp_path / "ttyX0") as desk, Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
        visit.welcome(BOX)
        desk.to_press.append("R")
        assert try_button(visit, "warn", lambda: desk.to_press.append("W"), PATIENCE_S) == OK


def test_a_box_that_goes_away_fails_its_test(tmp_path: Path) -> None:
    with box(tmp_path / "ttyX0") as desk, Visit(str(tmp_path / "ttyX0"), KEYS, PATIENCE_S) as visit:
        visit.welcome(BOX)
        assert try_button(visit, "warn", desk.over.set, PATIENCE_S) == "the box went away"
