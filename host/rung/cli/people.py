"""`rung people`: who is known, what each may do, their passwords and training. Every change is by a named person."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from rung.cli.ends import NO_FLOOR, NO_PEOPLE, need, stop, typed
from rung.clock import wall_ms
from rung.words import Job, PersonChanged

app = typer.Typer(no_args_is_help=True, help="People: their jobs, passwords and training.")

Name = Annotated[str, typer.Argument(help="The person's name, as records tell it.")]
By = Annotated[str, typer.Option(help="Who does this: an admin (password: oneself; training: a manager too).")]
File = Annotated[
    Path | None, typer.Option("--folder", help="The floor's folder, or a desk's state folder; left out: the floor's.")
]
Jobs = Annotated[list[Job], typer.Option("--job", help="agent, supervisor, manager or admin; may be repeated.")]
FIRST_DAYS = 7  # a password that somebody else has given is to be changed within


@app.command()
def add(name: Name, job: Jobs, by: By = "", folder: File = None) -> None:
    """Make somebody known. The first is an admin, and is asked for the password that they shall have."""
    people = _open(folder)
    if not people.read():
        if Job.ADMIN not in job:
            stop("the first person must be an admin: --job admin")
        by = name
    else:
        _is(people, by, Job.ADMIN)
    _change(people, name, lambda: people.add(name, tuple(job)), by, "added", jobs=tuple(job))
    if by == name:
        _give_password(people, name, by, 0)


@app.command("list")
def list_(folder: File = None) -> None:
    """List everybody who is known: name, jobs, training, and whether they have a password or are retired."""
    for name, entry in sorted(_read(_open(folder)).items()):
        trained = f"trained until {entry.trained_until}" if entry.trained_until else "not trained"
        state = "retired" if not entry.active else "no password yet" if not entry.hash else "active"
        if entry.active and entry.password_until:
            state += f", password until {entry.password_until}"
        print(f"{name}\t{', '.join(entry.jobs)}\t{trained}\t{state}")


@app.command()
def role(name: Name, job: Jobs, by: By = "", folder: File = None) -> None:
    """Say anew what somebody is."""
    people = _open(folder)
    _is(people, by, Job.ADMIN)
    _change(people, name, lambda: people.set_jobs(name, tuple(job)), by, "roles", jobs=tuple(job))


@app.command()
def password(
    name: Name,
    by: By = "",
    days: Annotated[int, typer.Option(min=0, help="It holds so long; 0: until it is changed.")] = 0,
    folder: File = None,
) -> None:
    """Change a password. It is asked for, or read from stdin, one line each: first that of --by, then the new one."""
    people = _open(folder)
    by = by or name
    _is(people, by, *([] if by == name else [Job.ADMIN]))
    _give_password(people, name, by, days if by == name else days or FIRST_DAYS)


@app.command()
def train(
    name: Name,
    until: Annotated[str, typer.Option(help="The last day on which the training is valid, such as 2031-12-31.")],
    by: By = "",
    folder: File = None,
) -> None:
    """Somebody has been trained: it holds once they acknowledge at their desk that every ending is reviewed."""
    people = _open(folder)
    _is(people, by, Job.ADMIN, Job.MANAGER)
    try:
        day = date.fromisoformat(until).isoformat()
    except ValueError:
        stop(f"--until: {until!r} is no day, such as 2031-12-31")
    _change(people, name, lambda: people.set_trained(name, day), by, "trained", until=day)


@app.command()
def retire(name: Name, by: By = "", folder: File = None) -> None:
    """Somebody comes no more: signed off wherever they sit, as soon as their call is over."""
    people = _open(folder)
    _is(people, by, Job.ADMIN)
    _change(people, name, lambda: people.retire(name), by, "retired")


def _open(folder: Path | None) -> Any:
    need("argon2", NO_PEOPLE)
    from rung.cli.floor_folder import default_folder
    from rung.floor.people import PEOPLE, People

    return People((folder or default_folder()) / PEOPLE)


def _must_be_first(folder: Path) -> None:
    """Of a floor of three computers; a desk's folder has none. Raises FloorError."""
    if not (folder / "site.json").exists():
        return
    need("nats", NO_FLOOR)
    from rung.floor.site import SiteFolder

    SiteFolder(folder).must_be_first()


def _read(people: Any) -> Any:
    from rung.floor.base import FloorError

    try:
        return people.read()
    except FloorError as error:
        stop(str(error))


def _is(people: Any, by: str, *jobs: Job) -> None:
    """Ends unless ``by`` shows that they are one of these."""
    from rung.floor.base import FloorError
    from rung.floor.people import Refusal

    if not by:
        stop("say who does this: --by NAME")
    try:
        entry = people.read().get(by)
        if entry is not None and entry.hash:
            found = people.check(by, typed(f"password of {by}: "), date.min)  # expired: it still shows who they are
            if isinstance(found, Refusal):
                stop(found.why)
            if jobs and not set(jobs) & set(found.jobs):
                stop(f"{by} is not {' or '.join(jobs)}")
            return
    except FloorError as error:
        stop(str(error))
    stop(f"{by} has no password here; an admin gives one: rung people password {by} --by ADMIN")


def _give_password(people: Any, name: str, by: str, days: int) -> None:
    until = (date.today() + timedelta(days=days)).isoformat() if days else ""
    new = typed(f"new password of {name}: ", again=True)
    _change(people, name, lambda: people.set_password(name, new, until), by, "password", until=until)


def _change(people: Any, name: str, change: Any, by: str, what: str, **more: Any) -> None:
    """The file first; the record says what has been done. Both or, with one line, what is missing."""
    from rung.floor.base import FloorError
    from rung.journal.format import JournalError
    from rung.journal.store import Journal

    event = PersonChanged(person=name, by=by, what=what, **more)
    try:
        _must_be_first(people.file.parent)
        change()
        journal = Journal(people.file.with_name("people.db"))
        try:
            now = wall_ms()
            journal.append([event], at_ms=now, wall_ms=now)
        finally:
            journal.close()
    except FloorError as error:
        stop(str(error))
    except JournalError as error:
        stop(f"{name}: changed, but not recorded: {error}")
    until = f" until {event.until}" if event.until else ""
    print(" ".join([f"{name}: {what}{until}", *event.jobs]))
