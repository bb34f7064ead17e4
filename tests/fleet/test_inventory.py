"""The inventory: what it keeps, what it refuses, and what it looks like as CSV."""

import csv
import io
import tempfile
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.fleet.export import COLUMNS, rows, write_csv
from rung.fleet.inventory import Inventory, InventoryError, PressTest

A, B, C = "24dcc3a1b2c3", "24dcc3000002", "24dcc3000003"
NOON_S = 1_750_000_000


class Clock:
    now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inventory(tmp_path: Path, clock: Clock) -> Inventory:
    inventory = Inventory(tmp_path / "fleet" / "fleet.db", clock)
    for box in (A, B, C):
        inventory.saw(box)
    return inventory


def test_what_was_seen_is_kept_and_what_is_left_out_stays(inventory: Inventory, clock: Clock, tmp_path: Path) -> None:
    inventory.saw(A, chip="ESP32", micropython="1.29.0", firmware="0.1.0")
    clock.now_s += 60
    inventory.saw(A, firmware="0.2.0")
    inventory.close()
    box = Inventory(tmp_path / "fleet" / "fleet.db", clock).find(A)
    assert (box.chip, box.micropython, box.firmware) == ("ESP32", "1.29.0", "0.2.0")
    assert (box.first_s, box.seen_s) == (NOON_S, NOON_S + 60)


def test_nobody_else_may_read_it(inventory: Inventory, tmp_path: Path) -> None:
    assert (tmp_path / "fleet" / "fleet.db").stat().st_mode & 0o077 == 0


def test_a_box_is_found_by_its_id_and_by_its_desk(inventory: Inventory) -> None:
    inventory.rename(B, "north-07")
    assert inventory.find("north-07") == inventory.find(B)
    with pytest.raises(InventoryError, match="no box or desk 'south'; `rung fleet list`"):
        inventory.find("south")
    with pytest.raises(InventoryError, match="no box or desk ''"):  # and no spare
        inventory.find("")


def test_a_desk_has_one_box(inventory: Inventory) -> None:
    inventory.rename(A, "north")
    with pytest.raises(InventoryError, match=f"desk north has box {A} already; swap it: rung fleet swap north"):
        inventory.rename(B, "north")
    assert inventory.find(B).place == "spare"
    inventory.rename(A, "north")
    inventory.retire(A, "sticky")
    inventory.rename(B, "north")
    assert [inventory.find(box).place for box in (A, B)] == ["retired", "north"]


@pytest.mark.parametrize("name", ["north 7", "../north", "a/b", "-", "=1"])
def test_what_is_no_desks_name_is_refused(inventory: Inventory, name: str) -> None:
    with pytest.raises(InventoryError, match="is no desk's name; use letters, digits, - and _"):
        inventory.rename(A, name)


def test_a_swap_takes_the_desk_along(inventory: Inventory) -> None:
    inventory.rename(A, "north")
    inventory.swap(A, B, "RELEASE sticks")
    broken, new = inventory.find(A), inventory.find(B)
    assert (broken.desk, broken.retired, new.desk, new.retired) == ("", "RELEASE sticks", "north", "")
    inventory.rename(A, "")
    assert inventory.find(A).place == "spare"


def test_desks_are_numbered_round_those_that_are_taken(inventory: Inventory) -> None:
    inventory.rename(A, "north-02")
    assert inventory.desks_for("north-##", 3) == ["north-01", "north-03", "north-04"]
    assert inventory.desks_for("n#-east", 2) == ["n1-east", "n2-east"]
    assert inventory.desks_for("south", 1) == ["south"]
    assert len(set(inventory.desks_for("d#", 12))) == 12
    with pytest.raises(InventoryError, match="3 boxes cannot have one name; number them: south-##"):
        inventory.desks_for("south", 3)


def test_faults_come_newest_first_and_tests_are_the_newest_of_each_button(inventory: Inventory, clock: Clock) -> None:
    for what in ("restarted", "safe mode"):
        clock.now_s += 1
        inventory.fault(A, what)
    for result in ("nothing came", "ok"):
        clock.now_s += 1
        inventory.tested(A, "warn", result)
    assert [fault.what for fault in inventory.faults(A)] == ["safe mode", "restarted"]
    assert inventory.tests(A) == {"warn": PressTest(A, "warn", NOON_S + 4, "ok")}
    assert inventory.faults(B) == [] and inventory.tests(B) == {}


def test_a_file_that_is_no_inventory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no database at all, but long enough to look like one" * 20)
    with pytest.raises(InventoryError, match="is not an inventory of Rung; name another folder: --fleet") as caught:
        Inventory(tmp_path / "text")
    assert "\n" not in str(caught.value)
    other = apsw.Connection(str(tmp_path / "other"))
    other.execute("CREATE TABLE t (x)")
    with pytest.raises(InventoryError, match="is not an inventory of Rung"):
        Inventory(tmp_path / "other")
    (tmp_path / "file").write_text("")
    with pytest.raises(InventoryError, match="cannot be"):
        Inventory(tmp_path / "file" / "fleet.db")


def test_a_newer_inventory_is_not_touched(inventory: Inventory, tmp_path: Path) -> None:
    inventory.close()
    db = apsw.Connection(str(tmp_path / "fleet" / "fleet.db"))
    db.pragma("user_version", 9)
    db.close()
    with pytest.raises(InventoryError, match="has version 9, this Rung knows 1; update Rung"):
        Inventory(tmp_path / "fleet" / "fleet.db")


def test_two_programs_may_have_it_open(inventory: Inventory, tmp_path: Path) -> None:
    other = Inventory(tmp_path / "fleet" / "fleet.db")
    other.rename(A, "north")
    inventory.rename(B, "south")
    assert [box.place for box in other.boxes()] == ["north", "south", "spare"]


def test_the_list_is_by_desk_then_spares_then_retired(inventory: Inventory) -> None:
    inventory.rename(C, "north")
    inventory.retire(A, "old")
    assert [box.id for box in inventory.boxes()] == [C, B, A]


@given(why=st.text(), what=st.text())
def test_csv_tells_all_and_no_spreadsheet_runs_any_of_it(why: str, what: str) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Inventory(Path(folder) / "fleet.db")) as inventory:
        _export(inventory, why, what)


def _export(inventory: Inventory, why: str, what: str) -> None:
    inventory.saw(A, chip="ESP32")
    inventory.saw(B)
    inventory.rename(A, "north")
    inventory.fault(A, what)
    inventory.tested(A, "release", "ok")
    inventory.retire(B, why)
    file = io.StringIO(newline="")
    assert write_csv(inventory, file) == 2
    read = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    assert tuple(read[0]) == COLUMNS
    for row, expected in zip(read, rows(inventory), strict=True):
        for name, value in row.items():
            assert value[:1] not in tuple("=+-@\t\r")
            assert value == expected[name] or value == f"'{expected[name]}"
    assert read[0]["release_test"] == "ok" and read[0]["faults"] == "1"
