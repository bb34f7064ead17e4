"""`rung journal`: a desk's record is proven, shown, handed out, and its end signed.

Nothing here writes to it, but `erase` (`rung.cli.privacy`), and that adds entries alone.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from rung.cli.ends import stop
from rung.clock import wall_ms

app = typer.Typer(no_args_is_help=True, help="The desk's record: proven, shown, handed out; also while the desk runs.")

Place = Annotated[
    Path | None, typer.Argument(help="A journal, a copy of one, or an export; left out: that of rung.toml's desk.")
]
ConfigFile = Annotated[Path, typer.Option("-c", "--config", help="The desk's rung.toml.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Write to this file, for its owner alone.")]


@app.command()
def verify(
    place: Place = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A file with signed heads kept elsewhere, as a mail or a list; repeatable."),
    ] = None,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Prove every entry, and against heads kept elsewhere. Exit code 1: it is not what was written."""
    from rung.cli.journal_proof import prove
    from rung.journal.format import JournalError

    path = _path(place, config)
    try:
        sound = prove(path, [_read(file) for file in against or ()])
    except JournalError as error:
        print(error)
        sound = False
    raise typer.Exit(0 if sound else 1)


@app.command()
def show(
    place: Place = None,
    case: Annotated[str, typer.Option(help="Only from the first to the last entry that names this case.")] = "",
    kind: Annotated[str, typer.Option(help="Only entries of this kind, such as PressRecorded.")] = "",
    last: Annotated[int, typer.Option(min=0, help="Only so many of the newest; 0: all.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Each entry as an export has it.")] = False,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Print the entries, one a line: number, time, and what happened."""
    from rung.cli.journal_show import shown
    from rung.journal.format import JournalError

    path = _path(place, config)
    try:
        for line in shown(path, case, kind, last, json):
            print(line)
    except JournalError as error:
        stop(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has enough


@app.command()
def export(place: Place = None, out: Out = None, config: ConfigFile = Path("rung.toml")) -> None:
    """Write the whole record as JSON, one entry a line, as it was hashed: `rung journal verify` proves it anywhere."""
    from rung.journal.format import JournalError
    from rung.journal.reading import exported, reading
    from rung.journal.signing import last_signed, write_private_lines

    path = _path(place, config)
    signed = last_signed(path)
    try:
        with reading(path) as record:
            lines = exported(record, [] if signed is None or signed.journal != record.id else [str(signed)])
            if out is None:
                sys.stdout.buffer.writelines(lines)
                sys.stdout.buffer.flush()
            else:
                write_private_lines(out, lines)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has enough
    except (JournalError, OSError) as error:
        stop(str(error))


@app.command()
def heads(
    place: Place = None,
    sheet: Annotated[bool, typer.Option("--print", help="As a sheet of paper, to be filed by somebody else.")] = False,
    mail: Annotated[str, typer.Option(help="As a mail to this address, for the site's own mailer.")] = "",
    out: Out = None,
    config: ConfigFile = Path("rung.toml"),
) -> None:
    """Sign the end of this desk's record as it is: one line, for somebody to keep whom its user does not control."""
    from rung.cli.journal_heads import as_mail, as_sheet
    from rung.journal.format import Head, JournalError
    from rung.journal.reading import reading
    from rung.journal.signing import Signer
    from rung.journal.verify import verify as proven
    from rung.private import write_private

    path = _path(place, config)
    try:
        with reading(path) as record:
            report = proven(record.entries(), record.id)
        if report.broken is not None:
            stop(f"journal {path}: is not signed, since it does not hold: {report.broken.what}")
        head: Head = report.head
        signed = Signer(path, make=False).sign(record.id, head, wall_ms())
        day = datetime.now(UTC)
        text = as_mail(signed, path, mail, day) if mail else as_sheet(signed, path, day) if sheet else f"{signed}\n"
        if out is None:
            print(text, end="")
        else:
            write_private(out, text.encode())
    except (JournalError, OSError) as error:
        stop(str(error))


def _path(place: Path | None, config: Path) -> Path:
    if place is not None:
        return place
    from rung.config import ConfigError, read_config

    try:
        return read_config(config).journal
    except ConfigError as error:
        stop(f"{error}; or name the journal's file")


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(errors="replace")
    except OSError as error:
        stop(f"{file}: cannot be read: {error.strerror}")
