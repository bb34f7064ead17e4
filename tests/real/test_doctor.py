"""`rung doctor` on real parts: what it sees, what is wrong, and the mend."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rung import words as w
from rung.journal.store import Journal
from rung.link.keys import keep_key, new_key
from rung.sim.box import VirtualBox
from rung.sim.flash import KEY, install


def doctor(file: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "rung", "doctor", "-c", str(file)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


def desk(folder: Path, port: object, person: str = 'person = "agent-17"', listen: str = "127.0.0.1:0") -> Path:
    file = folder / "rung.toml"
    file.write_text(
        f'[desk]\nstate = "{folder / "desk"}"\n{person}\n[box]\nport = "{port}"\n'
        '[phone]\nuser = "agent"\nsupervisors = "sip:s@127.0.0.1"\n'
        f'listen = "{listen}"\n'
    )
    return file


def test_a_paired_box_is_seen_and_all_is_well(tmp_path: Path) -> None:
    install(tmp_path / "flash")
    with VirtualBox(tmp_path / "flash", link=tmp_path / "ttyRUNG0") as box:
        keep_key(tmp_path / "desk" / "keys", box.unique_id, KEY)
        code, said = doctor(desk(tmp_path, box.port))
    assert code == 0, said
    assert "box 24dcc3a1b2c3, firmware" in said and "paired" in said
    assert "not running; `rung run` starts it" in said


def test_a_box_without_a_key_or_with_another_is_told_to_be_paired(tmp_path: Path) -> None:
    install(tmp_path / "flash", key="")
    with VirtualBox(tmp_path / "flash", link=tmp_path / "ttyRUNG0") as box:
        file = desk(tmp_path, box.port)
        code, said = doctor(file)
        assert code == 1 and f"box 24dcc3a1b2c3 is not paired; pair it: rung pair {box.port}" in said
        (tmp_path / "flash" / "key").write_text(new_key())
        keep_key(tmp_path / "desk" / "keys", box.unique_id, KEY)
        box.reset()
        code, said = doctor(file)
        assert code == 1 and "has another key" in said


def test_an_empty_board_is_told_to_be_flashed(tmp_path: Path) -> None:
    with VirtualBox(link=tmp_path / "ttyRUNG0") as box:
        code, said = doctor(desk(tmp_path, box.port))
    assert code == 1
    assert f"rung flash --port {box.port}" in said


@pytest.mark.parametrize(
    ("port", "person", "said"),
    [("/dev/rung-none", 'person = "agent-17"', "cannot be opened"), ("/dev/rung-none", "", "nobody is named")],
)
def test_what_is_wrong_is_said(tmp_path: Path, port: str, person: str, said: str) -> None:
    code, out = doctor(desk(tmp_path, port, person))
    assert code == 1
    assert said in out


def test_an_address_that_another_program_has_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        code, said = doctor(desk(tmp_path, "/dev/rung-none", listen=listen))
    assert code == 1
    assert f"phone.listen: {listen}: Address already in use" in said


def test_a_damaged_record_is_found(tmp_path: Path) -> None:
    file = desk(tmp_path, "/dev/rung-none")
    (tmp_path / "desk").mkdir()
    path = tmp_path / "desk" / "journal.db"
    journal = Journal(path)
    for number in range(3):
        journal.append([w.EffectConfirmed(number)], at_ms=number, wall_ms=number)
    journal.close()
    assert "3 entries, the chain holds" in doctor(file)[1]
    path.write_bytes(path.read_bytes().replace(b'"id":1', b'"id":7'))
    code, said = doctor(file)
    assert code == 1
    assert "wrong  journal" in said


def test_a_bad_configuration_is_one_line(tmp_path: Path) -> None:
    code, said = doctor(tmp_path / "none.toml")
    assert code == 1
    assert "rung.example.toml" in said
