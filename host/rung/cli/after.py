"""Who acts after calls, and where: at the bridge that runs, or, if none does, at the record itself."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rung import words as w
from rung.cli.ends import NO_PEOPLE, need, stop, typed
from rung.clock import wall_ms
from rung.config import Config, ConfigError, read_config
from rung.desk.after_desk import AfterDesk, Reply, Request, What
from rung.desk.after_door import AfterDoor, DoorError, ask
from rung.desk.afterwards import Afterwards
from rung.desk.bridge import Bridge
from rung.desk.orders import Order, carry_out
from rung.desk.privacy import Privacy
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.page.say import LANGUAGES, Say
from rung.words import Actor, Job, Role

WHO = "say who you are: --as NAME (known by `rung people add`), or name desk.person in rung.toml"


def after_door(config: Config, bridge: Bridge, directory: Any, sits: Callable[[], str | None]) -> AfterDoor:
    """The running bridge's door. ``directory``: a `rung.desk.seat.Directory`, or None. ``sits``: who is here now."""

    def rest(person: str) -> w.Answer | None:
        if person != sits():
            return w.Answer(verdict=w.Verdict.REFUSED, why="Only whoever sits there ends a breather.")
        return bridge.feed(w.BreatherOver())

    from rung.cli.run import retention_of

    assert bridge.privacy is not None
    orders = partial(carry_out, privacy=bridge.privacy, retention=retention_of(config))
    desk = AfterDesk(bridge.after, config.desk.name, rest, orders)

    async def handle(request: Request) -> Reply:
        actor = _own(config, request.what) if not request.name else await _checked(directory, request)
        if isinstance(actor, str):
            return Reply(why=actor)
        try:
            return await asyncio.to_thread(desk.answer, request.what, actor, request.also)
        except JournalError as error:
            return Reply(why=f"not done: {error}")

    return AfterDoor(config.state_folder(), handle)


async def _checked(directory: Any, request: Request) -> Actor | str:
    """The person, if that is their password; else why not."""
    from rung.floor.base import FloorError

    if directory is None:
        return NO_PEOPLE
    from rung.floor.people import Refusal

    try:
        known = await directory.check(request.name, request.password)
    except FloorError as error:
        return str(error)
    return known.why if isinstance(known, Refusal) else Actor(known.id, known.jobs)


def _own(config: Config, what: What) -> Actor | str:
    """Whoever the configuration says sits here: this desk's user, who alone can come in without a password.

    Who may use this desk's user may erase, hold and look, under a name that stays on record; but nobody gets
    somebody else's own data by that.
    """
    if isinstance(what, Order) and what.do != "mine":
        return Actor(what.person)
    if config.desk.person is None:
        return WHO
    return Actor(config.desk.person, (Job.SUPERVISOR if config.desk.role == Role.SUPERVISOR else Job.AGENT,))


def person_of(file: Path) -> str:
    """Whoever sits at this desk by its configuration."""
    return read_config(file).desk.person or ""


def say_of(file: Path, language: str) -> Say:
    """In which language a report is told: this one, or, left out, that of the desk's pages."""
    if not language:
        with contextlib.suppress(ConfigError):
            page = read_config(file).page
            language = page.language if page is not None else ""
    if language and language not in LANGUAGES:
        stop(f"--language: {language!r} is none; there are: {', '.join(LANGUAGES)}")
    return Say(language or LANGUAGES[0])


def asked(file: Path, what: What, name: str, also: Sequence[Path] = ()) -> Reply:
    """The reply to this person; ends with one line where none can be had."""
    try:
        config = read_config(file)
    except ConfigError as error:
        stop(str(error))
    password = typed(f"password of {name}: ") if name else ""
    request = Request(what, name, password, tuple(str(path.resolve()) for path in also))
    try:
        reply = ask(config.state_folder(), request)
        return at_rest(config, request) if reply is None else reply
    except (DoorError, JournalError) as error:
        stop(str(error))


def at_rest(config: Config, request: Request) -> Reply:
    """No bridge runs: the record is opened for as long as this takes. Raises JournalError."""
    if not config.journal.exists():
        stop(f"{config.journal}: there is no record yet")
    from rung.cli.run import retention_of, vault_of

    actor = _own(config, request.what) if not request.name else _checked_here(config, request)
    if isinstance(actor, str):
        return Reply(why=actor)
    journal, vault = Journal(config.journal), vault_of(config)
    try:
        lock = threading.Lock()
        privacy = Privacy(journal, vault, lock, journal.last_at_ms, wall_ms)
        privacy.start()
        orders = partial(carry_out, privacy=privacy, retention=retention_of(config))

        def record(event: w.Event) -> None:
            with lock:
                now_ms = wall_ms()
                journal.append(privacy.sealed([event], "", now_ms), at_ms=journal.last_at_ms(), wall_ms=now_ms)

        after = Afterwards(journal, lock, record, wall_ms, config.after, vault)
        return AfterDesk(after, config.desk.name, orders=orders).answer(request.what, actor, request.also)
    finally:
        journal.close()
        vault.close()


def _checked_here(config: Config, request: Request) -> Actor | str:
    need("argon2", NO_PEOPLE)
    from rung.floor.people import PEOPLE, People
    from rung.floor.people_local import LocalDirectory

    return asyncio.run(_checked(LocalDirectory(People(config.state_folder() / PEOPLE)), request))
