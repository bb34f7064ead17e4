"""What the desk asks of Asterisk, as actions on exactly one channel each."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Awaitable
from contextlib import suppress
from urllib.parse import quote

from rung.phone.asterisk.actions import Actions, hanging_up, sending, setting
from rung.phone.asterisk.calls import Line
from rung.phone.asterisk.causes import MACHINES
from rung.phone.asterisk.channels import Invitation
from rung.phone.asterisk.recall import variable
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.words import CallState, Listening

_VERDICT_S = 5.0  # a completed consult shows within milliseconds
_SPY = {"listen": "qE", "coach": "qEw", "barge": "qEB"}  # options of ChanSpy; E: it ends with the call


class Commands(Actions):
    """The commands of a `rung.phone.base.Phone`."""

    # -- what every phone can -----------------------------------------------------------------------------------------

    async def hold(self, call: str) -> None:
        async with self._changing(call) as line:
            if line.state is CallState.HELD:
                self.tell(self.book.tell(line, again=True))
                return
            if len(self.book.channels.members(line.own)) > 1:
                raise PhoneError("others are in this call, who would be left with nobody")
            own, far = line.own.id, line.far.id
            await self._do(
                *setting(far, RUNG_AGENT=own),
                *setting(own, RUNG_CALLER=far, RUNG_ALIVE=self.alive),
                sending(far, "rung-caller", "hold", also=(own, "rung-agent", "hold")),
            )
            await self._until(lambda: line.state in (CallState.HELD, CallState.ENDED))

    async def resume(self, call: str) -> None:
        async with self._changing(call) as line:
            if self.book.consult_of(line) is not None:
                raise PhoneError("a consult is under way: take the call back")
            await self._rejoin(line)

    async def _rejoin(self, line: Line) -> None:
        if line.far.waits_for == line.own.id:
            await self._do(sending(line.own.id, "rung-agent", "rejoin"))
            await self._until(lambda: line.state in (CallState.UP, CallState.ENDED))
        elif line.own.on_hold:
            raise PhoneError("the agent's own phone holds the call: take it off hold there")
        else:
            self.tell(self.book.tell(line, again=True))

    async def consult(self, call: str, target: str, case: str = "") -> None:
        async with self._changing(call) as line:
            if line.consulting or self.book.consult_of(line) is not None:
                raise PhoneError("a consult of this call is under way")
            if line.far.waits_for == line.own.id:
                await self._consult_on_hold(line, target, case)
            else:
                await self._invite(line, "consult", target, case)
            await self._until(lambda: self.book.consult_of(line) is not None or line.state is not CallState.HELD)

    async def _consult_on_hold(self, line: Line, target: str, case: str) -> None:
        line.consulting = True
        try:
            await self._do(
                *setting(
                    line.own.id,
                    RUNG_DIAL=self._dial(target),
                    RUNG_RING=str(self.settings.ring_s),
                    __RUNG_CASE=quote(case, safe=""),
                ),
                sending(line.own.id, "rung-consult", "s"),
            )
        except PhoneUnsureError:
            raise
        except PhoneError:
            line.consulting = False
            raise

    async def complete(self, call: str, consult: str) -> None:
        line, other = self._answered(call), self._answered(consult)
        if other.consult_for != line.id:
            raise PhoneError("cannot aim: that is no consult of this call")
        await self._check(line, other)
        if line.far.waits_for == line.own.id:
            told = setting(line.far.id, RUNG_TO=other.far.id, RUNG_NOT_AFTER=self._not_after())
            move = [*told, sending(line.far.id, "rung-caller", "complete")]
        else:
            told = setting(other.far.id, RUNG_CALLER=line.far.id, RUNG_NOT_AFTER=self._not_after())
            move = [*told, sending(other.far.id, "rung-invited", "take")]
        await self._transferring(line, self._do(*move))

    async def take_back(self, call: str, consult: str | None) -> None:
        async with self._changing(call) as line:
            line.cause = ""
            await self._call_off(line)
            await self._take_back(line, consult)

    async def _take_back(self, line: Line, consult: str | None) -> None:
        other = self.book.find(consult) if consult is not None else None
        if other is None:
            await self._rejoin(line)
            return
        other.ours = True
        try:
            await self._do(hanging_up(other.far.id))  # the dialplan brings agent and caller together
        except PhoneUnsureError:
            raise
        except PhoneError:  # it has ended at that very moment, and the dialplan does the same
            other.ours = False
        await self._until(lambda: self.book.consult_of(line) is None)
        await self._joined(line)
        if line.state is CallState.UP:
            self.tell(self.book.tell(line, again=True))
        elif line.state is CallState.HELD:
            await self._rejoin(line)

    async def leave_voicemails(self) -> None:
        """A consult that a voicemail has taken after all, since the site's dialplan answers first, is over.

        The dialplan brings agent and caller together, as when nobody comes.
        """
        for consult in [x for x in self.book.lines.values() if x.consult_for is not None and x.state is CallState.UP]:
            line, half = self.book.find(consult.consult_for or ""), self.book.channels.half(consult.far)
            if half is None or line is None or line.transferring:
                continue
            app = await variable(self.reach(), half.id, "CHANNEL(appname)")
            if app in MACHINES and self.book.find(consult.id) is consult and not line.transferring:
                consult.far.machine = app
                with suppress(PhoneError):  # it is over by itself; of an Asterisk that is lost the beat tells
                    await self._do(hanging_up(consult.far.id))

    async def transfer(self, call: str, target: str) -> None:
        line = self._answered(call)
        if line.transferring:
            raise PhoneError("a transfer of this call is under way")
        await self._check(line)
        line.transferring, line.cause = True, ""
        try:
            await self._invite(
                line, "transfer", target, line.case, RUNG_NOT_AFTER=self._not_after(self.settings.ring_s)
            )
        except PhoneUnsureError:
            raise
        except PhoneError:
            line.transferring = False
            raise
        self.tell(self.book.tell(line))

    async def hang_up(self, call: str) -> None:
        line = self._line(call)
        await self._check(line)
        line.ours = True
        self.tell(self.book.tell(line))
        try:
            await self._end(line.own.id if line.state is CallState.RINGING else line.far.id)
        except PhoneUnsureError:
            raise
        except PhoneError:
            line.ours = False
            raise

    async def _transferring(self, line: Line, move: Awaitable[None]) -> None:
        line.transferring, line.cause = True, ""
        self.tell(self.book.tell(line))
        try:
            await move
        except PhoneUnsureError:
            raise
        except PhoneError:
            line.transferring = False
            raise
        finally:
            task = asyncio.ensure_future(self._judge(line))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _judge(self, line: Line) -> None:
        await asyncio.sleep(_VERDICT_S)
        if line.transferring:
            self.tell(self.book.failed(line, "transfer", "no sign of it"))

    async def _call_off(self, line: Line) -> None:
        """Whoever was called to come into this line, and has not."""
        for id, asked in list(self.book.asked.items()):
            if asked.line is line and asked.what in ("join", "transfer") and not asked.there:
                del self.book.asked[id]
                line.transferring = False
                try:
                    await self._do(hanging_up(id))
                except PhoneUnsureError:
                    raise
                except PhoneError:
                    pass  # they have gone by themselves

    # -- what only some can -------------------------------------------------------------------------------------------

    async def join(self, call: str, target: str, case: str = "") -> None:
        line = self._answered(call)
        if line.state is not CallState.UP:
            raise PhoneError("the caller is on hold: nobody can come into that call")
        await self._invite(line, "join", target, case)

    async def leave(self, call: str) -> None:
        line = self._answered(call)
        await self._check(line)
        guests = [c for c in self.book.channels.members(line.own) if c is not line.far]
        if not guests:  # perhaps the last of them has gone only now
            raise PhoneError("nobody else is in the call, who could have the caller")

        async def move() -> None:
            await self._do(*setting(line.far.id, **{"SHARED(RUNG_MATE)": guests[0].id}))
            await self._end(line.own.id)

        await self._transferring(line, move())

    async def play(self, call: str, text: str, language: str) -> None:
        line = self._answered(call)
        if not self.settings.sounds:
            raise PhoneError("this phone cannot play anything to a caller: no folder of recorded scripts is configured")
        sound = f"{self.settings.sounds}/{sound_name(text, language)}"
        said = await self._dialplan_says(
            "rung-play",
            {"RUNG_SOUND": sound},
            id=str(Invitation("play", line.own.id, secrets.token_hex(4))),
            application=("ChanSpy", f"{line.far.name},qEB"),
        )
        if said.get("Found") != "1":
            raise PhoneError(f"Asterisk has no {sound}.wav; record this script there: {text}")

    async def record(self, call: str, name: str) -> None:
        line = self._answered(call)
        if not re.fullmatch(r"[\w-]+", name):
            raise PhoneError(f"{name!r} is no name for a recording: use letters, digits, - and _")
        if self.book.recorder(line) is not None:
            raise PhoneError("this call is being recorded already")
        id = str(Invitation("record", line.own.id, secrets.token_hex(4), name))
        file = f"{self.settings.recordings}/{name}.wav" if self.settings.recordings else f"{name}.wav"
        said = await self._dialplan_says(
            "rung-record", {"RUNG_FILE": file}, id=id, application=("ChanSpy", f"{line.own.name},qE")
        )
        if said.get("Found") != "1":
            await self._do(hanging_up(id))
            raise PhoneError(f"Asterisk cannot write {file}")

    async def stop_recording(self, call: str) -> None:
        """Of what Rung began; what the PBX records by itself goes on, and is told."""
        recorder = self.book.recorder(self._answered(call))
        if recorder is None:
            raise PhoneError("Rung does not record this call")
        await self._do(hanging_up(str(recorder)))

    async def listen(self, call: str, target: str, how: Listening = "listen", case: str = "") -> None:
        line = self._answered(call)
        listening = self._listener(line, target)
        if listening is None:
            await self._invite(line, how, target, case, RUNG_SPY=_SPY[how])
            return
        self.book.asked[listening].how = how
        await self._do(*setting(listening, RUNG_SPY=_SPY[how]), sending(listening, "rung-invited", "spy"))

    async def stop_listening(self, call: str, target: str) -> None:
        listening = self._listener(self._answered(call), target)
        if listening is None:
            raise PhoneError(f"{target!r} does not listen to that call")
        await self._do(hanging_up(listening))

    def _listener(self, line: Line, target: str) -> str | None:
        spies = (id for id in line.own.spied_by if id in self.book.asked)
        return next((id for id in spies if self.book.asked[id].target == target), None)

    async def block(self, number: str, until_s: int) -> None:
        await self._store(number, str(until_s))

    async def unblock(self, number: str) -> None:
        await self._store(number, "")

    async def _store(self, number: str, until: str) -> None:
        if not re.fullmatch(r"[+*#\w.-]+", number, re.ASCII):
            raise PhoneError(f"{number!r} is no number that could be blocked")
        said = await self._dialplan_says("rung-block", {"RUNG_NUMBER": number, "RUNG_UNTIL": until})
        if said.get("Until", "") != until:
            raise PhoneError(f"Asterisk has not kept that {number} is blocked")

    async def pause(self, paused: bool, why: str = "") -> None:
        reason = "".join(c for c in why if c.isprintable())
        await self.reach().do(
            "QueuePause",
            Interface=self.settings.queue_member,
            Paused="true" if paused else "false",
            Reason=reason or "Rung",
        )


def sound_name(text: str, language: str) -> str:
    """Under which a script is looked for: its language, and what no second text shares."""
    return f"{language}/{hashlib.sha256(text.encode()).hexdigest()[:12]}"
