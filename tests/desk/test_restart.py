"""The bridge dies and comes back on the same record, with the same phone."""

import asyncio
import random
import threading

import pytest
from tests.desk.rig import Desk
from tests.desk.scripted_phone import LINE

from rung import words as w
from rung.desk.privacy import Privacy
from rung.desk.recovery import recover
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.journal.vault import Vault
from rung.policy import Desk as State
from rung.policy import Times, load, step
from rung.policy.language import version_of
from rung.sim.disk import Disk, FileLayer
from rung.words import Button, Call, CallState, EndedBy, Gesture, Outcome, Verdict


def hang_ups(desk: Desk) -> int:
    return sum(command == ("hang_up", LINE) for command in desk.phone.asked)


def test_an_announcement_does_not_survive_so_a_hold_ends_nothing() -> None:
    async def play() -> None:
        desk = Desk()
        async with desk.bridge():
            await desk.climb_to_release()
        async with desk.bridge():
            assert desk.has(w.AnnouncementWithdrawn)
            answer = await desk.press(Button.RELEASE, Gesture.HOLD)
            assert answer.verdict == Verdict.REFUSED
            assert hang_ups(desk) == 0
            await desk.may_press(Button.RELEASE)
            await desk.may_press(Button.RELEASE, Gesture.HOLD)
            await desk.until(lambda: desk.has(w.CaseClosed))

    asyncio.run(play())


@pytest.mark.parametrize("ended", [None, EndedBy.US, EndedBy.UNKNOWN])
def test_a_hang_up_under_way_is_settled_by_asking_and_never_sent_again(ended: EndedBy | None) -> None:
    async def play() -> None:
        desk = Desk()
        desk.phone.deaf = {"hang_up"}
        async with desk.bridge():
            await desk.climb_to_release()
            await desk.may_press(Button.RELEASE, Gesture.HOLD)
            await desk.until(lambda: hang_ups(desk) == 1)
        if ended == EndedBy.UNKNOWN:  # the phone, too, has forgotten
            del desk.phone.living[LINE]
        elif ended is not None:
            desk.phone.mute = True
            desk.phone.now(LINE, CallState.ENDED, ended)
        desk.phone.deaf, desk.phone.mute = set(), False
        async with desk.bridge():
            await desk.until(lambda: desk.has(w.CaseClosed if ended else w.RungUndone))
            assert hang_ups(desk) == 1
            outcome = {EndedBy.US: w.EffectConfirmed, None: w.EffectFailed}.get(ended, w.EffectUnknown)
            (hang_up,) = [e for e in desk.of(w.EffectDecided) if isinstance(e, w.EffectDecided) and is_hang_up(e)]
            settled = [e for e in desk.record() if isinstance(e, w.EffectConfirmed | w.EffectFailed | w.EffectUnknown)]
            assert isinstance([e for e in settled if e.id == hang_up.effect.id][-1], outcome)
            if ended is None:
                await desk.may_press(Button.RELEASE)
                await desk.may_press(Button.RELEASE, Gesture.HOLD)
                await desk.until(lambda: desk.has(w.CaseClosed))

    asyncio.run(play())


def is_hang_up(event: w.EffectDecided) -> bool:
    return isinstance(event.effect, w.HangUp)


def test_a_caller_on_hold_comes_back_after_a_restart() -> None:
    async def play() -> None:
        desk = Desk()
        desk.phone.deaf = {"take_back"}
        async with desk.bridge():
            desk.call_comes()
            await desk.may_press(Button.WARN)
            await desk.ask()
            await desk.until(lambda: ("take_back", LINE) in desk.phone.asked)
        desk.phone.deaf = set()
        async with desk.bridge():
            await desk.until(lambda: desk.has(w.AskClosed))
            assert desk.phone.living[LINE].state == CallState.UP
            (closed,) = desk.of(w.AskClosed)
            assert isinstance(closed, w.AskClosed)
            assert closed.outcome == Outcome.IGNORED

    asyncio.run(play())


def test_epochs_and_effects_never_repeat() -> None:
    async def play() -> None:
        desk = Desk()
        for run in range(4):
            async with desk.bridge():
                for call in range(2):
                    line = f"line-{run}-{call}"
                    desk.phone.now(line, CallState.UP)
                    desk.epoch = desk.of(w.CaseOpened)[-1].epoch  # type: ignore[union-attr]
                    await desk.may_press(Button.WARN)
                    await desk.ask()
                    asks = 2 * run + call + 1
                    await desk.until(lambda asks=asks: len(desk.of(w.AskClosed)) == asks)  # type: ignore[misc]
                    if (run, call) != (2, 1):  # this one is open over a restart
                        desk.phone.now(line, CallState.ENDED, EndedBy.THEM)
                    else:
                        break
                record = desk.record()
            if run == 2:
                async with desk.bridge():
                    desk.phone.now("line-2-1", CallState.ENDED, EndedBy.THEM)
        epochs = [e.epoch for e in record if isinstance(e, w.CaseOpened)]
        effects = [e.effect.id for e in record if isinstance(e, w.EffectDecided)]
        assert epochs == list(range(1, 9))
        assert effects == sorted(set(effects))

    asyncio.run(play())


