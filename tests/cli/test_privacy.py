"""`rung privacy` on a desk that is stopped, and on one that runs."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher
from tests.desk.kept import CALLER, MAX, Office, sound
from typer.testing import CliRunner

from rung import words as w
from rung.cli.app import app
from rung.cli.doctor import Doctor, _journal
from rung.config import read_config
from rung.desk.own_data import Own
from rung.desk.privacy import Privacy
from rung.floor.people import People
from rung.journal.store import Journal
from rung.journal.vault import Vault

CONFIG = """
[desk]
state = "state"
[phone]
user = "1001"
supervisors = "sip:s@127.0.0.1"
"""
PASSWORDS = {"ann": "four plain words here", "bob": "four other words there"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A stopped desk with two calls on record."""
    file = tmp_path / "rung.toml"
    file.write_text(CONFIG)
    (tmp_path / "state").mkdir(mode=0o700)
    with closing(FileOffice(tmp_path / "state")) as desk:
        desk.call("desk-1")
        desk.call("desk-2", "+4930999")
    return file


class FileOffice(Office):
    """On real files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.vault.close()
        self.journal.close()
        self.journal, self.vault = Journal(folder / "journal.db"), Vault(folder / "vault.db")
        clock = iter(range(1, 10_000))
        self.privacy = Privacy(self.journal, self.vault, threading.Lock(), lambda: next(clock), lambda: self.wall_ms)


def rung(config: Path, *words: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["privacy", *words, "-c", str(config)], input=typed)
    return done.exit_code, done.output


def test_a_stopped_desk_erases_holds_and_tells(config: Path) -> None:
    assert rung(config, "hold", "desk-1", "--as", MAX, "--why", "court") == (0, f"desk-1: held by {MAX}\n")
    code, said = rung(config, "erase", "desk-1", "--as", MAX, "--why", "asked")
    assert code == 2 and "held by" in said and said.count("\n") == 1
    code, said = rung(config, "reveal", "desk-1", "--as", MAX)
    assert code == 0 and CALLER in said and "notes kept" in said
    assert rung(config, "lift", "desk-1", "--as", MAX)[0] == 0
    assert rung(config, "erase", "--caller", "0049 151 12345678", "--as", MAX, "--why", "asked")[0] == 0
    code, said = rung(config, "reveal", "desk-1", "--as", MAX)
    assert code == 0 and CALLER not in said and "NotesKept: erased" in said
    for file in (config.parent / "state").iterdir():
        assert CALLER.encode() not in file.read_bytes(), file
    with closing(Journal(config.parent / "state" / "journal.db")) as journal:
        assert sound(journal)


def test_ones_own_data_is_for_its_owner_alone(config: Path, tmp_path: Path) -> None:
    """By their password; nobody else's opens it. Whom the desk's settings name needs none."""
    people = People(config.parent / "state" / "people.json", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for name in ("ann", "bob"):
        people.add(name, (w.Job.AGENT,))
        people.set_password(name, PASSWORDS[name])
    out = tmp_path / "mine.json"
    for wrong in ("", PASSWORDS["bob"]):
        code, said = rung(config, "mine", "ann", "-o", str(out), typed=wrong + "\n")
        assert (code, said) == (2, "rung: name or password is wrong\n") and not out.exists()
    assert rung(config, "mine", "ann", "-o", str(out), typed=PASSWORDS["ann"] + "\n")[0] == 0
    own = msgspec.json.decode(out.read_bytes(), type=Own)
    assert own.person == "ann"
    assert [one.kind for one in own.entries] == [*["PressRecorded", "PressAnswered"] * 4, "ClearTextSeen"]
    assert out.stat().st_mode & 0o777 == 0o600
    config.write_text(CONFIG.replace("[phone]", 'person = "ann"\n[phone]'))
    assert rung(config, "mine", "ann", "-o", str(out))[0] == 0


def test_an_export_for_counting_names_nobody(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "export.jsonl"
    assert rung(config, "export", "-o", str(out)) == (0, "")
    text = out.read_text()
    assert "ann" not in text and CALLER not in text and "sealed" not in text
    lines = [msgspec.json.decode(line) for line in text.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1)) and len(lines) == 14
    people = {line["person"] for line in lines if line["type"] == "PressRecorded" and line["person"]}
    assert len(people) == 1 and people.pop().startswith("p-")


def test_erase_is_where_one_looks_for_it(config: Path) -> None:
    words = ["journal", "erase", "desk-1", "--as", MAX, "--why", "asked", "-c", str(config)]
    assert CliRunner().invoke(app, words).output == "erased: desk-1 (2 keys)\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("erase", "--as", MAX, "--why", "asked"), "name a case"),
        (("erase", "desk-9", "--as", MAX, "--why", "asked"), "not of this desk"),
        (("reveal", "--caller", "+49000", "--as", MAX), "nothing is kept"),
        (("reveal", "desk-1", "--as", " "), "who looks"),
    ],
)
def test_what_cannot_be_done_is_one_line(config: Path, words: tuple[str, ...], said: str) -> None:
    code, told = rung(config, *words)
    assert code == 2 and said in told and told.count("\n") == 1


def test_without_a_record_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "rung.toml").write_text(CONFIG)
    code, said = rung(tmp_path / "rung.toml", "retain")
    assert code == 2 and "no record" in said and not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda keys: None, "ok     keys"),
        (lambda keys: keys.unlink(), "can be read no more"),
        (lambda keys: keys.chmod(0o644), "chmod 600"),
        (lambda keys: keys.write_bytes(b"nonsense" * 1000), "wrong  keys"),
    ],
    ids=["whole", "gone", "open to all", "damaged"],
)
def test_the_doctor_looks_at_the_keys(
    config: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], object], said: str
) -> None:
    harm(config.parent / "state" / "vault.db")
    doctor = Doctor()
    _journal(doctor, read_config(config))
    told = capsys.readouterr().out
    assert said in told and (doctor.wrong == 0) == said.startswith("ok")
