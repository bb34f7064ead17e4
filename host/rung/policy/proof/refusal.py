"""A floor's own policy that fails its proof is refused when it is loaded, with the sequence that shows why."""

from functools import lru_cache

from rung.policy.language import Policy, canonical, from_canonical
from rung.policy.library import PolicyError
from rung.policy.proof.properties import SENTENCES
from rung.policy.proof.prove import Proof, prove


def proved(policy: Policy, file: str) -> Policy:
    """Return the policy if every property holds of it. Raises PolicyError: one line, what fails and how it comes."""
    proof = _proof(canonical(policy))
    if proof.too_many:
        raise PolicyError(f"{file}: the ladder has too many states to be proved ({proof.too_many}); simplify it")
    for breach in proof.breaches:
        way = "; then ".join(breach.words)
        how = f"; the shortest way there: {way}" if way else ""
        raise PolicyError(f"{file}: {breach.name}: {breach.what}{how} ({SENTENCES[breach.name]})")
    return policy


@lru_cache(maxsize=16)
def _proof(policy: str) -> Proof:
    """A policy is proved once, however often it is loaded."""
    return prove(from_canonical(policy))
