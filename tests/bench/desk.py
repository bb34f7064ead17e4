"""A whole desk with the real `rung run`, and how one press after another is timed on it.

The stamps: the edge is the box's board's; (a) and (b) are the bridge's own, of the happenings that `rung run --json`
prints; (c) and (d) are taken here, when the agent's phone tells all who watch it that it is ending the call, which it
does before it hands the command to its SIP stack, and when the caller's phone tells that the call has ended. All clocks
are CLOCK_MONOTONIC.
"""

import asyncio
import time
from pathlib import Path

from msgspec import Struct
from tests.bench.floor import Floor

from rung import words as w
from rung.desk.happening import Happening
from rung.sim.stage import Stage
from rung.words import Button, CallState, Gesture

POLICY = Path(__file__).with_name("end.toml")
GROUND_KEY = "p"  # profanity
TAP_S = 0.05
HOLD_S = 1.6  # the box reads 1.5 s as a hold
FLOOR_AFTER_S = 0.8  # in the middle of a hold, when the lamps are moving and nothing else is


class Samples(Struct):
    """Everything measured, in ns; (a) to (d) count from the edge that completes the gesture."""

    byte: list[int] = []  # floor: from a pin's edge to one byte of the same VM
    sync: list[int] = []  # floor: one write and its fsync, where the journal lies
    known: list[int] = []  # (a)
    durable: list[int] = []  # (b)
    at_phone: list[int] = []  # (c)
    closed: list[int] = []  # (d)
    known_to_phone: list[int] = []  # (a) to (c)
    sent_to_closed: list[int] = []  # from the bridge's command to (d): what the phone's own hang-up is the floor of
    phone_alone: list[int] = []  # floor: the phone's own hang-up, to the caller's phone closed


