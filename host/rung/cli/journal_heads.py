"""A signed head for people to keep: on a sheet of paper, or as a mail."""

import textwrap
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from rung.journal.heads import SignedHead


def as_sheet(head: SignedHead, journal: Path, day: datetime) -> str:
    """To be printed, signed by hand and filed by somebody else than the desk's user."""
    return f"""\
THE END OF A DESK'S RECORD                                {day:%Y-%m-%d %H:%M} UTC

desk      {journal.resolve().parent.name}
record    {head.journal}
entries   {head.seq}
hash      {_grouped(head.hash.hex())}
signed    {datetime.fromtimestamp(head.wall_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC by the desk's clock
key       {head.fingerprint}

Whoever keeps this sheet can prove later that nothing up to that entry was
changed, taken out or put in:   rung journal verify --against FILE
with the lines between the marks in FILE, or by comparing the hash by eye.

-----
{_broken(head)}
-----

filed by ______________________________    on ______________________________
"""


def as_mail(head: SignedHead, journal: Path, to: str, day: datetime) -> str:
    """A whole message with its headers, as `sendmail -t` takes it."""
    message = EmailMessage()
    message["To"] = to
    message["Subject"] = f"Rung: {journal.resolve().parent.name}, {head.seq} entries, {day:%Y-%m-%d}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"Keep this mail: with it you can prove that nothing in this desk's record up to entry {head.seq}\n"
        "was changed later.   rung journal verify --against THIS-MAIL\n\n"
        f"{_broken(head)}\n",
        cte="7bit",
    )
    return str(message)


def _broken(head: SignedHead) -> str:
    """The line, broken at its blanks: as wide as mail and paper are."""
    return textwrap.fill(str(head), 88, break_long_words=False, break_on_hyphens=False)


def _grouped(hex_: str) -> str:
    groups = textwrap.wrap(hex_, 8)
    return f"{' '.join(groups[:4])}\n          {' '.join(groups[4:])}"
