"""What the floor folds from the desks' records: who is blocked everywhere, and what counts when a caller rings again.

Callers are known to the floor by what the site's secret makes of their numbers, and by nothing else.
"""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from nats.js.errors import NotFoundError
from tests.floor.nats_rig import PATIENCE_S, NatsRig, RealSite, real_site
from tests.floor.office import MOMENT_S, Office, Seat, office
from tests.floor.test_handover import handed_over
from typer.testing import CliRunner

from rung import words as w
from rung.cli.app import app
from rung.cli.floor_views import FloorFold
from rung.desk import blocking, elsewhere
from rung.desk.after_desk import AfterDesk, Show
from rung.desk.elsewhere import Elsewhere
from rung.desk.report.model import Report
from rung.floor.base import Blocked
from rung.floor.nats_handed import BLOCKS, HANDED
from rung.floor.nats_link import connected
from rung.floor.nats_steward import Steward
from rung.floor.nats_views import rebuilt
from rung.journal.after.open_duties import open_duties
from rung.journal.vault import Vault
from rung.sim.telephone import Telephone
from rung.words import Finding, Ground, Job, Verdict

NUMBER = "+436601234567"
SECRET = bytes(range(32))
DESKS = ("ada", "eve", "fay")
MANAGER = w.Actor("p-mia", (Job.MANAGER,))


