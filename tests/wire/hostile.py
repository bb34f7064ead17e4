"""What any bytes at all must not do to either end: one function for the tests and for the long runs of `make fuzz`."""

from __future__ import annotations

from pathlib import Path

from tests.wire.pair import LAMPS, Pair, up

from rung_wire import box, codes
from rung_wire.frame import Decoder

CORPUS = Path(__file__).parent / "corpus"
# Spliced in where the bytes say so, since nothing random finds them: what a recorder on the line has.
_LOST, _FLIPPED, _TWICE, _OLD, _OTHER_END = range(0xF0, 0xF5)


def corpus() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(CORPUS.iterdir())}


def try_decoder(data: bytes) -> None:
    """The same frames and counters in whatever portions, and little kept."""
    kinds = {**codes.BOX_FRAMES, **codes.HOST_FRAMES}
    whole, parted = (Decoder(kinds, codes.BOX_FRAME_MAX_BYTES) for _ in range(2))
    expected = whole.feed(data)
    step = 1 + (data[0] if data else 0) % 7
    found = []
    for at in range(0, len(data), step):
        found += parted.feed(data[at : at + step])
        assert parted.kept_bytes < codes.BOX_FRAME_MAX_BYTES
    assert found == expected
    assert (whole.noise_bytes, whole.bad_frames) == (parted.noise_bytes, parted.bad_frames)


def try_ends(data: bytes) -> None:
    """Two ends in session: bytes that neither has made change nothing but counters, and the link works on."""
    pair = up()
    for way in (pair.host.receive, pair.box.receive):
        before = (pair.box.state, pair.box.session, pair.host.state, pair.host.session, pair.box.unconfirmed())
        now = pair.now if way == pair.host.receive else pair.box_now
        events = way(data, now)
        acted = [event for event in events if event[0] not in ("hello", "trouble")]  # unproven ones may be told
        assert acted == [], events
        assert before == (pair.box.state, pair.box.session, pair.host.state, pair.host.session, pair.box.unconfirmed())
        assert len(pair.host.pump(pair.now)) < 260
        pair.box.pump(pair.box_now)
    assert pair.press() == 1
    assert pair.settle(2 * codes.PRESS_MOST_MS).names()[-1] == "press"


def try_script(data: bytes) -> None:
    """The bytes say what becomes of what the ends say: lost, flipped, twice, told again later, to the wrong end."""
    pair, old, given = Pair(), [b""], []
    for place, fate in enumerate(data[:150]):
        pair.now += 1 + fate % 64 * 10
        if fate % 5 == 0:
            pair.press()
        if fate % 11 == 0:
            pair.host.lamps(place, LAMPS, 0, pair.now)
        to_host = _fated(pair.box_turn(), fate, old, place)
        to_box = _fated(pair.host_turn(to_host), fate ^ 0x5A, old, place)
        pair.box_turn(to_box)
        for event in pair.events:
            if event[0] == "press":
                given.append(event[2])
                pair.recorded.append(event[2])
                pair.host.ack(event[1], event[2], pair.now)
        pair.events.clear()
        assert given == list(range(1, len(given) + 1)), "given out once, in order"
        assert len(pair.box.unconfirmed()) <= codes.PRESS_QUEUE_MAX
    acknowledge_all(pair, given)


def acknowledge_all(pair: Pair, given: list[int]) -> None:
    """On a good line everything arrives."""
    for _ in range(300):
        if not pair.box.unconfirmed() and pair.box.state == box.UP and pair.host.up(pair.now):
            break
        pair.now += 50
        pair.box_turn(pair.host_turn(pair.box_turn()))
        for event in pair.events:
            if event[0] == "press":
                given.append(event[2])
                pair.recorded.append(event[2])
                pair.host.ack(event[1], event[2], pair.now)
        pair.events.clear()
    else:
        raise AssertionError("the ends do not agree on a good line")
    assert given == list(range(1, len(given) + 1))


def _fated(out: bytes, fate: int, old: list[bytes], place: int) -> bytes:
    if out:
        old.append(out)
    if fate == _LOST:
        return b""
    if fate == _FLIPPED and out:
        at = place % len(out)
        return out[:at] + bytes((out[at] ^ (1 << place % 8),)) + out[at + 1 :]
    if fate == _TWICE:
        return out + out
    if fate in (_OLD, _OTHER_END):
        return out + old[place % len(old)]
    return out[: fate % (len(out) + 1)] if fate % 3 == 0 else out


TRIES = (try_decoder, try_ends, try_script)
