"""`rung incidents` at a record at rest and at a running bridge: who may what, and what comes out."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from tests.desk.rig import Desk
from tests.journal.called import AGENT, CASE, MANAGER, SUPERVISOR, Floor
from typer.testing import CliRunner, Result

from rung import words as w
from rung.cli.after import after_door
from rung.cli.app import app
from rung.config import read_config
from rung.desk.after_desk import Do, ListAll, Request, Rest, Show, What
from rung.desk.after_door import DOOR, DoorError, ask
from rung.desk.orders import Order
from rung.desk.privacy import Privacy
from rung.floor.people import People
from rung.floor.people_local import LocalDirectory
from rung.journal.reading import reading
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.policy import load
from rung.policy.language import canonical, version_of
from rung.words import CallState, EndedBy, Ground, Job

NOW = 1_700_000_000_000
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
JOBS = {"agent-17": Job.AGENT, "agent-18": Job.AGENT, "supervisor-3": Job.SUPERVISOR, "manager-1": Job.MANAGER}
TOML = """\
[desk]
name = "ada"
policy = "end-with-care"
state = "state"
[phone]
user = "1001"
supervisors = "sip:600@127.0.0.1:5070"
[after]
regulator = "Ombudsman"
"""


def known(state: Path) -> People:
    people = People(state / "people.json", QUICK)
    for name, job in JOBS.items():
        people.add(name, (job,))
        people.set_password(name, PASSWORD)
    return people


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed for a test's patience."""
    monkeypatch.setattr("rung.floor.people.PasswordHasher", lambda: QUICK)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk's rung.toml; its record has one ending, on harassment."""
    state = tmp_path / "state"
    state.mkdir()
    known(state)
    told: list[w.Event] = []
    floor = Floor()
    floor.tell = lambda *events, record="ada": told.extend(events)  # type: ignore[method-assign]
    floor.call(Ground.HARASSMENT)
    policy = load("end-with-care")
    journal, vault = Journal(state / "journal.db"), Vault(state / "vault.db")
    privacy = Privacy(journal, vault, threading.Lock(), lambda: 5, lambda: NOW)
    sealed = privacy.sealed([w.PolicyKept(version_of(policy), canonical(policy)), *told], "", NOW)
    journal.append(sealed, at_ms=5, wall_ms=NOW)
    journal.close()
    vault.close()
    file = tmp_path / "rung.toml"
    file.write_text(TOML)
    return file


def run(desk: Path, who: str, *args: str) -> Result:
    return CliRunner().invoke(app, ["incidents", *args, "--as", who, "-c", str(desk)], input=PASSWORD + "\n")


def does(desk: Path, who: str, *args: str) -> str:
    result = run(desk, who, *args)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_command_at_a_record_at_rest(desk: Path) -> None:
    why = "the same insults for the fourth time today"
    assert "due: reason" in does(desk, AGENT.id, "list")
    assert does(desk, AGENT.id, "wrap-up", CASE, "--code", "ended", "--why", why) == "Wrapped up.\n"
    assert "may follow" in does(desk, AGENT.id, "willing", CASE)
    assert "the number is kept away" in does(desk, AGENT.id, "block", CASE, "--why", why)
    assert does(desk, SUPERVISOR.id, "block", CASE, "--grant", "30", "--why", why) == "Blocked for 30 days.\n"
    assert "0151-5551\tblocked" in does(desk, SUPERVISOR.id, "blocks")
    assert "to a manager" in does(desk, "agent-18", "appeal", CASE, "--text", "it was my brother")
    assert "stands" in does(desk, MANAGER.id, "appeal", CASE, "--keep", "--why", "not believable")
    assert does(desk, MANAGER.id, "review", CASE, "upheld", "--why", why, "--goodwill", "a month") == (
        "Reviewed: upheld.\n"
    )
    told = ("--happened", "the call was ended", "--will-do", "a visit is booked", "--goodwill")
    assert does(desk, "agent-18", "follow-up", CASE, "--by", "email", *told) == "Followed up.\n"
    assert "reference ada-1-C1; the regulator: Ombudsman" in does(
        desk, "agent-18", "complain", CASE, "--text", "unfair"
    )
    found = ("find", CASE, "ada-1-C1", "caller", "--why", why, "--amends", "unblock", "--amends", "call back")
    assert "to be put right: unblock, call back" in does(desk, MANAGER.id, *found)
    assert "Put right" in does(desk, SUPERVISOR.id, "put-right", CASE, "ada-1-C1", "unblock", "--how", "lifted")
    assert "Let be" in does(desk, "agent-18", "let-be", CASE, "call back", "--why", "the caller wants none")
    assert "not contacted" in does(desk, "agent-18", "opt-out", CASE)
    until = (date.today() + timedelta(days=1)).isoformat()
    assert "holds once" in does(desk, MANAGER.id, "train", AGENT.id, "--until", until)
    assert "every ending is reviewed" in does(desk, AGENT.id, "train", "--acknowledge")
    assert does(desk, AGENT.id, "mine") == "taken 0, refused 0, nothing to do 0\n"
    assert does(desk, MANAGER.id, "list", "--due") == "nothing is due\n"
    assert "due:" not in does(desk, MANAGER.id, "list")


