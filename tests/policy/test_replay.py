"""What another policy would have done with the calls of a record: the same policy would have done the same."""

from collections.abc import Callable
from random import Random

import msgspec
import pytest
from msgspec.structs import replace as changed
from tests.policy.desks import accepted, answered
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import line
from tests.policy.test_record import STORIES, Told
from tests.policy.test_rows import ROWS

from rung import words as w
from rung.policy import Policy, load
from rung.policy.library import shipped
from rung.policy.replay import Compared, replay
from rung.words import Ground, Marker, Reply

OTHER = "other-line"


def replayed(s: Scene, policy: Policy | None = None) -> list[Compared]:
    return list(replay(((r.at_ms, r.event) for r in s.record), policy or s.policy))


def differing(s: Scene, policy: Policy | None = None) -> list[Compared]:
    return [one for one in replayed(s, policy) if one.differs]


WHO_IS_THERE = ("Emergency: ", "The emergency is in the record", "Quiet ask: ")  # which the record does not keep
UNKNOWN = (*WHO_IS_THERE, "This policy has no step for ")  # and then whether a supervisor may be called


def otherwise(s: Scene) -> list[Compared]:
    """Those that came out otherwise, be it in the words of a refusal alone."""
    return [
        one
        for one in replayed(s)
        if one.differs or not (one.was == one.would or any(a.why.startswith(UNKNOWN) for a in (one.was, one.would)))
    ]


def presses(s: Scene) -> int:
    return len(s.events(w.PressRecorded))


def test_to_ask_for_something_else_is_a_difference_and_what_follows_is_uncertain() -> None:
    """Leave is asked while the agent talks on; a transfer puts the caller on hold."""
    s = Scene("hang-up-protocol").declare("slur").must("warn").talk().must("escalate")
    s.reply("deny")
    s.talk().must("warn")
    warned, asked, again = replayed(s, load("advise-and-warn"))
    assert (asked.asked, asked.would_ask) == ((w.Want.LEAVE,), (w.Want.TRANSFER,))
    assert (asked.took, asked.would_take) == (("ask-leave",), ("supervisor",))
    assert not warned.differs and asked.differs and asked.certain and not again.certain


# -- the same policy -----------------------------------------------------------------------------------------------


def shift_of(key: tuple[str, str, int], seed: int) -> Scene:
    """A call up to this rung, and some presses after it."""
    s = Scene(load(key[0]), **ROWS[key].person)  # type: ignore[arg-type]  # by name
    ROWS[key].ready(s)
    chance = Random(seed)
    for _ in range(6):
        s.press(chance.choice(["warn", "release", "escalate"]))
        s.wait(chance.choice([500, 6000]))
        if s.desk.case is not None and s.case.ask is not None:
            s.press("escalate+warn", "chord")
        if s.desk.case is not None and s.case.held:
            s.line("up")
    s.line("ended", "them")
    return s


@pytest.mark.parametrize("key", sorted(ROWS), ids=lambda key: "-".join(map(str, key)))
def test_the_same_policy_would_have_done_the_same(key: tuple[str, str, int], seed: int) -> None:
    s = shift_of(key, seed)
    assert replayed(s)
    assert otherwise(s) == [], f"seed {seed}"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_it_would_have_done_the_same_in_each_story_of_the_record(story: Callable[[], list[Told]]) -> None:
    """A phone that did not hang up, a desk without room and a supervisor's telephone among them."""
    for s in story():
        assert otherwise(s) == []


def gone(s: Scene, how: w.Input, chance: Random) -> None:
    """The bridge, or the phone, is away for a while; then the phone tells all its calls."""
    calls = tuple(s.desk.facts.calls.values())
    s.put(how)
    if isinstance(how, w.PhoneIs):
        s.wait(chance.choice([100, 3000, 9000]))
        s.put(w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})))
    s.put(w.CallsAre(calls))


