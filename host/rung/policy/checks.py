"""Does a policy make sense beyond its types? Each mistake is its place in the file, and one line with the mend."""

from msgspec import inspect

from rung.policy.bounds import Mistakes, mistakes_in
from rung.policy.language import ANY, ENDING, NEVER_ENDING, Grounds, Point, Policy, Requires, Rung, Times, Variant
from rung.words import Button, Ground, Role

POLICY, TIMES = inspect.type_info(Policy), inspect.type_info(Times)
BUTTON_OF = {"end": Button.RELEASE, "transfer": Button.ESCALATE, "leave": Button.ESCALATE, "join": Button.ESCALATE}
BUTTON_OF["involve"] = Button.ESCALATE


def mistakes(policy: Policy) -> Mistakes:
    """Key path and mistake: first of each value by itself, then of what does not go together."""
    yield from mistakes_in(POLICY, policy)
    if policy.rung:
        yield from _of_what_belongs_together(policy)


def of_times(times: Times) -> Mistakes:
    """Key and mistake of each time that is out of bounds."""
    yield from mistakes_in(TIMES, times, "times")


def _of_what_belongs_together(policy: Policy) -> Mistakes:
    for ground in sorted(NEVER_ENDING.intersection(policy.grounds.get(ENDING, ()))):
        yield f"grounds.{ENDING}", f"`{ground}` never ends a call; take it out"
    ids = [rung.id for rung in policy.rung]
    for i, rung in enumerate(policy.rung):
        here = f"rung[{i}] ({rung.id})"
        if rung.id in ids[:i]:
            yield f"{here}.id", "is used twice; give each rung its own id"
        for key, mistake in (*_of_rung(policy, rung), *_of_scripts(policy, rung)):
            yield f"{here}.{key}", mistake
        for j, need in enumerate(rung.requires):
            for key, mistake in (*_of_needs(policy, rung, need), *_of_supervisors(policy, rung, need)):
                yield f"{here}.requires[{j}].{key}", mistake
    if not any(rung.role == Role.SUPERVISOR for rung in policy.rung):
        yield "rung", "a supervisor has no step, and with them the agent has no release; add their warning and ending"
    for i, duty in enumerate(policy.duty):
        if duty.grounds and duty.when != "ground":
            yield (
                f"duty[{i}].grounds",
                'are asked for only when a ground was named; set when = "ground", or take it out',
            )
        if (duty.do == "breather") != (duty.minutes > 0):
            yield (
                f"duty[{i}].minutes",
                'a breather needs minutes, and nothing else has them; set do = "breather" or minutes',
            )
    yield from _of_translations(policy)


def _of_rung(policy: Policy, rung: Rung) -> Mistakes:
    if rung.does in BUTTON_OF and rung.button != BUTTON_OF[rung.does]:
        yield "does", f'"{rung.does}" needs button = "{BUTTON_OF[rung.does]}"'
    if rung.button == Button.RELEASE and rung.does != "end":
        yield "does", 'button = "release" only ends: set does = "end", or another button'
    if rung.does == "end" and rung.repeatable:
        yield "repeatable", "an ending cannot be repeated; take it out"
    if rung.does not in ("say", "end") and rung.role == Role.SUPERVISOR:
        yield "does", "only an agent asks for a supervisor; a supervisor says or ends"
    if rung.warns and rung.does != "say":
        yield "warns", "only what is said is a warning; take it out"
    if rung.while_asking and rung.does != "end":
        yield "while_asking", "only an ending stays open while leave is asked; take it out"
    if rung.play and rung.does != "end":
        yield "play", "only an announcement is played; take it out"


def _of_scripts(policy: Policy, rung: Rung) -> Mistakes:
    languages, told = set(policy.languages()), ", ".join(policy.languages())
    parts: list[tuple[str, Rung | Variant]] = [("", rung)]
    parts += [(f"variant[{i}].", variant) for i, variant in enumerate(rung.variant)]
    for key, part in parts:
        if set(part.script) != languages:
            yield f"{key}script", f"give every script in the same languages; the first rung has: {told}"
        for says, points in (("must_say", part.must_say), ("must_not_say", part.must_not_say)):
            for i, point in enumerate(points):
                yield from _of_point(f"{key}{says}[{i}].words", point, languages)
                for language, text in part.script.items():
                    if language in languages and _says(text, point, language) != (says == "must_say"):
                        yield f"{key}script.{language}", _breach(says, point, language)
        if isinstance(part, Variant) and not part.grounds and not part.untrained:
            yield f"{key}grounds", "is always shown instead; say for which grounds, or untrained = true"
        if isinstance(part, Variant) and part.grounds and not _shown(policy, rung, part):
            yield f"{key}grounds", "is never shown: none of these opens the rung; give grounds that do, or take it out"
    for i, item in enumerate(rung.tick):
        if set(item) != languages:
            yield f"tick[{i}]", "name it in the same languages as the scripts"


def _shown(policy: Policy, rung: Rung, variant: Variant) -> bool:
    """Does one of its grounds open the rung? A set that there is not is told elsewhere."""
    sets = {ANY, *policy.grounds}
    asked = [wanted for need in rung.requires for wanted in (need.ground, need.attested) if wanted is not None]
    known = [policy.ground_set(wanted) for wanted in asked if not isinstance(wanted, str) or wanted in sets]
    return len(known) < len(asked) or not asked or any(held.intersection(variant.grounds) for held in known)


