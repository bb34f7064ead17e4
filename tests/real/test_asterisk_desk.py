"""A whole desk on Asterisk: `rung run` in its own process, a virtual box with the real firmware, real SIP phones."""

import asyncio
from pathlib import Path

import pytest
from tests.real.asterisk_stage import AGENT, ENDPOINTS, SUPERVISOR, House
from tests.real.peers import asterisk as pbx

pytest.importorskip("micropython_run", reason="needs MicroPython: pip install 'rung[sim]'")

from rung import words as w
from rung.policy import Times
from rung.sim.stage import AGENT_HZ, Stage
from rung.words import Button, CallState, EndedBy

TIMES = Times(wait=0.6, say_time=0.5, answer_within=20, widen_after=10)


class AsteriskDesk(Stage):
    """The stage of `rung demo`, whose phones are Asterisk's."""

    def __init__(self, house: House, folder: Path) -> None:
        super().__init__(folder, TIMES)
        self._house = house

    async def _set_up_phones(self) -> None:
        self.caller = self._house.phones["caller"]
        self.supervisor = self._house.phones[SUPERVISOR]
        self.agent = self._house.phones[AGENT].client
        for phone in self._house.phones.values():
            phone.changed = self.changed
        await self.agent.auto_answer(50)

    async def _meet_agent(self) -> None:
        """The agent's telephone is there whether the bridge is or not."""

    def _phone_config(self) -> list[str]:
        asterisk = self._house.asterisk
        return [
            f'[phone]\nkind = "asterisk"\nport = {asterisk.ami_port}\nuser = "rung"',
            f'secret = "{asterisk.desk_secret}"\nendpoint = "PJSIP/{AGENT}"\nsupervisors = "{SUPERVISOR}"',
        ]

    def _config(self) -> str:
        return super()._config().replace("[box]", 'policy = "advise-and-warn"\n[box]')

    async def call_in(self) -> str:
        return await self.caller.client.dial(AGENT)

    def has(self, kind: type[w.Event]) -> bool:
        return any(isinstance(event, kind) for event in self.record)


def test_the_bridge_is_killed_in_mid_consult_and_comes_back_to_the_same_call(tmp_path: Path) -> None:
    """Nobody is left alone meanwhile, and the case goes on: the same call, which the caller ends at last."""

    async def story(house: House) -> None:
        async with AsteriskDesk(house, tmp_path / "stage") as s:
            await s.call_in()
            await s.until(lambda: s.lamps.epoch == 1, "the desk has the call")
            await s.tap(Button.ESCALATE)
            rings = lambda: any(call.state == CallState.RINGING for call in s.supervisor.living)  # noqa: E731
            await s.supervisor.until(rings, "the supervisor's phone rings")
            await s.kill_bridge()
            await s.supervisor.decline()
            await s.caller.hears(AGENT_HZ)
            await s.start_bridge()
            await s.until(lambda: s.ready and s.lamps.epoch == 1, "the bridge is back, with the same call")
            assert not s.has(w.CaseClosed)
            await s.caller.hears(AGENT_HZ)
            await s.caller.hang_up()
            await s.until(lambda: s.has(w.CaseClosed), "the caller ended it")
            (closed,) = [event for event in s.record if isinstance(event, w.CaseClosed)]
            assert closed.by == EndedBy.THEM

    async def whole(asterisk: pbx.Asterisk) -> None:
        house = House(asterisk, tmp_path)
        await house.begin()
        try:
            await story(house)
        finally:
            await house.end()

    (tmp_path / "stage").mkdir()
    with pbx.running(tmp_path, endpoints=ENDPOINTS) as asterisk:
        asyncio.run(whole(asterisk))
