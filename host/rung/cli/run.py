"""`rung run` and `rung phone`: a desk on real parts."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from rung import words as w
from rung.cli.ends import NO_SIP, need, stop
from rung.cli.keys import Keys
from rung.cli.phones import extension_of, phone_of, sip_settings
from rung.cli.screen import Screen
from rung.cli.terminal import keys_of_stdin
from rung.config import Config, ConfigError, SipConfig, read_config
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.floor.base import Place
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.link.search import BoxAt
from rung.phone.base import Phone

SWITCH_S = 0.0005  # link, event loop and watcher share one interpreter; a press would wait out Python's own 5 ms


def run_desk(file: Path, json: bool) -> None:
    sys.setswitchinterval(SWITCH_S)
    config = _config(file)
    phone = phone_of(config)
    try:
        config.state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = Journal(config.journal)
    except (JournalError, OSError) as error:
        stop(str(error))
    screen = None if json else Screen()
    teller = Teller(_print_json if screen is None else screen.happened)
    try:
        asyncio.run(_run(config, phone, journal, teller, screen))
    except* JournalError as failed:
        stop(str(failed.exceptions[0]))
    finally:
        journal.close()  # first: the next bridge may need it while a watcher still does not read
        teller.close()


def run_phone(file: Path) -> None:
    config = _config(file)
    if not isinstance(config.phone, SipConfig):
        stop("rung phone is the embedded SIP phone, and this desk's phone.kind is another")
    need("baresip", NO_SIP)
    from rung.phone.sip_process import serve

    serve(sip_settings(config.phone), config.phone_control)


def _config(file: Path) -> Config:
    try:
        return read_config(file)
    except ConfigError as error:
        stop(str(error))


async def _run(config: Config, phone: Phone, journal: Journal, teller: Teller, screen: Screen | None) -> None:
    box = BoxAt(config.keys, config.box.port, config.box.id)
    bridge = Bridge(config.book(), journal, phone, teller, box=box)
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)

    def feed(input: w.Input) -> None:
        answer = bridge.feed(input)
        if answer is not None:
            teller.tell("answer", answer=answer)

    keys = Keys(feed, lambda: bridge.look().tick)

    def key(char: str) -> None:
        keys.key(char)
        if screen is not None:
            screen.prompt = keys.prompt

    with screen or contextlib.nullcontext(), keys_of_stdin(key), contextlib.suppress(asyncio.CancelledError):
        await bridge.run(Place(extension=extension_of(config), person=config.person()), config.phone.supervisors)


def _print_json(happening: Happening) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the desk works on
        sys.stdout.buffer.write(msgspec.json.encode(happening) + b"\n")
        sys.stdout.buffer.flush()
