"""The answers that a person gets, in one line each: why, and which button comes next."""

from functools import partial

from rung.words import Answer, Verdict

taken = partial(Answer, Verdict.TAKEN)
nothing = partial(Answer, Verdict.NOTHING)
refuse = partial(Answer, Verdict.REFUSED)


def sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
