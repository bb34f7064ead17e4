"""The desks' records on the floor: everything is copied, and what does not continue is said."""

import asyncio
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from tests.floor.nats_rig import PATIENCE_S, RealSite, real_site
from tests.floor.office import office

from rung import words as w
from rung.cli.floor_copies import continues, read_head
from rung.desk.elsewhere import Elsewhere
from rung.floor import nats_letters as letters
from rung.floor.base import Copied, FloorError, Line
from rung.floor.nats import NatsFloor
from rung.floor.nats_copies import Copies, kept_heads
from rung.floor.nats_steward import Steward
from rung.journal.format import Entry, Head, genesis, seal
from rung.journal.heads import SignedHead, sign


def test_what_a_desk_records_is_copied_also_what_it_recorded_while_it_was_cut_off() -> None:
    async def play() -> None:
        async with office(only=("ada", "eve")) as made:
            ada = made.ada
            ada.floor.lose()
            await ada.until(lambda: not ada.bridge._desk.facts.floor_up)
            await made.call()
            await ada.must("warn")
            assert len(made.floor.copies.get("ada", ())) < ada.journal.head.seq
            ada.floor.find()
            await ada.until(lambda: len(made.floor.copies["ada"]) == ada.journal.head.seq)
            await ada.kill()
            await ada.start()
            ada.bridge.feed(w.Declared(w.Ground.SLUR))
            await ada.until(lambda: len(made.floor.copies["ada"]) == ada.journal.head.seq)
            assert {journal for journal, _ in made.floor.copies["ada"]} == {ada.journal.id}
            lines, entries = [line for _, line in made.floor.copies["ada"]], list(ada.journal.entries())
            assert [(x.seq, x.hash, x.body, x.kind) for x in lines] == [
                (e.seq, e.hash, e.body, e.kind) for e in entries
            ]

    asyncio.run(play())


def chain(journal: str, *people: str) -> list[Entry]:
    head, entries = genesis(journal), []
    for at, person in enumerate(people):
        entries.append(seal(head, w.CallerCalmed(person), at_ms=at, wall_ms=at))
        head = Head(entries[-1].seq, entries[-1].hash)
    return entries


def part(number: int, journal: str, *entries: Entry) -> SimpleNamespace:
    """As the server tells it."""
    lines = tuple(Line(e.seq, e.at_ms, e.wall_ms, e.kind, e.body, e.hash) for e in entries)
    metadata = SimpleNamespace(sequence=SimpleNamespace(stream=number))
    return SimpleNamespace(
        subject="rung.journal.ada", data=letters.encode(letters.Part(journal, lines)), metadata=metadata
    )


def troubles(*parts: SimpleNamespace, head: Copied | None = None) -> list[str]:
    told: list[str] = []

    async def play() -> None:
        copies = Copies(continues, told.append)
        for each in parts:
            await copies.read(each)  # type: ignore[arg-type]  # as much of a message as they need
        if head is not None:
            copies.said("ada", head)
            copies.said("ada", head)

    asyncio.run(play())
    return told


GOOD = chain("j", "a", "b", "c", "d")
OTHER = chain("j", "a", "x", "y", "z")
HEAD = Copied(journal="j", seq=4, hash=GOOD[3].hash)


def test_a_record_that_continues_is_no_trouble() -> None:
    begun = chain("k", "e")
    assert troubles(part(1, "j", *GOOD[:2]), part(2, "j", *GOOD[2:]), part(2, "j", *GOOD[2:]), head=HEAD) == []
    assert troubles(part(1, "j", *GOOD), part(2, "k", *begun)) == [], "a record of its own, whole from its first entry"
    assert troubles(part(7, "j", GOOD[3])) == [], "what a steward finds when it begins is where it begins"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        pytest.param(part(2, "j", *GOOD[3:]), "stands where entry 3 belongs", id="missing"),
        pytest.param(part(2, "j", *GOOD[:2]), "stands where entry 3 belongs", id="again"),
        pytest.param(part(2, "j", *OTHER[2:]), "entry 3 does not continue", id="forked"),
        pytest.param(part(2, "j", replace(GOOD[2], body=b"{}")), "entry 3 does not continue", id="changed"),
        pytest.param(
            part(2, "j", GOOD[2], replace(GOOD[3], wall_ms=9)), "entry 4 does not continue", id="changed later"
        ),
        pytest.param(
            part(2, "k", *chain("k", "e", "f")[1:]), "stands where entry 1 belongs", id="another, from its middle"
        ),
        pytest.param(part(2, "j"), "cannot be read", id="empty"),
    ],
)
def test_a_record_that_does_not_continue_is_said_once(second: SimpleNamespace, why: str) -> None:
    (told,) = troubles(part(1, "j", *GOOD[:2]), second)
    assert told.startswith("the record of ada: ") and why in told


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (Copied(journal="j", seq=3, hash=GOOD[2].hash), "ends at entry 3, but has had entry 4"),
        (Copied(journal="j", seq=4, hash=OTHER[3].hash), "not the one that was copied"),
        (Copied(journal="k", seq=9, hash=b"x"), "another record"),
    ],
)
def test_a_desk_whose_record_is_shorter_or_another_is_said_once(head: Copied, why: str) -> None:
    (told,) = troubles(part(1, "j", *GOOD), head=head)
    assert why in told


