"""The commands and their options. What a command needs is imported when it runs, so that each starts quickly."""

from pathlib import Path
from typing import Annotated

import typer

from rung import __version__
from rung.cli.ends import NO_FLOOR, need
from rung.cli.fleet import FleetFolder, Folder
from rung.cli.fleet import app as fleet_app
from rung.cli.floor import app as floor
from rung.cli.incidents import app as incidents
from rung.cli.journal import app as journal
from rung.cli.people import app as people
from rung.cli.policy import app as policy
from rung.cli.privacy import app as privacy
from rung.cli.privacy import erase

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(policy, name="policy")
app.add_typer(fleet_app, name="fleet")
app.add_typer(floor, name="floor")
app.add_typer(journal, name="journal")
app.add_typer(privacy, name="privacy")
journal.command("erase")(erase)  # where one looks for it first
app.add_typer(incidents, name="incidents")
app.add_typer(people, name="people")
sim = typer.Typer(no_args_is_help=True, help="Worlds of faults, and virtual boxes to try things out on.")
app.add_typer(sim, name="sim")

ConfigFile = Annotated[Path, typer.Option("-c", "--config", help="The desk's rung.toml.")]


def main() -> None:
    app()


@app.command()
def run(
    config: ConfigFile = Path("rung.toml"),
    json: Annotated[bool, typer.Option("--json", help="Print what happens, one event a line.")] = False,
    callers: Annotated[
        bool,
        typer.Option("--callers", help="With --json: numbers, notes and views too, for a program; never a log."),
    ] = False,
    person: Annotated[str, typer.Option(help="Sign on; the password is asked for, or read from stdin.")] = "",
) -> None:
    """Run the bridge of one desk: a real port and a configured phone."""
    from rung.cli.run import run_desk

    run_desk(config, json, person, callers=callers)


@app.command()
def phone(config: ConfigFile = Path("rung.toml")) -> None:
    """Run the desk's embedded SIP phone in the foreground. `rung run` starts it by itself when it is not there."""
    from rung.cli.run import run_phone

    run_phone(config)


@app.command()
def pbx(
    config: Annotated[Path, typer.Option("-c", "--config", help="The broker's configuration.")] = Path("pbx.toml"),
) -> None:
    """Run the broker beside the PBX: it alone has the login, and each desk commands only its own calls."""
    need("nats", NO_FLOOR)
    from rung.cli.pbx import run_pbx

    run_pbx(config)


@app.command()
def doctor(config: ConfigFile = Path("rung.toml")) -> None:
    """Say what is seen (ports, box, phone, record, floor) and what is wrong, with the mend. Exit code 1 if it is."""
    from rung.cli.doctor import examine

    raise typer.Exit(0 if examine(config) else 1)


