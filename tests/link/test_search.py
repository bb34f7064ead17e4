"""Where the box is looked for, and which box a desk works with."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import serial
from serial.tools import list_ports
from tests.link.box_end import BOX, KEY, PATIENCE_S, BoxEnd, Desk, now_ms, pty_at, serving

from rung.link import line, search
from rung.link.hello import greeted
from rung.link.keys import keep_key, read_keys
from rung.link.line import Line
from rung.link.port import Port, PortError
from rung.link.search import AUTO, LEFT_FIRST_MS, LEFT_MOST_MS, BoxAt, Search, boards
from rung_wire.host import HostLink

OTHER, OTHER_KEY = "24dcc3ffffff", "0b" * 32


class Usb(NamedTuple):
    device: str
    vid: int | None
    pid: int | None


CP2102, NATIVE, MODEM = (0x10C4, 0xEA60), (0x303A, 0x1001), (0x1199, 0x9071)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Usb]:
    """What the computer says is plugged in."""
    ports: list[Usb] = []
    monkeypatch.setattr(list_ports, "comports", lambda: list(ports))
    return ports


def searching() -> Search:
    return Search(BoxAt(Path("keys")))


def test_only_the_usb_ids_count(plugged: list[Usb]) -> None:
    plugged += [Usb("/dev/ttyS0", None, None), Usb("/dev/ttyACM1", *MODEM)]
    assert boards() == [] and searching().next(0) is None
    plugged += [Usb("/dev/ttyUSB7", *CP2102), Usb("COM3", *NATIVE), Usb("/dev/rung", 0x303A, 0x4001)]
    assert boards() == ["/dev/rung", "/dev/ttyUSB7", "COM3"]


def test_a_port_that_is_named_is_the_only_one(plugged: list[Usb]) -> None:
    plugged.append(Usb("/dev/ttyUSB7", *CP2102))
    named = Search(BoxAt(Path("keys"), "socket://127.0.0.1:9"))
    assert [named.next(now) for now in range(3)] == ["socket://127.0.0.1:9"] * 3
    assert not named.has_others("socket://127.0.0.1:9", 0)


def test_the_ports_take_turns_and_one_without_the_box_rests_longer_and_longer(plugged: list[Usb]) -> None:
    plugged += [Usb("a", *CP2102), Usb("b", *CP2102), Usb("c", *CP2102)]
    ports = searching()
    assert [ports.next(0) for _ in range(4)] == ["a", "b", "c", "a"]
    ports.leave("b", 0)
    assert [ports.next(1) for _ in range(3)] == ["c", "a", "c"]
    for port in "ac":
        ports.leave(port, 1)
    assert ports.next(2) is None and ports.sees_any
    now, rests = 0, []
    for _ in range(6):
        begun = now
        while "b" not in ports._worth_a_try(now):
            now += 100
        rests.append(now - begun)
        ports.leave("b", now)
    assert rests[0] == LEFT_FIRST_MS and rests[-1] == LEFT_MOST_MS and rests == sorted(rests)


def test_one_that_is_plugged_in_anew_is_tried_at_once(plugged: list[Usb]) -> None:
    plugged.append(Usb("a", *CP2102))
    ports = searching()
    ports.leave("a", 0)
    assert ports.next(1) is None and ports.sees_any
    plugged.clear()
    assert ports.next(2) is None and not ports.sees_any
    plugged.append(Usb("a", *CP2102))
    assert ports.next(3) == "a"


class Boxes:
    """Boards on one computer; each does its work until something is so."""

    def __init__(self, ends: list[BoxEnd]) -> None:
        self.ends = ends

    def run(self, until: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < end, f"waited in vain: {what}"
            for box in self.ends:
                box.turn(0.002)


def plug(stack: ExitStack, folder: Path, plugged: list[Usb], name: str, box: str, key: str) -> BoxEnd:
    plugged.append(Usb(str(folder / name), *CP2102))
    return stack.enter_context(pty_at(folder / name, box, key))


def test_two_desks_on_one_computer_find_their_own_box_in_any_order(
    tmp_path: Path, plugged: list[Usb], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(search, "LEFT_FIRST_MS", 200)
    monkeypatch.setattr(line, "HEAR_MS", 1500)
    order = random.Random(seed)
    with ExitStack() as stack:
        names = order.sample(["tty0", "tty1", "tty2"], 3)
        silent = stack.enter_context(pty_at(tmp_path / names[0]))
        silent.turn = lambda wait_s=0.0: None  # type: ignore[method-assign]  # another thing than a box
        plugged.append(Usb(str(tmp_path / names[0]), *CP2102))
        mine = plug(stack, tmp_path, plugged, names[1], BOX, KEY)
        other = plug(stack, tmp_path, plugged, names[2], OTHER, OTHER_KEY)
        desks = {BOX: Desk(), OTHER: Desk()}
        for box, desk in order.sample(sorted(desks.items()), 2):
            stack.enter_context(serving(AUTO, desk, {BOX: KEY, OTHER: OTHER_KEY}, box))
        boxes = Boxes([mine, other])
        boxes.run(lambda: all(desk.status.up for desk in desks.values()), "both have their box")
        assert {box: desk.status.box for box, desk in desks.items()} == {BOX: BOX, OTHER: OTHER}
        mine.press("E")
        boxes.run(lambda: not mine.link.unconfirmed(), "the press is taken")
        assert [press.box for press in desks[BOX].presses] == [BOX] and desks[OTHER].presses == []


def test_a_box_that_comes_back_under_another_name_is_found(tmp_path: Path, plugged: list[Usb]) -> None:
    desk = Desk()
    with serving(AUTO, desk):
        for name in ("ttyACM0", "ttyACM1"):
            plugged.append(Usb(str(tmp_path / name), *NATIVE))
            with pty_at(tmp_path / name) as box:
                box.run(lambda: desk.status.up, "it is found")
                plugged.clear()
            while desk.status.up:
                pass
        while "plug the box in" not in desk.status.trouble:
            pass


def test_a_box_that_is_elsewhere_while_its_old_port_only_falls_silent_is_found(
    tmp_path: Path, plugged: list[Usb], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub, or a far server, may keep a port that has nothing behind it any more."""
    monkeypatch.setattr(line, "HEAR_MS", 300)
    desk = Desk()
    with ExitStack() as stack:
        old = plug(stack, tmp_path, plugged, "ttyACM0", BOX, KEY)
        stack.enter_context(serving(AUTO, desk))
        old.run(lambda: desk.status.up, "it is found")
        new = plug(stack, tmp_path, plugged, "ttyACM1", BOX, KEY)
        new.run(lambda: new.link.state == "up", "it is found again")
        new.press("E")
        new.run(lambda: not new.link.unconfirmed(), "it works there")


