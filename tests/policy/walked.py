"""The walks of a policy, made once for all tests that look at them."""

from functools import cache
from pathlib import Path

from rung.policy import load
from rung.policy.library import shipped
from rung.policy.proof.prove import Proof, Walks

TWO_WARNINGS = str(Path(__file__).with_name("two-warnings.toml"))
POLICIES = (*shipped(), TWO_WARNINGS)  # the last one has rungs that lapse, and an ending that uses up leave


@cache
def walked(name: str) -> tuple[Walks, Proof]:
    walks = Walks(load(name))
    return walks, walks.proof()
