"""A floor's own policies: one written by following host/POLICIES.md, and the small one that the document tells."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.policy.scene import EVE, FAY, GUS, Scene
from tests.policy.walked import walked

from rung import words as w
from rung.policy import Policy, load, next_change
from rung.policy.card import card
from rung.policy.checks import mistakes
from rung.policy.draw import svg
from rung.policy.library import PolicyError, parse
from rung.policy.proof import prove, proved, refusal, witness
from rung.words import Ground, Role, Verdict

FLOOR = str(Path(__file__).with_name("two-warnings.toml"))
DOC = (Path(__file__).parents[2] / "host" / "POLICIES.md").read_text(encoding="utf-8")
TOLD = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(FLOOR)


def warned_twice(policy: Policy, **who: object) -> Scene:
    s = Scene(policy, **who)  # type: ignore[arg-type]  # by name
    s.must("warn")  # declares `unnamed`
    s.talk().must("warn").talk()
    assert [t.rung for t in s.case.taken] == ["first-warning", "second-warning"]
    return s.declare("slur")


def test_it_is_played_to_its_end_by_leave(policy: Policy) -> None:
    s = warned_twice(policy)
    assert s.press("release").verdict == Verdict.REFUSED
    s.must("escalate")
    s.reply("grant")
    s.end()
    s.line("ended", "us")
    assert s.closed().how == "released"
    assert [d.duty for d in s.events(w.DutyDue) if isinstance(d, w.DutyDue)] == ["review"]


def test_without_any_supervisor_the_agent_may_end_after_two_warnings(policy: Policy) -> None:
    s = warned_twice(policy, present=())
    s.press("escalate")
    assert s.outcomes() == ["absent"]
    s.talk().end()
    assert s.hung_up()


def test_a_denial_leaves_the_transfer(policy: Policy) -> None:
    s = warned_twice(policy)
    s.must("escalate")
    s.reply("deny")
    assert "8 s more of talk" in s.press("release").why  # then leave may be asked for again
    s.must("escalate")
    assert s.case.ask is not None and s.case.ask.rung == "supervisor"


def test_an_ending_by_leave_that_the_phone_refuses_gives_the_leave_back(policy: Policy) -> None:
    s = warned_twice(policy)
    s.must("escalate")
    s.reply("grant")
    given = s.case.leave
    s.end()
    assert s.case.leave is None and s.case.leave_used
    s.put(w.EffectRefused(s.case.pending[0].effect.id, "cannot aim"))
    assert s.case.leave == given and not s.case.leave_used
    s.end()  # press again
    s.line("ended", "us")
    assert s.closed().how == "released"


@pytest.mark.parametrize("comes_to_nothing", ["decline", "take back", "accept"])
def test_an_ask_that_used_up_leave_gives_it_back_if_it_comes_to_nothing(comes_to_nothing: str, policy: Policy) -> None:
    needs = (replace(policy.find("supervisor").requires[0], leave="unused"),)
    rungs = (replace(r, requires=needs, repeatable=False) if r.id == "supervisor" else r for r in policy.rung)
    s = warned_twice(replace(policy, rung=tuple(rungs)))
    s.must("escalate")
    s.reply("grant")
    s.must("escalate")
    assert s.case.ask is not None and s.case.ask.rung == "supervisor" and s.case.leave is None
    if comes_to_nothing == "take back":
        s.must("escalate+warn", "chord")
    else:
        s.reply(comes_to_nothing)
    used = comes_to_nothing == "accept"  # then the supervisor is on the way
    assert s.case.leave_used == used and (s.case.leave is None) == used


def test_leave_stays_until_the_step_that_uses_it(policy: Policy) -> None:
    s = warned_twice(policy)
    s.must("escalate")
    s.reply("grant")
    s.must("escalate")  # to a supervisor after all
    assert s.case.leave is not None and not s.case.leave_used


def test_both_warnings_lapse(policy: Policy) -> None:
    s = warned_twice(policy)
    s.wait(600_000)
    assert s.press("escalate").verdict == Verdict.NOTHING  # a quiet ask: nothing has been said
    s.must("warn")
    assert s.case.taken[-1].rung == "first-warning"


def test_the_lamps_are_looked_at_again_when_a_warning_lapses(policy: Policy) -> None:
    s = Scene(policy).must("warn")
    taken = s.case.taken[0].at_ms
    s.wait(599_999)
    assert next_change(s.policy, s.desk) == taken + 600_000


def test_a_threat_ends_the_call_at_once_for_who_is_trained_and_has_its_own_words(policy: Policy) -> None:
    s = Scene(policy).declare("threat").must("release")
    assert s.took("end")
    s = Scene(policy, trained=False).declare("threat")
    assert s.press("release").verdict == Verdict.REFUSED


def test_the_supervisor_has_a_ladder_too(policy: Policy) -> None:
    s = Scene(policy, person="eve", role=Role.SUPERVISOR)
    s.talk().declare("hate_speech").must("warn").talk().end()
    assert s.hung_up()


def test_it_is_proved(policy: Policy) -> None:
    _, proof = walked(FLOOR)
    assert proof.holds, [(b.name, b.what, b.words) for b in proof.breaches]


def test_it_has_three_languages(policy: Policy) -> None:
    s = Scene(policy)
    s.put(w.LanguageChosen("fr"))
    assert s.case.language == "fr"
    page = card(policy, "fr")
    assert all(policy.translated(rung.title, "fr") in page for rung in policy.rung)
    assert "Je veux vous aider." in page and svg(policy)


# -- the one in the document ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told() -> Policy:
    assert len(TOLD) == 1
    return parse(TOLD[0], "POLICIES.md")


def test_the_policy_in_the_document_loads_and_runs(told: Policy) -> None:
    s = Scene(told, present=(EVE, FAY, GUS)).declare("profanity").must("warn").talk()
    assert s.press("release").verdict == Verdict.REFUSED
    s.must("escalate")
    for who in (EVE, FAY, GUS):
        s.reply("busy", who)
    s.line("up")
    s.talk().end()
    assert s.hung_up()
    s = Scene(told, person="eve", role=Role.SUPERVISOR).talk().declare("threat").must("warn").talk().end()
    assert s.hung_up()


def test_the_policy_of_the_bench_is_proved() -> None:
    """Else `rung run` would refuse it, and nothing could be measured."""
    bench = load(str(Path(__file__).parents[1] / "bench" / "end.toml"))
    assert proved(bench, "end.toml") is bench


def test_the_policy_in_the_document_is_proved(told: Policy) -> None:
    assert proved(told, "POLICIES.md") is told


def test_where_nothing_is_waited_for_before_more_are_asked_all_are_asked_at_once(told: Policy) -> None:
    s = Scene(parse(TOLD[0].replace("wait = 8", "wait = 8\nwiden_after = 0"), "own.toml")).must("escalate")
    s.put(w.Tick())
    assert s.case.ask is not None and set(s.case.ask.to) == {EVE.desk, FAY.desk, GUS.desk}


LACKING = [  # What no floor may leave out of a supervisor's steps: what is taken out, and what is said of it.
    ("on_call = true, ", "rung[3] (supervisor-warn).requires[0].on_call: a supervisor listens before they warn; set"),
    (
        ', attested = "any"',
        "rung[3] (supervisor-warn).requires[0].attested: a supervisor warns of what they have heard",
    ),
    ('requires = [{ on_call = true, attested = "any" }]', "rung[3] (supervisor-warn).requires[0].on_call: a superv"),
    (
        'taken = ["supervisor-warn"], ',
        "rung[4] (supervisor-end).requires[0].taken: a supervisor ends only after a warning",
    ),
    (", persisted = true, ground", "rung[4] (supervisor-end).requires[0].persisted: a supervisor ends only what went"),
]


@pytest.mark.parametrize(("out", "begins"), LACKING, ids=[begins for _, begins in LACKING])
def test_a_supervisors_steps_ask_for_what_every_floors_do(out: str, begins: str) -> None:
    assert TOLD[0].count(out) == 1
    with pytest.raises(PolicyError) as mistake:
        parse(TOLD[0].replace(out, ", ground" if out.endswith("ground") else ""), "own.toml")
    assert str(mistake.value).startswith(f"own.toml: {begins}")


def test_a_supervisors_ending_names_their_own_warning(told: Policy) -> None:
    said = dict(mistakes(agents_warning(told, "warn")))["rung[4] (supervisor-end).requires[0].taken"]
    assert said.endswith("name it here: supervisor-warn")
    unwarned = replace(told, rung=tuple(r for r in agents_warning(told, "warn").rung if r.id != "supervisor-warn"))
    said = dict(mistakes(unwarned))["rung[3] (supervisor-end).requires[0].taken"]
    assert said.endswith("add such a rung, with warns = true, and name it here")


@pytest.mark.parametrize(
    ("rung", "button", "role", "least_s", "told_at"),
    [
        (
            "warn",
            "release",
            Role.AGENT,
            12,
            "rung[2] (end).requires[0].taken: never holds: 'warn' lapses after 12 s, be",
        ),
        ("supervisor-warn", "release", Role.SUPERVISOR, 12, "rung[4] (supervisor-end).requires[0].taken: never holds"),
        ("warn", "escalate", Role.AGENT, 8, "rung[1] (supervisor).requires[0].taken: never holds: 'warn' lapses aft"),
    ],
)
def test_what_lapses_outlasts_the_waits_that_count_from_it(
    rung: str, button: str, role: Role, least_s: int, told_at: str
) -> None:
    text = TOLD[0].replace("unavailable = true, ", "")
    if button == "escalate":
        text = text.replace("repeatable = true", 'requires = [{ taken = ["warn"], persisted = true }]')
        text = text.replace("persisted = true, ground", "ground", 1)
    there = f'id = "{rung}"\n'
    for seconds in (0.5, least_s):
        with pytest.raises(PolicyError) as mistake:
            parse(text.replace(there, f"{there}lapses_after = {seconds}\n"), "own.toml")
        assert str(mistake.value).startswith(f"own.toml: {told_at}".replace("12 s", f"{seconds:g} s"))
    policy = parse(text.replace(there, f"{there}lapses_after = {least_s + 0.5}\n"), "own.toml")
    s = Scene(policy, role=role).talk().declare("profanity").must("warn").talk()
    if button == "escalate":
        assert s.must("escalate").case.ask is not None
    else:
        assert s.end().hung_up()


def test_a_warning_that_lapses_waits_long_enough_for_nobody_to_come(told: Policy) -> None:
    """All are busy at once: the ending is reached in time by that, if not by waiting for an answer."""
    text = (
        TOLD[0].replace('    { ground = ["threat"] },\n', "").replace('id = "warn"', 'id = "warn"\nlapses_after = 60')
    )
    policy = parse(text, "own.toml")
    assert len(policy.find("end").requires) == 1 and policy.find("warn").lapses_after == 60
    assert proved(policy, "own.toml") is policy


def test_a_warning_that_lapses_may_be_given_once_more_before_the_end(told: Policy) -> None:
    """It does not outlast two waits of 8 s and the announcement, but the second may count from a new warning."""
    text = (
        TOLD[0].replace('    { ground = ["threat"] },\n', "").replace('id = "warn"', 'id = "warn"\nlapses_after = 19')
    )
    text = text.replace("repeatable = true", 'repeatable = true\nrequires = [{ taken = ["warn"], persisted = true }]')
    text = text.replace('requires = [{ ground = "any" }]', 'repeatable = true\nrequires = [{ ground = "any" }]', 1)
    policy = parse(text, "own.toml")
    assert proved(policy, "own.toml") is policy


def agents_warning(told: Policy, rung: str) -> Policy:
    """Its supervisors end after this warning."""
    *rest, ending = told.rung
    needs = tuple(replace(need, taken=(rung,)) for need in ending.requires)
    return replace(told, rung=(*rest, replace(ending, requires=needs)))


def test_a_ladder_without_a_supervisors_step_is_one_mistake(told: Policy) -> None:
    [(where, mistake)] = mistakes(replace(told, rung=tuple(r for r in told.rung if r.role == Role.AGENT)))
    assert where == "rung" and mistake.startswith("a supervisor has no step") and mistake.endswith("warning and ending")


def never_warned(told: Policy) -> Policy:
    """Its supervisors end without having warned."""
    ending = next(r for r in told.rung if r.role == Role.SUPERVISOR and r.does == "end")
    needs = tuple(replace(need, taken=(), persisted=False) for need in ending.requires)
    return replace(told, rung=tuple(replace(r, requires=needs) if r is ending else r for r in told.rung))


def test_a_policy_that_fails_its_proof_is_refused_with_the_way_there(told: Policy) -> None:
    with pytest.raises(PolicyError, match=r"own\.toml: no_supervisors_ending_without.*way there: .*hold release"):
        proved(never_warned(told), "own.toml")


def test_what_does_not_come_about_is_never_told_as_true(told: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    unlike = replace(never_warned(told), name="played-and-nothing-came-of-it")
    monkeypatch.setattr(witness, "TRIED", 0)
    with pytest.raises(PolicyError, match=r"nothing wrong was found, but it cannot be proved.*too coarse"):
        proved(unlike, "own.toml")


def test_a_policy_with_too_many_states_is_refused(told: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(told, name="small")
    monkeypatch.setattr(refusal, "prove", lambda policy: prove(policy, most=5))
    with pytest.raises(PolicyError, match=r"too many states .*simplify it"):
        proved(small, "own.toml")


def test_the_second_line_of_its_ending_is_another_way(told: Policy) -> None:
    s = Scene(told).declare("threat").end()
    assert s.hung_up()


def test_the_document_names_every_ground_with_its_meaning() -> None:
    table = DOC[DOC.index("| ground |") :].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|$", table, re.MULTILINE))
    assert list(rows) == list(Ground) and all(rows.values())
