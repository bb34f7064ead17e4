"""`rung incidents`: what is done after a call, on the command line."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from rung import words as w
from rung.cli.ends import NO_REPORT, need, stop
from rung.words import Amends, Finding

app = typer.Typer(no_args_is_help=True, help="After the call: incidents, reviews, follow-ups, complaints, blocks.")

Case = Annotated[str, typer.Argument(help="The case, as `rung incidents list` names it.")]
Who = Annotated[str, typer.Option("--as", help="Who you are, by `rung people`; left out: desk.person of rung.toml.")]
Config = Annotated[Path, typer.Option("-c", "--config", help="The desk's rung.toml.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the record.")]
TOML = Path("rung.toml")
_also: list[Path] = []  # what --with has named, for the one command that this process is


@app.callback()
def also(
    with_: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Another desk's record, or a copy or export of it: its cases too."),
    ] = None,
) -> None:
    _also[:] = with_ or []


def _ask(what: str, who: str, config: Path, *fields: object) -> Any:
    """The reply to the request of that name."""
    from rung.cli.after import asked
    from rung.desk import after_desk

    reply = asked(config, getattr(after_desk, what)(*fields), who, _also)
    if not reply.done:
        stop(reply.why)
    return reply


def _do(act: w.AfterAct, who: str, config: Path) -> None:
    print(_ask("Do", who, config, act).why)


@app.command("list")
def list_(
    due: Annotated[bool, typer.Option("--due", help="Only those on which something is still due.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    who: Who = "",
    config: Config = TOML,
) -> None:
    """List the incidents: an agent's own, or for supervisors and managers all, and what is still due on each."""
    rows = _ask("ListAll", who, config, due).rows
    if json:
        print(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        print(f"{row.case}\t{row.at[:16].replace('T', ' ')}\t{row.policy}\t{row.how}\t{', '.join(row.grounds)}")
        for duty in row.due:
            print(f"\tdue: {duty}")
    if not rows:
        print("nothing is due" if due else "no incidents")


@app.command()
def show(
    case: Case,
    output: Annotated[Path | None, typer.Option("-o", help="Write it there: .html, .pdf or .json.")] = None,
    private: Annotated[bool, typer.Option("--private", help="The page for the agent's own eyes.")] = False,
    language: Annotated[str, typer.Option(help="Of the page or PDF; left out: that of the desk's pages.")] = "",
    who: Who = "",
    config: Config = TOML,
) -> None:
    """Show an incident: JSON here, or a page, a PDF or JSON in a file. An agent sees their own calls, privately."""
    reply = _ask("Show", who, config, case)
    report = reply.report
    private = private or reply.private
    kind = ".json" if output is None else output.suffix
    if kind not in (".html", ".pdf", ".json"):
        stop(f"-o: {output} is neither .html nor .pdf nor .json")
    if private and kind != ".html":
        stop("your own page is HTML: add -o FILE.html")
    from rung.cli.after import say_of
    from rung.desk.report.page import page, private_page

    if kind == ".html":
        from rung.cli.after import person_of

        said = say_of(config, language)
        if private:
            made = private_page(report, who or person_of(config), said.desk, said.language).encode()
        else:
            made = page(report, said.desk, said.language).encode()
    elif kind == ".json":
        made = msgspec.json.format(msgspec.json.encode(report)) + b"\n"
    else:
        need("fpdf", NO_REPORT)
        need("matplotlib", NO_REPORT)
        from rung.desk.report.pdf import pdf

        made = pdf(report, say_of(config, language).desk)
    if output is None:
        print(made.decode(), end="")
        return
    try:
        output.write_bytes(made)
    except OSError as error:
        stop(f"{output}: cannot be written: {error.strerror}")


@app.command()
def review(
    case: Case,
    finding: Annotated[Finding, typer.Argument(help="What you find.")],
    why: Why = "",
    unauthorised: Annotated[
        bool, typer.Option("--unauthorised", help="The ending round Rung was an unauthorised hang-up.")
    ] = False,
    goodwill: Annotated[str, typer.Option(help="What the follow-up may offer the caller.")] = "",
    who: Who = "",
    config: Config = TOML,
) -> None:
    """A manager's finding on a case: upheld, not upheld, coaching, or change of policy."""
    act = w.Reviewed(case=case, finding=finding, reason=why, unauthorised=unauthorised, goodwill=goodwill)
    _do(act, who, config)


@app.command("wrap-up")
def wrap_up(
    case: Case,
    code: Annotated[str, typer.Option(help="The wrap-up code of your call centre.")],
    note: Annotated[str, typer.Option(help="What a colleague should know.")] = "",
    why: Annotated[str, typer.Option("--why", help="Of a call that you ended: specifically why.")] = "",
    who: Who = "",
    config: Config = TOML,
) -> None:
    """Wrap up a call of yours."""
    _do(w.WrappedUp(case=case, code=code, note=note, reason=why), who, config)


@app.command()
def willing(
    case: Case,
    no: Annotated[bool, typer.Option("--no", help="No longer.")] = False,
    who: Who = "",
    config: Config = TOML,
) -> None:
    """You had this call, and are willing to contact the caller yourself."""
    _do(w.Willing(case=case, willing=not no), who, config)


@app.command("follow-up")
def follow_up(
    case: Case,
    by: Annotated[Literal["email", "telephone"], typer.Option(help="How the caller was told.")],
    happened: Annotated[str, typer.Option(help="What they were told of what happened.")],
    will_do: Annotated[str, typer.Option(help="What they were told of what will be done.")],
    goodwill: Annotated[bool, typer.Option("--goodwill", help="You offered what the reviewer granted.")] = False,
    introduced: Annotated[bool, typer.Option("--introduced", help="You said first who you are, and why.")] = False,
    who: Who = "",
    config: Config = TOML,
) -> None:
    """The apology that you have sent, or said. Rung never dials or writes by itself."""
    act = w.FollowedUp(
        case=case, by_way_of=by, happened=happened, will_do=will_do, goodwill=goodwill, introduced=introduced
    )
    _do(act, who, config)


@app.command("let-be")
def let_be(
    case: Case,
    duty: Annotated[Literal["follow-up", "call back"], typer.Argument(help="What is not done.")] = "follow-up",
    why: Why = "",
    who: Who = "",
    config: Config = TOML,
) -> None:
    """The caller is not contacted after all."""
    _do(w.LetBe(case=case, duty=duty, reason=why), who, config)


@app.command("opt-out")
def opt_out(
    case: Case,
    again: Annotated[bool, typer.Option("--again", help="They may be contacted again.")] = False,
    who: Who = "",
    config: Config = TOML,
) -> None:
    """The caller of this case does not want to be contacted."""
    _do(w.OptedOut(case=case, out=not again), who, config)


@app.command()
def complain(
    case: Case,
    text: Annotated[str, typer.Option(help="What the caller complains of.")],
    who: Who = "",
    config: Config = TOML,
) -> None:
    """Take a caller's complaint; prints the reference and the regulator, which are told to the caller."""
    _do(w.Complained(case=case, text=text), who, config)


@app.command()
def find(
    case: Case,
    reference: Annotated[str, typer.Argument(help="Of the complaint.")],
    side: Annotated[Literal["caller", "agent"], typer.Argument(help="For whom you find.")],
    why: Why = "",
    amends: Annotated[list[Amends] | None, typer.Option(help="What is to be put right; may be repeated.")] = None,
    who: Who = "",
    config: Config = TOML,
) -> None:
    """A manager's finding on a complaint, for either side."""
    _do(w.Found(case=case, reference=reference, side=side, reason=why, amends=tuple(amends or ())), who, config)


@app.command("put-right")
def put_right(
    case: Case,
    reference: Annotated[str, typer.Argument(help="Of the complaint.")],
    amends: Annotated[Amends, typer.Argument(help="What you have done.")],
    how: Annotated[str, typer.Option(help="How.")],
    who: Who = "",
    config: Config = TOML,
) -> None:
    """One of the amends is done."""
    _do(w.PutRight(case=case, reference=reference, amends=amends, how=how), who, config)


@app.command()
def block(
    case: Case,
    grant: Annotated[int | None, typer.Option(help="You are the second person: block it for so many days.")] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="You are the second person: it is not blocked.")] = False,
    why: Why = "",
    who: Who = "",
    config: Config = TOML,
) -> None:
    """Propose to block the caller's number; or, as the second person, decide."""
    if grant is not None and refuse:
        stop("--grant or --refuse, not both")
    if grant is None and not refuse:
        _do(w.BlockProposed(case=case, reason=why), who, config)
    else:
        _do(w.BlockDecided(case=case, granted=not refuse, reason=why, days=grant or 0), who, config)