@pytest.mark.parametrize(
    ("who", "args", "line"),
    [
        ("agent-18", ("review", CASE, "upheld", "--why", "x"), "A manager reviews it"),
        ("agent-18", ("show", CASE), "Only who had the call"),
        ("agent-18", ("blocks",), "Supervisors and managers"),
        (AGENT.id, ("show", CASE), "add -o FILE.html"),
        (MANAGER.id, ("show", "ada-9"), "No case 'ada-9'"),
        (MANAGER.id, ("show", CASE, "-o", "x.doc"), "neither .html nor .pdf nor .json"),
        (MANAGER.id, ("show", CASE, "-o", "/nowhere/x.json"), "/nowhere/x.json: cannot be written"),
        (MANAGER.id, ("train", "agent-17", "--until", "soon"), "'soon' is no day"),
        (MANAGER.id, ("block", CASE, "--grant", "3", "--refuse"), "not both"),
        (MANAGER.id, ("appeal", CASE, "--lift", "--keep"), "not both"),
        (AGENT.id, ("breather",), "No bridge runs here"),
        ("nobody", ("list",), "name or password is wrong"),
        ("", ("list",), "say who you are: --as NAME"),
    ],
)
def test_what_is_refused_is_one_line(desk: Path, who: str, args: tuple[str, ...], line: str) -> None:
    result = run(desk, who, *args)
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert line in result.stderr


def test_an_incident_as_a_page_a_pdf_and_json(desk: Path, tmp_path: Path) -> None:
    for name in ("x.html", "x.pdf", "x.json"):
        does(desk, MANAGER.id, "show", CASE, "-o", str(tmp_path / name))
    html, pdf = (tmp_path / "x.html").read_text(), (tmp_path / "x.pdf").read_bytes()
    told = json.loads((tmp_path / "x.json").read_bytes())
    assert told["case"] == CASE and told["how"] == "released"
    assert "0151-5551" in html and not re.search(r"""(src|href)=["']?(https?:)?//""", html)
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")


def test_an_agent_sees_their_own_page(desk: Path, tmp_path: Path) -> None:
    does(desk, AGENT.id, "show", CASE, "-o", str(tmp_path / "mine.html"))
    page = (tmp_path / "mine.html").read_text()
    assert "This page is yours" in page and "0151-5551" not in page


def test_no_record_yet(tmp_path: Path) -> None:
    file = tmp_path / "rung.toml"
    file.write_text(TOML + '[box]\nport = "auto"\n')
    result = run(file, "", "list")
    assert result.exit_code == 2 and "there is no record yet" in result.stderr


# -- at a running bridge -----------------------------------------------------------------------------------------------


def test_a_running_bridge_is_asked(tmp_path: Path) -> None:
    """Its record is in use; only through its door does anything get in."""
    (tmp_path / "state").mkdir()
    file = tmp_path / "rung.toml"
    file.write_text(TOML)
    config = read_config(file)
    directory = LocalDirectory(known(tmp_path / "state"))

    async def play() -> None:
        rig = Desk()
        async with rig.bridge(), after_door(config, rig.now, directory, lambda: "agent-17"):
            rig.call_comes()
            rig.now.feed(w.Declared(Ground.PROFANITY))
            rig.phone.now("line-1", CallState.ENDED, EndedBy.US)

            async def asks(what: What, name: str, password: str = PASSWORD) -> object:
                return await asyncio.to_thread(ask, tmp_path / "state", Request(what, name, password))

            wrong = await asks(ListAll(), "manager-1", "no")
            nobody = await asks(ListAll(), "")
            assert wrong.why == "name or password is wrong" and "say who you are" in nobody.why  # type: ignore[attr-defined]
            rows = (await asks(ListAll(True), "manager-1")).rows  # type: ignore[attr-defined]
            assert [row.case for row in rows] == ["case-1"]
            act = w.Reviewed(case="case-1", finding=w.Finding.COACHING, reason="a slip of the mouse")
            assert (await asks(Do(act), "agent-17")).why == "A manager reviews it; this waits for one."  # type: ignore[attr-defined]
            assert (await asks(Do(act), "manager-1")).done  # type: ignore[attr-defined]
            assert rig.has(w.Attended)
            assert (await asks(Rest(), "agent-17")).why == "There is no breather."  # type: ignore[attr-defined]
            assert "whoever sits there" in (await asks(Rest(), "agent-18")).why  # type: ignore[attr-defined]
            rig.disk_is(full=True)
            failed = await asks(Do(act), "manager-1")
            assert not failed.done and "not done: " in failed.why  # type: ignore[attr-defined]
            rig.disk_is(full=False)
            found = (await asks(Show("case-1"), "manager-1")).report  # type: ignore[attr-defined]
            assert found.how == w.Ending.ROUND_RUNG and found.afterwards[0].what == "reviewed"
            told = await asks(Order(do="mine", person="agent-17"), "agent-18")
            assert told.why == "Only agent-17 gets what is on record of agent-17."  # type: ignore[attr-defined]
            assert (await asks(Order(do="mine", person="agent-18"), "agent-18")).order.own is not None  # type: ignore[attr-defined]
            erase = Order(do="erase", cases=("case-1",), person="manager-1", why="asked")
            assert (await asks(erase, "")).order.told == ("erased: case-1 (2 keys)",)  # type: ignore[attr-defined]
            assert "is erased already" in (await asks(erase, "")).why  # type: ignore[attr-defined]
            assert (await asks(Order(do="retain"), "")).done and rig.has(w.Erased)  # type: ignore[attr-defined]

    asyncio.run(play())


