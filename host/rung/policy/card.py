"""The desk card: one printable page (A4) with the buttons, the ladder with its scripts, and what helps under stress.

HTML with its own style and drawings; nothing is fetched. Signs and words carry every meaning, colour only repeats it.
"""

from collections.abc import Iterator
from html import escape
from importlib import resources

from rung.policy.card_fit import PAGE_MM, fit_pt, height_mm
from rung.policy.language import Policy, Rung, Variant, version_of
from rung.policy.phrases import beside, duties, how, listed, opens, variant_of, waits
from rung.policy.wording import wording
from rung.words import Button, Role

SIGNS = {  # in a square of 24
    Button.ESCALATE: '<circle cx="12" cy="12" r="10"/><path d="M12 18V7M7 11.5L12 6.5L17 11.5"/>',
    Button.WARN: '<path d="M12 2L23 21H1z"/><path d="M12 9V14.5M12 17V18"/>',
    Button.RELEASE: '<path d="M8 2H16L22 8V16L16 22H8L2 16V8z"/><path d="M7.5 12H16.5"/>',
}
# As `card.css` has them: widths of the columns without their padding, what the gaps between them take, sizes.
WIDTH_MM, HEAD_MM, BUTTONS_MM, GAPS_MM = 188, 125, (68, 50, 50), 16
NOTES_MM = (60, 56, 52, 48)  # the column beside the ladder, as wide as serves both
HEAD_PT, BODY_PT, NOTES_PT, FOOT_PT = 15, 9.2, 10.5, 8


def card(policy: Policy, language: str = "en") -> str:
    """The card as one HTML page, with the scripts in ``language``, or the policy's first if it has none in it.

    Rung's own texts are in that language too where it knows it, else in English. A ladder of ordinary length fits one
    page; one that would have to be written too small to be read runs on to a second.
    """
    language = language if language in policy.languages() else policy.languages()[0]
    say = wording(language)
    style = (resources.files("rung.policy") / "texts" / "card.css").read_text(encoding="utf-8")
    title = escape(policy.translated(policy.title, language))
    buttons = list(_buttons(policy, language))
    ladders = "".join(_ladder(policy, role, language) for role in Role if any(r.role == role for r in policy.rung))
    notes, foot = "".join(_notes(policy, language)), "".join(_foot(policy, language))
    head = f"<h1>{title}</h1>"
    room_mm = PAGE_MM - GAPS_MM - height_mm(head, HEAD_MM, HEAD_PT) - height_mm(foot, WIDTH_MM, FOOT_PT)
    room_mm -= max(height_mm(button, width, BODY_PT) for button, width in zip(buttons, BUTTONS_MM, strict=True))
    ladder_pt, notes_pt, notes_mm = max(
        (_split(ladders, notes, width_mm, room_mm) for width_mm in NOTES_MM), key=lambda split: min(split[:2])
    )
    return f"""<!DOCTYPE html>
<html lang="{escape(language)}">
<head><meta charset="utf-8"><title>{title}: {say.card["kind"]}</title>
<style>
{style}main {{ grid-template-columns: 1fr {notes_mm}mm }}
.ladders {{ font-size: {ladder_pt:.1f}pt }}
aside {{ font-size: {notes_pt:.1f}pt }}
</style></head>
<body>
<header>{head}<p>{say.card["kind"]} · {escape(policy.name)} {version_of(policy)}</p></header>
<section class="buttons">{"".join(buttons)}</section>
<main>
<div class="ladders">{ladders}</div>
<aside>{notes}</aside>
</main>
<footer>{foot}</footer>
</body>
</html>
"""


def _split(ladders: str, notes: str, notes_mm: int, room_mm: float) -> tuple[float, float, int]:
    """The sizes of both columns, if the second has this width."""
    ladder_pt = fit_pt(ladders, WIDTH_MM - notes_mm - 14, room_mm)
    return ladder_pt, min(NOTES_PT, fit_pt(notes, notes_mm - 5, room_mm)), notes_mm


def _sign(button: Button) -> str:
    return f'<svg class="{button}" viewBox="0 0 24 24" role="img" aria-label="{button}">{SIGNS[button]}</svg>'


# -- the three buttons ---------------------------------------------------------------------------------------------


