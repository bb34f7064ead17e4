"""What to say now, in large type, with the wait counted down; the next step; and why a press was refused."""

import time

from rung.page.seen import Seen
from rung.page.shell import Page, clock, tag
from rung.words import Verdict

ANSWER_S = 12.0  # how long an answer stays to be read
REFUSED = (Verdict.REFUSED, Verdict.TOO_LATE)


def saying(page: Page) -> None:
    with tag("section", classes="saying", aria_label=page.say("agent.saying"), tabindex="0"):
        _answer(page)
        _script(page)
        page.text(lambda seen: _next(page, seen), "p", "next live", role="status")


def _answer(page: Page) -> None:
    """Read out at once when it is a refusal; it stays for a while, and goes with the next call."""
    box = tag("p", "", "answer live", role="alert")
    shown: list[int] = [0]

    def change(seen: Seen) -> None:
        answer = seen.answer
        old = time.monotonic_ns() - seen.answer_ns > ANSWER_S * 1e9
        if answer is None or old:
            box.text = ""
            return
        refused = answer.verdict in REFUSED
        way = page.say("agent.then", button=page.say(f"button.{answer.next}")) if answer.next is not None else ""
        sign = "✖" if refused else "✔"
        box.text = f"{sign} {page.say.desk(answer.why)} {way}".strip()
        box.classes(add="refused" if refused else "taken", remove="taken" if refused else "refused")
        if shown[0] != seen.answer_ns:
            shown[0] = seen.answer_ns
            page.later(ANSWER_S + 0.1, lambda: change(page.site.seen))

    page.on_change(change)


def _script(page: Page) -> None:
    say = page.say
    what = page.text(lambda seen: _title(page, seen), "h2")
    words = tag("p", "", "script live", role="status")
    wait = clock(say("agent.wait"), classes="wait", bar=True)

    def change(seen: Seen) -> None:
        script = seen.view.script if seen.view is not None else None
        words.text = script.text if script is not None else ""
        words.props(f"lang={script.language}" if script is not None else "", remove="lang" if script is None else "")
        preview = script is not None and script.preview
        words.classes(add="preview" if preview else "", remove="" if preview else "preview")
        counts = seen.view is not None and seen.view.countdown_ms > 0
        wait.shows(seen.view.countdown_ms if seen.view is not None and counts else None, seen.view_ns, -1)

    page.on_change(change)
    what.classes("what")


def _title(page: Page, seen: Seen) -> str:
    script = seen.view.script if seen.view is not None else None
    if script is None:
        return ""
    return page.say("agent.later" if script.preview else "agent.say", title=page.say.desk(script.title))


def _next(page: Page, seen: Seen) -> str:
    if seen.view is None or not seen.view.epoch:
        return ""
    return page.say("agent.next", step=page.say.desk(seen.view.next)) if seen.view.next else ""
