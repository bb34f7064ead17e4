"""Ports: their modem lines, other kinds of them, who else has them open, and how often they are tried."""

import errno
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from tests.link.box_end import BOX, PATIENCE_S, BoxEnd, Desk, pty_at, serving
from tests.link.wires import HIGH, LOW, Wired, WiredDtrFirst, WiredRtsFirst, resets, rfc2217_port

from rung.link import port as ports
from rung.link import refusal
from rung.link.line import REOPEN_MOST_S, Line
from rung.link.port import Port, PortError
from rung.link.search import BRIDGES, ESPRESSIF, BoxAt

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial's

# -- modem lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "platform"), [(Wired, "linux"), (Wired, "darwin"), (WiredDtrFirst, "win32"), (WiredRtsFirst, "win32")]
)
def test_a_board_is_neither_reset_nor_frozen_by_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Wired], platform: str
) -> None:
    monkeypatch.setattr(serial, "Serial", kind)
    monkeypatch.setattr(ports, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(Wired, "changes", [(LOW, LOW)], raising=False)
    with pty_at(tmp_path / "tty") as box:
        port = Port(str(tmp_path / "tty"))
        assert Wired.changes[-1] == (HIGH, HIGH), "native USB says nothing while DTR is low"
        box.link.press("E", "t", 0, 0, 0)
        box.turn()
        assert port.read(PATIENCE_S).startswith(b"!H")
        port.close()
    assert Wired.changes[-1] == (LOW, LOW)
    assert not resets(Wired.changes)
    assert Wired.changes[-2] == (HIGH, LOW), "RTS goes first"


def test_the_circuit_does_reset_a_board_whose_dtr_falls_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wired, "changes", [(LOW, LOW)], raising=False)
    with pty_at(tmp_path / "tty"), Wired(str(tmp_path / "tty")) as port:
        port.dtr = False
    assert resets(Wired.changes)


# -- rfc2217:// --------------------------------------------------------------------------------------------------------


def until_up(box: BoxEnd, desk: Desk) -> None:
    box.run(lambda: desk.status.up, "the desk hears that the box is there")


def test_a_box_behind_an_rfc2217_server(tmp_path: Path) -> None:
    """Presses, a network that fails and comes back, and a goodbye."""
    desk = Desk()
    with rfc2217_port(tmp_path) as (server, box):
        with serving(server.url, desk):
            until_up(box, desk)
            assert desk.status.box == BOX
            number = box.press("W")
            box.run(lambda: not box.link.unconfirmed(), "it is acknowledged")
            assert box.wait("result")[1] == number
            server.drop()
            box.run(lambda: not desk.status.up, "it is lost")
            assert server.url in desk.status.trouble and "\n" not in desk.status.trouble
            box.press("E")
            until_up(box, desk)
            box.run(lambda: not box.link.unconfirmed(), "it is acknowledged")
        box.run(lambda: box.events[-1][0] == "lost", "the goodbye comes")
    assert [press.number for press in desk.presses] == [1, 2]
    assert not resets(Wired.changes)


def test_who_serves_no_rfc2217_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"rfc2217://127.0.0.1:{deaf.getsockname()[1]}?timeout=0.2"
        with pytest.raises(PortError, match=r"RFC2217.*is what serves it running") as caught:
            Port(url)
    assert str(caught.value).startswith(url) and "\n" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["rfc2217", "socket"])
def test_a_server_that_is_not_there_is_one_line(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"{scheme}://127.0.0.1:{gone.getsockname()[1]}"
    with pytest.raises(PortError, match="is what serves it running") as caught:
        Port(url)
    assert "\n" not in str(caught.value)


# -- how often it is tried ---------------------------------------------------------------------------------------------


class Hurried(threading.Event):
    """Waits for nothing, notes how long it should have, and ends the line after so many times."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.waits: list[float | None] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if len(self.waits) >= self._most:
            self.set()
        return self.is_set()


GROWING = [0.1, 0.2, 0.4, 0.8, 1.6, REOPEN_MOST_S, REOPEN_MOST_S]


def waits(url: str, keys: Path) -> list[float | None]:
    line = Line(BoxAt(keys, url), Desk())
    line._stopping = Hurried(len(GROWING))
    line._run()
    return line._stopping.waits


def test_a_port_that_is_not_there_is_tried_ever_less_often_up_to_a_limit(tmp_path: Path) -> None:
    assert waits(str(tmp_path / "none"), tmp_path) == GROWING
    assert REOPEN_MOST_S == 2.0


def test_so_is_one_that_opens_and_is_lost_at_once(tmp_path: Path) -> None:
    """A server without its box, an adapter that is broken: else the thread would never rest."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in GROWING:
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert waits(f"socket://127.0.0.1:{server.getsockname()[1]}", tmp_path) == GROWING
        thread.join()


# -- who else ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_the_program_that_holds_a_port_is_named(tmp_path: Path) -> None:
    holding = "import serial, sys; p = serial.Serial(sys.argv[1], exclusive=True); print(1, flush=True); input()"
    name = str(tmp_path / "tty")
    with (
        pty_at(tmp_path / "tty"),
        subprocess.Popen(
            [sys.executable, "-c", holding, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder,
    ):
        assert holder.stdin is not None and holder.stdout is not None
        holder.stdout.readline()
        try:
            with pytest.raises(PortError) as caught:
                Port(name)
        finally:
            holder.stdin.close()
    program = f"another program holds it \\(python[^,]*, process {holder.pid}\\); end that program"
    assert re.search(program, str(caught.value)), caught.value


def test_a_port_that_one_may_not_open_tells_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = serial.SerialException(errno.EACCES, "could not open port")
    assert "udev" not in refusal.why("COM3", OSError("no"))
    monkeypatch.setattr(refusal, "sys", SimpleNamespace(platform="linux"))
    assert f"sudo cp {refusal.RULE} /etc/udev/rules.d/" in refusal.why("/dev/ttyUSB0", denied)
    monkeypatch.setattr(refusal, "sys", SimpleNamespace(platform="darwin"))
    assert "host/README.md" in refusal.why("/dev/cu.usbserial", denied)


def test_the_udev_rule_knows_the_boards_that_are_looked_for() -> None:
    found = set()
    for vendor, products in re.findall(
        r'^SUBSYSTEM=="tty", ATTRS\{idVendor\}=="(\w+)",(?: ATTRS\{idProduct\}=="([\w|]+)",)? TAG\+="uaccess", '
        r'ENV\{ID_MM_DEVICE_IGNORE\}="1"$',
        refusal.RULE.read_text(),
        re.MULTILINE,
    ):
        found |= {(int(vendor, 16), int(product, 16) if product else None) for product in products.split("|")}
    assert found == BRIDGES | {(ESPRESSIF, None)}