def wander(s: Scene, chance: Random) -> None:
    """One thing that people, phone or floor may do; what makes no sense now does nothing."""
    person = chance.choice([EVE, FAY, GUS])
    reply = str(chance.choice(list(Reply)))
    held = s.desk.case is not None and s.case.held
    acts = [
        lambda: s.press(chance.choice(["warn", "release", "escalate"])),
        lambda: s.press(chance.choice(["warn", "release", "escalate"])),
        lambda: s.press("release", "hold", age_ms=chance.choice([0, 0, 2000])),
        lambda: s.press("escalate+warn", "chord"),
        lambda: s.press("escalate", "hold"),
        lambda: s.press("warn", epoch=s.desk.epoch - 1),
        lambda: s.wait(chance.choice([200, 1500, 4000, 6000, 13_000, 40_000])),
        lambda: s.wait(chance.choice([4000, 6000])),
        lambda: s.declare(str(chance.choice(list(Ground)))),
        lambda: s.put(w.TakenBack(chance.choice(list(Ground)))),
        lambda: s.put(w.Calmed()),
        lambda: s.put(w.Marked(Marker.CRISIS)),
        lambda: s.put(w.Unmarked(Marker.CRISIS, "over")),
        lambda: s.put(w.Attested("nobody is needed")),
        lambda: s.other(person, w.Unmarked(Marker.CRISIS)),
        lambda: s.other(person, w.LeaveTakenBack()),
        lambda: s.other(person, w.Declared(chance.choice(list(Ground)))),
        lambda: s.reply(reply, person),
        lambda: s.reply(reply, person),
        lambda: s.parties(*([p.extension for p in s.desk.facts.present][: chance.randrange(2)])),
        lambda: s.line("up" if held else "held"),
        lambda: s.put(w.AskTakenBack()),
        lambda: s.put(w.Unwanted()),
        lambda: gone(s, w.Restarted(), chance),
        lambda: gone(s, w.PhoneIs(up=False), chance),
        lambda: s.put(w.EffectRefused(s.desk.effect, "no")),
        lambda: s.consult("dialling"),
        lambda: s.consult("up"),
        lambda: s.consult("ended", chance.choice(["busy", "ignored", "declined", None]), chance.choice(["us", "them"])),
        lambda: s.floor(*chance.sample([EVE, FAY, GUS], chance.randrange(4)), up=chance.random() < 0.8),
    ]
    chance.choice(acts)()


@pytest.mark.parametrize("name", shipped())
def test_whatever_happened_the_same_policy_would_have_done_the_same(name: str) -> None:
    """Floor, phone and bridge are lost as well, in the midst of a transfer too (seeds 317 and 485)."""
    for seed in (*range(40), 317, 485):
        s = Scene(name, trained=seed % 2 == 0)
        chance = Random(seed)
        for _ in range(40):
            if s.desk.case is not None:
                wander(s, chance)
        assert otherwise(s) == [], f"seed {seed}"
        assert len(replayed(s)) == presses(s)


def with_others(s: Scene, chance: Random) -> None:
    """One thing that supervisors in the call, or strangers in it, may do."""
    who = chance.choice([EVE, FAY])
    acts = [
        lambda: s.other_press(who, chance.choice(["warn", "release", "escalate"])),
        lambda: s.other_press(who, "release", "hold"),
        lambda: s.other(who, w.Declared(chance.choice([Ground.SLUR, Ground.THREAT]))),
        lambda: s.other(who, w.Calmed()),
        lambda: s.other(who, w.TakeOver()),
        lambda: s.parties(EVE.extension),
        lambda: s.parties(EVE.extension, "stranger"),
        lambda: s.parties("stranger"),
        lambda: s.press("release"),
    ]
    chance.choice(acts)()


@pytest.mark.parametrize("name", shipped())
def test_with_others_in_the_call_the_same_policy_would_have_done_the_same(name: str) -> None:
    for seed in range(1000, 1060):
        s = Scene(name, trained=seed % 2 == 0)
        chance = Random(seed)
        for _ in range(40):
            if s.desk.case is not None:
                (with_others if chance.random() < 0.4 else wander)(s, chance)
        assert differing(s) == [], f"seed {seed}"


