"""The electrical rules. SKiDL's own find what hangs loose and what fights; these know of volts, time and current.

Each rule takes a circuit and yields one sentence for each breach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hardware.quiet import complaints, skidl
from hardware.trace import RAILS, along, functions, neighbours, net_of, pins_of

USB_MILLIAMPS = 500.0  # what a port of USB 2.0 gives
PLUG_IN_FARADS = 100e-6  # more than this makes ports and hubs switch off when the box is plugged in
SEEN_AFTER_SECONDS = 1e-3  # a press of 5 ms and the debouncing leave no more than this to the filter
SHORTEST_FILTER_SECONDS = 5e-6  # less does not keep out what a switched lamp or a spark sends
WETTING_MILLIAMPS = (1.0, 10.0)  # less does not clean a contact, more is only heat
DECOUPLING_FARADS = 100e-9
PIN_MILLIAMPS = 20.0

Rule = Callable[[skidl.Circuit], Iterator[str]]


def findings(circuit: skidl.Circuit) -> list[str]:
    """Everything that is wrong, in words; empty for a good circuit."""
    with complaints() as said:
        circuit.ERC()
    return sorted(set(said)) + [sentence for rule in RULES for sentence in rule(circuit)]


def volts(circuit: skidl.Circuit) -> dict[str, tuple[float, float]]:
    """The least and the most volts of each net that a supply reaches, through fuses and resistors too."""
    found: dict[str, tuple[float, float]] = {"GND": (0.0, 0.0)}
    for part in circuit.parts:
        for pin in part.pins:
            if pin.gives and (net := net_of(pin)):
                low, high = found.get(net, pin.gives)
                found[net] = (min(low, pin.gives[0]), max(high, pin.gives[1]))
    before: dict[str, tuple[float, float]] = {}
    while before != found:
        before = dict(found)
        for part in circuit.parts:
            if part.name in ("resistor", "resettable fuse"):
                _through(part, found)
    return found


def _through(part: skidl.Part, found: dict[str, tuple[float, float]]) -> None:
    """Let what one end has reach the other. A resistor to ground pulls down the least, never the most."""
    for near, far in (part.pins, reversed(part.pins)):
        source, net = net_of(near), net_of(far)
        if source in found and source != "GND" and net and net != "GND":
            low, high = found[source]
            low = low - part.drop if part.name == "resettable fuse" else 0.0
            if net not in found or (part.name == "resistor" and high > found[net][1] and not _is_supply(far)):
                found[net] = (low, high)


def _is_supply(pin: skidl.Pin) -> bool:
    return any(p.gives for p in pins_of(pin.net))


def no_pin_gets_more_volts_than_it_bears(circuit: skidl.Circuit) -> Iterator[str]:
    reached = volts(circuit)
    for pin in _pins(circuit):
        most = max([reached.get(net_of(pin), (0, 0))[1], *(_gives_at_most(p, reached) for p in _outputs_along(pin))])
        if pin.endures and most > pin.endures:
            yield f"{_name(pin)} bears {pin.endures} V and gets {most} V on net {net_of(pin)}."


def every_high_is_high_enough(circuit: skidl.Circuit) -> Iterator[str]:
    """A driver's least high, at its least supply, against a receiver's need at its most; at the same supply when both
    hang on one."""
    reached = volts(circuit)
    for pin in _pins(circuit):
        if pin.func != skidl.Pin.types.INPUT or not pin.high:
            continue
        for driver in _outputs_along(pin):
            ours, theirs = _supply(pin), _supply(driver)
            least, most = reached.get(theirs, (0, 0))[0], reached.get(ours, (0, 0))[1]
            if ours == theirs:
                least = most
            given, needed = driver.high[0] + driver.high[1] * least, pin.high[0] + pin.high[1] * most
            if given < needed:
                yield f"{_name(driver)} gives {given:.2f} V as high, and {_name(pin)} needs {needed:.2f} V."


def every_chip_has_its_capacitor(circuit: skidl.Circuit) -> Iterator[str]:
    for part in circuit.parts:
        if not part.supply or part.name == "board":
            continue
        supply = next(p for p in part.pins if p.name == part.supply)
        beside = [c for c, far in neighbours(supply.net, "ceramic capacitor") if net_of(far) == "GND"]
        if not any(c.beside == part.ref and c.farads >= DECOUPLING_FARADS for c in beside):
            yield f"{part.ref} ({part.value}) has no capacitor of 100 nF beside it, from {part.supply} to ground."


def no_gate_input_floats_while_the_board_starts(circuit: skidl.Circuit) -> Iterator[str]:
    """In reset a GPIO drives nothing: a resistor must say what the gate sees."""
    reached = volts(circuit)
    for pin in _pins(circuit):
        if pin.part.name != "bus buffer" or pin.func != skidl.Pin.types.INPUT or not net_of(pin):
            continue
        held = net_of(pin) in reached or any(net_of(far) == "GND" for _, far in neighbours(pin.net, "resistor"))
        if not held:
            yield f"{_name(pin)} floats while the board starts: a resistor from net {net_of(pin)} to ground is missing."


def a_press_is_seen_in_time(circuit: skidl.Circuit) -> Iterator[str]:
    """Each button: to ground through a resistor, pulled up, wetted, filtered, fast, and its pin behind a resistor."""
    for switch in (part for part in circuit.parts if part.name == "button"):
        who = f"{switch.ref} ({switch.role})"
        common, contact = switch.pins[:2]
        series = [(part, far) for part, far in neighbours(contact.net, "resistor") if net_of(far) not in RAILS]
        if net_of(common) != "GND" or len(series) != 1:
            yield f"{who} does not close to ground through a resistor."
            continue
        resistor, middle = series[0]
        pulls = [part.ohms for part, far in neighbours(middle.net, "resistor") if net_of(far) == "3V3"]
        farads = sum(part.farads for part, far in neighbours(middle.net, "ceramic capacitor") if net_of(far) == "GND")
        if not pulls:
            yield f"{who} has no pull-up to 3V3: open, it floats."
            continue
        wetting = 3300 / (pulls[0] + resistor.ohms)
        if not WETTING_MILLIAMPS[0] <= wetting <= WETTING_MILLIAMPS[1]:
            yield f"{who} is wetted by {wetting:.2f} mA; 1 to 10 mA keep a contact clean."
        if (down := resistor.ohms * farads) < SHORTEST_FILTER_SECONDS:
            yield f"{who} is filtered by {down * 1e6:.1f} µs only: sparks make presses."
        if (slow := 3 * pulls[0] * farads) > SEEN_AFTER_SECONDS:
            yield f"{who} is let go {slow * 1e3:.1f} ms late: short presses melt together."
        if any(pin.gpio is not None for pin in pins_of(contact.net) + pins_of(middle.net)):
            yield f"{who} leads a spark into the chip: the resistor between filter and pin is missing."


def each_function_has_a_fit_pin_of_its_own(circuit: skidl.Circuit) -> Iterator[str]:
    unit = next(part for part in circuit.parts if part.name == "board")
    wired: dict[int, str] = {}
    for role, gpios in functions(circuit).items():
        if len(gpios) != 1:
            yield f"{role} is wired to {gpios or 'no GPIO'}; it needs one."
        for gpio in gpios:
            if gpio in wired:
                yield f"GPIO {gpio} serves {wired[gpio]} and {role} at once."
            wired[gpio] = role
    for pin in unit.pins:
        if pin.gpio is None or not net_of(pin):
            continue
        if pin.gpio in unit.board.strapping:
            yield f"GPIO {pin.gpio} decides how {unit.board.title} starts, so nothing may hang on it."
        if pin.gpio in unit.board.taken:
            yield f"GPIO {pin.gpio} is in use on {unit.board.title} itself."
        if pin.gpio in unit.board.input_only:
            yield f"GPIO {pin.gpio} of {unit.board.title} only reads, and has no pull-up of its own."


def the_port_can_feed_it(circuit: skidl.Circuit) -> Iterator[str]:
    total = sum(part.milliamps for part in circuit.parts)
    if total > USB_MILLIAMPS:
        yield f"The box draws up to {total:.0f} mA; a USB port gives {USB_MILLIAMPS:.0f} mA."
    behind = sum(part.milliamps for part in circuit.parts if any(net_of(p) == "5V lamps" for p in part.pins))
    for fuse in (part for part in circuit.parts if part.name == "resettable fuse"):
        if behind > 0.7 * fuse.holds_milliamps:  # in a warm case it holds less
            yield f"{fuse.ref} holds {fuse.holds_milliamps:.0f} mA, less when warm; behind it flow {behind:.0f} mA."
    farads = sum(part.farads for part in circuit.parts if "capacitor" in part.name)
    if farads > PLUG_IN_FARADS:
        yield f"{farads * 1e6:.0f} µF to fill at plugging in; over {PLUG_IN_FARADS * 1e6:.0f} µF a port may switch off."


def no_led_draws_more_than_a_pin_gives(circuit: skidl.Circuit) -> Iterator[str]:
    for lamp in (part for part in circuit.parts if part.name == "LED"):
        anode, cathode = lamp.pins
        ohms = [part.ohms for part, _ in neighbours(anode.net, "resistor")]
        if net_of(cathode) != "GND" or len(ohms) != 1:
            yield f"{lamp.ref} ({lamp.role}) needs a resistor before its anode, and its cathode at ground."
        elif (milliamps := 1000 * (3.4 - lamp.forward_volts) / ohms[0]) > PIN_MILLIAMPS:
            yield f"{lamp.ref} ({lamp.role}) draws {milliamps:.0f} mA; a pin gives {PIN_MILLIAMPS:.0f} mA."


def polarity_is_right(circuit: skidl.Circuit) -> Iterator[str]:
    reached = volts(circuit)
    for part in circuit.parts:
        if part.name == "electrolytic capacitor":
            plus, minus = (reached.get(net_of(p), (0, 0))[1] for p in part.pins)
            if plus <= minus:
                yield f"{part.ref} is the wrong way round: + has {plus} V and - has {minus} V."


RULES: tuple[Rule, ...] = (
    no_pin_gets_more_volts_than_it_bears,
    every_high_is_high_enough,
    every_chip_has_its_capacitor,
    no_gate_input_floats_while_the_board_starts,
    a_press_is_seen_in_time,
    each_function_has_a_fit_pin_of_its_own,
    the_port_can_feed_it,
    no_led_draws_more_than_a_pin_gives,
    polarity_is_right,
)


def _pins(circuit: skidl.Circuit) -> Iterator[skidl.Pin]:
    return (pin for part in circuit.parts for pin in part.pins)


def _name(pin: skidl.Pin) -> str:
    return f"{pin.part.ref} pin {pin.num} ({pin.name})"


def _outputs_along(pin: skidl.Pin) -> list[skidl.Pin]:
    """Who may drive this pin."""
    kinds = (skidl.Pin.types.OUTPUT, skidl.Pin.types.BIDIR)
    return [p for p in along(pin) if p.func in kinds and p.high and p != pin] if net_of(pin) else []


def _supply(pin: skidl.Pin) -> str:
    """The net that feeds the pin's part."""
    rail = pin.part.supply
    return next((net_of(p) for p in pin.part.pins if rail in (p.name, getattr(p, "rail", None))), "")


def _gives_at_most(pin: skidl.Pin, reached: dict[str, tuple[float, float]]) -> float:
    return reached.get(_supply(pin), (0, 0))[1]
