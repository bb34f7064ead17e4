"""The proof of the five, and how far it has walked: what it told apart, by which moves, how many classes and steps.

A proof that quietly walks less holds less, and finds nothing wrong. `proved.txt` holds the numbers. After a change that
is meant, read what `python -m tests.policy.test_proved` prints and keep it.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.policy.walked import POLICIES, TWO_WARNINGS, walked

KEPT = Path(__file__).with_name("proved.txt")
MOVE_BY_MOVE = ("hang-up-protocol", TWO_WARNINGS)  # between them they have all that a policy may ask for


def told(name: str) -> Iterator[str]:
    walks, proof = walked(name)
    yield f"## {Path(name).stem}"
    yield from proof.fold
    for one in proof.walked:
        yield f"{one.name}: {one.states} classes, {one.steps} steps"
    if name not in MOVE_BY_MOVE:
        return
    shortest = walks.paths.shortest()
    for part, walk in {id(walk): (part, walk) for part, (walk, _) in reversed(walks.parts.items())}.values():
        leads = Counter(" > ".join(move.words for move in moves) for node in walk.nodes for moves in node.leads)
        last = Counter(" > ".join(move.words for move in shortest[node.number][-1:]) for node in walk.nodes)
        yield f"{part}: at most {max(len(shortest[node.number]) for node in walk.nodes)} moves to a class"
        for moves in sorted(leads | last):
            yield f"  {moves or 'a call comes'}: leads on {leads[moves]}, the last of {last[moves]} shortest ways"


@pytest.mark.parametrize("name", POLICIES, ids=lambda name: Path(name).stem)
def test_every_property_holds(name: str) -> None:
    _, proof = walked(name)
    assert proof.holds, [(b.name, b.what, b.words) for b in proof.breaches]


@pytest.mark.parametrize("name", POLICIES, ids=lambda name: Path(name).stem)
def test_the_proof_walks_as_far_as_is_written(name: str) -> None:
    kept = KEPT.read_text().split("\n\n")
    assert "\n".join(told(name)) in [part.strip() for part in kept]


@pytest.mark.parametrize("name", POLICIES, ids=lambda name: Path(name).stem)
def test_every_class_has_its_way_and_none_that_was_walked_shortens_it(name: str) -> None:
    walks, _ = walked(name)
    ways = walks.paths.shortest()
    for one in dict.fromkeys(each for each, _ in walks.parts.values()):
        for node in one.nodes:
            here = len(ways[node.number])
            assert all(len(ways[one.nodes[to].number]) <= here + len(moves) for moves, to in node.leads.items())


if __name__ == "__main__":
    print("\n\n".join("\n".join(told(name)) for name in POLICIES))
