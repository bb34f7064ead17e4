"""`rung flash`: every attached board is found, shown, and brought to the wanted state, side by side."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from rung.cli.ends import stop
from rung.cli.fleet_book import opened
from rung.cli.progress import columns, shown
from rung.fleet.board import BoardError
from rung.fleet.crate import Crate, meet_all
from rung.fleet.flashing import Done, Failed, Met, Wanted
from rung.fleet.image import ImageError, read_image
from rung.fleet.inventory import Inventory, InventoryError, checked
from rung.fleet.keyring import Keyring
from rung.fleet.ports import LeftAlone, look
from rung.link.keys import KeysError

HEAD = ("port", "chip", "id", "firmware", "MicroPython", "key", "desk")
NOTHING = "no board to flash; plug one in, or name its port: --port"


class Asked(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    fleet: Path | None  # None: the user's own folder
    ports: Sequence[str]
    folder: Path | None
    ids: Sequence[str]
    all: bool
    image: Path | None
    desk: str
    rekey: bool
    dry_run: bool
    yes: bool


class _Found(Struct, frozen=True):
    """What is behind the ports."""

    chosen: list[Met]  # the boards that are meant
    left: list[LeftAlone]
    failed: list[Failed]


def flash_boards(asked: Asked) -> int:
    """The exit code: 0 when every board that was meant runs what is wanted, 1 when one does not, 2 when none can."""
    if not (asked.yes or asked.dry_run or (sys.stdin.isatty() and sys.stdout.isatty())):
        stop("nobody is there to be asked: say --yes, or --dry-run to look only")
    try:
        image = None if asked.image is None else read_image(asked.image)
    except ImageError as error:
        stop(str(error))
    with opened(asked.fleet) as (inventory, keyring):
        found = _find(asked, inventory)
        for line in (*found.left, *found.failed):
            print(line, flush=True)
        if not (found.chosen or found.failed):
            stop(NOTHING)
        wanted = Wanted(keyring, image, asked.rekey, {box.id: box.desk for box in inventory.boxes() if box.desk})
        return _flash_or_let_go(asked, found, wanted, inventory) or (1 if found.failed else 0)


def _find(asked: Asked, inventory: Inventory) -> _Found:
    """What is there. What is retired is left alone; an id that is not there has failed."""
    candidates, left = look(asked.ports, asked.folder)
    met = meet_all(candidates, asked.ids, may_be_empty=asked.image is not None)
    found = _Found([], left, [])
    for board in met:
        if isinstance(board, Failed) and asked.ids:  # if it is one that is named, its id is missed below
            found.left.append(LeftAlone(board.port, board.reason))
        elif isinstance(board, Failed):
            found.failed.append(board)
        elif isinstance(board, LeftAlone):
            found.left.append(board)
        elif (why := _retired(board, inventory)) is not None:
            _let_go([board])
            found.left.append(why)
        else:
            found.chosen.append(board)
    there = [board.id for board in met if isinstance(board, Met)]
    absent = [id for id in asked.ids if id not in there]
    found.failed.extend(Failed(id, f"no board with the id {id} is attached; plug it in") for id in absent)
    return found


def _retired(board: Met, inventory: Inventory) -> LeftAlone | None:
    """Why not even a box of the inventory is flashed. It has been seen, in any case."""
    box = inventory.box(board.id)
    if box is None or board.about is None:
        return None
    inventory.saw(box.id, chip=board.chip, micropython=board.about.micropython, firmware=board.about.firmware)
    mend = f"use it again: rung fleet rename {box.id} --spare"
    return LeftAlone(board.port, f"box {box.id} is retired ({box.retired}); {mend}") if box.retired else None


def _flash_or_let_go(asked: Asked, found: _Found, wanted: Wanted, inventory: Inventory) -> int:
    """Show the boards that are meant, and flash them if that is wanted; else each goes on with what it had."""
    chosen = found.chosen
    try:
        desks = _desks(asked, inventory, wanted.keyring, chosen)
    except InventoryError as error:
        _let_go(chosen)
        stop(str(error))
    if chosen:
        print(_table(chosen, desks), flush=True)
    if asked.dry_run or not chosen:
        _let_go(chosen)
        return 0
    if len(chosen) > 1 and not (asked.all or asked.ports or asked.ids):
        _let_go(chosen)
        stop("several boards are attached: say which, by --port or --id, or take --all")
    try:
        agreed = _agreed(asked, len(chosen))
    except (KeyboardInterrupt, EOFError):
        agreed = False
    if not agreed:
        _let_go(chosen)
        print("nothing was changed")
        return 0
    return _flash(list(zip(chosen, desks, strict=True)), wanted, inventory, len(found.failed))


def _desks(asked: Asked, inventory: Inventory, keyring: Keyring, chosen: list[Met]) -> list[str]:
    """Where each board belongs: by the inventory, its key's folder, or its own note. Others get the name asked for."""
    if len(chosen) == 1 and asked.desk and "#" not in asked.desk:
        there = inventory.at(asked.desk)
        if there is not None and there.id != chosen[0].id:
            mend = f"swap it: rung fleet swap {asked.desk} {chosen[0].id or 'SPARE'}"
            raise InventoryError(f"desk {asked.desk} has box {there.id}; {mend}")
        return [checked(asked.desk)]
    desks: list[str] = []
    for board in chosen:
        box = inventory.box(board.id)
        own = keyring.desk_of(board.id) or ("" if box or not board.about else board.about.desk)
        is_free = inventory.at(own) is None and own not in desks
        desks.append(box.desk if box and box.desk else own if is_free else "")
    if not asked.desk:
        return desks
    names = iter(inventory.desks_for(asked.desk, desks.count("")))
    return [desk or next(names) for desk in desks]


