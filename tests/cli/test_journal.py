"""`rung journal`: what it prints, and that what it prints can be used."""

import email
import stat
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from tests.journal.samples import closed, opened, press
from typer.testing import CliRunner, Result

from rung.cli.app import app
from rung.journal.heads import heads_in
from rung.journal.reading import reading
from rung.journal.signing import Signer
from rung.journal.store import Journal
from rung.words import CallerCalmed

CONFIG = '[desk]\nname = "ada"\nstate = "."\n[phone]\nuser = "1"\nsupervisors = "sip:s@127.0.0.1"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk's folder, with its rung.toml, its record of nine entries and its key."""
    with closing(Journal(tmp_path / "journal.db")) as journal:
        journal.append([opened("a-1"), *press(1), closed("a-1")], at_ms=1, wall_ms=1_764_000_000_000)
        journal.append([opened("a-2"), *press(2), CallerCalmed("ann"), closed("a-2")], at_ms=2, wall_ms=1)
    (tmp_path / "rung.toml").write_text(CONFIG)
    Signer(tmp_path / "journal.db")
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["journal", *map(str, words)])


@pytest.mark.parametrize("form", [(), ("--print",), ("--mail", "records@example.com")], ids=["line", "print", "mail"])
def test_a_head_in_any_form_proves_the_record_later(desk: Path, form: tuple[str, ...]) -> None:
    kept = desk / "kept"
    made = run("heads", *form, "-c", desk / "rung.toml", "-o", kept)
    assert made.exit_code == 0 and made.output == "", made.output
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (head,) = heads_in(kept.read_text())
    assert head.genuine and head.seq == 9
    assert all(len(line) <= 88 for line in kept.read_text().splitlines()) or form == ()
    with closing(Journal(desk / "journal.db")) as journal:
        journal.append(press(3), at_ms=3, wall_ms=3)
    proven = run("verify", "-c", desk / "rung.toml", "--against", kept)
    assert proven.exit_code == 0 and "head of entry 9" in proven.output


def test_the_mail_is_one(desk: Path) -> None:
    message = email.message_from_string(run("heads", desk / "journal.db", "--mail", "records@example.com").output)
    assert message["To"] == "records@example.com" and "9 entries" in message["Subject"]
    assert len(heads_in(message.get_payload())) == 1


def test_a_broken_record_is_not_signed(desk: Path) -> None:
    with closing(apsw.Connection(str(desk / "journal.db"))) as db:
        db.execute("UPDATE entry SET wall_ms = 7 WHERE seq = 3")
    made = run("heads", desk / "journal.db")
    assert made.exit_code == 2 and "is not signed, since it does not hold: entry 3" in made.stderr


def test_without_a_key_it_says_who_makes_it(desk: Path) -> None:
    (desk / "journal.key").unlink()
    made = run("heads", desk / "journal.db")
    assert made.exit_code == 2 and "`rung run` makes it" in made.stderr
    assert not (desk / "journal.key").exists()


def test_entries_in_words(desk: Path) -> None:
    lines = run("show", desk / "journal.db").output.splitlines()
    assert len(lines) == 9
    assert "case opened: epoch 1" in lines[0] and "tap of warn, number 1" in lines[1] and "taken: warned" in lines[2]
    assert len(run("show", desk / "journal.db", "--last", 2).output.splitlines()) == 2
    assert len(run("show", desk / "journal.db", "--kind", "CaseOpened").output.splitlines()) == 2
    (calmed,) = run(
        "show", desk / "journal.db", "--case", "a-2", "--kind", "CallerCalmed", "--json"
    ).output.splitlines()
    assert '"seq":8' in calmed
    assert [line.split()[0] for line in run("show", desk / "journal.db", "--case", "a-2").output.splitlines()] == list(
        "56789"
    )
    nobody = run("show", desk / "journal.db", "--case", "a-3")
    assert nobody.exit_code == 2 and "has no case 'a-3'" in nobody.stderr


def test_an_export_is_the_record_and_brings_the_last_head_along(desk: Path) -> None:
    run("heads", desk / "journal.db")
    out = desk / "out.jsonl"
    assert run("export", desk / "journal.db", "-o", out).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert run("export", desk / "journal.db").stdout == out.read_text()
    with reading(desk / "journal.db") as record, reading(out) as exported:
        assert list(record.entries()) == list(exported.entries())
    proven = run("verify", out, "--against", out)
    assert proven.exit_code == 0 and "head of entry 9" in proven.output


@pytest.mark.parametrize("command", ["verify", "show", "export", "heads"])
def test_what_is_not_there_is_one_line(command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path / "none.db")
    assert done.exit_code in (1, 2) and "is not there; check the name" in done.output + done.stderr
    done = run(command, "-c", tmp_path / "none.toml")
    assert done.exit_code == 2 and "or name the journal's file" in done.stderr


def test_a_file_of_heads_that_is_not_there_is_one_line(desk: Path) -> None:
    done = run("verify", desk / "journal.db", "--against", desk / "none")
    assert done.exit_code == 2 and "none: cannot be read" in done.stderr
