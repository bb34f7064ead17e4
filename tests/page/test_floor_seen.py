"""The supervisor's floor as a fold: its order, who answered what, and since when a desk does what it does."""

import random

import pytest
from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Happening
from rung.floor.base import Asked, Doing, Place
from rung.page.floor_seen import PAST_MOST, FloorSeen, answers, at_desk, fold_floor, wider
from rung.words import Outcome, Person, Reply, Role, Want

BRIEF = w.Brief(case="ada-1", caller="+43 1", person="ann")
MAY = {
    Want.LEAVE: (Reply.GRANT, Reply.DENY, Reply.JOIN, Reply.TAKE, Reply.BUSY),
    Want.TRANSFER: (Reply.ACCEPT, Reply.TAKE, Reply.DECLINE, Reply.BUSY),
}


def ask(desk: str = "ada", number: int = 1, want: Want = Want.LEAVE, to: tuple[str, ...] = ("eve",)) -> Asked:
    return Asked(desk=desk, ask=number, want=want, brief=BRIEF, may=MAY.get(want, (Reply.ACCEPT, Reply.BUSY)), to=to)


def asked(seen: FloorSeen, *asks: Asked, at: int = 0) -> FloorSeen:
    return fold_floor(seen, Happening(kind="asked", at_ns=at, asks=asks))


def replied(seen: FloorSeen, about: Asked, reply: Reply) -> FloorSeen:
    return fold_floor(seen, Happening(kind="replied", at_ns=0, asks=(about,), text=reply))


def desks(seen: FloorSeen, at: int = 0, **places: Place) -> FloorSeen:
    return fold_floor(seen, Happening(kind="desks", at_ns=at, desks=places))


def place(doing: Doing = Doing.TALKS, **more: object) -> Place:
    return Place(extension="500", person=Person("ann"), doing=doing, **more)  # type: ignore[arg-type]  # by field


def test_the_queue_has_alarms_first_and_then_the_oldest() -> None:
    wants = [Want.LEAVE, Want.THREAT, Want.TRANSFER, Want.PANIC, Want.COMPANY, Want.CRISIS, Want.PANIC]
    seen, asks = FloorSeen(), []
    for number, want in enumerate(wants):
        asks.append(ask(f"d{number}", number, want))
        seen = asked(seen, *asks, at=number)
    assert [each.asked.desk for each in seen.waiting] == ["d3", "d6", "d5", "d1", "d0", "d2", "d4"]
    assert [each.came_ns for each in seen.waiting] == [3, 6, 5, 1, 0, 2, 4], "the first telling counts"


@pytest.mark.parametrize(
    ("reply", "over", "end"),
    [
        (Reply.GRANT, Outcome.GRANTED, "mine"),
        (None, Outcome.GRANTED, "other"),
        (Reply.BUSY, Outcome.JOINED, "other"),
        (Reply.DENY, Outcome.DENIED, "mine"),
        (None, Outcome.DENIED, "other"),
        (None, Outcome.IGNORED, "missed"),
        (Reply.BUSY, Outcome.BUSY, "gone"),
        (None, Outcome.TAKEN_BACK, "gone"),
        (Reply.GRANT, Outcome.CALLER_LEFT, "gone"),
    ],
)
@pytest.mark.parametrize("quick", [False, True], ids=["reply told first", "over told first"])
def test_what_became_of_an_ask_and_by_whom(reply: Reply | None, over: Outcome, end: str, quick: bool) -> None:
    one = ask()
    seen = asked(FloorSeen(), one)
    if reply is not None and not quick:
        seen = replied(seen, one, reply)
        waiting = seen.find(("ada", 1))
        assert waiting is not None and waiting.replied == reply
    seen = asked(seen, replace(one, over=over), at=9)
    if reply is not None and quick:
        seen = replied(seen, one, reply)
    (past,) = seen.past
    assert not seen.waiting and (past.end("eve"), past.ended_ns) == (end, 9)


@pytest.mark.parametrize(("by", "end"), [("eve", "mine"), ("fay", "other"), ("", "mine")])
def test_of_two_who_answer_at_once_only_who_was_first_is_told_that_it_was_them(by: str, end: str) -> None:
    """A desk of the release before does not say who."""
    seen = replied(asked(FloorSeen(), ask()), ask(), Reply.GRANT)
    (past,) = asked(seen, replace(ask(), over=Outcome.GRANTED, by=by)).past
    assert past.end("eve") == end


def test_an_ask_that_grows_more_urgent_is_open_again_and_one_that_widens_says_so() -> None:
    seen = replied(asked(FloorSeen(), ask(want=Want.COMPANY), at=1), ask(), Reply.BUSY)
    seen = asked(seen, ask(want=Want.COMPANY, to=("eve", "gus")), at=2)
    assert seen.waiting[0].widened and seen.waiting[0].replied == Reply.BUSY
    seen = asked(seen, ask(want=Want.PANIC, to=("eve", "gus")), at=3)
    assert seen.waiting[0].alarm and seen.waiting[0].replied is None and seen.waiting[0].came_ns == 1


def test_who_is_asked_later_sees_that_it_has_come_wider() -> None:
    boss = Place(extension="601", person=Person("eve", Role.SUPERVISOR))
    seen = desks(asked(FloorSeen(), ask(to=("eve", "gus"))), eve=boss, gus=replace(boss, group=1))
    assert wider(seen.waiting[0], seen, "gus") and not wider(seen.waiting[0], seen, "eve")


