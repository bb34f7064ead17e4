"""Chance on one call: everything that the proof's walks offer, all of it mixed, with real waits and no fold."""

from random import Random

from rung import words as w
from rung.policy import Desk, Policy, next_change, step
from rung.policy.proof import asking, company
from rung.policy.proof import moves as m
from rung.policy.proof.ladder import begun
from rung.policy.proof.moves import Moves
from rung.words import Ground, Reply, Role

WAITS = (0, 0, 500, 1000, 2500, 3000, 4000, 5000, 5500, 12_000, 30_000, 60_000, 300_000)
GROUNDS = (Ground.UNNAMED, Ground.RUDENESS, Ground.SLUR, Ground.DEMANDS, Ground.THREAT, Ground.THREAT_OTHER)
PEOPLE = (
    *m.PRESSES,
    *m.TAPS.values(),
    *(m.declare(ground) for ground in GROUNDS),
    *(m.take_back(ground) for ground in GROUNDS),
    m.CALMED,
    m.ATTEST,
    m.TAKE_BACK,
    m.UNWANTED,
    m.HAND_BACK,
)
SUPERVISORS = (
    *(m.reply(said, by) for said in Reply for by in (m.FIRST, m.WIDER)),
    *company.ANSWERS,
    *m.ITS_TAPS.values(),
    m.ITS_HOLD,
    m.ITS_CALMED,
    m.TAKES_OVER,
    m.WITHDRAWS,
    m.LIFTS,
    *(m.it_declares(ground) for ground in GROUNDS),
)
PHONE = (
    m.UP,
    m.UP,
    m.HELD,
    m.inside(m.FIRST),
    m.inside(),
    m.STRANGER,
    m.REFUSES,
    m.TELLS_ALL,
    *asking.CONSULT,
    *(m.answered(accepted) for accepted in (True, False)),
    (*m.LOST, *m.BACK, *m.TELLS_ALL),
    (*m.RESTARTED, *m.TELLS_ALL),
)
FLOOR = (m.floor(m.FIRST), m.floor(m.FIRST, m.WIDER), m.floor(m.BUSY), m.floor(), m.floor(up=False))
DANGER = (m.PANIC, m.CRISIS, company.FALSE_ALARM, company.NO_CRISIS, m.LIVE, m.GONE)
KINDS = ((PEOPLE, 10), (SUPERVISORS, 6), (PHONE, 5), (FLOOR, 1), (DANGER, 1))


class Chance:
    """A call of this policy, on which chance does whatever people, phone and floor can do."""

    def __init__(self, policy: Policy, chance: Random, role: Role = Role.AGENT) -> None:
        self.policy = policy
        self.chance = chance
        self.role = role
        self.desk: Desk = begun(policy, role).desk
        self.told: list[str] = []

    def draw(self) -> Moves:
        kind = self.chance.choices([moves for moves, _ in KINDS], [often for _, often in KINDS])[0]
        drawn = self.chance.choice(kind)
        if drawn in asking.CONSULT and not self._consults():
            return self.draw()
        if self.role == Role.SUPERVISOR and (kind in (SUPERVISORS, FLOOR) or drawn == m.inside(m.FIRST)):
            return self.draw()  # that supervisor sits here
        return drawn

    def _consults(self) -> bool:
        """Does the phone consult somebody because it was told to?"""
        case = self.desk.case
        ask = case.ask if case is not None else None
        return case is not None and ask is not None and bool(ask.consult or case.waiting(w.Consult))

    def act(self) -> None:
        """Time passes, as the bridge lets it pass, and something happens."""
        until = self.desk.at_ms + self.chance.choice(WAITS)
        while (due := next_change(self.policy, self.desk)) is not None and due <= until:
            self.desk = step(self.policy, self.desk, w.Tick(), due).desk
        for one in self.draw():
            self.told.append(one.words)
            input = w.Tick() if one.make is None else one.make(self.desk)
            self.desk = step(self.policy, self.desk, input, max(until, self.desk.at_ms) + 1).desk

    @property
    def live(self) -> bool:
        """Is there still the one call with which it began, and no other?"""
        desk = self.desk
        return desk.case is not None and desk.case.call == m.LINE and not desk.parked and desk.arriving is None
