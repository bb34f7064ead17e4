"""The line to a real box under faults: 115,200 baud, a 260-byte ring, resets when the port is opened, bits that flip.

The bridge's own line (`rung.link.line`) on one end, the firmware on MicroPython on the other, and a bad cable between.
Every single press is accounted for: the bridge has acted on it, once, or the box's lamps said that it came to nothing.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import structs
from tests.link.box_end import Desk
from tests.real.host_end import PATIENCE_S
from tests.real.test_box_alive import HASTE, change

from rung.link.keys import keep_key
from rung.link.line import Line
from rung.link.search import BoxAt
from rung.sim.box import LampFrame, Pixels, VirtualBox
from rung.sim.flash import KEY, install
from rung.sim.rom import Cause
from rung.sim.tamper import Rule, Tamper, passed
from rung.words import Button, Gesture, Lamp, Lamps, LampState, Pressed

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

BAUD = 115_200
RING_BYTES = 260
ROUNDS = 16 if os.environ.get("RUNG_LONG") else 1
# What happens beside the bad cable, once a round each and in any order, between two presses.
WORSE = ("nothing", "nothing", "nothing", "a lone Ctrl-C", "a reset", "a stall", "a new bridge")
RESETS: tuple[Cause, ...] = ("software", "watchdog", "pin")
STALL_S = 2.5  # longer than either end waits
LIT = Lamps(epoch=7, escalate=Lamp(LampState.LIT), warn=Lamp(LampState.LIT), release=Lamp(LampState.LIT))
NOISE = (b"AT\r\n", b"ets Jul 29 2019 12:21:46\r\n", b"\xff\x00!", b"!P0000011,E,t")
BUTTONS = ("escalate", "warn", "release")
# The box notes in its flash what it has taken for a press: this line of its firmware, and one more.
NOTE = "self._pressed.append((number, buttons))"
NOTED = """
        with open("/noted", "a") as noted:
            noted.write("%s %d %s %d\\n" % (self._link._boot, number, buttons, edge_ms))"""
SOON_NS = 3_000_000_000  # until the lamps must have told that nobody was there to take a press


class BadCable:
    """The rule of one way: a seventh of all lines is lost, late, told twice, cut, after noise, or has a bit flipped."""

    def __init__(self, chance: random.Random, faults: Counter[str]) -> None:
        self._chance = chance
        self._faults = faults
        self._late: list[bytes] = []  # to come after the next one

    def __call__(self, line: bytes) -> list[bytes]:
        late, self._late = self._late, []
        return self._bad(line) + late

    def _bad(self, line: bytes) -> list[bytes]:
        if self._chance.random() > 1 / 7:
            return [line]
        fault = self._chance.choice(("lost", "late", "twice", "cut", "noise", "flipped"))
        self._faults[fault] += 1
        place = self._chance.randrange(len(line))
        if fault == "lost":
            return []
        if fault == "late":
            self._late = [line]
            return []
        if fault == "twice":
            return [line, line]
        if fault == "cut":
            return [line[:place]]
        if fault == "noise":
            return [self._chance.choice(NOISE), line]
        flipped = line[place] ^ 1 << self._chance.randrange(8)
        self._faults["a lone Ctrl-C"] += flipped == 3
        return [line[:place] + bytes([flipped]) + line[place + 1 :]]


class Record(Desk):
    """A desk whose record knows one boot of a box from another."""

    def last_press(self, box: str, boot: str) -> int:
        return max((press.number for press in self.presses if press.boot == boot), default=0)


class Made(NamedTuple):
    """A tap by the hand: which button, and the moments of its edges (monotonic nanoseconds)."""

    button: str
    down_ns: int
    up_ns: int


class Noted(NamedTuple):
    """What the box has taken for a press. `edge_ms` is that of its completing edge, by the box's clock."""

    boot: str
    number: int
    buttons: str
    edge_ms: int


class Witness:
    """Who has seen all that the lamps ever showed."""

    def __init__(self, frames: list[LampFrame]) -> None:
        self._frames = frames

    def saw_it_come_to_nothing(self, made: Made, again_ns: float) -> bool:
        """Its lamp said unconfirmed before the button was pressed again, or refused at any time after it.

        After a reset in the midst it says so when the bridge is back.
        """
        lamp = BUTTONS.index(made.button)
        after = [(frame.at_ns, frame.pixels[lamp]) for frame in self._frames if frame.at_ns > made.up_ns]
        return any(red > green and not blue and (not green or at_ns < again_ns) for at_ns, (red, green, blue) in after)

    def saw_nobody_there(self, made: Made) -> bool:
        """The box did not run, or had not met its bridge yet: dark or blue lamps, until soon after it."""
        at = max((place for place, frame in enumerate(self._frames) if frame.at_ns <= made.down_ns), default=0)
        told = [frame.pixels for frame in self._frames[at:] if frame.at_ns < made.up_ns + SOON_NS]
        return any(red == green == 0 for pixels in told for red, green, _ in pixels)


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def _lamps_are_lit(box: VirtualBox) -> bool:
    return box.lamps() == ((60, 60, 60),) * 3


