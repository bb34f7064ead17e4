"""After an erasure no trace of the number is left: searched byte by byte, in the desk's files and a real server's."""

import asyncio
import base64
import gzip
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.desk.scripted_phone import LINE, ScriptedPhone
from tests.floor.nats_rig import RealSite, real_site
from typer.testing import CliRunner

from rung import words as w
from rung.cli.app import app
from rung.cli.floor_copies import continues
from rung.desk import upkeep
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.desk.own_data import Own
from rung.floor.base import Erasure, ErasuresAre, Place
from rung.floor.nats import NatsFloor
from rung.floor.nats_handed import ERASURES, hand_down
from rung.floor.nats_steward import Steward
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.journal.verify import verify
from rung.policy import Book, load
from rung.words import CallState, EndedBy, Role

CALLER = "+4915112345678"
MATTER = "wants Mrs Unmistakable"
PATIENCE_S = 30.0
GONE = Erasure(id="1", caller="x", person="manager-max", why="asked", waits=("a desk of long ago",))


def forms(number: str) -> Iterator[bytes]:
    """As a number is written: with and without its country, spaced, and in the encodings that programs use."""
    digits = number.removeprefix("+")
    national = "0" + digits[2:]
    written = {number, digits, national, "00" + digits, f"+49 151 {digits[5:]}", f"0151/{digits[5:]}", digits[-8:]}
    for text in written:
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield text.encode().hex().encode()


def traces(folder: Path, *needles: bytes) -> set[str]:
    """Every file that holds one of them, or would once it is unpacked."""
    found = set()
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            with suppress(OSError, EOFError):
                data += gzip.decompress(data)
            found |= {f"{file.name}: {needle!r}" for needle in needles if needle in data}
    return found


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    for number, form in enumerate(forms(CALLER)):
        (tmp_path / f"{number}").write_bytes(b"x" * 5000 + form)
        assert traces(tmp_path, form)
        (tmp_path / f"{number}").unlink()
    (tmp_path / "packed").write_bytes(gzip.compress(CALLER.encode()))
    assert traces(tmp_path, CALLER.encode()) and not traces(tmp_path, b"nobody")


class Floored:
    """Ada's desk and a supervisor's, with real files, on a real floor."""

    def __init__(self, site: RealSite, folder: Path) -> None:
        self.folder = folder
        self.site = site
        self.told: list[Happening] = []
        self.phone = ScriptedPhone()
        secret = bytes.fromhex(site.site.read().callers)
        self.journal, self.vault = Journal(folder / "journal.db"), Vault(folder / "vault.db", site=secret)
        self.teller = Teller(self.told.append)
        self.floor = NatsFloor(site.enrolment("ada"))
        self.bridge = Bridge(
            Book(load("hang-up-protocol"), desk="ada"),
            self.journal,
            self.phone,
            self.teller,
            floor=self.floor,
            vault=self.vault,
        )
        self.eve = NatsFloor(site.enrolment("eve"))
        self.asked: list[object] = []

    async def run(self) -> None:
        steward = Steward(*self.site.site.steward(), continues=continues)
        place = Place(extension="1001", person=w.Person("agent-17"))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(steward.run()),
                group.create_task(self.bridge.run(place)),
                group.create_task(self.eve.run(lambda news: self.asked.append(news))),
            ]
            try:
                await self.eve.sign_on(Place(extension="1002", person=w.Person("eve", Role.SUPERVISOR)))
                await self.play(steward)
            finally:
                for task in tasks:
                    task.cancel()

    async def until(self, true: object) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():  # type: ignore[operator]
                await asyncio.sleep(0.02)

    def act(self, input: w.Input) -> None:
        answer = self.bridge.feed(input)
        assert answer is None or answer.verdict == w.Verdict.TAKEN, answer

    async def play(self, steward: Steward) -> None:
        await steward.up.wait()
        await self.until(lambda: self.bridge._desk.facts.floor_up and self.bridge._desk.facts.present)
        self.phone.now(LINE, CallState.UP, peer=f"sip:{CALLER}@10.0.0.9;user=phone")
        self.act(w.Noted(matter=f"{MATTER}, {CALLER}", offered=f"a call back at {CALLER}"))
        self.act(w.Declared(w.Ground.THREAT, f"will ring from {CALLER} again"))  # tells Eve at once, with a brief
        await self.until(lambda: CALLER in str(self.asked))
        self.phone.now(LINE, CallState.ENDED, EndedBy.THEM, cause=f"BYE from {CALLER}")
        index = self.vault.index(CALLER).encode()
        await self.until(lambda: traces(self.site.site.folder, index))  # the incident is reported
        await self.until(lambda: self.copied())
        case = self.bridge.after.files().cases.popitem()[1]
        assert case.caller.startswith(f"sip:{CALLER}"), "the desk itself cannot read it"
        key = bytes(self.vault._db.execute("SELECT secret FROM key WHERE name = ?", (f"case/{case.case}",)).get)
        assert traces(self.folder, key)
        nowhere = {*forms(CALLER), MATTER.encode()}
        assert not traces(self.folder, *nowhere) and not traces(self.site.site.folder, *nowhere), "written in clear"

        assert self.bridge.privacy is not None
        ordered = await self.ordered("--caller", CALLER, "--as", "manager-max", "--why", "the caller asked for it")
        assert "waits for: ada, eve" in ordered and CALLER not in ordered
        await self.until(lambda: self.journal.last(w.Erased) is not None and not self.vault.owed())
        order = self.journal.last(w.ErasureOrdered)
        assert order is not None and order.event.person == "manager-max"  # type: ignore[union-attr]
        await self.waits_for("eve")
        await self.eve.erased((await self.ordered()).partition("\t")[0])
        await self.waits_for("")
        await hand_down(self.site.site.steward()[0], ERASURES, ErasuresAre((GONE,)))
        await self.waits_for("")  # for a desk that is on the floor no more
        exported = self.bridge.privacy.own("agent-17")
        assert isinstance(exported, Own)
        (self.folder / "export.json").write_text(repr(exported) + repr(self.bridge.after.lines()))
        await self.until(lambda: self.copied())
        await self.floor.do(w.LookUp(99, "line", index.decode()))
        for folder in (self.folder, self.site.site.folder):
            assert traces(folder, *nowhere, key, index) == set()
        assert verify(self.journal.entries(), self.journal.id, self.journal.head).ok

    async def ordered(self, *args: str) -> str:
        command = ["floor", "erase", *args, "--folder", str(self.site.site.folder)]
        done = await asyncio.to_thread(CliRunner().invoke, app, command)
        assert done.exit_code == 0, done.output
        return done.stdout

    async def waits_for(self, desk: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (await self.ordered()).rpartition("waits for: ")[2].strip() != desk:
                await asyncio.sleep(0.1)

    def copied(self) -> bool:
        """The floor has every entry; its own files tell."""
        newest = base64.b64encode(self.journal.head.hash)
        return bool(traces(self.site.site.folder, newest))


async def played(site: RealSite, folder: Path) -> None:
    desk = Floored(site, folder)
    with closing(desk.journal), closing(desk.vault), closing(desk.teller):
        await desk.run()


def test_no_trace_of_an_erased_caller_at_the_desk_or_on_the_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LOOK_S", 0.2)
    with real_site("ada", "eve") as site:
        asyncio.run(played(site, tmp_path))
        site.server.kill()
        for folder in (tmp_path, site.site.folder):  # and what is left once everybody has gone
            assert traces(folder, *forms(CALLER), MATTER.encode()) == set()
