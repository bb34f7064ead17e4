"""The bridge's adapter to Asterisk. Calls live in Asterisk and its dialplan; nothing here, dead or alive, ends one.

It aims: every command names the one channel by its unique id, which Asterisk never gives a second time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from rung.phone.asterisk.calls import CallBook
from rung.phone.asterisk.commands import Commands
from rung.phone.asterisk.link import Account, Ami, AmiLink, OnEvent
from rung.phone.asterisk.recall import furnished, recall, started
from rung.phone.asterisk.settings import AsteriskSettings
from rung.phone.asterisk.wire import Message
from rung.phone.base import Feed, PhoneError
from rung.words import Call, CallIs, CallsAre, PhoneIs

_FIRST_RETRY_S = 0.1
_LAST_RETRY_S = 2.0  # one that goes on after standing still shall see a beat before its dialplan has missed three
_BEAT_S = 1.0  # the dialplan takes an agent back to the caller when three of its own seconds pass without one
_BEAT_REPLY_S = 1.5  # with the beat itself: whoever sits here knows within 2.5 s that Asterisk does not answer

Connect = Callable[[Account, OnEvent], Awaitable[Ami]]
CAN = frozenset({"attended", "returns", "case", "join", "record", "listen", "coach", "barge", "block"})


class AsteriskPhone(Commands):
    """A `rung.phone.base.Phone`."""

    def __init__(
        self,
        settings: AsteriskSettings,
        connect: Connect = AmiLink.connect,
        attended: Callable[[], bool] = lambda: True,
    ) -> None:
        """``connect`` where a login is shared; ``attended``: somebody could take a caller back off hold."""
        super().__init__(settings, CallBook(settings.endpoint))
        self._connect = connect
        self._attended = attended
        self._feed: Feed = lambda news: None
        self._served = False  # whether this connection ever worked
        self._known = False  # whether the desk has been told of all calls, so that changes make sense
        self._started = ""  # when Asterisk was
        self._paused: dict[str, bool] = {}  # by queue

    async def run(self, feed: Feed) -> None:
        self._feed = feed
        wait_s, told = _FIRST_RETRY_S, ""
        while True:
            try:
                link = await self._connect(self.settings.account, self._on_event)
            except PhoneError as error:
                if str(error) != told:
                    told = str(error)
                    feed(PhoneIs(up=False, why=told))
            else:
                told = await self._serve(link, told)
                wait_s = _FIRST_RETRY_S if self._served else wait_s
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LAST_RETRY_S)

    async def _serve(self, link: Ami, told: str) -> str:
        """Until the connection is lost; why it was."""
        self._served = False
        try:
            await self._catch_up(link)
            self.link = link
            await self._beat(link)
            why = "it does not answer"
        except PhoneError as error:
            why = str(error)
        finally:
            self.link, self._known = None, False
            lost = link.lost.result() if link.lost.done() else ""
            await link.close()
        why = f"Asterisk is not reached: {lost}" if lost else f"Asterisk cannot be used: {why}"
        if why != told:
            self._feed(PhoneIs(up=False, why=why))
        return why

    async def _catch_up(self, link: Ami) -> None:
        """Asterisk's view of everything, joined with what was known before the connection was lost."""
        self.book.begin(link.channels)
        await furnished(link)
        begun = await started(link)
        await recall(link, self.book.channels, self.settings.endpoint)
        members = await link.list("QueueStatus", Member=self.settings.queue_member)
        self._paused = {m["Queue"]: m["Paused"] == "1" for m in members if m["Event"] == "QueueMember"}
        self.book.resume(restarted=bool(self._started) and begun != self._started)
        self._started = begun
        self._known = True
        self._tell_phone()
        self._feed(CallsAre(self.book.calls()))
        self._served = True

    async def _beat(self, link: Ami) -> None:
        while not link.lost.done():
            if self._attended():
                await link.do("Setvar", _BEAT_REPLY_S, Variable=self.alive, Value=str(time.monotonic_ns()))
            clock = await link.do("Getvar", _BEAT_REPLY_S, Variable="EPOCH")
            self.ahead_s = float(clock["Value"]) + 0.5 - time.time()  # it counts in whole seconds
            await self.leave_voicemails()
            await asyncio.wait([link.lost], timeout=_BEAT_S)

    def _tell_phone(self) -> None:
        can = CAN | ({"pause"} if self._paused else set()) | ({"play"} if self.settings.sounds else set())
        paused = bool(self._paused) and all(self._paused.values())
        self._feed(PhoneIs(up=True, can=frozenset(can), paused=paused))

    def _on_event(self, event: Message) -> None:
        if not self._known:
            self.book.channels.saw(event)
            return
        if event["Event"] == "QueueMemberPause" and event.get("Interface") == self.settings.queue_member:
            self._paused[event["Queue"]] = event["Paused"] == "1"
            self._tell_phone()
        self.heard(event)
        self.tell(self.book.saw(event))
        self.changed.set()

    def tell(self, calls: list[Call]) -> None:
        if self._known:
            for call in calls:
                self._feed(CallIs(call))

    async def recount(self) -> None:
        await self.reach().do("Ping")  # what Asterisk has said by now comes before its reply
        self._feed(CallsAre(self.book.calls()))
