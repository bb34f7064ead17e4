"""Desks of the release before this one on a floor of this one, beside desks of this one: real code from the history."""

import asyncio
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from tests.floor.former_desk import Trunk
from tests.floor.nats_rig import NatsRig, RealSite, nats_rig, real_site
from tests.floor.office import PATIENCE_S, office

from rung import words as w
from rung.cli.floor_views import FloorFold
from rung.floor import nats_letters as letters
from rung.floor.base import FloorError, Line
from rung.floor.enrolment import keep_enrolment
from rung.sim.telephone import Telephone
from rung.words import CallState, Reply

FORMER = "eb2c3411ff3a29893723911799c3446a94daece0"  # the last commit of the release before
ROOT = Path(__file__).parents[2]
DESK = Path(__file__).with_name("former_desk.py")


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The former release's sources, whole; they need nothing that this one's environment has not."""
    folder = tmp_path_factory.mktemp("former")
    packed = folder / "former.tar"
    made = (
        subprocess.run(
            ["git", "-C", str(ROOT), "archive", "-o", str(packed), FORMER, "host/rung", "firmware/rung_wire"],
            capture_output=True,
            text=True,
            check=False,
        )
        if shutil.which("git")
        else None
    )
    if made is None or made.returncode:
        pytest.skip("the former release is not in this checkout: git fetch --unshallow")
    with tarfile.open(packed) as tar:
        tar.extractall(folder, filter="data")
    return folder


class Former:
    """The process, and every line that it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.said: list[str] = []
        self._process = process
        self._task = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.said.append(line.decode().strip())

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    async def until(self, text: str, times: int = 1) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while sum(line.startswith(text) for line in self.said) < times:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never {text!r} of {self.said}") from None

    async def must(self, button: str) -> None:
        """Press until it is taken, each time only after the answer to the press before."""
        before = answered = len(self._answers)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not any(line.startswith("answer taken") for line in self._answers[before:]):
                    self.type(button)
                    answered += 1
                    await self.until("answer", answered)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{button} is never taken: {self._answers[before:]} of {self.said}") from None

    async def is_abused_and_asks(self) -> None:
        """A call that goes as far as a supervisor's being asked."""
        self.type("call")
        await self.until("recorded CaseOpened")
        await self.must("warn")
        self.type("slur")
        await self.must("escalate")

    @property
    def _answers(self) -> list[str]:
        return [line for line in self.said if line.startswith("answer")]


