"""Whole stories as the record tells them, word for word: every event, effect, deadline, number and answer.

`records.txt` holds them. After a change that is meant, read what `python -m tests.policy.test_record` prints and
keep it.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.shift import line

from rung import words as w
from rung.policy import Step
from rung.words import Ground, Marker, Role

KEPT = Path(__file__).with_name("records.txt")
LEFT_OUT = {"press", "brief", "state", "policy", "version"}  # long, and told elsewhere


class Told(Scene):
    """A scene that writes down what each input came to."""

    lines: list[str]

    def put(self, input: w.Input) -> Step:
        made = super().put(input)
        lines = self.__dict__.setdefault("lines", [])
        lines += [f"{made.desk.at_ms} {told(event)}" for event in made.events]
        lines += [f"{made.desk.at_ms} {told(effect)}" for effect in made.effects if isinstance(effect, w.AskPhone)]
        if made.answer is not None and not isinstance(input, w.Pressed):
            lines.append(f"{made.desk.at_ms} {type(input).__name__}: {made.answer.verdict}: {made.answer.why}")
        return made


def told(thing: msgspec.Struct) -> str:
    """What is not as always, on one line."""
    shown = []
    for field in msgspec.structs.fields(thing):
        value = getattr(thing, field.name)
        if field.name not in LEFT_OUT and (field.required or value != field.default):
            shown.append(f"{field.name}={_value(value)}")
    return f"{type(thing).__name__} {' '.join(shown)}".strip()


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_value, value)) or "-"
    if isinstance(value, msgspec.Struct):
        return f"({told(value)})"
    text = str(value)
    return repr(text) if " " in text else text


def answer(s: Told, accepted: bool = True) -> None:
    """The other desk answers the offer that is open."""
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    s.put(w.OfferAnswered(offer.case, accepted, "" if accepted else "no room", offer=offer.id, desk=offer.to))


def eves_desk(s: Told) -> Told:
    """The case is offered to the supervisor's own desk, while they talk about it; then its call is there."""
    offer = s.sent(w.Offer)[-1]
    assert isinstance(offer, w.Offer)
    eve = Told(s.policy, person="eve", role=Role.SUPERVISOR, call=False)
    eve.wait(5000)
    talk = replace(line("up", call="talk"), case=offer.case, peer="500")
    eve.put(w.CallIs(talk))
    told = w.CaseOffered(case=offer.case, desk="desk-ada", state=offer.state, policy=offer.policy, offer=offer.id)
    eve.put(told)
    eve.put(w.CallIs(replace(talk, state=w.CallState.ENDED, ended_by=w.EndedBy.TRANSFER)))
    eve.put(w.CallIs(replace(line("up"), case=offer.case)))
    return eve


def a_transfer() -> list[Told]:
    s = Told("warm-transfer")
    s.declare("profanity").must("warn").talk().must("escalate")
    s.reply("busy", EVE)
    s.reply("accept", FAY)
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.press("escalate")
    s.consult("up")
    s.press("escalate")
    s.wait(3000)
    s.must("escalate")
    answer(s, False)
    s.must("escalate")
    answer(s)
    s.put(w.Unwanted())
    s.line("ended", "transfer", cause="transferred")
    return [s]


def handed_over_and_back() -> list[Told]:
    s = Told("advise-and-warn")
    s.declare("sexist").come_in(EVE)
    s.other(EVE, w.Declared(Ground.SLUR))
    s.must("escalate")
    answer(s)
    eve = eves_desk(s)
    s.line("ended", "transfer")
    eve.put(w.HandBack())
    eve.put(w.AskTakenBack())
    eve.put(w.HandBack())
    eve.wait(4000)
    eve.line("held")
    eve.consult("dialling")
    eve.consult("ended", None, "us")
    eve.line("up")
    return [s, eve]


def leave_and_an_end() -> list[Told]:
    s = Told("hang-up-protocol")
    s.must("warn").talk().declare("slur").must("escalate")
    s.put(w.Seen(ask=1, desk=EVE.desk))
    s.reply("join", EVE)
    s.parties(EVE.extension)
    s.reply("grant", EVE)
    s.parties()
    s.must("warn").talk().must("release")
    s.press("release", "hold")
    s.wait(4000)
    s.press("release")
    s.must("release", "hold")
    s.wait(5000)
    s.put(w.CallsAre((line("up"),)))
    s.must("release")
    s.wait(4000)
    s.must("release", "hold")
    s.line("ended", "us", cause="bye")
    return [s]


