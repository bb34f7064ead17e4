"""`rung fleet test`: each button of each attached box is pressed once, as its lamp asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from rung.cli.ends import stop
from rung.cli.fleet_book import opened
from rung.fleet.inventory import Box, Inventory
from rung.fleet.keyring import Keyring
from rung.fleet.ports import LeftAlone, look
from rung.fleet.press_test import BUTTONS, OK, all_done, try_button
from rung.fleet.probe import probe
from rung.fleet.visit import Visit, VisitError
from rung.link.keys import KeysError
from rung.link.port import PortError

WELCOME_S = 20.0
NOBODY = "no box to test; plug in one that `rung flash` has flashed"
NO_HANDS = "no `rung sim boxes` runs there; start it, or press the buttons yourself (without --simulate)"

Press = Callable[[str, str], None]  # the port, and the button


def try_boxes(
    fleet: Path | None, names: Sequence[str], simulate: bool, ports: Sequence[str], folder: Path | None
) -> int:
    """The exit code: 0 when every button of every box that was meant is as it should be."""
    press = _fingers if simulate else _person
    wrong = 0
    with opened(fleet) as (inventory, keyring):
        wanted = {inventory.find(name).id for name in names}
        found = _found(inventory, ports, folder, wanted)
        for port, box in found:
            try:
                wrong += not _tested(port, box, inventory, keyring, press)
            except (VisitError, PortError, KeysError) as error:
                print(error, flush=True)
                wrong += 1
        for id in sorted(wanted - {box.id for _, box in found}):
            print(f"box {id}: not attached; plug it in, or name its port: --port")
            wrong += 1
        if not found and not wanted:
            stop(NOBODY)
    return 1 if wrong else 0


def _found(inventory: Inventory, ports: Sequence[str], folder: Path | None, wanted: set[str]) -> list[tuple[str, Box]]:
    """The boxes that greet, of those that are wanted; what else is there is told and left alone."""
    candidates, left = look(ports, folder)
    found = []
    for candidate in candidates:
        try:
            there = probe(candidate.port)
        except PortError as error:
            print(error)
            continue
        box = inventory.box(there.id) if there and there.id else None
        if box is not None and (not wanted or box.id in wanted):
            found.append((candidate.port, box))
        elif box is None:
            left.append(LeftAlone(candidate.port, "no box of this inventory greets; flash it: rung flash"))
    for line in left:
        print(line)
    return found


def _tested(port: str, box: Box, inventory: Inventory, keyring: Keyring, press: Press) -> bool:
    results = {}
    with Visit(port, keyring.keys(box.id), WELCOME_S) as visit:
        hello = visit.welcome(box.id)
        print(f"{port}: box {box.id} ({box.place}): the lamp of the button to press breathes", flush=True)
        for button in BUTTONS:
            results[button] = try_button(visit, button, lambda button=button: press(port, button))  # type: ignore[misc]
            inventory.tested(box.id, button, results[button])
            print(f"{port}: {button}: {results[button]}", flush=True)
        all_done(visit)
        for trouble in visit.troubles:
            inventory.fault(box.id, str(trouble))
    inventory.saw(box.id, firmware=hello.firmware)
    return all(result == OK for result in results.values())


def _person(port: str, button: str) -> None:
    print(f"{port}: press {button.upper()}", flush=True)


def _fingers(port: str, button: str) -> None:
    """Those of `rung sim boxes`; meanwhile the box must be listened to."""
    from rung.sim.hands import PIPE, tap

    if not (Path(port).parent / PIPE).exists():
        stop(f"{port}: {NO_HANDS}")
    threading.Thread(target=tap, args=(Path(port), button), name="fingers").start()