def _table(boards: Sequence[Met], desks: Sequence[str]) -> str:
    rows = []
    for board, desk in zip(boards, desks, strict=True):
        about = board.about
        if about is None:
            rows.append((board.port, "empty", "", "", "", "", desk))
        else:
            firmware = about.firmware and f"{about.firmware}{' on trial' if about.trial else ''}"
            key = about.fingerprint or "not paired"
            rows.append((board.port, board.chip, about.id, firmware, about.micropython, key, desk or about.desk))
    return columns(HEAD, rows)


def _agreed(asked: Asked, count: int) -> bool:
    what = "this board" if count == 1 else f"these {count} boards"
    return asked.yes or input(f"Flash {what}? [y/N] ").strip().lower() == "y"


def _flash(boards: list[tuple[Met, str]], wanted: Wanted, inventory: Inventory, failed: int) -> int:
    right = 0
    with shown({board.port: f"{board.port} {board.id}" for board, _ in boards}) as screen:
        crate = Crate(boards, wanted, screen.tell)
        while True:
            try:
                for outcome in crate:
                    is_right, line = _ended(outcome, wanted.keyring, inventory)
                    right += is_right
                    screen.over(outcome.port, line)
                break
            except KeyboardInterrupt:
                if crate.is_stopping:
                    raise
                crate.stop()
    wrong = failed + len(boards) - right
    print(f"{right} of {right + wrong} boards run what is wanted")
    return 1 if wrong else 0


def _ended(outcome: Done | Failed, keyring: Keyring, inventory: Inventory) -> tuple[bool, str]:
    """Whether the board is as it should be, and its last line."""
    if isinstance(outcome, Failed):
        return False, str(outcome)
    try:
        _record(outcome, keyring, inventory)
    except (InventoryError, KeysError) as error:
        return False, f"{outcome.port}: box {outcome.about.id} runs, but is not in the inventory: {error}"
    return True, _told(outcome)


def _record(done: Done, keyring: Keyring, inventory: Inventory) -> None:
    about = done.about
    chip, micropython = done.chip, about.micropython
    inventory.saw(about.id, chip=chip, micropython=micropython, firmware=done.firmware)
    inventory.rename(about.id, done.desk)
    inventory.keyed(about.id, done.fingerprint)
    for trouble in done.troubles:
        inventory.fault(about.id, trouble)
    keyring.follow(inventory)


def _told(done: Done) -> str:
    what = f"{done.wire / 1000:.1f} kB sent" if done.changed else "nothing had to be changed"
    place = f"desk {done.desk}" if done.desk else "a spare"
    slowly = f" as sources: {done.sources}" if done.sources else ""
    told = "".join(f"; {trouble}" for trouble in done.troubles)
    box = f"{done.port}: box {done.about.id}"
    return f"{box} runs firmware {done.firmware}, key {done.fingerprint}, {place}; {what}{slowly}{told}"


def _let_go(boards: Sequence[Met]) -> None:
    """They start what they had."""
    for board in boards:
        with contextlib.suppress(BoardError):
            board.let_go()
