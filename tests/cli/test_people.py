"""`rung people` as an admin types it: passwords come by stdin, and every change is by a named person."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import Result
from typer.testing import CliRunner

from rung.cli.app import app
from rung.floor.people import People
from rung.journal.store import Journal
from rung.words import Job, PersonChanged

ROOT, ANN, NEW = "root has four words", "this is hers to know", "and now another one"


def people(folder: Path, *args: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["people", *args, "--folder", str(folder)], input=typed)


def test_people_come_and_go_and_the_record_says_by_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("rung.floor.people.PasswordHasher", lambda: quick)
    refused = people(tmp_path, "add", "ann", "--job", "agent", typed="x\n")
    assert refused.exit_code == 2 and "must be an admin" in refused.stderr
    assert people(tmp_path, "add", "ralf", "--job", "admin", typed=f"{ROOT}\n").exit_code == 0
    assert people(tmp_path, "add", "ann", "--job", "agent", "--by", "ralf", typed=f"{ROOT}\n").exit_code == 0
    given = people(tmp_path, "password", "ann", "--by", "ralf", typed=f"{ROOT}\n{ANN}\n")
    assert given.exit_code == 0 and ANN not in given.stdout + given.stderr
    assert people(tmp_path, "password", "ann", typed=f"{ANN}\n{NEW}\n").exit_code == 0
    for args, why in [
        (("retire", "ralf", "--by", "ann"), "ann is not admin"),
        (("train", "ann", "--until", "soon", "--by", "ralf"), "is no day"),
        (("retire", "ann"), "say who does this"),
        (("role", "bob", "--job", "agent", "--by", "ralf"), "nobody here is called 'bob'"),
    ]:
        refused = people(tmp_path, *args, typed=f"{NEW if 'ann' in args[-1] else ROOT}\n")
        assert refused.exit_code == 2 and why in refused.stderr and refused.stderr.count("\n") == 1
    wrong = people(tmp_path, "retire", "ann", "--by", "ralf", typed="wrong\n")
    assert wrong.exit_code == 2 and "name or password is wrong" in wrong.stderr
    args = ("train", "ann", "--until", "2031-12-31", "--by", "ralf")
    assert people(tmp_path, *args, typed=f"{ROOT}\n").stdout == "ann: trained until 2031-12-31\n"
    listed = people(tmp_path, "list").stdout.splitlines()
    assert listed == ["ann\tagent\ttrained until 2031-12-31\tactive", "ralf\tadmin\tnot trained\tactive"]
    assert people(tmp_path, "retire", "ann", "--by", "ralf", typed=f"{ROOT}\n").exit_code == 0
    assert People(tmp_path / "people.json").find("ann") is None
    record = Journal(tmp_path / "people.db")
    events = [entry.event for entry in record.entries()]
    record.close()
    assert [(e.person, e.what, e.by) for e in events if isinstance(e, PersonChanged)] == [
        ("ralf", "added", "ralf"),
        ("ralf", "password", "ralf"),
        ("ann", "added", "ralf"),
        ("ann", "password", "ralf"),
        ("ann", "password", "ann"),
        ("ann", "trained", "ralf"),
        ("ann", "retired", "ralf"),
    ]
    first = events[3]
    assert isinstance(first, PersonChanged) and first.until, "a password that somebody else gave is to be changed soon"
    assert isinstance(events[0], PersonChanged) and events[0].jobs == (Job.ADMIN,)
