"""`rung fleet` on real parts: virtual boxes that have been flashed, with keys that a bridge would use."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.link.leaks import files_without_keys, leaks
from tests.real.test_flash_boards import flash, id_of, inventory
from tests.real.test_pair import rung

from rung.link.hello import Hello, greeted
from rung.link.keys import read_keys
from rung.sim.hands import hands
from rung.sim.hub import Hub
from rung_wire import names

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

PATIENCE_S = 30.0
BUTTONS = ("escalate", "warn", "release")


@pytest.fixture(scope="module")
def flashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chips, keys and inventory of two boxes: one at the desk north, and a spare."""
    folder = tmp_path_factory.mktemp("flashed") / "hub"
    with Hub(folder, 2, baud=None):
        assert flash(folder, "--id", id_of(0), "--desk", "north")[0] == 0
        assert flash(folder, "--id", id_of(1))[0] == 0
    return folder


@pytest.fixture
def hub(flashed: Path, tmp_path: Path) -> Iterator[Hub]:
    """They are plugged in."""
    shutil.copytree(flashed, tmp_path / "hub")
    with Hub(tmp_path / "hub", 2, baud=None) as hub:
        yield hub


def fleet(hub: Hub, command: str, *more: object) -> tuple[int, str]:
    where = ("--in", hub.folder) if command in ("rename", "swap", "rekey", "test") else ()
    return rung("fleet", command, *more, *where, "--fleet", hub.folder / "fleet")


def keys(hub: Hub, desk: str = "") -> Path:
    return hub.folder / "fleet" / desk / "keys"


def trust(hub: Hub, number: int, folder: Path) -> str:
    """What a bridge with these keys thinks of the box."""
    hello = greeted(hub.boxes[number].port, read_keys(folder), PATIENCE_S)
    assert isinstance(hello, Hello)
    return hello.trust


def test_a_spare_takes_the_place_of_a_broken_box_in_one_command(hub: Hub) -> None:
    code, said = fleet(hub, "swap", "north", "--why", "RELEASE sticks")
    assert code == 0, said
    assert f"desk north: box {id_of(1)} in place of {id_of(0)}, which is retired (RELEASE sticks)" in said
    assert "; it has been told" in said
    assert list(read_keys(keys(hub, "north"))) == [id_of(1)] and not read_keys(keys(hub))
    assert trust(hub, 1, keys(hub, "north")) == names.PAIRED
    assert trust(hub, 0, keys(hub, "north")) == names.UNKNOWN
    assert [box.place for box in inventory(hub.folder).boxes()] == ["north", "retired"]
    code, said = fleet(hub, "swap", "north")
    assert code == 2 and "name the spare: rung fleet swap BOX SPARE (no spare is attached)" in said
    assert fleet(hub, "rename", id_of(0), "--spare")[0] == 0
    code, said = fleet(hub, "swap", "north", id_of(0))
    assert code == 2 and f"box {id_of(0)} has no key here; flash it: rung flash --id {id_of(0)}" in said
    assert list(read_keys(keys(hub, "north"))) == [id_of(1)], "nothing has changed"


def test_a_spare_that_is_not_attached_can_be_named(hub: Hub) -> None:
    hub.boxes[1].unplug()
    code, said = fleet(hub, "swap", "north", id_of(1))
    assert code == 0 and "it is not attached, and will be told when it is flashed" in said, said
    hub.boxes[1].plug()
    assert trust(hub, 1, keys(hub, "north")) == names.PAIRED
    code, said = flash(hub.folder, "--id", id_of(1))
    assert code == 0 and "desk north" in said and "nothing had to be changed" not in said, said
    code, said = flash(hub.folder, "--id", id_of(1))
    assert code == 0 and "nothing had to be changed" in said, said