def test_a_supervisor_in_the_call_is_taken_for_one() -> None:
    s = Scene("no-hang-up")
    s.come_in(EVE)
    s.talk()
    s.other(EVE, w.Declared(Ground.SLUR))
    s.other_press(EVE, "warn")
    s.talk()
    s.other_press(EVE, "release")
    s.wait(s.policy.times.say_ms)
    s.other_press(EVE, "release", "hold")
    took = [one.would_take for one in replayed(s)]
    assert took[-3:] == [("supervisor-warn",), ("supervisor-end",), ("supervisor-end",)]
    assert differing(s) == []


def test_a_supervisor_who_sits_down_in_mid_call_is_taken_for_one() -> None:
    s = Scene("no-hang-up").declare("slur")
    s.press("warn")
    s.sits("eve", w.Role.SUPERVISOR)
    s.wait(1)
    s.declare("slur").talk().must("warn")
    s.sits("ada")
    s.press("warn")
    assert [one.would_take for one in replayed(s)] == [(), ("supervisor-warn",), ()] and differing(s) == []


def test_supervisors_who_did_not_answer_or_came_free_again() -> None:
    s = Scene("warm-transfer").declare("profanity").must("warn").talk()
    s.must("escalate")
    for who in (EVE, FAY, GUS):
        s.reply("busy", who)
    s.line("up")
    s.talk()
    assert s.press("warn").verdict == "taken"  # the final notice
    assert differing(s) == []
    s = Scene("warm-transfer", present=()).declare("profanity").must("warn").talk()
    s.press("escalate")
    s.floor(EVE)  # she comes free
    s.talk()
    assert s.press("warn").verdict == "refused"
    assert differing(s) == []


def test_while_the_phone_was_lost_or_the_bridge_down_nothing_counts() -> None:
    s = Scene("hang-up-protocol").must("warn")
    s.put(w.PhoneIs(up=False))
    s.wait(20_000)
    s.put(w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})))
    s.put(w.CallsAre((line("up"),)))
    assert s.press("escalate").verdict == "nothing"  # a quiet ask: the talk is not long enough
    s.talk()
    s.must("escalate")
    s.put(w.Restarted())
    s.put(w.CallsAre((line("up"),)))
    s.press("escalate")
    assert differing(s) == []


def test_what_was_taken_back_is_taken_back_again() -> None:
    s = Scene("hang-up-protocol").must("warn").talk().declare("threat")
    s.put(w.TakenBack(Ground.THREAT))
    assert s.press("release").verdict == "refused"
    s.declare("slur").must("escalate")
    s.reply("grant")
    s.other(EVE, w.LeaveTakenBack())
    s.must("warn")  # redirecting is open again
    assert differing(s) == []


def test_a_consult_that_came_to_nothing_and_a_transfer_that_was_ordered() -> None:
    s = Scene("warm-transfer").declare("profanity").must("warn").talk()
    for outcome in ("declined", "failed"):
        accepted(s)
        s.consult("ended", outcome, "them")
        s.line("up")
        s.talk()
    answered(s)
    s.must("escalate")
    assert s.case.ask is not None
    s.put(w.OfferAnswered(s.case.id, accepted=True, offer=s.sent(w.Offer)[-1].id))
    s.wait(3500)  # an offer would be overdue by now
    assert s.press("warn").verdict == "refused"
    assert differing(s) == [] and len(replayed(s)) == presses(s)


# -- several lines, and what cannot be compared --------------------------------------------------------------------


def test_each_line_has_its_own_case() -> None:
    s = Scene("hang-up-protocol").must("warn").talk()
    s.line("held")
    s.line("up", call=OTHER)
    assert s.press("escalate").verdict == "nothing"  # nothing has been said to this caller
    s.declare("threat").must("release")
    s.line("held", call=OTHER)
    s.line("up")
    s.declare("profanity").must("escalate")
    s.line("ended", "them", call=OTHER)
    s.reply("grant")
    s.must("warn")
    s.line("ended", "them")
    there = replayed(s)
    assert len(there) == presses(s) and {one.case for one in there} == {"case-1", "case-2"}
    assert [one for one in there if one.differs] == []


