"""How a command ends that cannot do its work: one clear line."""

import getpass
import sys
from importlib.util import find_spec
from typing import NoReturn

import typer

NO_SIP = "the embedded SIP phone is not installed: install rung with its extra `sip` (Linux only)"
NO_FLOOR = "the floor needs NATS: install rung with its extra `floor`"
NO_PEOPLE = "passwords need argon2: install rung with its extra `page` or `floor`"
NO_REPORT = "reports in this form need more: install rung with its extra `report`: pip install 'rung[report]'"
NO_DEMO = (
    "the demo needs the SIP phone, the MicroPython VM and NiceGUI: install rung with its extra `demo` (Linux x86_64)"
)


def stop(told: str) -> NoReturn:
    """End with one clear line, or one for each mistake in a file, and exit code 2."""
    for line in told.split("\n"):
        print(f"rung: {line}", file=sys.stderr)
    raise typer.Exit(2)


def need(module: str, otherwise: str) -> None:
    """End with ``otherwise`` unless this module is installed."""
    if find_spec(module) is None:
        stop(otherwise)


def typed(prompt: str, again: bool = False) -> str:
    """A password: never an argument, which every program of the computer can see. Or a line of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    word = getpass.getpass(prompt)
    if again and getpass.getpass("once more: ") != word:
        stop("the two are not the same; nothing was changed")
    return word
