"""The answers that a person gets, in one line each."""

from rung import words as w


def refuse(why: str, next: w.Button | None = None) -> w.Answer:
    return w.Answer(verdict=w.Verdict.REFUSED, why=why, next=next)


def nothing(why: str, next: w.Button | None = None) -> w.Answer:
    return w.Answer(verdict=w.Verdict.NOTHING, why=why, next=next)


def taken(why: str) -> w.Answer:
    return w.Answer(verdict=w.Verdict.TAKEN, why=why)


def sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
