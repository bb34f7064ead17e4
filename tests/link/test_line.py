"""The line's thread against the firmware's own end of the link, over a pty and over a socket."""

import os
import re
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from tests.link.box_end import BOX, KEY, BoxEnd, Desk, now_ms, pty_at, serving, socket_port

from rung.link.door import BoxIs, Counters
from rung.link.line import STALL_MS, Line
from rung.link.port import Port, PortError
from rung.words import Answer, Button, Gesture, Lamp, LampMark, Lamps, LampState, Verdict
from rung_wire import codes, names
from rung_wire.frame import encode, pack, text_of
from rung_wire.seal import Key

LAMPS = Lamps(
    epoch=5,
    escalate=Lamp(LampState.BLINKING, LampMark.FILLING),
    warn=Lamp(LampState.LIT),
    release=Lamp(LampState.OFF, LampMark.ALONE),
    fill_ms=3950,
)


@contextmanager
def over_pty(folder: Path, desk: Desk) -> Iterator[tuple[BoxEnd, Line]]:
    with pty_at(folder / "tty") as box, serving(str(folder / "tty"), desk) as line:
        yield box, line


@contextmanager
def over_socket(folder: Path, desk: Desk) -> Iterator[tuple[BoxEnd, Line]]:
    with socket_port() as (url, accept), serving(url, desk) as line:
        yield accept(), line


@pytest.fixture(params=[over_pty, over_socket], ids=["pty", "socket"])
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[BoxEnd, Line, Desk]]:
    """A box and a line in session."""
    desk = Desk()
    with request.param(tmp_path, desk) as (box, line):
        until_up(box, desk)
        yield box, line, desk


def until_up(box: BoxEnd, desk: Desk) -> None:
    box.wait("welcome")
    box.run(lambda: desk.status.up, "the desk hears that the box is there")


def is_one_line(text: str) -> bool:
    return "\n" not in text and len(text) < 400


def test_a_box_is_told_with_what_it_is(ends: tuple[BoxEnd, Line, Desk]) -> None:
    _, _, desk = ends
    assert desk.status == BoxIs(up=True, box=BOX, firmware="1.2.3", caught=0)


