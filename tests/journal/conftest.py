import os
import random
from collections.abc import Iterator

import pytest


@pytest.fixture
def seed() -> Iterator[int]:
    """The seed of this test's random faults: printed, and taken from RUNG_SEED to see a failure again."""
    value = int(os.environ.get("RUNG_SEED", random.SystemRandom().randrange(2**32)))
    print(f"RUNG_SEED={value}")
    yield value
