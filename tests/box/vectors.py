"""How a press is read, case by case: the steps and what is sent. Played on CPython and on the real MicroPython."""

from __future__ import annotations

from typing import NamedTuple

from tests.box.hands import ESCALATE, RELEASE, WARN, Press, Step, steps

Sent = list[list[object]]


class Vector(NamedTuple):
    """A play (see `replay.py`) and what it sends: buttons, gesture, epoch, ms of the edge, ms of sending."""

    steps: list[Step]
    sent: Sent
    refused: tuple[int, ...] = ()  # the buttons whose lamp says that nothing was sent
    held: tuple[int, ...] = ()  # the buttons that are down when the box starts
    lag_ms: int = 0  # how late the box sees an edge


def _one(button: int, held_ms: int) -> list[Step]:
    return steps([Press(button, 1000, 1000 + held_ms)])


def _two(first: int, second: int, gap_ms: int, held_ms: int = 300) -> list[Step]:
    return steps([Press(first, 1000, 1000 + held_ms), Press(second, 1000 + gap_ms, 1000 + gap_ms + held_ms)])


def _amid(press: Press, ms: int, *step: object) -> list[Step]:
    """The press, with something that happens `ms` after its down edge."""
    return sorted([*steps([press]), [press.down + ms, *step]], key=lambda step: step[0])


