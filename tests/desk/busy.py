"""A desk that is kept busy by chance, and what must be true of its record whenever it stops.

Calls come and go, buttons are pressed, grounds are named; bridge, record and file of keys are the real ones.
"""

import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.desk.scripted_phone import CONSULT, ScriptedPhone

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Teller
from rung.desk.recovery import recover
from rung.floor.base import Place
from rung.journal.format import Head
from rung.journal.signing import Signer
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.journal.verify import verify
from rung.link.door import NotRecorded
from rung.policy import Book, Times, load
from rung.words import Button, CallState, EndedBy, Gesture, Ground, Pressed, Verdict

POLICY = load("warm-transfer", Times(wait=0.01, say_time=0.01, answer_within=0.05))
GESTURES = (Gesture.TAP, Gesture.TAP, Gesture.TAP, Gesture.HOLD)
GROUNDS = (Ground.PROFANITY, Ground.SLUR, Ground.THREAT, Ground.RUDENESS)


class BusyDesk:
    """One life of a desk. ``acked`` is told the number of each press as soon as its door has taken it."""

    def __init__(self, rng: random.Random, journal: Journal, vault: Vault, signer: Signer | None = None) -> None:
        """Inside a running event loop."""
        self._rng = rng
        self.journal = journal
        self.vault = vault
        self.phone = ScriptedPhone()
        self.refused = 0  # presses that the record did not take
        self.teller = Teller(lambda happening: None)
        self.bridge = Bridge(Book(POLICY), journal, self.phone, self.teller, vault=vault, signer=signer)
        self._number = max((n for n in recorded(journal)), default=0)
        self._lines = 0

    async def work(self, acked: Callable[[int], None], acts: int) -> None:
        """So many things happen; then it ends as a kill ends it, with nothing said or written for the occasion."""
        place = Place(extension="1001", person=w.Person("agent-17"))
        running = asyncio.create_task(self.bridge.run(place, "600"))
        try:
            await asyncio.sleep(0)
            for _ in range(acts):
                if running.done():
                    break
                self._act(acked)
                await asyncio.sleep(self._rng.choice((0, 0, 0.001)))
        finally:
            running.cancel()
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    await running
            finally:
                self.teller.close()

    def _act(self, acked: Callable[[int], None]) -> None:
        rng, calls = self._rng, [call for call in self.phone.living if call != CONSULT]
        if not calls:
            self._lines += 1
            self.phone.now(f"line-{self._lines}", CallState.UP, peer="+4930123456", queue="100")
            return
        chance = rng.random()
        if chance < 0.6:
            self.press(acked)
        elif chance < 0.75:
            self.bridge.feed(w.Declared(rng.choice(GROUNDS), "says bad things"))
        elif chance < 0.8:
            self.bridge.feed(rng.choice((w.Calmed(), w.Noted(matter="a bill"), w.AskTakenBack())))
        elif chance < 0.9 and CONSULT in self.phone.living:
            state = rng.choice((CallState.UP, CallState.ENDED))
            self.phone.now(CONSULT, state, EndedBy.THEM if state == CallState.ENDED else None)
        elif chance > 0.95:
            self.phone.now(rng.choice(calls), CallState.ENDED, EndedBy.THEM)

    def press(self, acked: Callable[[int], None]) -> Verdict | None:
        """A fresh one, or the last once more where it was not taken; None: the record did not take it."""
        case = self.bridge._desk.case
        press = Pressed(
            box="box",
            boot="boot",
            number=self._number + 1,
            buttons=(self._rng.choice(list(Button)),),
            gesture=self._rng.choice(GESTURES),
            epoch=0 if case is None else case.epoch,
            age_ms=0,
        )
        try:
            answer = self.bridge.press(press)
            self._number += 1
            acked(press.number)
            return answer.verdict
        except NotRecorded:
            self.refused += 1
            return None
        finally:
            self.bridge.act()


