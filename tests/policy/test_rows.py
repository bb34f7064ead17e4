"""Every row of the five tables: its rung is taken when all that the row requires holds, and not when one part lacks.

Each `Row` quotes the table. ``ready`` brings about all that is required; ``lacks`` names every requirement, with a
scene in which it alone is missing. That the requirement is what closes the rung is shown by a policy without it.
"""

from collections.abc import Callable

import pytest
from msgspec import Struct
from msgspec.structs import asdict, fields, replace
from tests.policy.scene import Scene

from rung import words as w
from rung.policy import Policy, load
from rung.policy.language import Requires
from rung.policy.library import shipped
from rung.words import Ground, Role

Play = Callable[[Scene], object]


class Row(Struct, frozen=True):
    says: str
    ready: Play
    lacks: dict[str, Play] = {}
    need: int = 0  # which alternative
    person: dict[str, object] = {}


def then(*plays: Play) -> Play:
    def play(s: Scene) -> None:
        for part in plays:
            part(s)

    return play


def tap(button: str) -> Play:
    return lambda s: s.must(button)


def declare(*grounds: str) -> Play:
    return lambda s: s.declare(*grounds)


def talk(s: Scene) -> None:
    s.talk()


def a_moment(s: Scene) -> None:
    s.wait(1)


def nothing(s: Scene) -> None:
    pass


def reply(answer: str) -> Play:
    return lambda s: s.reply(answer)


def unanswered(s: Scene) -> None:
    """Both groups were asked, and nobody answered."""
    s.wait(s.policy.times.answer_ms)
    s.line("held")
    s.wait(s.policy.times.answer_ms)
    s.line("up")


def declined(s: Scene) -> None:
    s.reply("decline")
    s.line("up")


def crisis(s: Scene) -> None:
    s.put(w.Marked(w.Marker.CRISIS))


def attest(s: Scene) -> None:
    s.put(w.Attested("the caller only wants to be heard"))


def untrained(s: Scene) -> None:
    s.sits("ada", trained=False)


def another_supervisor(s: Scene) -> None:
    s.sits("fay", Role.SUPERVISOR)


def leave_first(s: Scene) -> None:
    """All that asking for leave needs, so that only the leave that stands closes it."""
    then(tap("warn"), talk, declare("slur"), tap("escalate"), reply("grant"), talk)(s)


SUPERVISOR = {"role": Role.SUPERVISOR, "person": "eve"}
WARNED_BY_SELF = then(talk, declare("slur"), tap("warn"))


def supervisor_rows(policy: str) -> dict[tuple[str, str, int], Row]:
    anything = "rudeness" if policy == "warm-transfer" else "unnamed"
    no_ending = "unnamed" if policy == "warm-transfer" else "rudeness"
    return {
        (policy, "supervisor-warn", 0): Row(
            "warn | supervisor | on the call, abuse attested by the supervisor since joining, wait since joining",
            then(talk, declare(anything)),
            {"on_call": then(a_moment, declare("slur")), "attested": talk},
            person=SUPERVISOR,
        ),
        (policy, "supervisor-end", 0): Row(
            "end | release | supervisor | warned, persisted, an ending ground",
            then(WARNED_BY_SELF, talk),
            {
                "taken": then(WARNED_BY_SELF, talk, another_supervisor),
                "persisted": WARNED_BY_SELF,
                "ground": then(talk, declare("threat_other", no_ending), tap("warn"), talk),
            },
            person=SUPERVISOR,
        ),
    }


NOBODY_CAME = then(tap("warn"), talk, tap("escalate"), unanswered)
NOTICED = then(NOBODY_CAME, talk, declare("slur"), tap("warn"))
LEAVE = then(tap("warn"), talk, declare("slur"), tap("escalate"), reply("grant"))
WARNED = then(LEAVE, tap("warn"))
CARE = then(tap("warn"), declare("demands"))
ADVISED = then(CARE, tap("escalate"), reply("advise"), talk)
NO_SUPERVISOR = then(CARE, lambda s: s.floor(), tap("escalate"), talk)
SLUR_AGAIN = then(tap("warn"), declare("slur"), talk, declare("slur"))

