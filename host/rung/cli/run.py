"""`rung run` and `rung phone`: a desk on real parts."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import msgspec

from rung import words as w
from rung.cli.after import after_door
from rung.cli.asked import HELP, AskKeys
from rung.cli.ends import NO_FLOOR, NO_SIP, need, stop, typed
from rung.cli.keys import Keys
from rung.cli.pages import served, site_of
from rung.cli.phones import extension_of, phone_of, sip_settings
from rung.cli.screen import Screen
from rung.cli.terminal import keys_of_stdin
from rung.config import Config, ConfigError, FloorConfig, SipConfig, read_config
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.desk.privacy import Retention
from rung.desk.withholding import withheld
from rung.floor.base import Floor, FloorError, Place
from rung.journal.anew import open_journal
from rung.journal.format import JournalDamaged, JournalError
from rung.journal.signing import Signer
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.link.search import BoxAt
from rung.page.site import PageError, Site
from rung.phone.base import Phone

Watch = Callable[[Happening], None]
DAMAGED_AGAIN_S = 60.0  # a fresh record that is damaged this soon is no accident of the file's
SWITCH_S = 0.0005  # link, event loop and watcher share one interpreter; a press would wait out Python's own 5 ms


def run_desk(file: Path, json: bool, person: str = "", *, callers: bool = False) -> None:
    """``person`` signs on first; their password is asked for, or read from stdin."""
    sys.setswitchinterval(SWITCH_S)
    config = _config(file)
    comes = (person, typed(f"password of {person}: ")) if person else None
    damage = ""
    printed = (_print_json if callers else _print_withheld) if json else None
    while True:
        begun, is_fresh = time.monotonic(), bool(damage)
        damage = _until_damaged(config, printed, damage, comes)
        if not damage:
            return
        if is_fresh and time.monotonic() - begun < DAMAGED_AGAIN_S:
            stop(f"{damage}; it was begun anew a moment ago, so look after the disk first")


def _until_damaged(config: Config, printed: Watch | None, damage: str, comes: tuple[str, str] | None) -> str:
    """Run until it is ended, or the record is found damaged: returns how. ``damage`` is what the one before met."""
    phone = phone_of(config)
    floor = floor_of(config)
    try:
        config.state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        journal, begun_anew = open_journal(config.journal, damage)
        vault = vault_of(config)
    except (JournalError, OSError) as error:
        stop(str(error))
    screen = Screen(HELP + "\n" if floor is not None else "") if printed is None else None
    site = site_of(config)
    eyes = screen.happened if screen is not None else printed or _print_withheld
    teller = Teller(eyes if site is None else _both(site.happened, eyes))
    if begun_anew:
        teller.tell("trouble", text=begun_anew)
    found, signer = "", None
    try:
        signer = Signer(config.journal)
    except JournalError as error:  # calls are worth more than heads
        teller.tell("trouble", text=f"heads of the record are not signed: {error}")
    try:
        asyncio.run(_run(config, phone, journal, vault, signer, teller, screen, floor, comes, site))
    except* JournalDamaged as damaged:
        found = journal.damage
        if not found:  # it is the file of keys, which nobody can begin anew without losing what it opens
            stop(str(damaged.exceptions[0]))
    except* (JournalError, PageError) as failed:
        stop(str(failed.exceptions[0]))
    finally:
        with contextlib.suppress(JournalError):  # a damaged one may not be closed in good order
            journal.close()
        with contextlib.suppress(JournalError):
            vault.close()  # both first: the next bridge may need them while a watcher still does not read
        teller.close()
    return found


def run_phone(file: Path) -> None:
    config = _config(file)
    if not isinstance(config.phone, SipConfig):
        stop("rung phone is the embedded SIP phone, and this desk's phone.kind is another")
    need("baresip", NO_SIP)
    from rung.phone.sip_process import serve

    serve(sip_settings(config.phone), config.phone_control)


def floor_of(config: Config) -> Floor | None:
    """This desk's handle on its floor; ends with one line where it cannot have one."""
    if config.floor is None:
        return None
    need("nats", NO_FLOOR)
    from rung.floor.enrolment import read_enrolment
    from rung.floor.nats import NatsFloor

    try:
        enrolment = read_enrolment(Path(config.floor.enrolment))
    except FloorError as error:
        stop(str(error))
    if enrolment.desk != config.desk.name:
        stop(f"desk.name is {config.desk.name!r}, but {config.floor.enrolment} is of the desk {enrolment.desk!r}")
    if config.desk.role not in (enrolment.role, w.Role.AGENT):
        stop(f"desk.role is {config.desk.role}, but the floor lets this desk be no more than {enrolment.role}'s")
    return NatsFloor(enrolment)


def vault_of(config: Config) -> Vault:
    """The keys of this desk's record. Raises JournalError."""
    site = b""
    if config.floor is not None:
        from rung.floor.enrolment import read_enrolment

        with contextlib.suppress(FloorError):
            site = bytes.fromhex(read_enrolment(Path(config.floor.enrolment)).callers)
    return Vault(config.vault, site=site or None, country=config.privacy.country)


