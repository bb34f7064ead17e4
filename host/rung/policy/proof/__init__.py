"""The proof of a policy: a walk over the real `step`, and the properties that are held against every step of it."""

from rung.policy.proof.properties import SENTENCES
from rung.policy.proof.prove import Proof, prove
from rung.policy.proof.refusal import proved
from rung.policy.proof.walk import MOST, Breach

__all__ = ["MOST", "SENTENCES", "Breach", "Proof", "prove", "proved"]
