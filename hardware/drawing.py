"""The wiring drawing of a circuit: the board as it lies there, and beside it every part and every net.

Where a part stands is written here; what it is connected to comes from the circuit alone. A part without a place, or a
net whose pins do not lie on one line, is an error, so that the drawing can leave nothing out.
"""

from __future__ import annotations

from hardware import symbols
from hardware.boards import BUTTONS, Board
from hardware.circuit import build
from hardware.quiet import skidl
from hardware.svg import Sheet
from hardware.symbols import Point
from hardware.trace import RAILS, net_of

WIDTH, HEIGHT = 1400, 1020
TAG_X = 530  # where the wires to the board begin
INKS = {  # also the colours of the wires, as near as they can be had
    "GND": "#222222",
    "3V3": "#d55e00",
    "5V": "#c00000",
    "5V lamps": "#c00000",
    "escalate": "#0072b2",
    "warn": "#b8860b",
    "release": "#00805c",
    "lamps": "#a0459a",
    "buzzer": "#666666",
}
ROWS = {"escalate": 170, "warn": 300, "release": 430, "lamps": 570, "buzzer": 735, "power": 850}


def draw(board: Board, lamps: str = "pixels") -> str:
    """The drawing of the box around this board, with such lamps, as SVG."""
    circuit = build(board, lamps)
    title = f"Rung box around {board.title}" + (", with plain LEDs" if lamps == "leds" else "")
    sheet = Sheet(WIDTH, HEIGHT, f"{title}: wiring")
    sheet.text(30, 42, title, size=24, bold=True)
    sheet.text(30, 66, "Generated from the circuit. A wire crosses none it is not joined to; a dot joins.", size=13)
    pins = _place(sheet, circuit)
    unit = next(part for part in circuit.parts if part.name == "board")
    for net in sorted(circuit.get_nets(), key=lambda net: str(net.name)):
        if net.name in RAILS:
            _rail(sheet, net, pins)
        else:
            _wire(sheet, net, pins)
    _board(sheet, unit)
    return str(sheet)


def ink_of(net: str) -> str:
    """A net's colour: its own, or that of the function which its name begins with."""
    return INKS.get(net) or INKS.get(net.removeprefix("lamp ").split()[0], "#222222")


def _place(sheet: Sheet, circuit: skidl.Circuit) -> dict[tuple[str, str], Point]:
    """Draw every part but the board, and tell where the ends of its pins are."""
    places = _places(has_pixels=any(part.name == "pixel" for part in circuit.parts))
    pins: dict[tuple[str, str], Point] = {}
    for part in circuit.parts:
        if part.name == "board":
            continue
        if part.ref not in places:
            raise ValueError(f"The drawing has no place for {part.ref}: give it one in hardware/drawing.py.")
        for draw_part, x, y in places[part.ref]:
            pins |= {(part.ref, num): point for num, point in draw_part(sheet, part, x, y).items()}
    left = {(p.ref, pin.num) for p in circuit.parts if p.name != "board" for pin in p.pins} - pins.keys()
    if left:
        raise ValueError(f"The drawing leaves out {sorted(left)}.")
    return pins


def _places(has_pixels: bool) -> dict[str, list[tuple[symbols.Symbol, float, float]]]:
    places: dict[str, list[tuple[symbols.Symbol, float, float]]] = {}
    for number, role in enumerate(BUTTONS, start=1):
        y = ROWS[role]
        places |= {
            f"R{number + 6}": [(symbols.across_turned, 670, y)],
            f"R{number}": [(symbols.upright, 750, y - 60)],
            f"C{number}": [(symbols.upright, 830, y)],
            f"R{number + 3}": [(symbols.across_turned, 920, y)],
            f"SW{number}": [(symbols.switch, 1030, y)],
            f"R{number + 14}": [(symbols.across, 740, ROWS["lamps"] + 55 * number - 80)],
            f"D{number + 3}": [(symbols.led, 870, ROWS["lamps"] + 55 * number - 80)],
            f"D{number}": [(symbols.pixel, 742 + 170 * number, ROWS["lamps"])],
            f"C{number + 4}": [(symbols.upright, 818 + 170 * number, ROWS["lamps"] + 65)],
        }
    lamps, buzzer, power = ROWS["lamps"], ROWS["buzzer"], ROWS["power"]
    gate_1 = [(symbols.gate(1), 720.0, float(lamps))] if has_pixels else []
    drawn = {"A2", "Y2"} | ({"A1", "Y1"} if has_pixels else set())
    return places | {
        "R10": [(symbols.upright, 640, lamps)],
        "R11": [(symbols.across, 822, lamps)],
        "R12": [(symbols.upright, 640, buzzer)],
        "R13": [(symbols.across, 822, buzzer)],
        "R14": [(symbols.upright, 910, buzzer)],
        "BZ1": [(symbols.upright, 1000, buzzer)],
        "U2": [*gate_1, (symbols.gate(2), 720, buzzer), (symbols.rest_of_gates(drawn), 1150, power)],
        "F1": [(symbols.across, 620, power + 30)],
        "C8": [(symbols.upright, 780, power + 30)],
        "C4": [(symbols.upright, 890, power + 30)],
    }


