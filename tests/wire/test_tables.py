"""Every cell of both tables, and garbage."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.wire.pair import box_in, host_in, new_box, sealed, unproven, up

from rung.sim.link.line import GARBAGE
from rung_wire import box, codes, host

ENDS: list[tuple[Any, Any, list[str], dict[str, Any]]] = [
    (box_in, box.HANDLERS, [box.SEEKING, box.UP], codes.HOST_FRAMES),
    (host_in, host.HANDLERS, [host.LISTENING, host.UP, host.CLOSED], codes.BOX_FRAMES),
]

CELLS = [
    (end, states, kind, table) for end, table, all_states, kinds in ENDS for states in all_states for kind in kinds
]


@pytest.mark.parametrize(("make", "state", "kind", "table"), CELLS)
def test_a_missing_key_changes_nothing_but_a_counter(make: Any, state: str, kind: str, table: Any) -> None:
    link = make(state)
    if kind not in link.openings and not link.session:
        return  # a stray, see below
    data = new_box("11111111").pump(0) if kind == codes.HELLO else sealed(link, kind) if link.session else b""
    events = link.receive(data or unproven(kind), 0)
    if (state, kind) in table:
        assert link.illegal == 0
    else:
        assert (events, link.state, link.illegal) == ([], state, 1)


@pytest.mark.parametrize(("make", "state", "kind", "table"), CELLS)
def test_a_frame_of_another_session_changes_nothing_but_a_counter(make: Any, state: str, kind: str, table: Any) -> None:
    link = make(state)
    if kind in link.openings:
        return
    assert link.receive(unproven(kind, session=0x7777), 0) == []
    assert (link.state, link.strays, link.illegal) == (state, 1, 0)


@pytest.mark.parametrize(("make", "state", "kind", "table"), CELLS)
def test_an_unproven_frame_changes_nothing_but_a_counter(make: Any, state: str, kind: str, table: Any) -> None:
    link = make(state)
    if kind in (codes.HELLO, codes.TROUBLE, codes.WHO) or (kind not in link.openings and not link.session):
        return
    assert link.receive(unproven(kind, session=link.session), codes.SILENCE_MS - 1) == []
    assert (link.state, link.unproven, link.illegal) == (state, 1, 0)
    if link.session:
        assert link.receive(b"", codes.SILENCE_MS) == [("lost",)], "it was no sign of life"


def test_every_row_of_the_tables_is_a_state_and_a_frame() -> None:
    for _, table, states, kinds in ENDS:
        assert {state for state, _ in table} <= set(states)
        assert {kind for _, kind in table} == set(kinds)


@pytest.mark.parametrize("garbage", [*GARBAGE, b"\x00" * 5000])
def test_garbage_changes_nothing_but_a_counter(garbage: bytes) -> None:
    pair = up()
    for link in (pair.box, pair.host):
        before = (link.state, link.session, link.strays, link.illegal)
        counted = link.bad_frames + link.noise_bytes
        assert link.receive(garbage + b"!", 0) == []
        assert before == (link.state, link.session, link.strays, link.illegal)
        assert link.bad_frames + link.noise_bytes > counted


def test_ten_megabytes_of_random_bytes_change_nothing_but_a_counter() -> None:
    pair = up()
    rng = random.Random(1)
    for _ in range(160):
        noise = rng.randbytes(65536)
        assert pair.host.receive(noise, pair.now) == pair.box.receive(noise, pair.box_now) == []
    assert pair.press() == 1
    assert pair.settle().names() == ["press"]


def test_noise_is_no_sign_of_life() -> None:
    for link in (box_in(box.UP), host_in(host.UP)):
        assert link.receive(b"noise\n" * 50, codes.SILENCE_MS) == [("lost",)]
        assert link.state != box.UP
