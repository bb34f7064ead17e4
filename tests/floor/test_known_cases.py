"""Whoever rings may send the name of any case along; only that of which its desk has told is believed."""

import asyncio

import pytest
from tests.floor.office import office

from rung import words as w
from rung.words import CallState


@pytest.mark.parametrize("number", ["500", "601"])
def test_a_case_that_a_stranger_makes_up_takes_no_call_from_its_desk(number: str) -> None:
    """The call is a case of the desk that answers, be it an agent's or a supervisor's, and its buttons are for it."""

    async def play() -> None:
        async with office() as made:
            seat = next(seat for seat in made.seats if seat.number == number)
            made.exchange.ring(made.exchange.dial(made.caller.station, number), "ada-4711")
            await seat.until(lambda: seat.has_case)
            assert [call.case for call in seat.phone.living] == ["ada-4711"], "the phone says what was sent"
            assert seat.of(w.CaseOpened)
            if seat is made.ada:
                await seat.must("warn")

    asyncio.run(play())


def test_a_made_up_name_keeps_no_call_from_its_desk_after_a_restart_either() -> None:
    async def play() -> None:
        async with office() as made:
            made.exchange.ring(made.exchange.dial(made.caller.station, "500"), "eve-1")
            await made.ada.until(lambda: made.ada.has_case)
            await made.ada.kill()
            await made.ada.start()
            await made.ada.must("warn")
            assert len(made.ada.of(w.CaseOpened)) == 1
            assert [call.state for call in made.ada.phone.living] == [CallState.UP]

    asyncio.run(play())
