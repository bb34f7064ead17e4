"""A site in real processes on a real Asterisk: `rung floor`, `rung pbx`, `rung run` at each desk, and telephones."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

from argon2 import PasswordHasher
from tests.real.asterisk_rig import admin
from tests.real.asterisk_stage import Extension
from tests.real.floor_site import HERE, TIMES, DeskProcess, SmallSite
from tests.real.peers import asterisk as pbx
from tests.real.peers import free_port

from rung.floor.base import FloorError
from rung.floor.enrolment import enrol, keep_enrolment
from rung.floor.people import PEOPLE, People
from rung.floor.site_service import code_for
from rung.phone.asterisk.link import AmiLink
from rung.phone.base import PhoneError
from rung.sim.handset import patience
from rung.sim.sip_handset import start_phone
from rung.words import Job, Role

EXTENSIONS = {"ada": "1001", "bea": "1002", "cyd": "1003", "eve": "2001", "fay": "2002", "caller": "3001"}
ENDPOINTS = {extension: f"9{extension}" for extension in EXTENSIONS.values()}  # their names, and another number of each
TONES = {"ada": 880, "bea": 900, "cyd": 920, "eve": 620, "fay": 1000, "caller": 440}
PASSWORD = "what only they know"


class PbxDesk(DeskProcess):
    """`rung run`, somebody signing on, and a telephone behind the broker."""

    site: "PbxSite"

    def config(self, port: str) -> str:
        extension = EXTENSIONS[self.name]
        return (
            f'[desk]\nname = "{self.name}"\nrole = "{self.role}"\nstate = "state"\npolicy = "hang-up-protocol"\n'
            f'[box]\nport = "{port}"\n[floor]\n'
            f'[phone]\nkind = "pbx"\nhost = "{HERE}"\nport = {self.site.pbx_port}\npin = "{self.site.pin}"\n'
            f'extension = "{extension}"\nsupervisors = "9999"\n{TIMES}'
        )

    async def start(self, *more: str) -> None:
        await super().start("--person", f"p-{self.name}", *more)
        self.type(f"{PASSWORD}\n")


class PbxSite(SmallSite):
    """Three agents and two supervisors, each with an extension. Use as an async context manager."""

    def __init__(self, folder: Path, asterisk: pbx.Asterisk) -> None:
        super().__init__(folder)
        self.asterisk = asterisk
        self.pbx_port = free_port()
        self.pin = ""
        self.handsets: dict[str, Extension] = {}
        for name, desk in self.desks.items():
            self.desks[name] = PbxDesk(folder, name, desk.role, self.changed)
            self.desks[name].site = self  # type: ignore[attr-defined]

    async def _set_up(self) -> None:
        folder = self.folder / "floor"
        people = People(folder / PEOPLE, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        people.add("ralf", (Job.ADMIN,))
        for name, desk in self.desks.items():
            people.add(f"p-{name}", (Job(desk.role),))
            people.set_password(f"p-{name}", PASSWORD)
        self._exits.push_async_callback(self.kill_pbx)
        await super()._set_up()

    async def _phones(self) -> None:
        await self._telephones()
        self.caller = self.handsets["caller"]
        await self._enrol_broker()
        await self.start_pbx()

    async def _telephones(self) -> None:
        domain = f"{HERE}:{self.asterisk.sip_port}"
        for name, hz in TONES.items():
            own, folder = EXTENSIONS[name], self.folder / "telephones"
            password = self.asterisk.passwords[own]
            phone = await start_phone(folder, own, hz, self.changed, self._exits, domain=domain, password=password)
            phone.__class__ = Extension
            self.handsets[name] = phone  # type: ignore[assignment]
            if name != "caller":
                await phone.answers(50)
        link = await AmiLink.connect(admin(self.asterisk), lambda event: None)
        async with patience("every phone is registered"):
            known = 0
            while known < len(TONES):
                with contextlib.suppress(PhoneError):
                    known = len(await link.list("PJSIPShowContacts"))
                await asyncio.sleep(0.02)
        await link.close()

    async def _enrol_broker(self) -> None:
        seed = self.site.invite("pbx", Role.AGENT, time.time(), service=True)
        async with patience("the broker is enrolled"):
            while True:
                with contextlib.suppress(FloorError):
                    enrolment, _ = await enrol(code_for(self.site, "pbx", seed))
                    break
                await asyncio.sleep(0.1)
        folder = self.folder / "broker"
        keep_enrolment(folder / "floor.json", enrolment)
        desks = "".join(f'{name} = "PJSIP/{EXTENSIONS[name]}"\n' for name in self.desks)
        (folder / "pbx.toml").write_text(
            f'listen = "{HERE}:{self.pbx_port}"\n[asterisk]\nport = {self.asterisk.ami_port}\nuser = "rung"\n'
            f'secret = "{self.asterisk.desk_secret}"\n[desks]\n{desks}'
        )

    async def start_pbx(self) -> None:
        self._pbx = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rung", "pbx", "-c", str(self.folder / "broker" / "pbx.toml")),
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert self._pbx.stdout is not None
        async with patience("the broker is up"):
            line = (await self._pbx.stdout.readline()).decode()
        found = re.search(r'pin = "(\w+)"', line)
        assert found is not None, line
        self.pin = found[1]

    async def kill_pbx(self) -> None:
        if hasattr(self, "_pbx"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pbx.pid, signal.SIGKILL)
            await self._pbx.wait()
