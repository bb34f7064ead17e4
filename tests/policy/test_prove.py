"""Canaries of the proof: tables and steps broken on purpose, each caught by what it breaks.

`caught.txt` holds what the proof says of each canary. After a change that is meant, read what
`python -m tests.policy.test_prove` prints and keep it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from tests.policy.broken_steps import (
    Broken,
    a_tap_holds,
    adding,
    always_known,
    announces_itself,
    answering,
    any_ground,
    asks_never_end,
    becoming,
    calmed_presses_warn,
    crisis_is_a_threat,
    done_when_sent,
    leave_is_kept,
    leave_is_lost,
    losing,
    never_offers,
    no_stranger,
    panic_names_a_threat,
    reading,
    said_long_ago,
    seeing,
    still_announced,
)
from tests.policy.walked import TWO_WARNINGS

from rung import words as w
from rung.policy import Policy, load
from rung.policy.language import Requires
from rung.policy.proof import SENTENCES, Breach, handover, judge, looks, prove, walk
from rung.policy.proof import moves as m
from rung.policy.proof.properties import (
    ANNOUNCED,
    DANGER,
    DEAD_END,
    HAND_OVER,
    HELD,
    LAMPS,
    LEAVE,
    OWN,
    REFUSAL,
    ROLE,
    RULE,
    WARNED,
)
from rung.policy.proof.prove import (
    ANSWERS,
    COMPANY,
    HANDED,
    IN_THE_WAY,
    LADDER,
    LIFE,
    OWN_DESK,
    OWN_UNTRAINED,
    UNTRAINED,
    Walks,
)
from rung.policy.proof.reads import Reads
from rung.policy.proof.timers import Timer
from rung.policy.proof.witness import shortest
from rung.words import Button, Ground, Lamp, LampState, Role

MOST = 2000  # a broken step may never come to an end
CAUGHT = Path(__file__).with_name("caught.txt")


def test_a_walk_that_grows_too_large_says_so_and_shows_nothing() -> None:
    proof = prove(load("no-hang-up"), most=5)
    assert proof.too_many == LADDER and not proof.holds


def test_an_ask_that_was_nobodys_rung_changes_no_account() -> None:
    account = judge.Account(unavailable=True)
    assert judge.heard(Reads(load("warm-transfer")), account, (w.AskClosed("", w.Outcome.FAILED),)) is account


def test_a_sequence_that_ends_the_call_is_played_to_its_end() -> None:
    moves = (*m.ENDED[w.EndedBy.THEM], *m.passes(Timer.TALK))
    assert shortest(load("no-hang-up"), [Breach(RULE, "", moves)]).played is False


# -- broken tables -----------------------------------------------------------------------------------------------------


def changed(policy: Policy, rung: str, /, requires: dict[str, Any] | None = None, **keys: Any) -> Policy:
    """The policy with other keys for one rung; ``requires`` changes each alternative of it."""

    def one(r: Any) -> Any:
        needs = tuple(replace(need, **(requires or {})) for need in r.requires)
        return replace(r, requires=needs, **keys) if r.id == rung else r

    return replace(policy, rung=tuple(one(r) for r in policy.rung))


def either(policy: Policy, rung: str, ground: Ground) -> Policy:
    """The rung as it is, but that only ``after`` names what comes first; or at once, on this ground."""
    need = replace(policy.find(rung).requires[0], taken=(), persisted=False)
    two = (need, replace(need, after=None, ground=(ground,)))
    return replace(policy, rung=tuple(replace(r, requires=two) if r.id == rung else r for r in policy.rung))


def more_ways(policy: Policy, rung: str, *ways: Requires) -> Policy:
    """The rung as it is, and other ways to it."""
    return replace(
        policy, rung=tuple(replace(r, requires=(*r.requires, *ways)) if r.id == rung else r for r in policy.rung)
    )


def without(policy: Policy, *rungs: str) -> Policy:
    return replace(policy, rung=tuple(r for r in policy.rung if r.id not in rungs))


WARM, PROTOCOL, CARE, ADVISE, NEVER = (
    load(name) for name in ("warm-transfer", "hang-up-protocol", "end-with-care", "advise-and-warn", "no-hang-up")
)
SHADOWED = replace(ADVISE.find("supervisor"), id="join", title="Ask to join", does="join")
BY_USED_LEAVE = Requires(leave="unused", taken=("warn",), ground=(Ground.THREAT,))
TRAINED = changed(NEVER, "supervisor-end", {"trained": True})
NEVER_WARNED = changed(NEVER, "supervisor-end", {"taken": (), "persisted": False})
BROKEN_TABLES: dict[str, tuple[Policy, str, tuple[str, ...]]] = {
    "a supervisor ends after the agent's warning alone": (
        changed(PROTOCOL, "supervisor-end", {"taken": ()}),
        OWN,
        (LADDER, COMPANY),
    ),
    "a supervisor ends for a ground alone": (
        NEVER_WARNED,
        OWN,
        (LADDER, OWN_DESK),
    ),
    "a supervisor warns of what they have not attested": (
        changed(NEVER, "supervisor-warn", {"attested": None}),
        OWN,
        (OWN_DESK,),
    ),
    "a supervisor warns as soon as they are in the call": (
        changed(NEVER, "supervisor-warn", {"on_call": False}),
        OWN,
        (LADDER, COMPANY),
    ),
    "a supervisor ends as soon as they have warned": (
        changed(NEVER, "supervisor-end", {"persisted": False}),
        OWN,
        (OWN_DESK,),
    ),
    "a release that needs what only a supervisor can take": (
        changed(WARM, "release", {"taken": ("final-notice", "supervisor-warn")}),
        DEAD_END,
        (),
    ),
    "a warning that lapses before the ending can be held": (
        changed(NEVER, "supervisor-warn", lapses_after=9),
        DEAD_END,
        (),
    ),
    "a redirection that lapses before all that must come after it": (
        changed(
            without(changed(PROTOCOL, "redirect", lapses_after=12), "end-at-once"),
            "end",
            {"taken": ("redirect", "warn")},
        ),
        DEAD_END,
        (),
    ),
    "two rungs that need each other": (
        changed(changed(WARM, "warn", {"taken": ("final-notice",)}), "final-notice", {"taken": ("warn",)}),
        DEAD_END,
        (LADDER,),
    ),
    "nothing but a quiet ask that nobody hears": (without(ADVISE, "supervisor"), DEAD_END, (LADDER,)),
    "one warning, and no more": (
        without(changed(changed(CARE, "de-escalate", repeatable=False), "end", {"ground": ("sexual",)}), "involve"),
        DEAD_END,
        (LADDER,),
    ),
    "nothing for an agent whose training has expired": (
        changed(changed(ADVISE, "advise-and-warn", {"trained": True}), "supervisor", {"trained": True}),
        DEAD_END,
        (LADDER, UNTRAINED),
    ),
    "nothing for a supervisor whose training has expired": (TRAINED, DEAD_END, (LADDER, OWN_DESK, OWN_UNTRAINED)),
    "a transfer that is made once, and the caller comes back": (
        changed(ADVISE, "supervisor", repeatable=False),
        DEAD_END,
        (LADDER,),
    ),
    "a step that is always open stands before another": (
        changed(PROTOCOL, "redirect", {"leave": None}),
        DEAD_END,
        (),
    ),
    "a step that only a lost phone lets come before": (replace(ADVISE, rung=(*ADVISE.rung, SHADOWED)), DEAD_END, ()),
    "an ending with a way that nothing leads to": (more_ways(PROTOCOL, "end", BY_USED_LEAVE), DEAD_END, ()),
    "a supervisor who has warned has no other step": (without(NEVER, "supervisor-end"), DEAD_END, (OWN_DESK,)),
    "a supervisor has no step": (without(NEVER, "supervisor-warn", "supervisor-end"), DEAD_END, (OWN_DESK,)),
}


SOUND_TABLES = {
    "a ground after a rung that lapses": changed(ADVISE, "advise-and-warn", lapses_after=30),
    "an ask that lapses": without(
        changed(changed(CARE, "involve", lapses_after=30), "end", {"taken": ("involve",), "ground": ("sexual",)}),
        "end-at-once",
    ),
    "a ground after a rung, or another one at once": either(ADVISE, "end", Ground.SLUR),
}


@pytest.mark.parametrize("sound", SOUND_TABLES)
def test_an_unusual_ladder_takes_no_rung_without_its_rule(sound: str) -> None:
    assert Walks(SOUND_TABLES[sound], MOST).proof(LADDER).breach(RULE) is None


AT_ONCE_FOR_ALL = replace(ADVISE.find("end"), id="at-once", requires=(Requires(ground=(Ground.SLUR,)),))
PROVED_TABLES = {
    "only the wait asks for a warning, and a supervisor gave it": (changed(PROTOCOL, "end", {"taken": ()}), (LADDER,)),
    "who is not trained takes the next ending": (
        replace(ADVISE, rung=(*ADVISE.rung, AT_ONCE_FOR_ALL)),
        (LADDER, IN_THE_WAY),
    ),
    "a supervisor ends after a warning of the agent's that lapses": (
        changed(changed(WARM, "warn", lapses_after=30), "supervisor-end", {"taken": ("supervisor-warn", "warn")}),
        (LADDER, COMPANY),
    ),
    "an agent ends once a supervisor had the call": (
        changed(WARM, "release", {"taken": ("final-notice", "escalate")}),
        (),
    ),
}


@pytest.mark.parametrize("sound", PROVED_TABLES)
def test_an_unusual_ladder_is_proved(sound: str) -> None:
    policy, only = PROVED_TABLES[sound]
    assert [(b.name, b.what, b.words) for b in Walks(policy, MOST).proof(*only).breaches] == []


def test_a_wait_that_passes_by_the_millisecond_has_passed_for_the_judge_too() -> None:
    heard = (*m.inside(m.FIRST), *m.it_declares(Ground.PROFANITY), *m.passes(Timer.TALK))
    moves = (*m.TAPS[Button.WARN], *heard, *m.it_declares(Ground.SLUR), *m.ITS_TAPS[Button.WARN])
    assert shortest(WARM, [Breach(RULE, "", moves)]).played is False


def of_table(broken: str) -> Breach:
    policy, name, only = BROKEN_TABLES[broken]
    breach = Walks(policy, MOST).proof(*only).breach(name)
    assert breach is not None
    return breach


def told(broken: str, breach: Breach) -> str:
    return f"{broken}: {' > '.join(breach.words) or 'at once'}: {breach.what}"


@pytest.mark.parametrize("broken", BROKEN_TABLES)
def test_canary_a_broken_table_is_caught(broken: str) -> None:
    breach = of_table(broken)
    assert told(broken, breach) in CAUGHT.read_text().splitlines()
    assert breach.played in (True, None), breach


# -- broken steps ------------------------------------------------------------------------------------------------------


class Canary(Struct):
    """A broken step, the policy that is proved with it, and what must catch it."""

    step: Broken
    policy: Policy
    caught_by: str
    only: tuple[str, ...] = (LADDER,)
    where: Any = walk


AT_ONCE = without(CARE, "involve", "end")  # a short ladder, so that these are quick
LENIENT = changed(PROTOCOL, "end", {"taken": (), "persisted": False})
AGENTS_END = changed(NEVER, "supervisor-end", {"taken": (), "persisted": False}, role=Role.AGENT)
TRANSFER_ONCE = changed(ADVISE, "supervisor", repeatable=False)
UNWARNED = changed(WARM, "supervisor-end", {"taken": (), "persisted": False})
BY_LEAVE = without(
    changed(PROTOCOL, "end", {"taken": (), "persisted": False, "leave": "unused"}), "warn", "end-at-once", "ask-to-join"
)
LAPSING = without(load(TWO_WARNINGS), "ask-leave", "end")
NO_LEAVE = changed(PROTOCOL, "warn", {"leave": None}, repeatable=True)
NO_WAIT = replace(WARM, times=replace(WARM.times, wait=0))
NO_NOTICE = changed(WARM, "release", {"taken": (), "persisted": False})
HERS = changed(WARM, "release", {"taken": (), "persisted": False}, role=Role.SUPERVISOR)
HANG_UP = w.HangUp(99, "line")

CANARIES = {
    "any ground is enough": Canary(seeing(any_ground), AT_ONCE, RULE),
    "the wait is not waited for": Canary(reading(NO_WAIT), WARM, RULE),
    "other tables are read": Canary(reading(LENIENT), PROTOCOL, RULE),
    "a stranger in the call is not seen": Canary(no_stranger, AT_ONCE, RULE, (LADDER, IN_THE_WAY)),
    "a hold ends before it could be said": Canary(seeing(said_long_ago), AT_ONCE, ANNOUNCED),
    "a hold announces by itself": Canary(seeing(announces_itself), AT_ONCE, ANNOUNCED),
    "what was announced outlives another caller": Canary(still_announced, AT_ONCE, ANNOUNCED, (LADDER, IN_THE_WAY)),
    "an agent may end under no-hang-up": Canary(reading(AGENTS_END), NEVER, ROLE),
    "an ending without its warning": Canary(reading(LENIENT), PROTOCOL, WARNED),
    "a supervisor may end where none may": Canary(
        reading(HERS), without(WARM, "supervisor-end"), ROLE, (LADDER, OWN_DESK)
    ),
    "a release without any notice": Canary(reading(NO_NOTICE), WARM, WARNED),
    "a supervisor ends without having warned": Canary(reading(UNWARNED), WARM, OWN, (LADDER, OWN_DESK)),
    "the same from another desk": Canary(reading(NEVER_WARNED), NEVER, OWN, (LADDER, COMPANY)),
    "a phone that answers ends the call": Canary(
        adding(lambda _, i: isinstance(i, w.PhoneIs) and i.up, HANG_UP), WARM, HELD, (LADDER, IN_THE_WAY)
    ),
    "a restart ends the call": Canary(
        adding(lambda _, i: isinstance(i, w.Restarted), HANG_UP), NEVER, HELD, (LADDER, IN_THE_WAY)
    ),
    "the floor ends the call": Canary(
        adding(lambda _, i: isinstance(i, w.Replied), HANG_UP), NEVER, HELD, (LADDER, ANSWERS)
    ),
    "an old press counts": Canary(
        becoming(lambda i: replace(i, age_ms=0) if isinstance(i, w.Pressed) else i), AT_ONCE, HELD
    ),
    "a press of another call counts": Canary(
        becoming(lambda i: replace(i, epoch=1) if isinstance(i, w.Pressed) else i), AT_ONCE, HELD
    ),
    "nobody needs to be signed on": Canary(always_known, AT_ONCE, RULE, (LADDER, IN_THE_WAY)),
    "panic names a threat": Canary(panic_names_a_threat, AT_ONCE, DANGER, (LADDER, IN_THE_WAY)),
    "a crisis is a threat": Canary(becoming(crisis_is_a_threat), PROTOCOL, DANGER, (LADDER, IN_THE_WAY)),
    "leave is kept when it is used": Canary(leave_is_kept, changed(PROTOCOL, "warn", repeatable=True), LEAVE),
    "leave is lost with an ending that comes to nothing": Canary(leave_is_lost, BY_LEAVE, REFUSAL),
    "calmed is a press of warn": Canary(calmed_presses_warn, AT_ONCE, RULE),
    "a tap is a hold": Canary(a_tap_holds, AT_ONCE, HELD),
    "a rung never lapses": Canary(reading(changed(LAPSING, "first-warning", lapses_after=None)), LAPSING, RULE),
    "a case is never offered": Canary(never_offers, NEVER, HAND_OVER, (LADDER, HANDED)),
    "a case is never offered to whoever was asked": Canary(never_offers, TRANSFER_ONCE, HAND_OVER),
    "no leave is needed": Canary(reading(NO_LEAVE), PROTOCOL, LEAVE),
    "an ask never ends": Canary(asks_never_end, NEVER, DEAD_END, (LADDER, ANSWERS, LIFE)),
    "a rung is never open": Canary(
        reading(changed(WARM, "warn", {"trained": True, "taken": ("release",)})), WARM, DEAD_END
    ),
    "no": Canary(answering("No.", None), NEVER, REFUSAL),
    "press release": Canary(answering("Not now.", Button.RELEASE), NEVER, REFUSAL),
    "done is said when it is sent": Canary(done_when_sent, AT_ONCE, LAMPS),
    "rungs are lost on the way": Canary(losing(taken=()), WARM, HAND_OVER, (LADDER, HANDED), handover),
    "leave is used up on the way": Canary(losing(leave=None), PROTOCOL, HAND_OVER, (LADDER, HANDED), handover),
}


def of_step(broken: str, monkeypatch: pytest.MonkeyPatch) -> Breach:
    canary = CANARIES[broken]
    real = walk.step
    monkeypatch.setattr(canary.where, "step", lambda *args: canary.step(real, *args))
    breach = Walks(canary.policy, MOST).proof(*canary.only).breach(canary.caught_by)
    assert breach is not None
    return breach


@pytest.mark.parametrize("broken", CANARIES)
def test_canary_a_broken_step_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    breach = of_step(broken, monkeypatch)
    assert told(broken, breach) in CAUGHT.read_text().splitlines()
    assert breach.played in (True, None), breach


LAMP_CANARIES: dict[str, Callable[[w.Lamps], w.Lamps]] = {
    "every lamp is lit": lambda shown: replace(shown, warn=Lamp(LampState.LIT), release=Lamp(LampState.LIT)),
    "escalate waits for somebody": lambda shown: replace(shown, escalate=Lamp(LampState.BLINKING)),
    "no lamp is lit": lambda shown: w.Lamps(epoch=shown.epoch),
}


@pytest.mark.parametrize("broken", LAMP_CANARIES)
def test_canary_a_lamp_that_lies_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = looks.lamps
    monkeypatch.setattr(looks, "lamps", lambda *args: LAMP_CANARIES[broken](real(*args)))
    breach = Walks(load("no-hang-up"), MOST).proof(LADDER).breach(LAMPS)
    assert breach is not None and breach.words == ()


def test_every_property_has_its_canaries() -> None:
    caught = [c.caught_by for c in CANARIES.values()] + [name for _, name, _ in BROKEN_TABLES.values()]
    caught += [LAMPS for _ in LAMP_CANARIES]
    assert {name for name in SENTENCES if caught.count(name) >= 2} == set(SENTENCES)


if __name__ == "__main__":
    for one in BROKEN_TABLES:
        print(told(one, of_table(one)))
    for one in CANARIES:
        with pytest.MonkeyPatch.context() as patch:
            print(told(one, of_step(one, patch)))
