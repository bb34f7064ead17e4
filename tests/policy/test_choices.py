"""What is offered beside the ladder, and what a book tells of the policies of new calls."""

from msgspec.structs import replace
from tests.policy.scene import Scene
from tests.policy.test_rows import ADVISED, LEAVE, declare, talk, tap, then

from rung import words as w
from rung.policy import Book, Rule, load
from rung.policy.language import version_of
from rung.policy.view import view
from rung.words import Marker, Role


def may(s: Scene) -> set[str]:
    return set(view(s.rules, s.desk, s.now).may)


def test_taking_back_is_offered_while_it_is_possible_and_unwanted_where_a_caller_can_say_so() -> None:
    s = Scene("warm-transfer")
    assert may(s) == set()
    then(tap("warn"), talk, tap("escalate"))(s)
    assert may(s) == {"take back", "unwanted"}
    s = Scene("hang-up-protocol")
    then(tap("warn"), talk, declare("slur"), tap("escalate"))(s)
    assert may(s) == {"take back"}, "leave is no offer to the caller"
    s = Scene("hang-up-protocol")
    LEAVE(s)
    assert may(s) == set()


def test_attesting_is_offered_until_it_is_done_and_to_the_agent_alone() -> None:
    s = Scene("end-with-care")
    assert may(s) == {"attest"}
    s.put(w.Attested("the caller only wants to be heard"))
    assert may(s) == set()
    s = Scene("end-with-care")
    ADVISED(s)
    assert may(s) == {"attest"}
    assert may(Scene("end-with-care", role=Role.SUPERVISOR, person="eve")) == set()


def test_lifting_a_crisis_and_handing_back_are_offered_to_whom_they_belong() -> None:
    s = Scene("no-hang-up")
    s.put(w.Marked(Marker.CRISIS))
    assert may(s) == {"lift crisis"}
    s.sits("ben")
    assert may(s) == set()
    s.sits("eve", Role.SUPERVISOR)
    assert may(s) == {"lift crisis"}
    s = Scene("no-hang-up", role=Role.SUPERVISOR, person="eve")
    s.desk = replace(s.desk, case=replace(s.case, origin="desk-ada"))
    assert may(s) == {"hand back"}


def test_a_book_takes_the_policies_that_it_is_handed_and_says_which_it_runs() -> None:
    care, strict = load("end-with-care"), load("no-hang-up")
    newer = replace(care, version=care.version + 1)
    book = Book(strict, (Rule("claims", care, "de"), Rule("sales", None, "xx")))
    assert book.names == ("no-hang-up", "end-with-care")
    handed = book.handed({"end-with-care": newer})
    assert handed.runs == (f"no-hang-up {version_of(strict)}", f"end-with-care {version_of(newer)}")
    call = w.Call(id="1", state=w.CallState.UP, direction="in", queue="claims")
    assert handed.for_call(call) == (newer, "de")
    english_only = replace(care, rung=tuple(replace(r, script={"en": r.script["en"]}) for r in care.rung))
    assert book.handed({"end-with-care": english_only}).for_call(call)[1] == "en", (
        "a language that one lacks is its first"
    )


def test_a_book_that_is_handed_policies_is_the_same_desks_and_sites() -> None:
    care = load("end-with-care")
    book = Book(care, desk="north", recording="announced")
    for one in (book, book.handed({"end-with-care": replace(care, version=9)}), book.keeping(load("no-hang-up"))):
        assert (one.desk, one.recording, one.language) == ("north", "announced", "en")
    assert (Book(care).desk, Book(care).recording) == ("case", "never")
    s = Scene(care, call=False)
    s.rules = book
    s.line("up")
    assert s.case.id == "north-1"
