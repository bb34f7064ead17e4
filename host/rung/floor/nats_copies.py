"""The copies of the desks' records, as a steward knows them: how far each goes, and where one does not continue."""

import contextlib
import zlib
from collections.abc import Callable

import msgspec
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy, StreamConfig

from rung.floor import nats_letters as letters
from rung.floor.base import Copied, Line, Signed
from rung.floor.nats_cases import HEADS_SERVICE
from rung.floor.nats_keeping import Heard, Read, answer, on_disk, read
from rung.floor.nats_link import Enrolment, Link, connected

JOURNALS, HEADS = "JOURNALS", "HEADS"  # streams: the parts, and the signed ends

Continues = Callable[[Copied, str, tuple[Line, ...]], str]  # after what was copied, of which record; why not, or ""
ReadHead = Callable[[str], Signed | None]  # None: it is not signed by the key that it names


class Copies:
    """The heads of every desk's chain. The parts themselves are the server's. A `rung.floor.nats_keeping.Keeping`."""

    def __init__(self, continues: Continues, trouble: Callable[[str], None], read_head: ReadHead | None = None) -> None:
        """``trouble`` is told once of each desk whose record is not what it was."""
        self._continues = continues
        self._read_head = read_head
        self._signed: dict[str, Signed] = {}  # by desk: the last one
        self._lines: dict[str, str] = {}  # and as it came
        self._trouble = trouble
        self._stood: dict[str, letters.Stood] = {}
        self._told: set[tuple[str, str]] = set()

    def streams(self) -> list[StreamConfig]:
        return [on_disk(JOURNALS, "rung.journal.*"), on_disk(HEADS, "rung.head.*")]

    def reads(self) -> list[Read]:
        last = DeliverPolicy.LAST_PER_SUBJECT
        return [Read(JOURNALS, "rung.journal.>", self.read, last), Read(HEADS, "rung.head.>", self.read_signed, last)]

    def answers(self) -> dict[str, Heard]:
        return {"copied": self._answer, HEADS_SERVICE: self._answer_heads}

    async def begin(self, link: Link) -> None:
        self._stood = {}

    async def _answer(self, msg: Msg) -> None:
        desk = letters.from_whom(msg)
        with contextlib.suppress(msgspec.MsgspecError):
            self.said(desk, letters.read_copied(msg.data))
            await answer(msg, self.stood(desk))

    async def _answer_heads(self, msg: Msg) -> None:
        """To another desk, which keeps them too: the last of every desk but its own."""
        if asking := letters.from_whom(msg):
            lines = [line for desk, line in self._lines.items() if desk != asking]
            await msg.respond(zlib.compress(msgspec.json.encode(lines)))

    def stood(self, desk: str) -> letters.Stood:
        return self._stood.get(desk, letters.Stood(Copied(), 0))

    async def read(self, msg: Msg) -> None:
        """The last part of each desk when a steward begins, and then every one that comes."""
        desk, number = msg.subject.rpartition(".")[2], msg.metadata.sequence.stream
        try:
            part = letters.read_part(msg.data)
            last = part.lines[-1]
        except (msgspec.MsgspecError, IndexError):
            self._tell(desk, f"part {number} of its record cannot be read")
            return
        before = self._stood.get(desk)
        if before is not None and before.number >= number:
            return
        if before is not None and (why := self._continues(before.copied, part.journal, part.lines)):
            self._tell(desk, why)
        copied = Copied(journal=part.journal, seq=last.seq, hash=last.hash)
        self._stood[desk] = letters.Stood(copied, number)

    def said(self, desk: str, head: Copied) -> None:
        """How far the desk says that its record goes."""
        copied = self.stood(desk).copied
        if not copied.seq:
            return
        if head.journal != copied.journal:
            self._tell(desk, f"it has begun another record; the one before had {copied.seq} entries")
        elif head.seq < copied.seq:
            self._tell(desk, f"its record ends at entry {head.seq}, but has had entry {copied.seq}")
        elif head.seq == copied.seq and head.hash != copied.hash:
            self._tell(desk, f"entry {head.seq} of its record is not the one that was copied")

    async def read_signed(self, msg: Msg) -> None:
        """The last signed end of each desk's record when a steward begins, and then every one that comes."""
        if self._read_head is None:
            return
        desk = msg.subject.rpartition(".")[2]
        signed = self._read_head(msg.data.decode(errors="replace"))
        if signed is None:
            self._tell(desk, "a head of it came that its key has not signed")
            return
        before, head, copied = self._signed.get(desk), signed.copied, self.stood(desk).copied
        self._signed[desk], self._lines[desk] = signed, msg.data.decode()
        if before is not None and before.key != signed.key:
            self._tell(desk, f"its heads are signed by another key than before: {signed.key}")
        if before is not None and before.copied.journal == head.journal and before.copied.seq > head.seq:
            self._tell(desk, f"it ends at entry {head.seq}, but entry {before.copied.seq} has been signed")
        for known in (copied, before.copied if before is not None else copied):
            if (known.journal, known.seq) == (head.journal, head.seq) and known.hash != head.hash:
                self._tell(desk, f"entry {head.seq} that is signed is not the one that was known")

    def _tell(self, desk: str, why: str) -> None:
        if (desk, why) not in self._told:
            self._told.add((desk, why))
            self._trouble(f"the record of {desk}: {why}")


async def kept_heads(steward: Enrolment, desk: str = "") -> list[tuple[str, str]]:
    """Every signed end that the floor keeps, or that desk's, each with its desk, as they came. Raises FloorError."""
    found: list[tuple[str, str]] = []

    async def heard(msg: Msg) -> None:
        found.append((msg.subject.rpartition(".")[2], msg.data.decode(errors="replace")))

    async with connected(steward) as link:
        await read(link, Read(HEADS, f"rung.head.{desk or '*'}", heard))
    return found
