"""The files that start Rung with a computer: systemd takes them, and what they start is there."""

import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.floor.nats_rig import HERE
from tests.real.peers import free_port
from typer.testing import CliRunner

from rung.cli.app import app
from rung.config import SipConfig, read_config
from rung.floor.enrolment import read_enrolment

UNITS = Path(__file__).parents[2] / "host" / "rung" / "floor"
RUNG = "/opt/rung/bin/rung"
HERE_RUNG = Path(sys.executable).with_name("rung")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt install systemd")
@pytest.mark.parametrize(
    ("unit", "whose"), [("rung-floor", "--system"), ("rung-pbx", "--system"), ("rung-desk", "--user")]
)
def test_systemd_takes_the_unit(tmp_path: Path, unit: str, whose: str) -> None:
    text = (UNITS / f"{unit}.service").read_text()
    assert text.count(RUNG) == 1
    made = tmp_path / f"{unit}.service"
    made.write_text(text.replace(RUNG, str(HERE_RUNG)))
    done = subprocess.run(
        ["systemd-analyze", whose, "--man=no", "verify", str(made)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if unit in line]
    assert not complaints, complaints


@pytest.mark.parametrize("unit", ["rung-floor", "rung-pbx", "rung-desk"])
def test_what_a_unit_starts_is_there(unit: str) -> None:
    text = (UNITS / f"{unit}.service").read_text()
    found = re.search(rf"^ExecStart={RUNG} (.*)$", text, re.MULTILINE)
    assert found is not None
    has_options(shlex.split(found[1]))


def test_what_the_windows_service_starts_is_there() -> None:
    service = ET.parse(UNITS / "rung-desk.xml").getroot()
    assert service.tag == "service" and (service.findtext("executable") or "").endswith("rung.exe")
    has_options(shlex.split(service.findtext("arguments") or ""))
    assert "never tried" in (UNITS / "rung-desk.xml").read_text()


def has_options(words: list[str]) -> None:
    told = CliRunner().invoke(app, [words[0], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert told.exit_code == 0, told.output
    for option in (word for word in words if word.startswith("-")):
        assert option in told.output, f"rung {words[0]} knows no {option}"


def test_a_desk_that_is_enrolled_has_its_key_its_policy_and_its_phone(tmp_path: Path) -> None:
    """One code, typed at the desk: nothing else is carried there."""
    site, floor, desk = tmp_path / "site.toml", tmp_path / "floor", tmp_path / "desk" / "rung.toml"
    site.write_text('[desk]\npolicy = "end-with-care"\n[phone]\ndomain = "pbx.example.com"\nsupervisors = "600"\n')
    port = str(free_port())
    with subprocess.Popen(
        [str(HERE_RUNG), "floor", "--address", HERE, "--listen", HERE, "--port", port, "--folder", str(floor)],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None and "is up" in running.stdout.readline()
            add = ["floor", "add-desk", "ada", "--settings", str(site), "--user", "1017", "--password", "hush"]
            code = CliRunner().invoke(app, [*add, "--folder", str(floor)])
            assert code.exit_code == 0 and code.stdout.count("\n") == 1, code.output
            for _ in range(50):  # the server knows of the code in a moment
                done = CliRunner().invoke(app, ["floor", "enrol", code.stdout.strip(), "-c", str(desk)])
                if done.exit_code == 0:
                    break
            assert done.exit_code == 0, done.output
        finally:
            running.terminate()
    config = read_config(desk)
    assert isinstance(config.phone, SipConfig)
    assert (config.desk.name, config.policy().name, config.phone.user, config.phone.password) == (
        "ada",
        "end-with-care",
        "1017",
        "hush",
    )
    assert config.floor is not None and read_enrolment(Path(config.floor.enrolment)).desk == "ada"