def test_the_door_lets_nobody_in_who_cannot_read_its_file(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    file = tmp_path / "rung.toml"
    file.write_text(TOML)
    config = read_config(file)

    async def play() -> None:
        rig = Desk()
        async with rig.bridge(), after_door(config, rig.now, None, lambda: None):
            door = tmp_path / "state" / DOOR
            assert door.stat().st_mode & 0o077 == 0
            told = json.loads(door.read_text())
            door.write_text(json.dumps(told | {"secret": "0" * 64}))
            with pytest.raises(DoorError, match="did not answer as itself"):
                await asyncio.to_thread(ask, tmp_path / "state", Request(ListAll(), "x", "y"))
            door.write_text("{")
            with pytest.raises(DoorError, match="cannot be read"):
                await asyncio.to_thread(ask, tmp_path / "state", Request(ListAll(), "x", "y"))
            door.write_text(json.dumps(told))
        assert ask(tmp_path / "state", Request(ListAll())) is None  # it is gone, and so is its file
        (tmp_path / "state" / DOOR).write_text(json.dumps(told))
        assert ask(tmp_path / "state", Request(ListAll())) is None  # a killed bridge leaves its file

    asyncio.run(play())


def test_without_the_extra_the_command_says_how_to_get_it(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rung.cli.ends.find_spec", lambda name: None if name == "fpdf" else object())
    result = run(desk, MANAGER.id, "show", CASE, "-o", str(tmp_path / "x.pdf"))
    assert result.exit_code == 2 and "pip install 'rung[report]'" in result.stderr


def test_help_needs_nothing_that_is_not_needed() -> None:
    heavy = ("polars", "matplotlib", "rung.policy", "fpdf")
    code = f"import sys, rung.cli.app; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_another_desks_cases_are_dealt_with_at_ones_own(desk: Path, tmp_path: Path) -> None:
    """The act is in the record where it was done; the other desk's record is read, and not a byte of it changed."""
    theirs = desk.parent / "state" / "journal.db"
    before = theirs.read_bytes()
    here = tmp_path / "here"
    (here / "state").mkdir(parents=True)
    known(here / "state")
    Journal(here / "state" / "journal.db").close()
    mine = here / "rung.toml"
    mine.write_text(TOML.replace('"ada"', '"max"'))

    def there(*args: str) -> Result:
        return CliRunner().invoke(
            app, ["incidents", "--with", str(theirs), *args, "-c", str(mine)], input=PASSWORD + "\n"
        )

    assert CASE in there("list", "--due", "--as", MANAGER.id).stdout
    act = there("review", CASE, "coaching", "--why", "the warning was cut short", "--as", MANAGER.id)
    assert act.stdout == "Reviewed: coaching.\n", act.output
    told = json.loads(there("show", CASE, "--as", MANAGER.id).stdout)
    assert told["how"] == "released" and told["caller"] == ""  # sealed: its keys are at the other desk
    assert [after["what"] for after in told["afterwards"]] == ["reviewed"]
    block = there("block", CASE, "--why", "again and again", "--as", SUPERVISOR.id)
    assert "No number, no block" in block.stderr
    assert theirs.read_bytes() == before
    with reading(here / "state" / "journal.db") as record:
        assert w.Attended in {type(entry.event) for entry in record.entries()}
    gone = CliRunner().invoke(
        app, ["incidents", "--with", "none.db", "list", "--as", MANAGER.id, "-c", str(mine)], input=PASSWORD
    )
    assert gone.exit_code == 2 and "none.db" in gone.stderr and len(gone.stderr.splitlines()) == 1
