"""How many steps a second the ladder decides, beside general state machines that do an equally long sequence.

`python -m tests.bench.steps`. The sequence is one call under `warm-transfer` from answer to release: the ground, the
warning, the talk, the ask that nobody answers, the final notice, announcement and hold, and presses that come too
early. The machines of PyPI's `transitions` and `python-statemachine` get the same triggers with the same guards; they
keep no record, explain nothing and light no lamp. All three take turns, and each turn is compared with the turns beside
it, so that what else the computer does strikes them alike. Nor does one pay for another: whoever comes after the
slowest of them finds the processor's caches full of it, so a turn begins with calls that nobody measures, and the
order turns round each time.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median

from statemachine import State, StateMachine
from tests.bench.report import machine
from transitions import Machine

from rung import words as w
from rung.policy import Desk, load, step
from rung.words import Button, CallState, EndedBy, Gesture, Ground, Outcome

ROUNDS, WARM, CALLS = 40, 10, 40

POLICY = load("warm-transfer")


def line(state: CallState, by: EndedBy | None = None) -> w.CallIs:
    return w.CallIs(w.Call(id="line", state=state, direction="in", peer="caller", ended_by=by))


def consult(state: CallState, outcome: Outcome | None = None) -> w.CallIs:
    call = w.Call(id="consult", state=state, direction="out", consult_for="line", outcome=outcome)
    return w.CallIs(call)


def press(button: Button, gesture: Gesture = Gesture.TAP) -> w.Pressed:
    return w.Pressed(box="box", boot="boot", number=1, buttons=(button,), gesture=gesture, epoch=1, age_ms=0)


WARN, ESCALATE, RELEASE = press(Button.WARN), press(Button.ESCALATE), press(Button.RELEASE)
HOLD = press(Button.RELEASE, Gesture.HOLD)
# (trigger, input, milliseconds after the call began); the triggers are what the other machines get.
SEQUENCE: list[tuple[str, w.Input, int]] = [
    ("answer", line(CallState.UP), 0),
    ("release", RELEASE, 100),
    ("warn", WARN, 200),
    ("name_it", w.Declared(Ground.PROFANITY), 300),
    ("escalate", ESCALATE, 400),
    ("escalate", ESCALATE, 5400),
    ("say_it", w.Tick(), 9400),
    ("held", line(CallState.HELD), 9410),
    ("ring", consult(CallState.DIALLING), 9420),
    ("nobody", consult(CallState.ENDED, Outcome.BUSY), 10_000),
    ("resumed", line(CallState.UP), 10_010),
    ("release", RELEASE, 10_100),
    ("warn", WARN, 15_100),
    ("release", RELEASE, 15_200),
    ("release", RELEASE, 20_200),
    ("hold", HOLD, 20_300),
    ("hold", HOLD, 24_300),
    ("over", line(CallState.ENDED, EndedBy.US), 24_350),
]
STATES = ["idle", "call", "warned", "telling", "holding", "reaching", "ringing", "returning"]
STATES += ["nobody_came", "noticed", "announced", "ending"]
# trigger, source, target, the guard if there is one
MOVES: list[tuple[str, str, str, str]] = [
    ("answer", "idle", "call", ""),
    ("warn", "call", "warned", "counts"),
    ("escalate", "warned", "telling", "persisted"),
    ("say_it", "telling", "holding", "said"),
    ("held", "holding", "reaching", ""),
    ("ring", "reaching", "ringing", ""),
    ("nobody", "ringing", "returning", ""),
    ("resumed", "returning", "nobody_came", "counts"),
    ("warn", "nobody_came", "noticed", "persisted_and_counts"),
    ("release", "noticed", "announced", "may_end"),
    ("hold", "announced", "ending", "said"),
    ("over", "ending", "idle", ""),
]


class Call:
    """What the guards of the other machines look at."""

    def __init__(self) -> None:
        self.now = self.counted = self.announced = 0
        self.grounds: set[str] = set()

    def counts(self) -> bool:
        self.counted = self.now
        return True

    def persisted(self) -> bool:
        return self._since(self.counted, 5000)

    def persisted_and_counts(self) -> bool:
        return self.persisted() and self.counts()

    def may_end(self) -> bool:
        return self.persisted() and bool(self.grounds)

    def said(self) -> bool:
        self.announced = self.announced or self.now
        return True

    def name_it(self) -> None:
        self.grounds.add("profanity")

    def _since(self, then: int, ms: int) -> bool:
        return self.now - then >= ms


def rung() -> Iterator[str]:
    desk = Desk()
    ready = [w.SignedOn("ada"), w.FloorIs(extension="600"), w.PhoneIs(up=True), w.CallsAre(())]
    for input in ready:
        desk = step(POLICY, desk, input, 0).desk
    start, begun = desk, 0
    while True:
        desk = start
        for _, input, at in SEQUENCE:
            desk = step(POLICY, desk, input, begun + at).desk
        assert desk.case is None
        yield "released"


def with_transitions() -> Iterator[str]:
    call = Call()
    moves = [
        {"trigger": t, "source": a, "dest": b} | ({"conditions": guard} if guard else {}) for t, a, b, guard in MOVES
    ]
    Machine(
        call, states=STATES, transitions=moves, initial="idle", ignore_invalid_triggers=True, auto_transitions=False
    )
    while True:
        for trigger, _, at in SEQUENCE:
            call.now = at
            getattr(call, trigger)()
        assert call.state == "idle"  # type: ignore[attr-defined]  # set by the machine
        yield "released"


def with_statemachine() -> Iterator[str]:
    states = {name: State(initial=name == "idle") for name in STATES}
    events: dict[str, object] = {}
    for trigger, source, target, guard in MOVES:
        move = states[source].to(states[target], cond=guard or None)
        events[trigger] = events[trigger] | move if trigger in events else move  # type: ignore[operator]
    body = states | events | {"allow_event_without_transition": True}
    made = type("Ladder", (StateMachine,), body)
    call = Call()
    ladder = made(call)
    while True:
        for trigger, _, at in SEQUENCE:
            call.now = at
            if trigger == "name_it":
                call.name_it()
            else:
                getattr(ladder, trigger)()
        assert ladder.idle.is_active
        yield "released"


def rate(calls: Iterator[str]) -> float:
    """Steps a second over CALLS whole calls, after WARM that nobody measures."""
    for _ in range(WARM):
        next(calls)
    begun = time.perf_counter()
    for _ in range(CALLS):
        next(calls)
    return CALLS * len(SEQUENCE) / (time.perf_counter() - begun)


def main() -> None:
    runners: dict[str, Callable[[], Iterator[str]]] = {
        "rung step": rung,
        "transitions": with_transitions,
        "python-statemachine": with_statemachine,
    }
    running = {name: make() for name, make in runners.items()}
    turns = []
    for turn in range(ROUNDS):
        order = list(running) if turn % 2 else list(reversed(running))
        turns.append({name: rate(running[name]) for name in order})
    print(machine())
    for name in running:
        found = median(turn[name] for turn in turns)
        times = median(turn["rung step"] / turn[name] for turn in turns)
        print(f"{name:22}{found:12,.0f} steps a second   rung is {times:5.2f} times as fast")


if __name__ == "__main__":
    main()