def _rail(sheet: Sheet, net: skidl.Net, pins: dict[tuple[str, str], Point]) -> None:
    for pin in sorted(net.pins, key=lambda pin: (pin.part.ref, pin.num)):
        if pin.part.name != "board":
            symbols.rail_mark(sheet, net.name, pins[pin.part.ref, pin.num], ink_of(net.name))


def _wire(sheet: Sheet, net: skidl.Net, pins: dict[tuple[str, str], Point]) -> None:
    """One straight line through all pins of the net; the board's pin is a tag at its beginning."""
    ends = sorted(pins[pin.part.ref, pin.num][:2] for pin in net.pins if pin.part.name != "board")
    ink = ink_of(net.name)
    for pin in net.pins:
        if pin.part.name == "board":
            symbols.tag(sheet, TAG_X, ends[0][1], f"GPIO {pin.gpio}", f"{pin.num}, printed {pin.name}", ink)
            ends.insert(0, (TAG_X, ends[0][1]))
    if len({y for _, y in ends}) > 1:
        raise ValueError(f"The pins of net {net.name} do not lie on one line: move them in hardware/drawing.py.")
    sheet.line(ends[0], ends[-1], ink=ink, width=3)
    for x, y in ends[1:-1]:
        sheet.disc(x, y, 5, fill=ink)


def _board(sheet: Sheet, unit: skidl.Part) -> None:
    """The board seen from above, its USB plug below, with what goes to each pin."""
    rows = unit.board.headers
    pitch, top = 26, 150
    columns = (135, 265) if len(rows) == 2 else (135, 310, 183, 252)  # outer rows first
    left, right = columns[:2]
    height = pitch * max(len(row) for row in rows.values())
    sheet.box(left - 16, top - 50, right - left + 32, height + 90, fill="#f2f2f2", round_=10)
    sheet.text((left + right) / 2, top - 28, "antenna", size=12, anchor="middle")
    sheet.text((left + right) / 2, top + height + 24, "USB", size=13, anchor="middle", bold=True)
    for place, (header, row) in enumerate(rows.items()):
        x, inward = columns[place], 1 if place % 2 == 0 else -1
        if place < 2:
            sheet.text(x, top - 56, header, size=12, anchor="middle", bold=True)
        for number in range(1, len(row) + 1):
            pin = next(p for p in unit.pins if p.num == f"{header}-{number}")
            _header_pin(sheet, pin, x, top + pitch * (number - 1), inward)


def _header_pin(sheet: Sheet, pin: skidl.Pin, x: float, y: float, inward: int) -> None:
    anchor, outward = ("start", "end") if inward > 0 else ("end", "start")
    sheet.text(x + 12 * inward, y + 4, pin.name, size=11, anchor=anchor)
    net = net_of(pin)
    if not net:
        sheet.disc(x, y, 5, fill="#ffffff", ink="#999999", line=1.5)
        return
    sheet.disc(x, y, 7, fill=ink_of(net))
    if pin.gpio is not None or _first_of_its_net(pin):
        sheet.line((x - 8 * inward, y), (x - 28 * inward, y), ink=ink_of(net), width=3)
        sheet.text(x - 33 * inward, y + 4, net, size=12, anchor=outward, ink=ink_of(net), bold=True)


def _first_of_its_net(pin: skidl.Pin) -> bool:
    return bool(pin == next(p for p in pin.part.pins if net_of(p) == net_of(pin)))
