"""One board: met, and brought to the wanted state. What happens to it is no concern of the others."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from msgspec import Struct

from rung.firmware import Build, build
from rung.fleet.board import FOREIGN, About, Board, BoardError
from rung.fleet.esptool import write_image
from rung.fleet.image import Image, ImageError
from rung.fleet.keyring import Keyring
from rung.fleet.ports import Candidate, LeftAlone, back_at, place_of
from rung.fleet.probe import EMPTY, probe
from rung.fleet.visit import Silent, Visit, VisitError
from rung.link.keys import KeysError, new_key
from rung.link.port import PortError

BOOT_S = 30.0  # a new MicroPython formats its flash at the first start
AGAIN_S = 0.5
BACK_S = 0.1
PROOF_S = 20.0  # a reset, the start of the firmware, and its first HELLO take one to three
ESP32, VIRTUAL = "ESP32", ("linux", "darwin")  # how the machines begin that virtual boxes run on

FAILURES = (BoardError, ImageError, KeysError, PortError, VisitError)  # each one line: port, reason, mend


class Stopped(Exception):
    """Somebody has pressed Ctrl-C: raised in a board's own thread by whoever is told how far it is."""


class Failed(Struct, frozen=True):
    """A board that was not brought to the wanted state; one line with port, reason and mend."""

    port: str
    why: str

    @property
    def reason(self) -> str:
        return self.why.removeprefix(f"{self.port}: ")

    def __str__(self) -> str:
        return f"{self.port}: {self.reason}"


class Met(Struct):
    """A board that may be worked on: at its prompt, or a chip without MicroPython (no ``board``)."""

    port: str
    board: Board | None = None
    about: About | None = None

    @property
    def id(self) -> str:
        return self.about.id if self.about else ""

    @property
    def chip(self) -> str:
        """As far as the board tells: `Generic ESP32S3 module with ESP32S3` is an ESP32S3."""
        if self.about is None:
            return ""
        return "virtual" if self.about.machine.startswith(VIRTUAL) else self.about.machine.rpartition(" with ")[2]

    def let_go(self) -> None:
        """Start what the board had, as if nobody had come."""
        if self.board is not None:
            self.board.restart()


class Done(Struct, frozen=True):
    """A board that runs what is wanted, as its own HELLO has proven."""

    port: str
    about: About  # what the board was before its firmware was looked at
    chip: str
    firmware: str
    fingerprint: str
    desk: str
    changed: bool
    wire: int  # bytes that went over the line
    sources: str  # why sources were sent instead of compiled files; empty: they were not
    troubles: tuple[str, ...]


class Say(Protocol):
    """Shows how far a board is; called from the board's own thread. ``all`` of 0: there is nothing to count."""

    def __call__(self, stage: str, done: int = 0, all: int = 0) -> None: ...


class Tell(Protocol):
    """The same of any board."""

    def __call__(self, port: str, stage: str, done: int = 0, all: int = 0) -> None: ...


class Wanted(Struct, frozen=True):
    """What all boards are brought to."""

    keyring: Keyring
    image: Image | None = None
    rekey: bool = False
    desks: dict[str, str] = {}  # of the boxes that have one, by id: an empty chip tells only later which it is


class Builds:
    """The firmware for each kind of MicroPython, made once for all boards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, Build] = {}

    def of(self, mpy: int) -> Build:
        with self._lock:
            if mpy not in self._made:
                self._made[mpy] = build(mpy)
            return self._made[mpy]


def meet(candidate: Candidate, ids: Sequence[str] = (), may_be_empty: bool = False) -> Met | LeftAlone | Failed:
    """Look what is behind a port, interrupting only what is ours, MicroPython's, or named. No ``ids``: any will do."""
    port = candidate.port
    try:
        there = None if candidate.sure else probe(port)
        if there is None and not candidate.sure:
            return LeftAlone(port, "neither a box nor a bare MicroPython answers; if it is one, name it: --port")
        if there is not None and there.kind == EMPTY:
            return Met(port) if may_be_empty else Failed(port, "the chip is empty; give it MicroPython: --image FILE")
        if there is not None and ids and there.id not in ("", *ids):
            return LeftAlone(port, f"box {there.id} is not named")
        board = Board.open(port)
    except BoardError as error:
        return Met(port) if may_be_empty and candidate.sure else Failed(port, str(error))
    except FAILURES as error:
        return Failed(port, str(error))
    try:
        return _judged(Met(port, board, board.about()), candidate, ids)
    except FAILURES as error:
        board.close()
        return Failed(port, str(error))


def _judged(met: Met, candidate: Candidate, ids: Sequence[str]) -> Met | LeftAlone:
    assert met.about is not None
    why = ""
    if met.chip != "virtual" and ESP32 not in met.chip:
        why = f"it runs MicroPython on another chip ({met.chip})"
    elif met.about.layout == FOREIGN and not candidate.named:
        why = "it runs another program in MicroPython; if that may go, name it: --port"
    elif ids and met.id not in ids:
        why = f"board {met.id} is not named"
    if not why:
        return met
    met.let_go()
    return LeftAlone(met.port, why)


