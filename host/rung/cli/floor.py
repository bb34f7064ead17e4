"""`rung floor`: the server of a small site, and which desks may be on it."""

import asyncio
import contextlib
import signal
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from rung.cli.ends import NO_FLOOR, need, stop
from rung.cli.floor_erase import erase
from rung.cli.floor_folder import Folder, default_folder
from rung.cli.floor_policy import app as policy
from rung.cli.floor_views import views
from rung.words import Role

PORT = 4222  # NATS' own
app = typer.Typer(no_args_is_help=False, help="The floor: one server for many desks, and which of them may be on it.")
app.add_typer(policy, name="policy")
app.command()(views)
app.command()(erase)
Name = Annotated[str, typer.Argument(help="The desk's name: letters, digits, - and _.")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    address: Annotated[
        list[str] | None, typer.Option(help="A name or address by which desks reach this computer; may be repeated.")
    ] = None,
    port: Annotated[int | None, typer.Option(help=f"Where the server listens; left out: {PORT}.")] = None,
    listen: Annotated[str | None, typer.Option(help="Only on this address of the computer; left out: on all.")] = None,
    here: Annotated[str, typer.Option(help="Of a cluster: which of its computers this is; said once.")] = "",
    first: Annotated[
        bool, typer.Option("--first", help="Of a cluster: from now on desks are added and removed here.")
    ] = False,
    folder: Folder = None,
) -> None:
    """Start the floor's server and keep it up until Ctrl-C. The first time, with --address, it is set up."""
    if context.invoked_subcommand is not None:
        return
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.site import SITE, SiteFolder

    made = SiteFolder(folder or default_folder())
    try:
        site = made.read() if (made.folder / SITE).exists() else None
        if site is None and not address:
            stop("say by which name or address desks reach this computer: rung floor --address floor.example.com")
        hosts = tuple(address) if address else site.hosts if site is not None else ()
        port = port or (PORT if site is None else site.port)
        if here:
            made.be(here)
        made.set_up(hosts, port, listen or ("0.0.0.0" if site is None else site.listen))
        made.node()
        if first:
            made.be_first()
        asyncio.run(_serve(made))
    except (FloorError, OSError) as error:
        stop(str(error))


@app.command()
def cluster(
    nodes: Annotated[list[str], typer.Argument(help="Three computers: a=HOST b=HOST c=HOST, the first is this one.")],
    listen: Annotated[str, typer.Option(help="Only on this address of the computer; left out: on all.")] = "0.0.0.0",
    folder: Folder = None,
) -> None:
    """Make this the first of three computers that are one floor; a floor that is here already keeps its desks."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.cluster import read_nodes
    from rung.floor.site import SiteFolder

    made = SiteFolder(folder or default_folder())
    try:
        three = read_nodes(nodes)
        made.set_up_cluster(three, three[0].name, listen)
    except (FloorError, OSError) as error:
        stop(str(error))
    print(f"{made.folder}: the first of three. Copy it to the other two, whole and in secret, before it is started.")
    for number, node in enumerate(three):
        print(f"then at {node.host}: rung floor" + (f" --here {node.name}" if number else ""))


async def _serve(folder: Any) -> None:
    from rung.cli.floor_copies import continues, read_head
    from rung.cli.floor_views import FloorFold
    from rung.floor.site_service import FloorService

    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await FloorService(folder, lambda text: print(text, flush=True), continues, read_head, FloorFold).run()


@app.command("add-desk")
def add_desk(
    desk: Name,
    role: Annotated[Role, typer.Option(help="The most that anybody who signs on there can be.")] = Role.AGENT,
    settings: Annotated[
        Path | None, typer.Option(help="A rung.toml for all desks: policy, phone, times; the desk gets it as its own.")
    ] = None,
    user: Annotated[str, typer.Option(help="Its extension: phone.user, or phone.extension.")] = "",
    password: Annotated[str, typer.Option(help="Its phone's password: phone.password.")] = "",
    person: Annotated[str, typer.Option(help="Who sits there: desk.person.")] = "",
    folder: Folder = None,
) -> None:
    """Let a desk come onto the floor: prints the code that is typed there once, within a day."""
    need("nats", NO_FLOOR)
    from rung.cli.floor_settings import Settings, settings_for
    from rung.config import ConfigError
    from rung.floor.base import FloorError
    from rung.floor.site import SiteFolder
    from rung.floor.site_service import code_for

    made = SiteFolder(folder or default_folder())
    try:
        handed = Settings() if settings is None else settings_for(settings, desk, role, user, password, person)
        seed = made.invite(desk, role, time.time(), handed.config, handed.policies)
        print(code_for(made, desk, seed))
    except (FloorError, ConfigError) as error:
        stop(str(error))


@app.command("add-service")
def add_service(
    name: Annotated[str, typer.Argument(help="Its name among the desks: letters, digits, - and _.")],
    folder: Folder = None,
) -> None:
    """Let the broker beside the PBX (`rung pbx`) learn which desks there are: prints a code, as add-desk does."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.site import SiteFolder
    from rung.floor.site_service import code_for

    made = SiteFolder(folder or default_folder())
    try:
        print(code_for(made, name, made.invite(name, Role.AGENT, time.time(), service=True)))
    except FloorError as error:
        stop(str(error))