class Folding:
    """A steward that folds, and the fold that it made last."""

    def __init__(self, site: RealSite) -> None:
        self._site = site
        self.folds: list[FloorFold] = []

    def _fold(self) -> FloorFold:
        self.folds.append(FloorFold())
        return self.folds[-1]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        steward = Steward(*self._site.steward(), fold=self._fold)
        task = asyncio.create_task(steward.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await steward.up.wait()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def keys(folder: Path) -> Callable[[Office], None]:
    def give(made: Office) -> None:
        for seat in (made.ada, made.eve, made.fay):
            seat.vault = Vault(folder / f"{seat.name}.vault", site=SECRET)

    return give


def test_a_block_is_one_for_all_desks_and_the_views_can_be_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(site: RealSite) -> None:
        folding = Folding(site)
        async with (
            folding.running(),
            office("end-with-care", only=DESKS, floor=NatsRig(site), before=keys(tmp_path)) as made,
        ):
            ada, eve, fay = made.ada, made.eve, made.fay
            caller = Telephone(made.exchange, NUMBER)
            case = await harassed(made, caller)
            index = ada.vault.index(NUMBER) if ada.vault is not None else ""
            took(ada, w.BlockProposed(case=case, reason="rings all day"), w.Actor("p-ada"))
            block = await blocked(fay)
            assert (block.caller, block.case, block.decided) == (index, case, False)
            async with told_of_all(eve, monkeypatch):
                await eve.until(lambda: ("block", case) in due(eve))
            took(eve, w.BlockDecided(case=case, granted=True, reason="it is so", days=30), MANAGER)
            await fay.until(lambda: fay.bridge.handed.blocks and fay.bridge.handed.blocks[0].decided)
            made.exchange.open_lines |= {"602"}  # the others' telephones keep the number away by now
            caller.dial("602")
            await fay.until(lambda: any(f"is blocked until {day(fay)}" in text for text in fay.troubles()))
            caller.end_all()
            took(eve, w.Reviewed(case=case, finding=Finding.UPHELD, reason="heard it"), MANAGER)
            await fay.until(lambda: folding.folds[-1].upheld(case))
            await earlier(fay, caller, case)
            await same_when_made_anew(site, folding.folds[-1], made)
            assert NUMBER not in str(await everything(site)) and "6601234567" not in str(await everything(site))
        async with folding.running():
            await asyncio.sleep(0.5)  # whatever the new steward says of blocks it has said
            views = folding.folds[-1].views()
            assert views == folding.folds[-2].views() and views["blocks"][case]["standing"] == "blocked"
            done = await asyncio.to_thread(
                CliRunner().invoke, app, ["floor", "views", "--json", "--folder", str(site.site.folder)]
            )
            assert json.loads(done.stdout) == views

    with real_site(*DESKS) as site:
        asyncio.run(play(site))


def test_a_call_that_two_desks_had_is_told_whole_and_dealt_with_at_a_third(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(site: RealSite) -> None:
        folding = Folding(site)
        async with (
            folding.running(),
            office("warm-transfer", only=DESKS, floor=NatsRig(site), before=keys(tmp_path)) as made,
            told_of_all(made.fay, monkeypatch),
            told_of_all(made.eve, monkeypatch),
        ):
            ada, eve, fay = made.ada, made.eve, made.fay
            case = await handed_over(made)
            await asyncio.sleep(MOMENT_S)
            eve.bridge.feed(w.Declared(Ground.PROFANITY))
            await eve.must("warn")
            await eve.must("release")
            await eve.must("release", "hold")
            await fay.until(lambda: {("wrap-up", case), ("reason", case)} <= due(fay))
            async with asyncio.timeout(PATIENCE_S):  # a desk's last entries may still be on their way
                while len((told := await told_at(fay, case)).rungs) < 5:
                    await asyncio.sleep(0.05)
            taken = [(step.desk, step.rung) for step in told.rungs if not step.announced]
            assert taken == [
                ("ada", "warn"),
                ("ada", "escalate"),
                ("eve", "supervisor-warn"),
                ("eve", "supervisor-end"),
            ]
            assert told.order_kept, [(step.rung, step.lacked) for step in told.rungs]
            assert set(told.people) == {"p-ada", "p-eve"} and told.reason == ""
            assert not told.caller, "what names the caller stays at the desks of the call"
            assert [step.rung for step in (await told_at(eve, case)).rungs] == [step.rung for step in told.rungs]

            took(fay, w.Complained(case=case, text="nobody listened"), MANAGER)
            assert fay.of(w.Attended) and not ada.of(w.Attended)
            took(eve, w.WrappedUp(case=case, code="ended", reason="went on and on"), w.Actor("p-eve"))
            await eve.until(lambda: ("complaint", case) in due(eve))
            await fay.until(lambda: ("reason", case) not in due(fay))
            assert [each.by for each in (await told_at(fay, case)).afterwards] == ["p-mia", "p-eve"]

            took(fay, w.Trained(person="p-ada", until_ms=2**42), MANAGER)
            await fay.until(lambda: folding.folds[-1].training("p-ada").given_ms)
            assert not folding.folds[-1].training("p-ada").holds(0)
            took(ada, w.Acknowledged(), w.Actor("p-ada"))
            await ada.until(lambda: folding.folds[-1].training("p-ada").holds(0))

    with real_site(*DESKS) as site:
        asyncio.run(play(site))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_block_of_a_call_that_the_floor_never_heard_of_is_known_once_it_is_back_and_its_list_leaves_no_trace(
    restarted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk was cut off from the end of the call on; ``restarted``: and what it owed the floor is forgotten."""
    monkeypatch.setattr(blocking, "LOOK_S", 0.2)

    async def play(site: RealSite) -> None:
        rig = NatsRig(site)
        async with (
            Folding(site).running(),
            office("end-with-care", only=("ada", "fay"), floor=rig, before=keys(tmp_path)) as made,
        ):
            ada, fay = made.ada, made.fay
            ada.floor.lose()
            await ada.until(lambda: not ada.bridge._desk.facts.floor_up)
            case = await harassed(made, Telephone(made.exchange, NUMBER))
            took(ada, w.BlockProposed(case=case, reason="rings all day"), w.Actor("p-ada"))
            if restarted:
                await ada.until(lambda: ada.bridge._commands._unreported)
                ada.bridge._commands._unreported.clear()
            ada.floor.find()
            assert (await blocked(fay)).case == case and ada.vault is not None
            index, before = ada.vault.index(NUMBER), await handed(site)
            assert index.encode() in zlib.decompress(before) and in_files(site, before)
            took(ada, w.BlockDecided(case=case, granted=False, reason="no"), MANAGER)
            await fay.until(lambda: not fay.bridge.handed.blocks)
            await fay.until(lambda: not in_files(site, before))

    with real_site("ada", "fay") as site:
        asyncio.run(play(site))


async def handed(site: RealSite) -> bytes:
    """The block list, as the server has it."""
    async with connected(site.steward()[0]) as link:
        return (await link.client.jetstream().get_msg(HANDED, subject=BLOCKS)).data or b""


def in_files(site: RealSite, data: bytes) -> bool:
    """Whether any file of the server has these bytes."""
    return any(data in file.read_bytes() for file in site.site.folder.glob("jetstream/**/*") if file.is_file())


async def harassed(made: Office, caller: Telephone) -> str:
    caller.dial("500")
    ada = made.ada
    await ada.until(lambda: ada.has_case)
    ada.bridge.feed(w.Declared(Ground.HARASSMENT))
    caller.end_all()
    await ada.until(lambda: ada.of(w.CaseClosed))
    opened = ada.last(w.CaseOpened)
    assert isinstance(opened, w.CaseOpened)
    return opened.case


def took(seat: Seat, act: w.AfterAct, actor: w.Actor) -> None:
    answer = seat.bridge.attend(act, actor)
    assert answer.verdict == Verdict.TAKEN, answer.why


async def blocked(seat: Seat) -> Blocked:
    await seat.until(lambda: seat.bridge.handed.blocks)
    return seat.bridge.handed.blocks[0]


def due(seat: Seat) -> set[tuple[str, str]]:
    """As a page at that desk lists it."""
    files = seat.bridge.after.files()
    now = seat.bridge.after.wall_ms()
    return {(each.duty, each.case) for file in files.cases.values() for each in open_duties(files, file, now)}


async def told_at(seat: Seat, case: str) -> Report:
    desk = AfterDesk(seat.bridge.after, seat.name)
    reply = await asyncio.to_thread(desk.answer, Show(case), MANAGER)
    assert reply.report is not None, reply.why
    return reply.report


@asynccontextmanager
async def told_of_all(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(elsewhere, "LOOK_S", 0.1)
    task = asyncio.create_task(Elsewhere(seat.floor, seat.bridge.after, seat._teller).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def day(seat: Seat) -> str:
    return datetime.fromtimestamp(seat.bridge.handed.blocks[0].until_ms / 1000).strftime("%Y-%m-%d")


async def earlier(seat: Seat, caller: Telephone, case: str) -> None:
    """Whoever rings again is known by that case."""
    caller.dial(seat.number)
    await seat.until(lambda: seat.of(w.EarlierKnown))
    known = seat.last(w.EarlierKnown)
    assert isinstance(known, w.EarlierKnown) and [each.case for each in known.incidents] == [case]
    caller.end_all()
    await seat.until(lambda: not seat.has_case)


async def same_when_made_anew(site: RealSite, live: FloorFold, made: Office) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            anew = FloorFold()
            await rebuilt(site.steward()[0], anew)
            if anew.views() == live.views() and anew.views()["reviews"]:
                return
            await asyncio.sleep(0.1)


async def everything(site: RealSite) -> object:
    """All that the floor has of the records and of incidents, as it has it."""
    async with connected(site.steward()[0]) as link:
        js = link.client.jetstream()
        found = []
        for stream in ("JOURNALS", "INCIDENTS", "HANDED"):
            for seq in range(1, (await js.stream_info(stream)).state.last_seq + 1):
                with suppress(NotFoundError):  # it was replaced
                    found.append((await js.get_msg(stream, seq)).data)
        return found


def test_who_proposed_a_block_cannot_decide_it() -> None:
    """Whatever a desk has recorded."""
    fold = FloorFold()
    opened = w.CaseOpened(case="a-1", epoch=1, call="c", direction="in", policy="p", version="1-x")
    proposed = w.Attended(act=w.BlockProposed(case="a-1", reason="", until_ms=2**62), by="p-ada", jobs=())
    decided = w.Attended(act=w.BlockDecided(case="a-1", granted=True, reason="", until_ms=2**62), by="p-ada", jobs=())
    other = w.Attended(act=w.BlockDecided(case="a-1", granted=True, reason="", until_ms=2**62), by="p-eve", jobs=())
    for n, event in enumerate((opened, proposed)):
        fold.files.take("r", event, n)
    assert fold.blocked() == [("a-1", 2**62, False)]
    fold.files.take("r", decided, 3)
    assert fold.blocked() == []
    fold.files.take("r", other, 4)
    assert fold.blocked() == [("a-1", 2**62, True)]
