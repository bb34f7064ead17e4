"""What the desk has decided, carried out: effects go to the phone or to the floor, in the order of the record."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec.structs import replace

from rung import words as w
from rung.desk.happening import Teller
from rung.floor.base import Floor, FloorError, FloorUnsureError
from rung.phone.base import Phone, PhoneError, PhoneUnsureError

ACT_WITHIN_MS = 2000  # what ends the call for the agent is done soon after the press, or not at all (a stalled disk)


class Commands:
    """On the event loop. What was refused goes back to the desk as an input."""

    def __init__(
        self,
        phone: Phone,
        floor: Floor | None,
        teller: Teller,
        now: Callable[[], int],
        refused: Callable[[w.EffectRefused], object],
        index: Callable[[str], str] = str,
    ) -> None:
        """``index`` is what a caller is looked up and reported by; the floor never learns a number to keep."""
        self.missed = False  # the phone was not asked for its calls, or did not say: ask anew
        self._phone = phone
        self._floor = floor
        self._teller = teller
        self._now = now
        self._refused = refused
        self._index = index
        self._tasks: set[asyncio.Task[None]] = set()
        self._owed: list[w.Reclaim | w.AnswerOffer] = []  # what another desk must learn, however late
        self._unreported: dict[str, tuple[str, w.Earlier]] = {}  # by case: what the floor has not taken yet

    def start(self, effect: w.Effect, decided_ms: int) -> None:
        """Tasks start in the order of their making, so commands reach phone and floor in the order of the record."""
        self._run(self._perform(effect, decided_ms))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def floor_is(self, floor: w.FloorIs) -> None:
        """What could not be told another desk is told now, if it is in reach."""
        told = [effect for effect in self._owed if floor.up and effect.to in floor.desks]
        self._owed = [effect for effect in self._owed if effect not in told]
        for effect in told:
            self.start(effect, self._now())
        if floor.up:
            unreported, self._unreported = self._unreported, {}
            for index, incident in unreported.values():
                self._run(self._report(index, incident))

    def report(self, caller: str, incident: w.Earlier) -> None:
        """It is for later calls; this desk has it in its own record."""
        if self._floor is not None and (index := self._index(caller)):
            self._run(self._report(index, incident))

    async def _report(self, caller: str, incident: w.Earlier) -> None:
        """Said twice, it is kept once."""
        assert self._floor is not None
        try:
            await self._floor.report(caller, incident)
        except FloorError as error:
            self._unreported[incident.case] = caller, incident
            self._teller.tell("trouble", text=f"the floor has not taken an incident yet: {error}")

    async def _perform(self, effect: w.Effect, decided_ms: int) -> None:
        if isinstance(effect, w.HangUp | w.Complete | w.Leave) and self._now() - decided_ms > ACT_WITHIN_MS:
            self._refused(w.EffectRefused(effect.id, "too late, press again"))
            return
        self._teller.tell("command", effect=effect)
        try:
            if isinstance(effect, w.FloorEffect):
                await self._to_floor(effect)
            else:
                await self._to_phone(effect)
        except (PhoneUnsureError, FloorUnsureError) as error:  # perhaps done: the deadline passes, then it is settled
            self._teller.tell("trouble", text=f"the answer is missing: {error}")
            self.missed = self.missed or isinstance(effect, w.AskPhone)
            if isinstance(effect, w.Reclaim | w.AnswerOffer):  # said twice, they do nothing the second time
                self._owed.append(effect)
        except (PhoneError, FloorError) as error:
            self._teller.tell("trouble", text=f"a command was not accepted: {error}")
            if isinstance(effect, w.AskPhone):
                self.missed = True
            elif isinstance(effect, w.Reclaim | w.AnswerOffer):
                self._owed.append(effect)
            else:
                self._refused(w.EffectRefused(effect.id, str(error)))
        else:
            self._teller.tell("accepted", effect=effect)

    async def _to_floor(self, effect: w.FloorEffect) -> None:
        if self._floor is None:
            raise FloorError("this desk has no floor")
        if isinstance(effect, w.LookUp):
            effect = replace(effect, caller=self._index(effect.caller))
        await self._floor.do(effect)

    async def _to_phone(self, effect: w.PhoneEffect) -> None:
        phone = self._phone
        match effect:
            case w.Hold(call=call):
                await phone.hold(call)
            case w.Consult(call=call, target=target, case=case):
                await phone.consult(call, target, case)
            case w.Join(call=call, target=target, case=case):
                await phone.join(call, target, case)
            case w.Complete(call=call, consult=consult):
                await phone.complete(call, consult)
            case w.Leave(call=call):
                await phone.leave(call)
            case w.TakeBack(call=call, consult=back):
                await phone.take_back(call, back)
            case w.HangUp(call=call):
                await phone.hang_up(call)
            case w.Play(call=call, text=text, language=language):
                await phone.play(call, text, language)
            case w.Record(call=call, name=name):
                await phone.record(call, name)
            case w.StopRecording(call=call):
                await phone.stop_recording(call)
            case w.Listen(call=call, target=target, how=how, case=case):
                await phone.listen(call, target, how, case)
            case w.StopListening(call=call, target=target):
                await phone.stop_listening(call, target)
            case w.Pause(paused=paused, why=why):
                await phone.pause(paused, why)
            case w.AskPhone():
                await phone.recount()
