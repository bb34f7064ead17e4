"""sipp from the folder that `make peers` unpacks: a caller or a callee that does what no telephone would."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import asterisk, missing, peers, start, stop

SCENARIOS = Path(__file__).parent / "sipp"


def root() -> Path:
    """Where `make peers` has put sipp; the test skips (or fails) without it."""
    folder = peers() / "sipp"
    if not folder.is_dir():
        missing("sipp", "make peers")
    return folder


def caller(reinvites: tuple[str, ...] = ()) -> str:
    """A scenario that calls, sends these directions of its media one after another, and BYE after the pause."""
    one = (SCENARIOS / "reinvite.xml").read_text()
    made = (one.replace("NUMBER", str(2 + n)).replace("DIRECTION", way) for n, way in enumerate(reinvites))
    return (SCENARIOS / "caller.xml").read_text().replace("REINVITES", "".join(made))


def never_answers() -> str:
    return (SCENARIOS / "never.xml").read_text()


def speaking(name: str, voice: Path) -> str:
    """The scenario of that name; its caller says what is in the file ``voice`` (u-law, 8 kHz), again and again."""
    return (SCENARIOS / f"{name}.xml").read_text().replace("VOICE", str(voice))


@contextmanager
def running(
    pbx: asterisk.Asterisk, folder: Path, scenario: str, *, service: str = "agent", pause_ms: int = 0
) -> Iterator[subprocess.Popen[bytes]]:
    """One call of it, from and to endpoint `trunk`. ``pause_ms``: before BYE.

    Whatever is said on the wire is in ``folder / "sipp.messages"``. What the scenario does not expect is not answered.
    """
    here = root()
    libraries = next(here.glob("usr/lib/*-linux-gnu*/libc.so.6")).parent
    loader = next(libraries.glob("ld-linux*.so.*"))
    file = folder / "scenario.xml"
    file.write_text(scenario)
    command = [loader, "--library-path", libraries, here / "usr/bin/sipp", f"127.0.0.1:{pbx.sip_port}"]
    options = ["-sf", file, "-i", "127.0.0.1", "-p", pbx.trunk_port, "-s", service, "-m", 1, "-d", pause_ms]
    more = ["-nostdin", "-timeout", "60s", "-mp", pbx.trunk_port + 2, "-default_behaviors", "none,pingreply"]
    more += ["-trace_msg", "-message_file", folder / "sipp.messages"]
    terminal = {"TERM": "dumb", "TERMINFO": str(here / "usr/share/terminfo")}
    process = start([str(part) for part in [*command, *options, *more]], folder / "sipp.log", terminal)
    try:
        yield process
    finally:
        stop(process)
