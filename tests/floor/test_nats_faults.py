"""What a network and a server do to a floor: silence, death, copies, and what is late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date

import pytest
from tests.floor.contract import BRIEF, LEAVE, Desk, World
from tests.floor.nats_rig import NatsRig, RealSite, WiredFloor, nats_rig, real_site

from rung import words as w
from rung.floor import nats_letters as letters
from rung.floor.base import Asked, FloorError, FloorUnsureError, Place
from rung.floor.nats_asks import Before
from rung.floor.nats_letters import Board, Letter, Letterbox, NotYet, Taken
from rung.words import Outcome, Reply, Role, Want


@asynccontextmanager
async def world_on(site: RealSite) -> AsyncIterator[tuple[World, NatsRig]]:
    async with nats_rig(site) as rig:
        world = World(rig)
        try:
            await world.start()
            yield world, rig
        finally:
            for desk in world.desks:
                await desk.stop()


def played(play: Callable[[World, NatsRig], Awaitable[None]]) -> None:
    async def run(site: RealSite) -> None:
        async with world_on(site) as (world, rig):
            await play(world, rig)

    with real_site() as site:
        asyncio.run(run(site))


def line_of(desk: Desk) -> WiredFloor:
    assert isinstance(desk.floor, WiredFloor)
    return desk.floor


def test_a_line_that_falls_silent_is_known_on_both_sides_and_heals() -> None:
    """Nobody is told by the network: each side finds out by itself."""

    async def play(world: World, rig: NatsRig) -> None:
        await world.ask(world.eve, world.fay)
        line_of(world.eve).line.silence()
        with pytest.raises(FloorUnsureError):
            await world.eve.floor.act("ada", w.Calmed())
        await world.eve.told(w.FloorIs, lambda n: not n.up)
        assert "eve" not in (await world.ada.shows("fay", "gus")).desks
        await world.ada.floor.do(w.CloseAsk(12, 1, Outcome.GRANTED))
        line_of(world.eve).line.cut()
        line_of(world.eve).find()
        await world.ada.shows("eve", "fay", "gus")
        await world.eve.told(w.FloorIs, lambda n: n.up, len(world.eve.news) - 2)
        assert world.eve.open() == [], "what was granted meanwhile is not put before her again"

    played(play)


def test_a_server_that_dies_and_comes_back_with_its_disk_alone_has_lost_nothing() -> None:
    async def play(world: World, rig: NatsRig) -> None:
        incident = w.Earlier("c-1", "2031-02-03", (w.Ground.SLUR,), "released")
        await world.ada.floor.report("+43 1", incident)
        await rig.uphold("c-1", date.max)
        marks = {desk.name: len(desk.news) for desk in world.desks}
        rig.made.server.kill()
        for desk in world.desks:
            await desk.told(w.FloorIs, lambda n: not n.up, marks[desk.name])
        with pytest.raises(FloorError):
            await world.ada.floor.do(w.AskFloor(11, 1, Want.LEAVE, ("eve",), BRIEF, LEAVE))
        rig.made.server.start()
        await world.ada.shows("eve", "fay", "gus")
        await world.ask(world.eve, world.fay)
        await world.eve.floor.reply("ada", 1, Reply.GRANT)
        assert (await world.ada.told(w.Replied)).desk == "eve"
        await world.fay.floor.do(w.LookUp(3, "line", "+43 1"))
        assert await world.fay.told(w.EarlierAre) == w.EarlierAre("line", (incident,))

    played(play)


def test_a_letter_under_way_when_the_server_dies_ends_unsure_and_is_not_tried_without_end() -> None:
    """Everything else goes on meanwhile: the loop belongs to the calls, too."""

    async def play(world: World, rig: NatsRig) -> None:
        tries = 0
        session = line_of(world.eve)._session
        assert session is not None
        request = session.link.request

        async def counted(*what: object) -> object:
            nonlocal tries
            tries += 1
            return await request(*what)  # type: ignore[arg-type]

        session.link.request = counted  # type: ignore[method-assign, assignment]
        line_of(world.ada).line.silence()
        act = asyncio.create_task(world.eve.floor.act("ada", w.Calmed()))
        while not tries:
            await asyncio.sleep(0.001)
        rig.made.server.kill()
        with pytest.raises(FloorUnsureError):
            await act
        assert tries <= 10
        rig.made.server.start()
        line_of(world.ada).line.cut()
        line_of(world.ada).find()
        await world.ada.shows("eve", "fay", "gus")

    played(play)


def test_while_no_steward_is_there_desks_still_reach_each_other() -> None:
    async def play(world: World, rig: NatsRig) -> None:
        rig.stop_steward()
        await world.ask(world.eve)
        await world.eve.floor.reply("ada", 1, Reply.GRANT)
        assert (await world.ada.told(w.Replied)).desk == "eve"
        with pytest.raises(FloorError, match="steward"):
            await world.ada.floor.do(w.LookUp(3, "line", "+43 1"))
        await world.fay.stop()
        await world.ada.told(w.FloorIs, lambda n: "fay" in n.desks)
        with pytest.raises(FloorError, match="out of reach"):
            await world.ada.floor.act("fay", w.Calmed())

    played(play)


def test_whoever_signs_on_at_an_agents_desk_is_no_supervisor() -> None:
    """The server lets that desk say no more than it was enrolled for."""

    async def play(world: World, rig: NatsRig) -> None:
        boss = w.Person("ann", Role.SUPERVISOR)
        await world.ada.floor.sign_on(Place(extension="501", person=boss))
        floor = await world.eve.told(w.FloorIs, lambda n: n.desks.get("ada") == "501")
        assert "ann" not in {p.person for p in floor.present}
        assert (await world.ada.floor.act("eve", w.TakeOver())).verdict == w.Verdict.REFUSED
        refused = await world.eve.told(w.ActRefused)
        assert (refused.desk, refused.person) == ("ada", "ann") and "no supervisor's" in refused.why

    played(play)


# -- letters, one by one -----------------------------------------------------------------------------------------------


class Sent:
    """A letter as it arrives; keeps what is answered."""

    def __init__(self, subject: str, data: bytes, reply: str) -> None:
        self.subject, self.data, self.reply = subject, data, reply
        self.answers: list[Taken | NotYet] = []

    async def respond(self, data: bytes) -> None:
        self.answers.append(letters.read_answer(data))


SEEN = w.Seen(1, "eve")


def opened(*sent: Sent) -> list[tuple[str, object]]:
    """What a desk with the connection "c-9" takes of these."""
    taken: list[tuple[str, object]] = []

    def take(sender: str, body: object) -> Taken:
        taken.append((sender, body))
        return Taken(w.Answer(verdict=w.Verdict.TAKEN, why=f"number {len(taken)}"))

    async def play() -> None:
        box = Letterbox("c-9", take)
        for each in sent:
            await box.opened(each)  # type: ignore[arg-type]  # as much of a message as a letterbox needs

    asyncio.run(play())
    return taken


def letter(body: object = SEEN, id: str = "x", to: str = "c-9", sender: str = "eve", reply: str = "") -> Sent:
    data = letters.encode(Letter(id, to, body))  # type: ignore[arg-type]
    return Sent(f"rung.to.ada.{sender}", data, reply or f"_INBOX.{sender}.1")


def test_a_copy_of_a_letter_does_nothing_and_gets_the_same_answer() -> None:
    first, copy, other = letter(), letter(), letter(id="y")
    assert len(opened(first, copy, other)) == 2
    assert first.answers == copy.answers != other.answers


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(letter(sender="fay"), id="who says to be somebody else"),
        pytest.param(letter(reply="_INBOX.fay.1"), id="whose answer would go to somebody else"),
        pytest.param(letter(reply="rung.to.fay.ada"), id="whose answer would be a letter of ours"),
        pytest.param(Sent("rung.to.ada.eve", b"{}", "_INBOX.eve.1"), id="that is none"),
        pytest.param(Sent("rung.to.ada.eve", b"\xff", "_INBOX.eve.1"), id="that is no text"),
    ],
)
def test_a_letter_is_thrown_away(sent: Sent) -> None:
    assert opened(sent) == [] and sent.answers == []


def test_a_letter_to_an_earlier_connection_does_nothing() -> None:
    late = letter(to="c-8")
    assert opened(late) == [] and late.answers == [NotYet()]


def asked(number: int, over: Outcome | None = None) -> Asked:
    return Asked(desk="ada", ask=number, want=Want.LEAVE, brief=BRIEF, may=LEAVE, over=over)


def board(number: int, *asks: Asked, connection: str = "a-1") -> Board:
    return Board(connection=connection, number=number, asks=asks)


def test_boards_that_come_late_or_twice_change_nothing() -> None:
    before = Before()
    before.take("ada", board(1, asked(1)))
    before.take("ada", board(3, asked(1, Outcome.GRANTED), asked(2)))
    assert [(a.ask, a.over) for a in before.told().asks] == [(2, None), (1, Outcome.GRANTED)]
    before.take("ada", board(2, asked(1)))
    before.take("ada", board(3, asked(1, Outcome.GRANTED), asked(2)))
    assert [(a.ask, a.over) for a in before.told().asks] == [(2, None)]


def test_a_desk_that_is_there_anew_asks_anew() -> None:
    before = Before()
    before.take("ada", board(7, asked(1)))
    before.take("ada", board(1, asked(1), connection="a-2"))
    assert [(a.ask, a.over) for a in before.told().asks] == [(1, None), (1, Outcome.INTERRUPTED)]
    before.gone("ada")
    assert [(a.ask, a.over) for a in before.told().asks] == [(1, Outcome.INTERRUPTED)]