class BenchDesk:
    """The stage under the bench's policy. Make it with `begin` on a stage that stands."""

    def __init__(self, stage: Stage, floor: Floor, samples: Samples) -> None:
        self._stage = stage
        self._floor = floor
        self.samples = samples
        self._happened: list[Happening] = []
        self._ending_ns: dict[str, int] = {}  # call at the agent's phone -> when it told that it is ending it
        self._ended_ns: dict[str, int] = {}  # call at the caller's phone -> when it told that it has ended
        stage.watch = self._happened.append
        stage.caller.on_change = self._caller_changed

    async def begin(self) -> None:
        config = self._stage.config.read_text()
        self._stage.config.write_text(config.replace("[desk]", f'[desk]\npolicy = "{POLICY}"', 1))
        await self._stage.restart_bridge()
        await self._stage.supervisor.client.auto_answer(0)
        await self._stage.agent.watch()
        self._following = asyncio.create_task(self._follow_agents_phone())

    async def release(self) -> None:
        """One call, ended by the box: a tap that announces, a hold that releases; two presses, a floor before each."""
        self._happened.clear()
        stage, samples = self._stage, self.samples
        far_call = await stage.call_in()
        await stage.until(lambda: self._event(w.CaseOpened) is not None, "the case is open")
        stage.type(GROUND_KEY)
        await stage.until(lambda: self._event(w.GroundDeclared) is not None, "the ground is recorded")
        await stage.until(self._box_knows, "the box has this call's lamps")
        await self._measure_floor()
        await self._press(Gesture.TAP)
        await stage.until(lambda: self._event(w.Announced) is not None, "the announcement is recorded")
        await stage.until(self._may_hold, "the box's lamp says that release may be held")
        edge_ns, known_ns = await self._press(Gesture.HOLD)
        await stage.caller.until(lambda: far_call in self._ended_ns, "the caller's phone has closed")
        await stage.until(lambda: self._event(w.CaseClosed) is not None, "the case is closed")
        opened = self._event(w.CaseOpened)
        assert opened is not None and isinstance(opened.event, w.CaseOpened)
        at_phone_ns = self._ending_ns[opened.event.call]
        command = next(h for h in self._happened if h.kind == "command" and isinstance(h.effect, w.HangUp))
        samples.at_phone.append(at_phone_ns - edge_ns)
        samples.closed.append(self._ended_ns[far_call] - edge_ns)
        samples.known_to_phone.append(at_phone_ns - known_ns)
        samples.sent_to_closed.append(self._ended_ns[far_call] - command.at_ns)

    async def hang_up_alone(self) -> None:
        """One call between two phones of the same kind, with no bridge beside them, ended by command."""
        caller, other = self._stage.caller, self._stage.supervisor
        far_call = await caller.client.dial(f"sip:{other.address}")
        await caller.until(lambda: self._is_up(caller.living), "the call is up at the caller's phone")
        await other.until(lambda: self._is_up(other.living), "the call is up at the other phone")
        at_ns = time.monotonic_ns()
        await other.client.hang_up(other.living[0].id)
        await caller.until(lambda: far_call in self._ended_ns, "the caller's phone has closed")
        await other.until(lambda: not other.living, "the other phone has closed")
        self.samples.phone_alone.append(self._ended_ns[far_call] - at_ns)

    def close(self) -> None:
        self._following.cancel()

    async def _measure_floor(self) -> None:
        self.samples.byte.append(await self._floor.byte())
        self.samples.sync.append(await self._floor.sync())

    async def _press(self, gesture: Gesture) -> tuple[int, int]:
        """Press release; the edge that completes the gesture, and when the bridge knew of it."""
        box, samples = self._stage.box, self.samples
        box.press(Button.RELEASE)
        if gesture == Gesture.HOLD:
            await asyncio.sleep(FLOOR_AFTER_S)
            begun = time.monotonic()
            await self._measure_floor()
            await asyncio.sleep(HOLD_S - FLOOR_AFTER_S - (time.monotonic() - begun))
        else:
            await asyncio.sleep(TAP_S)
        edge_ns = box.let_go(Button.RELEASE)
        await self._stage.until(lambda: self._durable(gesture) is not None, f"the {gesture} is recorded")
        durable = self._durable(gesture)
        known = next(h for h in self._happened if h.kind == "press" and h.press and h.press.gesture == gesture)
        assert durable is not None
        samples.known.append(known.at_ns - edge_ns)
        samples.durable.append(durable.at_ns - edge_ns)
        return edge_ns, known.at_ns

    # -- what the desk told ------------------------------------------------------------------------------------------

    def _may_hold(self) -> bool:
        """Since the announcement. A hold begun before that would be cancelled when the lamp goes out for `say_time`."""
        announced = self._event(w.Announced)
        assert announced is not None
        since = [
            h.lamps.release.state for h in self._happened if h.lamps and h.kind == "shown" and h.at_ns > announced.at_ns
        ]
        return bool(since) and since[-1] in (w.LampState.LIT, w.LampState.BREATHING)

    def _event(self, kind: type[w.Event]) -> Happening | None:
        return next((h for h in self._happened if isinstance(h.event, kind)), None)

    def _durable(self, gesture: Gesture) -> Happening | None:
        for happening in self._happened:
            event = happening.event
            if isinstance(event, w.PressRecorded) and event.press.gesture == gesture:
                return happening
        return None

    def _box_knows(self) -> bool:
        """Has the box taken what the desk wants it to show, and is that of the call that is up now?"""
        opened = self._event(w.CaseOpened)
        shown = next((h.lamps for h in reversed(self._happened) if h.kind == "shown"), None)
        if opened is None or shown is None or shown != self._stage.lamps:
            return False
        assert isinstance(opened.event, w.CaseOpened)
        return shown.epoch == opened.event.epoch

    # -- what the phones told ----------------------------------------------------------------------------------------

    async def _follow_agents_phone(self) -> None:
        async for call in self._stage.agent.changes():
            if call.doing == "ending":
                self._ending_ns.setdefault(call.id, time.monotonic_ns())

    def _caller_changed(self, call: w.Call) -> None:
        if call.state == CallState.ENDED:
            self._ended_ns.setdefault(call.id, time.monotonic_ns())

    @staticmethod
    def _is_up(calls: list[w.Call]) -> bool:
        return any(call.state == CallState.UP for call in calls)
