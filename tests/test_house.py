"""The house is tidy: its layout, its sizes, its links, its lock, and what the wheel carries."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 400  # lines; what a newcomer reads in one sitting

LAYOUT = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "firmware",
    "hardware",
    "host",
    "pyproject.toml",
    "requirements.lock",
    "tests",
}

# A checkout says nothing of the machine it was written on, nor of where packages came from. Each is
# written so that it does not find itself.
FORBIDDEN = re.compile(
    r"""(?:^|[\s"'=(`])/(?:work|root|home/\w+|Users/\w+)/"""
    r"|[Pp]y[Pp]I\.org|pythonhosted\.org|debian\.org/"
    r"|registry\.npmjs\.org|-index-url "
)


def files(suffix: str = "") -> list[Path]:
    """Every file that git knows or would take, so caches and environments do not count."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name.endswith(suffix))
    return [path for path in paths if path.is_file()]


def named(paths: list[Path]) -> dict[str, Path]:
    return {str(path.relative_to(ROOT)): path for path in paths}


def test_root_holds_what_the_layout_says() -> None:
    assert {name.split("/")[0] for name in named(files())} == LAYOUT


def test_files_are_short_enough_to_read() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in named(files(".py")).items()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_nothing_names_a_machine_or_a_registry() -> None:
    found = {
        name: match.group().strip()
        for name, path in named(files()).items()
        if path != Path(__file__) and (match := FORBIDDEN.search(path.read_text(errors="replace")))
    }
    assert found == {}


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{name}: {target}"
        for name, path in named(files(".md")).items()
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


def test_readme_tells_every_make_target() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert [target for target in targets if f"make {target}" not in readme] == []


def test_lock_satisfies_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    asked = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    requirements = [Requirement(text) for text in asked if not text.startswith("rung[")]
    unmet = [str(r) for r in requirements if not r.specifier.contains(pinned.get(r.name, "0"))]
    assert unmet == [], "run `make lock`"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel that is built from an sdist, as anybody's build tool does it."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(next(out.glob("*.whl"))).namelist()


def test_wheel_holds_the_wire_once_and_at_the_top(wheel: list[str]) -> None:
    wire = {name for name in wheel if "rung_wire" in name}
    source = {path.name for path in files(".py") if path.parent == ROOT / "firmware/rung_wire"}
    assert wire == {f"rung_wire/{name}" for name in source}


def test_wheel_holds_all_that_a_box_runs(wheel: list[str]) -> None:
    box = named([p for p in files(".py") if p.is_relative_to(ROOT / "firmware") and "rung_wire" not in p.parts])
    assert box
    expected = {name.replace("firmware/", "rung/_firmware/", 1) for name in box}
    assert {name for name in wheel if name.startswith("rung/_firmware/")} == expected


def test_wheel_holds_the_host_with_its_types_and_policies(wheel: list[str]) -> None:
    host = {name.removeprefix("host/") for name in named(files()) if name.startswith("host/rung/") and "/." not in name}
    assert {"rung/py.typed", "rung/policy/shipped/warm-transfer.toml"} <= host
    assert host <= set(wheel)
    tops = {name.split("/")[0] for name in wheel if ".dist-info" not in name}
    assert tops == {"rung", "rung_wire"}
