"""Asks between whole desks: leave, a call for a supervisor, panic; who answers, and what the others learn."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace
from tests.floor.office import EXTENSION, MOMENT_S, Office, Seat, office

from rung import words as w
from rung.desk.bridge import Bridge
from rung.desk.happening import Teller
from rung.floor.base import Status
from rung.journal.store import Journal
from rung.words import CallState, Outcome, Verdict, Want


def played(policy: str, play: Callable[[Office], Awaitable[None]]) -> None:
    async def run() -> None:
        async with office(policy) as made:
            await play(made)

    asyncio.run(run())


async def asks_leave(made: Office) -> Seat:
    await made.call()
    await made.ada.must("warn")
    made.ada.bridge.feed(w.Declared(w.Ground.SLUR))
    await made.ada.must("escalate")
    return made.ada


async def asks_for_a_supervisor(made: Office) -> Seat:
    await made.call()
    await made.ada.must("warn")
    await made.ada.must("escalate")
    return made.ada


def over(seat: Seat) -> list[Outcome]:
    return [a.over for told in seat.told if told.kind == "asked" for a in told.asks if a.over is not None]


@pytest.mark.parametrize(("reply", "outcome"), [("grant", "granted"), ("deny", "denied")])
def test_leave_is_asked_shown_and_answered(reply: str, outcome: str) -> None:
    async def play(made: Office) -> None:
        ada = await asks_leave(made)
        asked = await made.eve.asked()
        assert (asked.want, asked.brief.person) == (Want.LEAVE, "p-ada")
        assert w.Ground.SLUR in [ground for ground, _ in asked.brief.grounds]
        await made.eve.floor.see(asked.desk, asked.ask)
        await ada.until(lambda: "seen" in ada.bridge.look().ask)
        await made.eve.reply(reply, "listen first")
        await ada.until(lambda: ada.outcomes() == [outcome])
        assert made.talking_to == {"500"}, "the agent stays with the caller"
        assert bool(ada.bridge.look().leave) == (reply == "grant")
        await made.fay.until(lambda: over(made.fay) == [outcome])
        if reply == "grant":
            await ada.must("warn")
            assert ada.rungs()[-1] == "warn" and not ada.bridge.look().leave, "used once"

    played("hang-up-protocol", play)


def test_leave_is_withdrawn_from_the_supervisors_desk() -> None:
    async def play(made: Office) -> None:
        ada = await asks_leave(made)
        await made.eve.reply("grant")
        await ada.until(lambda: ada.bridge.look().leave)
        assert (await made.fay.floor.act("ada", w.Declared(w.Ground.SLUR))).verdict == Verdict.REFUSED, (
            "not in the call"
        )
        assert (await made.eve.floor.act("ada", w.LeaveTakenBack())).verdict == Verdict.TAKEN
        assert not ada.bridge.look().leave

    played("hang-up-protocol", play)


def test_busy_and_ignored_go_wider_and_the_first_to_take_it_closes_it_for_all() -> None:
    async def play(made: Office) -> None:
        ada = await asks_for_a_supervisor(made)
        await made.eve.reply("busy")
        assert not made.gus.open(), "fay may still answer"
        await made.gus.asked()  # fay has ignored it
        await made.gus.reply("take")
        await ada.until(lambda: ada.of(w.CaseClosed))
        for seat in (made.eve, made.fay, made.gus):
            await seat.until(lambda seat=seat: over(seat) == [Outcome.ACCEPTED])  # type: ignore[misc]
        await made.gus.until(lambda: made.gus.has_case)
        await made.until_heard("603")

    played("warm-transfer", play)


def test_of_two_who_take_it_at_once_one_has_it() -> None:
    async def play(made: Office) -> None:
        ada = await asks_for_a_supervisor(made)
        await made.eve.asked()
        await made.fay.asked()
        await asyncio.gather(made.eve.reply("take"), made.fay.reply("take"))
        await ada.until(lambda: ada.of(w.CaseClosed))
        await made.eve.until(lambda: made.eve.has_case)
        assert not made.fay.of(w.CaseReceived)
        for seat in (made.eve, made.fay):
            await seat.until(lambda seat=seat: over(seat))  # type: ignore[misc]
            ends = [asked.by for told in seat.told for asked in told.asks if asked.over is not None]
            assert set(ends) == {"eve"}, "both learn who was first"

    played("warm-transfer", play)


def test_an_ask_is_taken_back_and_vanishes_everywhere() -> None:
    async def play(made: Office) -> None:
        ada = await asks_for_a_supervisor(made)
        await made.eve.asked()
        ada.bridge.feed(w.AskTakenBack())
        await made.fay.until(lambda: over(made.fay) == [Outcome.TAKEN_BACK])
        assert not made.eve.open()
        await ada.until(lambda: made.talking_to == {"500"})

    played("warm-transfer", play)


def test_who_is_on_a_call_is_not_asked_and_becomes_free_again() -> None:
    async def play(made: Office) -> None:
        made.caller.dial("601")
        await made.eve.until(lambda: made.eve.has_case)
        await made.ada.until(lambda: [p.free for p in present(made.ada) if p.desk == "eve"] == [False])
        made.caller.end_all()
        await made.ada.until(lambda: [p.free for p in present(made.ada) if p.desk == "eve"] == [True])

    played("warm-transfer", play)


def present(seat: Seat) -> tuple[w.Presence, ...]:
    return seat.bridge._desk.facts.present


def test_a_supervisor_who_is_away_or_signed_off_is_not_there() -> None:
    async def play(made: Office) -> None:
        made.eve.bridge.sit(replace(made.eve.place, status=Status.AWAY))
        made.fay.bridge.sit(replace(made.fay.place, person=None))
        await made.ada.until(lambda: [p.desk for p in present(made.ada)] == ["gus"])
        made.eve.bridge.sit(made.eve.place)
        await made.ada.until(lambda: sorted(p.desk for p in present(made.ada)) == ["eve", "gus"])

    played("warm-transfer", play)


# -- panic -------------------------------------------------------------------------------------------------------------


def test_panic_alerts_all_and_brings_the_first_into_the_call_who_may_act_and_take_it() -> None:
    async def play(made: Office) -> None:
        ada, eve = made.ada, made.eve
        case = await made.call()
        await ada.must("escalate", "hold")
        for seat in (eve, made.fay, made.gus):
            assert (await seat.asked()).want == Want.PANIC
        await eve.reply("join")
        await ada.until(lambda: made.talking_to == {"500", "601"})
        await made.gus.until(lambda: over(made.gus) == [Outcome.JOINED])
        assert not ada.of(w.CallHeld) and not eve.of(w.CaseOpened), "the case is still the agent's"
        epoch = ada.bridge.look().epoch
        await asyncio.sleep(MOMENT_S)
        assert (await eve.floor.act("ada", w.Declared(w.Ground.SLUR))).verdict == Verdict.TAKEN
        async with asyncio.timeout(10):
            while (await eve.floor.act("ada", eve.pressed("warn", epoch=epoch))).verdict != Verdict.TAKEN:
                await asyncio.sleep(0.02)
        warned = ada.last(w.RungTaken)
        assert isinstance(warned, w.RungTaken) and warned.person == "p-eve"
        assert ada.press("release").verdict == Verdict.REFUSED, "while a supervisor is on the call"
        assert (await eve.floor.act("ada", w.TakeOver())).verdict == Verdict.TAKEN
        await eve.until(lambda: eve.has_case)
        arrived = eve.last(w.CaseArrived)
        assert isinstance(arrived, w.CaseArrived) and arrived.case == case
        await made.until_heard("601")

    played("no-hang-up", play)


def test_panic_without_a_call_is_answered_and_ends_when_called_off() -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        assert ada.press("escalate", "hold").verdict == Verdict.TAKEN
        await made.fay.reply("accept")
        await ada.until(lambda: ada.of(w.AlertClosed))
        await made.eve.until(lambda: over(made.eve) == [Outcome.ACCEPTED])
        assert ada.press("escalate", "hold").verdict == Verdict.TAKEN
        await made.gus.asked()
        ada.bridge.feed(w.Unmarked(w.Marker.EMERGENCY))
        await made.gus.until(lambda: over(made.gus)[-1] == Outcome.TAKEN_BACK)

    played("warm-transfer", play)


# -- the floor is lost -------------------------------------------------------------------------------------------------


def test_a_floor_lost_in_mid_ask_rings_the_extension_instead() -> None:
    async def play(made: Office) -> None:
        ada = await asks_for_a_supervisor(made)
        await made.eve.asked()
        ada.floor.lose()
        await made.eve.until(lambda: over(made.eve) == [Outcome.INTERRUPTED])
        call = await made.extension.rings()
        made.extension.answer(call.id)
        await ada.must("escalate")
        await ada.until(lambda: ada.of(w.CaseClosed))
        await made.until_heard(EXTENSION)
        ada.floor.find()
        await ada.until(lambda: ada.bridge._desk.facts.floor_up)

    played("warm-transfer", play)


def test_a_floor_lost_while_leave_is_asked_ends_the_ask_and_the_caller_stays() -> None:
    async def play(made: Office) -> None:
        ada = await asks_leave(made)
        await made.eve.asked()
        ada.floor.lose()
        await ada.until(lambda: ada.outcomes() == ["absent"])
        ada.floor.find()
        await ada.until(lambda: ada.bridge._desk.facts.floor_up)
        await ada.must("escalate")
        await made.eve.reply("grant")
        await ada.until(lambda: ada.outcomes() == ["absent", "granted"])
        assert made.talking_to == {"500"}

    played("hang-up-protocol", play)


def test_a_panic_outlives_a_floor_that_was_lost() -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        await ada.must("escalate", "hold")
        first = await made.eve.asked()
        ada.floor.lose()
        await made.eve.until(lambda: not made.eve.open())
        ada.floor.find()
        again = await made.eve.asked()
        assert (again.ask, again.want) == (first.ask, Want.PANIC)
        await made.eve.reply("accept")
        await ada.until(lambda: ada.of(w.AlertClosed))

    played("warm-transfer", play)


def test_a_panic_on_a_call_outlives_a_crash() -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        await made.call()
        await ada.must("escalate", "hold")
        await made.eve.asked()
        await ada.kill()
        await made.eve.until(lambda: not made.eve.open())
        await ada.start()
        assert (await made.eve.asked()).want == Want.PANIC
        await made.eve.reply("join")
        await ada.until(lambda: made.talking_to == {"500", "601"})

    played("warm-transfer", play)


def test_numbers_of_asks_go_on_after_a_restart_so_a_late_answer_is_for_none() -> None:
    async def play(made: Office) -> None:
        ada = await asks_leave(made)
        first = await made.eve.asked()
        made.caller.end_all()
        await ada.until(lambda: ada.of(w.CaseClosed))
        await ada.kill()
        await ada.start()
        await ada.until(lambda: present(ada))
        await asks_leave(made)
        second = await made.eve.asked()
        assert second.ask > first.ask

    played("hang-up-protocol", play)


# -- queues and incidents ----------------------------------------------------------------------------------------------


def test_the_queue_chooses_policy_and_language_and_each_policy_is_kept_once() -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        made.exchange.queues["777"] = ("500",)
        for number in ("500", "777", "500"):
            await made.call(number)
            made.caller.end_all()
            await ada.until(lambda: not ada.has_case)
        opened = [e for e in ada.of(w.CaseOpened) if isinstance(e, w.CaseOpened)]
        assert [(e.policy, e.language) for e in opened] == [
            ("warm-transfer", "en"), ("no-hang-up", "de"), ("warm-transfer", "en"),
        ]  # fmt: skip
        kept = [e.version for e in ada.of(w.PolicyKept) if isinstance(e, w.PolicyKept)]
        assert sorted(kept) == sorted({e.version for e in opened})
        assert ada.record().index(ada.of(w.PolicyKept)[-1]) < ada.record().index(opened[0])
        await ada.kill()
        await ada.start()
        assert len(ada.of(w.PolicyKept)) == 2

    played("warm-transfer", play)


def test_only_an_upheld_incident_is_shown_when_the_caller_rings_again() -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        case = await made.call()
        ada.bridge.feed(w.Declared(w.Ground.SLUR))
        made.caller.end_all()
        await ada.until(lambda: not ada.has_case)
        await made.call()
        await asyncio.sleep(0.05)
        assert not ada.of(w.EarlierKnown)
        made.caller.end_all()
        await ada.until(lambda: not ada.has_case)
        made.floor.uphold(case)
        await made.call()
        await ada.until(lambda: ada.of(w.EarlierKnown))
        known = ada.last(w.EarlierKnown)
        assert isinstance(known, w.EarlierKnown)
        assert [(i.case, i.grounds, i.how) for i in known.incidents] == [(case, (w.Ground.SLUR,), "caller left")]

    played("warm-transfer", play)


def test_a_desk_whose_name_is_taken_works_without_a_floor_and_says_so() -> None:
    async def run() -> None:
        async with office(only=("ada", "eve")) as made:
            double = Seat(made, "eve", "699", w.Role.SUPERVISOR)
            journal, teller = Journal("/desk.journal", vfs=double._layer.name), Teller(double.told.append)
            bridge = Bridge(double.policies, journal, double.phone, teller, floor=made.floor.desk("eve"))
            running = asyncio.create_task(bridge.run(double.place, EXTENSION))
            await made.ada.until(lambda: any("its own name" in text for text in double.troubles()))
            made.caller.dial("699")
            await made.ada.until(lambda: bridge.look().epoch)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            teller.close()
            journal.close()
            assert [call.state for call in made.caller.living] == [CallState.UP]
            made.caller.end_all()

    asyncio.run(run())
