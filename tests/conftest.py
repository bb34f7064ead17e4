"""What holds for every test."""

import os
import random

import pytest
from hypothesis import settings

# Machines that test this are slow and shared: no test is about how long it takes. A failure prints
# the blob that repeats it.
# In CI the same cases each time, so that a change is judged by what it changes; chance is for everywhere else.
settings.register_profile("rung", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("rung")


@pytest.fixture
def seed() -> int:
    """The seed of this test's random faults: printed, and taken from RUNG_SEED to see a failure again."""
    value = int(os.environ.get("RUNG_SEED", random.SystemRandom().randrange(2**32)))
    print(f"RUNG_SEED={value}")
    return value