@app.command()
def pair(
    port: Annotated[
        str | None, typer.Argument(help="The box's port; left out: that of rung.toml, or the only one.")
    ] = None,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Give a box a new key, known to it and to this desk alone: a box that is not paired can do nothing."""
    from rung.cli.pair import pair_box

    pair_box(config, port)


@app.command()
def maintain(
    port: Annotated[
        str | None, typer.Argument(help="The box's port; left out: that of rung.toml, or the only one.")
    ] = None,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Hand the box over to mpremote, with its watchdog put off for ten minutes. Stop `rung run` before."""
    from rung.cli.maintain import maintain_box

    maintain_box(config, port)


@app.command()
def flash(
    port: Annotated[list[str] | None, typer.Option(help="Only this port, whatever is there; may be repeated.")] = None,
    id: Annotated[list[str] | None, typer.Option(help="Only the board with this id; may be repeated.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every board that is found.")] = False,
    in_: Folder = None,
    image: Annotated[Path | None, typer.Option(help="Write this image of MicroPython first, by esptool.")] = None,
    desk: Annotated[str, typer.Option(help="The desk's name; `north-##` numbers several.")] = "",
    rekey: Annotated[bool, typer.Option("--rekey", help="Give every board a new key.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look and tell.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    fleet: FleetFolder = None,
) -> None:
    """Find every attached board, and bring it to the wanted state: MicroPython, firmware, key, desk, proof."""
    from rung.cli.flash import Asked, flash_boards

    ports, ids = tuple(port or ()), tuple(id or ())
    asked = Asked(
        fleet=fleet,
        ports=ports,
        folder=in_,
        ids=ids,
        all=all_,
        image=image,
        desk=desk,
        rekey=rekey,
        dry_run=dry_run,
        yes=yes,
    )
    raise typer.Exit(flash_boards(asked))


@app.command()
def demo(
    story: Annotated[str | None, typer.Option(help="Play this story: see `rung demo --list`.")] = None,
    policy: Annotated[str | None, typer.Option(help="Only stories, or the drill, of this policy.")] = None,
    drill: Annotated[str | None, typer.Option(help="Practise with a scripted caller: see `rung demo --list`.")] = None,
    keys: Annotated[str | None, typer.Option(help="Play a drill with these keys, without a terminal.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what happens, one event a line.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the stories and the drills.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Play every story of every policy.")] = False,
) -> None:
    """The main job on virtual boxes and real SIP phones: live in a terminal, else stories with their timelines."""
    if drill is not None:
        from rung.cli.drill import practise

        raise typer.Exit(practise(drill, policy, keys))
    from rung.cli.demo import demo as play

    raise typer.Exit(play(story, policy, json, list_, all_))


@app.command()
def report(
    record: Annotated[
        list[Path] | None, typer.Argument(help="Copies of records; left out: the desk's own, also while it runs.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", help="One HTML page, with plots.")] = None,
    csv: Annotated[Path | None, typer.Option(help="A folder for every table as CSV.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="A folder for every table as Parquet.")] = None,
    who: Annotated[str, typer.Option("--as", help="Who you are; left out: desk.person of rung.toml.")] = "",
    language: Annotated[str, typer.Option(help="Of the page and the terminal; left out: that of the pages.")] = "",
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """What the record comes to: asks, endings, refusals, repeat callers. Nobody is named. Needs the extra `report`."""
    from rung.cli.report import report as made

    made(config, who, record or [], output, csv, parquet, language)


@sim.command()
def link(
    seeds: Annotated[int, typer.Option(min=1, help="How many worlds.")] = 200,
    first: Annotated[int, typer.Option(min=0, help="The seed of the first.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Replay this one, step by step.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes side by side; 0: one a core.")] = 0,
) -> None:
    """Both real ends of the line between box and bridge, under every fault. Exit code 1 if a rule was broken."""
    from rung.cli.sim import replay_link, sim_link

    raise typer.Exit(0 if (sim_link(seeds, first, jobs) if seed is None else replay_link(seed)) else 1)


@sim.command()
def boxes(
    count: Annotated[int, typer.Argument(min=1, metavar="N", help="How many.")],
    folder: Annotated[Path, typer.Option(help="Where their ports and their flash are.")] = Path("rung-boxes"),
    bare: Annotated[bool, typer.Option("--bare", help="New ones have MicroPython alone, not this firmware.")] = False,
    full_speed: Annotated[bool, typer.Option("--full-speed", help="Not 115,200 baud but all the port gives.")] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help="A device that is no board hangs there too.")] = False,
    taken: Annotated[bool, typer.Option("--taken", help="Keep the last box's port open, as another program.")] = False,
    flash_kb: Annotated[int, typer.Option(min=64, help="How much new ones have for files.")] = 2048,
) -> None:
    """Virtual boxes with serial ports, until Ctrl-C: the real firmware on the real MicroPython. Linux only."""
    from rung.cli.boxes import sim_boxes

    sim_boxes(count, folder, bare=bare, full_speed=full_speed, foreign=foreign, taken=taken, flash_kb=flash_kb)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = (
        False
    ),
) -> None:
    """Rung: a call climbs one rung at a time, and no rung is skipped."""
