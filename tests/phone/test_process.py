"""The phone process's commands on a stack that does as a test wants: late, stalled, and never asked."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("baresip", reason="needs the SIP phone: pip install 'rung[sip]'")

from tests.phone.control_line import NEVER_TOO_LATE

from rung import private
from rung.phone import sip_control as ctl
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.sip_process import SipPhoneProcess
from rung.words import Call


class Stack:
    """Notes what reaches it. While ``stalled`` it answers nothing, like one whose thread hangs."""

    def __init__(self) -> None:
        self.took: list[str] = []
        self.stalled = False

    async def start(self, host: str, port: int) -> None:
        self.took.append("start")

    async def close(self) -> None:
        self.took.append("close")

    async def _command(self, name: str) -> None:
        self.took.append(name)
        if self.stalled:
            raise PhoneUnsureError("stalled")

    async def hang_up(self, handle: int) -> None:
        await self._command("hang_up")

    async def refer(self, handle: int, uri: str) -> None:
        await self._command("refer")

    async def refer_to_call(self, handle: int, other: int) -> None:
        await self._command("refer_to_call")

    async def settle(self) -> None:
        if self.stalled:
            await asyncio.sleep(0.01)
            raise PhoneUnsureError("stalled")


def on_stack(test: Callable[[SipPhoneProcess, Stack, str, str], Awaitable[None]]) -> None:
    """Two answered calls, by handle 1 and 2."""

    async def whole() -> None:
        process, stack = SipPhoneProcess(ctl.SipSettings(user="agent")), Stack()
        process.stack = stack  # type: ignore[assignment]
        for handle in (1, 2):
            process.book.saw("CALL_INCOMING", handle)
            process.book.saw("CALL_ESTABLISHED", handle)
        line, consult = (call.id for call in process.book.calls())
        await test(process, stack, line, consult)

    asyncio.run(whole())


async def calls(process: SipPhoneProcess) -> tuple[Call, ...]:
    said = await process.do(ctl.Calls(9))
    assert isinstance(said, ctl.Done)
    return said.calls


def test_a_late_ending_or_transfer_never_reaches_the_stack() -> None:
    async def test(process: SipPhoneProcess, stack: Stack, line: str, consult: str) -> None:
        def asked(not_after_ns: int) -> list[ctl.Asked]:
            return [
                ctl.Complete(1, line, consult, not_after_ns),
                ctl.Transfer(2, consult, "sup@127.0.0.1", not_after_ns),
                ctl.HangUp(3, line, not_after_ns),
            ]

        for late in asked(time.monotonic_ns() - 1):
            with pytest.raises(PhoneError, match="too late, press again") as refused:
                await process.do(late)
            assert not isinstance(refused.value, PhoneUnsureError)
        assert stack.took == [] and [call.doing for call in await calls(process)] == ["", ""]
        for in_time in asked(NEVER_TOO_LATE):
            await process.do(in_time)
        assert stack.took == ["refer_to_call", "refer", "hang_up"]

    on_stack(test)


def test_a_hang_up_nobody_is_sure_of_still_counts_as_ours() -> None:
    async def test(process: SipPhoneProcess, stack: Stack, line: str, consult: str) -> None:
        stack.stalled = True
        with pytest.raises(PhoneUnsureError):
            await process.do(ctl.HangUp(1, line, NEVER_TOO_LATE))
        assert (await calls(process))[0].doing == "ending", "it may yet happen"
        (ended,) = process.book.saw("CALL_CLOSED", 1, "")
        assert ended.ended_by == "us"

    on_stack(test)


def test_once_the_stack_answers_again_it_is_known_whether_the_hang_up_came() -> None:
    async def test(process: SipPhoneProcess, stack: Stack, line: str, consult: str) -> None:
        stack.stalled = True
        with pytest.raises(PhoneUnsureError):
            await process.do(ctl.HangUp(1, line, NEVER_TOO_LATE))
        stack.stalled = False
        async with asyncio.timeout(30):
            while (await calls(process))[0].doing == "ending":
                await asyncio.sleep(0.01)
        (ended,) = process.book.saw("CALL_CLOSED", 1, "")
        assert ended.ended_by == "unknown"

    on_stack(test)


@pytest.fixture
def a_signal_would_be_noticed() -> Iterator[list[int]]:
    """Signals that the process did not handle itself, and which would have killed it; they come out of this fixture."""
    missed: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, lambda got, frame: missed.append(got)) for number in numbers]
    yield missed
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["the stack starts", "the control file is written"])
def test_a_signal_while_it_starts_makes_it_leave_in_good_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, a_signal_would_be_noticed: list[int], moment: str, number: int
) -> None:
    control, stack = tmp_path / "control", Stack()
    process = SipPhoneProcess(ctl.SipSettings(user="agent"))
    process.stack = stack  # type: ignore[assignment]
    write = private.write_private

    async def starting(host: str, port: int) -> None:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0)

    def writing(path: Path, content: bytes) -> None:
        write(path, content)
        os.kill(os.getpid(), number)

    if moment == "the stack starts":
        monkeypatch.setattr(stack, "start", starting)
    else:
        monkeypatch.setattr(private, "write_private", writing)
    asyncio.run(asyncio.wait_for(process.run(control), 30))
    assert a_signal_would_be_noticed == []
    assert stack.took[-1] == "close" and not control.exists()


def test_a_call_that_came_while_a_signal_hurried_its_start_is_not_ended(
    tmp_path: Path, a_signal_would_be_noticed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack()
    process = SipPhoneProcess(ctl.SipSettings(user="agent"))
    process.stack = stack  # type: ignore[assignment]

    async def starting(host: str, port: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        process._on_event("CALL_INCOMING", 1, "", "", {})

    async def whole() -> None:
        running = asyncio.create_task(process.run(tmp_path / "control"))
        await asyncio.sleep(0.3)
        assert not running.done()
        process._on_event("CALL_CLOSED", 1, "", "", {})
        await asyncio.wait_for(running, 30)

    monkeypatch.setattr(stack, "start", starting)
    asyncio.run(whole())
    assert stack.took == ["close"] and a_signal_would_be_noticed == []
