"""The answers that a person gets, in one line each."""

from rung import words as w

TAKEN, REFUSED, NOTHING = w.Verdict.TAKEN, w.Verdict.REFUSED, w.Verdict.NOTHING


def refuse(why: str, next: w.Button | None = None) -> w.Answer:
    return w.Answer(REFUSED, why, next)


def nothing(why: str, next: w.Button | None = None) -> w.Answer:
    return w.Answer(NOTHING, why, next)


def taken(why: str) -> w.Answer:
    return w.Answer(TAKEN, why)


def sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
