"""What to say: the words of a rung for this call, its grounds and whoever says them."""

from collections.abc import Set

from rung.policy.language import Policy, Rung
from rung.policy.state import Case, Who
from rung.words import Ground


def script(policy: Policy, rung: Rung, case: Case, who: Who) -> tuple[str, str]:
    """The words and their language: the call's, else the policy's first.

    They are about the newest ground for which the rung is taken; what was declared beside it (shouting, where there is
    a threat) must not hide the reason.
    """
    about = _about(policy, rung)
    newest = next((said.ground for said in reversed(case.grounds) if said.ground in about), None)
    texts = rung.script
    for variant in rung.variant:
        if (not variant.grounds or newest in variant.grounds) and not (variant.untrained and who.trained):
            texts = variant.script
            break
    language = case.language if case.language in texts else next(iter(texts))
    return texts[language].strip(), language


def _about(policy: Policy, rung: Rung) -> Set[Ground]:
    """The grounds that open the rung; where none is asked for, those for which it has words of their own."""
    asked = [grounds for need in rung.requires for grounds in (need.ground, need.attested) if grounds is not None]
    if asked:
        return frozenset[Ground]().union(*map(policy.ground_set, asked))
    return {ground for variant in rung.variant for ground in variant.grounds}
