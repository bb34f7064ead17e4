"""The policies of one desk: its own, those that the floor hands out instead, and those of calls that began before."""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from rung import __version__
from rung import words as w
from rung.clock import wall_ms
from rung.desk.recovery import Kept
from rung.floor.base import Blocked, BlocksAre, HandedOut, PoliciesAre
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.policy import Book, Desk, Policy
from rung.policy.language import from_canonical, version_of
from rung.private import write_private

PROOF_S = 300.0  # the shipped ones take 2 s; one that takes longer than this is not used
AGAIN_S = 2.0  # after the record did not take a policy
CALLS_KNOWN = 100  # of which it was looked up whether they are blocked
NICE = 10  # the proof may wait: a call may be going on
# A process of its own, since a proof would keep the interpreter from the link's thread.
PROVE = """
import os, sys
from rung.policy import PolicyError
from rung.policy.language import from_canonical
from rung.policy.library import checked
from rung.policy.proof import proved
if hasattr(os, "nice"):
    os.nice(int(sys.argv[1]))
try:
    policy = from_canonical(sys.stdin.read())
    proved(checked(policy, policy.name), policy.name)
except PolicyError as error:
    sys.exit(str(error).splitlines()[0])
"""


class Policies:
    """Which policy governs which call. Changes are made under the desk's lock."""

    def __init__(self, own: Book, journal: Journal, desk: Desk, now: int, handed: Mapping[str, Policy]) -> None:
        """Raises JournalError if the record cannot be read, or has an open case whose policy is not readable here."""
        self._own = own
        self._kept = Kept(journal)
        self.use(handed, desk, now)

    def use(self, handed: Mapping[str, Policy], desk: Desk, now: int) -> None:
        """Each call that has begun stays with its own. Raises JournalError: then nothing has changed."""
        book = self._own.handed(handed)
        for policy in book.policies.values():
            self._kept.keep(policy, now)
        self.book = self._kept.with_those_of(desk, book)

    def keep_that_of(self, offered: w.CaseOffered, now: int) -> None:
        """The case that is offered needs its policy here; one that cannot be read is refused by `step`."""
        try:
            policy = from_canonical(offered.policy)
        except msgspec.MsgspecError:
            return
        if version_of(policy) not in self.book.policies:
            self._kept.keep(policy, now)
            self.book = self.book.keeping(policy)


class _Shelf(Struct):
    """What was good when the desk last knew, as it lies in the state folder."""

    release: str = ""  # that has proved it
    policies: dict[str, HandedOut] = {}  # by the name that each stands for


class HandedHere:
    """What the floor hands down to this desk.

    Policies are proved here before they are used; while the floor is out of reach, the last that were good stay.
    """

    def __init__(
        self,
        file: Path | None,
        vault: Vault | None,
        trouble: Callable[[str], None],
        emergency: Callable[[str], bool] = lambda called: False,
    ) -> None:
        """``emergency``: whether this queue or called number is an emergency line."""
        self._emergency = emergency
        self.blocks: tuple[Blocked, ...] = ()  # callers who are kept away, as the floor has last told
        self._file = file
        self._trouble = trouble
        self._vault = vault
        self._said: deque[str] = deque(maxlen=CALLS_KNOWN)
        self._heard: PoliciesAre | None = None
        self._woken = asyncio.Event()
        self._shelf = _Shelf()
        if file is not None:
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                self._shelf = msgspec.json.decode(file.read_bytes(), type=_Shelf)

    def good(self) -> dict[str, Policy]:
        """By the name that each stands for. One that this release cannot read any more is left out, and told."""
        found = {}
        for name, handed in self._shelf.policies.items():
            try:
                found[name] = from_canonical(handed.policy)
            except msgspec.MsgspecError as error:
                self._trouble(f"the policy {name} {handed.version} cannot be read by this Rung: {error}")
        return found

    def kept_away(self, caller: str, now_ms: int) -> Blocked | None:
        """The block that keeps this caller away; ``caller``: what the site's secret makes of the number."""
        return next((b for b in self.blocks if caller and b.caller == caller and now_ms < b.until_ms), None)

    def rings(self, call: w.Call) -> None:
        """Say it once of a call that comes; whoever sits here decides. On an emergency line nobody is blocked."""
        if self._emergency(call.queue):
            return
        if call.state == w.CallState.RINGING and call.direction == "in" and call.id not in self._said:
            self._said.append(call.id)
            if (
                block := self.kept_away(self._vault.index(call.peer) if self._vault else call.peer, wall_ms())
            ) is not None:
                until = datetime.fromtimestamp(block.until_ms / 1000).strftime("%Y-%m-%d %H:%M")
                how = "blocked" if block.decided else "proposed to be blocked"
                self._trouble(f"this caller is {how} until {until}, since the case {block.case}")

    def heard(self, news: PoliciesAre | BlocksAre) -> None:
        if isinstance(news, BlocksAre):
            self.blocks = news.blocks
        else:
            self._heard = news
            self._woken.set()

    async def run(self, use: Callable[[Mapping[str, Policy]], None]) -> None:
        """Until cancelled. ``use`` makes them the desk's from the next call on; it may raise JournalError."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            assert self._heard is not None
            good: dict[str, HandedOut] = {}
            for handed in self._heard.policies:
                if (found := await self._proved(handed)) is not None:
                    good[handed.instead_of] = found
            if good != self._shelf.policies:
                try:
                    self._keep(_Shelf(__version__, good))
                    use(self.good())
                except (JournalError, OSError) as error:
                    self._trouble(f"the policies that the floor hands out are not used yet: {error}")
                    self._shelf = _Shelf()
                    await asyncio.sleep(AGAIN_S)
                    self._woken.set()

    async def _proved(self, handed: HandedOut) -> HandedOut | None:
        """This one; or, with a line that says why, the last that was good in its place."""
        last = self._shelf.policies.get(handed.instead_of)
        if handed == last and self._shelf.release == __version__:
            return last
        if not (why := await refused(handed)):
            return handed
        kept = "the desk's own stays" if last is None else f"{last.version} stays"
        self._trouble(f"the policy {handed.instead_of} {handed.version} of the floor is not used, {kept}: {why}")
        return last

    def _keep(self, shelf: _Shelf) -> None:
        if self._file is not None:
            write_private(self._file, msgspec.json.encode(shelf))
        self._shelf = shelf


async def refused(handed: HandedOut) -> str:
    """Why this policy cannot be used, in one line; empty: it is whole, and holds."""
    try:
        policy = from_canonical(handed.policy)
    except msgspec.MsgspecError as error:
        return f"this Rung cannot read it: {error}"
    if version_of(policy) != handed.version:
        return f"what came is {version_of(policy)}"
    pipe = asyncio.subprocess.PIPE
    prover = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROVE, str(NICE)), stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
    )
    try:
        async with asyncio.timeout(PROOF_S):
            _, said = await prover.communicate(handed.policy.encode())
    except TimeoutError:
        return f"its proof takes longer than {PROOF_S:g} s"
    finally:
        if prover.returncode is None:
            prover.kill()
            await prover.communicate()  # or its pipe outlives this loop
    lines = said.decode(errors="replace").strip().splitlines()
    return "" if prover.returncode == 0 else lines[-1] if lines else f"its proof ended with {prover.returncode}"