@asynccontextmanager
async def running(
    former: Path, site: RealSite, desk: str, folder: Path, reply: str = "", policy: str = "hang-up-protocol"
) -> AsyncIterator[Former]:
    keep_enrolment(folder / "floor.json", site.enrolment(desk))
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            str(Path(__file__).with_name("former_desk.py")),
            str(folder / "floor.json"),
            str(folder),
            reply,
            policy,
        ),
        env=os.environ | {"PYTHONPATH": f"{former / 'host'}:{former / 'firmware'}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Former(process)
    try:
        yield made
    finally:
        process.kill()
        await process.wait()
        await made._task


def test_a_supervisor_at_a_former_desk_gives_leave_to_an_agent_at_a_new_one(former: Path, tmp_path: Path) -> None:
    async def play(site: RealSite) -> None:
        async with (
            nats_rig(site) as rig,
            office("hang-up-protocol", only=("ada",), floor=rig) as made,
            running(former, site, "eve", tmp_path, Reply.GRANT) as eve,
        ):
            ada = made.ada
            await ada.until(lambda: ada.bridge._desk.facts.present)
            await made.call()
            await ada.must("warn")
            ada.bridge.feed(w.Declared(w.Ground.SLUR))
            await ada.must("escalate")
            await ada.until(lambda: ada.of(w.LeaveGranted))
            await eve.until("replied ada-1")
            await ada.must("warn")
            assert len(ada.of(w.LeaveGranted)) == 1 and not ada.bridge.look().leave
            assert not [line for line in eve.said if line.startswith("trouble")]
            await is_copied(rig, "PolicyKept", 2)

    with real_site("ada", "eve") as site:
        asyncio.run(play(site))


def test_an_agent_at_a_former_desk_gets_leave_from_a_supervisor_at_a_new_one(former: Path, tmp_path: Path) -> None:
    async def play(site: RealSite) -> None:
        async with (
            nats_rig(site) as rig,
            office("hang-up-protocol", only=("ada", "eve"), floor=rig) as made,
            running(former, site, "bea", tmp_path) as bea,
        ):
            eve = made.eve
            await eve.until(lambda: "bea" in eve.bridge._desk.facts.desks)
            await bea.is_abused_and_asks()
            asked = await eve.asked()
            assert asked.desk == "bea" and asked.brief.case == "bea-1"
            await eve.reply("grant")
            await bea.until("recorded LeaveGranted")
            await bea.must("warn")
            await is_copied(rig, "LeaveGranted", 1)

    with real_site("ada", "eve", "bea") as site:
        asyncio.run(play(site))


def test_a_case_goes_from_a_former_desk_to_a_new_one(former: Path, tmp_path: Path) -> None:
    async def play(site: RealSite) -> None:
        async with (
            nats_rig(site) as rig,
            office("warm-transfer", only=("ada", "eve"), floor=rig) as made,
            running(former, site, "bea", tmp_path, policy="warm-transfer") as bea,
        ):
            eve = made.eve
            await eve.until(lambda: "bea" in eve.bridge._desk.facts.desks)
            await bea.is_abused_and_asks()
            await eve.asked()
            trunk = Trunk(made.exchange, made.caller)
            trunk.consults("601", "bea-1")
            await eve.until(lambda: any(call.state == CallState.UP for call in eve.bridge._desk.facts.calls.values()))
            await eve.reply("take")
            await bea.until("recorded CaseReleased")
            assert eve.of(w.CaseReceived), "it was written down there before"
            trunk.complete()
            await eve.until(lambda: eve.of(w.CaseArrived) and eve.has_case)
            assert eve.bridge.look().grounds == ("slur (p-bea)",)
            await bea.until("recorded CaseClosed")
            await is_copied(rig, "CaseArrived", 1)

    with real_site("ada", "eve", "bea") as site:
        asyncio.run(play(site))


def test_a_case_goes_from_a_new_desk_to_a_former_one(former: Path, tmp_path: Path) -> None:
    async def play(site: RealSite) -> None:
        async with (
            nats_rig(site) as rig,
            office("warm-transfer", only=("ada",), floor=rig) as made,
            running(former, site, "eve", tmp_path, Reply.TAKE, "warm-transfer") as eve,
        ):
            made.check_owners = lambda: None  # type: ignore[method-assign]  # the other owner's record is over there
            ada, far = made.ada, Telephone(made.exchange, "700")
            far.habit("answer", after_ms=500)  # by then that desk has been rung as well
            await ada.until(lambda: ada.bridge._desk.facts.present)
            await made.call()
            await ada.must("warn")
            ada.bridge.feed(w.Declared(w.Ground.SLUR))
            await ada.must("escalate")
            await eve.until("replied ada-1")
            eve.type("consulted ada-1")
            await eve.until("recorded CaseReceived")
            await ada.until(lambda: ada.of(w.CaseReleased))
            eve.type("complete")
            await eve.until("recorded CaseArrived")
            await ada.until(lambda: ada.of(w.CaseClosed))
            received, arrived = (eve.said.index(f"recorded {kind}") for kind in ("CaseReceived", "CaseArrived"))
            assert (
                received < arrived
                and not ada.has_case
                and not [line for line in eve.said if line.startswith("trouble")]
            )
            await is_copied(rig, "CaseArrived", 1)

    with real_site("ada", "eve") as site:
        asyncio.run(play(site))


async def is_copied(rig: NatsRig, kind: str, times: int) -> None:
    kinds: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while kinds.count(kind) < times:
                await asyncio.sleep(0.1)
                with suppress(FloorError, TimeoutError):  # of one question: a busy server is asked again
                    kinds = [line.kind for record in (await rig.copies()).values() for line in record]
    except TimeoutError:
        raise AssertionError(f"{kind} is never copied {times} times: {kinds}") from None


# -- what a later release may say --------------------------------------------------------------------------------------


def test_what_a_later_release_adds_is_passed_over() -> None:
    place = {"extension": "5", "later": {"x": 1}}
    sat = letters.read_sat(msgspec.json.encode({"place": place, "connection": "c", "later": 1}))
    assert sat.place.extension == "5"
    body = {"type": "Seen", "ask": 3, "desk": "eve", "later": True}
    letter = letters.read_letter(msgspec.json.encode({"id": "x", "to": "c", "body": body, "later": []}))
    assert letter.body == w.Seen(3, "eve")


def test_entries_of_a_kind_that_is_not_known_here_are_passed_over_in_the_views() -> None:
    fold = FloorFold()
    fold.take("r", Line(1, 0, 0, "LaterEvent", b'{"type":"LaterEvent","x":1}', b""))
    opened = w.CaseOpened(case="a-1", epoch=1, call="c", direction="in", policy="p", version="1-x")
    body = msgspec.json.encode(opened)[:-1] + b',"later":{"y":2}}'
    fold.take("r", Line(2, 0, 0, "CaseOpened", body, b""))
    assert set(fold.files.cases) == {"a-1"}