def test_a_new_key_ends_the_old_one(hub: Hub, tmp_path: Path) -> None:
    old = tmp_path / "old"
    keys(hub, "north").rename(old)
    keys(hub, "north").mkdir()
    (keys(hub, "north") / f"{id_of(0)}.key").write_bytes((old / f"{id_of(0)}.key").read_bytes())
    (keys(hub, "north") / f"{id_of(0)}.key").chmod(0o600)
    code, said = fleet(hub, "rekey", "north")
    assert code == 0 and f"box {id_of(0)} has a new key" in said, said
    assert trust(hub, 0, old) == names.WRONG_KEY
    assert trust(hub, 0, keys(hub, "north")) == names.PAIRED
    key = (keys(hub, "north") / f"{id_of(0)}.key").read_text().strip()
    listed = fleet(hub, "list")[1]
    assert inventory(hub.folder).find("north").fingerprint in listed
    assert leaks(key, [said, listed, *files_without_keys(hub.folder / "fleet")]) == []
    hub.boxes[0].unplug()
    code, said = fleet(hub, "rekey", "north")
    assert code == 2 and f"box {id_of(0)} is not attached; plug it in, or name its port: --port" in said
    assert (keys(hub, "north") / f"{id_of(0)}.key").read_text().strip() == key


def test_a_box_is_renamed_and_told(hub: Hub) -> None:
    code, said = fleet(hub, "rename", "north", "south")
    assert code == 0 and f"box {id_of(0)} is at desk south; it has been told" in said, said
    assert list(read_keys(keys(hub, "south"))) == [id_of(0)] and not read_keys(keys(hub, "north"))
    assert trust(hub, 0, keys(hub, "south")) == names.PAIRED
    code, said = flash(hub.folder, "--id", id_of(0), "--dry-run")
    assert code == 0 and said.rstrip().endswith("south"), said
    code, said = fleet(hub, "rename", id_of(1), "south")
    assert code == 2 and f"desk south has box {id_of(0)} already; swap it" in said
    code, said = fleet(hub, "rename", id_of(1))
    assert code == 2 and "rung fleet rename BOX DESK, or --spare" in said


def test_each_button_is_tested_and_the_result_is_kept(hub: Hub) -> None:
    hub.add_gps()
    with hands(hub.folder, hub.ports()):
        code, said = fleet(hub, "test", "--simulate")
    assert code == 0, said
    assert all(f"ttyRUNG{number}: {button}: ok" in said for number in (0, 1) for button in BUTTONS)
    assert "ttyGPS0: left alone: no box of this inventory greets" in said
    [row, _] = csv.DictReader(io.StringIO(fleet(hub, "export")[1]))
    assert [row[f"{button}_test"] for button in BUTTONS] == ["ok"] * 3 and row["tested"]


def test_a_button_that_is_wired_wrong_fails_its_test(hub: Hub) -> None:
    """Its fingers press the neighbour."""
    box = hub.boxes[0]
    box._pins = {**box._pins, "warn": box._pins["release"]}
    with hands(hub.folder, hub.ports()):
        code, said = fleet(hub, "test", "north", "--simulate")
    assert code == 1 and "warn: release came instead" in said and "escalate: ok" in said, said
    assert "warn: release came instead" in fleet(hub, "list")[1]
    assert "ttyRUNG1" not in said


def test_what_cannot_be_tested_is_told(hub: Hub) -> None:
    code, said = fleet(hub, "test", "north", "--simulate")
    assert code == 2 and "no `rung sim boxes` runs there" in said
    hub.boxes[0].unplug()
    code, said = fleet(hub, "test", "north")
    assert code == 1 and f"box {id_of(0)}: not attached; plug it in" in said


def test_a_fault_is_noted_and_shown(hub: Hub) -> None:
    assert fleet(hub, "fault", "north", "the cable is loose")[0] == 0
    code, said = fleet(hub, "show", "north")
    assert code == 0 and "fault: the cable is loose" in said
    code, said = fleet(hub, "retire", "north")
    assert code == 0 and not list((hub.folder / "fleet").rglob(f"{id_of(0)}.key"))
    out = hub.folder / "boxes.csv"
    assert fleet(hub, "export", "-o", out)[1] == f"{out}: 2 boxes\n"
    assert "retired: worn out" in out.read_text()
