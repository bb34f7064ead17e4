"""The report as one HTML page with its own style; nothing is fetched. Words carry every meaning, colour repeats it."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources

from rung.desk.report.model import Asked, Report, Taken

KEPT = "The order was kept: by the record and the policy, every step was open when it was taken."
BROKEN = "By the record and the policy, not every step was open when it was taken."
NO_STEP = "No step of the ladder was taken on this call."


def shell(title: str, under: str, parts: Iterable[str]) -> str:
    """A whole page around its parts, which are HTML already."""
    style = (resources.files("rung.desk.report") / "report.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>
<style>
{style}</style></head>
<body>
<header><h1>{escape(title)}</h1><p>{escape(under)}</p></header>
<main>
{"".join(parts)}</main>
</body>
</html>
"""


def page(report: Report) -> str:
    """For those who review: everything that is on record of the case."""
    return shell(f"Incident {report.case}", _under(report), _parts(report))


def private_page(report: Report, person: str) -> str:
    """For the agent alone: what they did, and that the order was kept. No word of anybody's finding on anybody else."""
    return shell(f"Your call {report.case}", _under(report), _private_parts(report, person))


def verdict(report: Report) -> str:
    """Whether the order was kept, in one sentence."""
    return (KEPT if report.order_kept else BROKEN) if report.rungs else NO_STEP


def _under(report: Report) -> str:
    return f"{report.title} · {report.policy} {report.version} · {when(report.began)}"


def when(instant: str) -> str:
    """An ISO instant as people write it."""
    return instant.replace("T", " ")[:19]


def facts(report: Report) -> list[tuple[str, str]]:
    """What the head of a report tells, by name; what is not known is left out."""
    told = [
        ("caller", report.caller),
        ("who had the call", ", ".join(report.people)),
        ("began", when(report.began)),
        ("ended", when(report.ended)),
        ("of it talk", f"{report.talk_s:g} s"),
        ("how it ended", report.how),
        ("from whose side", report.side),
        ("cause, by the phone", report.cause),
        ("reason", report.reason),
        ("matter", report.matter),
        ("offered", report.offered),
        ("demeanour", report.demeanour),
        ("tried", ", ".join(report.tried)),
        ("markers", "; ".join(report.markers)),
        ("recording", report.recording),
    ]
    return [(name, text) for name, text in told if text]


def _parts(report: Report) -> Iterator[str]:
    yield _list(facts(report))
    yield "<h2>What the caller did</h2>"
    grounds = [(when(g.at), g.ground + (" (taken back)" if g.taken_back else ""), g.person, g.note)
               for g in report.grounds]  # fmt: skip
    yield table(("at", "ground", "by", "note"), grounds, "No ground was declared.")
    yield from _ladder(report.rungs, verdict(report), report.order_kept)
    yield "<h2>What was refused</h2>"
    refused = [(when(r.at), r.person, r.press, r.why, r.next) for r in report.refused]
    yield table(("at", "who", "press", "answer", "next"), refused, "Nothing was refused.")
    yield "<h2>Who was asked, and who answered</h2>"
    yield table(("at", "for", "asked", "answers", "no answer", "outcome"), map(_ask, report.asks), "Nobody was asked.")
    yield "<h2>After the call</h2>"
    done = [(when(a.at), a.by, a.what, "; ".join(f"{k}: {v}" for k, v in a.told)) for a in report.afterwards]
    yield table(("at", "who", "what", "in their words"), done, "Nothing has been done yet.")
    if report.due:
        yield f"<p>Still due:</p><ul>{''.join(f'<li>{escape(due)}</li>' for due in report.due)}</ul>"


def _private_parts(report: Report, person: str) -> Iterator[str]:
    mine = [taken for taken in report.rungs if taken.person == person]
    kept = all(not taken.lacked for taken in mine)
    yield _list([("how it ended", report.how), ("from whose side", report.side), ("began", when(report.began))])
    yield from _ladder(mine, (KEPT if kept else BROKEN) if mine else NO_STEP, kept)
    yield "<h2>What was refused</h2>"
    refused = [(when(r.at), r.press, r.why, r.next) for r in report.refused if r.person == person]
    yield table(("at", "press", "answer", "next"), refused, "Nothing was refused.")
    yield "<p class='soft'>This page is yours. How often you press is nobody else's to count.</p>"


def _ladder(rungs: Sequence[Taken], told: str, kept: bool) -> Iterator[str]:
    yield "<h2>The steps</h2>"
    yield f'<p class="{"kept" if kept else "broken"}">{escape(told)}</p>'
    yield table(("at", "step", "by", "needed, and held", "said"), map(_step, rungs), "", raw=True)


def _step(taken: Taken) -> tuple[str, ...]:
    kind = " (announced)" if taken.announced else ""
    title = escape(taken.title) + kind
    if taken.came_to_nothing:
        title += f"<br><small>came to nothing: {escape(taken.came_to_nothing)}</small>"
    if taken.grounds:
        title += f"<br><small>because of: {escape(', '.join(taken.grounds))}</small>"
    needs = escape(taken.needs)
    if taken.lacked:
        needs += f'<br><span class="broken">not so: {escape("; ".join(taken.lacked))}</span>'
    quote = f'<blockquote lang="{escape(taken.language)}">{escape(taken.script)}</blockquote>' if taken.script else ""
    return escape(when(taken.at)), title, escape(taken.person), needs, quote


def _ask(ask: Asked) -> tuple[str, ...]:
    replies = "; ".join(
        f"{reply.person or reply.desk}: {reply.reply}" + (f" ({reply.word})" if reply.word else "")
        for reply in ask.replies
    )
    after = "" if ask.after_s is None else f", after {ask.after_s:g} s"
    return when(ask.at), ask.want, ", ".join(ask.to), replies, ", ".join(ask.silent), ask.outcome + after


def _list(told: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in told if text)}</dl>\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], otherwise: str, *, raw: bool = False) -> str:
    """A table, or the sentence ``otherwise`` where it would have no row. ``raw``: the cells are HTML already."""
    rows = list(rows)
    if not rows:
        return f"<p>{escape(otherwise)}</p>\n" if otherwise else ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell if raw else escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"
