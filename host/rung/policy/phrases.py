"""A policy's tables in words, for people: in the terminal, on the card, in drawings and comparisons."""

import msgspec

from rung.policy.language import ANY, ENDING, Duty, Grounds, Policy, Requires, Rung, Variant
from rung.policy.wording import Wording, wording
from rung.words import Ground, Role

ENGLISH = wording("en")


def opens(policy: Policy, rung: Rung, language: str = "en", *, brief: bool = False) -> str:
    """What the rung requires, in one text; what its alternatives have in common is told once.

    ``brief``: the grounds for an ending are told elsewhere on the page.
    """
    say = wording(language).needs
    ways = [parts(policy, rung, need, language, brief=brief) for need in rung.requires]
    common = [part for part in ways[0] if all(part in way for way in ways)]
    rest = [f" {say['and']} ".join(part for part in way if part not in common) for way in ways]
    if all(rest):
        common.append(f", {say['or']} ".join(rest))
    return "; ".join(common) or say["nothing"]


def parts(policy: Policy, rung: Rung, need: Requires, language: str = "en", *, brief: bool = False) -> list[str]:
    """One alternative, condition by condition, in the order in which a person meets them."""
    say = wording(language).needs
    wait = f"{policy.times.wait:g}"

    def title(other: str) -> str:
        return policy.translated(policy.find(other).title, language)

    after = say["own"] if rung.role == Role.SUPERVISOR else say["taken"]
    found = [after.format(title=title(other)) for other in need.taken]
    if need.on_call:
        found.append(say["on_call"].format(wait=wait))
    if need.attested is not None:
        found.append(say["attested"].format(grounds=grounds(policy, need.attested, language)))
    if need.leave is not None:
        found.append(say["leave_unused"] if need.leave == "unused" else say["leave_none"])
    if need.persisted:
        found.append(say["persisted"].format(wait=wait))
    found += [say[key] for key in ("unavailable", "involved", "not_necessary") if getattr(need, key)]
    if need.ground is not None:
        brief = brief and need.ground == ENDING
        named = say["an_ending_ground_below"] if brief else grounds(policy, need.ground, language)
        declared = say["declared_after"] if need.after is not None else "{grounds}"
        found.append(declared.format(grounds=named, title=title(need.after) if need.after is not None else ""))
    if need.trained:
        found.append(say["trained"])
    return found


def grounds(policy: Policy, wanted: Grounds, language: str = "en") -> str:
    """A set of grounds in words, e.g. "a ground: slur, threat"."""
    say = wording(language)
    if wanted == ANY:
        return say.needs["any_ground"]
    kind = "an_ending_ground" if wanted == ENDING else "a_ground"
    return say.needs[kind].format(grounds=listed(policy.ground_set(wanted), say))


def listed(held: frozenset[Ground], say: Wording = ENGLISH) -> str:
    """These grounds, or all but the others, whichever is shorter."""
    inside = [say.ground[g] for g in Ground if g in held]
    outside = [say.ground[g] for g in Ground if g not in held]
    if len(inside) <= len(outside):
        return ", ".join(inside)
    return say.needs["any_but"].format(grounds=", ".join(outside))


def duty(due: Duty, language: str = "en") -> str:
    """E.g. "review after a call that a rung ended"."""
    say = wording(language)
    return f"{_due(due, say)} {_kind_of_call(due, say)}"


def _due(due: Duty, say: Wording) -> str:
    return say.duty[due.do].format(minutes=f"{due.minutes:g}")


def _kind_of_call(due: Duty, say: Wording) -> str:
    only = f" ({', '.join(say.ground[g] for g in due.grounds)})" if due.grounds else ""
    return f"{say.when[due.when]}{only}"


def duties(policy: Policy, language: str = "en") -> list[str]:
    """All that is due, told once for each kind of call."""
    say = wording(language)
    found: dict[str, list[str]] = {}
    for due in policy.duty:
        found.setdefault(_kind_of_call(due, say), []).append(_due(due, say))
    return [f"{call}: {', '.join(what)}" for call, what in found.items()]


def how(rung: Rung, language: str = "en") -> list[str]:
    """What is special about taking it: repeatable, lapsing, open while leave is asked."""
    say = wording(language).how
    found = [say["repeatable"]] if rung.repeatable else []
    found += [say["lapses"].format(seconds=f"{rung.lapses_after:g}")] if rung.lapses_after is not None else []
    return found + ([say["while_asking"]] if rung.while_asking else [])


def does(rung: Rung, language: str = "en") -> str:
    """What it does; of what is said, also that the wait counts from it."""
    return wording(language).does["warn" if rung.warns else rung.does]


def beside(policy: Policy, rung: Rung, language: str = "en") -> list[str]:
    """What else belongs to a press of it: what that attests, what may be ticked, that its announcement is played."""
    say = wording(language)
    found = [say.card["says"].format(text=policy.translated(text, language)) for text in rung.attests]
    found += [say.card["tick"].format(items=", ".join(item[language] for item in rung.tick))] if rung.tick else []
    return found + ([say.how["play"]] if rung.play else [])


def who_and_how(rung: Rung, language: str = "en") -> str:
    """E.g. "agent, warn, repeatable"."""
    return ", ".join([wording(language).role[rung.role], str(rung.button), *how(rung, language)])


def variant_of(variant: Variant, language: str = "en") -> str:
    """When these other words are shown, e.g. "for slur, hate speech"."""
    say = wording(language)
    when = [say.needs["newest"].format(grounds=", ".join(say.ground[g] for g in variant.grounds))]
    return ", ".join((when if variant.grounds else []) + ([say.needs["untrained"]] if variant.untrained else []))


def waits(policy: Policy, language: str = "en") -> str:
    """The policy's times in one line."""
    times = msgspec.structs.asdict(policy.times)
    return wording(language).waits.format(**{key: f"{seconds:g}" for key, seconds in times.items()})
