"""Earlier incidents of a caller, at the desk where the same one rings again."""

import asyncio
from pathlib import Path

import pytest
from tests.floor.office import Office, Seat, office

from rung import words as w
from rung.journal.vault import Vault
from rung.sim.telephone import Telephone

SECRET = b"a secret of the site's, 32 bytes!"


async def rings(caller: Telephone, seat: Seat, *then: w.Act) -> str:
    """A call comes and goes; its case. What is looked up is answered by then."""
    before = len(seat.of(w.CaseClosed))
    caller.dial(seat.number)
    await seat.until(lambda: seat.has_case)
    opened = seat.last(w.CaseOpened)
    assert isinstance(opened, w.CaseOpened)
    for act in then:
        seat.bridge.feed(act)
    await asyncio.sleep(0.03)
    caller.end_all()
    await seat.until(lambda: len(seat.of(w.CaseClosed)) > before)
    return opened.case


@pytest.mark.parametrize("again", ["0043 664/123-45", "sip:+4366412345@trunk.example;user=phone", "066412345"])
def test_a_caller_is_known_again_at_another_desk_however_the_number_is_written(again: str, tmp_path: Path) -> None:
    async def play() -> None:
        def vaults(made: Office) -> None:
            for seat in (made.ada, made.eve):
                seat.vault = Vault(tmp_path / seat.name, site=SECRET, country="43")

        async with office(only=("ada", "eve"), before=vaults) as made:
            case = await rings(Telephone(made.exchange, "+43 664 12345"), made.ada, w.Declared(w.Ground.SLUR))
            made.floor.uphold(case)
            await rings(Telephone(made.exchange, again), made.eve)
            await rings(Telephone(made.exchange, "+43 664 12346"), made.eve)
            known = [e.incidents for e in made.eve.of(w.EarlierKnown) if isinstance(e, w.EarlierKnown)]
            assert [[i.case for i in incidents] for incidents in known] == [[case]]

    asyncio.run(play())


@pytest.mark.parametrize("lifted", [True, False])
def test_where_somebody_is_in_danger_nothing_is_counted_as_an_incident(lifted: bool) -> None:
    """ "While `crisis` stands ... nothing is blocked or counted as an incident" """

    async def play() -> None:
        async with office(only=("ada", "eve")) as made:
            acts = (w.Declared(w.Ground.SLUR), w.Marked(w.Marker.CRISIS))
            lifts = (w.Unmarked(w.Marker.CRISIS),) if lifted else ()
            made.floor.uphold(await rings(made.caller, made.ada, *acts, *lifts))
            await rings(made.caller, made.ada)
            assert len(made.ada.of(w.EarlierKnown)) == lifted

    asyncio.run(play())