VECTORS: dict[str, Vector] = {
    "escalate, 10 ms: a tap, withheld": Vector(_one(ESCALATE, 10), [["E", "t", 0, 1010, 1166]]),
    "escalate, 150 ms: a tap": Vector(_one(ESCALATE, 150), [["E", "t", 0, 1150, 1166]]),
    "escalate, 166 ms: a tap at once": Vector(_one(ESCALATE, 166), [["E", "t", 0, 1166, 1166]]),
    "escalate, 1999 ms: a tap": Vector(_one(ESCALATE, 1999), [["E", "t", 0, 2999, 2999]]),
    "escalate, 2000 ms: panic": Vector(_one(ESCALATE, 2000), [["E", "h", 0, 3000, 3000]]),
    "escalate, 9 s: panic at 2 s, once": Vector(_one(ESCALATE, 9000), [["E", "h", 0, 3000, 3000]]),
    "warn, 999 ms: a tap": Vector(_one(WARN, 999), [["W", "t", 0, 1999, 1999]]),
    "warn, 1000 ms, and nothing more: nothing": Vector(_one(WARN, 1000), []),
    "warn, 9 s, and nothing more: nothing": Vector(_one(WARN, 9000), []),
    "warn held, escalate tapped: the first ground": Vector(
        steps([Press(WARN, 1000, 4000), Press(ESCALATE, 2500, 2600)]), [["WE", "h", 0, 2600, 2600]]
    ),
    "warn held, release tapped: the third ground": Vector(
        steps([Press(WARN, 1000, 4000), Press(RELEASE, 2500, 2600)]), [["WR", "h", 0, 2600, 2600]]
    ),
    "warn held, let go and tapped: the second ground": Vector(
        steps([Press(WARN, 1000, 3000), Press(WARN, 3300, 3400)]), [["WW", "h", 0, 3400, 3400]]
    ),
    "warn held, let go, and tapped a while later: a warning": Vector(
        steps([Press(WARN, 1000, 3000), Press(WARN, 3600, 3800)]), [["W", "t", 0, 3800, 3800]]
    ),
    "warn held, one ground named, let go, tapped: a warning": Vector(
        steps([Press(WARN, 1000, 3000), Press(ESCALATE, 2500, 2600), Press(WARN, 3200, 3400)]),
        [["WE", "h", 0, 2600, 2600], ["W", "t", 0, 3400, 3400]],
    ),
    "warn held, escalate too early to name: a tap": Vector(
        steps([Press(WARN, 1000, 4000), Press(ESCALATE, 1900, 2100)]), [["E", "t", 0, 2100, 2100]]
    ),
    "warn held, and escalate for 2 s: panic": Vector(
        steps([Press(WARN, 1000, 8000), Press(ESCALATE, 2500, 6000)]), [["E", "h", 0, 4500, 4500]]
    ),
    "warn held, and release for 2 s: no release": Vector(
        steps([Press(WARN, 1000, 8000), Press(RELEASE, 2500, 4500)]), [], refused=(RELEASE,)
    ),
    "warn let go while the ground is tapped: it is named": Vector(
        steps([Press(WARN, 1000, 2600), Press(RELEASE, 2500, 2700)]), [["WR", "h", 0, 2700, 2700]]
    ),
    "warn held, another call: nothing is named": Vector(
        sorted(
            [*steps([Press(WARN, 1000, 4000), Press(ESCALATE, 2500, 3000)]), [2700, "epoch", 8]], key=lambda s: s[0]
        ),
        [],
        refused=(ESCALATE, WARN),
    ),
    "warn let go, another call, tapped: a warning on that call": Vector(
        sorted([*steps([Press(WARN, 1000, 3000), Press(WARN, 3300, 3400)]), [3100, "epoch", 8]], key=lambda s: s[0]),
        [["W", "t", 8, 3400, 3466]],
    ),
    "warn held, link lost: nothing is named": Vector(
        sorted(
            [*steps([Press(WARN, 1000, 4000), Press(RELEASE, 3000, 3100)]), [2700, "forbid", WARN]], key=lambda s: s[0]
        ),
        [["R", "t", 0, 3100, 3100]],
        refused=(WARN,),
    ),
    "release, 10 ms: a tap when the chatter is over": Vector(_one(RELEASE, 10), [["R", "t", 0, 1010, 1015]]),
    "release, 699 ms: a tap": Vector(_one(RELEASE, 699), [["R", "t", 0, 1699, 1699]]),
    "release, 700 ms: nothing": Vector(_one(RELEASE, 700), [], refused=(RELEASE,)),
    "release, 1499 ms: nothing": Vector(_one(RELEASE, 1499), [], refused=(RELEASE,)),
    "release, 1500 ms: a hold, when let go": Vector(_one(RELEASE, 1500), [["R", "h", 0, 2500, 2500]]),
    "release, 5000 ms: a hold": Vector(_one(RELEASE, 5000), [["R", "h", 0, 6000, 6000]]),
    "release, 5001 ms: a cup on the button": Vector(_one(RELEASE, 5001), []),
    "chord at the second edge": Vector(_two(ESCALATE, WARN, 40), [["EW", "c", 0, 1040, 1043]]),
    "chord, warn first": Vector(_two(WARN, ESCALATE, 40), [["EW", "c", 0, 1040, 1043]]),
    "chord, 150 ms": Vector(_two(ESCALATE, WARN, 150), [["EW", "c", 0, 1150, 1153]]),
    "chord though the first was let go": Vector(_two(ESCALATE, WARN, 100, 60), [["EW", "c", 0, 1100, 1103]]),
    "chord held for long: nothing more": Vector(_two(ESCALATE, WARN, 40, 6000), [["EW", "c", 0, 1040, 1043]]),
    "151 ms apart: two taps": Vector(
        _two(ESCALATE, WARN, 151, 300), [["E", "t", 0, 1300, 1300], ["W", "t", 0, 1451, 1451]]
    ),
    "release makes no chord": Vector(
        _two(WARN, RELEASE, 40, 300), [["W", "t", 0, 1300, 1300], ["R", "t", 0, 1340, 1340]]
    ),
    "after a chord nothing until both are up": Vector(
        steps([Press(ESCALATE, 1000, 3000), Press(WARN, 1040, 1200), Press(WARN, 1500, 1700), Press(WARN, 4000, 4300)]),
        [["EW", "c", 0, 1040, 1043], ["W", "t", 0, 4300, 4300]],
    ),
    "two quick taps are two taps": Vector(
        steps([Press(ESCALATE, 1000, 1040), Press(ESCALATE, 1090, 1130)]),
        [["E", "t", 0, 1040, 1093], ["E", "t", 0, 1130, 1256]],
    ),
    "a pulse of 2 ms is no press": Vector(_one(RELEASE, 2), []),
    "pulses in a burst are no press": Vector(
        [[1000 + 2 * n + up, "edge", RELEASE, not up] for n in range(200) for up in (0, 1)], []
    ),
    "a press after a burst has its own beginning": Vector(
        [
            *[[1000 + 2 * n + up, "edge", RELEASE, not up] for n in range(1000) for up in (0, 1)],
            *steps([Press(RELEASE, 3020, 3100)]),
        ],
        [["R", "t", 0, 3100, 3100]],
    ),
    "contacts that chatter in closing: from the first edge": Vector(
        [*[[1000 + n, "edge", RELEASE, n % 2 == 0] for n in range(5)], [2501, "edge", RELEASE, False]],
        [["R", "h", 0, 2501, 2501]],
    ),
    "a pulse in the chatter of a letting go is no press": Vector(
        [*_one(RELEASE, 100), [1114, "edge", RELEASE, True], [1115, "edge", RELEASE, False]],
        [["R", "t", 0, 1100, 1100]],
    ),
    "a contact's glitch while held is no letting go": Vector(
        [
            [1000, "edge", RELEASE, True],
            [1400, "edge", RELEASE, False],
            [1400, "edge", RELEASE, True],
            [3000, "edge", RELEASE, False],
        ],
        [["R", "h", 0, 3000, 3001]],
        lag_ms=1,
    ),
    "another call in a release hold: nothing": Vector(
        _amid(Press(RELEASE, 1000, 3000), 1600, "epoch", 8), [], refused=(RELEASE,)
    ),
    "another call in a release tap: nothing": Vector(
        _amid(Press(RELEASE, 1000, 1200), 100, "epoch", 8), [], refused=(RELEASE,)
    ),
    "another call in a warn tap: nothing": Vector(_amid(Press(WARN, 1000, 1200), 50, "epoch", 8), [], refused=(WARN,)),
    "another call in a panic: it counts": Vector(
        _amid(Press(ESCALATE, 1000, 4000), 900, "epoch", 8), [["E", "h", 0, 3000, 3000]]
    ),
    "another call in an escalate tap: the old epoch": Vector(
        _amid(Press(ESCALATE, 1000, 1400), 200, "epoch", 8), [["E", "t", 0, 1400, 1400]]
    ),
    "another call after a hold began its letting go: it was made": Vector(
        _amid(Press(RELEASE, 1000, 3000), 2000, "epoch", 8), [["R", "h", 0, 3000, 3000]]
    ),
    "another call between the interrupt and the task: the old epoch counts, no release": Vector(
        _amid(Press(RELEASE, 1000, 3000), 2, "epoch", 8), [], refused=(RELEASE,), lag_ms=5
    ),
    "another call between the interrupt and the task: escalate keeps the old epoch": Vector(
        _amid(Press(ESCALATE, 1000, 1300), 2, "epoch", 8), [["E", "t", 0, 1300, 1305]], lag_ms=5
    ),
    "another call within a chord: the old epoch": Vector(
        sorted([*_two(WARN, ESCALATE, 100), [1050, "epoch", 8]], key=lambda step: step[0]),
        [["EW", "c", 0, 1100, 1103]],
        refused=(WARN,),
    ),
    "no hold allowed from 300 ms: a tap stays a tap": Vector(
        _amid(Press(RELEASE, 1000, 1600), 300, "forbid", RELEASE), [["R", "t", 0, 1600, 1600]]
    ),
    "no hold allowed from 300 ms: no release": Vector(
        _amid(Press(RELEASE, 1000, 3000), 300, "forbid", RELEASE), [], refused=(RELEASE,)
    ),
    "no hold allowed from 2 s: no release": Vector(
        _amid(Press(RELEASE, 1000, 4000), 2000, "forbid", RELEASE), [], refused=(RELEASE,)
    ),
    "no hold allowed: no warn hold": Vector(_amid(Press(WARN, 1000, 3000), 300, "forbid", WARN), [], refused=(WARN,)),
    "no hold allowed: panic counts": Vector(
        _amid(Press(ESCALATE, 1000, 4000), 300, "forbid", ESCALATE), [["E", "h", 0, 3000, 3000]]
    ),
    "held at the start is no press, the next one is": Vector(
        [[2000, "edge", WARN, False], *steps([Press(WARN, 3000, 3300)])], [["W", "t", 0, 3300, 3300]], held=(WARN,)
    ),
    "held at the start makes no chord": Vector(
        [*steps([Press(WARN, 1000, 1300)]), [2000, "edge", ESCALATE, False]],
        [["W", "t", 0, 1300, 1300]],
        held=(ESCALATE,),
    ),
}