@app.command()
def unblock(case: Case, why: Why = "", who: Who = "", config: Config = TOML) -> None:
    """Lift a block before its time."""
    _do(w.Unblocked(case=case, reason=why), who, config)


@app.command()
def appeal(
    case: Case,
    text: Annotated[str, typer.Option(help="What the caller says against the block.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="You decide: the block is lifted.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="You decide: the block stands.")] = False,
    why: Why = "",
    who: Who = "",
    config: Config = TOML,
) -> None:
    """Take a caller's appeal against a block; or, as a manager, decide it."""
    if lift and keep:
        stop("--lift or --keep, not both")
    act = w.AppealDecided(case=case, lifted=lift, reason=why) if lift or keep else w.Appealed(case=case, text=text)
    _do(act, who, config)


@app.command()
def blocks(who: Who = "", config: Config = TOML) -> None:
    """The block list: every block and how it stands, for supervisors and managers."""
    for row in _ask("ListBlocks", who, config).blocks:
        appealed = "\tappealed" if row.appealed else ""
        print(f"{row.case}\t{row.caller}\t{row.standing}\tuntil {row.until[:16].replace('T', ' ')}{appealed}")


@app.command()
def breather(who: Who = "", config: Config = TOML) -> None:
    """End your breather: calls come again."""
    print(_ask("Rest", who, config).why)


@app.command()
def train(
    person: Annotated[str | None, typer.Argument(help="Who was trained.")] = None,
    until: Annotated[str, typer.Option(help="The last day on which it holds, such as 2031-12-31.")] = "",
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="You were trained, and know that every ending is reviewed.")
    ] = False,
    who: Who = "",
    config: Config = TOML,
) -> None:
    """A manager records a training; the person then acknowledges that every ending is reviewed."""
    if acknowledge:
        _do(w.Acknowledged(), who, config)
        return
    try:
        day = datetime.combine(datetime.fromisoformat(until), time.min).astimezone() + timedelta(days=1)
    except ValueError:
        stop(f"--until: {until!r} is no day, such as 2031-12-31")
    _do(w.Trained(person=person or "", until_ms=round(day.astimezone(UTC).timestamp() * 1000)), who, config)


@app.command()
def mine(who: Who = "", config: Config = TOML) -> None:
    """Your own presses, and what became of them. Nobody else can ask for them."""
    own = _ask("Mine", who, config).own
    print(f"taken {own.taken}, refused {own.refused}, nothing to do {own.nothing}")
    for reason, times in own.refused_because:
        print(f"{times:6}  {reason}")
