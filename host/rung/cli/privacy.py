"""`rung privacy`: erasing, legal holds, who sees clear text, one's own data. See PRIVACY.md."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from rung.cli.ends import stop

app = typer.Typer(
    no_args_is_help=True, help="What a desk keeps of callers and of people: erased, held, shown, handed out."
)

ConfigFile = Annotated[Path, typer.Option("-c", "--config", help="The desk's rung.toml.")]
Cases = Annotated[list[str] | None, typer.Argument(help="Cases, as the record names them.")]
Caller = Annotated[str, typer.Option(help="Instead of cases: all that this desk has of this number.")]
Person = Annotated[str, typer.Option("--as", help="Who orders it; stays in the record.")]
Why = Annotated[str, typer.Option(help="Why; stays in the record, so leave the number out of it.")]


@app.command()
def erase(
    person: Person, why: Why, cases: Cases = None, caller: Caller = "", config: ConfigFile = Path("rung.toml")
) -> None:
    """Erase what names the caller of these cases, for good. The record and its chain stay as they are."""
    _tell(config, do="erase", cases=tuple(cases or ()), caller=caller, person=person, why=why)


@app.command()
def hold(
    person: Person, why: Why, cases: Cases = None, caller: Caller = "", config: ConfigFile = Path("rung.toml")
) -> None:
    """Keep these cases from being erased, by order or by time, until the hold is lifted."""
    _tell(config, do="hold", cases=tuple(cases or ()), caller=caller, person=person, why=why)


@app.command()
def lift(
    person: Person, cases: Cases = None, caller: Caller = "", why: Why = "", config: ConfigFile = Path("rung.toml")
) -> None:
    """Lift the hold on these cases."""
    _tell(config, do="lift", cases=tuple(cases or ()), caller=caller, person=person, why=why)


@app.command()
def retain(config: ConfigFile = Path("rung.toml")) -> None:
    """Erase now what has been kept long enough. A running desk does it every day."""
    _tell(config, do="retain")


@app.command()
def reveal(
    person: Annotated[str, typer.Option("--as", help="Who looks; it is on record before anything is shown.")],
    cases: Cases = None,
    caller: Caller = "",
    why: Why = "",
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Print these cases in clear text, as far as it can still be read."""
    from rung.cli.timeline import Describer
    from rung.desk.happening import Happening

    done = _done(config, do="reveal", cases=tuple(cases or ()), caller=caller, person=person, why=why)
    describer = Describer()
    for line in done.entries:
        when = datetime.fromtimestamp(line.wall_ms / 1000).isoformat(" ", "seconds")
        if line.event is None:
            print(f"{line.seq:6} {when} {line.kind}: erased")
        else:
            text = describer.describe(Happening(kind="recorded", at_ns=0, event=line.event))
            caller_of = getattr(line.event, "caller", "")
            print(f"{line.seq:6} {when} {text}" + (f", {caller_of}" if caller_of else ""))


@app.command()
def mine(
    person: Annotated[str, typer.Argument(help="Whose data: as `desk.person`, or as they sign on.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file, for its owner alone.")] = None,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Hand out, as JSON, what this desk's record has of one person of the staff; for that person, by their password.

    Whoever `desk.person` names needs none: it is their desk.
    """
    from rung.cli.after import person_of

    own = _done(config, "" if person == person_of(config) else person, do="mine", person=person).own
    _write(out, msgspec.json.format(msgspec.json.encode(own), indent=1) + b"\n")


@app.command()
def export(
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file, for its owner alone.")] = None,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Hand out the record for counting, as JSON, one entry a line: no caller in it, and pseudonyms for the staff.

    The proof itself, which can be verified and names them, is `rung journal export`.
    """
    from rung.config import ConfigError, read_config
    from rung.journal.format import JournalError
    from rung.journal.pseudonyms import Pseudonyms
    from rung.journal.reading import reading

    names, lines = Pseudonyms(), []
    try:
        with reading(read_config(config).journal) as record:
            for entry in record.entries():
                says = msgspec.to_builtins(names.event(entry.event))
                says.pop("sealed", None)
                line = {"seq": entry.seq, "at_ms": entry.at_ms, "wall_ms": entry.wall_ms, **says}
                lines.append(msgspec.json.encode(line) + b"\n")
    except (ConfigError, JournalError) as error:
        stop(str(error))
    _write(out, b"".join(lines))


def _write(out: Path | None, text: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(text)
        return
    try:
        out.touch(mode=0o600)
        out.chmod(0o600)
        out.write_bytes(text)
    except OSError as error:
        stop(f"{out}: cannot be written: {error.strerror}")


def _tell(config: Path, **order: Any) -> None:
    for line in _done(config, **order).told:
        print(line)


def _done(config: Path, name: str = "", **order: Any) -> Any:
    """What came of it; ends with one line where nothing was done. ``name`` shows a password that they are it."""
    from rung.cli.after import asked
    from rung.desk.orders import Order

    reply = asked(config, Order(**order), name)
    if not reply.done or reply.order is None:
        stop(reply.why)
    return reply.order