def test_a_press_is_acknowledged_after_the_record_and_answered(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    desk.answer = Answer(verdict=Verdict.REFUSED, why="warn first", next=Button.WARN)
    desk.go_on.clear()
    number = box.press("R", "h", 5)
    box.rest(0.5)  # it is repeated meanwhile
    assert box.link.unconfirmed() == [(number, "R")]
    desk.go_on.set()
    assert box.wait("acked") == ("acked", number)
    assert box.wait("result") == ("result", number, codes.PRESS_REFUSED, names.WARN)
    box.run(lambda: ("acknowledged", desk.presses[0]) in desk.told, "the desk hears of the acknowledgement")
    (press,) = desk.presses
    assert (press.box, press.boot, press.number) == (BOX, "00000001", number)
    assert (press.buttons, press.gesture, press.epoch) == ((Button.RELEASE,), Gesture.HOLD, 5)


def test_the_desk_acts_after_the_acknowledgement_and_in_any_case(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    box.press("R", "h")
    box.run(lambda: not box.link.unconfirmed())
    box.run(lambda: [kind for kind, _ in desk.told][-1] == "act", "it may act")
    kinds = [kind for kind, _ in desk.told if kind != "shown"]
    assert kinds[kinds.index("press") :][:3] == ["press", "acknowledged", "act"]
    desk.broken = True
    box.press("R", "h")
    box.run(lambda: desk.status.trouble.startswith("journal:"), "the trouble is told")
    kinds = [kind for kind, _ in desk.told if kind != "shown"]
    second = kinds.index("press", kinds.index("press") + 1)
    assert kinds[second + 1] == "act"


def test_every_press_is_taken_once_in_order(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    numbers = [box.press(buttons, gesture) for buttons, gesture in (("E", "t"), ("EW", "c"), ("W", "h"), ("R", "t"))]
    box.run(lambda: not box.link.unconfirmed(), "all are acknowledged")
    assert [press.number for press in desk.presses] == numbers


def test_lamps_reach_the_box_and_the_desk_hears_of_it(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, line, desk = ends
    box.wait("lamps")  # dark, at first
    line.show(LAMPS)
    epoch, lamps, tenths = box.wait("lamps")[1:]
    assert (epoch, lamps) == (5, (("k", "f"), ("l", "-"), ("o", "a")))
    assert 0 < tenths <= 40
    box.run(lambda: ("shown", LAMPS) in desk.told, "the desk hears that the box shows them")


def test_a_box_that_restarts_is_told_the_lamps_again(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, line, desk = ends
    line.show(LAMPS)
    box.run(lambda: ("shown", LAMPS) in desk.told)
    box.restart("00000002", caught=2)
    desk.recorded = 0
    box.wait("welcome")
    assert box.wait("lamps")[1] == 5
    box.run(lambda: desk.status.caught == 2, "the desk hears what the reset caught")
    assert desk.presses == []


def test_what_is_on_record_is_not_taken_again(tmp_path: Path) -> None:
    desk = Desk()
    with pty_at(tmp_path / "tty") as box:
        first, second = box.press("W"), box.press("E")
        desk.recorded = first
        with serving(str(tmp_path / "tty"), desk):
            box.run(lambda: not box.link.unconfirmed(), "both are acknowledged")
    assert [press.number for press in desk.presses] == [second]


@pytest.mark.parametrize("ends", [over_pty], indirect=True, ids=["pty"])  # a closed socket is another one afterwards
def test_what_is_not_recorded_is_not_acknowledged_and_is_taken_later(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    desk.broken = True
    number, pressed_at = box.press("R", "h"), now_ms()
    box.run(lambda: desk.status.trouble.startswith("journal:"), "the trouble is told")
    box.rest(0.5)
    assert (box.link.unconfirmed(), desk.presses) == ([(number, "R")], [])
    assert not any(kind == "acknowledged" for kind, _ in desk.told)
    desk.broken = False
    box.run(lambda: bool(desk.presses), "it is taken")
    waited_ms = now_ms() - pressed_at
    box.run(lambda: not box.link.unconfirmed(), "it is acknowledged")
    assert [press.number for press in desk.presses] == [number]
    assert desk.presses[0].age_ms > waited_ms - 1500  # as old as it is: repetitions are a second apart


def test_a_stall_counts_into_the_age(ends: tuple[BoxEnd, Line, Desk]) -> None:
    """What waited in a buffer while the computer slept must not look young."""
    box, line, desk = ends
    box.run(lambda: ("shown", Lamps()) in desk.told)
    desk.go_on.clear()  # the thread stands still where it tells that the lamps are shown
    line.show(LAMPS)
    box.run(lambda: ("shown", LAMPS) in desk.told)
    box.press("R", "h")
    box.turn()
    line_stood_ms = 4 * STALL_MS
    end = now_ms() + line_stood_ms
    while now_ms() < end:  # the box says nothing more: its one frame lies in the buffer
        pass
    desk.go_on.set()
    box.run(lambda: bool(desk.presses))
    assert desk.presses[0].age_ms >= line_stood_ms - 50


def test_garbage_is_counted_and_changes_nothing_else(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    box.run(lambda: desk.status.up)
    os.write(box.fd, b"Traceback (most recent call last):\r\nAT\r!garbage\n")

    def counted() -> Counters:
        told = [what for name, what in desk.told if name == "counted"]
        return told[-1] if told and isinstance(told[-1], Counters) else Counters()

    box.run(lambda: counted().noise_bytes > 30 and counted().bad_frames == 1)
    assert desk.presses == [] and desk.status.up


def test_a_silent_box_is_told_as_lost(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    end = now_ms() + 15_000
    while desk.status.up and now_ms() < end:
        pass
    assert desk.status == BoxIs(up=False, trouble="link lost: the box is silent; check its cable")
    box.restart("00000003")
    until_up(box, desk)


def test_stopping_says_goodbye(tmp_path: Path) -> None:
    desk = Desk()
    with pty_at(tmp_path / "tty") as box:
        with serving(str(tmp_path / "tty"), desk):
            until_up(box, desk)
        box.turn(1)
        assert box.events[-1] == ("lost",)  # at once, not after two silent seconds


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_the_program_is_not_kept_from_the_desk(ends: tuple[BoxEnd, Line, Desk]) -> None:
    box, _, desk = ends
    desk.mistake = ValueError("a mistake")
    box.press("W")
    box.run(lambda: ("failed", desk.mistake) in desk.told, "the desk hears of it")
    assert not any(kind == "acknowledged" for kind, _ in desk.told)


# -- the port ----------------------------------------------------------------------------------------------------------


def test_a_port_that_is_not_there_is_one_line_and_is_found_when_it_comes(tmp_path: Path) -> None:
    desk, name = Desk(), tmp_path / "tty"
    with serving(str(name), desk):
        while not desk.troubles():
            pass
        assert str(name) in desk.status.trouble
        assert "plug the box in" in desk.status.trouble
        assert is_one_line(desk.status.trouble)
        with pty_at(name) as box:
            until_up(box, desk)
    assert len({t for t in desk.troubles() if "cannot be opened" in t}) == 1


def test_a_port_that_vanishes_while_it_is_opened_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing a port that has just gone raises an error of termios's own, which is no OSError."""

    def vanish(*_: object, **__: object) -> None:
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr(serial, "serial_for_url", vanish)
    with pytest.raises(PortError, match=r"^/dev/ttyUSB0: cannot be opened: .*Input/output error"):
        Port("/dev/ttyUSB0")


def test_unplugged_and_back(tmp_path: Path) -> None:
    desk, name = Desk(), tmp_path / "tty"
    with serving(str(name), desk):
        with pty_at(name) as box:
            until_up(box, desk)
            number = box.press("W")
            box.run(lambda: not box.link.unconfirmed())
        while desk.status.up:
            pass
        assert is_one_line(desk.status.trouble)
        with pty_at(name) as box:
            until_up(box, desk)
            box.press("E")  # the same number, from a box that has not been on this line before
            box.restart("00000002")
            desk.recorded = 0
            box.press("E")
            box.run(lambda: len(desk.presses) > 1)
    assert [press.number for press in desk.presses] == [number, 1]


def test_a_port_that_another_program_holds_is_one_line(tmp_path: Path) -> None:
    desk, name = Desk(), tmp_path / "tty"
    with pty_at(name) as box:
        with serial.Serial(str(name), exclusive=True), serving(str(name), desk):
            while not desk.troubles():
                pass
            assert str(name) in desk.status.trouble
            assert re.search("lock|held|in use|another program", desk.status.trouble)
            assert is_one_line(desk.status.trouble)
        with serving(str(name), desk):
            until_up(box, desk)


def test_two_lines_do_not_share_a_port(tmp_path: Path) -> None:
    first, second, name = Desk(), Desk(), str(tmp_path / "tty")
    with pty_at(tmp_path / "tty") as box, serving(name, first):
        until_up(box, first)
        with serving(name, second):
            box.rest(0.5)
            assert not second.status.up
            assert "cannot be opened" in second.status.trouble
        assert first.status.up


def test_another_version_of_the_wire_is_not_welcomed(tmp_path: Path) -> None:
    desk = Desk()
    hello = pack(codes.HELLO, (BOX, "00000001", codes.PROTOCOL + 1, "9.9.9", "p", 0, 0, 0, 0, "0123456789"))
    text = text_of(codes.HELLO, 0, 0, hello)
    greeting = encode(text, Key(bytes.fromhex(KEY)).greeting_tag(text))
    with over_pty(tmp_path, desk) as (box, _):
        while "protocol" not in desk.status.trouble:
            os.write(box.fd, greeting)
            time.sleep(0.1)
        assert f"protocol {codes.PROTOCOL + 1}" in desk.status.trouble
        assert "flash" in desk.status.trouble
        assert is_one_line(desk.status.trouble)
        assert box.heard == b""
