"""A disk whose power can be cut: it knows what was synced, and loses or tears the rest.

SQLite writes to it through ``FileLayer``. What programs read is ``Disk.files``; everything done to the disk is in
``Disk.log``, in order. A ``Platter`` goes through such a log and tells what the disk would hold had the power gone
after any of its steps.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import apsw
from msgspec import Struct

SECTOR_BYTES = 512  # the least that a disk writes whole or not at all

FOLDER = ""  # the one folder: syncing it makes files that were created or deleted stay so

Files = dict[str, bytearray]


class Create(Struct, frozen=True):
    name: str


class Delete(Struct, frozen=True):
    name: str


class Write(Struct, frozen=True):
    name: str
    offset: int
    data: bytes


class Truncate(Struct, frozen=True):
    name: str
    size: int


class Sync(Struct, frozen=True):
    name: str  # or FOLDER


class SyncFailed(Struct, frozen=True):
    """The system forgets what it could not write; a later sync does not bring it back (so does Linux)."""

    name: str


Step = Create | Delete | Write | Truncate | Sync | SyncFailed


class Disk:
    """``fault`` is asked before every step, and raises what the step is to fail with."""

    def __init__(self, files: Mapping[str, bytes | bytearray] | None = None) -> None:
        self.files: Files = {name: bytearray(data) for name, data in (files or {}).items()}
        self.log: list[Step] = []
        self.fault: Callable[[Step], None] | None = None

    def do(self, step: Step) -> None:
        if self.fault is not None:
            try:
                self.fault(step)
            except apsw.Error:
                if isinstance(step, Sync):
                    self.log.append(SyncFailed(step.name))
                raise
        match step:
            case Create():
                self.files[step.name] = bytearray()
            case Delete():
                del self.files[step.name]
            case Write() | Truncate():
                _change(self.files[step.name], step)
        self.log.append(step)


class Platter:
    """What an empty disk holds for certain, and what it has been told but not yet made to keep.

    Names and contents are kept apart, as file systems do: a synced file whose name was not synced is gone.
    """

    def __init__(self) -> None:
        self._contents: list[bytearray] = []  # kept; a file is its place in this list
        self._changes: list[tuple[int, Write | Truncate]] = []  # not kept yet
        self._names: dict[str, int] = {}  # as programs see them
        self._kept_names: dict[str, int] = {}
        self._renamings: list[tuple[str, int | None]] = []  # not kept yet

    def do(self, step: Step) -> None:
        """The next step of the disk's log."""
        match step:
            case Create():
                self._names[step.name] = len(self._contents)
                self._renamings.append((step.name, len(self._contents)))
                self._contents.append(bytearray())
            case Delete():
                del self._names[step.name]
                self._renamings.append((step.name, None))
            case Write() | Truncate():
                self._changes.append((self._names[step.name], step))
            case Sync(name=name) if name == FOLDER:
                self._kept_names = dict(self._names)
                self._renamings = []
            case Sync() | SyncFailed() if step.name != FOLDER:
                synced = self._names[step.name]
                for file, change in self._changes:
                    if file == synced and isinstance(step, Sync):
                        _change(self._contents[file], change)
                self._changes = [(file, change) for file, change in self._changes if file != synced]

    def lost(self) -> Files:
        """The power is cut now, and nothing that was not synced survives."""
        return {name: bytearray(self._contents[file]) for name, file in self._kept_names.items()}

    def torn(self, rng: random.Random) -> Files:
        """The power is cut now: some of what was not synced survives, in whatever order the disk chose."""
        names = dict(self._kept_names)
        for name, renamed in self._renamings[: rng.randint(0, len(self._renamings))]:
            if renamed is None:
                names.pop(name, None)
            else:
                names[name] = renamed
        contents = [bytearray(content) for content in self._contents]
        for file, change in _survivors(self._changes, rng):
            _change(contents[file], change)
        return {name: contents[file] for name, file in names.items()}


def _survivors(
    changes: list[tuple[int, Write | Truncate]], rng: random.Random
) -> Iterator[tuple[int, Write | Truncate]]:
    sectors = [(file, part) for file, change in changes for part in _sectors(change)]
    if rng.random() < 0.5:  # the disk went along in order and stopped somewhere
        yield from sectors[: rng.randint(0, len(sectors))]
    else:  # it picked as it liked
        share = rng.choice((0.1, 0.5, 0.9))
        yield from (sector for sector in sectors if rng.random() < share)


def _sectors(change: Write | Truncate) -> list[Write | Truncate]:
    """The parts of a change that survive or are lost each by itself."""
    if isinstance(change, Truncate):
        return [change]
    end = change.offset + len(change.data)
    first_border = change.offset - change.offset % SECTOR_BYTES + SECTOR_BYTES
    borders = [change.offset, *range(first_border, end, SECTOR_BYTES), end]
    return [
        Write(change.name, start, change.data[start - change.offset : stop - change.offset])
        for start, stop in itertools.pairwise(borders)
    ]


def _change(content: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Write):
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data
    else:
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))


class FileLayer(apsw.VFS):
    """Lets SQLite work on a ``Disk``: ``apsw.Connection("/x", vfs=layer.name)``, while the layer itself is kept.

    It has no shared memory, so WAL works only with ``locking_mode=EXCLUSIVE``, and it does not lock.
    """

    _numbers = itertools.count()

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.name = f"rung-sim-disk-{next(self._numbers)}"
        super().__init__(self.name, "")  # time and randomness come from the usual layer

    # The signatures below are SQLite's.

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        flags[1] = flags[0]
        if path not in self.disk.files:
            self.disk.do(Create(path))
        # SQLite's own layer syncs the folder with the first sync of a log, but not of the database.
        is_log = flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL)
        return _OpenFile(self.disk, path, sync_folder=bool(is_log))

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.disk.do(Delete(filename))
        if syncdir:
            self.disk.do(Sync(FOLDER))

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        return pathname in self.disk.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


class _OpenFile:
    def __init__(self, disk: Disk, name: str, sync_folder: bool) -> None:
        self._disk, self._name, self._sync_folder = disk, name, sync_folder

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self._disk.files[self._name][offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.do(Write(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.do(Truncate(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.do(Sync(self._name))
        if self._sync_folder:
            self._disk.do(Sync(FOLDER))
            self._sync_folder = False

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._disk.files[self._name])

    def xLock(self, level: int) -> None:  # noqa: N802
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return 4096  # as SQLite's own layer says

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE  # likewise

    def xClose(self) -> None:  # noqa: N802
        pass
