"""The floor in real processes: three agents, two supervisors, their SIP phones, and the server between them."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("nats", reason="needs NATS: pip install 'rung[floor]'")

from tests.real.floor_site import HOLD_S, DeskProcess, SmallSite

from rung import words as w
from rung.words import Button, Outcome


def test_a_small_site_through_one_call(tmp_path: Path) -> None:
    """The floor dies while an ask is open; when it is back two supervisors race for the next one.

    Who has it gets case and caller, and ends the call by her own ladder. One story, for the sake of its processes.
    """

    async def play() -> None:
        async with SmallSite(tmp_path) as site:
            ada = site.desks["ada"]
            await asked_for(site)
            await site.kill_floor()
            await site.until(lambda: not any(d.up["floor"] for d in site.desks.values()), "everybody knows")
            await site.until(lambda: ada.of(w.AskClosed), "the ask has come to nothing")
            assert site.caller.living, "the caller is still there"
            await site.start_floor()
            await site.until(lambda: all(d.up["floor"] for d in site.desks.values()), "they are on the floor again")
            await ended_by_her(site, await handed_over(site))

    asyncio.run(play())


async def asked_for(site: SmallSite) -> None:
    ada = site.desks["ada"]
    await site.caller.dial(ada.extension)
    await site.until(lambda: ada.may(Button.WARN), "ada may warn")
    await ada.press(Button.WARN)
    await asks(site)


async def asks(site: SmallSite) -> None:
    ada, bosses = site.desks["ada"], (site.desks["eve"], site.desks["fay"])
    await site.until(lambda: ada.may(Button.ESCALATE) and ada.of(w.RungTaken), "ada may escalate")
    while not all(boss.open() for boss in bosses):
        if ada.may(Button.ESCALATE) and not ada.of(w.AskOpened)[len(ada.of(w.AskClosed)) :]:
            await ada.press(Button.ESCALATE)
        await asyncio.sleep(0.1)


async def handed_over(site: SmallSite) -> DeskProcess:
    """Both take it at once; whose it became."""
    await asks(site)
    having = await taken_by_one(site)
    for boss in (site.desks["eve"], site.desks["fay"]):
        await site.until(lambda boss=boss: not boss.open(), "it is over for both")
    for other in ("bea", "cyd"):
        assert not site.desks[other].asks and not site.desks[other].of(w.CaseOpened), "nobody else saw it"
    return having


async def taken_by_one(site: SmallSite) -> DeskProcess:
    """Both supervisors take ada's case at once; whose it became."""
    ada, bosses = site.desks["ada"], (site.desks["eve"], site.desks["fay"])
    for boss in bosses:
        boss.type("Rtake\n")
    await site.until(lambda: any(boss.of(w.CaseArrived) for boss in bosses), "one of them has it")
    await site.until(lambda: ada.of(w.CaseClosed), "and ada no more")
    having = [boss for boss in bosses if boss.of(w.CaseReceived)]
    assert len(having) == 1, "the other one never"
    accepted = [e for e in ada.of(w.AskClosed) if isinstance(e, w.AskClosed) and e.outcome == Outcome.ACCEPTED]
    assert len(accepted) == 1
    return having[0]


async def ended_by_her(site: SmallSite, boss: DeskProcess) -> None:
    await asyncio.sleep(0.6)  # she listens; what is declared counts from her joining on
    boss.type("p")
    await site.until(lambda: boss.may(Button.WARN), "she may warn")
    await boss.press(Button.WARN)
    await site.until(lambda: boss.of(w.RungTaken), "she has warned")
    await site.until(lambda: boss.may(Button.RELEASE), "she may release")
    await boss.press(Button.RELEASE)
    await site.until(lambda: boss.of(w.Announced), "she has announced it")
    await asyncio.sleep(0.7)
    await boss.press(Button.RELEASE, HOLD_S)
    await site.until(lambda: boss.of(w.CaseClosed), "the call is over")
    closed = boss.of(w.CaseClosed)[-1]
    assert isinstance(closed, w.CaseClosed) and closed.how == "released"
    await site.until(lambda: not site.caller.living, "for the caller, too")
