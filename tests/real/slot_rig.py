"""Virtual boards whose firmware is in slots, and firmwares that fail."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.real.host_end import HostEnd

from rung import firmware
from rung.firmware import Build
from rung.fleet.board import Board, Sent
from rung.sim.box import VirtualBox

TAP_S = 0.15  # an unhurried one: on a busy computer the VM may stand still for longer than a short tap lasts


def works(box: VirtualBox) -> bool:
    """Whether the box greets, and a press on it arrives."""
    with HostEnd(box.port) as host:
        host.wait("up")
        host.show(7, "lll")
        box.press("release")
        time.sleep(TAP_S)
        box.let_go("release")
        return bool(host.wait("press")[3:6] == ("R", "t", 7))


def changed(name: str, old: str, new: str, build: Build) -> Build:
    """A firmware with a change in one of its sources, compiled as all others are."""
    text = firmware.files()[name].read_text()
    assert old in text, f"{name} has no {old!r}"
    program = firmware.compiler()
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "changed.py"
        source.write_text(text.replace(old, new))
        compiled = firmware.compiled(program, name, source)
    files = {**build.files, name.replace(".py", ".mpy"): compiled}
    return Build(build.version, firmware.with_manifest(build.version, files))


def of_version(text: str) -> Build:
    """The firmware under another version, which its HELLO tells."""
    build = firmware.build()
    number = build.version.partition("+")[0]  # the rest is put in when it is built
    return changed("rung_box/__init__.py", f'VERSION = "{number}"', f'VERSION = "{text}"', build)


def install(box: VirtualBox, build: Build) -> Sent:
    """Put it on the board and start it."""
    with Board.open(box.port) as board:
        sent = board.install(build)
        board.restart()
    return sent


def greeting(box: VirtualBox) -> str:
    """The version in the box's next HELLO, which nobody answers."""
    with HostEnd(box.port) as host:
        host.welcomes = False
        return str(host.wait("hello")[4])
