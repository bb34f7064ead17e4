"""The one description of random calls, from which chance and hypothesis draw: how one begins, what may happen next."""

from collections.abc import Callable, Iterable
from random import Random

from msgspec.structs import replace
from tests.policy.session import Session

from rung.policy import Policy, load
from rung.policy.library import shipped
from rung.words import Ground, Role

POLICIES = shipped()
SUPERVISOR_WARNED = "wait 5000; declare slur; tap warn; wait 5000"
ASKED_BY_TELEPHONE = "reply eve accept; wait 4000; obey; consult up; wait 3000"
EVE_COMES = "hold escalate; alarm eve join; obey"
HANDED_BACK = "handback; wait 4000; obey; consult up; wait 3000; tap escalate; carry; obey"
EVE_WARNS = "wait 5000; eve declares slur; eve tap warn; wait 5000"
FAY_WARNS_TOO = "parties eve fay; wait 5000; fay declares slur; fay tap warn; wait 5000"
GRANTED = "line up; tap warn; wait 5000; declare slur; tap escalate; reply eve grant"
TAKEN_BY_TELEPHONE = "plain; line up; tap warn; wait 5000; declare threat; tap escalate; reply eve take"
CARE = "line up; tap warn; declare demands"

# How each policy's calls begin: from the bottom, and from high up, so that short sequences meet every rung.
STARTS: dict[str, tuple[str, ...]] = {
    "no-hang-up": (
        "line up; declare slur",
        "line up; declare slur; tap escalate",
        f"line up; declare slur; tap escalate; {ASKED_BY_TELEPHONE}",
        "line up; declare slur; tap escalate; wait 4000; obey",
        f"line up; declare slur; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey",
        f"line up; declare slur; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey; {HANDED_BACK}",
        f"line up; declare slur; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey; {HANDED_BACK}; "
        f"tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey",
    ),
    "warm-transfer": (
        "line up; tap warn; wait 5000",
        "line up; tap warn; wait 5000; tap escalate",
        f"line up; tap warn; wait 5000; tap escalate; {ASKED_BY_TELEPHONE}",
        "line up; tap warn; wait 5000; tap escalate; wait 4000; obey",
        f"line up; tap warn; wait 5000; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey",
        f"line up; tap warn; wait 5000; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey; {HANDED_BACK}",
        "line up; tap warn; wait 5000; present none; tap escalate; wait 5000",
        "line up; tap warn; wait 5000; present none; tap escalate; wait 5000; tap warn; wait 5000",
        "line up; tap warn; wait 5000; present none; tap escalate; wait 5000; tap warn; wait 5000; declare slur",
        "line up; tap warn; wait 5000; present down; tap escalate; wait 4000; obey; consult busy; obey; wait 5000",
        "line up; tap warn; wait 5000; present none; tap escalate; wait 5000; tap warn; declare slur; wait 5000; "
        "tap release; wait 4000",
    ),
    "hang-up-protocol": (
        "line up; tap warn; wait 5000",
        "line up; tap warn; wait 5000; declare slur",
        "line up; tap warn; wait 5000; declare slur; tap escalate",
        "line up; tap warn; wait 5000; tap escalate; reply eve grant; tap warn; wait 5000",
        f"{GRANTED}",
        f"{GRANTED}; tap warn; wait 5000",
        f"{GRANTED}; tap warn; wait 5000; tap release; wait 4000",
        f"{GRANTED}; tap warn; tap escalate; wait 5000",
        f"{GRANTED}; tap warn; tap escalate; reply eve join; obey",
        "line up; declare threat; tap release; wait 4000",
        "line up; tap warn; wait 5000; declare threat; tap escalate; tap release; wait 4000",
        f"{TAKEN_BY_TELEPHONE}; tap release; wait 4000",
        f"{TAKEN_BY_TELEPHONE}; obey; tap release; wait 4000",
        f"{TAKEN_BY_TELEPHONE}; tap release; wait 4000; hold release; refuse; wait 5000; tap escalate; reply fay take",
        f"{TAKEN_BY_TELEPHONE}; obey; tap release; wait 4000; hold release; refuse; wait 5000; tap escalate; "
        "reply fay take",
        "line up; declare threat; tap release; turn; wait 4000; turn",
    ),
    "end-with-care": (
        f"{CARE}; wait 5000",
        "line up; tap warn; attest it-is-nothing; wait 5000",
        "line up; tap warn; tap escalate; reply eve advise; wait 5000",
        "line up; tap warn; present none; tap escalate; wait 5000",
        f"{CARE}; tap escalate",
        f"{CARE}; tap escalate; reply eve advise; wait 5000",
        f"{CARE}; tap escalate; reply eve take; wait 4000; obey; consult up; wait 3000",
        f"{CARE}; attest it-is-nothing; wait 5000; tap release; wait 4000",
        f"{CARE}; present none; tap escalate; wait 5000",
        f"{CARE}; tap escalate; reply eve decline; wait 5000",
        "line up; declare slur; tap release; wait 4000",
    ),
    "advise-and-warn": (
        "line up; tap warn; wait 5000",
        "line up; declare slur; tap warn; wait 5000",
        "line up; declare slur; tap warn; wait 5000; declare slur",
        "line up; declare slur; tap warn; wait 5000; declare slur; tap release; wait 4000",
        "line up; tap escalate",
        f"line up; tap escalate; {ASKED_BY_TELEPHONE}",
        "line up; tap escalate; wait 4000; obey",
        f"line up; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey",
        f"line up; tap escalate; {ASKED_BY_TELEPHONE}; tap escalate; carry; obey; {HANDED_BACK}",
    ),
}
COMMON = (
    "",
    "line up",
    f"line up; {EVE_COMES}",
    f"line up; {EVE_COMES}; {EVE_WARNS}",
    f"line up; {EVE_COMES}; tap escalate; carry; obey",
    f"line up; {EVE_COMES}; tap escalate; parties",
    f"line up; {EVE_COMES}; {EVE_WARNS}; eve tap release; tap escalate; carry; obey",
    f"line up; {EVE_COMES}; wait 5000",
    f"line up; {EVE_COMES}; {EVE_WARNS}; parties",
    f"line up; {EVE_COMES}; {EVE_WARNS}; parties eve fay; wait 5000",
    "line up; declare threat; line held; second up; hold escalate",
    "line up; hold escalate; line held; second up",
    "hold escalate; line up",
    f"line up; {EVE_COMES}; {EVE_WARNS}; {FAY_WARNS_TOO}",
    f"line up; {EVE_COMES}; {EVE_WARNS}; {FAY_WARNS_TOO}; eve tap release; wait 4000",
    "line up; line held; second up; second held; line up",
)
ALONE = (
    "line up; wait 5000",
    "line up; wait 5000; declare threat_other; tap warn; wait 5000",
    f"line up; {SUPERVISOR_WARNED}",
    f"line up; {SUPERVISOR_WARNED}; tap release; wait 4000",
)

