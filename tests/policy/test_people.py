"""What managers and agents read of a policy: tables in words, drawings, comparisons."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from tests.policy.scene import Scene

from rung.policy import Policy, Times, load
from rung.policy.checks import mistakes
from rung.policy.diff import diff
from rung.policy.draw import mermaid, svg
from rung.policy.graph import END, START, edges
from rung.policy.language import Requires, Rung
from rung.policy.library import shipped
from rung.policy.phrases import opens
from rung.words import Button, Ground, Role, Verdict

SVG = "{http://www.w3.org/2000/svg}"


def rung(policy: Policy, id: str, **changes: object) -> Policy:
    rungs = tuple(changed(r, **changes) if r.id == id else r for r in policy.rung)
    return changed(policy, rung=rungs)


# -- drawings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_every_rung_is_in_the_diagram_and_can_be_reached(name: str) -> None:
    policy = load(name)
    for role in Role:
        found = edges(policy, role)
        reached = {START}
        for _ in policy.rung:
            reached |= {e.target for e in found if e.source in reached}
        assert reached - {START, END} == {r.id for r in policy.rung if r.role == role}
        assert {e.source for e in found if e.target == END} == {
            r.id for r in policy.rung if r.role == role and r.does == "end"
        }


@pytest.mark.parametrize("name", shipped())
def test_the_drawing_is_well_formed_and_names_every_rung_and_what_it_needs(name: str) -> None:
    policy = load(name)
    root = ET.fromstring(svg(policy))
    text = " ".join("".join(t.itertext()) for t in root.iter(f"{SVG}text"))
    written = "".join("".join(t.itertext()).replace(" ", "") for t in root.iter(f"{SVG}text"))
    for step in policy.rung:
        assert step.title in text
        assert opens(policy, step).replace(" ", "") in written
    assert all(f"as rung_{''.join(c if c.isalnum() else '_' for c in r.id)}" in mermaid(policy) for r in policy.rung)


def test_a_drawing_shows_titles_that_are_no_markup() -> None:
    policy = rung(load("no-hang-up"), "offer", title='Offer <a> & "b"')
    assert 'Offer <a> & "b"' in "".join(ET.fromstring(svg(policy)).itertext())


@settings(max_examples=30)
@given(st.text(st.sampled_from("a<&\"' \t\n\x00\x85\u2028\u202e\uffff:{}-%") | st.characters(), max_size=6))
def test_whatever_title_a_file_may_have_its_drawings_hold(title: str) -> None:
    policy = rung(changed(load("no-hang-up"), title=title, name=title), "offer", title=title)
    if not list(mistakes(policy)):
        assert ET.fromstring(svg(policy)).tag.endswith("svg")
        assert len(mermaid(policy).split("\n")) == len(mermaid(load("no-hang-up")).split("\n"))


CARE = load("end-with-care")


def test_a_way_names_every_step_that_must_have_been_taken() -> None:
    """One arrow comes from one step; what else has to be taken before is written beside it."""
    ways = {(e.source, e.label) for e in edges(CARE, Role.AGENT) if e.target == "end"}
    assert {source: label.partition(", ")[0] for source, label in ways} == {
        "involve": "release: after “De-escalate”",
        "de-escalate": "release: attested as not necessary",
    }


def test_a_step_that_needs_one_of_the_other_ladder_is_drawn() -> None:
    need = changed(CARE.find("supervisor-end").requires[0], taken=("supervisor-warn", "de-escalate"))
    policy = rung(CARE, "supervisor-end", requires=(need,))
    [way] = [e for e in edges(policy, Role.SUPERVISOR) if e.target == "supervisor-end"]
    assert way.source == "supervisor-warn" and way.label.startswith("release: after “De-escalate”, persisted")
    ET.fromstring(svg(policy))
    for need in ({"leave": "unused"}, {"unavailable": True}, {"involved": True}, {"taken": ("de-escalate",)}):
        other = rung(CARE, "supervisor-warn", requires=(changed(CARE.find("supervisor-warn").requires[0], **need),))
        assert START in {e.source for e in edges(other, Role.SUPERVISOR) if e.target == "supervisor-warn"}


def test_a_drawing_tells_what_lapses_and_what_stays_open_while_leave_is_asked() -> None:
    policy = rung(rung(CARE, "de-escalate", lapses_after=600.0), "end-at-once", while_asking=True)
    for special in ("lapses after 600 s", "also while leave is asked"):
        assert special in mermaid(policy) and special in "".join(ET.fromstring(svg(policy)).itertext())


def test_an_arrow_to_a_step_further_down_goes_down() -> None:
    """Each turn is at the height of one of its ends, or between them."""
    for policy in (CARE, changed(CARE, rung=tuple(reversed(CARE.rung)))):
        for path in ET.fromstring(svg(policy)).iter(f"{SVG}path"):
            if path.get("fill") == "none":
                y1, turned, y2 = (
                    int(found)
                    for found in re.findall(r"M\d+,(\d+)|V(\d+)|,(\d+) H\d+$", path.get("d", ""))
                    for found in found
                    if found
                )
                assert min(y1, y2) <= turned <= max(y1, y2), path.get("d")


def test_what_is_too_long_for_a_box_is_written_smaller() -> None:
    title = "Listen to the caller, and tell them in your own words what you can do"
    drawn = ET.fromstring(svg(rung(CARE, "de-escalate", title=title)))
    [size] = [float(t.get("font-size", 13)) for t in drawn.iter(f"{SVG}text") if t.text == title]
    assert size * len(title) < 13 * 35


def test_one_of_several_ways_that_needs_two_things_is_told_as_one() -> None:
    needs = CARE.find("end").requires
    policy = rung(CARE, "end", requires=(needs[0], changed(needs[1], trained=True)))
    assert opens(policy, policy.find("end")).endswith(
        "; a supervisor is involved, or no supervisor could be had and a valid training"
    )


# -- differences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_a_policy_does_not_differ_from_itself(name: str) -> None:
    assert diff(load(name), load(name)) == []


def texts(a: Policy, b: Policy, kind: str) -> str:
    return "\n".join(change.text for change in diff(a, b) if change.kind == kind)


def test_what_becomes_allowed_one_way_becomes_forbidden_the_other() -> None:
    a = load("warm-transfer")
    release = a.find("release")
    looser = rung(a, "release", requires=(changed(release.requires[0], persisted=False),))
    assert texts(a, looser, "allowed") == "Release the call (agent, release) without: it went on for 5 s of talk"
    assert texts(looser, a, "forbidden") == texts(a, looser, "allowed")
    fewer = changed(a, grounds={"ending": tuple(g for g in a.grounds["ending"] if g != "rudeness")})
    assert "the agent can no longer end a call for rudeness" in texts(a, fewer, "forbidden")
    assert "the agent can end a call also for rudeness" in texts(fewer, a, "allowed")


def test_whole_policies_differ_in_who_may_end() -> None:
    agent_never, agent_may = load("no-hang-up"), load("hang-up-protocol")
    assert "the agent can end a call: for profanity" in texts(agent_never, agent_may, "allowed")
    assert "the agent can no longer end a call" in texts(agent_may, agent_never, "forbidden")
    assert "Ask leave to warn (agent, escalate): this step is gone" in texts(agent_may, agent_never, "forbidden")
    assert "due: incident report after a call that a rung ended" in texts(agent_never, agent_may, "changed")


def test_times_buttons_and_order_are_told() -> None:
    a = load("warm-transfer")
    assert texts(a, changed(a, times=Times(wait=8)), "changed") == "wait: 5 s → 8 s"
    assert "the order of the steps" in texts(a, changed(a, rung=tuple(reversed(a.rung))), "changed")
    assert "repeatable" in texts(a, rung(a, "warn", repeatable=True), "changed")
    assert "says something else" in texts(a, rung(a, "warn", script={"en": "No."}), "changed")


@pytest.mark.parametrize("name", shipped())
def test_a_longer_wait_is_one_line_whatever_the_steps_need(name: str) -> None:
    a = load(name)
    assert [change.text for change in diff(a, changed(a, times=Times(wait=12)))] == ["wait: 5 s → 12 s"]


def test_another_button_another_way_and_other_alternatives_are_told() -> None:
    a = load("end-with-care")
    assert texts(a, rung(a, "involve", does="join"), "changed") == (
        "Involve a supervisor (agent, escalate): escalate, asks a supervisor into the call, without hold; "
        "was escalate, asks a supervisor, who takes the call, advises or declines"
    )
    fewer = rung(a, "end", requires=a.find("end").requires[:2])
    assert [change.kind for change in diff(a, fewer)] == ["forbidden"]
    told = (
        "End the call (agent, release) with: after “De-escalate”; it went on for 5 s of talk; attested, with the reason"
    )
    assert texts(a, fewer, "forbidden").startswith(told) and texts(fewer, a, "allowed").startswith(told)


def test_an_alternative_that_a_wider_one_holds_is_no_change() -> None:
    """Also where it asks for a set of the same grounds by another name, and where it is told twice."""
    a = load("end-with-care")
    first, *others = a.find("end").requires
    wider = rung(a, "end", requires=(changed(first, involved=False, ground=("harassment",)), first, *others))
    assert [change.kind for change in diff(a, wider)] == ["allowed"]
    same = changed(rung(a, "end", requires=(first, changed(first, persisted=True, trained=True), *others)))
    assert diff(a, same) == diff(same, a) == []
    named = changed(a, grounds={**a.grounds, "care": a.grounds["after_care"]})
    renamed = rung(named, "end", requires=(changed(first, ground="care"), *others))
    assert diff(a, renamed) == []


def test_another_title_changes_nothing_but_the_title() -> None:
    a = load("warm-transfer")
    assert [change.text for change in diff(a, rung(a, "warn", title="Ask for calm"))] == [
        "Ask for calm (agent, warn): Ask for calm; was Warn the caller"
    ]


def test_what_a_new_step_comes_before_is_told() -> None:
    a = load("warm-transfer")
    first = changed(a.find("warn"), id="listen", title="Listen", lapses_after=60.0, requires=(Requires(),))
    text = texts(a, changed(a, rung=(first, *a.rung)), "allowed")
    assert text.startswith(
        "Listen (agent, warn): new, before “Warn the caller”; lapses after 60 s; says it; “it went on”"
    )


SILENT = {
    "name",
    "version",
    "title",
    "translations",
    "rung",
    "must_say",
    "must_not_say",
    "id",
    "role",
}  # told otherwise
OTHERS: dict[type, dict[str, object]] = {
    Rung: {
        "title": "Another",
        "button": Button.ESCALATE,
        "does": "transfer",
        "script": {"en": "Another."},
        "variant": (),
        "requires": (Requires(trained=True),),
        "repeatable": True,
        "lapses_after": 60.0,
        "warns": True,
        "while_asking": True,
        "attests": ("heard out",),
        "tick": ({"en": "listened"},),
        "play": True,
    },
    Requires: {
        "ground": (Ground.OTHER,),
        "after": "redirect",
        "attested": "any",
        "taken": ("redirect",),
        "persisted": False,
        "on_call": True,
        "leave": "none",
        **dict.fromkeys(("unavailable", "involved", "not_necessary", "trained"), True),
    },
    Times: dict.fromkeys(("wait", "say_time", "answer_within", "widen_after"), 7.5),
    Policy: {
        "grounds": {**load("hang-up-protocol").grounds, "ending": (Ground.OTHER,)},
        "common_grounds": (Ground.SLUR, Ground.THREAT, Ground.SEXUAL),
        "times": Times(wait=7),
        "duty": (),
    },
}


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, all in OTHERS.items() for key in all])
def test_whatever_people_notice_is_told(kind: type, key: str) -> None:
    a, other = load("hang-up-protocol"), {key: OTHERS[kind][key]}
    end = a.find("end")
    b = {
        Policy: lambda: changed(a, **other),
        Times: lambda: changed(a, times=changed(a.times, **other)),
        Rung: lambda: rung(a, "warn" if key == "variant" else "end", **other),
        Requires: lambda: rung(a, "end", requires=(changed(end.requires[0], **other),)),
    }[kind]()
    assert diff(a, b) and diff(b, a)
    two = rung(a, "end", requires=(end.requires[0], Requires(ground=(Ground.THREAT,), trained=True)))
    if kind is Requires:
        more = rung(a, "end", requires=(*b.find("end").requires, two.find("end").requires[1]))
        assert diff(two, more) and diff(more, two)


@pytest.mark.parametrize("kind", OTHERS)
def test_no_key_of_the_language_is_forgotten(kind: type) -> None:
    fields = {field.name for field in msgspec.structs.fields(kind)}
    assert set(OTHERS[kind]) - {"title"} == fields - SILENT


def test_the_press_that_shows_what_becomes_allowed() -> None:
    a = load("hang-up-protocol")
    b = rung(a, "end", requires=(*a.find("end").requires, Requires(ground=(Ground.SLUR,), taken=("redirect",))))
    [told] = diff(a, b)
    assert told.kind == "allowed" and told.text.endswith("with: after “Redirect the caller”; a ground: slur")
    for policy, verdict in ((a, Verdict.REFUSED), (b, Verdict.TAKEN)):
        assert Scene(policy).declare("slur").must("warn").press("release").verdict == verdict


def test_grounds_that_are_asked_for_or_no_longer_are_told() -> None:
    a = load("advise-and-warn")
    need = a.find("end").requires[0]
    earlier = rung(a, "end", requires=(changed(need, after=None),))
    assert texts(a, earlier, "allowed") == "End the call (agent, release): the ground may be an earlier one"
    assert "must have been declared after advise-and-warn" in texts(earlier, a, "forbidden")
    warn = a.find("advise-and-warn")
    bare = rung(a, "advise-and-warn", requires=(changed(warn.requires[0], ground=None),))
    without = "Advise and warn (agent, warn) without a ground: unnamed, slur, sexual remarks, sexist remarks"
    assert without in texts(a, bare, "allowed") and without in texts(bare, a, "forbidden")
    more = rung(a, "advise-and-warn", requires=(changed(warn.requires[0], ground="any"),))
    assert "Advise and warn (agent, warn) for rudeness, profanity" in texts(a, more, "allowed")


def test_duties_that_come_and_go_are_told() -> None:
    a, b = load("advise-and-warn"), load("end-with-care")
    said = texts(a, b, "changed")
    assert "no longer due: breather of 5 min after a call on which a ground was named" in said
    assert "due: a block may be proposed after a call on which a ground was named (harassment)" in said


def test_texts_in_the_drawing_never_lie_over_each_other() -> None:
    a = load("end-with-care")
    many = tuple(changed(n, ground=tuple(Ground)[k : k + 6]) for k, n in enumerate(a.find("end").requires * 4))
    for policy in (*map(load, shipped()), rung(a, "end", requires=many)):
        lines = re.findall(r'<tspan x="(\d+)" y="(\d+)"', svg(policy))
        places = sorted((int(x), int(y)) for x, y in lines)
        assert len(places) > 2
        for (x, y), (other_x, other_y) in pairwise(places):
            assert other_x > x or other_y >= y + 16, policy.name
