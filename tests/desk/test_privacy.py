"""Erased, held, kept for its time, seen: what the record says of it, and what can still be read."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from tests.desk.kept import CALLER, MAX, NOTE, office, sound
from tests.desk.rig import Desk
from tests.desk.scripted_phone import LINE
from tests.journal.samples import press
from tests.journal.specimens import every_event

from rung import words as w
from rung.desk.orders import Order, carry_out
from rung.desk.own_data import Own
from rung.desk.privacy import PrivacyError, Retention
from rung.journal.after.files import Files
from rung.journal.format import JournalError
from rung.journal.pseudonyms import Pseudonyms
from rung.journal.vault import index_of
from rung.sim.disk import Delete
from rung.words import Button, CallState


def test_an_erased_case_is_readable_no_more_and_the_chain_holds() -> None:
    with office() as desk:
        desk.call("a")
        desk.call("b", "+4930999")
        assert desk.privacy.cases_of("0049 151 12345678") == ["a"]
        assert desk.privacy.erase(["a"], MAX, "the caller asked for it") == ("case/a", "refused/a")
        assert [e.caller for e in desk.clear(w.CaseOpened)] == ["", "+4930999"]  # type: ignore[union-attr]
        assert desk.privacy.cases_of(CALLER) == []
        assert sound(desk.journal)
        ordered, erased = desk.journal.last(w.ErasureOrdered), desk.journal.last(w.Erased)
        assert ordered is not None and erased is not None and ordered.seq < erased.seq
        assert ordered.event == w.ErasureOrdered(("case/a", "refused/a"), MAX, "the caller asked for it")


@pytest.mark.parametrize(
    ("cases", "person", "why", "said"),
    [
        (["a"], "", "asked", "say who"),
        (["a"], MAX, " ", "say who"),
        (["z"], MAX, "asked", "not of this desk"),
        (["a", "z"], MAX, "asked", "not of this desk"),
        (["up"], MAX, "asked", "still up"),
        (["held"], MAX, "asked", "held by judge-jo"),
        (["a"], MAX, f"{CALLER} asked", "leave the number out"),
        (["a"], MAX, "0151 / 123-45 asked", "leave the number out"),
    ],
)
def test_what_may_not_be_erased_is_not_and_the_reason_is_told(
    cases: list[str], person: str, why: str, said: str
) -> None:
    with office() as desk:
        for case in ("a", "held"):
            desk.call(case)
        desk.privacy.hold("held", "judge-jo", "a complaint is open")
        desk.call("up", closed=False)
        before = desk.journal.head
        with pytest.raises(PrivacyError, match=said):
            desk.privacy.erase(cases, person, why)
        assert desk.journal.head == before and len(desk.clear(w.CaseOpened)) == 3
        assert all(e.caller == CALLER for e in desk.clear(w.CaseOpened))  # type: ignore[union-attr]


def test_a_case_that_closes_while_the_desk_is_on_another_takes_nothing_of_that_along() -> None:
    """A parked call ends; what comes then is the present caller's, and is told, sealed and erased with that one's."""
    with office() as desk:
        desk.call("a", closed=False)
        desk.call("b", "+4930999", closed=False)
        desk.write(
            [w.CaseClosed(case="a", how="released", by=w.EndedBy.US, cause="BYE"), w.NotesKept(matter=NOTE)], "b"
        )
        desk.write([w.NotesKept(offered=NOTE), w.CaseClosed(case="b", how="released", by=w.EndedBy.US)], "b")
        notes = [seen.event for seen in desk.privacy.see("b", MAX, "all") if seen.entry.kind == "NotesKept"]
        assert [note.offered or note.matter for note in notes] == [f"{NOTE}, +4930999", NOTE, NOTE]  # type: ignore[union-attr]
        told = Files()
        for entry in desk.journal.entries():
            told.take("r", desk.vault.opened(entry.event), entry.wall_ms)
        assert {case: (file.how, file.caller) for case, file in told.cases.items()} == {
            "a": ("released", CALLER),
            "b": ("released", "+4930999"),
        }
        desk.privacy.erase(["a"], MAX, "the caller asked for it")
        assert [seen.event for seen in desk.privacy.see("b", MAX, "all") if seen.entry.kind == "NotesKept"] == notes


def test_a_caller_is_erased_as_far_as_that_may_be_and_the_rest_is_told() -> None:
    with office() as desk:
        for case, closed in (("a", True), ("held", True), ("up", False)):
            desk.call(case, closed=closed)
        desk.call("other", "+4930999")
        desk.privacy.hold("held", "judge-jo", "a complaint is open")
        index = desk.vault.index(CALLER)
        left = desk.privacy.erase_known(index, MAX, "the caller asked for it")
        assert [("held by" in why, "still up" in why) for why in left] == [(True, False), (False, True)]
        assert desk.privacy.cases_of(CALLER) == ["held", "up"] and desk.privacy.cases_of("+4930999") == ["other"]
        desk.privacy.lift("held", MAX)
        desk.write([w.CaseClosed(case="up", how="released", by=w.EndedBy.US)], "up")
        assert desk.privacy.erase_known(index, MAX, "the caller asked for it") == []
        assert desk.privacy.cases_of(CALLER) == [] and desk.privacy.erase_known(index, MAX, "again") == []
        assert index == index_of(CALLER, desk.vault._site) != desk.vault.index("+4930999")


def test_a_hold_has_a_name_stops_order_and_time_and_can_be_lifted() -> None:
    with office() as desk:
        desk.call("a")
        with pytest.raises(PrivacyError, match="who orders it"):
            desk.privacy.hold("a", "", "why")
        desk.privacy.hold("a", "judge-jo", f"{CALLER} has sued")
        assert desk.privacy.holds() == {"a": "judge-jo"}
        desk.days_pass(400)
        assert desk.privacy.retain(Retention()) == ()
        with pytest.raises(PrivacyError, match="nobody holds"):
            desk.privacy.lift("b", MAX)
        desk.privacy.lift("a", MAX, "it is settled")
        assert desk.privacy.retain(Retention()) == ("case/a", "refused/a")
        assert not any(CALLER.encode() in entry.body for entry in desk.journal.entries())
        with pytest.raises(PrivacyError, match="erased already"):
            desk.privacy.hold("a", MAX, "too late")


def test_each_is_kept_for_its_time_and_not_longer() -> None:
    with office() as desk:
        desk.call("a")
        desk.call("up", closed=False)
        for days, gone in ((13.9, ()), (0.2, ("refused/a",)), (165.8, ()), (0.2, ("case/a",)), (400, ())):
            desk.days_pass(days)
            assert desk.privacy.retain(Retention()) == gone, f"after {days} days more"
        last = desk.journal.last(w.ErasureOrdered)
        assert last is not None and isinstance(last.event, w.ErasureOrdered)
        assert (last.event.person, last.event.keys) == (None, ("case/a",))
        assert desk.vault.there().keys() == {"case/up", "refused/up"}, "a call that is up was touched"


def test_a_live_block_keeps_its_own_copy_when_its_case_is_erased() -> None:
    with office() as desk:
        desk.call("a")
        locked = desk.vault.lock_up("block/a", CALLER, desk.wall_ms)
        desk.privacy.erase(["a"], MAX, "asked")
        desk.days_pass(400)
        assert desk.privacy.retain(Retention()) == ()
        assert desk.vault.unlock("block/a", locked) == CALLER
        assert desk.privacy.owed() == [], "the floor would let the caller through"
        desk.vault.erase(["block/a"])
        assert desk.privacy.owed() == ["a"]


def test_who_was_refused_without_a_call_is_kept_by_the_day() -> None:
    with office() as desk:
        refused = press(1)
        assert isinstance(refused[1], w.PressAnswered)
        refused[1] = msgspec.structs.replace(refused[1], answer=w.Answer(w.Verdict.REFUSED, "There is no call."))
        desk.write(refused)
        (told,) = desk.clear(w.PressRecorded)
        assert told == refused[0]
        desk.days_pass(14.5)
        assert desk.privacy.retain(Retention()) == (), "its day was not over when the days began to count"
        desk.days_pass(1)
        assert len(desk.privacy.retain(Retention())) == 1
        (told,) = desk.clear(w.PressRecorded)
        assert isinstance(told, w.PressRecorded) and told.person is None and told.press.buttons == ()
        assert desk.journal.last_press("b0x") == ("b1", 1)


def test_whoever_sees_a_case_is_on_record_before_they_see_it() -> None:
    with office() as desk:
        desk.call("a")
        desk.call("b", "+4930999")
        with pytest.raises(PrivacyError, match="who looks"):
            desk.privacy.see("a", "", "notes")
        with pytest.raises(PrivacyError, match="no case"):
            desk.privacy.see("z", MAX, "notes")
        assert desk.journal.last(w.ClearTextSeen) is None
        seen = desk.privacy.see("a", MAX, "notes")
        assert [one.entry.kind for one in seen][:2] == ["CaseOpened", "NotesKept"]
        assert CALLER in str(seen) and "+4930999" not in str(seen)
        last = desk.journal.last(w.ClearTextSeen)
        assert last is not None and last.event == w.ClearTextSeen(case="a", person=MAX, what="notes")
        desk.privacy.erase(["a"], MAX, "asked")
        again = desk.privacy.see("a", MAX, "notes")
        assert CALLER not in str(again) and any(one.event is None for one in again)


def test_ones_own_data_has_ones_own_presses_and_no_callers() -> None:
    with office() as desk:
        desk.call("a")
        desk.write([w.GroundDeclared(ground=w.Ground.OTHER, person="ann", note=f"{CALLER} again")], "a")
        desk.write([w.GroundDeclared(ground=w.Ground.SLUR, person="bob", note="")], "a")
        done = carry_out(Order(do="mine", person="ann"), desk.privacy, Retention())
        assert isinstance(done.own, Own) and not done.wrong
        kinds = [one.kind for one in done.own.entries]
        assert kinds.count("PressRecorded") == kinds.count("PressAnswered") == 2
        assert kinds.count("GroundDeclared") == 1
        told = msgspec.json.encode(done).decode()
        assert CALLER not in told and "bob" not in told and "no ground" in told
        desk.days_pass(20)
        desk.privacy.retain(Retention())
        own = desk.privacy.own("ann")
        assert [one.kind for one in own.entries].count("PressRecorded") == 1, "who was refused is told after its time"


def test_orders_say_what_came_of_them() -> None:
    with office() as desk:
        desk.call("a")
        desk.call("b")

        def said(**order: object) -> str:
            done = carry_out(Order(**order), desk.privacy, Retention())  # type: ignore[arg-type]
            return done.wrong or "; ".join(done.told)

        assert said(do="erase", person=MAX, why="asked") == "name a case, or a caller"
        assert said(do="hold", cases=("a",), person=MAX, why="court") == f"a: held by {MAX}"
        assert "held by" in said(do="erase", caller="004915112345678", person=MAX, why="asked")
        assert said(do="lift", cases=("a",), person=MAX) == "a: held no more"
        assert said(do="retain") == "erased, since their time was over: 0 keys"
        assert said(do="erase", caller="004915112345678", person=MAX, why="asked") == "erased: a, b (4 keys)"
        assert "nothing is kept" in said(do="erase", caller=CALLER, person=MAX, why="asked")


def test_nobody_of_the_staff_is_named_in_an_export() -> None:
    once, again = Pseudonyms(), Pseudonyms()
    for event in every_event():
        hidden = once.event(event)
        told = msgspec.json.encode(hidden).decode()
        assert not [name for name in ("person-1", "by-1", "relieves-1") if f'"{name}"' in told], told
        assert type(hidden) is type(event)
    assert once.of("ann") == once.of("ann") != once.of("bob")
    assert once.of("ann") != again.of("ann"), "two exports could be joined"


def test_a_desk_whose_keys_are_gone_in_mid_call_says_so() -> None:
    async def run() -> None:
        desk = Desk()
        async with desk.bridge():
            desk.phone.now(LINE, CallState.UP, peer=CALLER)
        for name in [name for name in desk._disk.files if "vault" in name]:
            desk._disk.do(Delete(name))
        with pytest.raises(JournalError, match="put the file of keys back"):
            desk.make_bridge()
        desk.vault.close()
        desk.journal.close()

    asyncio.run(run())


# -- a bridge ----------------------------------------------------------------------------------------------------------


def played(play: Callable[[Desk], object]) -> None:
    async def run() -> None:
        desk = Desk()
        async with desk.bridge():
            await play(desk)  # type: ignore[misc]

    asyncio.run(run())


def test_a_bridge_writes_no_caller_in_clear_and_goes_on_after_a_restart() -> None:
    async def run() -> None:
        desk = Desk()
        async with desk.bridge():
            desk.phone.now(LINE, CallState.UP, peer=f"sip:{CALLER}@10.0.0.9")
            desk.now.feed(w.Noted(matter=NOTE))
            desk.now.feed(w.Declared(w.Ground.OTHER, NOTE))
            await desk.press(Button.RELEASE)
        async with desk.bridge():
            case = desk.now._desk.case
            assert case is not None and CALLER in case.caller and case.notes[0] == NOTE
            for data in desk._disk.files.values():
                assert CALLER.encode() not in data and NOTE.encode() not in data
            with pytest.raises(PrivacyError, match="still up"):
                assert desk.now.privacy is not None
                desk.now.privacy.erase([case.id], MAX, "asked")
            desk.phone.now(LINE, CallState.ENDED, w.EndedBy.THEM)
            await desk.until(lambda: desk.has(w.CaseClosed))
            desk.now.privacy.erase([case.id], MAX, "asked")
            assert CALLER not in str(desk.record()) and sound(desk.journal)

    asyncio.run(run())