# What may happen next, and how often.
MOVES: dict[str, int] = {
    "lit 0": 30, "lit 1": 12,
    "tap warn": 8, "tap escalate": 8, "tap release": 8, "hold release": 8, "chord": 3, "hold escalate": 2,
    "hold warn+escalate": 1, "hold warn+release": 1, "hold warn+warn": 1, "hold warn": 1, "chord warn+release": 1,
    "tap warn 10000": 1, "tap warn 10001": 1, "tap release 3000": 2, "tap release 3001": 1, "hold release 3000": 2,
    "hold release 3001": 1, "tap escalate 3000": 3, "tap escalate 30000": 1, "chord escalate+warn 10001": 1,
    "tap warn 500": 2, "hold release 1": 2, "tap escalate 1": 2, "stale tap release": 1,
    "wait 5000": 20, "wait 4999": 5, "wait 4000": 12, "wait 3999": 4, "wait 3000": 6, "wait 2999": 2, "wait 1": 3,
    "wait 100": 3, "wait 12000": 3, "wait 30000": 3, "wait 60000": 2, "late 5000": 3, "late 30000": 1,
    "declare slur": 7, "declare threat": 4, "declare rudeness": 3, "declare demands": 4, "declare unnamed": 3,
    "declare threat_other": 2, "declare profanity": 2, "declare sexual": 2, "declare hate_speech": 2,
    "declare other": 1, "declare boundaries": 1, "declare harassment": 1, "declare homophobic": 1,
    "takeback slur": 2, "takeback threat": 1, "takeback unnamed": 1, "takeback demands": 1,
    "mark crisis": 2, "unmark crisis": 2, "unmark crisis it-was-a-film": 2, "unmark emergency": 1,
    "calmed": 3, "askback": 2, "unwanted": 2, "attest it-is-nothing": 3, "attest": 1, "handback": 3,
    "sign own": 2, "sign another": 2, "sign nobody": 2, "sign own untrained": 2,
    "reply eve accept": 5, "reply eve grant": 6, "reply eve deny": 3, "reply eve advise": 4, "reply eve decline": 4,
    "reply eve busy": 5, "reply fay busy": 5, "reply gus busy": 3, "reply eve join": 5, "reply eve take": 4,
    "reply gus grant": 1, "alarm eve join": 3, "alarm eve accept": 1, "alarm fay join": 1, "alarm eve decline": 1,
    "eve tap warn": 5, "eve tap release": 4, "eve hold release": 4, "eve tap escalate": 1, "eve declares slur": 5,
    "eve declares rudeness": 1, "eve declares unnamed": 1, "eve retracts slur": 1, "eve lifts": 1, "eve calmed": 1,
    "eve takes": 2, "eve withdraws": 2, "eve chord": 1, "fay tap warn": 1, "fay tap release": 1, "fay withdraws": 1,
    "fay takes": 2, "fay declares threat": 1, "fay declares slur": 1, "fay hold release": 2, "reply fay take": 2,
    "present all": 4, "present none": 4, "present busy": 2, "present down": 3, "present eve": 2, "present gus": 1,
    "extension": 1, "extension 600": 1,
    "obey": 30, "refuse": 3, "consult up": 8, "consult busy": 3, "consult ignored": 1, "consult declined": 2,
    "consult voicemail": 3, "consult failed": 1, "consult hung-up": 2, "carry": 8, "carry no": 1,
    "line up": 6, "line held": 4, "line ended": 1, "line ended us": 1, "second up": 1, "second held": 1,
    "turn": 3, "dials": 2, "plain": 1, "missed": 3,
    "second ended": 3, "parties eve": 3, "parties eve fay": 1, "parties partner": 1, "parties eve partner": 1,
    "parties": 2, "all": 2, "all ending": 1, "lost": 1, "back": 3, "restart": 1,
}  # fmt: skip
# What belongs together and would hardly ever meet by chance: a ground and its press, and the edges of the waits.
TOGETHER = [f"declare {ground}; tap release" for ground in Ground]
TOGETHER += [f"declare {ground}; tap {button}" for ground in Ground for button in ("warn", "escalate")]
TOGETHER += [f"eve declares {ground}; eve tap warn" for ground in ("rudeness", "unnamed", "threat_other", "slur")]
TOGETHER += [f"tap warn; wait {ms}; tap {b}" for ms in (4999, 5000) for b in ("release", "escalate", "warn")]
TOGETHER += [f"tap warn; wait 1; declare slur; wait {ms}; tap release" for ms in (4998, 4999)]
TOGETHER += [f"declare slur; tap release; wait {ms}; hold release" for ms in (3999, 4000)]
TOGETHER += ["tap escalate; wait 30000; tap warn", "tap escalate; wait 12000; tap warn"]
TOGETHER += ["wait 26000; tap warn", "wait 8000; tap warn"]
TOGETHER += ["eve withdraws; wait 5000; tap escalate", "parties; tap escalate", "sign own untrained; tap release"]
TOGETHER += ["wait 1; eve declares slur; eve tap warn", "wait 1; declare slur; tap warn", "declare slur; tap warn"]
TOGETHER += ["eve declares slur; eve tap warn; wait 4999; eve tap release", "wait 4950; declare slur; tap warn"]
TOGETHER += ["wait 1; declare slur; wait 4950; tap warn; wait 4999; tap release"]
TOGETHER += [f"tap warn; line held; wait 5000; line up; tap {b}" for b in ("release", "escalate", "warn")]
TOGETHER += [f"{what}; tap {b}" for what in ("line held", "second up") for b in ("release", "warn")]
TOGETHER += [f"parties partner; {act} release" for act in ("tap", "hold")]
TOGETHER += ["parties; present down; parties eve; tap release"]
TOGETHER += ["wait 56000; hold release", "wait 55999; hold release", "hold release; refuse; tap release"]
TOGETHER += [
    "mark crisis; tap warn",
    "mark crisis; unmark crisis; tap release",
    "mark crisis; wait 60001; unmark crisis",
]
TOGETHER += [
    "mark crisis; present none; wait 60001; unmark crisis it-was-a-film; tap release",
    "mark crisis; eve lifts",
]
TOGETHER += ["tap escalate; mark crisis; carry; obey; tap release", "tap escalate; declare slur; carry; obey"]
TOGETHER += ["present all; tap warn", "present all; declare demands; tap release", "present all; tap release"]
TOGETHER += ["calmed; tap escalate", "calmed; wait 1; declare slur; tap release", "calmed; wait 5000; lit 0"]
TOGETHER += ["eve tap release; fay tap release", "eve tap release; fay hold release", "eve tap release; parties fay"]
TOGETHER += ["declare threat; tap release; turn; wait 2000; turn; wait 2500; hold release", "tap release; turn; turn"]
TOGETHER += ["declare threat; tap release; second ended; wait 4000; hold release", "hold release; obey; dials"]
TOGETHER += ["takeback slur; tap release", "takeback slur; hold release", "chord; tap escalate", "chord; tap warn"]
TOGETHER += [f"line held; second up; {what}" for what in ("hold escalate", "mark crisis", "declare threat")]
TOGETHER += [f"second {how}; line up; alarm eve join; obey" for how in ("held", "ended")]
TOGETHER += [f"{line} ended; alarm eve join; obey" for line in ("line", "second")]
TOGETHER += ["hold escalate; unmark emergency", "mark crisis; hold escalate; unmark emergency"]
TOGETHER += ["attest it-is-nothing; declare demands; tap release"]
TOGETHER += [
    "tap escalate; reply eve join; obey",
    "tap escalate; carry; refuse",
    "eve takes; carry; refuse; tap escalate",
]
TOGETHER += [f"mark crisis; alarm eve join; {what}" for what in ("missed", "chord", "consult busy; obey")]
MOVES |= dict.fromkeys(TOGETHER, 2)
DRAW = [move for move, weight in MOVES.items() for _ in range(weight)]


