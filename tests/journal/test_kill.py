"""The bridge is killed at any moment: every press it had acknowledged is on record."""

import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from rung.journal.store import Journal
from rung.journal.verify import verify
from rung.words import PressAnswered, PressRecorded

KILLS = 12

WRITER = """
import sys
from rung.journal.store import Journal
from tests.journal.samples import press
journal = Journal(sys.argv[1])
number = journal.head.seq // 2
while True:
    number += 1
    journal.append(press(number), at_ms=number, wall_ms=number)
    print(number, flush=True)
"""


def test_every_acknowledged_press_outlives_sigkill(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = tmp_path / "desk.journal"
    for _ in range(KILLS):
        acked = killed_after(path, acks=rng.randint(1, 120), extra_bytes=rng.randint(0, 30))
        with closing(Journal(path)) as journal:
            events = [entry.event for entry in journal.entries()]
            assert verify(journal.entries(), journal.id).ok
        recorded = [event.press.number for event in events if isinstance(event, PressRecorded)]
        answered = [event.number for event in events if isinstance(event, PressAnswered)]
        assert recorded == answered == list(range(1, len(recorded) + 1))
        assert len(recorded) >= acked, f"RUNG_SEED={seed}: {acked} acknowledged, {len(recorded)} on record"


def killed_after(path: Path, acks: int, extra_bytes: int) -> int:
    """Run a writer, kill it soon after that many acknowledgements, and return the last one that it gave."""
    root = Path(__file__).parents[2]
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=root, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(acks)]
    writer.stdout.read(extra_bytes)  # not a whole number of lines: any moment will do
    writer.kill()
    assert writer.wait() == -signal.SIGKILL
    rest, last = writer.stdout.read(), lines[-1]
    writer.stdout.close()
    whole = [line for line in rest.split(b"\n")[1:-1] if line]  # the first may be cut by ``extra_bytes``
    return int(whole[-1] if whole else last)
