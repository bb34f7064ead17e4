"""Many worlds, side by side, and what came of them."""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from rung.sim.link.checks import Breach
from rung.sim.link.world import World

PORTION = 25  # worlds that one process runs at a time


@dataclass
class Outcome:
    """Sums over worlds."""

    worlds: int = 0
    presses: int = 0
    recorded: int = 0
    acted: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    breaches: list[tuple[int, str]] = field(default_factory=list)  # seed, rule

    def add(self, other: "Outcome") -> None:
        self.worlds += other.worlds
        self.presses += other.presses
        self.recorded += other.recorded
        self.acted += other.acted
        self.faults += other.faults
        self.breaches += other.breaches


def run_worlds(seeds: Iterable[int]) -> Outcome:
    """One after another, in this process."""
    outcome = Outcome()
    for seed in seeds:
        world = World(seed)
        try:
            world.run()
        except Breach as breach:
            outcome.breaches.append((seed, str(breach)))
        except Exception as error:  # an end must stand whatever comes
            outcome.breaches.append((seed, f"an end failed: {error!r}"))
        book = world.book
        recorded = sum(book.recorded.values())
        outcome.add(Outcome(1, book.pressed_count, recorded, len(book.acted), world.faults))
    return outcome


def run_many(seeds: range, jobs: int, tell: Callable[[Outcome], None] = lambda outcome: None) -> Outcome:
    """On so many processes; `tell` hears of the sums so far."""
    outcome = Outcome()
    portions = [seeds[at : at + PORTION] for at in range(0, len(seeds), PORTION)]
    if jobs == 1:
        for portion in portions:
            outcome.add(run_worlds(portion))
            tell(outcome)
        return outcome
    with ProcessPoolExecutor(jobs) as pool:
        for result in pool.map(run_worlds, portions):
            outcome.add(result)
            tell(outcome)
    return outcome
