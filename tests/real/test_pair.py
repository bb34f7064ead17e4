"""`rung pair` on real parts: mpremote's transport, the firmware, and a bridge that hears the box afterwards."""

import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from tests.link.leaks import files_without_keys, leaks

from rung.link import pairing
from rung.link.hello import Hello, greeted
from rung.link.keys import new_key, read_keys
from rung.sim.box import VirtualBox
from rung.sim.flash import install
from rung_wire import names

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

PATIENCE_S = 30.0


def desk(folder: Path, more: str = "") -> Path:
    file = folder / "rung.toml"
    file.write_text(
        f'[desk]\nstate = "{folder / "desk"}"\n[box]\n{more}\n[phone]\nuser = "a"\nsupervisors = "sip:s@127.0.0.1"\n'
    )
    return file


def doctor(file: Path) -> str:
    return rung("doctor", "-c", file)[1]


def pair(*arguments: object) -> tuple[int, str]:
    return rung("pair", *arguments)


def rung(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "rung", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def hears(box: VirtualBox, keys: Path) -> Hello:
    hello = greeted(box.port, read_keys(keys), PATIENCE_S)
    assert hello is not None
    return hello


def test_a_box_is_paired_and_paired_anew(tmp_path: Path) -> None:
    keys = tmp_path / "desk" / "keys"
    install(tmp_path / "flash", key="")
    with VirtualBox(tmp_path / "flash", link=tmp_path / "ttyRUNG0") as box:
        assert hears(box, keys).trust == names.UNPAIRED
        seen = set()
        for _ in range(2):
            code, said = pair(box.port, "-c", desk(tmp_path))
            assert code == 0 and f"box {box.unique_id} is paired" in said, said
            assert hears(box, keys).trust == names.PAIRED
            key = (keys / f"{box.unique_id}.key").read_text().strip()
            assert key == (tmp_path / "flash" / "key").read_text().strip()
            told = [said, doctor(desk(tmp_path, f'port = "{box.port}"')), *files_without_keys(tmp_path)]
            assert f"box {box.unique_id}, firmware" in told[1] and leaks(key, told) == []
            seen.add(key)
    assert len(seen) == 2
    assert (keys / f"{box.unique_id}.key").stat().st_mode & 0o077 == 0


def test_a_board_without_firmware_can_be_paired(tmp_path: Path) -> None:
    with VirtualBox(link=tmp_path / "ttyRUNG0") as box:
        code, said = pair("-c", desk(tmp_path, f'port = "{box.port}"'))
        assert code == 0 and (box.flash / "key").exists(), said


def test_a_board_that_does_not_keep_its_key_is_one_line_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What mpremote says of a failure may quote the program, which holds the key."""
    key = new_key()
    monkeypatch.setattr(pairing, "new_key", lambda: key)
    (tmp_path / "flash" / "key").mkdir(parents=True)
    fails = pytest.raises(pairing.PairError, match="did not keep its key")
    with VirtualBox(tmp_path / "flash", link=tmp_path / "ttyRUNG0") as box, fails as caught:
        pairing.pair(box.port, tmp_path / "keys")
    with_traces = "".join(traceback.format_exception(caught.value))
    assert leaks(key, [str(caught.value), with_traces, *capfd.readouterr()]) == []
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "keys").exists(), "nor does the desk"


def test_what_cannot_be_paired_is_one_line(tmp_path: Path) -> None:
    file = desk(tmp_path)
    (tmp_path / "nothing").write_text("")
    with VirtualBox(link=tmp_path / "ttyRUNG0") as box:
        (tmp_path / "desk").write_text("a file where a folder should be")
        for port, complaint in ((tmp_path / "none", "it is not there"), (box.port, "cannot be written")):
            code, said = pair(port, "-c", file)
            assert code != 0 and complaint in said
            assert "Traceback" not in said and said.strip().count("\n") == 0, said