ROWS: dict[tuple[str, str, int], Row] = {
    ("no-hang-up", "offer", 0): Row(
        "offer a supervisor (repeatable) | escalate | agent | any ground but rudeness",
        declare("threat_other"),
        {"ground": declare("rudeness")},
    ),
    ("warm-transfer", "warn", 0): Row("warn | warn | agent | any ground, rudeness too", nothing, {"ground": crisis}),
    ("warm-transfer", "escalate", 0): Row(
        "escalate (repeatable) | escalate | agent | warned, persisted",
        then(tap("warn"), talk),
        {"taken": nothing, "persisted": tap("warn")},
    ),
    ("warm-transfer", "final-notice", 0): Row(
        "final notice | warn | agent | supervisor unavailable on this call after an escalate, persisted",
        then(NOBODY_CAME, talk),
        {"unavailable": then(tap("warn"), talk, tap("escalate"), declined, talk), "persisted": NOBODY_CAME},
    ),
    ("warm-transfer", "release", 0): Row(
        "release | release | agent | final notice given, persisted, an ending ground",
        then(NOTICED, talk),
        {
            "taken": then(NOBODY_CAME, talk, declare("slur")),
            "persisted": NOTICED,
            "ground": then(NOBODY_CAME, talk, tap("warn"), talk),
        },
    ),
    ("hang-up-protocol", "redirect", 0): Row(
        "redirect (repeatable until leave is granted) | warn | agent | -", tap("warn"), {"leave": LEAVE}
    ),
    ("hang-up-protocol", "ask-leave", 0): Row(
        "ask leave | escalate | agent | redirected, persisted, any ground but rudeness",
        then(tap("warn"), talk, declare("slur")),
        {
            "leave": leave_first,
            "taken": declare("slur"),
            "persisted": then(tap("warn"), declare("slur")),
            "ground": then(tap("warn"), talk, declare("rudeness")),
        },
    ),
    ("hang-up-protocol", "warn", 0): Row("warn | warn | agent | leave granted and unused", LEAVE, {"leave": nothing}),
    ("hang-up-protocol", "ask-to-join", 0): Row(
        "ask to join (repeatable) | escalate | agent | warned", WARNED, {"taken": nothing}
    ),
    ("hang-up-protocol", "end", 0): Row(
        "end | release | agent | warned, persisted, an ending ground",
        then(WARNED, talk),
        {
            "taken": then(tap("warn"), talk, declare("slur")),
            "persisted": WARNED,
            "ground": then(tap("warn"), talk, declare("unnamed"), tap("escalate"), reply("grant"), tap("warn"), talk),
        },
    ),
    ("hang-up-protocol", "end-at-once", 0): Row(
        "end at once | release | agent | ground hate_speech or threat", declare("threat"), {"ground": declare("slur")}
    ),
    ("end-with-care", "de-escalate", 0): Row("de-escalate (repeatable) | warn | agent | -", tap("warn")),
    ("end-with-care", "involve", 0): Row(
        "involve a supervisor (repeatable) | escalate | agent | de-escalated", tap("warn"), {"taken": nothing}
    ),
    ("end-with-care", "end", 0): Row(
        "end | release | agent | de-escalated, persisted; a supervisor involved; demands ...",
        ADVISED,
        {
            "taken": declare("demands"),
            "persisted": then(CARE, tap("escalate"), reply("advise")),
            "ground": then(tap("warn"), declare("rudeness"), tap("escalate"), reply("advise"), talk),
            "involved": then(CARE, talk),
        },
    ),
    ("end-with-care", "end", 1): Row(
        "end | ... or unavailable",
        NO_SUPERVISOR,
        {
            "taken": declare("demands"),
            "persisted": then(CARE, lambda s: s.floor(), tap("escalate")),
            "ground": then(tap("warn"), declare("shouting"), lambda s: s.floor(), tap("escalate"), talk),
            "unavailable": then(CARE, tap("escalate"), declined, talk),
        },
        need=1,
    ),
    ("end-with-care", "end", 2): Row(
        "end | ... or attested as not necessary with the reason",
        then(CARE, attest, talk),
        {
            "taken": then(declare("demands"), attest),
            "persisted": then(CARE, attest),
            "ground": then(tap("warn"), declare("interrupting"), attest, talk),
            "not_necessary": then(CARE, attest, tap("escalate"), declined, talk),
        },
        need=2,
    ),
    ("end-with-care", "end-at-once", 0): Row(
        "end at once | release | agent | ground threat, profanity, derogatory, slur, hate_speech, sexist, homophobic",
        declare("derogatory"),
        {"ground": declare("sexual")},
    ),
    ("advise-and-warn", "advise-and-warn", 0): Row(
        "advise and warn | warn | agent | ground slur, sexual or sexist (or unnamed)",
        declare("threat_other"),
        {"ground": declare("profanity")},
    ),
    ("advise-and-warn", "end", 0): Row(
        "end | release | agent, trained | warned, persisted, one of the three declared after the warning",
        SLUR_AGAIN,
        {
            "taken": declare("slur"),
            "persisted": then(declare("slur"), tap("warn"), a_moment, declare("slur")),
            "ground": then(tap("warn"), declare("profanity"), talk, declare("profanity")),
            "after": then(tap("warn"), talk, declare("slur")),  # it names the `unnamed` of before the warning
            "trained": then(SLUR_AGAIN, untrained),
        },
    ),
    ("advise-and-warn", "supervisor", 0): Row("supervisor (repeatable) | escalate | agent | -", nothing),
}
for name in shipped():
    ROWS |= supervisor_rows(name)