def _of_point(key: str, point: Point, languages: set[str]) -> Mistakes:
    if set(point.words) != languages:
        yield key, f"give phrases in the languages of the scripts: {', '.join(sorted(languages))}"


def _breach(says: str, point: Point, language: str) -> str:
    if says == "must_say":
        return f"must say: {point.point} (one of its words for {language!r})"
    return f"must not say: {point.point}"


def _of_translations(policy: Policy) -> Mistakes:
    texts = {policy.title} | {text for rung in policy.rung for text in (rung.title, *rung.attests)}
    for language, told in policy.translations.items():
        if language not in policy.languages():
            allowed = ", ".join(policy.languages())
            yield f"translations.{language}", f"there are no scripts in it; allowed: {allowed}"
        for text in told:
            if text not in texts:
                yield f"translations.{language}.{text!r}", "give words for a title or an attests of this file"


def _says(text: str, point: Point, language: str) -> bool:
    return any(phrase.casefold() in text.casefold() for phrase in point.words.get(language, ()))


def _of_needs(policy: Policy, rung: Rung, need: Requires) -> Mistakes:
    others = [other.id for other in policy.rung if other.id != rung.id]
    for key, named in (("taken", need.taken), ("after", (need.after,) if need.after is not None else ())):
        for other in named:
            if other not in others:
                yield key, f"no other rung {other!r}; allowed: {', '.join(others)}"
    for first in (other for other in policy.rung if other.id in need.taken):
        yield from _of_lapse(policy.times, rung, need, first)
        if first.role == Role.SUPERVISOR and rung.role == Role.AGENT:
            yield (
                "taken",
                f"never holds: {first.id!r} is a supervisor's step, and counts for them alone; name an agent's",
            )
    for key, wanted in (("ground", need.ground), ("attested", need.attested)):
        yield from _of_wanted(policy, key, wanted)
    if need.after is not None and need.ground is None:
        yield "after", "says when the ground was declared; add ground"
    can = {other.does for other in policy.rung}
    if need.persisted and not any(other.warns for other in policy.rung):
        yield "persisted", "never holds: no rung has warns = true for it to count from"
    if need.unavailable and not can & {"transfer", "leave", "join", "involve"}:
        yield "unavailable", "never holds: no rung asks for a supervisor"
    if need.leave is not None and "leave" not in can:
        yield "leave", 'never changes: no rung does = "leave"'
    if need.involved and "involve" not in can:
        yield "involved", 'never holds: no rung does = "involve"'
    if (need.on_call or need.attested is not None) and rung.role != Role.SUPERVISOR:
        yield "on_call" if need.on_call else "attested", 'is about a supervisor in the call; set role = "supervisor"'
    if rung.does == "end" and not _may_end(policy, need):
        yield "ground", 'an ending needs ground = "ending" or grounds out of that set'


def _of_lapse(times: Times, rung: Rung, need: Requires, first: Rung) -> Mistakes:
    """What lapses before the waits after it can have passed is never there when it is needed: the proof folds time."""
    waits = {"wait": times.wait} if need.persisted and first.warns else {}
    waits |= {"say_time": times.say_time} if rung.does == "end" else {}
    seconds = sum(waits.values())
    if first.lapses_after is not None and first.lapses_after <= seconds:
        told = f"before {' and '.join(waits)} ({seconds:g} s) can have passed"
        yield "taken", f"never holds: {first.id!r} lapses after {first.lapses_after:g} s, {told}; let it lapse later"


def _of_supervisors(policy: Policy, rung: Rung, need: Requires) -> Mistakes:
    """What holds of every supervisor's warning and ending, whatever the floor: no table may ask for less."""
    if rung.role != Role.SUPERVISOR:
        return
    if rung.warns and not need.on_call:
        yield "on_call", "a supervisor listens before they warn; set on_call = true"
    if rung.warns and need.attested is None:
        yield "attested", 'a supervisor warns of what they have heard; set attested = "any", or a set of grounds'
    if rung.does == "end":
        own = [other.id for other in policy.rung if other.role == Role.SUPERVISOR and other.warns]
        if not set(own) & set(need.taken):
            which = f"name it here: {', '.join(own)}" if own else "add such a rung, with warns = true, and name it here"
            yield "taken", f"a supervisor ends only after a warning of their own; {which}"
        if not need.persisted:
            yield "persisted", "a supervisor ends only what went on after the warning; set persisted = true"


def _of_wanted(policy: Policy, key: str, wanted: Grounds | None) -> Mistakes:
    if not isinstance(wanted, str) or wanted == ANY or wanted in policy.grounds:
        return
    if wanted in set(Ground):
        yield key, f'{wanted!r} is a ground and no set; write a list: ["{wanted}"]'
    else:
        yield key, f"no set {wanted!r}; allowed: any, {', '.join(policy.grounds)}, or a list of grounds"


def _may_end(policy: Policy, need: Requires) -> bool:
    wanted = need.ground
    if wanted is None or wanted == ANY:
        return False
    if isinstance(wanted, str) and wanted not in policy.grounds:
        return True  # that there is no such set is told already
    return policy.ground_set(wanted) <= set(policy.grounds.get(ENDING, ()))
