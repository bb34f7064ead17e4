"""What can be done about a call afterwards, as forms: what a person fills in, and the act that comes of it."""

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from rung import words as w
from rung.words import Amends, Finding

Values = Mapping[str, str]
Kind = Literal["text", "choice", "number"]
YES, NO = "yes", "no"


class Field(Struct, frozen=True):
    name: str
    kind: Kind = "text"
    options: tuple[str, ...] = ()


class Form(Struct, frozen=True):
    """``make`` gets the case, the duty's own name for what it is about (a complaint's reference), and the values."""

    name: str
    fields: tuple[Field, ...]
    make: Callable[[str, str, Values], w.AfterAct]


REASON = Field("reason")


def _flag(name: str) -> Field:
    return Field(name, "choice", (NO, YES))


def _days(values: Values) -> int:
    text = values["days"].strip()
    return int(text) if text.isdecimal() else 0


def _put_right(amends: Amends) -> Form:
    return Form(
        f"put_right_{amends.name.lower()}",
        (Field("how"),),
        lambda case, about, v: w.PutRight(case=case, reference=about, amends=amends, how=v["how"]),
    )


def _found(case: str, about: str, v: Values) -> w.Found:
    amends = tuple(each for each in Amends if v[each.name.lower()] == YES)
    side: Literal["caller", "agent"] = "caller" if v["side"] == "caller" else "agent"
    return w.Found(case=case, reference=about, side=side, reason=v["reason"], amends=amends)


def _followed_up(case: str, about: str, v: Values) -> w.FollowedUp:
    return w.FollowedUp(
        case=case,
        by_way_of="telephone" if v["by_way_of"] == "telephone" else "email",
        happened=v["happened"],
        will_do=v["will_do"],
        goodwill=v["goodwill_offered"] == YES,
        introduced=v["introduced"] == YES,
    )


def _let_be(duty: Literal["follow-up", "call back"]) -> Form:
    return Form("let_be", (REASON,), lambda case, about, v: w.LetBe(case=case, duty=duty, reason=v["reason"]))


_WRAP_UP = Form(
    "wrap_up",
    (Field("code"), Field("note"), REASON),
    lambda case, about, v: w.WrappedUp(case=case, code=v["code"], note=v["note"], reason=v["reason"]),
)
# By the name of the duty that is open.
DUE: dict[str, tuple[Form, ...]] = {
    "review": (
        Form(
            "review",
            (
                Field("finding", "choice", tuple(Finding)),
                REASON,
                _flag("unauthorised"),
                Field("goodwill"),
            ),
            lambda case, about, v: w.Reviewed(
                case=case,
                finding=Finding(v["finding"]),
                reason=v["reason"],
                unauthorised=v["unauthorised"] == YES,
                goodwill=v["goodwill"],
            ),
        ),
    ),
    "complaint": (
        Form(
            "found",
            (Field("side", "choice", ("agent", "caller")), REASON, _flag("unblock"), _flag("call_back")),
            _found,
        ),
    ),
    "follow-up": (
        Form(
            "followed_up",
            (
                Field("by_way_of", "choice", ("email", "telephone")),
                Field("happened"),
                Field("will_do"),
                _flag("goodwill_offered"),
                _flag("introduced"),
            ),
            _followed_up,
        ),
        _let_be("follow-up"),
    ),
    "unblock": (_put_right(Amends.UNBLOCK),),
    "call back": (_put_right(Amends.CALL_BACK), _let_be("call back")),
    "block": (
        Form(
            "block_decided",
            (_flag("granted"), Field("days", "number"), REASON),
            lambda case, about, v: w.BlockDecided(
                case=case, granted=v["granted"] == YES, reason=v["reason"], days=_days(v)
            ),
        ),
    ),
    "appeal": (
        Form(
            "appeal_decided",
            (_flag("lifted"), REASON),
            lambda case, about, v: w.AppealDecided(case=case, lifted=v["lifted"] == YES, reason=v["reason"]),
        ),
    ),
    "reason": (_WRAP_UP,),
    "wrap-up": (_WRAP_UP,),
}
# On any incident, whether something is due or not.
ANY: tuple[Form, ...] = (
    Form("complained", (Field("text"),), lambda case, about, v: w.Complained(case=case, text=v["text"])),
    Form("block_proposed", (REASON,), lambda case, about, v: w.BlockProposed(case=case, reason=v["reason"])),
    Form("unblocked", (REASON,), lambda case, about, v: w.Unblocked(case=case, reason=v["reason"])),
    Form("appealed", (Field("text"),), lambda case, about, v: w.Appealed(case=case, text=v["text"])),
    Form("opted_out", (_flag("out"),), lambda case, about, v: w.OptedOut(case=case, out=v["out"] == YES)),
)


def blank(form: Form) -> dict[str, str]:
    """What stands in a form before anybody has touched it."""
    return {field.name: field.options[0] if field.options else "" for field in form.fields}