def recorded(journal: Journal) -> list[int]:
    """The numbers of all presses on record, in order. By entry, since parts of a refused press are sealed."""
    return [msgspec.json.decode(entry.body, type=_Recorded).press.number for entry in journal.of_kind(w.PressRecorded)]


class _Press(msgspec.Struct):
    number: int


class _Recorded(msgspec.Struct):
    press: _Press


def check(journal: Journal, vault: Vault, acked: set[int], head: Head | None = None) -> int:
    """What must be true whenever a desk starts again; returns the number of entries."""
    report = verify(journal.entries(), journal.id, *([head] if head is not None else []))
    assert report.ok, report
    presses = recorded(journal)
    assert not (missing := acked - set(presses)), f"acknowledged but not on record: {sorted(missing)}"
    assert presses == list(range(1, len(presses) + 1)), "a press is there twice, or out of its order"
    events = [entry.event for entry in journal.entries()]
    answered = [event.number for event in events if isinstance(event, w.PressAnswered)]
    assert answered == presses, "half of a press is on record"
    epochs = [event.epoch for event in events if isinstance(event, w.CaseOpened)]
    assert epochs == sorted(set(epochs)), "the number of a call came twice"
    assert all(vault.unseal(event) is not None for event in events), "something is sealed whose key is not there"
    desk = recover(journal, vault)  # it starts again by itself
    assert desk.epoch == max(epochs, default=0)
    return report.head.seq


# -- killed: `python -m tests.desk.busy LIVES SEED` ------------------------------------------------------------------


def live(folder: Path, seed: int, out: int) -> None:
    """Work until killed; the number of each press goes to the descriptor ``out`` when it has been acknowledged."""

    async def run() -> None:
        path = folder / "journal.db"
        desk = BusyDesk(random.Random(seed), Journal(path), Vault(folder / "vault.db"), Signer(path))
        await desk.work(lambda number: os.write(out, b"%d\n" % number) and None, sys.maxsize)

    asyncio.run(run())


def kill(lives: int, seed: int) -> tuple[int, int]:
    """Fork so many lives one after the other, kill each at a random moment, and check; entries and presses of all.

    The process must have no threads: what is forked has none of them.
    """
    rng, entries, presses = random.Random(seed), 0, 0
    for first in range(0, lives, LIVES_A_RECORD):
        with tempfile.TemporaryDirectory(prefix="rung-busy-") as name:
            folder, acked = Path(name), set[int]()
            for life in range(first, min(first + LIVES_A_RECORD, lives)):
                reading, writing = os.pipe()
                if (child := os.fork()) == 0:
                    os.close(reading)
                    try:
                        live(folder, seed + life, writing)
                    except BaseException:
                        traceback.print_exc()
                    os._exit(1)
                os.close(writing)
                until_busy_for(child, rng.uniform(0, LIFE_S))
                os.kill(child, signal.SIGKILL)
                with open(reading, "rb") as pipe:  # noqa: PTH123 (a descriptor)
                    acked |= {int(line) for line in pipe.read().split(b"\n")[:-1]}
                _, status = os.waitpid(child, 0)
                assert os.WIFSIGNALED(status), f"life {life} of seed {seed} ended by itself"
                with (
                    contextlib.closing(Journal(folder / "journal.db")) as journal,
                    contextlib.closing(Vault(folder / "vault.db")) as vault,
                ):
                    last = check(journal, vault, acked)
            entries, presses = entries + last, presses + len(acked)
    return entries, presses


def until_busy_for(child: int, busy_s: float) -> None:
    """Until that process has had so much of a processor: on a crowded computer it has not even begun after as long."""
    given_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < given_up:
        if int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) >= busy_s * 1e9:
            return
        time.sleep(0.0005)


LIVES_A_RECORD = 25
LIFE_S = 0.1  # of a processor, at the most: from before the record is open to well into the calls
PATIENCE_S = 30.0

if __name__ == "__main__":
    print(*kill(int(sys.argv[1]), int(sys.argv[2])))
