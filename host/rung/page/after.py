"""After the call: what is due and its forms, all incidents, blocks, and the record's plots."""

import asyncio
from collections.abc import Callable
from functools import partial

from msgspec import Struct
from nicegui import background_tasks, ui

from rung.desk.after_desk import AfterDesk, Count, Do, ListAll, ListBlocks, Reply, Row, Show, What
from rung.desk.report.rows import facts, verdict, when
from rung.journal.after.open_duties import Open, open_duties
from rung.journal.format import JournalError
from rung.page.after_forms import ANY, DUE, Form, blank
from rung.page.after_plots import plots
from rung.page.cards import Cards
from rung.page.seen import Seen
from rung.page.shell import Page, set_attributes, tag

SHOWN = 50  # incidents, the newest


class Known(Struct, frozen=True):
    """What the record has now."""

    due: tuple[Open, ...] = ()
    rows: tuple[Row, ...] = ()


def build(page: Page) -> None:
    ui.add_head_html('<link rel="stylesheet" href="/rung/console.css"><script src="/rung/console.js"></script>')
    with page.bar:
        tag("h1", page.say("after.title"))
        with tag("nav", aria_label=page.say("console.pages")):
            tag("a", page.say("console.title"), href="/")
        page.looks()
    After(page)


class After:
    """The page; it is told by the desk when the record has more, and keeps open forms as they are."""

    def __init__(self, page: Page) -> None:
        self._page = page
        site = page.site
        self._desk = AfterDesk(site.desk.after, site.here or "desk")
        self._read = -1
        say = page.say
        self._answer = tag("p", "", "answer live", role="status", aria_live="polite")
        with tag("div", classes="console"):
            with tag("section", aria_labelledby="due-title"):
                tag("h2", say("after.due"), id="due-title")
                self._nothing = tag("p", say("after.nothing_due"), "soft", hidden=True)
                due = tag("div", classes="cards")
                self._due: Cards[Open, Due] = Cards(due, lambda each: Due(page, each, self._do, self._show))
            with tag("section", aria_labelledby="incidents-title"):
                tag("h2", say("after.incidents"), id="incidents-title")
                self._none = tag("p", say("after.no_incidents"), "soft", hidden=True)
                self._incidents: Cards[str, Incident] = Cards(
                    tag("div"), lambda case: Incident(page, case, self._do, self._show)
                )
                tag("h2", say("after.blocks"))
                page.button(say("after.show_blocks"), self._show_blocks)
                self._blocks = tag("div")
                tag("h2", say("after.plots"))
                page.button(say("after.show_plots"), self._show_plots)
                self._plots = tag("div")
        page.on_change(self._changed)

    # -- what there is -------------------------------------------------------------------------------------------------

    def _changed(self, seen: Seen) -> None:
        if seen.afterwards != self._read:
            self._read = seen.afterwards
            background_tasks.create(self._read_again())

    async def _read_again(self) -> None:
        try:
            known = await asyncio.to_thread(self._known)
        except JournalError as error:
            self._told(f"✖ {error}")
            return
        if not self._none.is_deleted:
            with self._page.client:
                self._draw(known)

    def _known(self) -> Known:
        after = self._page.site.desk.after
        files, now = after.files(), after.wall_ms()
        due = [each for file in files.cases.values() for each in open_duties(files, file, now)]
        actor = self._page.site.actor
        rows = () if actor is None else self._desk.answer(ListAll(), actor).rows
        return Known(tuple(sorted(due, key=lambda each: each.since_ms)), rows[: -SHOWN - 1 : -1])

    def _draw(self, known: Known) -> None:
        self._due.arrange(known.due)
        set_attributes(self._nothing, {"hidden": bool(known.due)})
        set_attributes(self._none, {"hidden": bool(known.rows)})
        incidents = self._incidents.arrange(row.case for row in known.rows)
        for row in known.rows:
            incidents[row.case].change(row)

    # -- what is done --------------------------------------------------------------------------------------------------

    async def _ask(self, what: What) -> Reply:
        actor = self._page.site.actor
        if actor is None or not self._page.alive():
            return Reply()
        try:
            return await asyncio.to_thread(self._desk.answer, what, actor)
        except JournalError as error:
            return Reply(why=f"not recorded, so not done: {error}")

    def _told(self, text: str) -> None:
        if not self._answer.is_deleted:
            self._answer.text = self._page.say.desk(text)

    async def _do(self, form: Form, case: str, about: str, values: dict[str, str]) -> None:
        reply = await self._ask(Do(form.make(case, about, values)))
        self._told(f"{'✔' if reply.done else '✖'} {case}: {reply.why}")

    async def _show(self, case: str, into: ui.element) -> None:
        """The record has that this person has seen it."""
        reply = await self._ask(Show(case))
        if reply.report is None:
            self._told(f"✖ {reply.why}")
            return
        into.clear()
        with into:
            with tag("dl", "", "brief"):
                for name, text in facts(reply.report, self._page.say.desk):
                    tag("dt", name)
                    tag("dd", text)
            back = self._page.say("came.taken_back")
            with tag("ul", "", "pasts"):
                for named in reply.report.grounds:
                    note = (f": {named.note}" if named.note else "") + (f" · {back}" if named.taken_back else "")
                    tag("li", f"{when(named.at)[11:]} {self._page.say.ground(named.ground)} ({named.person}){note}")
            found = verdict(reply.report.rungs)
            broken = found.tone == "broken"
            tag("p", f"{'✖' if broken else '✔'} {self._page.say.desk(found.text)}", "broken" if broken else "kept")
            with tag("ul", "", "pasts"):
                for taken in reply.report.rungs:
                    said = f" · {self._page.say('after.announced')}" if taken.announced else ""
                    tag("li", f"{when(taken.at)[11:]} {self._page.say.desk(taken.title)} ({taken.person}){said}")

    async def _show_blocks(self) -> None:
        reply = await self._ask(ListBlocks())
        self._blocks.clear()
        with self._blocks, tag("ul", "", "pasts"):
            for row in reply.blocks:
                appealed = f" · {self._page.say('after.appealed')}" if row.appealed else ""
                until = self._page.say("after.until", when=when(row.until))
                standing = self._page.say.desk(row.standing)
                tag("li", f"{row.case} · {row.caller} · {standing} · {until}{appealed}", "past")
        if not reply.blocks:
            with self._blocks:
                tag("p", self._page.say("after.no_blocks") if reply.done else reply.why, "soft")

    async def _show_plots(self) -> None:
        reply = await self._ask(Count())
        self._plots.clear()
        if reply.figures is not None:
            with self._plots:
                plots(self._page.say, reply.figures)


