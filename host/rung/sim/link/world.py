"""One world: a person, a box, a bad line, a bridge and its record, and what may happen to them."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from rung.link.line import STALL_MS
from rung.sim.link.checks import DRIFT_MOST_PPM, TOO_OLD_MS, Book, require
from rung.sim.link.line import GARBAGE, RING_BYTES, BadLine, forged
from rung_wire import codes, names
from rung_wire.box import BoxLink
from rung_wire.host import HostLink
from rung_wire.names import PAIRED
from rung_wire.seal import Key

BAD_MS = 30_000
HEAL_MS = 2_000  # then both ends agree
GOOD_MS = 1_500  # and all that is done arrives
CLOCK_PERIOD = 1 << 30
STALLS_MS = (100, 300, 1_000, 3_000, 20_000)
BOX = "aabbccddeeff"
KEY = Key(bytes(range(codes.KEY_BYTES)))
LampPairs = tuple[tuple[str, str], ...]
LAMPS: list[LampPairs] = [
    tuple((state, mark) for state in states)
    for states in ("olb", "bol", "kro", "ddo", "ooo")
    for mark in codes.LAMP_MARKS
]


def acts_on(buttons: str, pressed_epoch: int, age_ms: int, epoch: int) -> bool:
    """What a bridge decides, by all that it knows of a press."""
    return pressed_epoch == epoch and age_ms <= TOO_OLD_MS.get(buttons, age_ms)


class World:
    """Replays from its seed. `journal` is what is durable: it outlives every bridge."""

    def __init__(
        self,
        seed: int,
        host_class: type[HostLink] = HostLink,
        box_class: type[BoxLink] = BoxLink,
        ack_early: bool = False,
        acts_on: Callable[[str, int, int, int], bool] = acts_on,
        key: Key = KEY,
        tell: Callable[[int, str], None] = lambda now, text: None,
    ) -> None:
        self.rng = random.Random(seed)
        self._classes = (host_class, box_class)
        self._ack_early = ack_early
        self._acts_on = acts_on
        self._key = key
        self._tell = tell
        self.faults: Counter[str] = Counter()
        self.now = 0
        self.to_host = BadLine(self.rng, self.faults)
        self.to_box = BadLine(self.rng, self.faults, RING_BYTES)
        self._offset = CLOCK_PERIOD - self.rng.randrange(2 * BAD_MS)  # the box's clock wraps on the way, or soon after
        self._drift_ppm = self.rng.randint(-DRIFT_MOST_PPM, DRIFT_MOST_PPM)
        self._slow_record = self.rng.random() < 0.3
        self._next_call = self.rng.choice((0.5, 0.02))  # how soon; on a long call a press can grow too old
        bad = (self._reset, self._kill, self._bye, self._stall, self._unplug, self._replay, self._forge)
        self._bad_acts = self.rng.sample(bad, self.rng.randint(1, len(bad)))  # what happens rarely has its worlds too
        self._plug_at = 0  # when the cable comes back
        self._stalled = {"box": 0, "host": 0}
        self._stalled_ms = 0  # by how much the bridge's last turn was late
        self._due = 0
        self._session = self.rng.randrange(0xFFFF)
        self.epoch = 0
        self.lamps: tuple[int, LampPairs, int] | None = None
        self.is_bad = True
        self.book = Book()
        self._new_box(caught=0)
        self._new_host()

    # -- the box -------------------------------------------------------------------------------------------------------

    def box_now(self, at: int | None = None) -> int:
        now = self.now if at is None else at
        return (now + now * self._drift_ppm // 1_000_000 + self._offset) % CLOCK_PERIOD

    def _new_box(self, caught: int) -> None:
        boot, nonce = f"{self.rng.getrandbits(32):08x}", lambda: f"{self.rng.getrandbits(40):010x}"
        self.box = self._classes[1](BOX, boot, "0.1.0", codes.BY_POWER, self._key, nonce, caught)
        self.book.begins(boot, caught)

    def _box_turn(self) -> None:
        for event in self.box.receive(self.to_box.arrived(self.now), self.box_now()):
            self._tell(self.now, f"box     {event}")
            self.book.box_event(event)
        out = self.box.pump(self.box_now())
        self.to_host.send(out, self.now)
        self.book.box_turn(self.box, self.now, self._stalled["box"], bool(out) and not self.to_host.is_cut)

    def _press(self) -> None:
        edge = self.now - self.rng.randint(0, 30)
        what = (self.rng.choice(names.BUTTONS), self.rng.choice(names.GESTURES), self.book.shown_epoch)
        number = self.box.press(*what, self.box_now(edge), self.box_now())
        if number is None:
            self._tell(self.now, "refused at the button: too many are unconfirmed")
        else:
            self._tell(self.now, f"pressed {number} {what}")
            self.book.pressed(number, what, edge)

    # -- the bridge ----------------------------------------------------------------------------------------------------

    def _new_host(self) -> None:
        self.host = self._classes[0]({BOX: self._key})
        self._late: list[tuple[int, str, int, bool]] = []  # presses that a canary acknowledged before they were durable
        self._due = max(self.now, self._stalled["host"])  # what sleeps is the computer
        if self.lamps is not None:
            self.host.lamps(self.lamps[0], self.lamps[1], self.lamps[2], self.now)

    def _host_turn(self) -> None:
        late_ms = self.now - self._due
        self._stalled_ms = late_ms if late_ms > STALL_MS else 0
        for at, boot, number, acts in self._late:
            if at <= self.now:
                self.book.record(boot, number, self.now, self.epoch, acts)
        self._late = [late for late in self._late if late[0] > self.now]
        for event in self.host.receive(self.to_host.arrived(self.now), self.now):
            self._tell(self.now, f"bridge  {event}")
            if self.is_bad and self.rng.random() < 0.01:
                self.faults["killed"] += 1
                return self._new_host()
            self._host_event(event)
        if self._stalled["host"] > self.now:
            self._due = self.now  # the record is slow: what is to be said waits for it
            return
        out = self.host.pump(self.now)
        require(len(out) <= RING_BYTES, "one turn overflows the ring of the box")
        self.to_box.send(out, self.now)
        self.book.host_turn(self.host, self.now, self._stalled["host"], bool(out) and not self.to_box.is_cut)
        # As `Line` has it: in a longer wait a stall could pass unseen.
        self._due = self.now + min(self.host.next_due(self.now), STALL_MS)

    def _host_event(self, event: tuple[Any, ...]) -> None:
        if event[0] == "hello" and event[-1] == PAIRED:
            self._session = self._session % 0xFFFF + 1
            self._session += self._session == self.host.session
            nonce = f"{self.rng.getrandbits(48):012x}"
            self.host.welcome(self._session % 0xFFFF or 1, nonce, self.book.last_press(event[2]), self.now)
            self.book.told_caught(event[2], event[9])
        elif event[0] == "press":
            self._take(*event[1:])
        elif event[0] == "shown":
            require(event[1:3] in self.book.told, "the box took lamps that nobody told")

    def _take(self, boot: str, number: int, buttons: str, gesture: str, epoch: int, age_ms: int) -> None:
        took_ms = self.rng.randint(1, 300) if self.is_bad and self._slow_record else 0
        age_ms += self._stalled_ms
        self.book.given(boot, number, (buttons, gesture, epoch), age_ms, self.now, self._stalled_ms)
        acts = self._acts_on(buttons, epoch, age_ms, self.epoch)
        if self._ack_early:
            self._late.append((self.now + self.rng.randint(1, 300), boot, number, acts))
        else:
            self.book.record(boot, number, self.now, self.epoch, acts)
            self._stalled["host"] = self.now + took_ms
            self.faults["slow record"] += took_ms > 100
        self.host.ack(boot, number, self.now)
        self.host.result(boot, number, names.VERDICTS[number % 4], "W", self.now)

    def _tell_lamps(self) -> None:
        self.epoch += self.rng.random() < self._next_call
        self.lamps = (self.epoch, self.rng.choice(LAMPS), self.rng.randrange(0x1000))
        self.book.told.append(self.lamps[:2])
        self.host.lamps(self.lamps[0], self.lamps[1], self.lamps[2], self.now)

    # -- what happens to them ------------------------------------------------------------------------------------------

    def _act(self) -> None:
        acts = (self._press, self._tell_lamps)
        if self.rng.random() < 0.6 or not self.is_bad:
            return self.rng.choice(acts)()
        act = self.rng.choice(self._bad_acts)
        self._tell(self.now, f"world   {act.__name__[1:]}")
        self.faults[act.__name__[1:]] += 1
        act()

    def _reset(self, caught: int | None = None) -> None:
        """The chip keeps what was unconfirmed; the boot ROM speaks."""
        self._new_box(len(self.box.unconfirmed()) if caught is None else caught)
        self.to_box.lose_all()
        self.to_host.add(self.rng.choice(GARBAGE[:3]), self.now)

    def _kill(self) -> None:
        self._new_host()

    def _bye(self) -> None:
        self.host.bye()
        self.to_box.send(self.host.pump(self.now), self.now)
        self._new_host()

    def _stall(self) -> None:
        end, span_ms = self.rng.choice(("box", "host", "host")), self.rng.choice(STALLS_MS)
        self._tell(self.now, f"world   the {end} stands still for {span_ms} ms")
        self._stalled[end] = max(self._stalled[end], self.now + span_ms)

    def _unplug(self) -> None:
        """The cable is out for a while; without power the box forgets all."""
        self._plug_at = self.now + self.rng.randint(50, 4_000)
        for line in (self.to_host, self.to_box):
            line.lose_all()
            line.is_cut = True
        if self.rng.random() < 0.5:
            self._new_box(caught=0)
            self._stalled["box"] = self._plug_at

    def _replug(self) -> None:
        self._plug_at = 0
        self.to_host.is_cut = self.to_box.is_cut = False
        self._new_host()  # a new port

    def _replay(self) -> None:
        """Somebody tells recorded bytes again, to either end; also such as the line had lost."""
        self.book.told_again_at = self.now
        line = self.rng.choice((self.to_host, self.to_box))
        for data in self.rng.sample(line.tape, min(len(line.tape), self.rng.randint(1, 8))):
            line.add(data, self.now)

    def _forge(self) -> None:
        """Somebody without the key changes what the line has just carried, and makes its sum right."""
        line = self.rng.choice((self.to_host, self.to_box))
        for data in line.tape[-8:]:
            if false := forged(data, self.rng):
                line.add(false, self.now)

    # -- time ----------------------------------------------------------------------------------------------------------

    def run(self, bad_ms: int = BAD_MS) -> Self:
        """Bad, healed, good. Raises Breach."""
        self._run_until(bad_ms, act=True)
        self._heal()
        self._run_until(bad_ms + HEAL_MS, act=False)
        self.book.agree(self.box, self.host, self.box_now(), self.now, self.lamps)
        self._run_until(bad_ms + HEAL_MS + GOOD_MS, act=True)
        self._run_until(self.now + HEAL_MS, act=False)
        self.book.agree(self.box, self.host, self.box_now(), self.now, self.lamps)
        return self

    def _heal(self) -> None:
        self._tell(self.now, "world   heals")
        if self._plug_at:
            self._replug()
        self.is_bad = False
        self.to_host.heal()
        self.to_box.heal()
        self._stalled = {"box": self.now, "host": self.now}

    def _run_until(self, end: int, act: bool) -> None:
        next_act, spins = self.now, 0
        while self.now < end:
            if self._plug_at and self._plug_at <= self.now:
                self._replug()
            if act and next_act <= self.now:
                self._act()
                if self.rng.random() < 0.1:  # it takes as long as ten turns
                    self.book.bounded(self.box, self.host)
                next_act = self.now + self.rng.randint(1, 500)
            if self._stalled["host"] <= self.now:
                self._host_turn()
            if self._stalled["box"] <= self.now:
                self._box_turn()
            before, self.now = self.now, min(end, next_act if act else end, self._next_turn())
            spins = spins + 1 if self.now == before else 0
            require(spins < 30, "next_due spins")

    def _next_turn(self) -> int:
        """Nothing but arriving bytes and `next_due` wakes an end: so it must not be too late."""
        box_due = self.box.next_due(self.box_now())
        box_due += box_due and 1 + box_due * DRIFT_MOST_PPM // 1_000_000  # a slow clock takes longer
        host = min(self.now + self.host.next_due(self.now), self.to_host.next_at(), *(late[0] for late in self._late))
        box = min(self.now + box_due, self.to_box.next_at())
        turns = max(host, self._stalled["host"]), max(box, self._stalled["box"])
        return max(self.now, min(*turns, self._plug_at or 1 << 62))
