"""The inventory for people and other programs: a table, and CSV."""

import csv
from datetime import UTC, datetime
from typing import TextIO

from rung.fleet.inventory import Inventory
from rung.fleet.press_test import BUTTONS

COLUMNS = (
    *("id", "desk", "place", "chip", "micropython", "firmware", "key", "first_seen", "last_seen"),
    *("faults", "last_fault", *(f"{button}_test" for button in BUTTONS), "tested"),
)
_FORMULA = "=+-@\t\r"  # what a spreadsheet would run


def rows(inventory: Inventory) -> list[dict[str, str]]:
    """One row a box, by the names of COLUMNS."""
    return [_row(inventory, box.id) for box in inventory.boxes()]


def write_csv(inventory: Inventory, file: TextIO) -> int:
    """All of it, with a head; how many boxes."""
    found = rows(inventory)
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in found)
    return len(found)


def moment(at_s: int) -> str:
    """In UTC, as ISO 8601 has it."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(inventory: Inventory, id: str) -> dict[str, str]:
    box, faults, tests = inventory.find(id), inventory.faults(id), inventory.tests(id)
    tested = max((test.at_s for test in tests.values()), default=None)
    return {
        "id": box.id,
        "desk": box.desk,
        "place": f"retired: {box.retired}" if box.retired else box.place,
        "chip": box.chip,
        "micropython": box.micropython,
        "firmware": box.firmware,
        "key": box.fingerprint,
        "first_seen": moment(box.first_s),
        "last_seen": moment(box.seen_s),
        "faults": str(len(faults)),
        "last_fault": faults[0].what if faults else "",
        **{f"{button}_test": tests[button].result if button in tests else "" for button in BUTTONS},
        "tested": "" if tested is None else moment(tested),
    }


def _harmless(value: str) -> str:
    return f"'{value}" if value[:1] in _FORMULA and value else value