def test_with_the_floor_goes_what_was_asked() -> None:
    seen = asked(asked(FloorSeen(), ask()), at=5)
    assert not seen.waiting and seen.past[0].asked.over == Outcome.INTERRUPTED and seen.past[0].end("eve") == "gone"


def test_the_past_has_a_bound() -> None:
    seen = FloorSeen()
    for number in range(3 * PAST_MOST):
        seen = asked(asked(seen, ask(number=number)), replace(ask(number=number), over=Outcome.GRANTED))
    assert [past.asked.ask for past in seen.past] == [*range(3 * PAST_MOST - 1, 2 * PAST_MOST - 1, -1)]


def test_a_state_is_as_old_as_it_was_seen_to_begin() -> None:
    seen = desks(FloorSeen(), 10, ada=place(since_ms=1), bob=place(Doing.IDLE))
    assert seen.desks["ada"].since_ns == 0, "before we came: its own clock tells"
    seen = desks(seen, 20, ada=place(Doing.HOLDS, since_ms=2), bob=place(Doing.IDLE))
    assert (seen.desks["ada"].since_ns, seen.desks["bob"].since_ns) == (20, 0)
    seen = desks(seen, 30, ada=place(Doing.HOLDS, since_ms=2, listeners={"eve": "coach"}))
    assert seen.desks["ada"].since_ns == 20 and set(seen.desks) == {"ada"}


@pytest.mark.parametrize("want", list(Want))
def test_each_answer_has_a_key_of_its_own_and_one_is_the_likeliest(want: Want) -> None:
    may = {
        Want.JOIN: (Reply.JOIN, Reply.TAKE, Reply.DECLINE, Reply.BUSY),
        Want.INVOLVE: (Reply.TAKE, Reply.ADVISE, Reply.DECLINE, Reply.BUSY),
        **MAY,
    }.get(want, (Reply.JOIN, Reply.ACCEPT, Reply.DECLINE, Reply.BUSY))
    found = answers(replace(ask(want=want), may=may))
    assert [choice.act for choice in found] == list(may)
    assert len({choice.key for choice in found}) == len(found) and sum(choice.first for choice in found) == 1


def test_at_a_desk_only_what_phone_site_and_case_allow() -> None:
    seen = desks(FloorSeen(), ada=place(ways=("listen", "coach"), listeners={"eve": "coach"}), eve=place())
    assert [choice.act for choice in at_desk(seen, "ada", "eve")] == [w.ListenIn("listen"), w.ListenOut()]
    assert [choice.act for choice in at_desk(seen, "ada", "fay")] == [w.ListenIn("listen"), w.ListenIn("coach")]
    assert not at_desk(seen, "eve", "eve") and not at_desk(seen, "zoe", "eve")
    seen = desks(FloorSeen(), ada=place(Doing.CRISIS))
    assert [choice.act for choice in at_desk(seen, "ada", "eve")] == [w.Unmarked(w.Marker.CRISIS)]


@pytest.mark.parametrize(
    ("want", "reply", "over", "act"),
    [
        (Want.LEAVE, Reply.GRANT, Outcome.GRANTED, w.LeaveTakenBack()),
        (Want.LEAVE, Reply.DENY, Outcome.DENIED, None),
        (Want.TRANSFER, Reply.ACCEPT, Outcome.ACCEPTED, w.TakeOver()),
        (Want.JOIN, Reply.JOIN, Outcome.JOINED, w.TakeOver()),
        (Want.PANIC, Reply.JOIN, Outcome.JOINED, w.TakeOver()),
        (Want.PANIC, Reply.ACCEPT, Outcome.ACCEPTED, None),  # who comes to the desk has no call to take
        (Want.COMPANY, Reply.ACCEPT, Outcome.ACCEPTED, None),
    ],
)
def test_what_follows_an_answer_is_there_while_that_call_goes_on(
    want: Want, reply: Reply, over: Outcome, act: w.Act | None
) -> None:
    about = ask(want=want)
    seen = asked(replied(asked(FloorSeen(), about), about, reply), replace(about, over=over))

    def offered(doing: Doing, case: str) -> list[object]:
        return [choice.act for choice in at_desk(desks(seen, ada=place(doing, case=case)), "ada", "eve")]

    assert offered(Doing.TALKS, BRIEF.case) == ([] if act is None else [act])
    assert offered(Doing.IDLE, "") == offered(Doing.TALKS, "the next one") == []


def test_no_telling_in_any_order_leaves_an_ask_both_open_and_over() -> None:
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    seen, open_ = FloorSeen(), {}
    for step in range(600):
        one = ask(rng.choice("abc"), rng.randrange(4), rng.choice(list(Want)))
        over = []
        if rng.random() < 0.5 and (key := (one.desk, one.ask)) in open_:
            over = [replace(open_.pop(key), over=rng.choice(list(Outcome)))]
        else:
            open_[one.desk, one.ask] = one
        seen = asked(seen, *open_.values(), *over, at=step)
        if rng.random() < 0.3:
            seen = replied(seen, one, rng.choice(list(Reply)))
        assert {each.key for each in seen.waiting} == set(open_), f"seed {seed}"
        assert sorted(seen.waiting, key=lambda each: not each.alarm) == list(seen.waiting), f"seed {seed}"
        assert [past.ended_ns for past in seen.past] == sorted((p.ended_ns for p in seen.past), reverse=True), seed
