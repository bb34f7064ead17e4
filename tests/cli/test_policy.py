"""`rung policy`: what managers type, and what they read."""

import json
import re
from contextlib import closing
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from tests.policy.scene import Scene
from typer.testing import CliRunner

from rung.cli.app import app
from rung.config import ConfigError, read_config
from rung.journal.store import Journal
from rung.policy.card import card
from rung.policy.draw import mermaid, svg
from rung.policy.language import schema
from rung.policy.library import load, shipped
from rung.policy.proof import SENTENCES, witness
from rung.words import PressRecorded


def _run(*words: str) -> str:
    result = CliRunner().invoke(app, ["policy", *words], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def _refused(*words: str) -> str:
    result = CliRunner().invoke(app, ["policy", *words])
    assert result.exit_code != 0
    return result.output.strip()


def test_list_names_every_shipped_policy_with_its_languages() -> None:
    lines = _run("list").splitlines()
    assert [line.split()[0] for line in lines] == shipped()
    for line, policy in zip(lines, map(load, shipped()), strict=True):
        assert policy.title in line
        assert ", ".join(policy.languages()) in line


def test_schema_is_printed_whole() -> None:
    assert json.loads(_run("schema")) == json.loads(msgspec.json.encode(schema()))


def test_prove_prints_the_fold_the_walks_and_every_property() -> None:
    text = _run("prove", "no-hang-up")
    assert "told apart:" in text and "the agent's ladder:" in text
    assert text.count("holds  ") == len(SENTENCES) and "BROKEN" not in text


def test_prove_as_data() -> None:
    (report,) = json.loads(_run("prove", "no-hang-up", "--json"))
    assert report["holds"] and report["states"] and report["steps"] and report["seconds"] > 0
    assert {p["name"] for p in report["properties"] if p["holds"]} == set(SENTENCES)


def _own(folder: Path) -> Path:
    """A floor's own policy: a supervisor who has warned has nothing left."""
    source = (resources.files("rung.policy") / "shipped" / "no-hang-up.toml").read_text(encoding="utf-8")
    tables = [table for table in re.split(r"(?m)^(?=\[\[)", source) if 'id = "supervisor-end"' not in table]
    own = folder / "own.toml"
    own.write_text(re.sub(r'(?m)^"End the call" = .*\n', "", "".join(tables)), encoding="utf-8")
    return own


def test_a_policy_that_fails_its_proof_is_told_with_the_shortest_sequence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["policy", "prove", str(_own(tmp_path))])
    assert result.exit_code == 1
    assert "BROKEN  every_refusal_names_a_next_step" in result.output
    assert " 1. " in result.output and "tap warn" in result.output
    assert "played with real waits: it comes about" in result.output


def test_what_does_not_come_about_with_real_waits_is_told_as_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "TRIED", 0)
    result = CliRunner().invoke(app, ["policy", "prove", str(_own(tmp_path))])
    assert result.exit_code == 1 and "BROKEN  every_refusal" not in result.output
    assert "UNSHOWN every_refusal_names_a_next_step" in result.output
    assert "it does not come about: the proof is too coarse for this ladder" in result.output


def test_a_policy_that_fails_its_proof_is_refused_at_load_in_one_line(tmp_path: Path) -> None:
    config = tmp_path / "rung.toml"
    phone = '[phone]\nuser = "1001"\nsupervisors = "sip:s@127.0.0.1"\n'
    config.write_text(f'{phone}[desk]\npolicy = "{_own(tmp_path).name}"\n')
    with pytest.raises(ConfigError) as error:
        read_config(config)
    line = str(error.value)
    assert "no_dead_end" in line and "tap warn" in line and "\n" not in line


def test_the_card_is_printed_or_written_to_a_file(tmp_path: Path) -> None:
    assert _run("card", "warm-transfer", "--language", "de") == card(load("warm-transfer"), "de")
    out = tmp_path / "card.html"
    assert _run("card", "warm-transfer", "-o", str(out)) == ""
    assert out.read_text(encoding="utf-8") == card(load("warm-transfer"), "en")
    assert _refused("card", "warm-transfer", "-o", str(tmp_path / "no" / "card.html")).endswith(
        "card.html: cannot be written: No such file or directory"
    )


def test_a_language_without_scripts_is_refused_with_those_that_there_are() -> None:
    for command in ("card", "show"):
        said = _refused(command, "warm-transfer", "--language", "fr")
        assert said == "rung: warm-transfer: there are no scripts in 'fr'; allowed: en, de"


def test_a_policy_is_shown_with_all_that_is_said() -> None:
    for language in ("en", "de"):
        table = re.sub(r"[\s│]+", "", _run("show", "hang-up-protocol", "--language", language))
        for rung in load("hang-up-protocol").rung:
            for part in (rung, *rung.variant):
                assert all(re.sub(r"\s", "", word) in table for word in part.script[language].split())
    assert "Anrufer warnen" in _run("show", "warm-transfer", "--language", "de")


def test_a_table_tells_all_that_a_step_is(tmp_path: Path) -> None:
    """Also what its press attests, what may be ticked, where the wait begins, and that it is played."""
    text = (resources.files("rung.policy") / "shipped" / "end-with-care.toml").read_text(encoding="utf-8")
    file = tmp_path / "floor.toml"
    file.write_text(
        text.replace('id = "end"\n', 'id = "end"\nplay = true\nattests = ["heard out"]\n'), encoding="utf-8"
    )
    table = re.sub(r"[\s│]+", "", _run("show", str(file)))
    for told in (
        "says it; “it went on” counts from here",
        "Tick what you tried: active listening, empathy",
        "pressing states: heard out",
        "the announcement is played to the caller",
    ):
        assert told.replace(" ", "") in table, told


