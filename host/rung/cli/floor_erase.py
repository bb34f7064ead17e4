"""`rung floor erase`: what all desks keep of a caller is erased, each by itself; and which have not done it yet."""

import asyncio
import secrets
from typing import Annotated, Any

import typer

from rung.cli.ends import NO_FLOOR, need, stop
from rung.cli.floor_folder import Folder, default_folder


def erase(
    caller: Annotated[str, typer.Option(help="The number. Left out: list what is not erased everywhere yet.")] = "",
    person: Annotated[str, typer.Option("--as", help="Who orders it; stays in the records.")] = "",
    why: Annotated[str, typer.Option(help="Why; stays in the records, so leave the number out of it.")] = "",
    country: Annotated[str, typer.Option(help="As the desks have it in their privacy.country, such as 49.")] = "",
    folder: Folder = None,
) -> None:
    """Order every desk to erase what it keeps of a caller; those that are away do it once they are back."""
    need("nats", NO_FLOOR)
    from rung.desk.privacy import unfit
    from rung.floor.base import Erasure, FloorError
    from rung.floor.site import SiteFolder
    from rung.journal.vault import index_of

    made = SiteFolder(folder or default_folder())
    try:
        site, who = made.read(), made.steward()[0]
        if caller:
            index = index_of(caller, bytes.fromhex(site.callers), country)
            if wrong := unfit(person, why):
                stop(wrong)
            if not index:
                stop(f"{caller!r} is no number")
            desks = tuple(name for name, account in site.desks.items() if account.key and not account.service)
            new = Erasure(id=secrets.token_hex(4), caller=index, person=person, why=why, waits=desks)
            asyncio.run(_order(who, new))
        for order in (new,) if caller else asyncio.run(_left(who, set(site.desks))):
            print(f"{order.id}\t{order.person}\t{order.why}\twaits for: {', '.join(order.waits)}")
    except FloorError as error:
        stop(str(error))


async def _left(who: Any, desks: set[str]) -> Any:
    """What waits; for a desk that was taken off the floor nobody waits any more."""
    from rung.floor.nats_handed import ERASURES, hand_down, without

    stands = made = await _standing(who)
    for order in stands.erasures:
        for gone in set(order.waits) - desks:
            made = without(made, order.id, gone)
    if made != stands:
        await hand_down(who, ERASURES, made)
    return made.erasures


async def _standing(who: Any) -> Any:
    from rung.floor.base import ErasuresAre
    from rung.floor.nats_handed import ERASURES, look

    found = await look(who, ERASURES)
    return found if isinstance(found, ErasuresAre) else ErasuresAre()


async def _order(who: Any, new: Any) -> None:
    from rung.floor.base import ErasuresAre
    from rung.floor.nats_handed import ERASURES, hand_down

    others = [order for order in (await _standing(who)).erasures if order.caller != new.caller]
    await hand_down(who, ERASURES, ErasuresAre((*others, new)))
