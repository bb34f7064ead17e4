"""A supervisor listens, coaches or barges in: as the phone can, and as the site's switch allows."""

from typing import Literal

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, Scene
from tests.policy.shift import line

from rung import words as w
from rung.policy import Book, lamps
from rung.policy.listening import CONSENT, ways
from rung.policy.view import view
from rung.words import Role, Verdict

EARS = frozenset({"join", "case", "returns", "listen", "coach"})
Switch = Literal["never", "announced", "consented"]


def scene(switch: Switch, can: frozenset[str] = EARS, call: bool = True) -> Scene:
    s = Scene("warm-transfer", can=can, call=call)
    s.rules = Book(s.policy, recording=switch)
    return s


def verdict(s: Scene, act: w.Act) -> Verdict:
    answer = s.other(EVE, act)
    assert answer is not None
    return answer.verdict


@pytest.mark.parametrize(
    ("switch", "can", "found"),
    [
        ("never", EARS, ()),
        ("announced", EARS, ("listen", "coach")),
        ("consented", EARS | {"barge"}, ("listen", "coach", "barge")),
        ("announced", frozenset({"join"}), ()),
    ],
)
def test_what_is_offered_is_what_phone_and_site_allow(
    switch: Switch, can: frozenset[str], found: tuple[str, ...]
) -> None:
    assert ways(can, switch) == found


def test_where_callers_are_told_a_supervisor_listens_at_once_and_it_is_on_record() -> None:
    s = scene("announced")
    assert verdict(s, w.ListenIn("coach")) == Verdict.TAKEN
    (effect,) = s.sent(w.Listen)
    assert isinstance(effect, w.Listen) and (effect.target, effect.how, effect.case) == ("601", "coach", s.case.id)
    assert s.events(w.ListeningAsked) == [w.ListeningAsked(person="eve", how="coach", granted=True)]
    assert not s.case.pending, "nothing on the ladder waits for it"
    assert verdict(s, w.ListenOut()) == Verdict.NOTHING
    s.put(w.CallIs(replace(line("up"), listeners={"601": "coach"})))
    assert verdict(s, w.ListenOut()) == Verdict.TAKEN
    assert [e.target for e in s.sent(w.StopListening) if isinstance(e, w.StopListening)] == ["601"]


def test_where_the_caller_must_agree_the_agent_is_asked_first() -> None:
    s = scene("consented")
    assert verdict(s, w.ListenIn()) == Verdict.REFUSED
    assert s.desk.tasks == (("listen", CONSENT),) and not s.sent(w.Listen)
    assert verdict(s, w.ListenIn()) == Verdict.REFUSED, "asking twice is no consent"
    s.put(w.TaskDone("listen"))
    assert verdict(s, w.ListenIn()) == Verdict.TAKEN and len(s.sent(w.Listen)) == 1


def test_the_consent_of_one_caller_is_not_the_next_ones() -> None:
    s = scene("consented")
    s.other(EVE, w.ListenIn())
    s.line("ended")
    s.put(w.TaskDone("listen"))
    s.line("up", call="line-2")
    assert verdict(s, w.ListenIn()) == Verdict.REFUSED and not s.sent(w.Listen)


def test_nobody_listens_where_the_switch_or_the_phone_does_not_allow_it_or_nobody_may() -> None:
    assert verdict(scene("never"), w.ListenIn()) == Verdict.REFUSED
    assert verdict(scene("announced"), w.ListenIn("barge")) == Verdict.REFUSED
    assert verdict(scene("announced", call=False), w.ListenIn()) == Verdict.REFUSED
    s = scene("announced")
    agent = w.FromDesk("desk-bob", w.Person("bob", Role.AGENT), w.ListenIn())
    for answer in (s.put(agent).answer, s.put(w.ListenIn()).answer):
        assert answer is not None and answer.verdict == Verdict.REFUSED
    s.floor(FAY)
    assert verdict(s, w.ListenIn()) == Verdict.REFUSED, "her telephone is not known"
    assert not s.sent(w.Listen) and not s.events(w.ListeningAsked)
    idle = scene("announced", call=False)
    answer = idle.put(w.ListenOut()).answer
    assert answer is not None and answer.verdict == Verdict.NOTHING


def test_panic_opens_no_ear() -> None:
    s = scene("never")
    s.press("escalate", "hold")
    assert verdict(s, w.ListenIn()) == Verdict.REFUSED


@pytest.mark.parametrize("button", ["", "warn", "escalate", "release"])
@pytest.mark.parametrize("panic", [False, True])
@pytest.mark.parametrize("act", [w.ListenIn(), w.ListenIn("coach"), w.ListenOut(), w.TaskDone("listen")])
@pytest.mark.parametrize("switch", ["announced", "consented"])
def test_who_listens_changes_nothing_on_the_ladder(button: str, panic: bool, act: w.Act, switch: Switch) -> None:
    s = scene(switch).declare("profanity").talk()
    s.must("warn")
    s.talk()
    if button:
        s.press(button)
    if panic:
        s.press("escalate", "hold")
    s.other(EVE, w.ListenIn("coach"))
    s.put(w.CallIs(replace(line("up"), listeners={"601": "coach"})))
    before = view(s.rules, s.desk, s.now), lamps(s.rules, s.desk, s.now), replace(s.case, consent="")
    s.put(act) if isinstance(act, w.TaskDone) else s.other(EVE, act)
    seen = view(s.rules, s.desk, s.now)
    assert replace(seen, tasks=before[0].tasks) == before[0]
    assert (lamps(s.rules, s.desk, s.now), replace(s.case, consent="")) == before[1:]
    assert not s.hung_up()
