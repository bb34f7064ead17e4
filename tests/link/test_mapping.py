"""The one mapping: every word has a code, and every code a word."""

from itertools import product

import pytest

from rung.link import mapping
from rung.words import Answer, Button, Gesture, Lamp, LampMark, Lamps, LampState, Verdict
from rung_wire import codes, names


@pytest.mark.parametrize(
    ("table", "words", "wire"),
    [
        (mapping.BUTTON, Button, set("".join(names.BUTTONS))),
        (mapping.GESTURE, Gesture, set(names.GESTURES)),
        (mapping.STATE, LampState, set(codes.LAMP_STATES)),
        (mapping.MARK, LampMark, set(codes.LAMP_MARKS)),
        (mapping.VERDICT, Verdict, set(names.VERDICTS)),
    ],
    ids=["button", "gesture", "state", "mark", "verdict"],
)
def test_each_table_is_whole_both_ways(table: dict[str, str], words: type, wire: set[str]) -> None:
    assert set(table) == set(words)  # type: ignore[call-overload]
    assert set(table.values()) == wire
    assert len(set(table.values())) == len(table)


@pytest.mark.parametrize(("buttons", "gesture"), list(product(names.BUTTONS, names.GESTURES)))
def test_every_press_of_the_wire_has_its_words(buttons: str, gesture: str) -> None:
    press = mapping.press_from_wire("box", "boot", 7, buttons, gesture, 3, 41)
    assert "".join(mapping.BUTTON[b] for b in press.buttons) == buttons
    assert mapping.GESTURE[press.gesture] == gesture
    assert (press.box, press.boot, press.number, press.epoch, press.age_ms) == ("box", "boot", 7, 3, 41)


@pytest.mark.parametrize(("state", "mark"), list(product(LampState, LampMark)))
def test_every_lamp_is_told_in_its_place(state: LampState, mark: LampMark) -> None:
    lamp, code = Lamp(state, mark), (mapping.STATE[state], mapping.MARK[mark])
    off = (codes.OFF, codes.NO_MARK)
    for place, name in enumerate(("escalate", "warn", "release")):
        expected = tuple(code if i == place else off for i in range(3))
        assert mapping.lamps_to_wire(Lamps(epoch=9, **{name: lamp})) == (9, expected, 0)


@pytest.mark.parametrize("fill_ms", [0, 1, 99, 100, 101, 4000, 30_000, 60_000, 3_600_000])
def test_what_is_still_to_fill_never_seems_shorter(fill_ms: int) -> None:
    """A lamp that is full too soon would ask for a press that is refused; the wire has room for minutes."""
    _, _, tenths = mapping.lamps_to_wire(Lamps(fill_ms=fill_ms))
    assert tenths <= 0xFFF
    assert tenths * 100 >= min(fill_ms, 0xFFF * 100)
    assert tenths * 100 < fill_ms + 100


@pytest.mark.parametrize(("verdict", "following"), list(product(Verdict, (None, *Button))))
def test_every_answer_is_told(verdict: Verdict, following: Button | None) -> None:
    wire = mapping.result_to_wire(Answer(verdict=verdict, why="because", next=following))
    assert wire == (mapping.VERDICT[verdict], mapping.BUTTON[following] if following else codes.NO_BUTTON)
    assert wire[1] in names.NEXT_BUTTONS
