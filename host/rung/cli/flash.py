"""`rung flash`: every attached board is found, shown, and brought to the wanted state, side by side."""

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from rung.cli.ends import stop
from rung.cli.progress import columns, shown
from rung.fleet.crate import bring_all, meet_all
from rung.fleet.flashing import Done, Failed, Met, Wanted
from rung.fleet.image import ImageError, read_image
from rung.fleet.inventory import Inventory, InventoryError
from rung.fleet.keyring import Keyring
from rung.fleet.ports import LeftAlone, look
from rung.link.keys import KeysError

INVENTORY = "fleet.db"
HEAD = ("port", "chip", "id", "firmware", "MicroPython", "key", "desk")
NOTHING = "no board to flash; plug one in, or name its port: --port"


class Asked(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    fleet: Path
    ports: Sequence[str]
    folder: Path | None
    ids: Sequence[str]
    all: bool
    image: Path | None
    desk: str
    rekey: bool
    dry_run: bool
    yes: bool


def flash(asked: Asked) -> int:
    """The exit code: 0 when every board that was meant runs what is wanted, 1 when one does not, 2 when none could be."""
    try:
        image = None if asked.image is None else read_image(asked.image)
        inventory = Inventory(asked.fleet / INVENTORY)
    except (ImageError, InventoryError) as error:
        stop(str(error))
    wanted = Wanted(Keyring(asked.fleet), image, asked.rekey)
    candidates, left = look(asked.ports, asked.folder)
    found = meet_all(candidates, may_be_empty=image is not None)
    met = [board for board in found if isinstance(board, Met)]
    failed = [board for board in found if isinstance(board, Failed)]
    left += [port for port in found if isinstance(port, LeftAlone)]
    chosen, others = _chosen(asked, inventory, met, left, failed)
    for board in others:
        board.let_go()
    for line in (*left, *failed):
        print(line, flush=True)
    if not chosen:
        return 1 if failed else stop(NOTHING)
    try:
        desks = _desks(asked, inventory, chosen)
    except InventoryError as error:
        _let_go(chosen)
        stop(str(error))
    _show(chosen, desks, wanted)
    if asked.dry_run or not _agreed(asked, len(chosen)):
        _let_go(chosen)
        return 1 if failed else 0
    return _flash(list(zip(chosen, desks, strict=True)), wanted, inventory) or bool(failed)
