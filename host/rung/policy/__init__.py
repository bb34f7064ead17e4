"""The ladder: the policy language, the pure step, and what lamps and pages show of it."""

from rung.policy.decision import Step
from rung.policy.lamps import lamps, next_change
from rung.policy.language import Policy, PolicyError, Times, load
from rung.policy.state import Desk
from rung.policy.step import step

__all__ = ["Desk", "Policy", "PolicyError", "Step", "Times", "lamps", "load", "next_change", "step"]
