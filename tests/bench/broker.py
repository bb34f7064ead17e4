"""What the broker's processor does for 100 telephones on one connection to Asterisk's manager.

`python -m tests.bench.broker`. All have a call after the other, at the same time; the events go through the reader and
to every telephone's own adapter. Beside it, in turns in the same run: the reader alone, which only takes the bytes
apart, and telephones each of which keeps a table of all channels of its own, as they do without a broker.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median

from tests.bench.report import machine

from rung.phone.asterisk.channels import Channels
from rung.phone.asterisk.link import Account
from rung.phone.asterisk.phone import AsteriskPhone
from rung.phone.asterisk.settings import AsteriskSettings
from rung.phone.asterisk.wire import BANNER, Reader
from rung.phone.base import PhoneNews
from rung.words import CallIs, CallState

TELEPHONES = 100
CALLS = 3  # of each, in a turn
TURNS = 5
VARIABLES = 8  # set on each channel of a call: the dialplan's, the queue's
ACCOUNT = Account(host="127.0.0.1", port=5038, user="rung", secret="")


def said(event: str, **fields: str) -> bytes:
    lines = [f"Event: {event}", "Privilege: call,all", *(f"{key}: {value}" for key, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def a_call(agent: int, number: int) -> Iterator[bytes]:
    """What a manager that reads calls and reports is told of one call."""
    caller, desk = f"1.{number}0", f"1.{number}1"
    names = {caller: f"PJSIP/trunk-{number:08x}", desk: f"PJSIP/{agent}-{number:08x}"}

    def of(id: str, state: str = "Up", prefix: str = "") -> dict[str, str]:
        fields = {"Channel": names[id], "ChannelStateDesc": state, "Uniqueid": id, "Linkedid": caller, "Exten": "s"}
        return {f"{prefix}{key}": value for key, value in fields.items()}

    for id in (caller, desk):
        yield said("Newchannel", **of(id, "Down"))
        for step in range(VARIABLES):
            yield said("VarSet", **of(id, "Down"), Variable=f"V{step}", Value="x")
            yield said("Newexten", **of(id, "Down"), Application="Set", AppData=f"V{step}=x")
    yield said("DialBegin", **of(caller, "Ring"), **of(desk, "Ringing", "Dest"))
    for id in (desk, caller):
        yield said("Newstate", **of(id))
    yield said("DialEnd", **of(caller), **of(desk, "Up", "Dest"), DialStatus="ANSWER")
    for id in (desk, caller):
        yield said("BridgeEnter", **of(id), BridgeUniqueid=f"b{number}")
    yield said("HangupRequest", **of(caller), Cause="16")
    for id in (caller, desk):
        yield said("BridgeLeave", **of(id), BridgeUniqueid=f"b{number}")
        yield said("Hangup", **of(id), Cause="16")


def day() -> list[bytes]:
    """The calls of all agents, event by event between each other."""
    events = [BANNER + b"9.0.0\r\n"]
    for turn in range(CALLS):
        calls = [a_call(agent, 1 + turn * TELEPHONES + agent) for agent in range(TELEPHONES)]
        events += [event for together in zip(*calls, strict=True) for event in together]
    return events


class Desks:
    """The telephones of all desks."""

    def __init__(self, shared: bool) -> None:
        self.ended = 0
        table = Channels()
        self.phones = []
        for agent in range(TELEPHONES):
            phone = AsteriskPhone(AsteriskSettings(account=ACCOUNT, endpoint=f"PJSIP/{agent}"))
            phone.book.begin(table if shared else Channels())
            phone._known, phone._feed = True, self._told
            self.phones.append(phone)

    def _told(self, news: PhoneNews) -> None:
        self.ended += isinstance(news, CallIs) and news.call.state is CallState.ENDED

    def hear(self, events: list[bytes]) -> None:
        reader = Reader()
        for data in events:
            for event in reader.feed(data):
                for phone in self.phones:
                    phone._on_event(event)


def bare(events: list[bytes]) -> None:
    reader = Reader()
    for data in events:
        reader.feed(data)


def took(work: Callable[[list[bytes]], None], events: list[bytes]) -> float:
    """Seconds of processor."""
    begun = time.process_time()
    work(events)
    return time.process_time() - begun


def main() -> None:
    print(machine(), flush=True)
    events, found = day(), []
    for _ in range(TURNS):
        one, each = Desks(shared=True), Desks(shared=False)
        found.append((took(bare, events), took(one.hear, events), took(each.hear, events)))
        assert one.ended == each.ended == TELEPHONES * CALLS, "each call is told to its own desk, once"
    reader, one_s, each_s = (1e6 * median(turn[i] for turn in found) / len(events) for i in range(3))
    print(f"{len(events)} events for {TELEPHONES} telephones, {TURNS} turns; processor for each event, median")
    print(f"the reader alone           {reader:8.1f} µs")
    print(f"one table for all          {one_s:8.1f} µs   {one_s / reader:6.1f} times the reader")
    print(f"a table for each telephone {each_s:8.1f} µs   {each_s / one_s:6.1f} times one table")


if __name__ == "__main__":
    main()
