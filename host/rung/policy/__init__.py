"""The ladder: the policy language, the pure step, and what lamps and pages show of it."""

from rung.policy.book import Book, Rule, Rules
from rung.policy.decision import Step
from rung.policy.lamps import lamps, next_change
from rung.policy.language import Policy, Times
from rung.policy.library import PolicyError, load
from rung.policy.state import Desk
from rung.policy.step import step

__all__ = [
    "Book",
    "Desk",
    "Policy",
    "PolicyError",
    "Rule",
    "Rules",
    "Step",
    "Times",
    "lamps",
    "load",
    "next_change",
    "step",
]
