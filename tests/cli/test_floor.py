"""`rung floor` as an admin types it, and what a desk is handed with its key."""

import asyncio
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.floor.nats_rig import HERE
from tests.real.peers import free_port

from rung import words as w
from rung.cli.asked import AskKeys, lines
from rung.cli.floor_settings import Settings, settings_for, toml_of
from rung.config import ConfigError
from rung.floor.base import Asked, FloorError
from rung.words import Outcome, Reply, Role, Verdict, Want

PATIENCE_S = 40.0
EXAMPLE = Path(__file__).parents[2] / "host" / "rung.example.toml"
POLICY = Path(__file__).parents[2] / "host" / "rung" / "policy" / "shipped" / "no-hang-up.toml"
GOOD = '[phone]\nsupervisors = "600"\ndomain = "pbx.example.com"\n'

# -- what a desk is handed ---------------------------------------------------------------------------------------------


def test_a_desk_gets_the_sites_file_with_what_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(POLICY.read_text())
    file = tmp_path / "site.toml"
    file.write_text('[desk]\npolicy = "ours.toml"\n' + GOOD + '[[queue]]\nname = "7"\nlanguage = "de"\n')
    handed = settings_for(file, "ada", Role.SUPERVISOR, "1017", 'a"b\\c', "p-ada")
    (written, policy) = handed.write(tmp_path / "desk" / "rung.toml")
    tables = tomllib.loads(written.read_text())
    assert tables["desk"] == {"policy": "ours.toml", "name": "ada", "role": "supervisor", "person": "p-ada"}
    assert (tables["phone"]["user"], tables["phone"]["password"]) == ("1017", 'a"b\\c')
    assert tables["floor"] == {"enrolment": "floor.json"} and tables["queue"] == [{"name": "7", "language": "de"}]
    assert policy == tmp_path / "desk" / "ours.toml" and policy.read_text() == POLICY.read_text()
    assert written.stat().st_mode & 0o077 == 0, "it holds a password"


def test_what_a_desk_has_already_is_not_written_over(tmp_path: Path) -> None:
    config = tmp_path / "rung.toml"
    config.write_text("# mine\n")
    assert Settings("x = 1\n", {"p.toml": "y"}).write(config) == [tmp_path / "p.toml"]
    assert config.read_text() == "# mine\n"
    assert Settings().write(tmp_path / "none.toml") == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[desk\n", "cannot be read"),
        ("desk = 1\n" + GOOD, "write [desk]"),
        (GOOD, "phone"),
        (GOOD.replace("600", "") + 'user = "1"\n', "phone.supervisors"),
        ('[desk]\npolicy = "gone.toml"\n' + GOOD + 'user = "1"\n', "gone.toml"),
    ],
)
def test_the_admin_learns_the_mistake_before_a_desk_does(tmp_path: Path, text: str, mistake: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        settings_for(file, "ada", Role.AGENT, "", "", "")
    assert str(file) in str(caught.value) and mistake in str(caught.value) and "\n" not in str(caught.value)


def test_tables_are_written_as_they_are_read() -> None:
    tables = tomllib.loads(EXAMPLE.read_text()) | {
        "queue": [{"name": "ü\n"}, {"name": '"'}],
        "x": {"a": [1, 2.5, True]},
    }
    assert tomllib.loads(toml_of(tables)) == tables


# -- keys --------------------------------------------------------------------------------------------------------------

BRIEF = w.Brief(case="ada-1", caller="+43 1", person="ann", matter="bill", grounds=((w.Ground.SLUR, 5),))
ASKED = Asked(desk="ada", ask=3, want=Want.LEAVE, brief=BRIEF, may=(Reply.GRANT, Reply.DENY))


class Floor:
    def __init__(self) -> None:
        self.said: list[tuple[str, int, Reply, str]] = []

    async def reply(self, desk: str, ask: int, reply: Reply, word: str = "") -> None:
        if word == "late":
            raise FloorError("that is over, or was not asked of this desk")
        self.said.append((desk, ask, reply, word))


def typed(text: str, *asks: Asked) -> tuple[list[tuple[str, int, Reply, str]], list[w.Answer]]:
    floor, answers = Floor(), []

    async def play() -> None:
        keys = AskKeys(floor, lambda: asks, answers.append)  # type: ignore[arg-type]  # as much of it as keys need
        assert [keys.key(char) for char in text] == [True] * len(text)
        await asyncio.sleep(0.01)

    asyncio.run(play())
    return floor.said, answers


def test_an_ask_is_answered_with_a_word() -> None:
    over = Asked(desk="bea", ask=1, want=Want.JOIN, brief=BRIEF, may=(Reply.JOIN,), over=Outcome.INTERRUPTED)
    said, answers = typed("Rgrenx\x7f\x7f\x7fant listen first\n", over, ASKED)
    assert said == [("ada", 3, Reply.GRANT, "listen first")]
    assert [answer.verdict for answer in answers] == [Verdict.TAKEN]


@pytest.mark.parametrize(
    ("text", "asks", "why"),
    [
        ("Rgrant\n", (), "Nobody asks"),
        ("Rtake\n", (ASKED,), "grant, deny"),
        ("R\n", (ASKED,), "grant, deny"),
        ("Rgrant late\n", (ASKED,), "that is over"),
    ],
)
def test_an_answer_that_fits_nothing_is_said_so(text: str, asks: tuple[Asked, ...], why: str) -> None:
    said, (answer,) = typed(text, *asks)
    assert not said and why in answer.why


def test_other_keys_are_not_its_own() -> None:
    keys = AskKeys(Floor(), tuple, lambda answer: None)  # type: ignore[arg-type]
    assert not keys.key("p") and keys.prompt == ""
    keys.key("R")
    assert "nobody asks" in keys.prompt


def test_an_ask_is_one_line_with_what_is_read_first() -> None:
    (line,) = lines((ASKED,))
    for part in ("ada", "leave", "+43 1", "slur", "bill", "grant, deny"):
        assert part in line


# -- the commands ------------------------------------------------------------------------------------------------------


def rung(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "200"}
    command = [sys.executable, "-m", "rung", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, timeout=PATIENCE_S)


@contextmanager
def floor(folder: Path) -> Iterator[None]:
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    where = ("--address", HERE, "--listen", HERE, "--port", str(free_port()))
    command = [sys.executable, "-m", "rung", "floor", *where]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "the floor is up" in process.stdout.readline()
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def test_an_admin_sets_a_floor_up_and_brings_a_desk_onto_it(tmp_path: Path) -> None:
    refused = rung(tmp_path, "floor")
    assert refused.returncode == 2 and "--address" in refused.stderr
    (tmp_path / "site.toml").write_text(GOOD)
    with floor(tmp_path):
        made = rung(
            tmp_path, "floor", "add-desk", "ada", "--settings", "site.toml", "--user", "1017", "--person", "p-1"
        )
        code = made.stdout.strip()
        assert code.startswith(f"rung:{HERE}:") and "\n" not in code
        until = time.monotonic() + PATIENCE_S
        while (came := rung(tmp_path, "floor", "enrol", code)).returncode and time.monotonic() < until:
            time.sleep(0.1)  # the server learns of a code a moment after it is printed
        assert came.returncode == 0 and "'ada' is on the floor" in came.stdout, came.stderr
        doctor = rung(tmp_path, "doctor").stdout
        assert "ok     floor" in doctor and "in reach" in doctor
        assert rung(tmp_path, "floor", "remove-desk", "ada").returncode == 0
        again = rung(tmp_path, "floor", "enrol", code)
        assert again.returncode == 2 and again.stderr.count("\n") == 1
