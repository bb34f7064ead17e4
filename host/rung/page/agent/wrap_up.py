"""The wrap-up: a code, a note, and of a call that a rung ended the specific reason, by whoever had the call."""

from collections.abc import Callable

from rung import words as w
from rung.page.seen import Seen
from rung.page.shell import Page, asks, form, set_attributes, tag

CODES = ("resolved", "passed on", "call back", "ended", "other")


def wrap_up(page: Page) -> None:
    say = page.say
    with tag("section", classes="wrap", aria_label=say("wrap.title")) as box:
        tag("h2", say("wrap.title"))
        with form(lambda fields: _wrapped(page, fields)):
            with tag("label", say("wrap.code")), tag("select", name="code", required=True):
                for code in CODES:
                    tag("option", say(f"wrap.{code}"), value=code)
            with tag("label", say("wrap.reason")) as reason:
                needed = tag("input", name="reason", maxlength="500")
            with tag("label", say("wrap.note")):
                tag("textarea", name="note", rows="2", maxlength="2000")
            tag("button", say("wrap.keep"), "first", type="submit")
        willing = page.button(say("wrap.willing"), lambda: _after(page, lambda case: w.Willing(case=case)))
        block = asks(page, say("wrap.block"), say("wrap.block_why"), lambda why: _blocked(page, why))

    def change(seen: Seen) -> None:
        closed = seen.closed
        set_attributes(box, {"hidden": closed is None or seen.wrapped})
        ended = closed is not None and closed.how == w.Ending.RELEASED
        set_attributes(reason, {"hidden": not ended})
        set_attributes(needed, {"required": ended})
        due = {event.duty for event in seen.story if isinstance(event, w.DutyDue)}
        set_attributes(willing, {"hidden": "follow-up" not in due})
        set_attributes(block, {"hidden": "block" not in due})

    page.on_change(change)


def _wrapped(page: Page, fields: dict[str, str]) -> None:
    given = {name: fields.get(name, "") for name in ("code", "note", "reason")}
    _after(page, lambda case: w.WrappedUp(case=case, **given))


def _blocked(page: Page, why: str) -> None:
    _after(page, lambda case: w.BlockProposed(case=case, reason=why))


def _after(page: Page, act: Callable[[str], w.AfterAct]) -> None:
    closed = page.site.seen.closed
    if closed is not None and page.alive():
        page.site.attend(act(closed.case))
