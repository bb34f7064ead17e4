"""A record tells how an ask ended: replayed, it leaves the same, whether somebody is unavailable, and since when."""

from collections.abc import Callable

import pytest
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.test_replay import differing, replayed

from rung import words as w

End = Callable[[Scene], object]


def on_the_phone(outcome: str) -> End:
    """Somebody has accepted, and then the telephone tells."""

    def ends(s: Scene) -> None:
        s.reply("accept")
        s.wait(s.policy.times.say_ms)
        s.line("held")
        s.consult("dialling")
        s.wait(1000)
        s.consult("ended", outcome, "them")
        s.line("up")

    return ends


def all_busy(s: Scene) -> None:
    for who in (EVE, FAY, GUS):
        s.reply("busy", who)


def held_in_vain(s: Scene) -> None:
    s.wait(s.policy.times.say_ms)
    hold = s.sent(w.Hold)[-1]
    s.put(w.EffectRefused(hold.id, "no such call"))
    s.line("up")


def unheard(s: Scene) -> None:
    s.wait(s.policy.times.say_ms)
    s.line("held")
    s.wait(s.policy.times.answer_ms)
    s.line("up")


ENDS: dict[str, End] = {
    "declined": lambda s: s.reply("decline"),
    "all busy": all_busy,
    "nobody answers": unheard,
    "unwanted": lambda s: s.put(w.Unwanted()),
    "taken back": lambda s: s.press("escalate+warn", "chord"),
    "the phone does not hold": held_in_vain,
    "the bridge was restarted": lambda s: (s.put(w.Restarted()), s.put(w.CallsAre(tuple(s.desk.facts.calls.values())))),
    **{f"the telephone: {told}": on_the_phone(told) for told in ("busy", "ignored", "declined", "voicemail", "failed")},
}


@pytest.mark.parametrize("ended", ENDS)
@pytest.mark.parametrize("early_ms", [1, 0])
def test_what_an_ask_that_came_to_nothing_leaves_is_the_same(ended: str, early_ms: int) -> None:
    """Each press beside the wait after it: a notice, an ending, another ask."""
    s = Scene("warm-transfer").declare("profanity").must("warn").talk()
    s.wait(1234)
    s.must("escalate")
    ENDS[ended](s)
    assert s.case.ask is None
    for button in ("warn", "release", "escalate"):
        s.wait(s.policy.times.wait_ms - early_ms)
        s.press(button)
    assert differing(s) == []
    assert [one.was.verdict for one in replayed(s)] == [one.would.verdict for one in replayed(s)]
