"""A floor's own policy that fails its proof is refused when it is loaded, with the sequence that shows why."""

from functools import lru_cache

from rung.policy.language import Policy, canonical, from_canonical
from rung.policy.library import PolicyError
from rung.policy.proof.properties import SENTENCES
from rung.policy.proof.prove import Proof, prove
from rung.policy.proof.witness import TOO_COARSE, Breach


def proved(policy: Policy, file: str) -> Policy:
    """Return the policy if every property holds of it. Raises PolicyError: one line, what fails and how it comes."""
    proof = _proof(canonical(policy))
    if proof.too_many:
        raise PolicyError(f"{file}: the ladder has too many states to be proved ({proof.too_many}); simplify it")
    if proof.breaches:
        raise PolicyError(f"{file}: {_why(proof.breaches)}")
    return policy


def _why(breaches: tuple[Breach, ...]) -> str:
    """What fails. What does not come about when it is played once more is told only if there is nothing else."""
    real = next((b for b in breaches if b.played is not False), None)
    breach = real or breaches[0]
    way = "; then ".join(breach.words)
    how = f"; the shortest way there: {way}" if way else ""
    told = f"{breach.name}: {breach.what}{how} ({SENTENCES[breach.name]})"
    if real is not None:
        return told
    return f"nothing wrong was found, but it cannot be proved: the proof is {TOO_COARSE}. What it stumbled over: {told}"


@lru_cache(maxsize=16)
def _proof(policy: str) -> Proof:
    """A policy is proved once, however often it is loaded."""
    return prove(from_canonical(policy))