def retention_of(config: Config) -> Retention:
    return Retention(config.privacy.refused_days, config.privacy.cases_days)


def seat_of(config: Config, bridge: Bridge, directory: Any, place: Place) -> Any:
    """Where people sign on: a `rung.desk.seat.Seat`. None where the configuration says who sits there."""
    if config.desk.person is not None or directory is None:
        return None
    from rung.desk.seat import Seat

    return Seat(bridge, directory, place, config.desk.role)


def sits_here(config: Config, seat: Any) -> str | None:
    """Who is signed on, or who the configuration says sits here."""
    if seat is None:
        return config.desk.person
    return seat.known.id if seat.known is not None else None


def directory_of(config: Config, floor: Floor | None, phone: Phone, said: Callable[[str], w.Training]) -> Any:
    """Who is known here: a `rung.desk.seat.Directory`. None where no password can be checked.

    ``said``: what this desk's record tells of somebody's training; a floor knows what all desks' tell.
    """
    if find_spec("argon2") is None:
        return None
    from rung.floor.people import PEOPLE, People

    file = config.state_folder() / PEOPLE
    if floor is None:
        from rung.floor.people_local import LocalDirectory

        return LocalDirectory(People(file, said=said))
    from rung.floor.people_service import FloorDirectory  # it needs what comes with the floor alone

    present = getattr(phone, "present", lambda ticket: None)  # a telephone behind the broker
    return FloorDirectory(cast(Any, floor), People(file), present)


def _config(file: Path) -> Config:
    try:
        return read_config(file)
    except ConfigError as error:
        stop(str(error))


async def _run(
    config: Config,
    phone: Phone,
    journal: Journal,
    vault: Vault,
    signer: Signer | None,
    teller: Teller,
    screen: Screen | None,
    floor: Floor | None,
    comes: tuple[str, str] | None,
    site: Site | None,
) -> None:
    box = BoxAt(config.keys, config.box.port, config.box.id)
    bridge = Bridge(
        config.book(),
        journal,
        phone,
        teller,
        floor=floor,
        box=box,
        vault=vault,
        signer=signer,
        retention=retention_of(config),
        shelf=config.state_folder() / "policies.json",
        rules=config.after,
        by_settings=config.desk.person is not None,
    )
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)

    def said(answer: w.Answer | None) -> None:
        if answer is not None:
            teller.tell("answer", answer=answer)

    keys = Keys(lambda input: said(bridge.feed(input)), lambda: bridge.look().tick)
    asked = None if floor is None else AskKeys(floor, lambda: bridge.asks.asks, said)

    def key(char: str) -> None:
        if keys.typing or asked is None or not asked.key(char):
            keys.key(char)
        if screen is not None:
            screen.prompt = keys.prompt or (asked.prompt if asked is not None else "")

    with screen or contextlib.nullcontext(), keys_of_stdin(key), contextlib.suppress(asyncio.CancelledError):
        floored = config.floor or FloorConfig()
        place = Place(extension=floored.extension or extension_of(config), person=config.person(), group=floored.group)
        directory = directory_of(config, floor, phone, bridge.after.training)  # one alone: it counts wrong passwords
        seat = seat_of(config, bridge, directory, place)
        if seat is not None:
            seat.resume()
        if site is not None:
            site.open(bridge, teller, place, floor, seat)
        door = after_door(config, bridge, directory, lambda: sits_here(config, seat))
        told = floors_cases(config, floor, bridge, teller)
        async with door, served(config, site) as address, told:
            if address:
                teller.tell("page", text=address)
            if seat is None:
                await bridge.run(place, config.phone.supervisors)
            else:
                await _seated(bridge, seat, comes, teller, config.phone.supervisors)


@contextlib.asynccontextmanager
async def floors_cases(config: Config, floor: Floor | None, bridge: Bridge, teller: Teller) -> AsyncIterator[None]:
    """At a supervisor's desk the cases of all desks are dealt with."""
    if floor is None or config.desk.role != w.Role.SUPERVISOR:
        yield
        return
    from rung.desk.elsewhere import Elsewhere

    task = asyncio.create_task(
        Elsewhere(cast(Any, floor), bridge.after, teller, config.state_folder() / "others.heads").run()
    )
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _seated(bridge: Bridge, seat: Any, comes: tuple[str, str] | None, teller: Teller, supervisors: str) -> None:
    """A desk at which people sign on."""
    async with asyncio.TaskGroup() as group:
        group.create_task(bridge.run(seat.place, supervisors))
        group.create_task(seat.watch())
        if comes is not None:
            refused = await seat.sign_on(*comes)
            if not isinstance(refused, w.Person):
                teller.tell("trouble", text=refused.why)


def _both(first: Watch, then: Watch) -> Watch:
    def watch(happening: Happening) -> None:
        first(happening)
        then(happening)

    return watch


def _print_json(happening: Happening) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the desk works on
        sys.stdout.buffer.write(msgspec.json.encode(happening) + b"\n")
        sys.stdout.buffer.flush()


def _print_withheld(happening: Happening) -> None:
    _print_json(withheld(happening))
