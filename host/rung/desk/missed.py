"""What could not be recorded: once the record takes entries again, it is learnt anew."""

import asyncio
from collections.abc import Callable

from rung import words as w
from rung.desk.commands import Commands
from rung.journal.format import JournalDamaged
from rung.journal.store import Journal
from rung.phone.base import Phone, PhoneError

TOLD_ONCE = w.Seen | w.Replied | w.EarlierAre | w.OfferAnswered | w.CaseOffered | w.CaseReclaimed
CATCH_UP_S = 1.0  # after the record failed, ask the phone again this often for what was missed


class Missed:
    """`run` on the event loop until cancelled; the rest may be called from any thread."""

    def __init__(
        self, journal: Journal, phone: Phone, commands: Commands, feed: Callable[[w.Input], w.Answer | None]
    ) -> None:
        self._journal = journal
        self._phone = phone
        self._commands = commands
        self._feed = feed
        self._some = False
        self._facts: dict[type, w.Input] = {}  # the newest of each kind
        self._unrecorded: list[w.Input] = []  # news of the floor, which nobody tells a second time

    def told(self, input: w.Input) -> None:
        """It comes, and may have to be told anew."""
        if isinstance(input, w.PhoneIs | w.SignedOn | w.FloorIs):
            self._facts[type(input)] = input

    def lost(self, input: w.Input) -> None:
        """It could not be recorded."""
        self._some = True
        if isinstance(input, TOLD_ONCE):
            self._unrecorded.append(input)

    async def run(self) -> None:
        """JournalDamaged once the record is found damaged."""
        while True:
            await asyncio.sleep(CATCH_UP_S)
            if self._journal.damage:
                raise JournalDamaged(self._journal.damage)
            if self._some or self._commands.missed:
                self._some = self._commands.missed = False
                unrecorded, self._unrecorded = self._unrecorded, []
                for news in (*unrecorded, *self._facts.values()):
                    self._feed(news)
                try:
                    await self._phone.recount()
                except PhoneError:
                    self._some = True
