"""The bridge on a real record and a phone that refuses, is silent, or lies low; and a disk that fills up."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.desk.rig import TIMES, Desk
from tests.desk.scripted_phone import CONSULT, LINE

from rung import words as w
from rung.desk import missed
from rung.link.door import BoxIs, NotRecorded
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.policy import press
from rung.words import Button, CallState, EndedBy, Gesture, LampState, Outcome, Verdict

Play = Callable[[Desk], Awaitable[None]]


def played(play: Play) -> None:
    async def run() -> None:
        desk = Desk()
        async with desk.bridge():
            await play(desk)

    asyncio.run(run())


def refusing(*commands: str, error: type[PhoneError] = PhoneError, times: int = 1_000_000) -> Callable[[str], None]:
    left = times

    def refuse(command: str) -> None:
        nonlocal left
        if command in commands and left:
            left -= 1
            raise error("injected")

    return refuse


async def held_release(desk: Desk) -> None:
    await desk.may_press(Button.RELEASE, Gesture.HOLD)


def hang_ups(desk: Desk) -> int:
    return sum(command == ("hang_up", LINE) for command in desk.phone.asked)


def lamp_was_done(desk: Desk) -> bool:
    shown = [told.lamps for told in desk.told if told.lamps is not None]
    return any(LampState.DONE in (s.escalate.state, s.warn.state, s.release.state) for s in shown)


# -- the phone ---------------------------------------------------------------------------------------------------------


def test_the_whole_ladder() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        await held_release(desk)
        await desk.until(lambda: desk.has(w.CaseClosed))
        assert [c[0] for c in desk.phone.asked] == ["hold", "consult", "take_back", "hang_up"]
        (closed,) = desk.of(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed)
        assert (closed.how, closed.review) == ("released", False)
        await desk.until(lambda: lamp_was_done(desk))

    played(play)


def test_what_keeps_the_phone_down_is_told() -> None:
    async def play(desk: Desk) -> None:
        desk.phone.is_lost("it ended with code 1")
        await desk.until(lambda: any(told.text == "it ended with code 1" for told in desk.told if told.up is False))

    played(play)


def test_a_refused_hang_up_leaves_the_call_up_and_the_rung_open() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        desk.phone.refuse = refusing("hang_up", times=1)
        await held_release(desk)
        await desk.until(lambda: desk.has(w.RungUndone))
        assert desk.phone.living[LINE].state == CallState.UP
        assert not lamp_was_done(desk)
        await desk.may_press(Button.RELEASE)
        await held_release(desk)
        await desk.until(lambda: desk.has(w.CaseClosed))

    played(play)


@pytest.mark.parametrize("command", ["hold", "consult"])
def test_a_refused_ask_comes_to_nothing_and_the_caller_comes_back(command: str) -> None:
    async def play(desk: Desk) -> None:
        desk.call_comes()
        await desk.may_press(Button.WARN)
        desk.phone.refuse = refusing(command)
        await desk.ask()
        await desk.until(lambda: desk.has(w.AskClosed))
        (closed,) = desk.of(w.AskClosed)
        assert isinstance(closed, w.AskClosed)
        assert closed.outcome == Outcome.FAILED
        assert desk.phone.living[LINE].state == CallState.UP

    played(play)


def test_a_caller_who_cannot_be_taken_off_hold_is_tried_again() -> None:
    async def play(desk: Desk) -> None:
        desk.call_comes()
        await desk.may_press(Button.WARN)
        desk.phone.refuse = refusing("take_back", times=1)
        await desk.ask()
        await desk.until(lambda: desk.has(w.AskClosed))
        assert desk.phone.living[LINE].state == CallState.UP

    played(play)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone is given up on sooner; what happens then is the same."""
    monkeypatch.setattr(press, "END_DEADLINE_MS", 500)
    monkeypatch.setattr(missed, "CATCH_UP_S", 0.1)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_is_missing_is_asked_for(done: bool) -> None:
    """The phone may have hung up or not: it is asked after the deadline, never told again."""

    async def play(desk: Desk) -> None:
        await desk.climb_to_release()

        def unsure(command: str) -> None:
            if command == "hang_up":
                if done:
                    desk.phone.mute = True
                    desk.phone.now(LINE, CallState.ENDED, EndedBy.US)
                raise PhoneUnsureError("injected")

        desk.phone.refuse = unsure
        await held_release(desk)
        await desk.until(lambda: desk.has(w.EffectUnknown))
        await desk.until(lambda: desk.has(w.CaseClosed if done else w.RungUndone))
        assert hang_ups(desk) == 1
        assert desk.has(w.EffectConfirmed)
        assert lamp_was_done(desk) == done
        assert (LINE in desk.phone.living) != done

    played(play)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("error", [PhoneError, PhoneUnsureError])
def test_a_phone_that_does_not_answer_the_question_is_asked_again(error: type[PhoneError]) -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        desk.phone.deaf = {"hang_up"}
        desk.phone.refuse = refusing("recount", error=error, times=2)
        await held_release(desk)
        await desk.until(lambda: desk.has(w.RungUndone))
        assert (hang_ups(desk), desk.phone.asked.count(("recount",))) == (1, 3)
        assert not lamp_was_done(desk)

    played(play)


