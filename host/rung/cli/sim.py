"""`rung sim link`: worlds of faults for the line between box and bridge."""

import os
import sys
import time

from rung.sim.link.canaries import CANARIES, is_caught
from rung.sim.link.checks import Breach
from rung.sim.link.many import Outcome, run_many
from rung.sim.link.world import World

BREACHES_TOLD = 20


def sim_link(seeds: int, first: int, jobs: int) -> bool:
    """Run so many worlds; True if no rule was broken and every canary was caught."""
    begun = time.monotonic()
    outcome = run_many(range(first, first + seeds), jobs or os.cpu_count() or 1, _progress)
    missed = [name for name in CANARIES if not is_caught(name)]
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in outcome.faults.most_common())
    print(f"worlds    {outcome.worlds:,}, seeds {first} to {first + seeds - 1}, {time.monotonic() - begun:.0f} s")
    print(f"presses   {outcome.presses:,} made, {outcome.recorded:,} recorded, {outcome.acted:,} acted on")
    print(f"faults    {outcome.faults.total():,}: {kinds}")
    print(f"breaches  {len(outcome.breaches)}")
    for seed, rule in outcome.breaches[:BREACHES_TOLD]:
        print(f"          {rule}; see it: rung sim link --seed {seed}")
    print(f"canaries  {len(CANARIES) - len(missed)} of {len(CANARIES)} caught", *[f"(not: {name})" for name in missed])
    return not outcome.breaches and not missed


def replay_link(seed: int) -> bool:
    """One world, step by step."""
    world = World(seed, tell=lambda now, text: print(f"{now / 1000:8.3f} s  {text}"))
    try:
        world.run()
    except Breach as breach:
        print(f"{world.now / 1000:8.3f} s  BREACH  {breach}")
        return False
    print(f"seed {seed}: {world.faults.total():,} faults, {world.book.pressed_count} presses, no breach")
    return True


def _progress(outcome: Outcome) -> None:
    if sys.stderr.isatty():
        print(f"\r{outcome.worlds:,} worlds, {len(outcome.breaches)} breaches", end="", file=sys.stderr, flush=True)
