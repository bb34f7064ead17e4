"""A real call over SIP: its caller's number is in no file of the desk, neither before it is erased nor after."""

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.floor.test_erased import CALLER, forms, traces

from rung import words as w
from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.policy import Times
from rung.words import CallState

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung.sim.sip_handset import end_phone, start_phone
from rung.sim.stage import CALLER_HZ, SUPERVISOR_HZ, Stage
from rung.sim.stories import Player


class NumberedStage(Stage):
    """The caller has a telephone number."""

    async def _set_up_phones(self) -> None:
        self.caller = await start_phone(self.folder, CALLER, CALLER_HZ, self.changed, self._exits)
        self.supervisor = await start_phone(self.folder, "supervisor", SUPERVISOR_HZ, self.changed, self._exits)
        self._exits.push_async_callback(end_phone, self.folder / "desk" / "phone.json")


def rung(stage: Stage, *words: str) -> str:
    command = [sys.executable, "-m", "rung", "privacy", *words, "-c", str(stage.config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_number_is_in_no_file_of_the_desk(tmp_path: Path) -> None:
    asyncio.run(play(tmp_path))


async def play(folder: Path) -> None:
    desk = folder / "desk"
    async with NumberedStage(folder, Times(wait=0.3, say_time=0.3, answer_within=2)) as stage:
        player = Player(stage, lambda text: None)
        await player.call_in()
        await player.declare("p", w.Ground.PROFANITY)
        await player.warn()
        (opened,) = player.events(w.CaseOpened)
        assert isinstance(opened, w.CaseOpened) and CALLER in opened.caller
        await stage.restart_bridge()  # the call stays up; the case is read back with its key
        await stage.until(lambda: any(c.state == CallState.UP for c in stage.caller.calls.values()), "the call is up")
        await stage.caller.hang_up()
        await stage.until(player.over, "the case closes")
        assert traces(desk, *forms(CALLER)) == set()

        assert CALLER in await asyncio.to_thread(rung, stage, "reveal", opened.case, "--as", "manager-max")
        said = await asyncio.to_thread(
            rung, stage, "erase", "--caller", CALLER.replace("+", "00"), "--as", "manager-max", "--why", "asked"
        )
        assert opened.case in said
        assert CALLER not in await asyncio.to_thread(rung, stage, "reveal", opened.case, "--as", "manager-max")
        await stage.kill_bridge()
        assert CALLER not in str(stage.record)
        assert traces(desk, *forms(CALLER)) == set()
        with closing(Journal(desk / "journal.db")) as journal:
            assert verify(journal.entries(), journal.id, journal.head).ok
