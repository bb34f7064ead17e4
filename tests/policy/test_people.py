"""What managers and agents read of a policy: tables in words, drawings, comparisons."""

import xml.etree.ElementTree as ET

import pytest
from msgspec.structs import replace as changed

from rung.policy import Policy, Times, load
from rung.policy.diff import diff
from rung.policy.draw import mermaid, svg
from rung.policy.graph import END, START, edges
from rung.policy.library import shipped
from rung.policy.phrases import opens
from rung.words import Role

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
