"""`rung fleet`: the commands of the inventory, and their options."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The inventory: which boxes there are, where, and how they are.")

FleetFolder = Annotated[
    Path | None, typer.Option("--fleet", envvar="RUNG_FLEET", help="Folder of inventory and keys; else the user's own.")
]
Ports = Annotated[list[str] | None, typer.Option("--port", help="Only this port; may be repeated.")]
Folder = Annotated[
    Path | None, typer.Option("--in", envvar="RUNG_PORTS", help="Look in this folder of `rung sim boxes` instead.")
]
Name = Annotated[str, typer.Argument(metavar="BOX", help="The box's id, or its desk.")]
Why = Annotated[str, typer.Option(help="The reason, for the inventory.")]


@app.command("list")
def list_(fleet: FleetFolder = None) -> None:
    """All boxes: where they stand, what runs on them, when they were last seen, and how they are."""
    from rung.cli.fleet_book import list_boxes

    list_boxes(fleet)


@app.command()
def show(box: Name, fleet: FleetFolder = None) -> None:
    """All that is known of one box, with its faults and its press tests."""
    from rung.cli.fleet_book import show_box

    show_box(fleet, box)


@app.command()
def export(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file; else it is printed.")] = None,
    fleet: FleetFolder = None,
) -> None:
    """The whole inventory as CSV."""
    from rung.cli.fleet_book import export_csv

    export_csv(fleet, output)


@app.command()
def fault(box: Name, what: Annotated[str, typer.Argument(help="In a few words.")], fleet: FleetFolder = None) -> None:
    """Note what is wrong with a box. What a box tells of itself is noted without asking."""
    from rung.cli.fleet_book import note_fault

    note_fault(fleet, box, what)


@app.command()
def retire(box: Name, why: Why = "worn out", fleet: FleetFolder = None) -> None:
    """The box is used no more: its key is deleted, and its desk is free."""
    from rung.cli.fleet_book import retire_box

    retire_box(fleet, box, why)


@app.command()
def rename(
    box: Name,
    desk: Annotated[str, typer.Argument(help="Where it stands from now on.")] = "",
    spare: Annotated[bool, typer.Option("--spare", help="Nowhere: it is a spare.")] = False,
    port: Ports = None,
    in_: Folder = None,
    fleet: FleetFolder = None,
) -> None:
    """The box stands at another desk, or is a spare (a retired one too). If it is attached, it is told as well."""
    from rung.cli.fleet_boxes import rename_box

    rename_box(fleet, box, desk, spare, port or (), in_)


@app.command()
def swap(
    box: Name,
    spare: Annotated[str, typer.Argument(help="The spare's id; left out: the only one that is attached.")] = "",
    why: Why = "broken",
    port: Ports = None,
    in_: Folder = None,
    fleet: FleetFolder = None,
) -> None:
    """A spare takes the place of a broken box, which is retired: name, key, and the spare's own note of its desk."""
    from rung.cli.fleet_boxes import swap_box

    swap_box(fleet, box, spare, why, port or (), in_)


@app.command()
def rekey(box: Name, port: Ports = None, in_: Folder = None, fleet: FleetFolder = None) -> None:
    """Give an attached box a new key; the old one opens it no more."""
    from rung.cli.fleet_boxes import rekey_box

    rekey_box(fleet, box, port or (), in_)


@app.command()
def test(
    boxes: Annotated[list[str] | None, typer.Argument(metavar="[BOX]...", help="Ids or desks; else all attached.")] = (
        None
    ),
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Virtual boxes: their buttons press themselves.")
    ] = False,
    port: Ports = None,
    in_: Folder = None,
    fleet: FleetFolder = None,
) -> None:
    """Press each button of each attached box as its lamp asks for it, and note the result. Exit code 1 if one fails."""
    from rung.cli.fleet_test import try_boxes

    raise typer.Exit(try_boxes(fleet, boxes or (), simulate, port or (), in_))
