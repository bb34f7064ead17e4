"""The table in host/PHONES.md: what each phone did when the contract was played over it.

Each suite holds its own column to the run; with RUNG_WRITE_TABLE=1 the run writes it instead.
"""

import fcntl
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.phone.contract import CONTRACT, World
from tests.phone.contract_more import MORE

PLACE = Path(__file__).parents[2] / "host" / "PHONES.md"
BEGIN, END = "<!-- table: written by the tests -->\n", "<!-- end of table -->\n"
PHONES = ("embedded SIP phone", "baresip 1.0.0 (Debian)", "Asterisk 22")

Clause = Callable[[World], Awaitable[None]]
CLAUSES: tuple[Clause, ...] = (*CONTRACT, *(clause for clauses in MORE.values() for clause in clauses))
_ONLY = {clause for clauses in MORE.values() for clause in clauses}


def row(clause: Clause) -> str:
    return clause.__name__.replace("_", " ")


def hold(phone: str, clause: Clause, world: World) -> None:
    """After ``clause`` was kept by ``phone``: its cell says so."""
    lacks = ", ".join(sorted(world.cannot))
    cell = "yes" if not lacks else "no" if clause in _ONLY else f"without: {lacks}"
    if os.environ.get("RUNG_WRITE_TABLE") == "1":
        with PLACE.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before, cells, after = _parted(file.read())
            cells.setdefault(row(clause), {})[phone] = cell
            file.seek(0)
            file.write(before + BEGIN + _drawn(cells) + END + after)
            file.truncate()
    told = _parted(PLACE.read_text())[1].get(row(clause), {}).get(phone)
    assert told == cell, f"{PLACE.name} says {told!r} of {phone}, {row(clause)!r}; the run says {cell!r}"


def rows() -> list[str]:
    return list(_parted(PLACE.read_text())[1])


def _parted(text: str) -> tuple[str, dict[str, dict[str, str]], str]:
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    lines = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in table.splitlines()]
    return before, {line[0]: dict(zip(PHONES, line[1:], strict=True)) for line in lines[2:]}, after


def _drawn(cells: dict[str, dict[str, str]]) -> str:
    lines = [("what was played", *PHONES), ("---",) * (len(PHONES) + 1)]
    lines += [(row(c), *(cells.get(row(c), {}).get(phone, "") for phone in PHONES)) for c in CLAUSES]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