def test_a_press_from_another_call_stays_one() -> None:
    s = Scene("hang-up-protocol")
    s.press("warn", epoch=7)
    assert [one.would_take for one in replayed(s)] == [()] and differing(s) == []


def test_a_press_without_a_call_or_on_a_case_from_another_desk_is_not_compared() -> None:
    s = Scene("no-hang-up", call=False)
    s.press("warn")
    s.press("escalate", "hold")
    assert presses(s) == 2 and replayed(s) == []
    arrived = w.CaseArrived(case="elsewhere-1", epoch=1, call="line", person="eve", role=w.Role.SUPERVISOR)
    theirs = [r.event for r in s.record if isinstance(r.event, w.PressRecorded | w.PressAnswered)]
    assert list(replay([(1, arrived), *((2, event) for event in theirs)], s.policy)) == []


# -- another policy ------------------------------------------------------------------------------------------------


def test_another_policy_is_compared_press_by_press() -> None:
    s = shift_of(("hang-up-protocol", "end-at-once", 0), 1)
    there = replayed(s, load("no-hang-up"))
    ended = [one for one in there if "end-at-once" in one.took]
    assert ended and all(one.would.verdict == "refused" for one in ended)
    assert not there[-1].certain


def test_a_release_that_the_phone_did_not_carry_out_is_none_where_it_would_have_been_refused() -> None:
    s = Scene("hang-up-protocol").declare("threat").end()
    s.put(w.EffectRefused(s.desk.effect, "no"))
    s.must("warn")
    assert [one.took for one in replayed(s)] == [one.would_take for one in replayed(s)]
    there = replayed(s, load("no-hang-up"))
    assert [one.would.verdict for one in there] == ["refused", "refused", "refused"]


def test_from_the_first_difference_on_a_call_nothing_is_certain_and_the_next_call_is_again() -> None:
    s = Scene("hang-up-protocol").must("warn").must("warn")
    s.line("ended", "them")
    s.line("up", call=OTHER)
    s.must("warn")
    assert [(one.differs, one.certain) for one in replayed(s, load("no-hang-up"))] == [
        (True, True),
        (True, False),
        (True, True),
    ]


# -- who was trained -----------------------------------------------------------------------------------------------


def ended_by(*, trained: bool) -> Scene:
    s = Scene("advise-and-warn", trained=trained).declare("slur").must("warn").talk().declare("slur")
    s.press("release")
    return s


@pytest.mark.parametrize("trained", [True, False])
def test_the_record_keeps_whether_people_were_trained(trained: bool) -> None:
    s = ended_by(trained=trained)
    assert [e.trained for e in s.events(w.PressRecorded) if isinstance(e, w.PressRecorded)] == [trained, trained]
    assert [one.would_take for one in replayed(s)][-1] == (("end",) if trained else ())
    assert differing(s) == []


def test_a_training_that_runs_out_between_two_presses_is_seen() -> None:
    s = Scene("advise-and-warn").declare("slur").must("warn").talk().declare("slur")
    s.sits("ada", trained=False)
    assert s.press("release").verdict == "refused"
    assert differing(s) == []


def test_an_older_record_does_not_say_who_was_trained() -> None:
    s = ended_by(trained=False)
    told = msgspec.json.encode(s.events(w.PressRecorded)[0])
    older = msgspec.json.decode(told.replace(b',"trained":false', b""), type=w.Event)
    assert isinstance(older, w.PressRecorded) and older.trained is None
    entries = [
        (r.at_ms, changed(r.event, trained=None) if isinstance(r.event, w.PressRecorded) else r.event) for r in s.record
    ]
    last = list(replay(entries, s.policy))[-1]
    assert last.trained is None and last.differs and last.would_take == ("end",)
