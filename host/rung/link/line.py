"""The link's own thread: frame in, step and durable record, acknowledgement out, and nothing else on it.

One `_serve` is one opened port with one `HostLink`; the loop around it makes the next, and `Search` says where. What is
behind the line is a `Door`: the desk, which may be called from this thread at any time.
"""

import secrets
import threading
import time

from msgspec.structs import replace

from rung.link.door import BoxIs, Counters, Door, NotRecorded
from rung.link.hello import Hello, Trouble
from rung.link.keys import KeysError, read_keys
from rung.link.mapping import WireLamps, lamps_to_wire, press_from_wire, result_to_wire
from rung.link.port import Port, PortError
from rung.link.search import BoxAt, Search
from rung.words import Lamps, Pressed
from rung_wire import codes, names
from rung_wire.host import HostLink

COUNT_MS = 1000  # garbage may come by the megabyte; who watches need not
REOPEN_FIRST_S = 0.1
STALL_MS = 250  # a turn takes a few; one that is this late has slept
REOPEN_MOST_S = 2.0  # a box plugged back in is found within this time
HEAR_MS = 4000  # a box greets every 500 ms; a reset by opening the port takes a second or two


class NotHere(Exception):
    """This desk's box is not behind this port; one line that says what is, if anything."""


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _sleepless_ms() -> int:
    """A clock that goes on while the computer sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return monotonic_ms() if clock is None else time.clock_gettime_ns(clock) // 1_000_000


class Line:
    """Keeps the line to one box for ever, from `start` to `stop`."""

    def __init__(self, at: BoxAt, door: Door) -> None:
        self._at = at
        self._search = Search(at)
        self._door = door
        self._wanted = (Lamps(), 0)  # since when: a countdown goes on while the port is closed
        self._sent: tuple[Lamps, int] | None = None
        self._wire: WireLamps | None = None
        self._stalled_ms = 0
        self._counters = Counters()
        self._count_again_ms = 0
        self._stopping = threading.Event()
        self._port: Port | None = None
        self._session = secrets.randbelow(0xFFFF)
        self._status = BoxIs(up=False)
        self._hello = BoxIs(up=False)
        self._boot = ""  # of the box that greeted last,
        self._troubles: set[Trouble] = set()  # and what it has told of itself in that boot
        self._box = ""  # the only one to be welcomed
        self._wait_s = REOPEN_FIRST_S  # before the next port is opened
        self._thread = threading.Thread(target=self._guarded, name="link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye to the box and end the thread."""
        self._stopping.set()
        self._wake()
        self._thread.join()

    def show(self, lamps: Lamps) -> None:
        """What the box is to show from now on; any thread, never blocks."""
        self._wanted = (lamps, monotonic_ms())
        self._wake()

    def _wake(self) -> None:
        port = self._port
        if port is not None:
            port.wake()

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self._door.failed(error)
            raise

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                url = self._search.next(monotonic_ms())
                port = self._port = None if url is None else Port(url)
            except PortError as error:
                port = None
                self._tell(BoxIs(up=False, trouble=str(error)))
            if port is None:
                if not self._search.sees_any:
                    self._tell(BoxIs(up=False, trouble="no board of a box's kind is plugged in; plug the box in"))
                self._pause()
                continue
            try:
                self._serve(port)
            except PortError as error:
                self._tell(BoxIs(up=False, trouble=str(error)))
                self._pause()
            except NotHere as error:
                self._search.leave(port.url, monotonic_ms())
                self._tell(BoxIs(up=False, trouble=str(error)))
            except (NotRecorded, KeysError) as error:
                # A new port and a new link: the box repeats the press, with its age, until the record takes it.
                self._tell(BoxIs(up=False, trouble=str(error)))
                self._stopping.wait(REOPEN_MOST_S)
            finally:
                self._port = None
                port.close()

    def _pause(self) -> None:
        """Longer each time, until a box is in session."""
        self._stopping.wait(self._wait_s)
        self._wait_s = min(self._wait_s * 2, REOPEN_MOST_S)

    def _serve(self, port: Port) -> None:
        keys = read_keys(self._at.keys)
        self._box = self._at.id or (next(iter(keys)) if len(keys) == 1 else "")
        link = HostLink(keys)
        data = b""
        self._sent = None
        self._tell(BoxIs(up=False, trouble=f"{port.url}: open, no box has answered yet"))
        heard_ms = monotonic_ms()
        while not self._stopping.is_set():
            begun_ms = _sleepless_ms()
            try:
                self._turn(link, port, data)
            finally:
                self._door.act()
            heard_ms = monotonic_ms() if link.up(monotonic_ms()) else heard_ms
            self._leave_if_still(port, heard_ms)
            asked_ms = _sleepless_ms()
            wait_ms = min(link.next_due(monotonic_ms()), STALL_MS)  # of a longer one a part could be a stall, unseen
            data = port.read(wait_ms / 1000)
            # After a stall of this computer nobody knows how long a press has waited here: take the longest.
            stalled_ms = asked_ms - begun_ms + max(0, _sleepless_ms() - asked_ms - wait_ms)
            self._stalled_ms = stalled_ms if stalled_ms > STALL_MS else 0
        link.bye()
        port.write(link.pump(monotonic_ms()))

    def _leave_if_still(self, port: Port, heard_ms: int) -> None:
        """Where several boards are plugged in, one that says nothing may be no box, or this box is elsewhere by now."""
        now = monotonic_ms()
        if now - heard_ms > HEAR_MS and self._search.has_others(port.url, now):
            raise NotHere(f"{port.url}: opened, but no box has answered")

    def _turn(self, link: HostLink, port: Port, data: bytes) -> None:
        pressed = []
        has_left = False
        for event in link.receive(data, monotonic_ms()):
            kind, *fields = event
            if kind == "press":
                pressed.append(self._press(link, *fields))
            elif kind == "hello":
                self._welcome(link, port, Hello(*fields))
            elif kind == "shown":
                if self._sent is not None and self._wire == tuple(fields):
                    self._door.shown(self._sent[0])
            elif kind == "up":
                self._search.found(port.url)
                self._wait_s = REOPEN_FIRST_S
                self._tell(self._hello)
            elif kind == "trouble":
                self._trouble(port, Trouble(*fields))
            elif kind == "left":
                self._tell(BoxIs(up=False, trouble=f"{port.url}: the box is in maintenance; reset it when it is done"))
                has_left = True
            elif kind == "lost" and not has_left:
                self._tell(BoxIs(up=False, trouble="link lost: the box is silent; check its cable"))
        wanted = self._wanted
        if wanted != self._sent:
            now = monotonic_ms()
            self._sent, self._wire = wanted, lamps_to_wire(wanted[0], now - wanted[1])
            link.lamps(*self._wire, now)
        out = link.pump(monotonic_ms())
        if out:
            port.write(out)
        for press in pressed:
            self._door.acknowledged(press)
        self._count(link)

    def _count(self, link: HostLink) -> None:
        counters = Counters(
            link.bad_frames,
            link.noise_bytes,
            link.strays,
            link.unproven,
            link.illegal,
            link.box_bad,
            link.box_dropped,
        )
        if counters != self._counters and monotonic_ms() >= self._count_again_ms:
            self._counters = counters
            self._count_again_ms = monotonic_ms() + COUNT_MS
            self._door.counted(counters)

    def _press(self, link: HostLink, boot: str, *fields: object) -> Pressed:
        press = press_from_wire(link.box, boot, *fields)  # type: ignore[arg-type]  # checked field by field by the link
        press = replace(press, age_ms=press.age_ms + self._stalled_ms)
        answer = self._door.press(press)
        now = monotonic_ms()
        link.ack(boot, press.number, now)
        link.result(boot, press.number, *result_to_wire(answer), now)
        return press

    def _welcome(self, link: HostLink, port: Port, hello: Hello) -> None:
        stranger = hello.stranger(port.url, self._box, self._at.keys)
        if stranger and self._search.is_auto:
            raise NotHere(stranger)
        if stranger:
            self._tell(BoxIs(up=False, trouble=stranger, box=hello.box))
            return
        self._hello = BoxIs(up=True, box=hello.box, firmware=hello.firmware, caught=hello.caught)
        if hello.boot != self._boot:
            self._boot = hello.boot
            self._troubles = set()
        self._session = self._session % 0xFFFF + 1
        link.welcome(self._session, secrets.token_hex(6), self._door.last_press(hello.box, hello.boot), monotonic_ms())

    def _trouble(self, port: Port, trouble: Trouble) -> None:
        """What a box tells of itself, once a boot; in safe mode that is all it says, and nothing proves it."""
        if trouble.trouble == codes.SAFE:
            if not self._status.up and self._box in ("", trouble.box):
                self._tell(BoxIs(up=False, trouble=f"{port.url}: {trouble}", box=trouble.box))
        elif trouble.trust == names.PAIRED and trouble.box == self._hello.box and trouble not in self._troubles:
            self._troubles.add(trouble)
            self._hello = replace(self._hello, trouble=str(trouble))
            if self._status.up:
                self._tell(self._hello)

    def _tell(self, status: BoxIs) -> None:
        """Tell the door what has changed, once."""
        if status != self._status:
            self._status = status
            self._door.box(status)
