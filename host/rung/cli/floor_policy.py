"""`rung floor policy`: which policies the floor hands out to its desks, and which desk runs what."""

import asyncio
from typing import Annotated, Any

import typer

from rung.cli.ends import NO_FLOOR, need, stop
from rung.cli.floor_folder import Folder, default_folder

app = typer.Typer(no_args_is_help=True, help="Policies that desks get from the floor, and use from the next call on.")


def _steward(folder: Any) -> Any:
    need("nats", NO_FLOOR)
    from rung.floor.site import SiteFolder

    return SiteFolder(folder or default_folder()).steward()[0]


async def _handed(who: Any) -> Any:
    from rung.floor.base import PoliciesAre
    from rung.floor.nats_handed import POLICIES, look

    found = await look(who, POLICIES)
    return found if isinstance(found, PoliciesAre) else PoliciesAre()


@app.command()
def put(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Policies: a .toml each, or a shipped name.")],
    instead_of: Annotated[
        str, typer.Option(help="The policy that desks' own settings name; left out: the one of the same name.")
    ] = "",
    folder: Folder = None,
) -> None:
    """Prove these policies and hand them out: each desk proves them as well, and uses them from its next call on."""
    from rung.floor.base import FloorError, HandedOut
    from rung.policy.language import canonical, version_of
    from rung.policy.library import PolicyError, load
    from rung.policy.proof import proved

    if instead_of and len(files) > 1:
        stop("--instead-of is for one policy; hand out the others one by one")
    try:
        policies = [proved(load(file), file) for file in files]
        new = [
            HandedOut(instead_of=instead_of or policy.name, version=version_of(policy), policy=canonical(policy))
            for policy in policies
        ]
        asyncio.run(_change(_steward(folder), {each.instead_of: each for each in new}))
    except (PolicyError, FloorError) as error:
        stop(str(error))
    for policy, each in zip(policies, new, strict=True):
        print(f"{policy.name} {each.version} is handed out instead of {each.instead_of}")


@app.command()
def withdraw(
    name: Annotated[str, typer.Argument(help="The policy that desks' own settings name.")], folder: Folder = None
) -> None:
    """Hand it out no more: from the next call on desks use their own."""
    from rung.floor.base import FloorError

    try:
        asyncio.run(_change(_steward(folder), {name: None}))
    except FloorError as error:
        stop(str(error))


async def _change(who: Any, new: dict[str, Any]) -> None:
    from rung.floor.base import FloorError, PoliciesAre
    from rung.floor.nats_handed import POLICIES, hand_down

    stands = {each.instead_of: each for each in (await _handed(who)).policies}
    if missing := [name for name, each in new.items() if each is None and name not in stands]:
        raise FloorError(f"nothing is handed out instead of {missing[0]!r}; see: rung floor policy list")
    made = {name: each for name, each in {**stands, **new}.items() if each is not None}
    await hand_down(who, POLICIES, PoliciesAre(tuple(made[name] for name in sorted(made))))


@app.command(name="list")
def list_(folder: Folder = None) -> None:
    """What is handed out, and which policies every desk that is there runs."""
    from rung.floor.base import FloorError
    from rung.floor.nats_places import desks_of
    from rung.policy.language import from_canonical

    who = _steward(folder)
    try:
        handed = asyncio.run(_handed(who))
        places = asyncio.run(desks_of(who))
    except FloorError as error:
        stop(str(error))
    for each in handed.policies:
        print(f"instead of {each.instead_of}: {from_canonical(each.policy).name} {each.version}")
    for desk, place in sorted(places.items()):
        print(f"{desk}\t{', '.join(place.runs) or 'does not say'}")
