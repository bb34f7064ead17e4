"""The floor's story on a real Asterisk: three agents, two supervisors, nobody at a desk with the PBX's password.

A nats-server, `rung floor`, `rung pbx` and five `rung run` are processes of their own, and so are the telephones.
Leave is asked and raced for, the case is handed over and raced for, and who has it ends the call by her own ladder;
the broker is killed meanwhile. Then one desk tries what is not its own, and is thrown out.
"""

import asyncio
import contextlib
from pathlib import Path

import pytest

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")
pytest.importorskip("nats", reason="needs NATS: pip install 'rung[floor]'")

from tests.phone.contract import Desk
from tests.real.floor_site import DeskProcess
from tests.real.pbx_site import ENDPOINTS, EXTENSIONS, HERE, TONES, PbxSite
from tests.real.peers import asterisk as pbx
from tests.real.test_floor import ended_by_her, taken_by_one

from rung import words as w
from rung.floor.base import FloorError
from rung.floor.enrolment import pin_of, read_enrolment
from rung.floor.nats_link import connected
from rung.floor.people import People
from rung.floor.ticket import sign
from rung.phone.base import PhoneError
from rung.phone.pbx.client import BrokerAt, BrokerPhone
from rung.sim.bridge_process import recorded
from rung.words import Button, PhoneIs


def test_a_site_through_one_call_and_an_intruder(tmp_path: Path) -> None:
    async def play(asterisk: pbx.Asterisk) -> None:
        async with PbxSite(tmp_path, asterisk) as site:
            ada = site.desks["ada"]
            assert all(d.of(w.PersonSignedOn) for d in site.desks.values()), "each by a sign-on of their own"
            await site.caller.dial(EXTENSIONS["ada"])
            await site.until(lambda: ada.may(Button.WARN), "ada may redirect")
            await ada.press(Button.WARN)
            await leave_is_raced_for(site, ada)
            await the_broker_dies(site, ada)
            boss = await the_case_is_raced_for(site, ada)
            await ended_by_her(site, boss)
            for name in ("bea", "cyd"):
                assert not site.desks[name].asks and not site.desks[name].of(w.CaseOpened), "nobody else saw it"
            await an_intruder(site, asterisk)
            no_desk_has_the_password(site, asterisk)

    with pbx.running(tmp_path, endpoints=ENDPOINTS) as asterisk:
        asyncio.run(play(asterisk))


async def leave_is_raced_for(site: PbxSite, ada: DeskProcess) -> None:
    bosses = (site.desks["eve"], site.desks["fay"])
    ada.type("p")
    await asked(site, ada)
    for boss in bosses:
        boss.type("Rgrant\n")
    await site.until(lambda: ada.of(w.LeaveGranted), "leave is granted")
    for boss in bosses:
        await site.until(lambda boss=boss: not boss.open(), "it is over for both")
    assert len(ada.of(w.LeaveGranted)) == len(ada.of(w.AskReplied)) == 1, "and once"
    await site.until(lambda: ada.may(Button.WARN), "ada may warn")
    await ada.press(Button.WARN)
    await site.until(lambda: [e for e in ada.of(w.RungTaken) if e.uses_leave], "she has, with her leave")  # type: ignore[attr-defined]


async def asked(site: PbxSite, ada: DeskProcess) -> None:
    """An ask of hers is before both supervisors."""
    bosses = (site.desks["eve"], site.desks["fay"])
    await site.until(lambda: ada.may(Button.ESCALATE), "ada may escalate")
    while not all(boss.open() for boss in bosses):
        if ada.may(Button.ESCALATE) and len(ada.of(w.AskOpened)) == len(ada.of(w.AskClosed)):
            await ada.press(Button.ESCALATE)
        await asyncio.sleep(0.1)


async def the_broker_dies(site: PbxSite, ada: DeskProcess) -> None:
    await site.kill_pbx()
    await site.until(lambda: not any(d.up["phone"] for d in site.desks.values()), "every desk knows")
    await site.caller.hears(TONES["ada"])
    await site.start_pbx()
    await site.until(lambda: all(d.up["phone"] for d in site.desks.values()), "each has its telephone again")
    assert not ada.of(w.CaseClosed), "nothing was ended or forgotten"


