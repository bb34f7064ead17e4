"""`rung fleet`: what needs the inventory alone, and no board."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from rung.cli.ends import stop
from rung.cli.progress import columns
from rung.fleet.export import moment, rows, write_csv
from rung.fleet.inventory import Inventory, InventoryError
from rung.fleet.keyring import Keyring
from rung.link.keys import KeysError, state_home

FILE = "fleet.db"
HEAD = ("id", "place", "chip", "firmware", "MicroPython", "key", "last seen", "faults", "press test")


@contextlib.contextmanager
def opened(fleet: Path | None) -> Iterator[tuple[Inventory, Keyring]]:
    """The inventory and the keys beside it. What cannot be done ends the command in one line."""
    folder = fleet or state_home()
    try:
        inventory = Inventory(folder / FILE)
        try:
            keyring = Keyring(folder)
            keyring.follow(inventory)  # an earlier command may have been cut off
            yield inventory, keyring
        finally:
            inventory.close()
    except (InventoryError, KeysError) as error:
        stop(str(error))


def list_boxes(fleet: Path | None) -> None:
    with opened(fleet) as (inventory, _):
        found = rows(inventory)
        table = [
            (
                *(row[name] for name in ("id", "place", "chip", "firmware", "micropython", "key", "last_seen")),
                "" if row["faults"] == "0" else row["faults"],
                _tests(row),
            )
            for row in found
        ]
    print(columns(HEAD, table) if found else "no box yet; `rung flash` puts boxes into the inventory")


def _tests(row: dict[str, str]) -> str:
    results = {name.removesuffix("_test"): value for name, value in row.items() if name.endswith("_test")}
    if not any(results.values()):
        return ""
    bad = [f"{button}: {result or 'not tested'}" for button, result in results.items() if result != "ok"]
    return ", ".join(bad) or "ok"


def show_box(fleet: Path | None, name: str) -> None:
    with opened(fleet) as (inventory, _):
        box = inventory.find(name)
        for title, value in next(row for row in rows(inventory) if row["id"] == box.id).items():
            print(f"{title.replace('_', ' '):14} {value or '-'}")
        for fault in inventory.faults(box.id):
            print(f"{moment(fault.at_s)} fault: {fault.what}")
        for test in inventory.tests(box.id).values():
            print(f"{moment(test.at_s)} {test.button}: {test.result}")


def export_csv(fleet: Path | None, output: Path | None) -> None:
    with opened(fleet) as (inventory, _):
        if output is None:
            write_csv(inventory, sys.stdout)
            return
        try:
            with output.open("w", newline="", encoding="utf-8") as file:
                count = write_csv(inventory, file)
        except OSError as error:
            stop(f"{output}: cannot be written: {error.strerror}; name another file: -o")
        print(f"{output}: {count} boxes")


def note_fault(fleet: Path | None, name: str, what: str) -> None:
    with opened(fleet) as (inventory, _):
        box = inventory.find(name)
        inventory.fault(box.id, what)
        print(f"box {box.id} ({box.place}): {what}")


def retire_box(fleet: Path | None, name: str, why: str) -> None:
    with opened(fleet) as (inventory, keyring):
        box = inventory.find(name)
        inventory.retire(box.id, why)
        keyring.follow(inventory)
        print(f"box {box.id} ({box.place}) is retired: {why}; its key is deleted")
