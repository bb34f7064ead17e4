"""`rung run` and `rung phone`: a desk on real parts."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from rung.cli.app import stop
from rung.cli.keys import Keys
from rung.cli.screen import Screen
from rung.config import Config, ConfigError, SipConfig, read_config
from rung.desk.bridge import Bridge
from rung.desk.happening import Happening, Teller
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.phone.sip import SipPhone
from rung.phone.sip_control import SipSettings

if sys.platform != "win32":
    import termios
    import tty


def run_desk(file: Path, json: bool) -> None:
    config = _config(file)
    try:
        config.state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = Journal(config.journal)
    except (JournalError, OSError) as error:
        stop(str(error))
    screen = None if json else Screen()
    teller = Teller(_print_json if screen is None else screen.happened)
    try:
        asyncio.run(_run(config, journal, teller, screen))
    except KeyboardInterrupt:
        pass
    except JournalError as error:
        stop(str(error))
    finally:
        teller.close()
        journal.close()


def run_phone(file: Path) -> None:
    config = _config(file)
    try:
        from rung.phone.sip_process import serve
    except ImportError:
        stop("the embedded SIP phone is not installed: pip install 'rung[sip]' (Linux)")
    serve(sip_settings(config.phone), config.phone_control)


def _config(file: Path) -> Config:
    try:
        return read_config(file)
    except ConfigError as error:
        stop(str(error))


def sip_settings(phone: SipConfig) -> SipSettings:
    fields = msgspec.structs.asdict(phone)
    return SipSettings(**{k: v for k, v in fields.items() if k not in ("kind", "supervisors")})


async def _run(config: Config, journal: Journal, teller: Teller, screen: Screen | None) -> None:
    phone = SipPhone(config.phone_control, sip_settings(config.phone), start=True)
    bridge = Bridge(config.policy(), journal, phone, config.box.port, teller)
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its event loop
            loop.add_signal_handler(name, task.cancel)

    def feed(input: object) -> None:
        answer = bridge.feed(input)  # type: ignore[arg-type]  # Keys makes inputs only
        if answer is not None:
            teller.tell("answer", answer=answer)

    keys = Keys(feed)
    with _raw_terminal(), screen or contextlib.nullcontext():
        reader = threading.Thread(
            target=_read_keys, args=(lambda c: loop.call_soon_threadsafe(keys.key, c),), daemon=True
        )
        reader.start()
        with contextlib.suppress(asyncio.CancelledError):
            await bridge.run(config.desk.person, config.phone.supervisors)


def _read_keys(key: Callable[[str], object]) -> None:
    with contextlib.suppress(OSError, ValueError, RuntimeError):  # the loop or the terminal is gone: so are the keys
        while data := os.read(sys.stdin.fileno(), 64):
            for char in data.decode(errors="replace"):
                key(char)


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """Single keys without Enter; Ctrl-C still ends the program."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _print_json(happening: Happening) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the desk works on
        sys.stdout.buffer.write(msgspec.json.encode(happening) + b"\n")
        sys.stdout.buffer.flush()
