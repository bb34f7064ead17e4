"""Both ends against each other in worlds of faults, and canaries that show that the checks can fail."""

from __future__ import annotations

import os
from typing import Any

import pytest
from typer.testing import CliRunner

from rung.cli import sim
from rung.cli.app import app
from rung.sim.link.canaries import CANARIES, is_caught
from rung.sim.link.many import run_many, run_worlds
from rung.sim.link.world import World
from rung_wire import frame, seal, ticks
from rung_wire.box import BoxLink
from rung_wire.host import HostLink
from rung_wire.link import Link

SEEDS = int(os.environ.get("RUNG_WIRE_SEEDS", "200"))  # more of them before a release: rung sim link --seeds 10000
CANARY_SEEDS = range(200)


def test_no_rule_is_broken_in_any_world() -> None:
    """Seeds that are always the same, so that a failure is the change's."""
    outcome = run_many(range(SEEDS), jobs=2)
    assert outcome.breaches == []
    assert outcome.worlds == SEEDS


def test_no_rule_is_broken_in_worlds_nobody_has_seen(seed: int) -> None:
    outcome = run_worlds(range(seed, seed + 25))
    assert outcome.breaches == [], "see it: rung sim link --seed"


def test_the_faults_do_happen() -> None:
    """A world in which nothing goes wrong would prove nothing."""
    told: list[str] = []
    ends: dict[type[Link], list[Link]] = {HostLink: [], BoxLink: []}

    class Host(HostLink):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            ends[HostLink].append(self)

    class Box(BoxLink):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            ends[BoxLink].append(self)

    worlds = [World(seed, Host, Box, tell=lambda now, text: told.append(text)).run() for seed in range(30)]
    kinds = ("lost", "repeated", "reordered", "flipped", "split", "noise", "added", "cut off", "overrun")
    acts = ("reset", "kill", "killed", "bye", "stall", "unplug", "replay", "forge", "slow record")
    for kind in kinds + acts:
        assert sum(world.faults[kind] for world in worlds) > 0, kind
    assert sum(world.faults.total() for world in worlds) > 100 * len(worlds)
    for end in ("box", "host"):
        assert f"world   the {end} stands still for 20000 ms" in told
    assert any(world.box_now(0) > world.box_now() for world in worlds), "a clock has wrapped"
    assert min(world._drift_ppm for world in worlds) < -5_000 and max(world._drift_ppm for world in worlds) > 5_000
    assert any(world.to_box._drips for world in worlds) and any(world.to_host._drips for world in worlds)
    for counter in ("bad_frames", "noise_bytes", "strays", "unproven"):
        for end, links in ends.items():
            assert sum(getattr(link, counter) for link in links) > len(worlds), (end, counter)
    books = [world.book for world in worlds]
    assert sum(len(book.recorded) for book in books) > len(worlds)  # more than one boot each
    assert sum(sum(book.recorded.values()) for book in books) > 10 * len(worlds)
    assert sum(len(book.acted) for book in books) > 3 * len(worlds)
    assert sum(book.results for book in books) > 3 * len(worlds)


def test_a_seed_repeats_its_world() -> None:
    first, second = World(7), World(7)
    told: list[list[str]] = [[], []]
    for world, lines in zip((first, second), told, strict=True):
        world._tell = lambda now, text, lines=lines: lines.append(f"{now} {text}")
        world.run()
    assert told[0] == told[1] and len(told[0]) > 100


@pytest.mark.parametrize("name", CANARIES)
def test_every_canary_is_caught(name: str) -> None:
    said: list[str] = []
    assert is_caught(name, told=said.append), said


def caught() -> bool:
    return any(run_worlds([seed]).breaches for seed in CANARY_SEEDS)


def test_canary_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """With neither sum nor tag, broken frames get through."""
    monkeypatch.setattr(frame, "_crc", lambda body: b"00000000")
    monkeypatch.setattr(seal.Key, "tag", lambda self, text: "AAAAAAAA")
    assert caught()


def test_canary_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain subtraction is wrong where the clock of a box wraps."""
    monkeypatch.setattr(ticks, "diff", lambda later, earlier: later - earlier)
    assert caught()


def test_the_command_tells_its_sums_and_replays_a_world() -> None:
    said = CliRunner().invoke(app, ["sim", "link", "--seeds", "30", "--jobs", "2"])
    assert said.exit_code == 0, said.output
    assert "worlds    30, seeds 0 to 29" in said.output and "breaches  0" in said.output
    assert f"{len(CANARIES)} of {len(CANARIES)} caught" in said.output
    one = CliRunner().invoke(app, ["sim", "link", "--seed", "3"])
    assert one.exit_code == 0 and "world   heals" in one.output and "no breach" in one.output


def test_the_command_tells_a_breach_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim, "CANARIES", {})
    monkeypatch.setattr(World, "_press", lambda world: world.book.pressed(0, ("E", "t", 0), 0))
    said = CliRunner().invoke(app, ["sim", "link", "--seeds", "2", "--jobs", "1"])
    assert said.exit_code == 1
    assert "presses are not numbered in their order; see it: rung sim link --seed 0" in said.output
    one = CliRunner().invoke(app, ["sim", "link", "--seed", "0"])
    assert one.exit_code == 1 and "BREACH" in one.output