def words(moves: Iterable[str]) -> list[str]:
    """Move by move, what belongs together too."""
    return [word for move in moves for word in move.split("; ") if word]


def starts(told: str) -> list[tuple[str, Role]]:
    own = [(start, Role.AGENT) for start in (*STARTS[told], *COMMON)]
    return own + [(start, Role.SUPERVISOR) for start in ALONE]


class Calls:
    """Calls under one policy, from each of its beginnings. A beginning is played once, and checked like all else."""

    def __init__(self, policy: Policy, told: str, make: Callable[..., Session] = Session) -> None:
        self.policy, self.told, self.make = policy, told, make
        self.begun: dict[int, Session] = {}

    def begin(self, which: int) -> Session:
        start, role = starts(self.told)[which]
        if which not in self.begun:
            s = self.make(self.policy, self.told)
            s.begin("ada" if role == Role.AGENT else "eve", role)
            self.begun[which] = s.play(words([start]))
        return self.begun[which].copy()

    def pairs(self) -> list[tuple[int, str]]:
        """Every move from every beginning: first, in an order that favours none of them, those that end in a press."""
        pairs = [(which, move) for which in range(len(starts(self.told))) for move in MOVES]
        Random(self.told).shuffle(pairs)
        return sorted(pairs, key=lambda pair: not pair[1].startswith(("tap", "hold", "lit")) and ";" not in pair[1])

    def one(self, which: int, move: str) -> Session:
        return self.begin(which).play(words([move]))

    def by_seed(self, seed: int, moves: int = 6) -> Session:
        chance = Random(seed)
        session = self.begin(chance.randrange(len(starts(self.told))))
        return session.play(words(chance.choices(DRAW, k=moves)))


def of(told: str, make: Callable[..., Session] = Session) -> Calls:
    return Calls(load(told), told, make)


def lapsing(policy: Policy, rung: str, seconds: float) -> Policy:
    """As a floor may write it: after so long this rung counts as not taken."""
    return replace(policy, rung=tuple(replace(r, lapses_after=seconds) if r.id == rung else r for r in policy.rung))