def test_an_open_case_is_finished_by_the_policy_it_began_with() -> None:
    async def play() -> None:
        desk = Desk()
        began = version_of(desk.policy)
        async with desk.bridge():
            desk.call_comes()
            desk.now.feed(w.Declared(w.Ground.PROFANITY))
            await desk.may_press(Button.WARN)
        desk.policy = load("warm-transfer", Times(wait=3600, say_time=59, answer_within=3600))
        async with desk.bridge():
            await desk.ask()  # under the new policy this would take an hour
            await desk.until(lambda: desk.has(w.AskClosed))
            desk.phone.now(LINE, CallState.ENDED, EndedBy.THEM)
            desk.phone.now("line-2", CallState.UP)
            versions = [e.version for e in desk.of(w.CaseOpened) if isinstance(e, w.CaseOpened)]
            kept = [e.version for e in desk.of(w.PolicyKept) if isinstance(e, w.PolicyKept)]
            assert versions == kept == [began, version_of(desk.policy)]

    asyncio.run(play())


def test_a_return_that_cannot_be_recorded_is_no_return() -> None:
    async def play() -> None:
        desk = Desk()
        async with desk.bridge():
            desk.call_comes()
        teller = desk.make_bridge()
        desk.disk_is(full=True)
        with pytest.raises(JournalError, match="disk is full"):
            await desk.run()
        teller.close()
        desk.disk_is(full=False)
        desk.vault.close()
        desk.journal.close()

    asyncio.run(play())


def test_every_line_has_its_case_again() -> None:
    async def play() -> None:
        desk = Desk()
        async with desk.bridge():
            for line in ("line-1", "line-2", "line-3"):
                desk.phone.now(line, CallState.UP)
                desk.now.feed(w.Declared(w.Ground.SLUR))
                desk.phone.now(line, CallState.HELD)
            desk.phone.now("line-2", CallState.ENDED, EndedBy.THEM)
            desk.phone.now("line-1", CallState.UP)
        async with desk.bridge():
            state = recover(desk.journal, desk.vault)
            assert state.case is not None
            assert [case.call for case in (state.case, *state.parked)] == ["line-1", "line-3"]
            assert all(case.grounds for case in (state.case, *state.parked))

    asyncio.run(play())


@pytest.mark.parametrize("seed", range(20))
def test_the_record_folds_to_the_very_case(seed: int) -> None:
    """Whatever happened: what `recover` makes of the record is what the desk had in memory."""
    chance = random.Random(seed)
    policy = load("warm-transfer", Times(wait=0.5, say_time=0.5, answer_within=2))
    layer = FileLayer(Disk())
    journal, vault = Journal("/desk.journal", vfs=layer.name), Vault("/desk.vault", vfs=layer.name)
    privacy = Privacy(journal, vault, threading.Lock(), lambda: 0, lambda: 0)
    desk, now = State(), 0
    start = [w.SignedOn("agent-17"), w.FloorIs(extension="sip:s@example.invalid"), w.PhoneIs(up=True), w.CallsAre(())]
    for input in (*start, *(any_input(chance, desk) for _ in range(300))):
        now += chance.choice((0, 1, 50, 600, 3000))
        made = step(policy, desk, input, now)
        if made.events:
            sealed = privacy.sealed(made.events, desk.case.id if desk.case else "", 0)
            journal.append(sealed, at_ms=made.desk.at_ms, wall_ms=0)
        desk = made.desk
        again = recover(journal, vault)
        assert (again.case, again.epoch, again.effect) == (desk.case, desk.epoch, desk.effect), f"seed {seed}: {input}"
        assert again.at_ms <= desk.at_ms
    journal.close()
    vault.close()
    assert desk.epoch > 1, "the walk went nowhere"


def any_input(chance: random.Random, desk: State) -> w.Input:
    line = desk.case.call if desk.case else f"line-{desk.epoch + 1}"
    if desk.case is None or chance.random() < 0.3:
        return w.CallIs(any_call(chance, line))
    if chance.random() < 0.5:
        button = chance.choice(list(Button))
        gesture = Gesture.HOLD if button == Button.RELEASE and chance.random() < 0.5 else Gesture.TAP
        return w.Pressed(
            box="box", boot="boot", number=1, buttons=(button,), gesture=gesture, epoch=desk.epoch, age_ms=0
        )
    return chance.choice(
        (
            w.Declared(w.Ground.PROFANITY),
            w.Declared(w.Ground.UNNAMED),
            w.Calmed(),
            w.AskTakenBack(),
            w.Marked(w.Marker.CRISIS),
            w.Unmarked(w.Marker.CRISIS),
            w.PhoneIs(up=False),
            w.PhoneIs(up=True),
            w.CallsAre((any_call(chance, line),)),
            w.EffectRefused(desk.effect, "injected"),
            w.Restarted(),
            w.Tick(),
        )
    )


def any_call(chance: random.Random, line: str) -> Call:
    state = chance.choice((CallState.UP, CallState.UP, CallState.HELD, CallState.ENDED))
    if chance.random() < 0.4:
        state = chance.choice((CallState.DIALLING, CallState.UP, CallState.ENDED))
        outcome = chance.choice((None, *Outcome)) if state == CallState.ENDED else None
        ended = EndedBy.THEM if state == CallState.ENDED else None
        return Call(id="consult", state=state, direction="out", consult_for=line, ended_by=ended, outcome=outcome)
    ended = chance.choice(list(EndedBy)) if state == CallState.ENDED else None
    return Call(id=line, state=state, direction="in", ended_by=ended)