def test_a_lost_phone_closes_what_needs_it_and_opens_it_again() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        desk.phone.is_lost()
        assert desk.has(w.PhoneLost)
        assert (await desk.press(Button.RELEASE, Gesture.HOLD)).verdict == Verdict.REFUSED
        assert hang_ups(desk) == 0
        desk.phone.tell_all()
        await desk.may_press(Button.RELEASE)
        await held_release(desk)
        await desk.until(lambda: desk.has(w.CaseClosed))

    played(play)


def test_the_phone_hears_of_a_press_after_its_acknowledgement_and_in_the_order_of_the_record() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        await asyncio.sleep(2 * TIMES.say_time)
        press = desk.pressed(Button.RELEASE, Gesture.HOLD)
        await asyncio.to_thread(desk.now.press, press)
        desk.now.feed(w.PhoneIs(up=True))
        await asyncio.sleep(0.1)
        assert hang_ups(desk) == 0
        desk.now.act()
        await desk.until(lambda: hang_ups(desk) == 1)

    played(play)


# -- the record --------------------------------------------------------------------------------------------------------


def test_a_press_that_is_not_recorded_is_not_done_and_is_taken_when_it_comes_again() -> None:
    async def play(desk: Desk) -> None:
        await desk.climb_to_release()
        before = desk.record()
        desk.disk_is(full=True)
        number = await desk.unrecorded_press(Button.RELEASE, Gesture.HOLD)
        await asyncio.sleep(0.1)
        assert hang_ups(desk) == 0
        desk.disk_is(full=False)
        assert desk.record() == before
        assert desk.now.last_press("box", "boot") == number - 1
        assert (await desk.press(Button.RELEASE, Gesture.HOLD, number)).verdict == Verdict.TAKEN
        await desk.until(lambda: desk.has(w.CaseClosed))
        assert hang_ups(desk) == 1
        assert desk.now.last_press("box", "boot") == number

    played(play)


def test_what_the_phone_said_to_a_full_disk_is_learned_afterwards() -> None:
    async def play(desk: Desk) -> None:
        desk.call_comes()
        desk.disk_is(full=True)
        desk.phone.now(LINE, CallState.ENDED, EndedBy.THEM)
        desk.phone.now("line-2", CallState.UP)
        assert not desk.has(w.CaseClosed)
        desk.disk_is(full=False)
        await desk.until(lambda: len(desk.of(w.CaseOpened)) == 2)
        (closed,) = desk.of(w.CaseClosed)
        assert isinstance(closed, w.CaseClosed)
        assert closed.by == EndedBy.THEM

    played(play)


def test_a_full_disk_keeps_the_call_up_and_the_bridge_at_rest() -> None:
    """The ask rings too long meanwhile: that cannot be recorded, so nothing is done; nor is it tried without end."""

    async def play(desk: Desk) -> None:
        desk.call_comes()
        await desk.may_press(Button.WARN)
        await desk.ask()
        await desk.until(lambda: CONSULT in desk.phone.living)
        desk.disk_is(full=True)
        await asyncio.sleep(1.5)
        assert [c[0] for c in desk.phone.asked if c[0] != "recount"] == ["hold", "consult"]
        assert 0 < len(desk.troubles()) < 10
        assert all("free some space" in text and "\n" not in text for text in desk.troubles())
        desk.disk_is(full=False)
        await desk.until(lambda: desk.has(w.AskClosed))
        assert desk.phone.living[LINE].state == CallState.UP

    played(play)


def test_a_key_on_a_full_disk_is_refused_with_the_reason() -> None:
    async def play(desk: Desk) -> None:
        desk.call_comes()
        desk.disk_is(full=True)
        answer = desk.now.feed(w.Declared(w.Ground.SLUR))
        desk.disk_is(full=False)
        assert answer is not None
        assert answer.verdict == Verdict.REFUSED
        assert "disk is full" in answer.why
        assert not desk.has(w.GroundDeclared)

    played(play)


def test_the_door_says_so_when_the_record_cannot_be_read() -> None:
    async def play(desk: Desk) -> None:
        desk.journal.close()
        with pytest.raises(NotRecorded):
            desk.now.last_press("box", "boot")

    played(play)


def test_what_a_reset_caught_is_told() -> None:
    async def play(desk: Desk) -> None:
        desk.now.box(BoxIs(up=True, box="box", firmware="1", caught=2))
        await desk.until(lambda: any("2 unconfirmed" in text for text in desk.troubles()))
        assert desk.record() == desk.of(w.PolicyKept)

    played(play)


def test_a_bridge_whose_line_is_broken_ends() -> None:
    async def run() -> None:
        desk = Desk()
        with pytest.raises(ExceptionGroup) as ended:
            async with desk.bridge():
                desk.now.failed(ValueError("a mistake"))
                await asyncio.sleep(0.2)
        assert ended.group_contains(ValueError, match="a mistake")

    asyncio.run(run())
