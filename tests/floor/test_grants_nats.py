"""Signed answers over a real server: what does not hold does nothing, and both desks learn it."""

import pytest
from tests.floor.contract import BRIEF, World
from tests.floor.nats_rig import NatsRig
from tests.floor.test_nats_faults import line_of, played

from rung import words as w
from rung.floor.base import FloorError
from rung.floor.grants import Granted, grant
from rung.words import Outcome, Reply


def signed_by(world: World, name: str, ask: int = 1) -> Granted:
    """As that desk gives its leave."""
    desk = next(desk for desk in world.desks if desk.name == name)
    said = w.Replied(ask=ask, desk=name, person=name, reply=Reply.GRANT)
    return grant(line_of(desk)._who.seed, "", BRIEF, ask, "ada", said)


def test_a_grant_counts_once_for_its_ask_and_from_its_desk() -> None:
    async def play(world: World, rig: NatsRig) -> None:
        await world.ask(world.eve, world.fay)
        eve, fay = line_of(world.eve)._session, line_of(world.fay)._session
        assert eve is not None and fay is not None
        granted = signed_by(world, "eve")
        tried = [
            (fay, granted, "the desk 'fay' has not signed it"),
            (eve, signed_by(world, "eve", ask=2), "that ask is over, or was never asked"),
            (eve, granted, ""),
            (eve, granted, "it was given already"),
        ]
        for session, sent, why in tried:
            answer = await session.post.send("ada", sent)
            assert (answer.why if answer is not None else "") == why
        refused = [n for n in world.ada.news if isinstance(n, w.GrantRefused)]
        assert [(n.desk, n.why) for n in refused] == [(s._who.desk, why) for s, _, why in tried if why]
        assert len([n for n in world.ada.news if isinstance(n, w.Replied)]) == 1
        await world.ada.floor.do(w.CloseAsk(12, 1, Outcome.GRANTED))
        answer = await fay.post.send("ada", signed_by(world, "fay"))
        assert answer is not None and answer.why == "that ask is over, or was never asked"

    played(play)


def test_where_people_sign_on_a_desks_key_alone_is_not_enough() -> None:
    """Known from the moment on at which a desk comes anew after somebody was made known."""

    async def play(world: World, rig: NatsRig) -> None:
        session = line_of(world.ada)._session
        assert session is not None
        session.post.know(signed_on=True)
        await world.ask(world.eve)
        with pytest.raises(FloorError, match="nobody has signed on at the desk 'eve'"):
            await world.eve.floor.reply("ada", 1, Reply.GRANT)
        assert not [n for n in world.ada.news if isinstance(n, w.Replied)]

    played(play)
