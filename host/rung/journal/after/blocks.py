"""Blocked numbers: proposed, kept away for a day until a second person decides, then blocked until they expire."""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.journal.after.files import CaseFile, Files

DAY_MS = 86_400_000
MEANWHILE_MS = DAY_MS  # a proposal keeps a number away so long at the most, until a second person decides


class Standing(StrEnum):
    """How a block stands."""

    PROPOSED = "proposed"  # kept away until it is decided
    LAPSED = "not decided in time"  # still to be decided; meanwhile the number gets through
    GRANTED = "blocked"
    REFUSED = "refused"
    EXPIRED = "expired"
    LIFTED = "lifted"


LIVE = frozenset({Standing.PROPOSED, Standing.GRANTED})
OPEN = frozenset({Standing.PROPOSED, Standing.LAPSED})


class Block(Struct, frozen=True, kw_only=True):
    """One block; it has the name of its case."""

    case: str
    caller: str
    standing: Standing
    proposed_ms: int
    proposed_by: str
    reason: str
    until_ms: int  # it ends by itself then
    decided_by: str = ""
    appealed_ms: int = 0  # of an appeal that is open

    @property
    def live(self) -> bool:
        return self.standing in LIVE

    @property
    def over(self) -> bool:
        """Nothing will come of it any more."""
        return not self.live and self.standing not in OPEN


def block_of(file: CaseFile, now_ms: int) -> Block | None:
    """The block that was proposed on this case, as it stands now."""
    acts = file.acts(w.BlockProposed, w.BlockDecided, w.Appealed, w.AppealDecided, w.Unblocked, w.PutRight)
    block: Block | None = None
    for done in acts:
        act, by = done.attended.act, done.attended.by
        if isinstance(act, w.BlockProposed):
            block = Block(
                case=file.case,
                caller=file.caller or file.number,
                standing=Standing.PROPOSED,
                proposed_ms=done.wall_ms,
                proposed_by=by,
                reason=act.reason,
                until_ms=act.until_ms,
            )
        elif block is not None:
            block = _after(block, act, by, done.wall_ms)
    return block and _in_time(block, now_ms)


def _after(block: Block, act: w.AfterAct, by: str, at_ms: int) -> Block:
    match act:
        case w.BlockDecided(granted=True, until_ms=until_ms):
            return replace(block, standing=Standing.GRANTED, until_ms=until_ms, decided_by=by)
        case w.BlockDecided():
            return replace(block, standing=Standing.REFUSED, decided_by=by)
        case w.Appealed():
            return replace(block, appealed_ms=at_ms)
        case w.AppealDecided(lifted=lifted):
            return replace(block, appealed_ms=0, standing=Standing.LIFTED if lifted else block.standing)
        case w.Unblocked() | w.PutRight(amends=w.Amends.UNBLOCK):
            return replace(block, appealed_ms=0, standing=Standing.LIFTED)
    return block


def _in_time(block: Block, now_ms: int) -> Block:
    if now_ms < block.until_ms:
        return block
    ended = {Standing.PROPOSED: Standing.LAPSED, Standing.GRANTED: Standing.EXPIRED}
    standing = ended.get(block.standing, block.standing)
    return replace(block, standing=standing, appealed_ms=0 if standing == Standing.EXPIRED else block.appealed_ms)


def blocks(files: Files, now_ms: int) -> list[Block]:
    """Every block that was ever proposed, as it stands now."""
    found = (block_of(file, now_ms) for file in files.cases.values())
    return [block for block in found if block is not None]
