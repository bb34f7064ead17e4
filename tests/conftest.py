"""What holds for every test."""

import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Machines that test this are slow and shared: no test is about how long it takes. A failure prints
# the blob that repeats it.
# In CI the same cases each time, so that a change is judged by what it changes; chance is for everywhere else.
settings.register_profile("rung", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("rung")


# The tests start Python some thousand times. Each would compile all of Rung anew where that must not be kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The rooms whose tests have real peers: telephones and PBX, nats-server, Chromium.
REAL = [Path(__file__).parent / room for room in ("real", "floor", "page")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real peer on a busy computer may be slow once: in CI each test has a second chance, and is named at the end.

    Elsewhere none has: there chance is to be seen.
    """
    if "CI" in os.environ:
        for item in items:
            if any(item.path.is_relative_to(room) for room in REAL):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def seed() -> int:
    """The seed of this test's random faults: printed, and taken from RUNG_SEED to see a failure again."""
    value = int(os.environ.get("RUNG_SEED", random.SystemRandom().randrange(2**32)))
    print(f"RUNG_SEED={value}")
    return value
