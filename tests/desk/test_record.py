"""A bridge whose record is found damaged, and the signed ends that it hands to its floor."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import apsw
import msgspec
import pytest
from tests.desk.rig import Desk
from tests.desk.scripted_phone import LINE, ScriptedPhone

from rung import words as w
from rung.desk import heads as keeping
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import FloorError, Place
from rung.floor.local import LocalFloor
from rung.journal.format import JournalDamaged
from rung.journal.heads import heads_in
from rung.journal.reading import reading
from rung.journal.signing import Signer, last_signed
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.policy import Book, load
from rung.sim.disk import Step
from rung.words import Button, CallState, Gesture

PATIENCE_S = 30.0


def test_a_record_that_is_found_damaged_refuses_the_press_ends_the_bridge_and_leaves_the_call_alone() -> None:
    async def run() -> None:
        desk = Desk()

        def damaged(step: Step) -> None:
            raise apsw.CorruptError("injected")

        with pytest.raises(ExceptionGroup) as ended:
            async with desk.bridge():
                desk.call_comes()
                desk.stall_disk(damaged)
                await desk.unrecorded_press(Button.ESCALATE)
                answer = desk.now.feed(w.Declared(w.Ground.SLUR))
                assert answer is not None and "keep it for the review" in answer.why
                await asyncio.sleep(2.5)
                desk.disk_is(full=False)
        assert ended.group_contains(JournalDamaged)
        assert desk.phone.living[LINE].state == CallState.UP and desk.phone.asked == []

    asyncio.run(run())


def test_a_press_from_before_the_record_was_begun_anew_is_one_of_an_earlier_call() -> None:
    """The box repeats what was never acknowledged; the fresh record knows of no call but the one that is up."""

    async def run() -> None:
        desk = Desk()
        begun = w.RecordBegunAnew(why="damaged", file="", journal="", seq=0, hash="", epoch=3_000_000)
        with closing(Journal("/desk.journal", vfs=desk._layer.name)) as journal:
            journal.append([begun], at_ms=0, wall_ms=0)
        async with desk.bridge():
            desk.call_comes()
            (opened,) = desk.of(w.CaseOpened)
            assert isinstance(opened, w.CaseOpened) and opened.epoch == 3_000_001
            for epoch in (1, 17, 2_999_999):
                desk.epoch = epoch
                answer = await desk.press(Button.RELEASE, Gesture.HOLD)
                assert answer.verdict == w.Verdict.REFUSED, answer
            assert desk.phone.living[LINE].state == CallState.UP and desk.phone.asked == []

    asyncio.run(run())


def test_the_end_of_the_record_is_signed_and_given_to_the_floor_whenever_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "HEAD_EVERY_S", 0.05)
    monkeypatch.setattr(keeping, "AGAIN_S", 0.05)

    async def run() -> None:
        path = tmp_path / "journal.db"
        floor = LocalFloor()
        ada = floor.desk("ada")
        with closing(Journal(path)) as journal:
            teller = Teller(lambda happening: None)
            bridge = Bridge(Book(load("no-hang-up")), journal, ScriptedPhone(), teller, floor=ada, signer=Signer(path))
            task = asyncio.create_task(bridge.run(Place(extension="1", person=w.Person("ann"))))
            await until(lambda: last_head(floor) == journal.head)
            ada.lose()
            with pytest.raises(FloorError):
                await ada.keep_head("")
            bridge.record(w.CallerCalmed("ann"))
            await asyncio.sleep(0.2)
            assert last_head(floor) != journal.head
            ada.find()
            await until(lambda: last_head(floor) == journal.head)
            count = len(floor.heads["ada"])
            await asyncio.sleep(0.2)
            assert len(floor.heads["ada"]) == count, "nothing has grown"
            bridge.record(w.CallerCalmed("bob"))
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            signed = last_signed(path)
            assert signed is not None and signed.head == journal.head, "the last one is signed at the end"
            kept = heads_in("\n".join(floor.heads["ada"]))
            assert len({head.key for head in kept}) == 1 and all(head.genuine for head in kept)
            assert verify(journal.entries(), journal.id, *(head.head for head in kept)).ok
            teller.close()

    def last_head(floor: LocalFloor) -> object:
        found = heads_in(floor.heads.get("ada", [""])[-1])
        return found[0].head if found else None

    asyncio.run(run())


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


CONFIG = """
[desk]
name = "ada"
state = "."
[box]
port = "/nonexistent/ttyRUNG0"
[phone]
kind = "baresip"
extension = "1001"
supervisors = "600"
control = "127.0.0.1:9"
"""


def rung_run(folder: Path) -> list[str]:
    """A real `rung run` up to where its desk has started; what troubled it before."""
    (folder / "rung.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "rung", "run", "--json", "-c", str(folder / "rung.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told: list[str] = []
        try:
            for line in process.stdout:
                happening = msgspec.json.decode(line, type=Happening)
                if happening.kind == "trouble":
                    told.append(happening.text)
                if happening.kind == "view":
                    break
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
        assert process.wait() == 0
    return [text for text in told if "record" in text]


def test_a_desk_with_a_damaged_record_starts_by_itself_and_says_so(tmp_path: Path) -> None:
    """An index that is lost is met only in the middle of the start, a file that is cut off at once."""
    assert rung_run(tmp_path) == []
    path = tmp_path / "journal.db"
    with closing(apsw.Connection(str(path))) as db:
        page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entry_by_kind'").get
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    before = path.read_bytes()
    (told,) = rung_run(tmp_path)
    (aside,) = tmp_path.glob("journal.damaged-*.db")
    assert told.startswith("the record was begun anew: ") and aside.name in told and "keep it for the review" in told
    assert aside.read_bytes() == before
    path.with_suffix(".key").write_text("nonsense")
    (told,) = rung_run(tmp_path)
    assert told.startswith("heads of the record are not signed: ") and "put the right one back" in told
    with reading(path) as record:
        entries = list(record.entries())
        assert verify(entries, record.id).ok and entries[0].kind == "RecordBegunAnew"
