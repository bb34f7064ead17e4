"""What people do after a call, through the bridge: recorded where they acted, and there again after a restart."""

import asyncio

import pytest
from msgspec import Struct
from tests.desk.rig import Desk
from tests.desk.scripted_phone import LINE

from rung import words as w
from rung.desk import named
from rung.journal.after.open_duties import open_duties
from rung.words import Actor, CallState, EndedBy, Job, Verdict

AGENT, MANAGER = Actor("agent-17"), Actor("manager-1", (Job.MANAGER,))
DAY_MS = 86_400_000


def ended_round_rung(desk: Desk) -> None:
    desk.call_comes()
    desk.now.feed(w.Declared(w.Ground.PROFANITY))
    desk.phone.now(LINE, CallState.ENDED, EndedBy.US)


def open_of(desk: Desk) -> list[tuple[str, str]]:
    files = desk.now.after.files()
    return [
        (due.case, due.duty)
        for file in files.cases.values()
        for due in open_duties(files, file, desk.now.after.wall_ms())
    ]


def test_an_ending_round_rung_goes_before_a_manager_and_stays_open_over_a_restart() -> None:
    async def play() -> None:
        desk = Desk()
        async with desk.bridge():
            ended_round_rung(desk)
            assert open_of(desk) == [("case-1", "wrap-up"), ("case-1", "review")]
            assert desk.now.attend(w.WrappedUp(case="case-1", code="cut"), AGENT).verdict == Verdict.TAKEN
        async with desk.bridge():
            assert open_of(desk) == [("case-1", "review")]
            act = w.Reviewed(case="case-1", finding=w.Finding.COACHING, reason="it was a slip of the mouse")
            refused = desk.now.attend(act, AGENT)
            assert refused.verdict == Verdict.REFUSED and "waits for one" in refused.why
            assert desk.now.attend(act, MANAGER).verdict == Verdict.TAKEN
            assert open_of(desk) == []
            assert [e.by for e in desk.of(w.Attended)] == ["agent-17", "manager-1"]

    asyncio.run(play())


def test_what_the_record_does_not_take_is_not_done() -> None:
    async def play() -> None:
        desk = Desk()
        async with desk.bridge():
            ended_round_rung(desk)
            desk.disk_is(full=True)
            answer = desk.now.attend(w.WrappedUp(case="case-1", code="cut"), AGENT)
            assert answer.verdict == Verdict.REFUSED and "free some space" in answer.why
            desk.disk_is(full=False)
            assert ("case-1", "wrap-up") in open_of(desk)
            assert desk.now.attend(w.WrappedUp(case="case-1", code="cut"), AGENT).verdict == Verdict.TAKEN

    asyncio.run(play())


def test_a_training_on_record_counts_as_soon_as_it_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever the settings name; and no longer than until its day, on which nobody signs on anew."""
    monkeypatch.setattr(named, "LOOK_S", 0.02)

    async def play() -> None:
        desk = Desk(by_settings=True)
        async with desk.bridge():
            until = desk.now.after.wall_ms() + DAY_MS
            desk.now.attend(w.Trained(person="agent-17", until_ms=until), MANAGER)
            await press(desk)
            assert desk.now.named is not None and desk.now.named.acknowledges
            desk.now.attend(w.Acknowledged(), AGENT)
            assert not desk.now.named.acknowledges
            await press(desk)
        async with desk.bridge():
            await press(desk)
            clock = desk.now.after.wall_ms
            monkeypatch.setattr(desk.now.named, "_wall_ms", lambda: clock() + DAY_MS)
            await desk.until(lambda: not desk.now._desk.facts.who.trained)
            await press(desk)
            assert [e.trained for e in desk.of(w.PressRecorded)] == [False, True, True, False]

    async def press(desk: Desk) -> None:
        desk.call_comes()
        await desk.press(w.Button.WARN)

    asyncio.run(play())


class _Line(Struct, frozen=True):
    wall_ms: int
    event: w.Event


def test_other_desks_records_are_dealt_with_here() -> None:
    async def play() -> None:
        desk = Desk()
        opened = w.CaseOpened(
            case="bob-4", epoch=4, call="c", direction="in", policy="p", version="1", person="agent-20"
        )
        told = [opened, w.CaseClosed(case="bob-4", how=w.Ending.UNKNOWN, by=EndedBy.UNKNOWN, review=True)]
        async with desk.bridge():
            desk.now.after.learn("bobs-record", [_Line(5, event) for event in told])
            assert open_of(desk) == [("bob-4", "wrap-up"), ("bob-4", "review")]
            act = w.Reviewed(case="bob-4", finding=w.Finding.NOT_UPHELD, reason="the line was cut")
            assert desk.now.attend(act, MANAGER).verdict == Verdict.TAKEN
            assert open_of(desk) == [("bob-4", "wrap-up")]
            desk.now.after.learn(desk.journal.id, [_Line(5, event) for event in told])  # its own: it has that itself
            assert len(desk.now.after.files().cases) == 1

    asyncio.run(play())