def _buttons(policy: Policy, language: str) -> Iterator[str]:
    say = wording(language).card
    common = ", ".join(
        f'<span class="pair">{_sign(b)} {escape(wording(language).ground[g])}</span>'
        for b, g in zip(Button, policy.common_grounds, strict=True)
    )
    seconds = f"{policy.times.say_time:g}"
    both = say["both"].format(button="WARN")
    mine = {button: bool(policy.tables.ladders[Role.AGENT][button]) for button in Button}
    lines = {
        Button.ESCALATE: [
            (say["tap"], escape(say["escalate_tap"])),
            (say["hold_2_s"], escape(say["escalate_hold"])),
            (both, escape(say["escalate_both"])),
        ],
        Button.WARN: [
            (say["tap"], escape(say["warn_tap"] if mine[Button.WARN] else say["no_step"])),
            (say["hold_1_s"], f"{escape(say['warn_hold'])} {common}."),
        ],
        Button.RELEASE: [
            (say["tap"], escape(say["release_tap"])),
            (say["hold_release"], escape(say["release_hold"].format(say=seconds))),
        ],
    }
    under = {Button.ESCALATE: say["escalate_again"], Button.WARN: "", Button.RELEASE: say["release_short"]}
    if not mine[Button.RELEASE]:
        lines[Button.RELEASE], under[Button.RELEASE] = [(say["tap"], escape(say["release_never"]))], ""
    for button in Button:
        gestures = "".join(f"<p><b>{escape(gesture)}:</b> {text}</p>" for gesture, text in lines[button])
        more = f'<p class="small">{escape(under[button])}</p>' if under[button] else ""
        yield f"<article><h2>{_sign(button)} {button.upper()}</h2>{gestures}{more}</article>"


# -- the ladder ----------------------------------------------------------------------------------------------------


def _ladder(policy: Policy, role: Role, language: str) -> str:
    head = wording(language).card[f"{role}_ladder"]
    steps = [_step(policy, rung, language) for rung in policy.rung if rung.role == role]
    grow = f'style="flex-grow: {len(steps)}"'  # spare room is shared out evenly
    return f'<section class="{role}" {grow}><h3>{escape(head)}</h3><ol>{"".join(steps)}</ol></section>'


def _step(policy: Policy, rung: Rung, language: str) -> str:
    say = wording(language)
    when = " · ".join([f"{say.card['needs']}: {opens(policy, rung, language, brief=True)}", *how(rung, language)])
    small = "".join(f'<p class="needs">{escape(text)}</p>' for text in (when, *beside(policy, rung, language)))
    variants = "".join(_variant(variant, language) for variant in rung.variant)
    return (
        f'<li id="{escape(rung.id)}"><h4>{_sign(rung.button)} {escape(policy.translated(rung.title, language))}'
        f" <small>{rung.button.upper()}</small></h4>"
        f"{small}<blockquote>{escape(rung.script[language].strip())}</blockquote>{variants}</li>"
    )


def _variant(variant: Variant, language: str) -> str:
    head = escape(variant_of(variant, language))
    return f'<p class="variant"><b>{head}:</b> <q>{escape(variant.script[language].strip())}</q></p>'


# -- beside the ladder ---------------------------------------------------------------------------------------------


def _notes(policy: Policy, language: str) -> Iterator[str]:
    say = wording(language).card
    yield _note(say["not_abuse"], escape(say["not_abuse_text"]), kind="not-abuse")
    yield _note(say["coach"], escape(say["coach_text"]), kind="coach")
    number = f'<span class="fill">{escape(say["emergency_number"])}: <i></i></span>'
    yield _note(say["crisis"], escape(say["crisis_text"]), number, kind="crisis")
    yield _note(say["panic"], escape(say["panic_text"]))
    yield _note(say["calmed"], escape(say["calmed_text"]))
    yield _note(say["who_ends"], *_who_ends(policy, language))


def _note(head: str, *lines: str, kind: str = "") -> str:
    told = "".join(f"<p>{line}</p>" for line in lines)
    return f'<section class="note {kind}"><h3>{escape(head)}</h3>{told}</section>'


def _who_ends(policy: Policy, language: str) -> Iterator[str]:
    """For each role: by which steps, and on which grounds."""
    say = wording(language)
    for role in Role:
        ends = [rung for rung in policy.rung if rung.role == role and rung.does == "end"]
        told = dict.fromkeys(
            f"{policy.translated(rung.title, language)}: {listed(policy.ground_set(need.ground), say)}"
            for rung in ends
            for need in rung.requires
            if need.ground is not None
        )
        yield f"<b>{escape(say.role[role].capitalize())}</b>: {escape('; '.join(told) or say.card['nobody'])}"


def _foot(policy: Policy, language: str) -> Iterator[str]:
    say = wording(language).card
    told = {say["waits"]: waits(policy, language)}
    if policy.duty:
        told[say["after_call"]] = " · ".join(duties(policy, language))
    told[say["lamps"]] = say["lamps_text"]
    for head, text in told.items():
        yield f"<p><b>{escape(head)}:</b> {escape(text)}</p>"
    yield f"<p>{escape(say['safe'])}</p>"
