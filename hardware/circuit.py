"""The circuit of one box, the same around every board.

    3V3 ── 2.2k ──┐
    button ─ 100 ─┴─ 1k ── GPIO                 three times; 100 nF from the middle to ground
    GPIO ─┬─ gate 1 ── 330 ── pixel ── pixel ── pixel
    GPIO ─┬─ gate 2 ── 1k ─┬─ piezo             10k from it to ground at each ┬ and ┴
    5V ── fuse ── 5V of lamps                   for pixels and gates; 47 µF, and 100 nF at each chip

With plain LEDs in place of pixels, three GPIOs drive one each through 150, and gate 1 rests.

README.md tells why each part is there.
"""

from __future__ import annotations

from hardware import parts
from hardware.boards import BUTTONS, Board
from hardware.quiet import skidl


def build(board: Board, lamps: str = "pixels") -> skidl.Circuit:
    """A fresh circuit; `lamps` is one of boards.LAMPS. Its nets are named for what they carry."""
    circuit = skidl.Circuit(name=board.name)
    circuit.no_files = True
    unit = parts.board(circuit, "U1", board)
    rails = {rail: _join(circuit, rail, *(p for p in unit.pins if p.rail == rail)) for rail in ("GND", "3V3", "5V")}
    lamp_rail = _lamp_supply(circuit, rails)
    gates = _gates(circuit, rails["GND"], lamp_rail)
    pins = {function: _gpio(unit, gpio) for function, gpio in board.pins(lamps).items()}
    for place, role in enumerate(BUTTONS):
        _button(circuit, rails, place, role, pins[role])
    if lamps == "pixels":
        _pixels(circuit, rails["GND"], lamp_rail, gates, pins["lamps"])
    else:
        _leds(circuit, rails["GND"], gates, pins)
    _buzzer(circuit, rails["GND"], gates, pins["buzzer"])
    for left in unit.pins:
        if not left.is_connected():
            left += circuit.NC
    return circuit


def pin(part: skidl.Part, name: str) -> skidl.Pin:
    """The pin with that very name; of several, the first."""
    return next(p for p in part.pins if p.name == name)


def _gpio(unit: skidl.Part, number: int) -> skidl.Pin:
    return next(p for p in unit.pins if p.gpio == number)


def _join(circuit: skidl.Circuit, name: str, *pins: skidl.Pin) -> skidl.Net:
    net = skidl.Net(name, circuit=circuit)
    net += pins
    return net


def _ends(part: skidl.Part, first: skidl.Net, second: skidl.Net) -> None:
    first += part.pins[0]
    second += part.pins[1]


def _lamp_supply(circuit: skidl.Circuit, rails: dict[str, skidl.Net]) -> skidl.Net:
    """Behind the fuse: what a pinched lamp cable shorts, without stopping the board."""
    supply = _join(circuit, "5V lamps")
    supply.drive = skidl.POWER
    rails["GND"].drive = skidl.POWER
    _ends(parts.fuse(circuit, "F1"), rails["5V"], supply)
    _ends(parts.bulk_capacitor(circuit, "C8"), supply, rails["GND"])
    return supply


def _gates(circuit: skidl.Circuit, ground: skidl.Net, supply: skidl.Net) -> skidl.Part:
    """Gates 1 and 2 are always on; 3 and 4 are off, with no input left floating."""
    gates = parts.buffer(circuit, "U2")
    supply += pin(gates, "VCC"), pin(gates, "OE3"), pin(gates, "OE4")
    ground += (pin(gates, name) for name in ("GND", "OE1", "OE2", "A3", "A4"))
    circuit.NC += pin(gates, "Y3"), pin(gates, "Y4")
    _ends(parts.capacitor(circuit, "C4", "U2"), supply, ground)
    return gates


def _button(circuit: skidl.Circuit, rails: dict[str, skidl.Net], place: int, role: str, gpio: skidl.Pin) -> None:
    switch = parts.button(circuit, f"SW{place + 1}", role, "30 mm, recessed" if role == "release" else "60 mm dome")
    rails["GND"] += pin(switch, "COM")
    contact = _join(circuit, f"{role} contact", pin(switch, "NO"))
    middle = _join(circuit, f"{role} filtered")
    _ends(parts.resistor(circuit, f"R{place + 1}", "2.2 kΩ", 2200), rails["3V3"], middle)
    _ends(parts.resistor(circuit, f"R{place + 4}", "100 Ω", 100), contact, middle)
    _ends(parts.capacitor(circuit, f"C{place + 1}", f"SW{place + 1}"), middle, rails["GND"])
    _ends(parts.resistor(circuit, f"R{place + 7}", "1 kΩ", 1000), middle, _join(circuit, role, gpio))


def _pixels(circuit: skidl.Circuit, ground: skidl.Net, supply: skidl.Net, gates: skidl.Part, gpio: skidl.Pin) -> None:
    data = _join(circuit, "lamps", gpio, pin(gates, "A1"))
    _ends(parts.resistor(circuit, "R10", "10 kΩ", 10_000), data, ground)
    driven = _join(circuit, "lamps 5V", pin(gates, "Y1"))
    into = _join(circuit, "lamps data 1")
    _ends(parts.resistor(circuit, "R11", "330 Ω", 330), driven, into)
    for place, role in enumerate(BUTTONS, start=1):
        lamp = parts.pixel(circuit, f"D{place}", role)
        into += pin(lamp, "DIN")
        supply += pin(lamp, "VDD")
        ground += pin(lamp, "GND")
        _ends(parts.capacitor(circuit, f"C{place + 4}", f"D{place}"), supply, ground)
        into = circuit.NC if place == len(BUTTONS) else _join(circuit, f"lamps data {place + 1}")
        into += pin(lamp, "DOUT")


def _leds(circuit: skidl.Circuit, ground: skidl.Net, gates: skidl.Part, pins: dict[str, skidl.Pin]) -> None:
    ground += pin(gates, "A1")
    circuit.NC += pin(gates, "Y1")
    for place, role in enumerate(BUTTONS):
        anode = _join(circuit, f"lamp {role} LED")
        series = parts.resistor(circuit, f"R{place + 15}", "150 Ω", 150)
        _ends(series, _join(circuit, f"lamp {role}", pins[f"lamp {role}"]), anode)
        _ends(parts.led(circuit, f"D{place + 4}", role), anode, ground)


def _buzzer(circuit: skidl.Circuit, ground: skidl.Net, gates: skidl.Part, gpio: skidl.Pin) -> None:
    tone = _join(circuit, "buzzer", gpio, pin(gates, "A2"))
    _ends(parts.resistor(circuit, "R12", "10 kΩ", 10_000), tone, ground)
    driven, sounder = _join(circuit, "buzzer 5V", pin(gates, "Y2")), _join(circuit, "buzzer piezo")
    _ends(parts.resistor(circuit, "R13", "1 kΩ", 1000), driven, sounder)
    _ends(parts.piezo(circuit, "BZ1"), sounder, ground)
    _ends(parts.resistor(circuit, "R14", "10 kΩ", 10_000), sounder, ground)
