"""`pbx.toml` of the broker, and a desk's telephone behind it: what is wrong is one line, with the mend."""

from pathlib import Path

import pytest
import typer

from rung.cli.pbx import read_pbx_config
from rung.config import BrokerConfig, ConfigError, read_config

EXAMPLE = Path(__file__).parents[2] / "host" / "pbx.example.toml"
GOOD = '[asterisk]\nuser = "rung"\nsecret = "x"\n'


def test_the_example_is_a_whole_configuration() -> None:
    config = read_pbx_config(EXAMPLE)
    assert config.desks == {"ada": "PJSIP/1001"} and config.asterisk.user == "rung"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "asterisk"),
        ("[asterisk\n", "cannot be read"),
        ('[asterisk]\nuser = "rung"\n', "secret"),
        (GOOD + 'password = "x"\n', "password"),
        (GOOD + '[desks]\nada = "1001"\n', "desks.ada"),
        (GOOD + '[people]\nsue = "PJSIP/1/2"\n', "people.sue"),
        ('listen = "here"\n' + GOOD, "listen"),
    ],
)
def test_a_mistake_is_one_line(text: str, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pbx.toml"
    file.write_text(text)
    with pytest.raises(typer.Exit):
        read_pbx_config(file)
    line = capsys.readouterr().err
    assert key in line and str(file) in line and line.count("\n") == 1


DESK = (
    '[phone]\nkind = "pbx"\nhost = "pbx"\npin = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"\nextension = "1001"\nsupervisors = "600"\n'
)


def desk(folder: Path, text: str) -> Path:
    file = folder / "rung.toml"
    file.write_text(text)
    return file


def test_a_desk_behind_the_broker_has_no_password_and_nobody_named(tmp_path: Path) -> None:
    config = read_config(desk(tmp_path, DESK + "[floor]\n"))
    assert isinstance(config.phone, BrokerConfig) and config.person() is None
    for text, mistake in [
        (DESK, "write \\[floor\\]"),
        (DESK + '[floor]\n[desk]\nperson = "ann"\n', "leave desk.person out"),
        (DESK.replace("ABCDEFGH", "abc") + "[floor]\n", "phone.pin"),
        (DESK + 'secret = "x"\n[floor]\n', "secret"),
        (DESK.replace('"600"', '"6 0"') + "[floor]\n", "phone.supervisors"),
    ]:
        with pytest.raises(ConfigError, match=mistake):
            read_config(desk(tmp_path, text))
