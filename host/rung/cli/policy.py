"""`rung policy`: what can be done with policies. A command of any size has its work in a module of its own."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def policy() -> None:
    """Policies: list them, and write the floor's own."""


@app.command()
def schema() -> None:
    """Print the JSON Schema of the policy language, for editors."""
    import msgspec

    from rung.policy.language import schema as language

    typer.echo(msgspec.json.format(msgspec.json.encode(language()), indent=2).decode())


@app.command(name="list")
def list_() -> None:
    """List the policies that come with Rung: name, version, languages of the scripts, title."""
    from rung.policy.language import version_of
    from rung.policy.library import load, shipped

    policies = [load(name) for name in shipped()]
    widest = max(len(policy.name) for policy in policies)
    for policy in policies:
        languages = ", ".join(policy.languages())
        typer.echo(f"{policy.name:{widest}}  {version_of(policy)}  {languages:6}  {policy.title}")


Language = Annotated[str | None, typer.Option(help="Language of the scripts, e.g. de; left out: the policy's first.")]
NAME = "A shipped policy's name, or the path of a .toml."


@app.command()
def show(name: Annotated[str, typer.Argument(help=NAME)], language: Language = None) -> None:
    """A policy as a table: each step, who takes it, what it needs, what it says."""
    from rung.cli.policy_people import show as show_it

    show_it(name, language)


@app.command()
def draw(
    name: Annotated[str, typer.Argument(help=NAME)],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid instead of SVG.")] = False,
) -> None:
    """Print the state diagram, drawn from the tables, as SVG."""
    from rung.cli.policy_people import draw as drawn

    print(drawn(name, mermaid), end="")


@app.command()
def prove(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help=f"{NAME} None: all that is shipped.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Walk everything that may happen on a call, and show that the ladder holds; else the shortest way to a breach."""
    from rung.cli.policy_prove import report

    if not report(files or [], json):
        raise typer.Exit(1)


@app.command()
def card(
    name: Annotated[str, typer.Argument(help=NAME)],
    language: Language = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write it to this file, e.g. card.html.")] = None,
) -> None:
    """The card for the desk, one page to print: buttons, steps with their scripts, what is no abuse, panic, crisis."""
    from rung.cli.policy_people import card as print_it

    print_it(name, language, out)


@app.command()
def diff(a: Annotated[str, typer.Argument(help=NAME)], b: Annotated[str, typer.Argument(help=NAME)]) -> None:
    """What becomes allowed, or forbidden, when policy B replaces policy A."""
    from rung.cli.policy_people import diff as compare

    compare(a, b)


@app.command()
def replay(
    journal: Annotated[
        Path, typer.Argument(help="A desk's journal.db, a running bridge's too, or a copy or export of one.")
    ],
    policy: Annotated[str, typer.Option(help=NAME)],
    everything: Annotated[bool, typer.Option("--all", help="Print also what would have come out the same.")] = False,
) -> None:
    """What would another policy have done with these calls, press by press?"""
    from rung.cli.policy_people import replay as play

    play(journal, policy, everything)
