"""The queue of a supervisor: one card for each ask, with its brief and what can be answered with one tap."""

from functools import partial

from nicegui import background_tasks

from rung import words as w
from rung.page.cards import Cards
from rung.page.floor_seen import Choice, Key, Waiting, answers, at_desk, wider
from rung.page.say import Say
from rung.page.seen import Seen
from rung.page.shell import Page, set_attributes, tag
from rung.words import Reply, Want

SIGNS = {Want.PANIC: "⚠⚠", Want.CRISIS: "⚠", Want.THREAT: "⚠"}


class Queue:
    """The most urgent first."""

    def __init__(self, page: Page) -> None:
        self._cards: Cards[Key, Card] = Cards(tag("div", classes="cards", id="asks"), lambda key: Card(page, key))
        page.on_change(self._change)

    def _change(self, seen: Seen) -> None:
        waiting = seen.around.waiting
        cards = self._cards.arrange(each.key for each in waiting)
        for each in waiting:
            cards[each.key].change(each, seen)


class Card:
    """One ask."""

    def __init__(self, page: Page, key: Key) -> None:
        self._page = page
        self._word = ""
        self._drawn: tuple[object, ...] = ()
        self._chosen: tuple[object, ...] = ()
        name = "ask-{}-{}".format(*key)
        self.element = tag("article", "", "ask", data_card=True, tabindex="0", aria_labelledby=name)
        with self.element:
            with tag("header"):
                self._title = tag("h3", id=name)
                self._since = tag("span", "", "since")
            self._mark = tag("p", "", "mark", hidden=True)
            self._brief = tag("dl", "", "brief")
            label = page.say("console.word")
            with tag("label", label, "word"):
                word = tag("input", maxlength="200", aria_label=label)
                word.on("input", lambda event: self._typed(event.args), js_handler="(e) => emit(e.target.value)")
            self._choices = tag("div", "", "choices", role="group", aria_labelledby=name)
            self._wrong = tag("p", "", "wrong live", role="alert")

    def _typed(self, word: object) -> None:
        self._word = str(word)

    def change(self, waiting: Waiting, seen: Seen) -> None:
        asked, say = waiting.asked, self._page.say
        set_attributes(self._since, {"data_since": str(waiting.came_ns // 1_000_000)})
        if self._drawn != (drawn := (asked.want, asked.brief, waiting.told_ns)):
            if not self._drawn or self._drawn[0] != asked.want:
                background_tasks.create(self._page.site.show(asked))
            self._drawn = drawn
            sign = SIGNS.get(asked.want, "")
            who = asked.brief.person or say("console.nobody")
            self._title.text = f"{sign} {say(f'want.{asked.want}')}: {asked.desk} ({who})".strip()
            set_attributes(self.element, {"data_want": str(asked.want), "data_alarm": waiting.alarm})
            self._brief.clear()
            with self._brief:
                brief(say, asked.brief, waiting.told_ns // 1_000_000)
        here = self._page.site.here
        self._mark.text = _mark(say, waiting, wider(waiting, seen.around, here))
        set_attributes(self._mark, {"hidden": not self._mark.text})
        offered = (*answers(asked), *(c for c in at_desk(seen.around, asked.desk, here) if c.key in "lorx" and c.key))
        if self._chosen != (chosen := (offered, waiting.replied)):
            self._chosen = chosen
            self._choices.clear()
            with self._choices:
                for choice in offered:
                    self._button(waiting, choice)

    def _button(self, waiting: Waiting, choice: Choice) -> None:
        may = waiting.replied is None or (waiting.replied == Reply.JOIN and waiting.asked.want == Want.LEAVE)
        done = isinstance(choice.act, Reply) and not may
        self._page.button(
            f"{self._page.say(choice.name)} ({choice.key})",
            partial(self._do, waiting, choice),
            "first" if choice.first else "",
            data_answer=choice.key,
            disabled=done,
        )

    async def _do(self, waiting: Waiting, choice: Choice) -> None:
        if not self._page.alive():
            return
        site, asked = self._page.site, waiting.asked
        if isinstance(choice.act, Reply):
            wrong = await site.reply(asked, choice.act, self._word.strip())
        else:
            answer = await site.act_at(asked.desk, choice.act)
            wrong = answer.why if answer.verdict == w.Verdict.REFUSED else ""
        if not self._wrong.is_deleted:
            self._wrong.text = self._page.say.desk(wrong)


def _mark(say: Say, waiting: Waiting, came_wider: bool) -> str:
    found = []
    if came_wider:
        found.append(say("console.came_wider"))
    elif waiting.widened:
        found.append(say("console.widened", count=len(waiting.asked.to) - len(waiting.first_to)))
    if waiting.replied is not None:
        found.append(say("console.replied", reply=say(f"reply.{waiting.replied}")))
    return " · ".join(found)


def brief(say: Say, told: w.Brief, told_ms: int) -> None:
    """What a supervisor reads before taking a call, as the inside of a list of terms."""
    _term(say("brief.caller"), told.caller)
    _term(say("brief.matter"), told.matter)
    _term(say("brief.offered"), told.offered)
    _term(say("brief.demeanour"), told.demeanour)
    _times(say("brief.grounds"), [(say.ground(ground), age) for ground, age in told.grounds], told_ms)
    _times(say("brief.rungs"), [(say.desk(rung), age) for rung, age in told.rungs], told_ms)
    for earlier in told.earlier:
        grounds = ", ".join(map(say.ground, earlier.grounds))
        _term(say("brief.earlier"), f"{earlier.day}: {grounds}; {say.desk(earlier.how)}")


def _term(name: str, text: str) -> None:
    if text:
        tag("dt", name)
        tag("dd", text)


def _times(name: str, found: list[tuple[str, int]], told_ms: int) -> None:
    if not found:
        return
    tag("dt", name)
    with tag("dd"):
        for text, age_ms in found:
            with tag("span", f"{text} ", "when"):
                tag("span", "", "since", data_since=str(told_ms - age_ms))
