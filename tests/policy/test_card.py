"""The desk card: all of a ladder on one page, verbatim, in order, in the reader's language."""

import re
from html.parser import HTMLParser

import pytest
from msgspec import structs

from rung.policy import Policy, load
from rung.policy.card import card
from rung.policy.card_fit import LARGEST_PT, SMALLEST_PT, fit_pt, height_mm
from rung.policy.library import shipped
from rung.policy.wording import Wording, languages, wording
from rung.words import Button, Ground, Role

BOTH = ("en", "de")
CARDS = [(name, language) for name in shipped() for language in BOTH]


class Page(HTMLParser):
    """What a reader sees: the text of each element, by its tag, in the order of the page."""

    VOID = ("meta", "path", "circle", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, list[str]]] = []
        self.told: dict[str, list[str]] = {}
        self.fetched: list[str] = []
        self.feed(html)
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for key, value in attrs if key in ("src", "href", "srcset", "data")]
        if tag not in self.VOID:
            self.open.append((tag, []))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        opened, texts = self.open.pop()
        assert opened == tag
        self.told.setdefault(tag, []).append("".join(texts))
        if self.open:
            self.open[-1][1].append("".join(texts))

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1][1].append(data)


def scripts(policy: Policy, language: str) -> list[str]:
    return [part.script[language].strip() for rung in policy.rung for part in (rung, *rung.variant)]


@pytest.mark.parametrize(("name", "language"), CARDS)
def test_every_script_is_on_the_card_word_for_word(name: str, language: str) -> None:
    policy, page = load(name), Page(card(load(name), language))
    assert page.told["blockquote"] == [rung.script[language].strip() for rung in policy.rung]
    assert page.told.get("q", []) == [v.script[language].strip() for rung in policy.rung for v in rung.variant]


@pytest.mark.parametrize(("name", "language"), CARDS)
def test_every_rung_is_there_in_the_order_of_its_ladder(name: str, language: str) -> None:
    policy = load(name)
    heads = Page(card(policy, language)).told["h4"]
    wanted = [(policy.translated(r.title, language), r.button.upper()) for r in policy.rung]
    assert [tuple(re.split(r" (?=[A-Z]+$)", head.strip())) for head in heads] == wanted


@pytest.mark.parametrize(("name", "language"), CARDS)
def test_it_says_what_helps_under_stress(name: str, language: str) -> None:
    policy, text = load(name), "".join(Page(card(load(name), language)).told["body"])
    say = wording(language).card
    for key in ("not_abuse_text", "coach_text", "crisis_text", "panic_text", "calmed_text", "emergency_number", "safe"):
        assert say[key] in text
    assert say["escalate_tap"] in text and say["escalate_hold"] in text
    assert all(wording(language).ground[ground] in text for ground in policy.common_grounds)
    assert f"{policy.times.wait:g} s" in text and f"{policy.times.answer_within:g} s" in text
    for rung in policy.rung:
        assert all(policy.translated(what, language) in text for what in rung.attests)
        assert all(item[language] in text for item in rung.tick)


@pytest.mark.parametrize("language", BOTH)
def test_who_may_end_is_told_from_the_tables(language: str) -> None:
    say = wording(language)
    role = say.role[Role.AGENT].capitalize()

    def agent(name: str) -> str:
        return next(p for p in Page(card(load(name), language)).told["p"] if p.startswith(f"{role}: "))

    assert agent("no-hang-up") == f"{role}: {say.card['nobody']}"
    assert say.card["release_never"] in card(load("no-hang-up"), language)
    remarks = [say.ground[g] for g in (Ground.SLUR, Ground.SEXUAL, Ground.SEXIST)]
    assert agent("advise-and-warn").endswith(f": {', '.join(remarks)}")
    assert say.ground[Ground.RUDENESS] not in agent("warm-transfer")  # it is not among those that are left out
    assert say.ground[Ground.HATE_SPEECH] in agent("hang-up-protocol")  # at once


@pytest.mark.parametrize(("name", "language"), CARDS)
def test_nothing_is_fetched_and_colour_is_never_alone(name: str, language: str) -> None:
    html = card(load(name), language)
    assert Page(html).fetched == []
    assert not re.search(r"url\(|@import|<script|<link|https?:", html)
    for rung in load(name).rung:
        assert html.count(f'aria-label="{rung.button}"') >= 1  # a sign of its own shape, and its name
    shapes = {re.search(rf'aria-label="{b}">(.*?)</svg>', html)[1] for b in Button}  # type: ignore[index]
    assert len(shapes) == len(Button)


def test_what_is_markup_is_told_as_it_is() -> None:
    policy = load("warm-transfer")
    nasty = "<script>alert(\"1\")</script> & 'so on'"
    rungs = tuple(
        structs.replace(r, id='w"<>', title=nasty, script=dict.fromkeys(r.script, nasty), attests=(nasty,))
        for r in policy.rung[:1]
    )
    page = Page(card(structs.replace(policy, title=nasty, name="<b>", rung=rungs)))
    assert page.told["h1"] == [nasty] and page.told["blockquote"] == [nasty]
    assert "script" not in page.told and "b" in page.told
    assert any(nasty in p for p in page.told["p"])


@pytest.mark.parametrize(("name", "language"), CARDS)
def test_the_columns_are_written_as_large_as_their_page_allows_and_readable(name: str, language: str) -> None:
    html = card(load(name), language)
    ladder, notes = (float(re.search(rf"{what} {{ font-size: ([\d.]+)pt", html)[1]) for what in ("ladders", "aside"))  # type: ignore[index]
    assert ladder >= 7.2 and notes >= 7.5


def test_more_text_is_written_smaller_until_it_could_not_be_read() -> None:
    step = "<li><h4>Step</h4><p>Open: always</p><blockquote>Please stop, or I have to end this call.</blockquote></li>"
    sizes = [fit_pt(step * n, 115, 190) for n in (1, 8, 11, 14, 400)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == LARGEST_PT and sizes[-1] == SMALLEST_PT
    for n, size in zip((8, 11, 14), sizes[1:-1], strict=True):
        assert height_mm(step * n, 115, size) <= 190 < height_mm(step * n, 115, size + 0.1)


def test_a_language_without_scripts_or_without_words_of_rungs_own() -> None:
    policy = load("warm-transfer")
    assert card(policy, "fr") == card(policy, "en")
    french = tuple(structs.replace(r, script={"fr": f"{r.id}: s'il vous plaît"}) for r in policy.rung)
    page = card(structs.replace(policy, rung=french), "fr")
    assert '<html lang="fr">' in page and "s&#x27;il vous plaît" in page
    assert wording("en").card["panic_text"] in page


def test_every_language_of_rungs_own_words_has_every_word() -> None:
    assert set(BOTH) <= set(languages())
    english = wording("en")
    for other in map(wording, languages()):
        for field in structs.fields(Wording):
            mine, theirs = getattr(english, field.name), getattr(other, field.name)
            if isinstance(mine, dict):
                assert list(mine) == list(theirs), field.name
                for key, text in mine.items():
                    assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", theirs[key])), key
                    assert theirs[key].strip()
        assert set(other.ground) == set(Ground) and set(other.role) == set(Role)
