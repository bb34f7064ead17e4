"""`rung policy show|draw|card|diff|replay`: policies for people."""

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rung.cli.ends import stop
from rung.journal.format import JournalError
from rung.journal.reading import reading
from rung.policy import Policy, PolicyError, load
from rung.policy.card import card as desk_card
from rung.policy.diff import diff as differences
from rung.policy.draw import mermaid, svg
from rung.policy.language import version_of
from rung.policy.phrases import beside, does, duties, opens, variant_of, waits, who_and_how
from rung.policy.replay import Compared
from rung.policy.replay import replay as replayed
from rung.policy.wording import wording
from rung.words import Answer, PressRecorded


def loaded(*names: str) -> list[Policy]:
    """Ends with every mistake in any of them."""
    policies, errors = [], []
    for name in names:
        try:
            policies.append(load(name))
        except PolicyError as error:
            errors.append(str(error))
    if errors:
        stop("\n".join(errors))
    return policies


def show(name: str, language: str | None) -> None:
    [policy] = loaded(name)
    language = _language(policy, name, language)
    say = wording(language)
    title = Text(f"{policy.translated(policy.title, language)} ({policy.name} {version_of(policy)})")
    table = Table(title=title, title_style="bold", show_lines=True)
    for column, ratio in zip(say.columns, (3, 3, 5, 7), strict=True):
        table.add_column(column, overflow="fold", ratio=ratio)
    for number, rung in enumerate(policy.rung, 1):
        said = f"{does(rung, language)}\n“{rung.script[language].strip()}”"
        said += "".join(f"\n{variant_of(v, language)}: “{v.script[language].strip()}”" for v in rung.variant)
        said += "".join(f"\n{text}" for text in beside(policy, rung, language))
        table.add_row(
            Text(f"{number} {policy.translated(rung.title, language)}"),
            who_and_how(rung, language),
            Text(opens(policy, rung, language)),
            Text(said),
        )
    console = Console()
    console.print(table)
    for line in (waits(policy, language), *duties(policy, language), ", ".join(policy.languages())):
        console.print(Text(line))


def _language(policy: Policy, name: str, language: str | None) -> str:
    """One that the scripts have: the policy's first, if none was asked for."""
    if language is None:
        return policy.languages()[0]
    if language not in policy.languages():
        stop(f"{name}: there are no scripts in {language!r}; allowed: {', '.join(policy.languages())}")
    return language


def card(name: str, language: str | None, out: Path | None) -> None:
    [policy] = loaded(name)
    page = desk_card(policy, _language(policy, name, language))
    if out is None:
        print(page, end="")
        return
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        stop(f"{out}: cannot be written: {error.strerror}")


def draw(name: str, as_mermaid: bool) -> str:
    [policy] = loaded(name)
    return mermaid(policy) if as_mermaid else svg(policy)


def diff(a: str, b: str) -> None:
    changes = differences(*loaded(a, b))
    for change in changes:
        print(f"{change.kind:9} {change.text}")
    if not changes:
        print("nothing changes for anybody")


def replay(journal: Path, name: str, everything: bool) -> None:
    """Prints each press that would have come out otherwise; with ``everything`` every press."""
    [policy] = loaded(name)
    try:
        with reading(journal) as record:
            entries = [(entry.at_ms, entry.wall_ms, entry.event) for entry in record.entries()]
    except JournalError as error:
        stop(str(error))
    walls = {at_ms: wall_ms for at_ms, wall_ms, _ in entries}
    compared = list(replayed(((at_ms, event) for at_ms, _, event in entries), policy))
    for one in compared:
        if everything or one.differs:
            print(_line(one, walls[one.at_ms]))
    others = sum(one.differs for one in compared)
    print(
        f"{len(compared)} presses on {len({one.case for one in compared})} calls; "
        f"{others} would have come out otherwise"
    )
    if unknown := sum(one.trained is None for one in compared):
        print(f"{unknown} of them are in an older record, which does not say who was trained: taken as trained")
    if left := sum(isinstance(event, PressRecorded) for _, _, event in entries) - len(compared):
        print(f"{left} more were made without a call, or on a case from another desk: not compared")


def _line(one: Compared, wall_ms: int) -> str:
    when = datetime.fromtimestamp(wall_ms / 1000).isoformat(" ", "seconds")
    buttons = "+".join(one.press.buttons)
    doubt = "" if one.certain else " (after an earlier difference on this call: it might have gone another way)"
    was, would = _said(one.was, one.took), _said(one.would, one.would_take)
    return f"{when} {one.case}: {one.press.gesture} of {buttons}: was {was}; would be {would}{doubt}"


def _said(answer: Answer, took: tuple[str, ...]) -> str:
    return ", ".join(took) if took else f"{answer.verdict} ({answer.why})"
