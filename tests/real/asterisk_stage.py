"""A story's small floor on the real Asterisk: agent, supervisor and caller at real SIP phones that it knows."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.real.asterisk_rig import account, admin, write_tone
from tests.real.peers.asterisk import Asterisk, running

from rung.phone.asterisk import AsteriskPhone, AsteriskSettings
from rung.phone.asterisk.commands import sound_name
from rung.phone.asterisk.link import AmiLink
from rung.phone.base import Phone, PhoneError
from rung.sim.floor_stage import AGENT, AGENT_HZ, CALLER_HZ, SUPERVISOR, SUPERVISOR_HZ, FloorStage
from rung.sim.handset import Handset, patience
from rung.sim.sip_handset import SimPhone, start_phone

ENDPOINTS = {AGENT: "1001", SUPERVISOR: "2001", "caller": "3001"}
TONES = {AGENT: AGENT_HZ, SUPERVISOR: SUPERVISOR_HZ, "caller": CALLER_HZ}


class Extension(SimPhone):
    """A phone that is rung by its extension."""

    @property
    def address(self) -> str:
        return self.name


class House:
    """The phones of one Asterisk, for one story after another."""

    def __init__(self, asterisk: Asterisk, folder: Path) -> None:
        self.asterisk = asterisk
        self.sounds = folder / "sounds"
        self._folder = folder
        self._exits = AsyncExitStack()
        self.phones: dict[str, Extension] = {}

    async def begin(self) -> None:
        domain = f"127.0.0.1:{self.asterisk.sip_port}"
        for name, hz in TONES.items():
            password = self.asterisk.passwords[name]
            phone = await start_phone(
                self._folder, name, hz, asyncio.Event(), self._exits, domain=domain, password=password
            )
            phone.__class__ = Extension
            self.phones[name] = phone  # type: ignore[assignment]
        link = await AmiLink.connect(admin(self.asterisk), lambda event: None)
        async with patience("every phone is registered"):
            known = 0
            while known < len(TONES):
                with suppress(PhoneError):  # nobody is, which Asterisk calls an error
                    known = len(await link.list("PJSIPShowContacts"))
                await asyncio.sleep(0.02)
        await link.close()

    async def end(self) -> None:
        await self._exits.aclose()

    async def quiet(self) -> None:
        link = await AmiLink.connect(admin(self.asterisk), lambda event: None)
        async with patience("every call has ended"):
            while channels := await link.list("CoreShowChannels"):
                for channel in channels:
                    try:
                        await link.do("Hangup", Channel=channel["Uniqueid"])
                    except PhoneError:  # it ended at that very moment
                        continue
                await asyncio.sleep(0.02)
        await link.close()


class Speaking(AsteriskPhone):
    """Has a recording of every script: a tone."""

    def __init__(self, settings: AsteriskSettings, played: list[Any]) -> None:
        super().__init__(settings)
        self._played = played

    async def play(self, call: str, text: str, language: str) -> None:
        file = Path(f"{self.settings.sounds}/{sound_name(text, language)}.wav")
        file.parent.mkdir(parents=True, exist_ok=True)
        write_tone(file, 1800, seconds=0.5)
        await super().play(call, text, language)
        self._played.append(SimpleNamespace(text=text))


Housed = tuple[House, asyncio.Runner]


@contextmanager
def housed(folder: Path) -> Iterator[Housed]:
    """One Asterisk with its phones, and the loop in which they live."""
    with running(folder, endpoints=ENDPOINTS) as asterisk, asyncio.Runner() as runner:
        made = House(asterisk, folder)
        runner.run(made.begin())
        try:
            yield made, runner
        finally:
            runner.run(made.end())


class AsteriskStage(FloorStage):
    """Use as an async context manager; the phones are the house's, and stay."""

    def __init__(self, house: House, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._house = house

    async def _caller(self) -> Handset:
        return self._house.phones["caller"]

    async def _phone(self, name: str, hz: int) -> tuple[Phone, Handset]:
        settings = AsteriskSettings(
            account=account(self._house.asterisk), endpoint=f"PJSIP/{name}", sounds=str(self._house.sounds)
        )
        return Speaking(settings, self.exchange.played), self._house.phones[name]
