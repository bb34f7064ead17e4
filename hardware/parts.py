"""The parts, with what the rules must know of each: what its pins bear, give and need.

Figures are the makers' worst cases; `rules.py` says how each is used.
"""

from __future__ import annotations

from hardware.boards import Board
from hardware.quiet import skidl

Kind = skidl.Pin.types

GPIO_BEARS = 3.6  # volts, ESP32 and S3: supply and 0.3
USB_VOLTS = (4.4, 5.25)  # at the far end of a poor cable, and at a generous port
DIODE_VOLTS = 0.35  # between the plug and the pin 5V of these boards


def part(circuit: skidl.Circuit, ref: str, name: str, value: str, pins: list[skidl.Pin], **facts: object) -> skidl.Part:
    """One part of the circuit. `facts` are the attributes that rules and papers read."""
    made = skidl.Part(name=name, tool=skidl.SKIDL, circuit=circuit, ref=ref, tag=ref, value=value, pins=pins)
    for key, fact in {"supply": None, "role": "", "beside": "", "gates": {}, "milliamps": 0.0, **facts}.items():
        setattr(made, key, fact)
    return made


def pin(number: str, name: str, kind: skidl.Pin.types, **facts: object) -> skidl.Pin:
    """A pin. `endures`: the volts it bears; `gives`: volts of a supply (least, most); `high`: the least that a logic
    output gives or an input needs to be high, as (volts, share of the part's supply)."""
    made = skidl.Pin(num=number, name=name, func=kind)
    for key, fact in {"endures": None, "gives": None, "high": None, "gpio": None, **facts}.items():
        setattr(made, key, fact)
    return made


def _two(first: str = "1", second: str = "2") -> list[skidl.Pin]:
    return [pin("1", first, Kind.PASSIVE), pin("2", second, Kind.PASSIVE)]


def resistor(circuit: skidl.Circuit, ref: str, value: str, ohms: float) -> skidl.Part:
    return part(circuit, ref, "resistor", value, _two(), ohms=ohms)


def capacitor(circuit: skidl.Circuit, ref: str, beside: str) -> skidl.Part:
    """A ceramic one of 100 nF, soldered as close as can be to `beside`."""
    return part(circuit, ref, "ceramic capacitor", "100 nF", _two(), farads=100e-9, beside=beside)


def bulk_capacitor(circuit: skidl.Circuit, ref: str) -> skidl.Part:
    return part(circuit, ref, "electrolytic capacitor", "47 µF", _two("+", "-"), farads=47e-6)


def fuse(circuit: skidl.Circuit, ref: str) -> skidl.Part:
    """It holds 0.35 A; 0.2 V fall across it at what the lamps draw."""
    return part(circuit, ref, "resettable fuse", "0.35 A", _two(), holds_milliamps=350.0, drop=0.2)


def button(circuit: skidl.Circuit, ref: str, role: str, value: str) -> skidl.Part:
    """A push button on a microswitch of three tabs; the one that is closed at rest stays empty."""
    pins = [
        pin("1", "COM", Kind.PASSIVE),
        pin("2", "NO", Kind.PASSIVE),
        pin("3", "NC", Kind.NOCONNECT),
    ]
    return part(circuit, ref, "button", value, pins, role=role)


def piezo(circuit: skidl.Circuit, ref: str) -> skidl.Part:
    """A sounder without an oscillator: some 20 nF and no coil, so nothing kicks back when it is switched."""
    return part(circuit, ref, "piezo sounder", "passive, 3 to 5 kHz", _two(), role="buzzer", milliamps=5.0)


def led(circuit: skidl.Circuit, ref: str, role: str) -> skidl.Part:
    """A plain one: it shows the rhythm, not the colour."""
    return part(circuit, ref, "LED", "amber, 2 V", _two("A", "K"), role=role, forward_volts=1.8, milliamps=11.0)


def pixel(circuit: skidl.Circuit, ref: str, role: str) -> skidl.Part:
    pins = [
        pin("1", "VDD", Kind.PWRIN, endures=5.3),
        pin("2", "DOUT", Kind.OUTPUT, endures=5.3, high=(0.0, 0.9)),
        pin("3", "GND", Kind.PWRIN),
        pin("4", "DIN", Kind.INPUT, endures=5.8, high=(0.0, 0.7)),
    ]
    return part(circuit, ref, "pixel", "WS2812B", pins, role=role, supply="VDD", gates={"DIN": "DOUT"}, milliamps=60.0)


def buffer(circuit: skidl.Circuit, ref: str) -> skidl.Part:
    """Four gates with TTL inputs: 2.0 V is high to them, whatever the supply. Gates that are on share no net."""
    pins = [pin("14", "VCC", Kind.PWRIN, endures=5.5), pin("7", "GND", Kind.PWRIN)]
    for gate, (enable, into, out) in enumerate(
        (("1", "2", "3"), ("4", "5", "6"), ("10", "9", "8"), ("13", "12", "11"))
    ):
        pins += [
            pin(enable, f"OE{gate + 1}", Kind.INPUT, endures=5.5, high=(2.0, 0.0)),
            pin(into, f"A{gate + 1}", Kind.INPUT, endures=5.5, high=(2.0, 0.0)),
            pin(out, f"Y{gate + 1}", Kind.OUTPUT, endures=5.5, high=(0.0, 0.9)),
        ]
    gates = {f"A{gate}": f"Y{gate}" for gate in range(1, 5)}
    return part(circuit, ref, "bus buffer", "74AHCT125", pins, supply="VCC", gates=gates, milliamps=2.0)


def board(circuit: skidl.Circuit, ref: str, board: Board) -> skidl.Part:
    """The development board: every pin of its headers. It draws 120 mA at most while no radio is on."""
    lowest, highest = USB_VOLTS
    rails = {
        "5V": {"kind": Kind.PWROUT, "gives": (lowest - DIODE_VOLTS, highest)},
        "3V3": {"kind": Kind.PWROUT, "gives": (3.2, 3.4), "endures": GPIO_BEARS},
        "GND": {"kind": Kind.PWRIN},
        "EN": {"kind": Kind.INPUT, "endures": GPIO_BEARS},
    }
    pins: list[skidl.Pin] = []
    for header, row in board.headers.items():
        for place, what in enumerate(row, start=1):
            label = board.labels.get(what, str(what))
            facts = rails.get(what) if isinstance(what, str) else _gpio(what, board)
            assert facts is not None, f"{board.name}: {what} is neither a GPIO nor a rail"
            if "gives" in facts and any(p.rail == what for p in pins):
                facts = {"kind": Kind.PASSIVE}  # the same pin again
            made = pin(f"{header}-{place}", label, **facts)
            made.rail = what if isinstance(what, str) else ""
            pins.append(made)
    made_board = part(circuit, ref, "board", board.title, pins, supply="3V3", milliamps=120.0)
    made_board.board = board
    return made_board


def _gpio(number: int, board: Board) -> dict[str, object]:
    kind = Kind.INPUT if number in board.input_only else Kind.BIDIR
    return {"kind": kind, "endures": GPIO_BEARS, "high": (2.5, 0.0), "gpio": number}
