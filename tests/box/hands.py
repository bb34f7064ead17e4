"""Presses, the steps that they make, and what the policy's words say must come of them, told a second time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

ESCALATE, WARN, RELEASE = range(3)

Step = list[object]


class Press(NamedTuple):
    """One button, pressed and let go."""

    button: int
    down: int
    up: int


def steps(presses: Iterable[Press], bounce: random.Random | None = None) -> list[Step]:
    """The edges of these presses; with `bounce`, each with chatter of up to 5 ms after it."""
    edges: list[tuple[int, int, bool]] = []
    for press in presses:
        for ms, level in ((press.down, True), (press.up, False)):
            edges.append((ms, press.button, level))
            chatter = sorted(ms + bounce.randint(0, 5) for _ in range(2 * bounce.randrange(4))) if bounce else []
            edges += [(at, press.button, level == bool(index % 2)) for index, at in enumerate(chatter)]
    return [[ms, "edge", button, level] for ms, button, level in sorted(edges, key=lambda edge: edge[0])]


def expected(presses: Sequence[Press]) -> list[tuple[str, str, int]]:
    """(buttons, gesture, ms of the completing edge) of what must be sent, in the order of those edges."""
    chorded: set[Press] = set()  # presses that are part of a chord or came while one was still held
    sent: list[tuple[str, str, int]] = []
    naming: set[Press] = set()  # presses that name a ground, if they are short
    for press in sorted(presses, key=lambda press: press.down):
        if press.button != RELEASE:
            if any(earlier.up > press.down for earlier in chorded):
                chorded.add(press)
                continue
            before = [p for p in presses if p.button == 1 - press.button and p.down <= press.down and p != press]
            partner = max(before, key=lambda p: p.down, default=None)
            is_over = partner in naming and partner.up <= press.down  # it has had its say
            if partner and partner not in chorded and press.down - partner.down <= 150 and not is_over:
                chorded |= {press, partner}
                sent.append(("EW", "c", press.down))
                continue
        if any(_names(hold, press, presses) for hold in presses if hold not in chorded):
            naming.add(press)
    for press in presses:
        if press not in chorded:
            sent += named(press) if press in naming else alone(press)
    return sorted(sent, key=lambda item: (item[2], item[0]))


def _names(hold: Press, press: Press, presses: Sequence[Press]) -> bool:
    """Whether a press that begins after warn was held for 1 s belongs to that hold."""
    if hold.button != WARN or hold.up - hold.down < 1000:
        return False
    if press.button != WARN:
        return hold.down + 1000 <= press.down < hold.up
    others = [p for p in presses if p != hold and hold.down + 1000 <= p.down < press.down]
    return hold.up < press.down < hold.up + 600 and not others


def named(press: Press) -> list[tuple[str, str, int]]:
    """What one press makes that was begun to name a ground."""
    held = press.up - press.down
    if held < (2000, 1000, 700)[press.button]:
        return [("W" + "EWR"[press.button], "h", press.up)]
    return alone(press) if press.button == ESCALATE else []


def alone(press: Press) -> list[tuple[str, str, int]]:
    """What one press makes that is no part of a chord."""
    held = press.up - press.down
    if press.button == ESCALATE:
        return [("E", "t", press.up) if held < 2000 else ("E", "h", press.down + 2000)]
    if press.button == WARN:
        return [("W", "t", press.up)] if held < 1000 else []
    if held < 700:
        return [("R", "t", press.up)]
    return [("R", "h", press.up)] if 1500 <= held <= 5000 else []
