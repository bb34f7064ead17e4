"""What ends the call is done soon after the press or not at all, wherever it had to wait."""

import asyncio
import threading
import time

from tests.desk.rig import TIMES, Desk
from tests.desk.test_bridge import hang_ups, held_release, played, refusing

from rung import words as w
from rung.sim.disk import Step
from rung.words import Button, Gesture, Verdict


def stall_once(desk: Desk, seconds: float) -> threading.Event:
    """The next write or sync of the disk takes so long; the event says that it has begun."""
    begun = threading.Event()

    def stall(step: Step) -> None:
        if not begun.is_set():
            begun.set()
            time.sleep(seconds)

    desk.stall_disk(stall)
    return begun


def test_a_release_that_waited_for_another_entry_is_judged_by_its_whole_age() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        begun = stall_once(desk, 3.5)
        slow = asyncio.create_task(asyncio.to_thread(desk.now.feed, w.Declared(w.Ground.SHOUTING)))
        await asyncio.to_thread(begun.wait)
        answer = await desk.press(Button.RELEASE, Gesture.HOLD)
        await slow
        assert answer.verdict == Verdict.TOO_LATE
        assert hang_ups(desk) == 0

    played(play)


def test_a_release_whose_own_entry_took_too_long_is_not_carried_out() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        await asyncio.sleep(2 * TIMES.say_time)
        stall_once(desk, 2.5)
        answer = await desk.press(Button.RELEASE, Gesture.HOLD)
        assert answer.verdict == Verdict.TAKEN
        await desk.until(lambda: desk.has(w.RungUndone))
        assert hang_ups(desk) == 0
        await desk.may_press(Button.RELEASE)
        await held_release(desk)
        await desk.until(lambda: desk.has(w.CaseClosed))
        assert hang_ups(desk) == 1

    played(play)


def test_a_phone_lost_while_the_disk_was_full_is_known_to_be_lost_after() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        desk.phone.refuse = refusing("recount")
        desk.disk_is(full=True)
        desk.phone.is_lost()
        desk.disk_is(full=False)
        await desk.until(lambda: desk.has(w.PhoneLost))
        answer = await desk.press(Button.RELEASE, Gesture.HOLD)
        assert answer.verdict == Verdict.REFUSED and "phone" in answer.why
        assert hang_ups(desk) == 0

    played(play)
