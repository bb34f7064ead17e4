"""The electrical rules: every circuit keeps them, and each mistake that a hand could make is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hardware import parts
from hardware.boards import BOARDS, LAMPS, Board
from hardware.circuit import build, pin
from hardware.quiet import skidl
from hardware.rules import RULES, each_function_has_a_fit_pin_of_its_own, findings

Circuit = skidl.Circuit


@pytest.mark.parametrize("lamps", LAMPS)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_every_circuit_keeps_the_rules(board: Board, lamps: str) -> None:
    assert findings(build(board, lamps)) == []


def part(circuit: Circuit, ref: str) -> skidl.Part:
    return next(p for p in circuit.parts if p.ref == ref)


def net(circuit: Circuit, name: str) -> skidl.Net:
    return next(n for n in circuit.get_nets() if n.name == name)


def cut(*names: str) -> Callable[[Circuit], None]:
    """A wire that was never soldered: REF.PIN."""

    def spoil(circuit: Circuit) -> None:
        for name in names:
            ref, _, wanted = name.partition(".")
            pin(part(circuit, ref), wanted).disconnect()

    return spoil


def move(name: str, to: str) -> Callable[[Circuit], None]:
    """A wire soldered to another net."""

    def spoil(circuit: Circuit) -> None:
        cut(name)(circuit)
        ref, _, wanted = name.partition(".")
        goal = net(circuit, to)
        goal += pin(part(circuit, ref), wanted)

    return spoil


def remove(*refs: str) -> Callable[[Circuit], None]:
    def spoil(circuit: Circuit) -> None:
        for ref in refs:
            for leg in part(circuit, ref).pins:
                leg.disconnect()
            circuit.rmv_parts(part(circuit, ref))

    return spoil


def swap(first: str, second: str) -> Callable[[Circuit], None]:
    """Two wires exchanged."""

    def spoil(circuit: Circuit) -> None:
        ends = [pin(part(circuit, ref), wanted) for ref, wanted in (first.split("."), second.split("."))]
        nets = [net(circuit, end.net.name) for end in ends]
        for end, goal in zip(ends, reversed(nets), strict=True):
            end.disconnect()
            goal += end

    return spoil


def value(ref: str, **facts: float) -> Callable[[Circuit], None]:
    """Another value than was drawn."""

    def spoil(circuit: Circuit) -> None:
        for name, fact in facts.items():
            setattr(part(circuit, ref), name, fact)

    return spoil


def without_the_gate(circuit: Circuit) -> None:
    """The chip's 3.3 V straight into the pixels."""
    cut("R11.1")(circuit)
    data = net(circuit, "lamps")
    data += pin(part(circuit, "R11"), "1")


def with_a_strip(circuit: Circuit) -> None:
    """More pixels than the port can feed."""
    for place in range(20, 25):
        lamp = parts.pixel(circuit, f"D{place}", f"more {place}")
        for name, rail in (("VDD", "5V lamps"), ("GND", "GND")):
            goal = net(circuit, rail)
            goal += pin(lamp, name)