def test_brackets_in_titles_are_shown(tmp_path: Path) -> None:
    text = (resources.files("rung.policy") / "shipped" / "no-hang-up.toml").read_text(encoding="utf-8")
    file = tmp_path / "floor.toml"
    text = text.replace("Offer a supervisor", "Offer [b] a supervisor").replace("The agent never", "[/foo] Never")
    file.write_text(text, encoding="utf-8")
    shown = _run("show", str(file))
    assert "Offer [b] a supervisor" in shown and "[/foo] Never" in shown


def test_every_mistake_of_a_file_is_a_line(tmp_path: Path) -> None:
    text = (resources.files("rung.policy") / "shipped" / "no-hang-up.toml").read_text(encoding="utf-8")
    file = tmp_path / "floor.toml"
    file.write_text(text.replace("wait = 5", "wait = -5").replace('name = "no-hang-up"', 'name = ""'), encoding="utf-8")
    for command in ("show", "prove", "draw", "card"):
        assert _refused(command, str(file)).splitlines() == [
            f"rung: {file}: name: is empty; give it words",
            f"rung: {file}: times.wait: -5.0 is not between 0.001 and 3600 seconds",
        ]


def _record(path: Path, *, trained: bool | None) -> Path:
    """A press without a call, then one call on which the agent warns and announces the end."""
    s = Scene("advise-and-warn", call=False)
    s.press("warn")
    s.line("up")
    s.declare("slur").must("warn").talk().declare("slur").must("release")
    s.line("ended", "them")
    with closing(Journal(path)) as journal:
        for recorded in s.record:
            event = recorded.event
            if isinstance(event, PressRecorded):
                event = structs.replace(event, trained=trained)
            journal.append([event], at_ms=recorded.at_ms, wall_ms=1_800_000_000_000 + recorded.at_ms)
    return path


def test_the_mistakes_of_every_file_are_told(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text('title = "x"\n')
    two.write_text("version = 1\n")
    for command in (["prove", str(one), "no-hang-up", str(two)], ["diff", str(one), str(two)]):
        told = _refused(*command)
        assert "one.toml: top level" in told and "two.toml: top level" in told


def test_a_replay_tells_each_press_that_would_have_come_out_otherwise(tmp_path: Path) -> None:
    journal = str(_record(tmp_path / "journal.db", trained=True))
    assert _run("replay", journal, "--policy", "advise-and-warn").splitlines() == [
        "2 presses on 1 calls; 0 would have come out otherwise",
        "1 more were made without a call, or on a case from another desk: not compared",
    ]
    lines = _run("replay", journal, "--policy", "no-hang-up").splitlines()
    assert re.fullmatch(r"2027-01-1\d .* case-1: tap of warn: was advise-and-warn; would be refused \(.*\)", lines[0])
    assert re.search(r"tap of release: was end; would be refused .*it might have gone another way\)$", lines[1])
    assert len(_run("replay", journal, "--policy", "advise-and-warn", "--all").splitlines()) == 4


def test_a_replay_says_what_an_older_record_does_not_know(tmp_path: Path) -> None:
    journal = str(_record(tmp_path / "journal.db", trained=None))
    said = _run("replay", journal, "--policy", "advise-and-warn")
    assert "2 of them are in an older record, which does not say who was trained: taken as trained" in said


def test_what_cannot_be_replayed_is_said_in_one_line(tmp_path: Path) -> None:
    none = tmp_path / "none.db"
    said = _refused("replay", str(none), "--policy", "no-hang-up")
    assert said == f"rung: journal {none}: is not there; check the name" and not none.exists()
    empty = tmp_path / "empty.db"
    empty.touch()
    said = _refused("replay", str(empty), "--policy", "no-hang-up")
    assert said.startswith(f"rung: journal {empty}: is not a journal of Rung") and empty.stat().st_size == 0
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no journal at all" * 100)
    assert _refused("replay", str(bad), "--policy", "no-hang-up").startswith(f"rung: journal {bad}: is no journal")
    newer = tmp_path / "newer.jsonl"
    entry = '{"seq":1,"at_ms":0,"wall_ms":0,"kind":"Future","body":"{\\"type\\":\\"Future\\"}","hash":"00"}'
    newer.write_text('{"rung_journal":1,"journal":"j"}\n' + entry + "\n")
    said = _refused("replay", str(newer), "--policy", "no-hang-up")
    assert said.startswith("rung: entry 1: this version of Rung cannot read a 'Future'") and "\n" not in said
    assert "no such policy" in _refused("replay", str(bad), "--policy", "none")


def test_a_diff_and_a_drawing_are_printed() -> None:
    assert _run("diff", "no-hang-up", "no-hang-up") == "nothing changes for anybody\n"
    assert "allowed   the agent can end a call" in _run("diff", "no-hang-up", "hang-up-protocol")
    assert _run("draw", "no-hang-up") == svg(load("no-hang-up"))
    assert _run("draw", "no-hang-up", "--mermaid") == mermaid(load("no-hang-up"))
