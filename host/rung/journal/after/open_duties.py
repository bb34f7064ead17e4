"""What is still due on a case: who may do it, and since when it waits."""

from msgspec import Struct

from rung import words as w
from rung.journal.after.blocks import OPEN, block_of
from rung.journal.after.files import CaseFile, Files
from rung.words import Amends, Finding


class Complaint(Struct, frozen=True, kw_only=True):
    """One complaint, with what was found and what is still to be put right."""

    reference: str
    at_ms: int
    text: str
    regulator: str
    found: w.Found | None = None
    waiting: tuple[Amends, ...] = ()


class Open(Struct, frozen=True, kw_only=True):
    """One thing that is due and not done."""

    case: str
    duty: str  # "reason", "wrap-up", "review", "follow-up", "complaint", "unblock", "call back", "block", "appeal"
    why: str
    since_ms: int
    who: str  # may do it, in words


def willing(file: CaseFile, person: str) -> bool:
    """Whether this person, who had the call, will follow it up themselves."""
    said = [d.attended.act for d in file.acts(w.Willing) if d.attended.by == person]
    return bool(said) and said[-1] == w.Willing(case=file.case)


def finding(file: CaseFile) -> w.Reviewed | None:
    """The newest: a manager may correct an earlier one, and both stay on record."""
    return next(reversed(file.of(w.Reviewed)), None)


def goodwill(file: CaseFile) -> str:
    """What the reviewer granted; empty: nothing."""
    found = finding(file)
    return found.goodwill if found is not None else ""


def upheld(file: CaseFile) -> bool:
    """Whether the incident counts when the caller rings again: found so, and not found for the caller since."""
    found = finding(file)
    unfair = any(c.found is not None and c.found.side == "caller" for c in complaints(file))
    return found is not None and found.finding == Finding.UPHELD and not unfair


def follow_up(file: CaseFile) -> str | None:
    """Why a follow-up is due; None: none is, or it is done."""
    let_be = any(act.duty == "follow-up" for act in file.of(w.LetBe))
    return None if let_be or file.acts(w.FollowedUp) else file.due.get("follow-up")


def complaints(file: CaseFile) -> list[Complaint]:
    """All of them, the oldest first."""
    return [
        _complaint(file, act, done.wall_ms)
        for done, act in zip(file.acts(w.Complained), file.of(w.Complained), strict=True)
    ]


def _complaint(file: CaseFile, act: w.Complained, at_ms: int) -> Complaint:
    found = next((f for f in file.of(w.Found) if f.reference == act.reference), None)
    settled = {right.amends for right in file.of(w.PutRight) if right.reference == act.reference}
    settled |= {Amends.CALL_BACK for let_be in file.of(w.LetBe) if let_be.duty == "call back"}
    return Complaint(
        reference=act.reference,
        at_ms=at_ms,
        text=act.text,
        regulator=act.regulator,
        found=found,
        waiting=tuple(a for a in found.amends if a not in settled) if found is not None else (),
    )


def unwrapped(file: CaseFile) -> list[tuple[str, str]]:
    """Who still owes the wrap-up, and which: the specific reason from who ended the call, a code from the others."""
    told = {d.attended.by for d in file.acts(w.WrappedUp)}
    return [(p, "reason" if p == file.ender else "wrap-up") for p in file.people if p not in told]


def open_duties(files: Files, file: CaseFile, now_ms: int) -> list[Open]:
    """Everything that waits on this case."""
    if not (file.over and file.incident):
        return []
    found = []

    def due(duty: str, why: str, who: str, since_ms: int = file.closed_ms) -> None:
        found.append(Open(case=file.case, duty=duty, why=why, since_ms=since_ms, who=who))

    for person, duty in unwrapped(file):
        why = "why the call was ended, specifically" if duty == "reason" else "code and note"
        due(duty, why, person)
    if finding(file) is None and (file.review or "review" in file.due):
        due("review", file.due.get("review", file.how), "a manager who did not have the call")
    if (ended := follow_up(file)) is not None:
        out = files.opted_out(file)
        due(
            "follow-up",
            "the caller does not want to be contacted: let it be" if out else ended,
            "anybody who did not have the call" + ("" if out else ", or who did and is willing"),
        )
    for complaint in complaints(file):
        if complaint.found is None:
            due("complaint", complaint.reference, "a manager who did not have the call", complaint.at_ms)
        for amends in complaint.waiting:
            due(str(amends), complaint.reference, "anybody who did not have the call", complaint.at_ms)
    block = block_of(file, now_ms)
    if block is not None and block.standing in OPEN:
        due("block", str(block.standing), "a supervisor or manager who did not propose it", block.proposed_ms)
    if block is not None and block.live and block.appealed_ms:
        due("appeal", "against the block", "a manager who did not block it", block.appealed_ms)
    return found