MISTAKES = {
    "a button that hangs loose": (cut("SW1.NO"), "Unconnected pin: PASSIVE pin 2/NO of button/SW1"),
    "a button without its ground": (cut("SW2.COM"), "SW2 (warn) does not close to ground"),
    "a button at the tab that is closed at rest": (move("SW3.NC", "release contact"), "Incorrectly connected pin"),
    "a button without its pull-up": (remove("R1"), "SW1 (escalate) has no pull-up to 3V3"),
    "a pull-up to 5 V": (move("R2.1", "5V"), "U1 pin left-10 (26) bears 3.6 V and gets 5.25 V"),
    "a pull-up that cleans nothing": (value("R3", ohms=45_000), "SW3 (release) is wetted by 0.07 mA"),
    "a filter that swallows presses": (value("C1", farads=10e-6), "SW1 (escalate) is let go 66.0 ms late"),
    "no filter": (remove("C2"), "SW2 (warn) is filtered by 0.0 µs only"),
    "a pin before its resistor": (move("U1.25", "escalate filtered"), "SW1 (escalate) leads a spark into the chip"),
    "two buttons on one pin": (move("R8.2", "escalate"), "GPIO 25 serves escalate and warn at once"),
    "two outputs on one net": (move("U2.Y2", "lamps 5V"), "Pin conflict on net lamps 5V"),
    "two supplies on one net": (swap("U1.3V3", "F1.1"), "bears 3.6 V and gets 5.25 V"),
    "a button's wire on 5 V": (move("R7.2", "5V"), "Only one pin (BIDIRECTIONAL pin left-9/25 of board/U1)"),
    "5 V on the board's 3.3": (move("U1.25", "5V lamps"), "U1 pin left-9 (25) bears 3.6 V and gets 5.25 V"),
    "no gate before the pixels": (without_the_gate, "gives 2.50 V as high, and D1 pin 4 (DIN) needs 3.67 V"),
    "a gate fed from 3.3 V": (move("U2.VCC", "3V3"), "gives 2.88 V as high, and D1 pin 4 (DIN) needs 3.67 V"),
    "a gate without its capacitor": (remove("C4"), "U2 (74AHCT125) has no capacitor of 100 nF"),
    "a pixel without its capacitor": (remove("C6"), "D2 (WS2812B) has no capacitor of 100 nF"),
    "a capacitor too small": (value("C5", farads=1e-9), "D1 (WS2812B) has no capacitor of 100 nF"),
    "a gate that floats at the start": (remove("R10"), "U2 pin 2 (A1) floats while the board starts"),
    "an unused input in the air": (cut("U2.A3"), "Unconnected pin: INPUT pin 9/A3"),
    "pixels in the wrong way": (swap("D1.DIN", "D1.DOUT"), "No drivers for net lamps data 2"),
    "a pixel without supply": (cut("D3.VDD"), "Unconnected pin: POWER-IN pin 1/VDD of pixel/D3"),
    "a capacitor the wrong way round": (swap("C8.+", "C8.-"), "C8 is the wrong way round"),
    "a capacitor that trips the port": (value("C8", farads=1000e-6), "1001 µF to fill at plugging in"),
    "too many pixels": (with_a_strip, "The box draws up to 607 mA"),
    "too many pixels for the fuse": (with_a_strip, "F1 holds 350 mA, less when warm; behind it flow 482 mA"),
    "a piezo on the chip itself, beside the gate": (move("BZ1.1", "buzzer"), "buzzer is wired to no GPIO"),
}


WITH_LEDS = {
    "an LED without its resistor": (value("R15", ohms=10), "D4 (escalate) draws 160 mA"),
    "an LED the wrong way round": (swap("D5.A", "D5.K"), "D5 (warn) needs a resistor before its anode"),
    "an LED that hangs loose": (cut("D6.K"), "Unconnected pin: PASSIVE pin 2/K of LED/D6"),
    "an LED at another's pin": (move("R16.1", "lamp escalate"), "GPIO 18 serves lamp escalate and lamp warn at once"),
}


@pytest.mark.parametrize("mistake", [*MISTAKES, *WITH_LEDS])
def test_a_mistake_is_found(mistake: str) -> None:
    circuit, sentence = spoilt(mistake)
    assert any(sentence in finding for finding in findings(circuit)), "\n".join(findings(circuit)) or "nothing found"


def spoilt(mistake: str) -> tuple[Circuit, str]:
    """A circuit with the mistake, and what must be said of it."""
    spoil, sentence = (MISTAKES | WITH_LEDS)[mistake]
    circuit = build(BOARDS[0], "leds" if mistake in WITH_LEDS else "pixels")
    spoil(circuit)
    return circuit, sentence


def test_no_rule_is_idle() -> None:
    """Each finds one of these mistakes at least."""
    idle = list(RULES)
    for mistake in MISTAKES | WITH_LEDS:
        circuit, _ = spoilt(mistake)
        idle = [rule for rule in idle if not list(rule(circuit))]
    assert idle == []


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_a_button_on_a_strapping_pin_is_found(board: Board) -> None:
    for gpio in board.strapping & _on_headers(board):
        wrong = replace(board, buttons=(gpio, *board.buttons[1:]))
        assert any("decides how" in finding for finding in findings(build(wrong)))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_exactly_the_unfit_pins_are_refused(board: Board) -> None:
    """Whatever GPIO of a header is tried."""
    free = _on_headers(board) - set(board.pins("pixels").values())
    refused = {
        gpio for gpio in free if list(each_function_has_a_fit_pin_of_its_own(build(replace(board, pixels=gpio))))
    }
    assert refused == free & (board.strapping | board.taken | board.input_only)


def _on_headers(board: Board) -> set[int]:
    return {gpio for row in board.headers.values() for gpio in row if isinstance(gpio, int)}
