"""Who is known, and who is let in: the file, the passwords, and how often one may be wrong."""

import threading
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from rung.floor.base import FloorError
from rung.floor.people import WRONG, Known, People, Refusal
from rung.floor.people_limit import FREE, NAMES_MAX, WAIT_MAX_S, WAIT_S, Attempts
from rung.words import Job, Person, Role

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "four plain words here"
TODAY = date(2030, 5, 1)
A, S, M, ADMIN = Job.AGENT, Job.SUPERVISOR, Job.MANAGER, Job.ADMIN


def people(folder: Path) -> People:
    made = People(folder / "people.json", QUICK)
    made.add("ann", (A,))
    made.set_password("ann", GOOD)
    made.add("root", (ADMIN,))
    made.set_password("root", GOOD + "!")
    return made


def test_who_has_the_password_is_let_in_and_nobody_else(tmp_path: Path) -> None:
    made = people(tmp_path)
    assert made.check("ann", GOOD) == Known(id="ann", jobs=(A,))
    for name, word in [("ann", GOOD + "x"), ("ann", ""), ("bob", GOOD), ("", ""), ("root", GOOD), ("ann", "x" * 10**6)]:
        assert made.check(name, word) == Refusal(WRONG), "a refusal does not tell which names exist"


def test_a_hash_is_argon2id_and_nobody_else_can_read_the_file(tmp_path: Path) -> None:
    made = People(tmp_path / "people.json")
    made.add("root", (ADMIN,))
    made.set_password("root", GOOD)
    assert "$argon2id$" in made.read()["root"].hash and GOOD not in made.file.read_text()
    assert made.file.stat().st_mode & 0o077 == 0
    made.file.chmod(0o640)
    with pytest.raises(FloorError, match="can be read by others"):
        made.check("root", GOOD)


@pytest.mark.parametrize("word", ["short", "x" * 501, "ann is my name", "ANN is my name"])
def test_a_password_that_is_none_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(FloorError, match="password"):
        people(tmp_path).set_password("ann", word)


def test_a_password_holds_to_the_end_of_its_last_day(tmp_path: Path) -> None:
    made = people(tmp_path)
    made.set_password("ann", GOOD, TODAY.isoformat())
    assert isinstance(made.check("ann", GOOD, TODAY), Known)
    refused = made.check("ann", GOOD, TODAY.replace(day=2))
    assert isinstance(refused, Refusal) and "expired" in refused.why and "rung people password" in refused.why


def test_who_was_retired_comes_no_more_and_one_who_is_back_starts_anew(tmp_path: Path) -> None:
    made = people(tmp_path)
    made.set_trained("ann", TODAY.isoformat())
    made.retire("ann")
    assert made.check("ann", GOOD) == Refusal(WRONG) and made.find("ann") is None
    with pytest.raises(FloorError, match="nobody here"):
        made.set_password("ann", GOOD)
    made.add("ann", (A,))
    assert made.check("ann", GOOD) == Refusal(WRONG) and made.find("ann") == Known(id="ann", jobs=(A,))


def test_the_last_admin_stays(tmp_path: Path) -> None:
    made = people(tmp_path)
    with pytest.raises(FloorError, match="somebody else admin"):
        made.retire("root")
    with pytest.raises(FloorError, match="somebody else admin"):
        made.set_jobs("root", (A,))
    assert made.read()["root"].jobs == (ADMIN,) and made.read()["root"].active


TRAINED = [("", False), ("2030-04-30", False), ("2030-05-01", True), ("2031-01-01", True)]


@pytest.mark.parametrize(("until", "trained"), TRAINED)
def test_training_ends_with_its_day(until: str, trained: bool) -> None:
    known = Known(id="ann", jobs=(A,), trained_until=until)
    assert known.at(Role.AGENT, TODAY) == Person("ann", Role.AGENT, trained)


SEATS = [
    ((A,), Role.AGENT, Role.AGENT),
    ((A,), Role.SUPERVISOR, Role.AGENT),
    ((S,), Role.SUPERVISOR, Role.SUPERVISOR),
    ((A, S), Role.AGENT, Role.AGENT),
    ((A, S), Role.SUPERVISOR, Role.SUPERVISOR),
    ((S,), Role.AGENT, None),
    ((M,), Role.SUPERVISOR, None),
    ((ADMIN,), Role.AGENT, None),
    ((), Role.AGENT, None),
]


@pytest.mark.parametrize(("jobs", "desk", "role"), SEATS)
def test_nobody_sits_anywhere_as_more_than_they_are(jobs: tuple[Job, ...], desk: Role, role: Role | None) -> None:
    found = Known(id="ann", jobs=jobs).at(desk, TODAY)
    assert (found.role if isinstance(found, Person) else None) == role


def test_wrong_passwords_cost_time_and_the_right_one_forgets_them(tmp_path: Path) -> None:
    now = [0.0]
    made = People(people(tmp_path).file, QUICK, Attempts(lambda: now[0]))
    for _ in range(FREE):
        assert made.check("ann", "wrong") == Refusal(WRONG)
    refused = made.check("ann", GOOD)
    assert isinstance(refused, Refusal) and refused.why == "too many wrong passwords for ann; try again in 30 s"
    assert isinstance(made.check("root", GOOD + "!"), Known), "others do not wait"
    now[0] += WAIT_S
    assert isinstance(made.check("ann", GOOD), Known)
    assert made.check("ann", "wrong") == Refusal(WRONG), "and it is counted from the beginning"


@given(tries=st.integers(FREE, 40))
def test_each_further_one_waits_longer_up_to_a_limit(tries: int) -> None:
    now, waits = [0.0], []
    attempts = Attempts(lambda: now[0])
    for _ in range(tries):
        attempts.failed("ann")
        begun = now[0]
        while attempts.must_wait("ann"):
            now[0] += WAIT_S / 2
        waits.append(now[0] - begun)
    assert waits == sorted(waits) and waits[-1] <= WAIT_MAX_S and waits[FREE - 1] == WAIT_S


def test_names_that_are_made_up_fill_no_memory() -> None:
    attempts = Attempts()
    for number in range(NAMES_MAX + 50):
        attempts.failed(str(number))
    assert len(attempts._wrong) == NAMES_MAX


@settings(max_examples=30)
@given(name=st.text(max_size=70))
def test_a_name_is_plain(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    made = People(tmp_path_factory.mktemp("p") / "people.json", QUICK)
    try:
        made.add(name, (ADMIN,))
    except FloorError as error:
        assert "\n" not in str(error)
    else:
        assert list(made.read()) == [name] and name.isprintable() and " " not in name


def test_changes_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    made = people(tmp_path)
    names = [f"p{number}" for number in range(12)]
    threads = [threading.Thread(target=lambda n=name: People(made.file, QUICK).add(n, (A,))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(made.read()) == {"ann", "root", *names}


def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    made = people(tmp_path)
    made.file.write_text('{"ann": 1}')
    with pytest.raises(FloorError, match=r"people\.json: cannot be read") as caught:
        made.check("ann", GOOD)
    assert "\n" not in str(caught.value)
