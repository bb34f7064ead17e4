"""What the floor hands down to all desks: of each kind the whole, kept by the server, and told to whoever is there."""

import contextlib
import zlib
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy, RePublish, StreamConfig

from rung.floor import nats_letters as letters
from rung.floor.base import ErasuresAre, FloorError, HandedDown
from rung.floor.nats_keeping import Heard, Read, answer, erase_before, on_disk
from rung.floor.nats_link import Enrolment, Link, connected
from rung.floor.nats_places import store

HANDED = "HANDED"  # the stream
POLICIES, BLOCKS, ERASURES = "rung.handed.policies", "rung.handed.blocks", "rung.handed.erasures"
ANSWER_S = 5.0


class Piece(Struct, frozen=True):
    """One kind, with the server's number of it."""

    subject: str
    seq: int
    data: bytes


class Pieces(Struct, frozen=True):
    pieces: tuple[Piece, ...]


class Handed:
    """A `rung.floor.nats_keeping.Keeping`."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self._pieces: dict[str, Piece] = {}

    def streams(self) -> list[StreamConfig]:
        return [on_disk(HANDED, "rung.handed.*", republish=RePublish(src="rung.handed.>", dest="rung.handing.>"))]

    def reads(self) -> list[Read]:
        return [Read(HANDED, "rung.handed.>", self._heard, DeliverPolicy.LAST_PER_SUBJECT)]

    def answers(self) -> dict[str, Heard]:
        return {"handed": self._answer, "erased": self._answer_erased}

    async def begin(self, link: Link) -> None:
        self._link, self._pieces = link, {}

    def get(self, subject: str) -> HandedDown | None:
        """What stands there now."""
        piece = self._pieces.get(subject)
        return None if piece is None else unpacked(piece.data)

    async def put(self, subject: str, whole: HandedDown) -> None:
        """In place of what stood there; nothing is said if that is the same. Raises FloorError."""
        if self._link is not None and self.get(subject) != whole:
            await _put(self._link, subject, whole)

    async def _heard(self, msg: Msg) -> None:
        self._pieces[msg.subject] = Piece(msg.subject, msg.metadata.sequence.stream, msg.data)
        if self._link is not None:
            await erase_before(self._link, msg)  # who is blocked no more is nowhere on the disk

    async def _answer(self, msg: Msg) -> None:
        await answer(msg, Pieces(tuple(self._pieces.values())))

    async def _answer_erased(self, msg: Msg) -> None:
        """Two at once may undo each other; a desk that is still waited for says it again."""
        desk, order = letters.from_whom(msg), msg.data.decode(errors="replace")
        stands = self.get(ERASURES)
        with contextlib.suppress(FloorError):
            if isinstance(stands, ErasuresAre):
                await self.put(ERASURES, without(stands, order, desk))
            await answer(msg, letters.Taken())


def without(stands: ErasuresAre, order: str, desk: str) -> ErasuresAre:
    """This desk has done it; what everybody has done is forgotten."""
    left = (
        replace(each, waits=tuple(name for name in each.waits if name != desk)) if each.id == order else each
        for each in stands.erasures
    )
    return ErasuresAre(tuple(each for each in left if each.waits))


class Hearing:
    """One desk's, over one connection: each kind is told as it comes, and nothing that is stale."""

    def __init__(self, feed: Callable[[HandedDown], object]) -> None:
        self._feed = feed
        self._seqs: dict[str, int] = {}

    async def load(self, link: Link, desk: str) -> None:
        """What stands. Raises FloorError; a floor of an older release answers nothing."""
        said = await link.request(f"rung.floor.handed.{desk}", b"", ANSWER_S)
        for piece in msgspec.json.decode(said.data, type=Pieces).pieces:
            self._take(piece.subject, piece.seq, piece.data)

    async def told(self, msg: Msg) -> None:
        headers = msg.headers or {}
        self._take(headers.get("Nats-Subject", ""), int(headers.get("Nats-Sequence", "0")), msg.data)

    def _take(self, subject: str, seq: int, data: bytes) -> None:
        if seq <= self._seqs.get(subject, 0):
            return
        self._seqs[subject] = seq
        if (whole := unpacked(data)) is not None:
            self._feed(whole)


def unpacked(data: bytes) -> HandedDown | None:
    """None: it is of a release that hands down what this one does not know."""
    try:
        whole: HandedDown = msgspec.json.decode(zlib.decompress(data), type=HandedDown)
        return whole
    except (zlib.error, msgspec.MsgspecError):
        return None


async def look(who: Enrolment, subject: str) -> HandedDown | None:
    """What stands there, as a steward sees it. FloorError if the floor is out of reach."""
    async with connected(who) as link:
        said = await link.request(f"rung.floor.handed.{who.desk}", b"", ANSWER_S)
    pieces = msgspec.json.decode(said.data, type=Pieces).pieces
    return next((unpacked(piece.data) for piece in pieces if piece.subject == subject), None)


async def hand_down(who: Enrolment, subject: str, whole: HandedDown) -> None:
    """To all desks, from now on. FloorError if the floor is out of reach."""
    async with connected(who) as link:
        await _put(link, subject, whole)


async def _put(link: Link, subject: str, whole: HandedDown) -> None:
    data = zlib.compress(msgspec.json.encode(whole))
    await store(link, subject, "", data)
