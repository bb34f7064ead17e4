"""The data card says what the program does."""

import re
from pathlib import Path

from tests.journal.specimens import every_event

from rung import words as w
from rung.config import PrivacyConfig
from rung.desk.privacy import Retention
from rung.journal.sealing import private_fields
from rung.journal.store import Journal
from rung.journal.vault import KEY_BYTES, Vault

CARD = (Path(__file__).parents[2] / "host" / "PRIVACY.md").read_text()
ROWS = [line for line in CARD.splitlines() if line.startswith("|")]


def row(begins: str) -> str:
    return next(line for line in ROWS if line.startswith(f"| {begins}"))


def test_times_are_the_defaults_of_the_configuration_and_of_the_desk() -> None:
    assert Retention() == Retention(PrivacyConfig().refused_days, PrivacyConfig().cases_days)
    told = {key: int(days) for days, key in re.findall(r"(\d+) days[^|]*\(`(\w+)`\)", CARD)}
    assert told == {"refused_days": Retention().refused_days, "cases_days": Retention().cases_days}
    assert f"{Retention().refused_days} days**" in CARD and f"{KEY_BYTES} random bytes" in CARD


def test_what_it_calls_encrypted_is_and_what_it_calls_clear_is_not() -> None:
    private = {f"{type(e).__name__}.{f}" for e in every_event() for f in private_fields(type(e))}
    acts = {f for e in every_event() if isinstance(e, w.Attended) for f in private_fields(type(e.act))}
    assert {"CaseOpened.caller", "CaseOpened.call", "NotesKept.matter", "AskReplied.word"} <= private
    assert {"reason", "text", "note"} <= acts
    assert (
        "encrypted" in row("caller's number") and "encrypted" in row("notes") and "encrypted" in row("who was refused")
    )
    clear = {"GroundDeclared.ground", "RungTaken.rung", "RungTaken.person", "CaseClosed.how", "ClearTextSeen.person"}
    assert not clear & private
    assert all("in clear" in row(r) for r in ("grounds", "who pressed", "who saw"))


def test_files_it_names_are_the_desks_and_their_owners(tmp_path: Path) -> None:
    journal, vault = Journal(tmp_path / "journal.db"), Vault(tmp_path / "vault.db")
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o77 == 0
    vault.close()
    journal.close()
    assert "`journal.db`" in CARD and "`vault.db`" in CARD


def test_what_is_never_counted_by_person_is_in_no_figures() -> None:
    """The floor's figures have no field that could name one of the staff."""
    from rung.journal.after.figures import Figures

    fields = set(Figures.__struct_fields__)
    assert not {"person", "people", "agent", "agents", "by_person"} & fields and "counted by person" in CARD