@pytest.mark.parametrize(
    ("key", "keys", "said"),
    [
        ("", {}, "is not paired; pair it: rung pair"),
        ("", {BOX: KEY}, "is not paired; pair it: rung pair"),
        (KEY, {}, "has no key for it"),
        (OTHER_KEY, {BOX: KEY}, "has another key"),
        (KEY, {OTHER: OTHER_KEY}, f"this desk's is {OTHER}"),
        (KEY, {BOX: KEY, OTHER: OTHER_KEY}, "name this desk's box as box.id"),
    ],
)
@pytest.mark.parametrize("port", ["named", AUTO])
def test_a_stranger_is_told_and_can_do_nothing(
    tmp_path: Path, plugged: list[Usb], port: str, key: str, keys: dict[str, str], said: str
) -> None:
    desk, name = Desk(), tmp_path / "tty"
    plugged.append(Usb(str(name), *CP2102))
    with pty_at(name, BOX, key) as box, serving(str(name) if port == "named" else AUTO, desk, keys):
        box.press("R", "h")
        box.run(lambda: said in desk.status.trouble, said)
        box.rest(0.3)
    assert desk.presses == [] and not desk.status.up
    assert box.events == [] and box.link.unconfirmed() == [(1, "R")]
    assert "\n" not in desk.status.trouble and KEY not in desk.status.trouble


def test_a_key_that_others_can_read_keeps_the_box_out(tmp_path: Path) -> None:
    desk = Desk()
    keep_key(tmp_path / "keys", BOX, KEY).chmod(0o644)
    with pty_at(tmp_path / "tty") as box:
        line = Line(BoxAt(tmp_path / "keys", str(tmp_path / "tty")), desk)
        line.start()
        box.run(lambda: "chmod 600" in desk.status.trouble, "it is told")
        line.stop()
    assert box.events == []


@pytest.mark.parametrize("is_in_session", [False, True])
def test_hearing_a_box_takes_it_into_no_session(tmp_path: Path, is_in_session: bool) -> None:
    """As `rung doctor` does, also with a box that is in the session of a bridge that was killed."""
    keep_key(tmp_path / "keys", BOX, KEY)
    keys = read_keys(tmp_path / "keys")
    with pty_at(tmp_path / "tty") as box, ThreadPoolExecutor() as pool:
        if is_in_session:
            bridge = HostLink(keys)
            bridge.receive(box.link.pump(now_ms()), now_ms())
            bridge.welcome(7, "0123456789ab", 0, now_ms())
            box.link.receive(bridge.pump(now_ms()), now_ms())
        hearing = pool.submit(greeted, str(tmp_path / "tty"), keys, PATIENCE_S)
        box.run(hearing.done, "it is heard")
        hello = hearing.result()
    assert hello is not None and (hello.box, hello.trust) == (BOX, "paired")
    assert hello.stranger("tty", BOX, tmp_path) == ""
    assert all(event[0] == "lost" for event in box.events)


def test_who_holds_a_port_is_told(tmp_path: Path) -> None:
    port = str(tmp_path / "tty")
    told = pytest.raises(PortError, match=r"another program holds it.*end that program")
    with pty_at(tmp_path / "tty"), serial.Serial(port, exclusive=True), told as caught:
        Port(port)
    assert "\n" not in str(caught.value)
