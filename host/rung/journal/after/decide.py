"""Whether a person may do this after a call: the act as the record is to keep it, or why not and what comes next."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rung import words as w
from rung.journal.after.blocks import DAY_MS, MEANWHILE_MS, OPEN, Block, block_of
from rung.journal.after.files import CaseFile, Files, number_known
from rung.journal.after.open_duties import Complaint, complaints, follow_up, goodwill, willing
from rung.journal.numbers import normal
from rung.words import Amends, Ground, Job, Verdict

BLOCK_DAYS_MAX = 365  # longer than that nobody remembers why
REASON_MIN = 10  # characters of a reason that says more than "abuse"


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """What a site settles for itself: the table `[after]` of rung.toml."""

    regulator: str = ""  # to whom a caller may turn who is not content with the answer to a complaint
    emergency_lines: tuple[str, ...] = ()  # queues or called numbers on which nobody is ever blocked

    def emergency(self, called: str) -> bool:
        """Whether this queue or number, however it is written, is one of them."""
        return bool(called) and normal(called) in map(normal, self.emergency_lines)


NO_RULES = Rules()


class _No(Exception):
    """Why not, and what comes next."""


class _Asked(Struct, frozen=True):
    files: Files
    rules: Rules
    actor: w.Actor
    now_ms: int

    @property
    def who(self) -> str:
        return self.actor.id

    @property
    def manages(self) -> bool:
        return Job.MANAGER in self.actor.jobs

    @property
    def leads(self) -> bool:
        """A supervisor or a manager."""
        return self.manages or Job.SUPERVISOR in self.actor.jobs


def decide(
    files: Files, act: w.AfterAct, actor: w.Actor, now_ms: int, rules: Rules = NO_RULES
) -> tuple[w.Attended | None, w.Answer]:
    """The event for the record, and the answer for the person; no event: it is refused. ``now_ms``: Unix time."""
    asked = _Asked(files, rules, actor, now_ms)
    try:
        _need(bool(actor.id.strip()), "Nobody is known here: sign on first.")
        if isinstance(act, w.Trained | w.Acknowledged):
            made, why = _trained(asked, act) if isinstance(act, w.Trained) else _acknowledged(asked, act)
        else:
            file = files.cases.get(act.case)
            if file is None:
                raise _No(f"No case {act.case!r} is on record; `rung incidents list` shows those that are.")
            _need(file.over, f"The call of {act.case} is not over; afterwards it can be dealt with.")
            made, why = _HANDLERS[type(act)](asked, file, act)
    except _No as refusal:
        return None, w.Answer(verdict=Verdict.REFUSED, why=str(refusal))
    return w.Attended(act=made, by=actor.id, jobs=actor.jobs), w.Answer(verdict=Verdict.TAKEN, why=why)


def _need(true: bool, otherwise: str) -> None:
    if not true:
        raise _No(otherwise)


def _text(text: str, otherwise: str) -> None:
    _need(bool(text.strip()), otherwise)


def _manager(asked: _Asked, file: CaseFile, what: str) -> None:
    _need(asked.manages, f"A manager {what}; this waits for one.")
    _need(asked.who not in file.people, f"You had this call, so another manager {what}.")


Made = tuple[w.AfterAct, str]

# -- review and wrap-up ------------------------------------------------------------------------------------------------


def _reviewed(asked: _Asked, file: CaseFile, act: w.Reviewed) -> Made:
    _manager(asked, file, "reviews it")
    _text(act.reason, "A finding needs its reason.")
    _need(
        file.round_rung or not act.unauthorised,
        f"This call did not end round Rung ({file.how}), so it was no unauthorised hang-up.",
    )
    return act, f"Reviewed: {act.finding}."


def _wrapped_up(asked: _Asked, file: CaseFile, act: w.WrappedUp) -> Made:
    _need(asked.who in file.people, "Only who had the call wraps it up; a manager notes theirs in the review.")
    _text(act.code, "Give the wrap-up code.")
    _need(
        file.ender != asked.who or len(act.reason.strip()) >= REASON_MIN,
        "You ended this call: say specifically why, in a sentence.",
    )
    return act, "Wrapped up."


# -- follow-up ---------------------------------------------------------------------------------------------------------


def _contact(asked: _Asked, file: CaseFile) -> None:
    _need(not asked.files.opted_out(file), "The caller does not want to be contacted. Let it be, with that reason.")
    unwilling = asked.who in file.people and not willing(file, asked.who)
    _need(not unwilling, "You had this call: somebody else contacts the caller, unless you say that you are willing.")


def _willing(asked: _Asked, file: CaseFile, act: w.Willing) -> Made:
    _need(asked.who in file.people, "Only who had the call says that; anybody else may follow it up anyhow.")
    return act, "Noted: you may follow it up yourself." if act.willing else "Noted: somebody else follows it up."


def _followed_up(asked: _Asked, file: CaseFile, act: w.FollowedUp) -> Made:
    _need(follow_up(file) is not None, "No follow-up is due on this case, or it is done.")
    _contact(asked, file)
    _text(act.happened, "Write what the caller was told of what happened.")
    _text(act.will_do, "Write what the caller was told of what will be done.")
    named = next((p for p in file.people if p.lower() in f"{act.happened} {act.will_do}".lower()), None)
    _need(named is None, f"The agent is not named to the caller: leave out {named!r}.")
    _need(not act.goodwill or bool(goodwill(file)), "Goodwill is for the reviewer to grant: ask for the review first.")
    _need(
        act.by_way_of == "email" or act.introduced,
        "Who calls says first who they are and why; confirm that you did.",
    )
    return act, "Followed up."


def _let_be(asked: _Asked, file: CaseFile, act: w.LetBe) -> Made:
    _text(act.reason, "Say why the caller is not contacted.")
    _need(asked.who not in file.people, "You had this call: somebody else decides that.")
    if act.duty == "follow-up":
        _need(follow_up(file) is not None, "No follow-up is open on this case.")
    else:
        waiting = any(Amends.CALL_BACK in c.waiting for c in complaints(file))
        _need(waiting, "No call back is open on this case.")
    return act, f"Let be: {act.duty}."


def _opted_out(asked: _Asked, file: CaseFile, act: w.OptedOut) -> Made:
    return act, "Noted: the caller is not contacted." if act.out else "Noted: the caller may be contacted."


# -- complaint and putting right ---------------------------------------------------------------------------------------


def _complained(asked: _Asked, file: CaseFile, act: w.Complained) -> Made:
    _text(act.text, "Write what the caller complains of.")
    reference = f"{file.case}-C{len(complaints(file)) + 1}"
    regulator = asked.rules.regulator
    where = regulator or "none is named: set `regulator` under [after] in rung.toml"
    told = f"Tell the caller: reference {reference}; the regulator: {where}."
    return replace(act, reference=reference, regulator=regulator), told


def _complaint(file: CaseFile, reference: str) -> Complaint:
    known = {c.reference: c for c in complaints(file)}
    if reference not in known:
        raise _No(f"No complaint {reference!r} on this case; there are: {', '.join(known) or 'none'}.")
    return known[reference]


def _found(asked: _Asked, file: CaseFile, act: w.Found) -> Made:
    complaint = _complaint(file, act.reference)
    _need(complaint.found is None, f"A finding on {act.reference} is on record already.")
    _manager(asked, file, "finds on a complaint")
    _text(act.reason, "A finding needs its reason.")
    _need(act.side == "caller" or not act.amends, "Only what was unfair to the caller is put right.")
    block = block_of(file, asked.now_ms)
    live = block is not None and block.live
    _need(Amends.UNBLOCK not in act.amends or live, "No block stands on this case, so there is none to lift.")
    todo = f"; to be put right: {', '.join(act.amends)}" if act.amends else ""
    return act, f"Found for the {act.side}{todo}."


def _put_right(asked: _Asked, file: CaseFile, act: w.PutRight) -> Made:
    complaint = _complaint(file, act.reference)
    waiting = ", ".join(complaint.waiting) or "nothing"
    _need(
        act.amends in complaint.waiting, f"Not to be put right under {act.reference}: {act.amends}; waiting: {waiting}."
    )
    _text(act.how, "Write what was done.")
    if act.amends == Amends.CALL_BACK:
        _contact(asked, file)
    return act, f"Put right: {act.amends}."


# -- blocks ------------------------------------------------------------------------------------------------------------


def _block(file: CaseFile, now_ms: int) -> Block:
    block = block_of(file, now_ms)
    if block is None:
        raise _No("No block was proposed on this case.")
    return block


def _live(file: CaseFile, now_ms: int) -> Block:
    block = _block(file, now_ms)
    _need(block.live, f"No block stands on this case: {block.standing}.")
    return block


def _block_proposed(asked: _Asked, file: CaseFile, act: w.BlockProposed) -> Made:
    harassed = any(ground == Ground.HARASSMENT for ground, _ in file.standing)
    _need(harassed, "A block may be proposed on `harassment`, and none stands on this call.")
    _need(not file.crisis, "Somebody was in danger on this call: nothing is blocked.")
    _need("block" in file.due, f"The policy of this call, {file.policy}, blocks nobody.")
    _need(
        bool(file.caller) or not file.known, "The number is known where the call was: propose the block at that desk."
    )
    _need(number_known(file.caller), "No number, no block: the caller is treated like any other.")
    _need(not asked.rules.emergency(file.caller), "This is the emergency line's own number: it is never blocked.")
    _need(block_of(file, asked.now_ms) is None, "A block was proposed on this case; the second person's word stands.")
    _need(
        asked.who in file.people or asked.leads,
        "Only who had the call, a supervisor or a manager proposes a block.",
    )
    _text(act.reason, "Say why the number is to be blocked.")
    why = "Proposed: the number is kept away until a second person decides, for 24 h at the most."
    return replace(act, until_ms=asked.now_ms + MEANWHILE_MS), why


def _block_decided(asked: _Asked, file: CaseFile, act: w.BlockDecided) -> Made:
    block = _block(file, asked.now_ms)
    _need(block.standing in OPEN, f"There is nothing to decide: the block is {block.standing}.")
    _need(asked.leads, "A supervisor or a manager decides a block; it waits for one.")
    _need(asked.who != block.proposed_by, "You proposed this block, so a second person decides.")
    _text(act.reason, "Say why it is blocked, or not.")
    if not act.granted:
        return replace(act, days=0, until_ms=0), "Not blocked."
    _need(1 <= act.days <= BLOCK_DAYS_MAX, f"A block expires: name 1 to {BLOCK_DAYS_MAX} days, not {act.days}.")
    return replace(act, until_ms=asked.now_ms + act.days * DAY_MS), f"Blocked for {act.days} days."


def _appealed(asked: _Asked, file: CaseFile, act: w.Appealed) -> Made:
    block = _live(file, asked.now_ms)
    _need(not block.appealed_ms, "An appeal is open already.")
    _text(act.text, "Write what the caller says against the block.")
    return act, "The appeal goes to a manager."


def _appeal_decided(asked: _Asked, file: CaseFile, act: w.AppealDecided) -> Made:
    block = _live(file, asked.now_ms)
    _need(bool(block.appealed_ms), "No appeal is open on this case.")
    _manager(asked, file, "decides an appeal")
    _need(asked.who not in (block.proposed_by, block.decided_by), "You blocked it, so another manager decides.")
    _text(act.reason, "Say why the block is lifted, or stands.")
    return act, "The block is lifted." if act.lifted else "The block stands."


def _unblocked(asked: _Asked, file: CaseFile, act: w.Unblocked) -> Made:
    _live(file, asked.now_ms)
    _need(asked.leads, "A supervisor or a manager lifts a block.")
    _text(act.reason, "Say why the block is lifted.")
    return act, "The block is lifted."


# -- training ----------------------------------------------------------------------------------------------------------


def _trained(asked: _Asked, act: w.Trained) -> Made:
    _need(asked.manages, "A manager records a training.")
    _need(asked.who != act.person, "Nobody records their own training.")
    _text(act.person, "Say who was trained.")
    _need(act.until_ms > asked.now_ms, "A training holds until a day to come.")
    return act, f"Recorded; it holds once {act.person} has acknowledged that every ending is reviewed."


def _acknowledged(asked: _Asked, act: w.Acknowledged) -> Made:
    """Whoever was trained, wherever that stands; before a training it says nothing of it."""
    return act, "Acknowledged: every ending is reviewed."


_HANDLERS: dict[type, Callable[[_Asked, CaseFile, Any], Made]] = {
    w.Reviewed: _reviewed,
    w.WrappedUp: _wrapped_up,
    w.Willing: _willing,
    w.FollowedUp: _followed_up,
    w.LetBe: _let_be,
    w.OptedOut: _opted_out,
    w.Complained: _complained,
    w.Found: _found,
    w.PutRight: _put_right,
    w.BlockProposed: _block_proposed,
    w.BlockDecided: _block_decided,
    w.Appealed: _appealed,
    w.AppealDecided: _appeal_decided,
    w.Unblocked: _unblocked,
}
