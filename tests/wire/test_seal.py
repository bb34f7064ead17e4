"""Who is heard: only the holder of the key, only in this session, and every frame only once."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.pair import (
    FIELDS,
    KEY,
    KEYS,
    LAMPS,
    NONCE,
    OTHER_KEY,
    Pair,
    box_in,
    host_in,
    new_box,
    sealed,
    sent,
    unproven,
    up,
)
from tests.wire.test_frame import BOOT, BOX_ID

from rung_wire import box, codes, host
from rung_wire.frame import encode, pack, text_of
from rung_wire.host import HostLink
from rung_wire.names import PAIRED, UNKNOWN, UNPAIRED, WRONG_KEY
from rung_wire.seal import Key


@given(st.binary(min_size=codes.KEY_BYTES, max_size=codes.KEY_BYTES), st.text(max_size=200))
def test_it_is_hmac_sha256(secret: bytes, text: str) -> None:
    assert Key(secret).mac(text) == hmac.digest(secret, text.encode(), "sha256")


@pytest.mark.parametrize("length", [0, codes.KEY_BYTES - 1, codes.KEY_BYTES + 1])
def test_a_key_of_another_length_is_none(length: int) -> None:
    with pytest.raises(ValueError):
        Key(bytes(length))


@pytest.mark.parametrize(
    ("key", "keys", "trust"),
    [
        (KEY, KEYS, PAIRED),
        (None, KEYS, UNPAIRED),
        (None, {}, UNPAIRED),
        (KEY, {}, UNKNOWN),
        (OTHER_KEY, KEYS, WRONG_KEY),
    ],
)
def test_only_a_paired_box_can_be_welcomed(key: Key | None, keys: dict[str, Key], trust: str) -> None:
    link = HostLink(keys)
    [event] = link.receive(new_box(key=key).pump(0), 0)
    assert (event[0], event[1], event[-1]) == ("hello", BOX_ID, trust)
    if trust == PAIRED:
        link.welcome(1, NONCE, 0, 0)
    else:
        with pytest.raises(ValueError):
            link.welcome(1, NONCE, 0, 0)
        assert link.pump(0) == b""


@pytest.mark.parametrize("key", [None, OTHER_KEY])
def test_a_box_enters_no_session_without_the_key_of_the_bridge(key: Key | None) -> None:
    """Even where the bridge takes it for its own."""
    link, bridge = new_box(key=key), HostLink(KEYS)
    bridge.receive(new_box().pump(0), 0)
    bridge.welcome(1, NONCE, 0, 0)
    link.pump(0)
    assert link.receive(bridge.pump(0), 0) == []
    assert (link.state, link.unproven) == (box.SEEKING, 1)
    assert link.receive(unproven("l") + unproven("a") + unproven("k"), 0) == [] and link.strays == 3


def alter(data: bytes, old: bytes, new: bytes) -> bytes:
    """Change what a frame says, and make its sum right."""
    from rung_wire.frame import _crc

    body = data.strip()[1:-8].replace(old, new)
    return b"!" + body + _crc(body) + b"\n"


def test_what_is_altered_is_unproven() -> None:
    link = host_in(host.UP)
    altered = alter(sealed(link, "P", (1, "E", "t", 3, 25)), b",E,", b",R,")
    assert altered.startswith(b"!P") and link.receive(altered, 0) == []
    assert (link.unproven, link.bad_frames) == (1, 0)


@pytest.mark.parametrize("kind", [kind for kind in {**codes.HOST_FRAMES, **codes.BOX_FRAMES} if kind not in "qwHT"])
@pytest.mark.parametrize("tag", ["", "AAAAAAAA"])
def test_no_frame_of_a_session_is_taken_without_its_proof(kind: str, tag: str) -> None:
    link = box_in(box.UP) if kind in codes.HOST_FRAMES else host_in(host.UP)
    text = text_of(kind, 1, link.session, pack(kind, FIELDS[kind]))
    assert link.receive(encode(text, tag), codes.SILENCE_MS - 1) == [] and link.unproven == 1
    assert link.receive(b"", codes.SILENCE_MS) == [("lost",)], "nor is it a sign of life"


@pytest.mark.parametrize("kind", [kind for kind in codes.HOST_FRAMES if kind not in (codes.WHO, codes.WELCOME)])
def test_the_box_takes_no_frame_twice(kind: str) -> None:
    link = box_in(box.UP)
    data = sealed(link, kind)
    first = link.receive(data, 0)
    link.pump(0)
    if kind == codes.BYE:
        assert first == [("lost",)] and link.receive(data, 0) == []
        return
    assert link.receive(data, codes.SILENCE_MS - 1) == []
    assert sent(link.pump(codes.SILENCE_MS - 1)).replace("A", "") == ("G" if kind in codes.RELIABLE else "")
    assert link.receive(data, codes.SILENCE_MS) == [("lost",)], "nor is it a sign of life"


@pytest.mark.parametrize("kind", [kind for kind in codes.BOX_FRAMES if kind not in (codes.HELLO, codes.TROUBLE)])
def test_the_bridge_takes_no_frame_twice(kind: str) -> None:
    link = host_in(host.UP)
    data = sealed(link, kind)
    first = link.receive(data, 0)
    link.pump(0)
    if kind == codes.BOX_BYE:
        assert first == [("left",), ("lost",)] and link.receive(data, 0) == []
        return
    assert link.receive(data, codes.SILENCE_MS - 1) == [] and link.unproven == 1
    assert link.receive(data, codes.SILENCE_MS) == [("lost",)]


def test_old_lamps_stay_old_when_their_sequence_comes_round() -> None:
    link = box_in(box.UP)
    told = [sealed(link, "l", (epoch, "o-", "o-", "o-", 0)) for epoch in range(700)]
    for epoch, data in enumerate(told):
        assert [event[1] for event in link.receive(data, 0)] == [epoch]
        for old in told[: max(0, epoch - 1) : 37]:
            assert link.receive(old, 0) == []


def test_frames_may_get_lost_but_not_come_late() -> None:
    link = host_in(host.UP)
    first, second, third = (sealed(link, "P", (number, "E", "t", 3, 25)) for number in (1, 2, 3))
    assert [event[2] for event in link.receive(first + third + second, 0)] == [1, 3]


Recorded = Callable[[Pair], list[tuple[str, bytes]]]


def recorded(pair: Pair) -> list[tuple[str, bytes]]:
    """All that both ends say in a busy session: end that hears it, bytes."""
    told: list[tuple[str, bytes]] = []
    for turn in range(400):
        if turn % 40 == 0:
            pair.press("h")
            pair.host.lamps(turn, LAMPS, 0, pair.now)
        to_host = pair.box_turn()
        to_box = pair.host_turn(to_host)
        told += [("host", to_host), ("box", to_box)]
        for event in pair.events:
            if event[0] == "press":
                pair.host.ack(event[1], event[2], pair.now)
                pair.host.result(event[1], event[2], "r", "W", pair.now)
        pair.events.clear()
        pair.box_turn(to_box)
        pair.now += 25
    return [(end, data) for end, data in told if data]


def state(pair: Pair) -> tuple[Any, ...]:
    return (pair.box.state, pair.box.session, pair.host.state, pair.host.session, pair.box.unconfirmed())


@pytest.mark.parametrize("later", ["in the same session", "in a session of the same boot", "of another boot"])
def test_a_recorded_session_told_again_changes_nothing(later: str) -> None:
    """Every byte of it, towards both ends, while they talk and while they are still."""
    pair = Pair()
    tape = recorded(pair)
    assert sum(data.count(b"!") for _, data in tape) > 90
    if later == "in a session of the same boot":
        pair.host, pair.recorded = HostLink(KEYS), [10]
    elif later == "of another boot":
        pair.box = new_box("0badcafe")
    pair.settle(3000)
    pair.host.lamps(9, LAMPS, 0, pair.now)
    pair.settle(100)
    pair.events.clear()
    before = state(pair)
    for end, data in tape:
        (pair.host_turn if end == "host" else pair.box_turn)(data)
        assert pair.events == [] or [event[0] for event in pair.events] == ["hello"], "an offer is made, and no more"
        pair.events.clear()
        pair.settle(20)
    assert [event for event in pair.events if event[0] != "hello"] == []
    assert state(pair) == before
    assert pair.press() is not None
    assert pair.settle(200).names() == ["press"]


def test_who_makes_a_box_in_session_greet_and_no_more() -> None:
    pair = up()
    before = state(pair)
    for _ in range(40):
        pair.box_turn(unproven("q"))
        pair.settle(50)
    assert state(pair) == before and pair.names() == []


def test_a_flood_of_questions_is_answered_twice_a_second() -> None:
    link = box_in(box.UP)
    answers = 0
    for now in range(0, 1900, 10):
        link.receive(unproven("q"), now)
        answers += sent(link.pump(now)).count("H")
    assert answers == 3  # and one in the beginning


def test_a_flood_of_strays_makes_the_bridge_ask_twice_a_second() -> None:
    link = host_in(host.UP)
    asked = 0
    for now in range(0, 1900, 10):
        link.receive(unproven("A", session=0x7777) * 3, now)
        asked += sent(link.pump(now)).count("q")
    assert asked == 4


def test_an_offer_kept_back_is_soon_void() -> None:
    """Else whoever cuts in on the line could put a box into a session whose bridge is long gone."""
    link, bridge = new_box(), HostLink(KEYS)
    bridge.receive(link.pump(0), 0)
    bridge.welcome(1, NONCE, 0, 0)
    kept = bridge.pump(0)
    for now in range(0, 2 * codes.SILENCE_MS, 100):
        link.receive(b"", now)
        link.pump(now)
    assert link.receive(kept, 2 * codes.SILENCE_MS) == [] and link.state == box.SEEKING


def test_nonces_do_not_come_again_while_greeting() -> None:
    link = new_box()
    greetings = {link.pump(now) for now in range(0, 20_000, codes.HELLO_MS)}
    assert len(greetings) == 20_000 // codes.SILENCE_MS
    assert BOOT.encode() in next(iter(greetings))
