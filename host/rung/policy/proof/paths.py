"""How a class of states is come to: every way that a walk has found between two, and the shortest along them all.

A class has one member, however it was come to: what holds after the first way to it holds after each. So a way that is
found later, or by another walk, may shorten the way to everything behind it.
"""

from heapq import heappop, heappush
from itertools import count

from rung.policy.proof.moves import Moves

BEGINNING = 0  # of a call


class Paths:
    """The ways between the classes of all walks of one proof. Each class has a number of its own."""

    def __init__(self) -> None:
        self._leads: list[list[tuple[int, Moves]]] = [[]]

    def new(self) -> int:
        """The number of a class that was not known."""
        self._leads.append([])
        return len(self._leads) - 1

    def lead(self, source: int, moves: Moves, to: int) -> None:
        """These moves lead from one class to another."""
        self._leads[source].append((to, moves))

    def shortest(self) -> dict[int, Moves]:
        """To each class that a way leads to, by number: the fewest moves from the beginning of a call."""
        found: dict[int, Moves] = {}
        order = count()  # of two ways as short, the one that was found first
        ahead: list[tuple[int, int, int, Moves]] = [(0, next(order), BEGINNING, ())]
        while ahead:
            _, _, at, moves = heappop(ahead)
            if at not in found:
                found[at] = moves
                for to, more in self._leads[at]:
                    heappush(ahead, (len(moves) + len(more), next(order), to, (*moves, *more)))
        return found
