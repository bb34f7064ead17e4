"""`rung incidents` against `rung run`, each a process of its own; then the bridge is killed, its record at rest."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from argon2 import PasswordHasher

from rung.desk.after_door import DOOR
from rung.floor.people import People
from rung.words import Job

PASSWORD = "correct horse battery"
PATIENCE_S = 60
TOML = """\
[desk]
name = "ada"
person = "agent-17"
state = "state"
[phone]
kind = "baresip"
control = "127.0.0.1:1"
extension = "1001"
supervisors = "600"
"""


def rung(folder: Path, *args: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rung", *args, "-c", str(folder / "rung.toml")]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=PATIENCE_S)


def test_at_the_running_bridge_and_at_rest(tmp_path: Path) -> None:
    (tmp_path / "rung.toml").write_text(TOML)
    (tmp_path / "state").mkdir()
    people = People(tmp_path / "state" / "people.json", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    people.add("manager-1", (Job.MANAGER,))
    people.set_password("manager-1", PASSWORD)
    train = ("incidents", "train", "agent-17", "--until", "2099-12-31", "--as", "manager-1")
    command = [sys.executable, "-m", "rung", "run", "--json", "-c", str(tmp_path / "rung.toml")]
    bridge = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        door, until = tmp_path / "state" / DOOR, time.monotonic() + PATIENCE_S
        while not door.exists():
            assert bridge.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        listed = rung(tmp_path, "incidents", "list")
        assert (listed.returncode, listed.stdout) == (0, "no incidents\n"), listed.stderr
        wrong = rung(tmp_path, *train, typed="guessed\n")
        assert wrong.returncode == 2 and wrong.stderr == "rung: name or password is wrong\n"
        assert "holds once agent-17" in rung(tmp_path, *train, typed=PASSWORD + "\n").stdout
        bridge.send_signal(signal.SIGKILL)
        bridge.wait()
        assert door.exists()  # as a killed bridge leaves it
        acknowledged = rung(tmp_path, "incidents", "train", "--acknowledge")
        assert acknowledged.stdout == "Acknowledged: every ending is reviewed.\n", acknowledged.stderr
        tables = rung(tmp_path, "report", "--csv", str(tmp_path / "out"))
        assert tables.returncode == 0 and len(list((tmp_path / "out").iterdir())) == 10
    finally:
        if bridge.poll() is None:
            bridge.kill()
            bridge.wait()
