"""`rung fleet`: what a box itself has to learn as well, if it is attached."""

from collections.abc import Sequence
from pathlib import Path

from rung.cli.ends import stop
from rung.cli.fleet_book import opened
from rung.fleet.crate import meet_all
from rung.fleet.flashing import FAILURES, Failed, Met, give_key, restart
from rung.fleet.inventory import Box, Inventory, InventoryError
from rung.fleet.keyring import Keyring
from rung.fleet.ports import look


def rename_box(
    fleet: Path | None, name: str, desk: str, spare: bool, ports: Sequence[str], folder: Path | None
) -> None:
    if bool(desk) == spare:
        stop("say where the box stands: rung fleet rename BOX DESK, or --spare")
    with opened(fleet) as (inventory, keyring):
        box = inventory.find(name)
        inventory.rename(box.id, desk)
        keyring.follow(inventory)
        told = _tell(inventory.find(box.id), keyring, _attached([box.id], ports, folder))
    print(f"box {box.id} is {f'at desk {desk}' if desk else 'a spare'}{told}")


def swap_box(fleet: Path | None, name: str, spare: str, why: str, ports: Sequence[str], folder: Path | None) -> None:
    with opened(fleet) as (inventory, keyring):
        broken = inventory.find(name)
        if not broken.desk:
            raise InventoryError(f"box {broken.id} is at no desk ({broken.place}): there is nothing to swap")
        ids = [inventory.find(spare).id] if spare else [box.id for box in inventory.boxes() if _is_spare(box)]
        attached = _attached(ids, ports, folder)
        try:
            new = _spare(inventory, keyring, spare, attached)
        except InventoryError:
            _let_go(attached)
            raise
        _let_go([met for met in attached if met.id != new.id])
        inventory.swap(broken.id, new.id, why)
        keyring.follow(inventory)
        told = _tell(inventory.find(new.id), keyring, [met for met in attached if met.id == new.id])
        print(f"desk {broken.desk}: box {new.id} in place of {broken.id}, which is retired ({why}){told}")
        print(f"its key is in {keyring.folder(broken.desk)}, and no other; on another computer, copy that folder there")


def rekey_box(fleet: Path | None, name: str, ports: Sequence[str], folder: Path | None) -> None:
    with opened(fleet) as (inventory, keyring):
        box = inventory.find(name)
        if box.retired:
            raise InventoryError(f"box {box.id} is retired; use it again first: rung fleet rename {box.id} --spare")
        attached = _attached([box.id], ports, folder)
        if not attached:
            raise InventoryError(f"box {box.id} is not attached; plug it in, or name its port: --port")
        met = attached[0]
        assert met.board is not None
        try:
            give_key(met.board, keyring, box.id, box.desk)
            restart(met.board, met.port, box.id, keyring)
        except FAILURES as error:
            stop(str(Failed(met.port, str(error))))
        inventory.saw(box.id)
        inventory.keyed(box.id, keyring.fingerprint(box.id))
        print(f"{met.port}: box {box.id} has a new key, {keyring.fingerprint(box.id)}, in {keyring.folder(box.desk)}")


def _attached(ids: Sequence[str], ports: Sequence[str], folder: Path | None) -> list[Met]:
    """Those of these boxes that are attached; what else is, is left alone."""
    found = meet_all(look(ports, folder)[0], ids) if ids else []
    return [board for board in found if isinstance(board, Met)]


def _is_spare(box: Box) -> bool:
    return not box.desk and not box.retired


def _spare(inventory: Inventory, keyring: Keyring, named: str, attached: Sequence[Met]) -> Box:
    """The box that shall take the place. Raises InventoryError."""
    if not named and len(attached) != 1:
        seen = ", ".join(met.id for met in attached) or "no spare is attached"
        raise InventoryError(f"name the spare: rung fleet swap BOX SPARE ({seen})")
    box = inventory.find(named or attached[0].id)
    if not _is_spare(box):
        raise InventoryError(f"box {box.id} is no spare ({box.place})")
    if not keyring.fingerprint(box.id):
        raise InventoryError(f"box {box.id} has no key here; flash it: rung flash --id {box.id}")
    return box


def _tell(box: Box, keyring: Keyring, attached: Sequence[Met]) -> str:
    """Have the box itself keep its desk's name; what came of it, for the end of a sentence."""
    for met in attached:
        assert met.board is not None and met.about is not None
        try:
            if not keyring.knows(box.id, box.desk, met.about.fingerprint):
                return f"; it has another key than the one here: rung fleet rekey {box.id}"
            met.board.put("desk", box.desk.encode())
            restart(met.board, met.port, box.id, keyring)
        except FAILURES as error:
            return f"; it could not be told: {error}"
        return "; it has been told"
    return "; it is not attached, and will be told when it is flashed"


def _let_go(boards: Sequence[Met]) -> None:
    for met in boards:
        met.let_go()