# Closed by something else as well, which is taken away together with it: no warning at all has nothing to persist from.
TOGETHER = {
    ("warm-transfer", "escalate", "taken"): ("taken", "persisted"),
    ("hang-up-protocol", "ask-leave", "taken"): ("taken", "persisted"),
    ("end-with-care", "end", "taken"): ("taken", "persisted", "involved", "unavailable"),
    ("advise-and-warn", "end", "taken"): ("taken", "persisted", "after"),
}
# The rung before it on the same button is open then, and a press would take that one: put it first.
FIRST = {("hang-up-protocol", "warn", "leave")}
KEYS = sorted(ROWS)
LACKS = [(*key, part) for key in KEYS for part in ROWS[key].lacks]


def scene(policy: Policy, row: Row) -> Scene:
    return Scene(policy, **row.person)  # type: ignore[arg-type]  # by name


def only(policy: Policy, rung: str, need: int) -> Policy:
    """With this alternative alone, so that no other opens the rung."""
    return changed(policy, rung, lambda needs: (needs[need],))


def changed(policy: Policy, rung: str, change: Callable[[tuple[Requires, ...]], tuple[Requires, ...]]) -> Policy:
    rungs = tuple(replace(r, requires=change(r.requires)) if r.id == rung else r for r in policy.rung)
    return replace(policy, rung=rungs)


def without(policy: Policy, rung: str, parts: tuple[str, ...]) -> Policy:
    defaults = {f.name: f.default for f in fields(Requires)}
    bare = {part: defaults[part] for part in parts}
    return changed(policy, rung, lambda needs: tuple(replace(need, **bare) for need in needs))


def takes(policy: Policy, key: tuple[str, str, int], play: Play) -> bool:
    """Does a press of the rung's button take it (an ending: announce it) after this play?"""
    s = scene(policy, ROWS[key])
    play(s)
    before = sum(t.rung == key[1] for t in s.case.taken)
    s.press(policy.find(key[1]).button)
    said = s.case.announcement
    attempted = any(e.rung == key[1] and e.person for e in s.events(w.AskOpened)[-1:] if isinstance(e, w.AskOpened))
    now = sum(t.rung == key[1] for t in s.case.taken)
    return now > before or (said is not None and said.rung == key[1]) or (attempted and now > before)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: "-".join(map(str, key)))
