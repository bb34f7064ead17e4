"""What is offered beside the ladder, and what a book tells of the policies of new calls."""

from random import Random

import pytest
from msgspec.structs import replace
from tests.policy.chance import Chance
from tests.policy.scene import Scene
from tests.policy.test_rows import ADVISED, LEAVE, declare, talk, tap, then

from rung import words as w
from rung.policy import Book, Rule, load, step
from rung.policy.choices import BY
from rung.policy.language import version_of
from rung.policy.library import shipped
from rung.policy.view import view
from rung.words import Marker, Role, Verdict

CALLS = 25  # of chance, for each policy and role


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


def test_what_a_supervisor_has_declined_is_attested_no_more_and_not_offered() -> None:
    s = Scene("end-with-care")
    then(tap("warn"), tap("escalate"))(s)
    s.reply("decline")
    assert may(s) == set()


def test_a_crisis_that_a_supervisor_is_there_to_lift_is_not_offered_after_its_minute() -> None:
    s = Scene("no-hang-up")
    s.put(w.Marked(Marker.CRISIS))
    s.wait(60_001)
    assert may(s) == set()
    s.floor()
    assert may(s) == {"lift crisis"}, "with a reason"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", shipped())
def test_what_is_offered_is_not_refused_and_what_is_not_offered_is(name: str, role: Role) -> None:
    """On calls full of chance."""
    policy = load(name)
    for seed in range(CALLS):
        chance = Chance(policy, Random(f"{name} {role} {seed}"), role)
        for _ in range(25):
            chance.act()
            desk, now = chance.desk, chance.desk.at_ms
            offered = view(policy, desk, now).may
            for choice, act in BY.items():
                answer = step(policy, desk, act, now).answer
                assert answer is not None
                told = (seed, chance.told, choice, answer)
                if choice in offered:
                    assert answer.verdict == Verdict.TAKEN, told
                elif answer.verdict == Verdict.TAKEN:  # once more, or what is the agent's to say
                    again = choice == "attest" and desk.case is not None and desk.case.not_necessary
                    assert again or (role == Role.SUPERVISOR and choice in ("attest", "unwanted")), told


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
    assert book.handed({"no-hang-up": strict}).for_call(call) == (care, "de"), "what is not handed stays"
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
