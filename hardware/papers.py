"""All that is written out of the circuits: committed, so that a builder needs no tool, and held by a test."""

from __future__ import annotations

from pathlib import Path

from hardware import bom, drawing, lid, netlist
from hardware.boards import BOARDS, LAMPS, Board
from hardware.circuit import build
from hardware.trace import functions

HERE = Path(__file__).resolve().parent


def papers() -> dict[Path, str]:
    """Every paper's place and its text as it should be."""
    made = {HERE / "parts.csv": bom.as_csv(), HERE / "README.md": _readme()}
    for board in BOARDS:
        made[HERE / "netlist" / f"{board.name}.net"] = netlist.netlist(board)
        for lamps in LAMPS:
            made[HERE / "wiring" / f"{board.name}-{lamps}.svg"] = drawing.draw(board, lamps)
    for hand in lid.LIDS:
        made[HERE / "lid" / f"{hand}.svg"] = lid.template(hand)
    return made


def pin_table() -> str:
    """Which header pin each function has on each board, by the nets."""
    rows: dict[str, list[str]] = {"function": [board.title for board in BOARDS], "---": ["---"] * len(BOARDS)}
    for lamps in LAMPS:
        columns = [_pins(board, lamps) for board in BOARDS]
        rows |= {function: [column[function] for column in columns] for function in columns[0]}
    return "\n".join(f"| {' | '.join([function, *cells])} |" for function, cells in rows.items())


def _pins(board: Board, lamps: str) -> dict[str, str]:
    circuit = build(board, lamps)
    unit = next(part for part in circuit.parts if part.name == "board")
    places = {pin.gpio: f"GPIO {pin.gpio} ({pin.num.replace('-', ' ')})" for pin in unit.pins}
    return {function: places[gpio] for function, (gpio,) in functions(circuit).items()}


def lid_table() -> str:
    rows = ["| button | mark | hole | covers | opening | below the rim |", "| --- | --- | --- | --- | --- | --- |"]
    for place in lid.RIGHT_HANDED:
        sizes = " | ".join(f"{size:g} mm" for size in (place.hole, place.across, place.opening, place.recess))
        rows.append(f"| {place.role.upper()} | {place.mark} | {sizes} |")
    return "\n".join(rows)


def _readme() -> str:
    """The README with its generated tables put in anew."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    for name, table in (("pins", pin_table()), ("lid", lid_table()), ("parts", bom.as_table())):
        begin, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"hardware/README.md needs {begin.strip()} and {end}, once each.")
        before, rest = text.split(begin)
        text = before + begin + table + "\n" + end + rest.split(end)[1]
    return text