def test_a_rung_is_taken_when_all_that_its_row_requires_holds(key: tuple[str, str, int]) -> None:
    policy = only(load(key[0]), key[1], key[2])
    assert takes(policy, key, ROWS[key].ready), ROWS[key].says


@pytest.mark.parametrize(("name", "rung", "need", "part"), LACKS)
def test_a_rung_is_closed_when_one_requirement_lacks(name: str, rung: str, need: int, part: str) -> None:
    policy, key = only(load(name), rung, need), (name, rung, need)
    assert not takes(policy, key, ROWS[key].lacks[part]), ROWS[key].says
    open_policy = without(policy, rung, TOGETHER.get((name, rung, part), (part,)))
    if (name, rung, part) in FIRST:
        open_policy = replace(open_policy, rung=tuple(sorted(open_policy.rung, key=lambda r: r.id != rung)))
    assert takes(open_policy, key, ROWS[key].lacks[part]), "another requirement closes it: the scene shows nothing"


@pytest.mark.parametrize("name", shipped())
def test_no_requirement_of_a_table_is_without_its_scene(name: str) -> None:
    defaults = asdict(Requires())
    for rung in load(name).rung:
        for i, need in enumerate(rung.requires):
            parts = {part for part, value in asdict(need).items() if value != defaults[part]}
            assert set(ROWS[name, rung.id, i].lacks) == parts, (name, rung.id)


ENDING = {g for g in Ground if g not in ("unnamed", "threat_other", "rudeness")}
OPENS = {  # which grounds open which rung by themselves, read out of the tables
    ("no-hang-up", "offer"): set(Ground) - {"rudeness"},
    ("no-hang-up", "supervisor-end"): ENDING,
    ("warm-transfer", "release"): ENDING | {"rudeness"},
    ("warm-transfer", "supervisor-end"): ENDING | {"rudeness"},
    ("hang-up-protocol", "ask-leave"): set(Ground) - {"rudeness"},
    ("hang-up-protocol", "end"): ENDING,
    ("hang-up-protocol", "end-at-once"): {"hate_speech", "threat"},
    ("hang-up-protocol", "supervisor-end"): ENDING,
    ("end-with-care", "end"): {"demands", "uncooperative", "harassment", "sexual"},
    ("end-with-care", "end-at-once"): {
        "threat", "profanity", "derogatory", "slur", "hate_speech", "sexist", "homophobic",
    },
    ("end-with-care", "supervisor-end"): ENDING,
    ("advise-and-warn", "advise-and-warn"): {"slur", "sexual", "sexist", "unnamed", "threat_other"},
    ("advise-and-warn", "end"): {"slur", "sexual", "sexist"},
    ("advise-and-warn", "supervisor-end"): ENDING,
}  # fmt: skip


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize(("name", "rung"), OPENS)
def test_the_grounds_that_open_a_rung_are_those_of_its_row(name: str, rung: str, ground: Ground) -> None:
    policy = load(name)
    others = {part for part in asdict(Requires()) if part != "ground"}
    s = Scene(without(policy, rung, tuple(others)), role=policy.find(rung).role)
    s.declare(ground)
    s.press(policy.find(rung).button)
    assert s.took(rung) == (ground in OPENS[name, rung])


def test_repeatable_rungs_are_repeatable_and_no_others() -> None:
    repeatable = {(name, rung.id) for name in shipped() for rung in load(name).rung if rung.repeatable}
    assert repeatable == {
        ("no-hang-up", "offer"),
        ("warm-transfer", "escalate"),
        ("hang-up-protocol", "redirect"),
        ("hang-up-protocol", "ask-leave"),
        ("hang-up-protocol", "ask-to-join"),
        ("end-with-care", "de-escalate"),
        ("end-with-care", "involve"),
        ("advise-and-warn", "supervisor"),
    }
