"""What Asterisk's causes and dial statuses mean: who ended a call, and how a supervisor's phone answered."""

from rung.phone.asterisk.channels import Channel
from rung.words import EndedBy, Outcome

# ISDN causes (Q.850) as Asterisk gives them.
NORMAL, BUSY, NO_RESPONSE, NO_ANSWER, REJECTED = 16, 17, 18, 19, 21
LOST = frozenset({27, 38, 41, 44, 102})  # the far end cannot be reached any more; 44 is Asterisk's of a silent phone
ABSENT = frozenset({1, 2, 3, 20, 22, 27, 28, 38, 44})
MACHINES = frozenset({"VoiceMail", "VoiceMailMain", "MinivmRecord", "Record"})  # as in [rung-answered] of our dialplan
WORDS = {0: "no cause", 16: "hung up", 17: "busy", 18: "no response", 19: "no answer", 20: "not registered",
         21: "rejected", 26: "answered elsewhere", 27: "out of order", 34: "no circuit", 38: "network out of order",
         44: "the phone fell silent", 102: "no response in time"}  # fmt: skip


def words(channel: Channel) -> str:
    """Why this channel is gone, in a word or two with the number behind them."""
    if channel.machine:
        return "a voicemail answered"
    if not channel.answered and channel.dial_status == "NOANSWER":
        return "no answer"
    return WORDS.get(channel.cause, f"cause {channel.cause}")


def ended_by(own: Channel, far: Channel, *, ours: bool) -> EndedBy:
    """Whoever of the two hung up first; ``ours``: Rung had asked for the end of it."""
    asked = [(when, by) for when, by in ((own.hung_up, EndedBy.US), (far.hung_up, EndedBy.THEM)) if when]
    stopped = min((when for when in (own.stopped, far.stopped) if when), default=0)
    if ours and (not asked or (stopped and stopped < min(asked)[0])):
        return EndedBy.US
    if asked:
        return min(asked)[1]
    if not own.answered and not far.gone:
        return EndedBy.THEM  # it rang here, and whoever called has been taken elsewhere, or waits no longer
    if own.gone and own.cause in LOST:
        return EndedBy.PHONE
    if far.gone and far.cause in LOST:
        return EndedBy.NETWORK
    return EndedBy.UNKNOWN


def outcome(far: Channel, by: EndedBy) -> Outcome | None:
    """How the supervisor's phone answered a consult; None where we ended it, or it was completed."""
    if far.machine:
        return Outcome.VOICEMAIL
    if by in (EndedBy.US, EndedBy.TRANSFER):
        return None
    if far.answered:
        return Outcome.DECLINED if by is EndedBy.THEM else Outcome.FAILED
    return unanswered(far.dial_status, far.cause)


def unanswered(status: str, cause: int) -> Outcome:
    if cause == REJECTED:
        return Outcome.DECLINED
    if cause == BUSY or status == "BUSY":
        return Outcome.BUSY
    if cause in (NO_RESPONSE, NO_ANSWER, 102) or status == "NOANSWER":
        return Outcome.IGNORED
    if cause in ABSENT or status == "CHANUNAVAIL":
        return Outcome.ABSENT
    return Outcome.FAILED
