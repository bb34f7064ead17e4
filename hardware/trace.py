"""What hangs on what: a walk over the circuit's nets, as a finger follows a wire."""

from __future__ import annotations

from collections.abc import Iterator

from hardware.quiet import skidl

RAILS = ("GND", "3V3", "5V", "5V lamps")


def pins_of(net: skidl.Net | None) -> list[skidl.Pin]:
    """Every pin on the net, none for no net and for the one that means left open."""
    return [] if net is None or net.name == "__NOCONNECT" else list(net.pins)


def net_of(pin: skidl.Pin) -> str:
    """The name of the pin's net; empty where it hangs in the air."""
    return pin.net.name if pin.is_connected() and pins_of(pin.net) else ""


def other(pin: skidl.Pin) -> skidl.Pin:
    """The far end of a part with two pins."""
    first, second = pin.part.pins
    return second if pin.num == first.num else first


def neighbours(net: skidl.Net | None, name: str) -> Iterator[tuple[skidl.Part, skidl.Pin]]:
    """The two-ended parts of that name on the net, each with its far pin."""
    for near in pins_of(net):
        if near.part.name == name:
            yield near.part, other(near)


def along(start: skidl.Pin) -> list[skidl.Pin]:
    """All pins that a signal on `start` reaches through resistors, rails excepted."""
    todo, seen, reached = [start.net], set(), []
    while todo:
        net = todo.pop()
        if net is None or net.name in seen or net.name in RAILS:
            continue
        seen.add(net.name)
        reached += pins_of(net)
        todo += [far.net for _, far in neighbours(net, "resistor") if far.is_connected()]
    return reached


def functions(circuit: skidl.Circuit) -> dict[str, list[int]]:
    """Which GPIOs each button, the lamps and the buzzer are wired to: by the nets, not by what was meant."""
    found: dict[str, list[int]] = {}
    for part in circuit.parts:
        if part.name == "button":
            found[part.role] = _gpios(p for p in part.pins if p.name != "NC")
        elif part.name == "LED":
            found[f"lamp {part.role}"] = _gpios(p for p in part.pins if p.name == "A")
        elif part.name == "piezo sounder":
            found["buzzer"] = _behind_gate(part.pins)
    if inputs := [p for part in circuit.parts for p in part.pins if p.name == "DIN"]:
        found["lamps"] = _behind_gate(inputs)
    return found


def lamp_order(circuit: skidl.Circuit) -> list[str]:
    """The roles of the pixels in the order in which the data reach them."""
    at = next(p for part in circuit.parts if part.name == "bus buffer" for p in part.pins if p.name == "Y1")
    order: list[str] = []
    while True:
        lamp = next((p.part for p in along(at) if p.name == "DIN" and p.part.role not in order), None)
        if lamp is None:
            return order
        order.append(lamp.role)
        at = next(p for p in lamp.pins if p.name == "DOUT")
        if not pins_of(at.net):
            return order


def _gpios(pins: Iterator[skidl.Pin] | list[skidl.Pin]) -> list[int]:
    return sorted({far.gpio for pin in pins if pin.is_connected() for far in along(pin) if far.gpio is not None})


def _behind_gate(pins: list[skidl.Pin]) -> list[int]:
    """The GPIOs at the inputs of whatever gates drive these pins."""
    inputs = []
    for pin in pins:
        for far in along(pin):
            gates = far.part.gates if far.part.name == "bus buffer" else {}
            inputs += [p for p in far.part.pins if gates.get(p.name) == far.name]
    return _gpios(inputs)