# -- its signed ends ---------------------------------------------------------------------------------------------------

KEY, OTHER_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))


def signed(entry: Entry, journal: str = "0a", key: Ed25519PrivateKey = KEY) -> SignedHead:
    return sign(key, journal, Head(entry.seq, entry.hash), 1)


RECORD, FORK = chain("0a", "a", "b", "c"), chain("0a", "a", "b", "x")


def told_of_heads(*heads: SignedHead | str) -> list[str]:
    told: list[str] = []

    async def play() -> None:
        copies = Copies(continues, told.append, read_head)
        await copies.read(part(1, "0a", *RECORD))  # type: ignore[arg-type]  # as much of a message as they need
        for head in heads:
            await copies.read_signed(SimpleNamespace(subject="rung.head.ada", data=str(head).encode()))  # type: ignore[arg-type]

    asyncio.run(play())
    return [line.removeprefix("the record of ada: ") for line in told]


def test_signed_ends_that_go_on_are_no_trouble() -> None:
    assert told_of_heads(*map(signed, RECORD), signed(RECORD[2]), signed(chain("0b", "a")[0], "0b")) == []


def test_a_real_floor_keeps_them_says_what_is_wrong_and_hands_them_out(tmp_path: Path) -> None:
    """To its own computer, and to a supervisor's desk, which keeps them too: once a day."""

    async def play(site: RealSite) -> None:
        told: list[str] = []
        steward = Steward(*site.site.steward(), read_head=read_head, trouble=told.append)
        ada, eve = NatsFloor(site.enrolment("ada")), NatsFloor(site.enrolment("eve"))
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            works = (steward.run(), ada.run(lambda news: None), eve.run(lambda news: None))
            tasks = [group.create_task(work) for work in works]
            await steward.up.wait()
            good, forged = str(signed(RECORD[0])), str(replace(signed(RECORD[2]), seq=2))
            for line in (good, forged, str(signed(RECORD[1], key=OTHER_KEY))):
                while True:
                    with suppress(FloorError):
                        await ada.keep_head(line)
                        break
                    await asyncio.sleep(0.01)
            while len(told) < 2:
                await asyncio.sleep(0.01)
            kept = await kept_heads(site.site.steward()[0], "ada")
            assert kept == await kept_heads(site.site.steward()[0])
            keeper = Elsewhere(eve, cast(Any, SimpleNamespace()), cast(Any, None), tmp_path / "others.heads")
            for _ in range(2):
                await keeper._keep_heads()
            assert (tmp_path / "others.heads").read_text() == f"{signed(RECORD[1], key=OTHER_KEY)}\n"
            for task in tasks:
                task.cancel()
        assert [desk for desk, _ in kept] == ["ada"] * 3
        assert [head for _, head in kept][:2] == [good, forged]
        assert "that its key has not signed" in told[0] and "by another key" in told[1]

    with real_site("ada", "eve") as site:
        asyncio.run(play(site))


@pytest.mark.parametrize(
    ("heads", "why"),
    [
        pytest.param(["nonsense"], "a head of it came that its key has not signed", id="nonsense"),
        pytest.param(
            [replace(signed(RECORD[0]), seq=2)], "a head of it came that its key has not signed", id="not signed"
        ),
        pytest.param([signed(FORK[2])], "entry 3 that is signed is not the one that was known", id="not the copy"),
        pytest.param(
            [signed(RECORD[1]), signed(FORK[0])], "it ends at entry 1, but entry 2 has been signed", id="rolled back"
        ),
        pytest.param([signed(RECORD[1]), replace(signed(RECORD[1]), hash=bytes(32))], "has not signed", id="forged"),
        pytest.param([signed(RECORD[1]), signed(RECORD[2], key=OTHER_KEY)], "by another key than before", id="key"),
    ],
)
def test_a_signed_end_that_does_not_fit_is_said(heads: list[SignedHead | str], why: str) -> None:
    (told,) = told_of_heads(*heads)
    assert why in told
