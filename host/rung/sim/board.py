"""The board that a virtual box's VM runs on: power, port, pins, lamps and watchdog.

It is a process of its own with one thread and one epoll, so that neither the caller's load nor its
interpreter lock delays a byte or falsifies a stamp. The caller (box.py) commands it over a pipe;
when the pipe closes, it kills the VM and goes. Linux only.
"""

from __future__ import annotations

import json
import re
import select
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from rung.sim.chip import Tear, tear
from rung.sim.life import Life, Start
from rung.sim.port import Port
from rung.sim.rom import Cause, boot_text
from rung.sim.serial_line import Lane, Timer

_BACKLOG_MAX: Final = 64 * 1024  # bytes taken from the host ahead of a VM that does not read


class Board:
    """One box: everything but the processor and what runs on it."""

    def __init__(self, control: Connection, config: dict[str, Any]) -> None:
        self._control = control
        self._flash = Path(config["flash"])
        self._link = Path(config["link"])
        self._unique_id = bytes.fromhex(config["unique_id"])
        self._heap: str = config["heap"]
        self._ring: int | None = config["ring"]
        self._up, self._down = Lane(config["baud"]), Lane(config["baud"])  # to the host, to the box
        self._timer = Timer()
        self._tear: tuple[Tear, int] = ("half", 0)  # how the flash is left when the power fails
        self._unplug_after: int | None = None  # bytes from the host
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._driven: dict[int, int] = {}
        self._frames: dict[int, bytes] = {}  # what each lamp string shows
        self._life: Life | None = None
        self._port: Port | None = None
        self._to_vm = bytearray()
        self._from_vm = bytearray()  # parts of messages on the wires
        self._tail = b""  # the last output of this life
        self._lives = 0
        self._powered_at = 0.0
        self._rtc = b""  # the chip's RTC memory
        self._watchdog: tuple[float, float] | None = None  # seconds allowed, time of starvation
        self._running = True

    def run(self) -> None:
        """Power up and serve until told to stop."""
        self._watch(self._control.fileno(), self._on_command)
        self._watch(self._timer.fd, self._on_time)
        self._plug()
        self._begin("power")
        while self._running:
            for fd, _ in self._epoll.poll(self._patience()):
                if fd in self._handlers:  # an earlier event may have ended its life
                    self._handlers[fd]()
            if self._watchdog and time.monotonic() >= self._watchdog[1]:
                self._restart("watchdog")
        self._unplug()
        self._power_off()

    def _patience(self) -> float | None:
        return max(0.0, self._watchdog[1] - time.monotonic()) if self._watchdog else None

    def _watch(self, fd: int, handler: Callable[[], None], mask: int = select.EPOLLIN) -> None:
        self._handlers[fd] = handler
        self._epoll.register(fd, mask)

    def _forget(self, fd: int) -> None:
        del self._handlers[fd]
        self._epoll.unregister(fd)

    # Lives

    def _begin(self, cause: Cause, raw: bool = False) -> None:
        now = time.monotonic()
        self._print(boot_text(cause, round((now - self._powered_at) * 1000)))
        if cause != "soft":
            self._powered_at = now
            self._watchdog = None
        if cause in ("power", "pin"):
            self._rtc = b""  # some chips keep it when only their reset pin is pulled; none promises it
        levels = self._driven.items()
        start = Start(self._flash, self._unique_id, self._heap, cause, raw, levels, self._rtc)
        self._life = life = Life(start)
        self._lives += 1
        self._tail = b""
        self._watch(life.console.fileno(), self._on_console)
        self._watch(life.wires.fileno(), self._on_wires)
        self._watch(life.exited, self._on_exit)
        self._tell("life", self._lives, cause, life.pid)

    def _end(self) -> int:
        """End the life, after all that it has printed has gone out; return its exit code."""
        life = self._alive()
        self._drain()
        for fd in (life.console.fileno(), life.wires.fileno(), life.exited):
            self._forget(fd)
        self._life = None
        self._to_vm.clear()
        self._from_vm.clear()
        return life.end()

    def _restart(self, cause: Cause) -> None:
        raw = cause == "soft" and self._alive().raw
        self._end()
        self._begin(cause, raw)

    def _on_exit(self) -> None:
        """The VM has left by itself: Ctrl-D or SystemExit, so this is a soft reset."""
        life = self._alive()
        if not life.has_ended():  # the event was an earlier life's, whose descriptor this one got
            return
        code = self._end()
        if not life.booted or code < 0:
            self._tell("failed", f"the VM ended with {code}: {self._tail.decode(errors='replace')}")
            self._running = False
            return
        # Told from its output: what was typed last says nothing about what was already read.
        self._begin("soft", raw=self._tail.endswith((b">OK\r\n", b"\x04")))

    def _alive(self) -> Life:
        assert self._life is not None, "a handler ran for a life that had ended"
        return self._life

    # The port

    def _plug(self) -> None:
        self._port = port = Port(self._link)
        # Edge-triggered: without a host the port would report its hang-up for ever.
        mask = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET
        self._watch(port.master, self._on_port, mask)

    def _unplug(self) -> None:
        if self._port:
            self._forget(self._port.master)
            self._port.close()
            self._port = None
        self._up.clear()
        self._down.clear()

    def _print(self, data: bytes) -> None:
        if self._port:
            self._up.put(data, time.monotonic())
            self._carry_up()

    def _on_port(self) -> None:
        self._carry_down()
        if self._port is None:  # what came has cut the power
            return
        if self._port.is_open():
            self._port.flush()
        else:
            self._port.forget()

    def _on_time(self) -> None:
        self._timer.clear()
        self._carry_up()
        self._carry_down()
        if self._life:
            self._watch_console(self._life)

    def _carry_up(self) -> None:
        """Let the line carry to the host what it can by now."""
        leaving = self._up.take(time.monotonic())
        if self._port and leaving:
            self._port.write(leaving)
        self._look_again()

    def _carry_down(self) -> None:
        """The same to the box; more is taken from the host as room comes."""
        while self._port:
            now = time.monotonic()
            has_room = not self._down.is_full and len(self._to_vm) < _BACKLOG_MAX
            come = self._port.read() if has_room else b""
            self._down.put(come, now)
            passed = self._down.take(now)
            self._take(passed)
            if not come and not passed:
                break
        self._look_again()

    def _look_again(self) -> None:
        self._timer.set(min(filter(None, (self._up.due(), self._down.due())), default=None))

    def _take(self, data: bytes) -> None:
        """Bytes from the host: Ctrl-C overtakes, as in the chip's receive interrupt."""
        if self._unplug_after is not None:
            data = data[: self._unplug_after]
            self._unplug_after -= len(data)
            if not self._unplug_after:
                self._fail("cable")
        if self._life is None:
            return
        for piece in re.split(b"(\x03)", data):
            if piece != b"\x03" or not self._life.interrupt():
                self._to_vm += piece
                self._feed()

    def _feed(self) -> None:
        """Send on to the VM: into a ring that drops silently, or with pushback as USB has it."""
        life = self._alive()
        if self._ring is not None:
            room = max(0, self._ring - 1 - life.unread())
            del self._to_vm[room:]
        with suppress(BlockingIOError):
            del self._to_vm[: life.console.send(self._to_vm)]
        self._watch_console(life)

    def _watch_console(self, life: Life) -> None:
        mask = (0 if self._up.is_full else select.EPOLLIN) | (select.EPOLLOUT if self._to_vm else 0)
        self._epoll.modify(life.console.fileno(), mask)

    def _on_console(self) -> None:
        life = self._alive()
        if not self._up.is_full:  # a VM that prints faster than the line carries has to wait
            self._drain_once(life)
        if self._to_vm:
            self._feed()
            if self._port:
                self._on_port()
        if self._life is life:
            self._watch_console(life)

    def _drain(self) -> None:
        while self._drain_once(self._alive()):
            pass

    def _drain_once(self, life: Life) -> bool:
        data = life.read()
        self._tail = (self._tail + data)[-2000:]
        self._print(data)
        return bool(data)

    # The wires

    def _on_wires(self) -> None:
        life = self._alive()
        try:
            self._from_vm += life.wires.recv(65536)
        except (BlockingIOError, ConnectionResetError):  # nothing to read, or a VM that has left with edges unread
            return
        now = time.monotonic_ns()
        while self._life is life and len(self._from_vm) >= 3:
            length = 3 + int.from_bytes(self._from_vm[1:3], "little")
            if len(self._from_vm) < length:
                break
            kind, payload = self._from_vm[:1], bytes(self._from_vm[3:length])
            del self._from_vm[:length]
            self._message(bytes(kind), payload, now)

    def _message(self, kind: bytes, payload: bytes, now: int) -> None:
        """One message of the stand-ins; their side is _vm/_wires.py and _vm/machine.py."""
        life = self._alive()
        match kind:
            case b"B":
                life.booted = True
                self._tell("booted", self._lives)
            case b"L":
                self._show(payload[0], payload[1:], now)
            case b"D":
                self._tell("wave", now, payload[0], *struct.unpack("<IH", payload[1:]))
            case b"W":
                allowed = int.from_bytes(payload, "little") / 1000
                self._watchdog = allowed, time.monotonic() + allowed
            case b"F" if self._watchdog:
                self._watchdog = self._watchdog[0], time.monotonic() + self._watchdog[0]
            case b"M":
                self._rtc = payload
            case b"C":
                tear(self._flash, *self._tear)
                self._fail("power")
            case b"R":
                self._restart("software")
            case b"S":
                self._restart("soft")

    def _show(self, pin: int, frame: bytes, now: int) -> None:
        if self._frames.get(pin) != frame:
            self._frames[pin] = frame
            self._tell("lamps", now, pin, frame)

    # The caller

    def _tell(self, *event: object) -> None:
        try:
            self._control.send(event)
        except OSError:  # the caller has gone
            self._running = False

    def _on_command(self) -> None:
        try:
            command, *arguments = self._control.recv()
        except (EOFError, OSError):  # the caller has gone
            self._running = False
            return
        self._tell("done", getattr(self, f"_do_{command}")(*arguments))

    def _do_edges(self, pin: int, levels: list[int | None], gap_s: float) -> list[int]:
        """Drive a pin through `levels`; return the time of each, taken as it leaves."""
        stamps = []
        for index, level in enumerate(levels):
            if index:
                time.sleep(gap_s)
            self._drive(pin, level)
            stamps.append(time.monotonic_ns())
            if self._life:
                self._life.drive(pin, level, stamps[-1])
        return stamps

    def _do_chatter(self, pin: int, level: int | None, edges: int, gap_us: int) -> int:
        """Drive a pin to `level` by so many edges, which go out together when the last was made; when the first was."""
        began = time.monotonic_ns()
        time.sleep((edges - 1) * gap_us / 1_000_000)
        self._drive(pin, level)
        while self._life and not self._life.drive(pin, level, began, edges, gap_us):
            time.sleep(0.001)
        return began

    def _drive(self, pin: int, level: int | None) -> None:
        if level is None:
            self._driven.pop(pin, None)
        else:
            self._driven[pin] = level

    def _do_reset(self, cause: Cause) -> None:
        if self._life:
            self._restart(cause)

    def _do_unplug(self, keep_power: bool) -> None:
        self._unplug()
        if not keep_power:
            self._power_off()

    def _do_unplug_after(self, host_bytes: int | None) -> None:
        self._unplug_after = host_bytes

    def _do_tear(self, how: Tear, seed: int) -> None:
        self._tear = how, seed

    def _fail(self, what: str) -> None:
        """The box disappears from the bus by itself."""
        self._unplug_after = None
        self._unplug()
        self._power_off()
        self._tell("vanished", what)

    def _do_plug(self) -> None:
        if self._port is None:
            self._plug()
        if self._life is None:
            self._begin("power")

    def _do_stop(self) -> None:
        self._running = False

    def _power_off(self) -> None:
        if self._life:
            self._end()
        self._watchdog = None
        for pin, frame in list(self._frames.items()):
            self._show(pin, bytes(len(frame)), time.monotonic_ns())


def main() -> None:
    """Serve the caller on the pipe whose descriptor is the first argument."""
    Board(Connection(int(sys.argv[1])), json.loads(sys.argv[2])).run()


if __name__ == "__main__":
    main()