def nobody_comes() -> list[Told]:
    s = Told("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.wait(4000)
    s.line("held")
    s.wait(26_000)
    s.line("up")
    s.talk().must("warn").talk().declare("threat").must("release")
    s.put(w.Calmed())
    s.line("ended", "them")
    return [s]


def alarms() -> list[Told]:
    s = Told("no-hang-up", call=False)
    s.press("escalate", "hold")
    s.put(w.Unmarked(Marker.EMERGENCY))
    s.line("up")
    s.press("escalate")
    s.declare("threat")
    s.put(w.Marked(Marker.CRISIS))
    s.floor(EVE, FAY)
    s.floor(EVE, FAY, GUS)
    s.press("escalate", "hold")
    s.wait(4001)
    s.put(w.Unmarked(Marker.EMERGENCY))
    s.alarm("busy", FAY)
    s.alarm("join", EVE)
    s.parties(EVE.extension)
    s.other(EVE, w.Unmarked(Marker.CRISIS))
    s.press("escalate", "hold")
    s.line("ended", "network", cause="timeout")
    return [s]


def the_floor_is_away() -> list[Told]:
    s = Told("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.floor(up=False)
    s.press("escalate", "hold")
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.wait(30_000)
    s.consult("ended", by="us")
    s.line("up")
    s.talk().must("escalate")
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.line("ended", "them")
    return [s]


def restarts() -> list[Told]:
    s = Told("warm-transfer")
    s.must("warn").talk().must("escalate")
    s.put(w.Restarted())
    s.put(w.CallsAre((line("up"),)))
    s.talk().must("escalate")
    s.reply("accept", EVE)
    s.wait(4000)
    s.put(w.Restarted())
    s.put(w.CallsAre((line("up"),)))
    s.put(w.PhoneIs(up=False))
    s.put(w.PhoneIs(up=True, can=frozenset({"join", "case", "returns"})))
    s.put(w.CallsAre((line("up"),)))
    s.must("escalate")
    s.reply("take", EVE)
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.consult("up")
    s.put(w.Restarted())
    s.line("ended", "unknown")
    return [s]


def acts() -> list[Told]:
    s = Told("end-with-care")
    s.put(w.Noted(matter="a bill", offered="a refund", demeanour="loud"))
    s.put(w.LanguageChosen("de"))
    s.must("warn")
    s.put(w.Ticked("empathy"))
    s.declare("harassment").talk()
    s.put(w.TakenBack(Ground.HARASSMENT))
    s.put(w.Attested("the caller only wants to vent"))
    s.must("escalate")
    s.reply("advise", EVE, "offer a refund")
    s.must("escalate")
    s.put(w.Unwanted())
    s.must("escalate")
    s.reply("decline", FAY, "carry on")
    s.put(w.Attested("again"))
    s.put(w.Marked(Marker.CRISIS))
    s.put(w.Unmarked(Marker.CRISIS))
    s.declare("harassment", "other")
    s.line("ended", "us")
    return [s]


def reclaimed() -> list[Told]:
    """What becomes of a case that the other desk does not get."""
    unanswered = Told("no-hang-up").declare("slur").come_in(EVE).must("escalate")
    unanswered.wait(3000)
    unanswered.must("escalate")
    answer(unanswered)
    unanswered.put(w.EffectRefused(unanswered.sent(w.Leave)[-1].id, "cannot"))
    unanswered.must("escalate")
    unanswered.line("ended", "them")
    released = Told("no-hang-up").declare("slur").come_in(EVE).must("escalate")
    answer(released)
    released.press("warn")
    released.line("ended", "unknown")
    hung_up = Told("warm-transfer").must("warn").talk().must("escalate")
    hung_up.reply("accept")
    hung_up.wait(4000)
    hung_up.line("held")
    hung_up.consult("dialling")
    hung_up.consult("up")
    hung_up.wait(3000)
    hung_up.must("escalate")
    hung_up.consult("ended", None, "them")
    hung_up.press("escalate+warn", "chord")
    hung_up.wait(2000)
    hung_up.put(w.EffectRefused(hung_up.desk.effect, "not now"))
    hung_up.put(w.CallsAre((line("held"),)))
    hung_up.line("up")
    return [unanswered, released, hung_up]  # type: ignore[list-item]  # a Told goes on as one


def taken_back() -> list[Told]:
    s = Told("warm-transfer").must("warn").talk().must("escalate")
    s.reply("accept")
    s.wait(4000)
    s.line("held")
    s.consult("dialling")
    s.put(w.AskTakenBack())
    s.line("up")
    other = Told("no-hang-up").come_in(EVE).must("escalate")
    other.put(w.Restarted())
    third = Told("no-hang-up").declare("threat")
    third.press("escalate")
    third.reply("accept", EVE)
    third.alarm("join", EVE)
    return [s, other, third]  # type: ignore[list-item]  # a Told goes on as one


def ends_that_nobody_can_tell() -> list[Told]:
    s = Told("no-hang-up", person="eve", role=Role.SUPERVISOR)
    s.press("warn")
    s.talk().declare("slur").must("warn").talk().must("release")
    s.wait(60_000)
    s.must("release")
    s.sits("fay", Role.SUPERVISOR)
    s.press("release")
    s.sits("eve", Role.SUPERVISOR)  # she was relieved: her warning stands, her announcement does not
    s.must("release")
    s.wait(4000)
    s.must("release", "hold")
    s.press("warn")
    s.line("ended", "unknown")
    agent = Told("end-with-care")
    agent.declare("threat").must("release")
    agent.sits("bob")
    return [s, agent]


def refused() -> list[Told]:
    """Every button on a fresh call, and with rudeness, without a training, after the wait, and under crisis."""
    told: list[Told] = []
    for name in ("advise-and-warn", "end-with-care", "hang-up-protocol", "no-hang-up", "warm-transfer"):
        s = Told(name, trained=False, present=())
        for _ in range(2):
            for button in ("release", "warn", "escalate", "warn", "release"):
                s.press(button)
            s.press("release", "hold")
            s.press("escalate+warn", "chord")
            s.declare("rudeness", "sexist")
            s.talk()
        s.press("warn", epoch=7)
        s.press("warn", age_ms=10_001)
        s.press("warn+release", "tap")
        s.press("warn+release", "hold")
        s.press("escalate", "hold")
        s.put(w.Marked(Marker.CRISIS))
        s.press("release")
        s.press("warn")
        s.wait(60_001)
        s.put(w.Unmarked(Marker.CRISIS))
        s.put(w.Unmarked(Marker.CRISIS, "a film"))
        s.line("held")
        s.press("release")
        s.line("up", call="second")
        s.press("warn")
        told.append(s)
    return told


def already_asked() -> list[Told]:
    s = Told("hang-up-protocol").must("warn").talk().declare("slur").must("escalate")
    s.press("warn")
    s.press("escalate")
    s.reply("grant")
    s.must("warn")
    s.press("warn")
    s.press("release")
    s.other(EVE, w.LeaveTakenBack())
    s.talk().must("escalate")
    s.reply("join")
    s.parties(EVE.extension)
    s.other(EVE, w.LeaveTakenBack())
    s.press("release")
    s.other_press(EVE, "warn")
    s.other_press(EVE, "release")
    s.talk()
    s.other(EVE, w.Declared(Ground.SLUR))
    s.other_press(EVE, "warn")
    s.other_press(EVE, "warn")
    s.press("warn")
    return [s]  # type: ignore[list-item]  # a Told goes on as one


STORIES: list[Callable[[], list[Told]]] = [
    a_transfer,
    handed_over_and_back,
    leave_and_an_end,
    nobody_comes,
    alarms,
    the_floor_is_away,
    restarts,
    acts,
    reclaimed,
    taken_back,
    ends_that_nobody_can_tell,
    refused,
    already_asked,
]


def written(story: Callable[[], list[Told]]) -> str:
    return "\n--\n".join("\n".join(s.lines) for s in story())


def kept() -> dict[str, str]:
    parts = KEPT.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_record_tells_this_story(story: Callable[[], list[Told]]) -> None:
    assert written(story).splitlines() == kept()[story.__name__].splitlines()


if __name__ == "__main__":
    print("What the record tells of each story of test_record.py.")
    for one in STORIES:
        print(f"\n## {one.__name__}\n{written(one)}")
