"""One life of the box: a MicroPython VM as a process, from a reset to the next."""

from __future__ import annotations

import array
import ctypes
import fcntl
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from rung.sim.rom import RESETS, Cause

_RAW_MARK: Final = b"\0raw\0"  # a life that starts in the raw REPL prints this when it gets there
_PROMPT: Final = b">>> \r\n"  # ends what the friendly REPL says before Ctrl-A takes effect
_OPEN: Final = 2  # on the wires: nothing drives this pin
_VM_SOURCES: Final = Path(__file__).parent / "_vm"
_PR_SET_PDEATHSIG: Final = 1
_TICKS_MASK: Final = 0x3FFFFFFF  # a chip's time.ticks_ms wraps
_libc: Final = ctypes.CDLL(None, use_errno=True)

# CPython's own SIGINT handler must go, or SigCgt would show it armed before MicroPython is up. But that signal is never
# sent: this VM would raise in the midst of whatever it does, such as a collection of garbage, and break. SIGUSR1 gets
# what a chip's receive interrupt calls: then the VM raises between two bytecodes, or out of a sleep, poll or read.
_LAUNCH: Final = """
import _signal, ctypes, sys
_signal.signal(_signal.SIGINT, _signal.SIG_IGN)
sys.path.append({site!r})
import micropython_run as m
raise_later = ctypes.CDLL(m.__file__).mp_sched_keyboard_interrupt
libc = ctypes.CDLL(None)
libc.signal(int(_signal.SIGUSR1), raise_later)
libc.siginterrupt(int(_signal.SIGUSR1), 1)
m.run_main({argv!r})
"""


class Start(NamedTuple):
    """How a life begins. `heap` is MicroPython's `-X heapsize`, `levels` the driven pins, `rtc` the RTC memory."""

    flash: Path
    unique_id: bytes
    heap: str
    cause: Cause
    raw: bool
    levels: Iterable[tuple[int, int]]
    rtc: bytes


class Life:
    """A running VM. `console` and `wires` are our ends of its stdin/stdout and of its pins."""

    def __init__(self, start: Start) -> None:
        self.raw = start.raw
        self.booted = False  # it has begun boot.py; before that Ctrl-C is a byte like any other
        self._swallow_to = [_RAW_MARK, _PROMPT] if start.raw else []
        self._swallowed = b""
        self.console, self._stdio = socket.socketpair()
        self.wires, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            _command(start.heap),
            env=_environment(start, theirs.fileno()),
            stdin=self._stdio.fileno(),
            stdout=self._stdio.fileno(),
            stderr=self._stdio.fileno(),
            pass_fds=[theirs.fileno()],
            preexec_fn=die_with_parent,
        )
        theirs.close()
        self.console.setblocking(False)
        self.wires.setblocking(False)
        self.exited = os.pidfd_open(self.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether the VM has left by itself."""
        return self._process.poll() is not None

    def read(self) -> bytes:
        """What the VM has printed; empty when there is nothing now."""
        try:
            data = self.console.recv(65536)
        except BlockingIOError:
            return b""
        return self._without_banner(data) if self._swallow_to else data

    def _without_banner(self, data: bytes) -> bytes:
        """Enter the raw REPL as a box does that soft-reset in it, without the friendly banner."""
        output = b""
        self._swallowed += data
        while self._swallow_to and self._swallow_to[0] in self._swallowed:
            awaited = self._swallow_to.pop(0)
            before, _, self._swallowed = self._swallowed.partition(awaited)
            if awaited == _RAW_MARK:
                output += before  # boot.py's own
                self.console.send(b"\x01")
        if self._swallow_to:
            return output
        return output + self._swallowed

    def unread(self) -> int:
        """Bytes sent to the console that the VM has not read yet."""
        count = array.array("i", [0])
        fcntl.ioctl(self._stdio, termios.FIONREAD, count)
        return int(count[0])

    def drive(self, pin: int, level: int | None, at_ns: int, edges: int = 1, gap_us: int = 0) -> bool:
        """Put an edge on a pin, with the monotonic time of its making; lost (False) when hundreds wait to be taken.

        Or several, the first at that time, each `gap_us` after the one before, and the last to this level: at most 31.
        """
        ms, ns = divmod(at_ns, 1_000_000)
        number = pin | (ms & _TICKS_MASK) << 7 | edges << 37 | gap_us // 10 << 42 | ns // 10_000 << 50
        try:
            self.wires.send(bytes((_OPEN if level is None else level,)) + number.to_bytes(8, "little"))
        except BlockingIOError:
            return False
        return True

    def interrupt(self) -> bool:
        """Ctrl-C; False when a program does not run, so that it is a byte for the REPL instead.

        The VM says so by arming SIGINT; it is halted while we look and signal. The signal goes to the main thread:
        only there does it end a poll or a sleep.
        """
        if not self.booted:
            return False
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        try:
            armed = _catches_sigint(self.pid)
            if armed:
                _libc.tgkill(self.pid, self.pid, signal.SIGUSR1)
            return armed
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def end(self) -> int:
        """Kill it if it still runs, close all and return the exit code."""
        self._process.kill()
        code = self._process.wait()
        os.close(self.exited)
        for end in (self.console, self._stdio, self.wires):
            end.close()
        return code


def _command(heap: str) -> list[str]:
    package = importlib.util.find_spec("micropython_run")
    if package is None or package.origin is None:
        raise RuntimeError("the virtual box needs MicroPython: pip install 'rung[sim]'")
    argv = ["micropython", "-X", f"heapsize={heap}", "-i", str(_VM_SOURCES / "start.py")]
    launch = _LAUNCH.format(site=str(Path(package.origin).parent), argv=argv)
    return [sys.executable, "-I", "-S", "-c", launch]


def _environment(start: Start, wires: int) -> dict[str, str]:
    """What _vm/_life.py needs to know; MicroPython's own arguments end at 255 bytes."""
    config = {
        "here": str(_VM_SOURCES),
        "flash": str(start.flash.resolve()),
        "unique_id": list(start.unique_id),
        "reset_cause": RESETS[start.cause].reset_cause,
        "rtc": list(start.rtc),
        "raw": start.raw,
        "raw_mark": _RAW_MARK.decode(),
        "fd": wires,
        "levels": list(start.levels),
    }
    return {**os.environ, "RUNG_LIFE": json.dumps(config)}


def die_with_parent() -> None:
    """Run in the child: nobody is left behind, even if whoever started it is killed."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _catches_sigint(pid: int) -> bool:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)
    return False
