"""The keys of a fleet: whatever is done, wherever it is cut off, each box that is used has one key, at its place."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rung.fleet.inventory import Inventory
from rung.fleet.keyring import Keyring
from rung.link.keys import KeysError, fingerprint, new_key, read_keys

A, B = "24dcc3000001", "24dcc3000002"
BOXES = [f"24dcc30000{number:02}" for number in range(6)]
DESKS = ["north", "south", "east"]
STEPS = 60


class Cut(BaseException):
    """The program was ended here."""


class Fleet:
    """What a fleet's commands do to inventory and keys, and what each box holds itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = Inventory(folder / "fleet.db")
        self.keyring = Keyring(folder)
        self.on_box: dict[str, str] = {}

    def give(self, box: str, cut_before_keep: bool = False) -> None:
        """As flashing and re-keying do."""
        key = new_key()
        self.keyring.draft(box, key)
        self.on_box[box] = key
        if cut_before_keep:
            raise Cut
        self.keyring.keep(box, self.inventory.find(box).desk)

    def again(self) -> None:
        """The next command."""
        self.inventory.close()
        self.inventory = Inventory(self.folder / "fleet.db")
        self.keyring.follow(self.inventory)

    def check(self) -> None:
        for box in self.inventory.boxes():
            files = self.keyring.files(box.id)
            if box.retired or box.id not in self.on_box:
                assert files == []
                continue
            assert self.keyring.knows(box.id, box.desk, fingerprint(self.on_box[box.id])), box
            [file] = self.keyring.files(box.id)
            assert file.parent == self.keyring.folder(box.desk)
            assert file.read_text().strip() == self.on_box[box.id]
        for desk in DESKS:
            assert len(read_keys(self.keyring.folder(desk))) <= 1, desk


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def _swap(fleet: Fleet) -> None:
    for box in (A, B):
        fleet.inventory.saw(box)
    fleet.inventory.rename(A, "north")
    for box in (A, B):
        fleet.give(box)


def test_a_swap_leaves_the_desk_exactly_one_valid_key(fleet: Fleet) -> None:
    _swap(fleet)
    assert list(read_keys(fleet.keyring.folder("north"))) == [A]
    fleet.inventory.swap(A, B, "broken")
    fleet.keyring.follow(fleet.inventory)
    assert list(read_keys(fleet.keyring.folder("north"))) == [B]
    assert fleet.keyring.files(A) == []
    fleet.check()


@pytest.mark.parametrize("at", range(4))
def test_a_swap_that_is_cut_off_is_finished_by_the_next_command(
    fleet: Fleet, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _swap(fleet)
    left = at

    def cutting(name: str) -> None:
        real = getattr(Path, name)

        def act(self: Path, *arguments: object, **named: object) -> object:
            nonlocal left
            if left == 0:
                raise Cut
            left -= 1
            return real(self, *arguments, **named)

        monkeypatch.setattr(Path, name, act)

    cutting("replace")
    cutting("unlink")
    fleet.inventory.swap(A, B, "broken")
    try:
        fleet.keyring.follow(fleet.inventory)
        assert at >= 2, "it was not cut off at all"
    except Cut:
        pass
    monkeypatch.undo()
    fleet.again()
    assert list(read_keys(fleet.keyring.folder("north"))) == [B]
    fleet.check()


def test_a_new_key_that_is_cut_off_opens_the_box_all_the_same(fleet: Fleet) -> None:
    fleet.inventory.saw(A)
    fleet.inventory.rename(A, "north")
    with pytest.raises(Cut):
        fleet.give(A, cut_before_keep=True)
    fleet.check()
    fleet.give(A)
    old = fleet.on_box[A]
    with pytest.raises(Cut):
        fleet.give(A, cut_before_keep=True)
    fleet.on_box[A] = old  # it was cut off before the box had it
    fleet.check()


def test_another_key_is_not_known(fleet: Fleet) -> None:
    fleet.inventory.saw(A)
    assert not fleet.keyring.knows(A, "", "") and not fleet.keyring.knows(A, "", fingerprint(new_key()))
    fleet.give(A)
    assert not fleet.keyring.knows(A, "", "") and not fleet.keyring.knows(A, "", fingerprint(new_key()))
    assert fleet.keyring.knows(A, "", fingerprint(fleet.on_box[A]))


def test_a_key_that_somebody_paired_here_is_known_at_its_desk(fleet: Fleet) -> None:
    """`rung pair` for a desk of this computer writes into the same folder."""
    fleet.inventory.saw(A)
    fleet.give(A)
    assert fleet.keyring.desk_of(A) == ""
    fleet.keyring.files(A)[0].unlink()
    fleet.keyring.draft(A, fleet.on_box[A])
    fleet.keyring.keep(A, "south")
    assert fleet.keyring.desk_of(A) == "south" and fleet.keyring.desk_of(B) == ""


def test_only_a_box_that_moved_has_its_key_moved(fleet: Fleet) -> None:
    """Else a list of the fleet could take a desk's key away that was paired by hand."""
    fleet.inventory.saw(A)
    fleet.give(A)
    fleet.keyring.draft(A, fleet.on_box[A])
    fleet.keyring.keep(A, "south")
    fleet.again()
    assert fleet.keyring.desk_of(A) == "south"


def test_a_fingerprint_tells_nothing_of_the_key() -> None:
    key = new_key()
    assert len(fingerprint(key)) == 12 and fingerprint(key) not in key and fingerprint(key) == fingerprint(key)


def test_a_folder_that_takes_no_key_is_one_line(fleet: Fleet) -> None:
    fleet.inventory.saw(A)
    fleet.give(A)
    (fleet.folder / "north").write_text("a file where a folder should be")
    fleet.inventory.rename(A, "north")
    with pytest.raises(KeysError, match="cannot be written") as caught:
        fleet.keyring.follow(fleet.inventory)
    assert "\n" not in str(caught.value)
    (fleet.folder / "north").unlink()
    fleet.again()
    fleet.check()


def test_whatever_is_done_in_whatever_order(fleet: Fleet, seed: int) -> None:
    chance = random.Random(seed)
    for box in BOXES:
        fleet.inventory.saw(box)
    for _ in range(STEPS):
        box, desk = fleet.inventory.find(chance.choice(BOXES)), chance.choice(["", *DESKS])
        there = fleet.inventory.at(desk)
        act = chance.choice(["give", "cut", "rename", "retire", "swap"])
        if act in ("give", "cut") and not box.retired:
            try:
                fleet.give(box.id, act == "cut")
            except Cut:
                fleet.again()
        elif act == "rename" and (there is None or there.id == box.id):
            fleet.inventory.rename(box.id, desk)
            if box.retired:
                fleet.on_box.pop(box.id, None)  # its key is gone here: it needs a new one
        elif act == "retire":
            fleet.inventory.retire(box.id, "old")
        elif act == "swap" and there is not None and not box.desk and not box.retired:
            fleet.inventory.swap(there.id, box.id, "broken")
        fleet.keyring.follow(fleet.inventory)
        fleet.check()