DoIt = Callable[[Form, str, str, dict[str, str]], object]
ShowIt = Callable[[str, ui.element], object]


class Incident:
    """One call that was one, with what may be done about it whether something is due or not."""

    def __init__(self, page: Page, case: str, do: DoIt, show: ShowIt) -> None:
        self._say = say = page.say
        self.element = tag("details", "", "incident")
        with self.element:
            self._told = tag("summary", case)
            report = tag("div")
            page.button(say("after.read"), partial(show, case, report))
            for form in ANY:
                with tag("details"):
                    tag("summary", say(f"form.{form.name}"))
                    fill_in(page, form, partial(do, form, case, ""))

    def change(self, row: Row) -> None:
        grounds = ", ".join(map(self._say.ground, row.grounds))
        self._told.text = f"{row.case} · {when(row.at)} · {self._say.desk(row.how)} · {grounds}"


class Due:
    """One thing that is due, with its forms."""

    def __init__(self, page: Page, due: Open, do: DoIt, show: ShowIt) -> None:
        say = page.say
        name = f"due-{due.case}-{due.duty}-{due.since_ms}".replace(" ", "-")
        self.element = tag("article", "", "ask due", aria_labelledby=name)
        with self.element:
            tag("h3", f"{say(f'duty.{due.duty}')}: {due.case}", id=name)
            tag("p", f"{say.desk(due.why)} · {say('after.who', who=say.desk(due.who))}", "soft")
            report = tag("div")
            page.button(say("after.read"), partial(show, due.case, report))
            for form in DUE[due.duty]:
                with tag("details"):
                    tag("summary", say(f"form.{form.name}"))
                    fill_in(page, form, partial(do, form, due.case, due.why))


def fill_in(page: Page, form: Form, do: Callable[[dict[str, str]], object]) -> None:
    """A form's fields and its button."""
    values = blank(form)

    def typed(name: str, value: object) -> None:
        values[name] = str(value)

    with tag("div", "", "form"):
        for field in form.fields:
            label = page.say(f"field.{field.name}")
            with tag("label", label):
                if field.options:
                    made = tag("select", aria_label=label)
                    with made:
                        for option in field.options:
                            tag("option", page.say(f"option.{option}"), value=option)
                else:
                    made = tag("input", aria_label=label, maxlength="2000", type=field.kind)
            made.on("input", lambda e, name=field.name: typed(name, e.args), js_handler="(e) => emit(e.target.value)")
        page.button(page.say("after.do"), lambda: do(dict(values)), "first")