async def the_case_is_raced_for(site: PbxSite, ada: DeskProcess) -> DeskProcess:
    await asked(site, ada)
    boss = await taken_by_one(site)
    await site.caller.hears(TONES[boss.name])
    return boss


async def why_refused(phone: BrokerPhone, call: str) -> str:
    """Why it may not end this call. Until the broker's first beat is repeated, nobody knows how old an order is."""
    while True:
        with pytest.raises(PhoneError) as said:
            await phone.hang_up(call)
        if "too late" not in str(said.value):
            return str(said.value)
        await asyncio.sleep(0.1)


async def an_intruder(site: PbxSite, asterisk: pbx.Asterisk) -> None:
    """Who has all that stands at bea's desk, tries it on ada's call and on others' subjects."""
    ada, bea = site.desks["ada"], site.desks["bea"]
    await site.caller.dial(EXTENSIONS["ada"])
    await site.until(lambda: len(ada.of(w.CaseOpened)) == 2, "ada has another call")
    call = ada.of(w.CaseOpened)[-1].call  # type: ignore[attr-defined]
    await bea.kill()
    hers = read_enrolment(bea.folder / "floor.json")
    ticket = People(bea.folder / "state" / "people.json").read()["p-bea"].ticket
    adas = People(ada.folder / "state" / "people.json").read()["p-ada"].ticket
    at = BrokerAt(host=HERE, port=site.pbx_port, pin=site.pin)

    def telephone(desk: str, shown: str) -> tuple[BrokerPhone, Desk, asyncio.Task[None]]:
        phone, told = BrokerPhone(at, desk, lambda data: sign(hers.seed, data), pin_of), Desk()
        phone.present(shown)
        return phone, told, asyncio.create_task(phone.run(told.feed))

    phone, told, running = telephone("bea", ticket)
    await told.told(lambda n: isinstance(n, PhoneIs) and n.up)
    assert "that is no call of PJSIP/1002" in await why_refused(phone, call)
    for desk, shown in (("ada", adas), ("bea", adas), ("ada", ticket)):
        _, turned, trying = telephone(desk, shown)
        assert not (await turned.told(lambda n: isinstance(n, PhoneIs))).up  # type: ignore[union-attr]
        trying.cancel()
    for subject in ("rung.to.eve.ada", "rung.place.supervisor.bea", "rung.journal.ada", "rung.floor.people.ada"):
        async with connected(hers) as link:
            with contextlib.suppress(FloorError):
                await link.request(subject, b"x", 0.3)
    log = site.folder / "floor" / "nats.log"
    await site.until(lambda: log.read_text().count("Publish Violation") >= 4, "the server wrote each of them down")
    mark = len(told.news)
    site.site.remove("bea")
    out = await told.told(lambda n: isinstance(n, PhoneIs) and not n.up, mark)
    assert isinstance(out, PhoneIs) and "was removed from the floor" in out.why
    running.cancel()
    assert len(ada.of(w.CaseClosed)) == 1 and site.caller.living, "ada's call goes on"
    await site.caller.hears(TONES["ada"])
    await site.kill_pbx()
    refused = [e for e in recorded(site.folder / "broker" / "pbx" / "pbx.db") if isinstance(e, w.CommandRefused)]
    assert {(e.desk, e.what) for e in refused} >= {("bea", "hang_up"), ("ada", "come in"), ("bea", "come in")}
    assert any(e.desk == "bea" and "was removed" in e.why for e in refused)


def no_desk_has_the_password(site: PbxSite, asterisk: pbx.Asterisk) -> None:
    secret = asterisk.desk_secret.encode()
    for desk in site.desks.values():
        files = [f for f in desk.folder.rglob("*") if f.is_file()]
        assert files and not any(secret in f.read_bytes() for f in files)
