"""What to say: the words of a rung for this call, its grounds and whoever says them."""

from rung.policy.language import Rung, Variant
from rung.policy.state import Case, Who


def script(rung: Rung, case: Case, who: Who) -> tuple[str, str]:
    """The words and their language: the call's, else the policy's first."""
    fitting = next((v for v in rung.variant if _fits(v, case, who)), None)
    texts = rung.script if fitting is None else fitting.script
    language = case.language if case.language in texts else next(iter(texts))
    return texts[language].strip(), language


def _fits(variant: Variant, case: Case, who: Who) -> bool:
    newest = case.grounds[-1].ground if case.grounds else None
    return (not variant.grounds or newest in variant.grounds) and not (variant.untrained and who.trained)
