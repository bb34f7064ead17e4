"""Actions on Asterisk, each aimed at one channel by its unique id; what the desk's commands are made of."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from rung.phone.asterisk.calls import HOWS, Asked, CallBook, Line
from rung.phone.asterisk.causes import NORMAL
from rung.phone.asterisk.channels import Invitation
from rung.phone.asterisk.link import Ami
from rung.phone.asterisk.settings import AsteriskSettings
from rung.phone.asterisk.wire import Message
from rung.phone.base import CannotMore, PhoneError, PhoneUnsureError
from rung.words import Call, CallState

Action = tuple[str, dict[str, str]]  # its name and its fields

_CHECK_S = (
    0.5  # an Asterisk that is slower is not sent what ends a call: it might do it when nobody expects it any more
)
_MOMENTS, _MOMENT_S = 20, 0.01
_SAID_S = 2.5
_END_WITHIN_S = 2  # as at the embedded phone; Asterisk counts in whole seconds
_SETTLED_S = 1.0  # for a change to show after it was accepted; it takes some milliseconds
_ID_MAX = 140  # characters of a unique id that Asterisk takes


class Actions(CannotMore):
    """`Commands` says what for; `AsteriskPhone` keeps the connection and the book up to date."""

    def __init__(self, settings: AsteriskSettings, book: CallBook) -> None:
        self.settings = settings
        self.book = book
        self.link: Ami | None = None
        self.alive = "RUNG_ALIVE_" + re.sub(r"\W", "_", settings.endpoint)  # the variable that our beat changes
        self.ahead_s = 0.0  # by how much Asterisk's clock is ahead of ours
        self._said: dict[str, asyncio.Future[Message]] = {}  # what the dialplan is to say, by token
        self.changed = asyncio.Event()  # whenever Asterisk has told something
        self._later: set[asyncio.Task[None]] = set()

    def tell(self, calls: list[Call]) -> None:
        raise NotImplementedError

    def reach(self) -> Ami:
        if self.link is None:
            raise PhoneError("Asterisk is not reached")
        return self.link

    def heard(self, event: Message) -> None:
        waiting = self._said.get(event.get("Token", "")) if self._said else None
        if waiting is not None and not waiting.done():
            waiting.set_result(event)

    def _line(self, call: str) -> Line:
        self.reach()
        line = self.book.find(call)
        if line is None:
            raise PhoneError(f"no living call {call!r}")
        return line

    def _answered(self, call: str) -> Line:
        line = self._line(call)
        if line.state in (CallState.RINGING, CallState.DIALLING):
            raise PhoneError(f"call {call!r} is not answered")
        return line

    @asynccontextmanager
    async def _changing(self, call: str) -> AsyncIterator[Line]:
        """That answered call, which nobody else holds, takes back or consults for at the same time."""
        async with self._answered(call).changing:
            await self._joined(self._answered(call))
            yield self._answered(call)

    async def _joined(self, line: Line) -> None:
        """The dialplan is just bringing agent and caller together: to send one elsewhere now might lose the other."""
        if line.rejoins and self.book.consult_of(line) is None:
            await self._until(lambda: line.state is not CallState.HELD)

    async def _until(self, true: Callable[[], bool]) -> None:
        """Until the events say so, or never: whoever commands next shall find things as they are."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_S):
                while not true():
                    self.changed.clear()
                    await self.changed.wait()

    async def _check(self, *lines: Line) -> None:
        """Before what ends a call for the agent: are these channels there, and does Asterisk answer at once?"""
        link = self.reach()
        for channel in [line.far.id for line in lines]:
            try:
                await link.do("Getvar", _CHECK_S, Channel=channel, Variable="CHANNEL(state)")
            except PhoneUnsureError:
                raise PhoneError("Asterisk does not answer; nothing was done, press again when it is back") from None
            except PhoneError:
                raise PhoneError("cannot aim: that call's channel is gone") from None
        for line in lines:
            if self.book.find(line.id) is not line:
                raise PhoneError("cannot aim: that call has just ended")

    async def _do(self, *actions: Action) -> None:
        """Written in this order at once; Asterisk takes the actions of one connection one after another.

        A channel that is just on its way to another place of the dialplan cannot be sent on; a moment later it can.
        """
        for _ in range(_MOMENTS):
            link = self.reach()
            tasks = [link.do(name, **fields) for name, fields in actions]
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            if not failures:
                return
            if "not up" not in str(failures[0]):
                break
            await asyncio.sleep(_MOMENT_S)
        raise failures[0]

    def _not_after(self, longer_s: int = 0) -> str:
        """The instant, by Asterisk's clock, after which what is asked now must not be done any more."""
        return str(int(time.time() + self.ahead_s) + _END_WITHIN_S + longer_s)

    async def _end(self, channel: str) -> None:
        """Hang it up now or not at all. PhoneError if Asterisk came to it too late."""
        order = {"RUNG_CHANNEL": channel, "RUNG_NOT_AFTER": self._not_after()}
        for _ in range(_MOMENTS):
            status = (await self._dialplan_says("rung-end", order)).get("Status")
            if status == "SUCCESS":
                return
            if status == "LATE" or self.book.channels.get(channel) is None:
                break
            await asyncio.sleep(_MOMENT_S)  # it is just on its way to another place of the dialplan
        raise PhoneError("too late, press again" if status == "LATE" else "cannot aim: that call has just ended")

    def _dial(self, target: str) -> str:
        if not re.fullmatch(r"[\w+*#@./:-]+", target, re.ASCII):
            raise PhoneError(f"{target!r} cannot be dialled")
        dial = target if "/" in target else self.settings.dial.format(target)
        # Without it Asterisk takes the pipe out when both ends are up, and with it what we know of the call.
        return f"{dial}/n" if dial.startswith("Local/") and not dial.endswith("/n") else dial

    async def _invite(self, line: Line, what: str, target: str, case: str, **variables: str) -> None:
        """Ring ``target`` for this line; on answering they go to the place of the dialplan that is for ``what``."""
        on_behalf = line.far.id if what == "transfer" else line.own.id
        id = str(Invitation(what, on_behalf, secrets.token_hex(4), case))
        dial = self._dial(target)
        line.cause = ""
        self.tell(self.book.tell(line))
        self.book.asked[id] = Asked(line, what, target, next((h for h in HOWS if h == what), "listen"))
        passed = {"RUNG_FOR": line.own.id, "RUNG_CALLER": line.far.id, "RUNG_INTO": line.own.name, **variables}
        try:
            await self._originate(
                id,
                dial,
                passed,
                Context="rung-invited",
                Exten="take" if what == "transfer" else "spy" if what in HOWS else what,
                Priority="1",
                CallerID=line.far.number if what == "transfer" else line.own.number,
                Timeout=str(self.settings.ring_s * 1000),
            )
        except PhoneUnsureError:
            raise
        except PhoneError:
            del self.book.asked[id]
            raise

    async def _originate(self, id: str, channel: str, variables: Mapping[str, str], **fields: str) -> Message:
        if len(id) > _ID_MAX:
            raise PhoneError(f"a name is too long for Asterisk: {Invitation.read(id)}")
        return await self.reach().do(
            "Originate",
            id=id,
            ChannelId=id,
            Channel=channel,
            Async="true",
            Variable=tuple(f"{key}={value}" for key, value in variables.items()),
            **fields,
        )

    async def _dialplan_says(
        self, context: str, variables: dict[str, str], *, id: str = "", application: tuple[str, str] = ("Wait", "5")
    ) -> Message:
        """Run ``context`` on a channel of its own, its other end in ``application``; what it says at the end."""
        token = secrets.token_hex(8)
        said: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._said[token] = said
        name, data = application
        try:
            await self._originate(
                id or f"rung-{token}",
                f"Local/s@{context}/n",
                {**variables, "RUNG_TOKEN": token},
                Application=name,
                Data=data,
            )
            async with asyncio.timeout(_SAID_S):
                return await said
        except TimeoutError:
            raise PhoneUnsureError(f"Asterisk's dialplan did not answer from [{context}]: is it included?") from None
        finally:
            del self._said[token]


def setting(channel: str, **variables: str) -> list[Action]:
    return [("Setvar", {"Channel": channel, "Variable": key, "Value": value}) for key, value in variables.items()]


def sending(channel: str, context: str, exten: str, also: tuple[str, str, str] | None = None) -> Action:
    """A channel, or two that talk with each other, to places in the shipped dialplan."""
    fields = {"Channel": channel, "Context": context, "Exten": exten, "Priority": "1"}
    if also is not None:
        extra = {"ExtraChannel": also[0], "ExtraContext": also[1], "ExtraExten": also[2], "ExtraPriority": "1"}
        fields = {**fields, **extra}
    return "Redirect", fields


def hanging_up(channel: str) -> Action:
    return "Hangup", {"Channel": channel, "Cause": str(NORMAL)}
