"""What the buzzer says, and when it says nothing; and the colours for those who see few."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung_box.rhythm import COLOUR_BLIND, FRAME_MS, STANDARD
from rung_box.sounds import Sounds
from rung_wire import codes, names

SOUNDING = (codes.FAULT, codes.LINK_LOST, codes.REFUSED, codes.DONE)
ALL = (*names.LAMP_STATES, codes.UNCONFIRMED, codes.LINK_LOST, codes.FAULT, codes.OWN_NAMING)


def heard(sounds: Sounds, name: str, is_in_call: bool, begun: int = 0, for_ms: int = 2000) -> list[int]:
    signals = [(codes.OFF, "-", 0, 0), (name, "-", begun, 0), (codes.OFF, "-", 0, 0)]
    return [sounds.hear(signals, is_in_call, now) for now in range(begun, begun + for_ms, FRAME_MS)]


@pytest.mark.parametrize("name", SOUNDING)
def test_a_signal_that_begins_is_heard_once(name: str) -> None:
    sounds = Sounds(if_in_call=False)
    assert any(heard(sounds, name, False))
    assert not sounds.is_sounding() and not any(heard(sounds, name, False, 2000))
    heard(sounds, codes.OFF, False, 4000)
    assert any(heard(sounds, name, False, 6000))


def test_no_two_sounds_are_alike_and_the_rest_is_silent() -> None:
    tunes = {name: tuple(heard(Sounds(False), name, False)) for name in ALL}
    assert {name for name, tune in tunes.items() if any(tune)} == set(SOUNDING)
    assert len({tunes[name] for name in SOUNDING}) == len(SOUNDING)


@pytest.mark.parametrize("name", SOUNDING)
def test_nothing_is_heard_in_a_call_unless_it_is_wanted(name: str) -> None:
    assert not any(heard(Sounds(if_in_call=False), name, True))
    assert any(heard(Sounds(if_in_call=True), name, True))


@given(st.lists(st.tuples(st.sampled_from(ALL), st.booleans(), st.integers(0, 400)), max_size=30))
def test_a_call_that_begins_in_mid_sound_is_not_disturbed(turns: list[tuple[str, bool, int]]) -> None:
    sounds, now = Sounds(if_in_call=False), 0
    for name, is_in_call, after_ms in turns:
        now += after_ms
        tone = sounds.hear([(name, "-", 0, 0)] * 3, is_in_call, now)
        assert not (is_in_call and tone)


# -- colours -----------------------------------------------------------------------------------------------------------

# How light looks to those who lack one kind of cone (Machado, Oliveira and Fernandes 2009), in linear RGB.
SEEN = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
APART = 20.0  # CIE 1976 colour difference; below about 10 two lights are hard to tell apart


def lab(colour: bytes, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    red, green, blue = (max(0.0, sum(m * c / 90 for m, c in zip(row, colour, strict=True))) for row in matrix)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def nearest(palette: bytes, eyes: str) -> float:
    colours = [lab(palette[place : place + 3], SEEN[eyes]) for place in range(0, len(palette), 3)]
    return min(math.dist(one, other) for one, other in combinations(colours, 2))


@pytest.mark.parametrize("eyes", SEEN)
def test_the_second_palette_is_told_apart_by_everybody(eyes: str) -> None:
    assert nearest(COLOUR_BLIND, eyes) > APART


def test_the_first_palette_is_not() -> None:
    assert min(nearest(STANDARD, eyes) for eyes in SEEN) < APART / 2
