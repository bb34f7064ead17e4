"""`rung policy show|draw|diff|replay`: policies for people."""

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rung.cli.ends import stop
from rung.journal.format import JournalError
from rung.journal.store import Journal
from rung.policy import Policy, PolicyError, load
from rung.policy.diff import diff as differences
from rung.policy.draw import mermaid, svg
from rung.policy.phrases import DOES, duty, needs, who_and_how
from rung.policy.replay import Compared
from rung.policy.replay import replay as replayed
from rung.words import Answer


def loaded(name: str) -> Policy:
    try:
        return load(name)
    except PolicyError as error:
        stop(str(error))


def show(name: str, language: str) -> None:
    policy = loaded(name)
    table = Table(title=f"{policy.title} ({policy.name} {policy.version})", title_style="bold", show_lines=True)
    for column in ("step", "who, button", "needs", "does and says"):
        table.add_column(column, overflow="fold")
    for rung in policy.rung:
        said = rung.script.get(language, next(iter(rung.script.values()))).strip()
        needed = "\nor: ".join(needs(policy, rung))
        table.add_row(rung.title, who_and_how(rung), needed, f"{DOES[rung.does]}\n“{said}”")
    console = Console()
    console.print(table)
    times = policy.times
    console.print(
        f"wait {times.wait:g} s, say {times.say_time:g} s, answer within {times.answer_within:g} s, "
        f"wider after {times.widen_after:g} s; languages: {', '.join(policy.languages())}"
    )
    for due in policy.duty:
        console.print(f"due: {duty(due)}")


def draw(name: str, as_mermaid: bool) -> str:
    policy = loaded(name)
    return mermaid(policy) if as_mermaid else svg(policy)


def diff(a: str, b: str) -> None:
    changes = differences(loaded(a), loaded(b))
    for change in changes:
        print(f"{change.kind:9} {change.text}")
    if not changes:
        print("nothing changes for anybody")


def replay(journal: Path, name: str, everything: bool) -> None:
    """Prints each press that would have come out otherwise; with ``everything`` every press."""
    policy = loaded(name)
    if not journal.exists():
        stop(f"{journal}: there is no such journal")
    try:
        store = Journal(journal)
        entries = list(store.entries())
        store.close()
    except JournalError as error:
        stop(str(error))
    walls = {entry.at_ms: entry.wall_ms for entry in entries}
    compared = list(replayed(((entry.at_ms, entry.event) for entry in entries), policy))
    for one in compared:
        if everything or one.differs:
            print(_line(one, walls[one.at_ms]))
    others = sum(one.differs for one in compared)
    print(
        f"{len(compared)} presses on {len({one.case for one in compared})} calls; "
        f"{others} would have come out otherwise"
    )


def _line(one: Compared, wall_ms: int) -> str:
    when = datetime.fromtimestamp(wall_ms / 1000).isoformat(" ", "seconds")
    buttons = "+".join(one.press.buttons)
    doubt = "" if one.certain else " (after an earlier difference on this call: it might have gone another way)"
    was, would = _said(one.was, one.took), _said(one.would, one.would_take)
    return f"{when} {one.case}: {one.press.gesture} of {buttons}: was {was}; would be {would}{doubt}"


def _said(answer: Answer, took: tuple[str, ...]) -> str:
    return ", ".join(took) if took else f"{answer.verdict} ({answer.why})"
