"""What may become of an ask, by whom it was put to, what they have answered and how long it has been."""

from tests.policy.oracle.call import phase
from tests.policy.oracle.history import ANSWER, WIDEN, Look

from rung import words as w
from rung.words import Outcome, Reply, Want

SAYS = {
    Outcome.GRANTED: Reply.GRANT,
    Outcome.DENIED: Reply.DENY,
    Outcome.ADVISED: Reply.ADVISE,
    Outcome.DECLINED: Reply.DECLINE,
}
TAKES = {Reply.ACCEPT, Reply.TAKE, Reply.JOIN}


def ask_is_right(look: Look) -> str:
    """Is the newest ask of an escalate where its answers and the time must have brought it? Else what is wrong."""
    asks = [(at, e) for at, e in look.of(w.AskOpened) if isinstance(e, w.AskOpened) and e.rung]
    if not asks:
        return ""
    opened_at, opened = asks[-1]
    ask = Ask(look, opened_at, opened)
    if opened in look.last_step() and (wrong := ask.wrongly_opened()):
        return wrong
    if wrong := ask.wrongly_widened():
        return wrong
    if ask.ended is None:
        return ask.wrongly_open()
    return ask.wrongly_ended() if ask.ended in look.last_step() else ""


class Ask:
    """Everything that was written of this ask, gathered once for one question."""

    def __init__(self, look: Look, opened_at: int, opened: w.AskOpened) -> None:
        self.look, self.opened_at, self.opened = look, opened_at, opened
        events = look.call[[e for _, e in look.call].index(opened) :]
        self.replies = [e for _, e in events if isinstance(e, w.AskReplied)]
        self.left = any(isinstance(e, w.SupervisorLeft) for _, e in events)
        # What it comes to is decided when the caller is to come off hold, and shown when they have.
        ends = [e for e in events if getattr(e[1], "outcome", None) is not None]
        self.ended_at, self.ended = ends[0] if ends else (opened_at, None)
        self.outcome: Outcome | None = getattr(self.ended, "outcome", None)
        widened = [(at, e.to) for at, e in events if isinstance(e, w.AskWidened)]
        self.widened = widened
        self.to = opened.to + tuple(desk for _, to in widened for desk in to)
        self.asked_at = widened[-1][0] if widened else opened_at

    def wrongly_opened(self) -> str:
        """To the free desks of the first group that has any; without any it ends at once, and nobody is held."""
        floor = self.look.floor
        if not floor.up:
            by_telephone = self.opened.want == Want.TRANSFER and floor.extension
            if (self.opened.target != "") != bool(by_telephone):
                return "with the floor out of reach a transfer rings the extension, and nothing else rings"
            return "" if by_telephone or self._at_once() else "nobody can be asked, and it goes on"
        free = [p for p in floor.present if p.free]
        first = min((p.group for p in free), default=0)
        if set(self.opened.to) != {p.desk for p in free if p.group == first}:
            return f"asked {self.opened.to}, and not the free desks of the first group"
        return "" if free or self._at_once() else "nobody is there, and it goes on"

    def _at_once(self) -> bool:
        """It has ended as it began."""
        return self.outcome in (Outcome.ABSENT, Outcome.BUSY)

    def wrongly_open(self) -> str:
        if not self.to or phase(self.look) not in ("telling", "asking") or not self.look.phone_known:
            return ""
        said = [r.reply for r in self.replies]
        if any(reply in SAYS.values() for reply in said):
            return f"it goes on after {said[-1]}"
        if any(reply in TAKES for reply in said):
            return ""
        if self.look.now >= self.opened_at + ANSWER:
            return "nobody has answered in time, and it goes on"
        if self._wider():
            if self._nobody_left():
                return "all are busy, and the wider group is not asked"
            if self.look.now >= self.asked_at + WIDEN:
                return "nobody has answered for long, and the wider group is not asked"
        return "all are busy and nobody is left, and it goes on" if self._nobody_left() else ""

    def wrongly_widened(self) -> str:
        """Wider only after 12 s, when all are busy, or for panic."""
        if not self.widened or not any(isinstance(e, w.AskWidened) for e in self.look.last_step()):
            return ""
        since = self.widened[-2][0] if len(self.widened) > 1 else self.opened_at
        before = tuple(desk for desk in self.to if desk not in self.widened[-1][1])
        panic = any(isinstance(e, w.MarkerSet) for e in self.look.last_step())
        if self.look.now < since + WIDEN and not panic and not self._gone(before):
            return "it went wider before its time"
        return ""

    def wrongly_ended(self) -> str:
        said = [r.reply for r in self.replies]
        left = self.outcome == Outcome.DECLINED and self.left  # who came in to listen, and left without an answer
        if self.outcome in SAYS and not left and not self._by_telephone() and SAYS[self.outcome] not in said:
            return f"it ended as {self.outcome}, which nobody said"
        if self.outcome == Outcome.BUSY and self.to and not self._by_telephone() and not self._nobody_left():
            return "it ended as busy, and somebody has not said so"
        in_time = self.ended_at < self.opened_at + ANSWER
        if self.outcome == Outcome.IGNORED and in_time and not self._by_telephone():
            return "it ended as ignored before its time"
        return ""

    def _by_telephone(self) -> bool:
        """A telephone was rung, and what it says counts."""
        return any(isinstance(e, w.EffectDecided) and isinstance(e.effect, w.Consult) for _, e in self.look.call)

    def _nobody_left(self) -> bool:
        return self._gone(self.to)

    def _gone(self, desks: tuple[str, ...]) -> bool:
        """They are all busy, or no longer there."""
        busy = {r.desk for r in self.replies if r.reply == Reply.BUSY}
        there = {p.desk for p in self.look.floor.present}
        return all(desk in busy or desk not in there for desk in desks)

    def _wider(self) -> bool:
        """Somebody free in a wider group, who has not been asked."""
        floor = self.look.floor
        groups = [p.group for p in floor.present if p.desk in self.to]
        return floor.up and any(
            p.free and p.desk not in self.to and p.group > max(groups, default=p.group) for p in floor.present
        )
