"""A command whose extra is not installed says in one line which one it is."""

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules.update(dict.fromkeys({!r}.split())); from rung.cli import main; main()"


@pytest.mark.parametrize(
    ("command", "absent", "extra"),
    [
        ("pbx", "nats nkeys", "floor"),
        ("floor", "nats nkeys", "floor"),
        ("floor views", "nats nkeys", "floor"),
        ("report", "polars matplotlib fpdf", "report"),
        ("demo", "micropython_run baresip nicegui", "demo"),
    ],
)
def test_it_names_the_extra(command: str, absent: str, extra: str) -> None:
    program = [sys.executable, "-c", WITHOUT.format(absent), *command.split()]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("rung: ") and f"extra `{extra}`" in line


def test_a_desk_needs_no_extra_to_read_its_configuration() -> None:
    """Passwords, pages, the floor and the SIP phone come with extras; a desk may be without any of them."""
    program = [sys.executable, "-c", WITHOUT.format("argon2 nats nkeys nicegui baresip"), "run", "-c", "nowhere.toml"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("rung: nowhere.toml: cannot be read")