def _bridge(folder: Path, tamper: Tamper, desk: Desk) -> Line:
    line = Line(BoxAt(folder / "keys", tamper.port), desk)
    line.show(LIT)
    line.start()
    return line


def _tap(box: VirtualBox, button: str) -> Made:
    down_ns = box.press(button)
    time.sleep(0.2)
    made = Made(button, down_ns, box.let_go(button))
    time.sleep(0.05)  # no hand is faster, and contacts chatter
    return made


def test_every_press_under_every_fault_is_acted_on_once_or_told_at_the_box(
    flash: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    faults: Counter[str] = Counter()
    install(flash)
    change(flash, "rung_box/app.py", NOTE, NOTE + NOTED)
    for (file, old), new in HASTE.items():
        change(flash, file, old, new)
    desk = Record()
    made: list[Made] = []
    with (
        VirtualBox(flash, link=tmp_path / "ttyBOX", ring=RING_BYTES) as box,
        Tamper(box.port, tmp_path / "ttyRUNG0", BAUD) as tamper,
    ):
        frames: list[LampFrame] = []
        box.watch_lamps(frames.append)
        tamper.opened = lambda: box.reset()
        keep_key(tmp_path / "keys", box.unique_id, KEY)
        line = _bridge(tmp_path, tamper, desk)
        try:
            _until(lambda: desk.status.up, "the line comes up, though opening the port resets the box")
            assert box.life > 1
            _until(lambda: _lamps_are_lit(box), "the lamps are told")
            made += [_tap(box, "release") for _ in range(5)]
            _until(lambda: len(desk.presses) == 5, "at 115,200 baud without faults all arrive")

            tamper.up, tamper.down = BadCable(chance, faults), BadCable(chance, faults)
            for worse in [worse for _ in range(ROUNDS) for worse in chance.sample(WORSE, len(WORSE))]:
                faults[worse] += worse != "nothing"
                made.append(_tap(box, chance.choice(BUTTONS)))
                time.sleep(chance.random() / 2)
                if worse == "a lone Ctrl-C":
                    tamper.add("down", b"\x03")
                elif worse == "a reset":
                    box.reset(chance.choice(RESETS))
                elif worse == "a stall":
                    desk.go_on.clear()
                    made.append(_tap(box, chance.choice(BUTTONS)))
                    time.sleep(STALL_S)
                    desk.go_on.set()
                elif worse == "a new bridge":
                    line.stop()
                    line = _bridge(tmp_path, tamper, desk)
            tamper.up = tamper.down = passed
            _until(lambda: desk.status.up and _lamps_are_lit(box), "the line heals, and the box comes back by itself")
            _until(lambda: _settled(desk), "what was unconfirmed arrives or is told as caught")
            made.append(_tap(box, "warn"))
            _until(lambda: desk.presses[-1].number == _noted(flash)[-1].number, "the next press arrives")
        finally:
            line.stop()
    print(f"faults {dict(faults)}, lives {box.life}, RUNG_SEED={seed}")
    account(made, _noted(flash), desk.presses, Witness(frames))
    assert all((press.gesture, press.epoch) in ((Gesture.TAP, 7), (Gesture.TAP, 0)) for press in desk.presses)


def account(made: list[Made], noted: list[Noted], taken: list[Pressed], witness: Witness) -> None:
    """Every press was acted on once, or told as come to nothing; none was invented, and they kept their order."""
    names = [(press.boot, press.number) for press in taken]
    assert len(set(names)) == len(names), "a press was acted on twice"
    assert set(names) <= {press[:2] for press in noted}, "a press was invented on the way"
    order = [press[:2] for press in noted]
    assert names == [name for name in order if name in names], "the presses came in another order"
    press_of = {_hand_of(made, press): press for press in noted}
    assert len(press_of) == len(noted), "a press was noted twice"
    acted, told, absent = 0, 0, 0
    for place, hand in enumerate(made):
        again_ns = next((other.down_ns for other in made[place + 1 :] if other.button == hand.button), math.inf)
        press = press_of.get(hand)
        if press is not None and press[:2] in names:
            acted += 1
        elif witness.saw_it_come_to_nothing(hand, again_ns):
            told += 1
        else:
            assert press is None and witness.saw_nobody_there(hand), f"unaccounted for: {hand}, noted as {press}"
            absent += 1
    print(f"{len(made)} presses: {acted} acted on once, {told} told as unconfirmed or refused,", end=" ")
    print(f"{absent} while the box did not run and showed it; 0 unaccounted for, 0 twice")


def _noted(flash: Path) -> list[Noted]:
    found = []
    for line in (flash / "noted").read_text().splitlines():
        boot, number, buttons, edge_ms = line.split()
        found.append(Noted(boot, int(number), buttons, int(edge_ms)))
    return found


def _hand_of(made: list[Made], press: Noted) -> Made:
    """The tap that this press was: the last one that had ended by then."""
    ended = [hand for hand in made if (press.edge_ms - hand.up_ns // 1_000_000) % (1 << 30) < 1 << 29]
    assert ended and ended[-1].button[0].upper() == press.buttons, f"nobody made {press}"
    return ended[-1]


def _settled(desk: Desk) -> bool:
    """Nothing has come for a moment."""
    before = len(desk.presses)
    time.sleep(1.5)
    return len(desk.presses) == before


def test_a_rule_that_changes_nothing_is_a_cable() -> None:
    rule: Rule = BadCable(random.Random(1), Counter())
    lines = [b"!A0000010,0~\n"] * 2000
    went = [part for line in lines for part in rule(line)]
    assert 0.8 < sum(part == lines[0] for part in went) / len(lines) < 1.0


LIT_LAMPS, DARK_LAMPS = ((60, 60, 60),) * 3, ((0, 0, 0),) * 3
AMBER, RED = (90, 45, 0), (90, 0, 0)
HANDS = [Made("release", 1_000_000_000, 1_200_000_000), Made("release", 2_000_000_000, 2_200_000_000)]
SEEN = [Noted("b0", 1, "R", 1200), Noted("b0", 2, "R", 2200)]


def _taken(*numbers: int) -> list[Pressed]:
    tap = Pressed(box="b", boot="b0", number=0, buttons=(Button.RELEASE,), gesture=Gesture.TAP, epoch=7, age_ms=0)
    return [structs.replace(tap, number=number) for number in numbers]


def _witness(*later: tuple[int, Pixels]) -> Witness:
    return Witness([LampFrame(at_ns, pixels) for at_ns, pixels in ((0, LIT_LAMPS), *later)])


def test_the_account_of_a_good_day() -> None:
    account(HANDS, SEEN, _taken(1, 2), _witness())
    account(HANDS, SEEN, _taken(2), _witness((1_300_000_000, (*LIT_LAMPS[:2], AMBER))))
    account(HANDS, SEEN, _taken(1), _witness((9_000_000_000, (*LIT_LAMPS[:2], RED))))
    account(HANDS, SEEN[:1], _taken(1), _witness((1_900_000_000, DARK_LAMPS)))


@pytest.mark.parametrize(
    ("noted", "taken", "later"),
    [
        (SEEN, (1, 1, 2), ()),
        (SEEN, (2, 1), ()),
        (SEEN[:1], (1, 2), ()),
        (SEEN, (2,), ()),
        (SEEN, (2,), ((2_300_000_000, (*LIT_LAMPS[:2], AMBER)),)),
        (SEEN, (2,), ((1_100_000_000, DARK_LAMPS),)),
        (SEEN[:1], (1,), ()),
        (SEEN[:1], (1,), ((5_900_000_000, DARK_LAMPS),)),
        ([*SEEN, Noted("b0", 3, "R", 2300)], (1, 2), ()),
        ([Noted("b0", 1, "W", 1200), SEEN[1]], (1, 2), ()),
    ],
    ids=[
        "twice",
        "another order",
        "invented on the way",
        "lost silently",
        "lost, while another press was unconfirmed",
        "lost, though the box ran",
        "not seen by the box",
        "not seen, and dark only much later",
        "invented by the box",
        "another button",
    ],
)
def test_the_account_finds_every_fault(
    noted: list[Noted], taken: tuple[int, ...], later: tuple[tuple[int, Pixels], ...]
) -> None:
    with pytest.raises(AssertionError):
        account(HANDS, noted, _taken(*taken), _witness(*later))