def bring(met: Met, desk: str, wanted: Wanted, builds: Builds, tell: Tell) -> Done | Failed:
    """Image, firmware, key, desk, restart, and a HELLO that proves it."""
    say = partial(tell, met.port)
    try:
        _refuse(met, desk, wanted)
        if wanted.image is not None:
            was_known = bool(met.id)
            met = _with_image(met, wanted.image, say)
            desk = desk if was_known else wanted.desks.get(met.id, desk)
            _refuse_other_key(met, desk, wanted)
        return _with_firmware(met, desk, wanted, builds, say)
    except (*FAILURES, Stopped) as error:
        with contextlib.suppress(BoardError):
            met.let_go()
        return Failed(met.port, str(error))


def _refuse(met: Met, desk: str, wanted: Wanted) -> None:
    """Whatever must not be begun; known before anything is touched. Raises one of FAILURES."""
    image, chip = wanted.image, met.chip
    if image is not None and not image.suits(chip):
        mend = "take the image of that chip"
        raise ImageError(f"{met.port}: the chip is {chip}, and {image.path} is for {image.chip}; {mend}")
    _refuse_other_key(met, desk, wanted)


def _refuse_other_key(met: Met, desk: str, wanted: Wanted) -> None:
    about = met.about
    if about is None or not about.fingerprint or wanted.rekey:
        return
    if not wanted.keyring.knows(about.id, desk, about.fingerprint):
        mend = "take the box over with a new key: --rekey (its desk then no longer hears it)"
        raise KeysError(f"{met.port}: box {about.id} is paired with a key that is not in this fleet's folder; {mend}")


def _with_image(met: Met, image: Image, say: Say) -> Met:
    """The same board with that MicroPython on it, at its prompt again."""
    if met.board is not None:
        met.board.close()
    place = place_of(met.port)
    written = write_image(met.port, image, partial(say, "MicroPython"))
    say("first start")
    port, board = _opened(lambda: back_at(place) or met.port)
    about = board.about()
    if written.id and about.id != written.id:
        board.close()
        raise BoardError(f"{port}: here is chip {about.id} instead of {written.id}; was the cable changed?")
    return Met(port, board, about)


def _opened(where: Callable[[], str]) -> tuple[str, Board]:
    end = time.monotonic() + BOOT_S
    while True:
        port = where()
        try:
            return port, Board.open(port)
        except BoardError:
            if time.monotonic() > end:
                raise
            time.sleep(AGAIN_S)


def _with_firmware(met: Met, desk: str, wanted: Wanted, builds: Builds, say: Say) -> Done:
    board, about, keyring = met.board, met.about, wanted.keyring
    assert board is not None and about is not None
    say("firmware")
    firmware = builds.of(about.mpy)
    sent = board.install(firmware, partial(say, "firmware"))
    needs_key = wanted.rekey or not about.fingerprint
    if needs_key:
        say("key")
        give_key(board, keyring, about.id, desk)
    if about.desk != desk:
        board.put("desk", desk.encode())
    say("restart")
    try:
        greeted, troubles = restart(board, met.port, about.id, keyring)
    except Silent:
        if sent.switched and _goes_back(met.port):
            mend = "it has gone back to what it had"
            raise VisitError(f"{met.port}: box {about.id} does not answer with this firmware; {mend}") from None
        raise
    if greeted != firmware.version:
        mend = f"it has gone back; see why: mpremote connect {met.port} fs cat :crashes"
        raise VisitError(f"{met.port}: box {about.id} greets with firmware {greeted}, not {firmware.version}; {mend}")
    return Done(
        port=met.port,
        about=about,
        chip=met.chip,
        firmware=greeted,
        fingerprint=keyring.fingerprint(about.id),
        desk=desk,
        changed=needs_key or sent.switched or about.desk != desk or wanted.image is not None,
        wire=sent.wire,
        sources=firmware.sources,
        troubles=troubles,
    )


def _goes_back(port: str) -> bool:
    """End the trial of a firmware that no host hears: the box itself cannot know whether anybody listens."""
    try:
        with Board.open(port) as board:
            had = board.go_back()
            board.restart()
            return had
    except BoardError:  # not even at its prompt; the first error tells more
        return False


def give_key(board: Board, keyring: Keyring, box: str, desk: str) -> None:
    """Put a new key on both ends. Whatever cuts this off, one of the keys that stand here opens the box."""
    key = new_key()
    keyring.draft(box, key)
    board.put("key", f"{key}\n".encode())
    keyring.keep(box, desk)


def restart(board: Board, port: str, box: str, keyring: Keyring) -> tuple[str, tuple[str, ...]]:
    """Reset the board, and welcome the box: the firmware that it greets with, and what it tells of itself.

    That ends the slot's trial. A port of USB inside the chip vanishes meanwhile, and may come back under another name.
    """
    place, end = place_of(port), time.monotonic() + PROOF_S
    board.restart()
    while True:
        try:
            with Visit(back_at(place) or port, keyring.keys(box), end - time.monotonic()) as visit:
                hello = visit.welcome(box)
                return hello.firmware, tuple(str(trouble) for trouble in visit.troubles)
        except PortError:
            if time.monotonic() > end:
                raise
            time.sleep(BACK_S)
