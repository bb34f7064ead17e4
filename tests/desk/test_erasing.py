"""Power cuts and faults in the midst of an erasure, over both files."""

import random

import apsw
from tests.desk.kept import CALLER, MAX, office, sound
from tests.journal.test_power_cut import cuts_of

from rung import words as w
from rung.desk.privacy import Retention
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.sim.disk import Disk, FileLayer, Files


def test_a_fault_at_any_call_of_an_erasure_is_made_good_by_the_next_order() -> None:
    with office() as desk:
        desk.call("a")
        begun = len(desk.disk.log)
        desk.privacy.erase(["a"], MAX, "asked")
        steps = len(desk.disk.log) - begun
    assert steps > 30
    failed = 0
    for number in range(1, steps + 1):
        with office() as desk:
            desk.call("a")
            desk.call("b", "+4930999")
            left = number

            def fault(step: object) -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    raise apsw.FullError("injected")

            desk.disk.fault = fault
            try:
                desk.privacy.erase(["a"], MAX, "asked")
            except JournalError:
                failed += 1
            desk.disk.fault = None
            whole = desk.privacy.cases_of(CALLER) == ["a"]
            desk.privacy.retain(Retention())
            a, b = (e.caller for e in desk.clear(w.CaseOpened))  # type: ignore[union-attr]
            ordered = desk.journal.last(w.ErasureOrdered) is not None
            assert (a == "") == ordered == (desk.journal.last(w.Erased) is not None), f"fault at call {number}"
            assert b and (whole or not a) and sound(desk.journal), f"fault at call {number}"
    assert failed > steps / 3


def test_power_cut_anywhere_in_an_erasure_leaves_the_case_whole_or_erased_and_no_claim_before_the_deed(
    seed: int,
) -> None:
    with office() as desk:
        desk.call("a")
        desk.call("b", "+4930999")
        begun = len(desk.disk.log)
        desk.privacy.erase(["a"], MAX, "asked")
        ended = len(desk.disk.log)
        desk.call("c")
        log = list(desk.disk.log)
    whole = erased = 0
    near = range(begun - 1 - seed % 2, ended + 6, 2)
    for files, done in cuts_of(log, random.Random(seed), lambda at, _: at in near):
        try:
            if after_a_cut(files, claimed=done >= ended):
                erased += 1
            else:
                whole += 1
        except BaseException as error:
            error.add_note(f"RUNG_SEED={seed}: power cut after step {done} of {len(log)}, erasing {begun} to {ended}")
            raise
    print(f"{whole} whole, {erased} erased")
    assert whole > 3 and erased > 20


def after_a_cut(files: Files, *, claimed: bool) -> bool:
    """Whether the case is erased when the desk has started again; ``claimed``: that had been said before the cut."""
    layer = FileLayer(Disk(files))
    journal = Journal("/desk.journal", vfs=layer.name)  # as the cut has left it, before anybody goes on
    ordered, said = journal.last(w.ErasureOrdered), journal.last(w.Erased)
    journal.close()
    assert not (claimed and said is None), "it was claimed, and that is lost"
    with office(Disk({name: bytes(data) for name, data in layer.disk.files.items()})) as desk:
        (a, *others) = [e.caller for e in desk.clear(w.CaseOpened)]  # type: ignore[union-attr]
        assert all(others), "another case was lost"
        assert (a == "") == (ordered is not None) == (desk.journal.last(w.Erased) is not None)
        assert (CALLER if a else "") == a
        notes = desk.clear(w.NotesKept)[0]
        assert isinstance(notes, w.NotesKept) and bool(notes.matter) == bool(a), "half of it is erased"
        assert sound(desk.journal)
        desk.call("d")  # and it goes on
    return not a


def test_power_cut_anywhere_leaves_no_entry_without_its_key(seed: int) -> None:
    with office() as desk:
        for number in range(3):
            desk.call(f"{number}")
        log = list(desk.disk.log)
    cuts = 0
    for files, _ in cuts_of(log, random.Random(seed), lambda at, _: at % 4 == seed % 4):
        with office(Disk(files)) as desk:
            cuts += 1
            for entry in desk.journal.entries():
                assert desk.vault.unseal(entry.event) is not None, f"RUNG_SEED={seed}: {entry.event}"
    assert cuts > 100
