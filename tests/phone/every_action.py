"""One call with all that an agent may do, for call after call on any phone: none is mixed up with another."""

import random

from tests.phone.contract import AGENT_HZ, CASE, DIALLING, ENDED, HELD, RINGING, SUP_HZ, UP, World

from rung.words import Call, CallIs, EndedBy


async def every_action(w: World, number: int) -> None:
    """All of them in an order of its own; at last it ends in one of four ways."""
    out, line = await w.line()

    async def held_and_taken_back() -> None:
        await _held(w, line)
        mark = len(w.desk.news)
        await w.phone.resume(line)
        await w.desk.becomes(line, UP, mark)

    async def consulted_in_vain() -> None:
        await _held(w, line)
        consult, rang = await _consulted(w, line)
        mark = len(w.desk.news)
        if number % 2:
            await w.sup.decline(rang.id)
            await w.desk.becomes(consult.id, ENDED, mark)
            mark = len(w.desk.news)
        await w.phone.take_back(line, consult.id)
        await w.desk.becomes(line, UP, mark)
        await w.sup.until(lambda c: c.id == rang.id and c.state is ENDED)

    async def another_gives_up() -> None:
        mark = len(w.desk.news)
        second = await w.caller.dial(w.agent.address)
        came = await w.desk.call(lambda c: c.state is RINGING and c.id != line, mark)
        await w.caller.hang_up(second)
        assert (await w.desk.becomes(came.id, ENDED, mark)).ended_by is EndedBy.THEM

    async def joined() -> None:
        mark, seen = len(w.desk.news), w.sup.seen()
        await w.phone.join(line, w.sup.address, CASE)
        rang = await w.sup.until(lambda c: c.state is RINGING, seen)
        await w.sup.answer(rang.id)
        await w.desk.call(lambda c: c.id == line and c.parties == (w.sup.address,), mark)
        mark = len(w.desk.news) - 1
        await w.sup.hang_up(rang.id)
        await w.desk.call(lambda c: c.id == line and c.parties == (), mark)

    async def recorded() -> None:
        mark = len(w.desk.news)
        await w.phone.record(line, f"call-{number}")
        await w.desk.call(lambda c: c.recording == f"call-{number}", mark)
        mark = len(w.desk.news) - 1
        await w.phone.stop_recording(line)
        await w.desk.call(lambda c: c.id == line and c.recording == "", mark)

    actions = [held_and_taken_back, consulted_in_vain, another_gives_up]
    actions += [action for action, word in ((joined, "join"), (recorded, "record")) if await w.can(word)]
    random.Random(number).shuffle(actions)
    for action in actions:
        await action()
    await w.caller.hears(out, AGENT_HZ)
    await (_handed_over, _transferred, _hung_up, _left)[number % 4](w, out, line)
    told = [n.call for n in w.desk.news if isinstance(n, CallIs) and n.call.id == line and n.call.state is ENDED]
    assert len(told) == 1, "the end of a call is told once"


async def _held(w: World, line: str) -> None:
    mark = len(w.desk.news)
    await w.phone.hold(line)
    await w.desk.becomes(line, HELD, mark)


async def _consulted(w: World, line: str) -> tuple[Call, Call]:
    mark, seen = len(w.desk.news), w.sup.seen()
    await w.phone.consult(line, w.sup.address, CASE)
    consult = await w.desk.call(lambda c: c.consult_for == line and c.state is DIALLING, mark)
    return consult, await w.sup.until(lambda c: c.state is RINGING, seen)


async def _handed_over(w: World, out: str, line: str) -> None:
    """By a completed consult."""
    await _held(w, line)
    consult, rang = await _consulted(w, line)
    mark, seen, before = len(w.desk.news), w.sup.seen(), w.caller.seen()
    await w.sup.answer(rang.id)
    await w.desk.becomes(consult.id, UP, mark)
    await w.phone.complete(line, consult.id)
    if not await w.can("attended"):  # the supervisor is rung again, by the caller: once to see, once to have them
        again = await w.sup.until(lambda c: c.state is RINGING and c.id != rang.id, seen)
        if not await w.can("returns"):
            again = await w.sup.until(lambda c: c.state is RINGING and c.id not in (rang.id, again.id), seen)
        await w.sup.answer(again.id)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
    new = await w.sup.until(lambda c: c.state is UP and c.id != rang.id, seen)
    assert new.case == (CASE if await w.can("case") else "")
    await _with_the_supervisor(w, out, before, new.id)


async def _transferred(w: World, out: str, line: str) -> None:
    seen, before = w.sup.seen(), w.caller.seen()
    await w.phone.transfer(line, w.sup.address)
    rang = await w.sup.until(lambda c: c.state is RINGING, seen)
    if not await w.can("returns"):  # whoever is to have the call is rung once before
        rang = await w.sup.until(lambda c: c.state is RINGING and c.id != rang.id, seen)
    await w.sup.answer(rang.id)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.TRANSFER
    await _with_the_supervisor(w, out, before, rang.id)


async def _with_the_supervisor(w: World, out: str, before: int, at_sup: str) -> None:
    joined = await w.caller.until(lambda c: c.id != out and c.state is UP, before)
    await w.caller.hears(joined.id, SUP_HZ)
    await w.sup.hang_up(at_sup)
    await w.caller.until(lambda c: c.id == joined.id and c.state is ENDED, before)


async def _hung_up(w: World, out: str, line: str) -> None:
    await w.phone.hang_up(line)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.US
    await w.caller.until(lambda c: c.id == out and c.state is ENDED)


async def _left(w: World, out: str, line: str) -> None:
    await w.caller.hang_up(out)
    assert (await w.desk.becomes(line, ENDED)).ended_by is EndedBy.THEM