@app.command("remove-desk")
def remove_desk(desk: Name, folder: Folder = None) -> None:
    """Throw a desk out and let it in no more, whatever key it has."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.site import SiteFolder

    try:
        SiteFolder(folder or default_folder()).remove(desk)
    except FloorError as error:
        stop(str(error))


@app.command()
def desks(folder: Folder = None) -> None:
    """List the desks that may be on this floor."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.site import SiteFolder

    try:
        for name, account in SiteFolder(folder or default_folder()).read().desks.items():
            print(f"{name}\t{account.role}\t{'enrolled' if account.key else 'invited'}")
    except FloorError as error:
        stop(str(error))


@app.command()
def uphold(
    case: Annotated[str, typer.Argument(help="The case, as the desk's record names it.")],
    until: Annotated[str, typer.Option(help="The last day on which it is shown to others, such as 2031-12-31.")],
    folder: Folder = None,
) -> None:
    """A review has found that this call was an incident: it is shown when the caller rings again."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.nats_incidents import uphold as told
    from rung.floor.site import SiteFolder

    try:
        asyncio.run(told(SiteFolder(folder or default_folder()).steward()[0], case, date.fromisoformat(until)))
    except ValueError:
        stop(f"--until: {until!r} is no day, such as 2031-12-31")
    except FloorError as error:
        stop(str(error))


@app.command()
def heads(
    desk: Annotated[str, typer.Argument(help="Only this desk's; left out: all.")] = "",
    folder: Folder = None,
) -> None:
    """Print the signed ends of the desks' records that this floor keeps, for `rung journal verify --against`."""
    need("nats", NO_FLOOR)
    from rung.floor.base import FloorError
    from rung.floor.nats_copies import kept_heads
    from rung.floor.site import SiteFolder

    try:
        for of, head in asyncio.run(kept_heads(SiteFolder(folder or default_folder()).steward()[0], desk)):
            print(of, head)
    except FloorError as error:
        stop(str(error))


@app.command()
def enrol(
    code: Annotated[str, typer.Argument(help="The line that `rung floor add-desk` has printed.")],
    config: Annotated[Path, typer.Option("-c", "--config", help="The desk's rung.toml.")] = Path("rung.toml"),
) -> None:
    """Bring this desk onto the floor: writes its key, and the rung.toml and policies that the floor hands out."""
    need("nats", NO_FLOOR)
    from rung.cli.floor_settings import KEY_FILE, Settings
    from rung.floor.base import FloorError
    from rung.floor.enrolment import enrol as ask_for
    from rung.floor.enrolment import keep_enrolment, read_code

    key = config.parent / KEY_FILE
    try:
        enrolment, welcome = asyncio.run(ask_for(read_code(code)))
        keep_enrolment(key, enrolment)
        for file in Settings(welcome.config, welcome.policies).write(config):
            print(f"{file}: written")
    except (FloorError, OSError) as error:
        stop(str(error))
    print(f"{key}: the desk {enrolment.desk!r} is on the floor at {enrolment.servers[0]}")
    if not _joins(config):
        print(f'{config}: add these two lines, so that the desk joins it:\n[floor]\nenrolment = "{KEY_FILE}"')


def _joins(config: Path) -> bool:
    try:
        return "floor" in tomllib.loads(config.read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return False
