"""`rung policy`: the small commands."""

import json

import msgspec
from typer.testing import CliRunner

from rung.cli.app import app
from rung.policy.language import schema
from rung.policy.library import load, shipped


def _run(*words: str) -> str:
    result = CliRunner().invoke(app, ["policy", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_list_names_every_shipped_policy_with_its_languages() -> None:
    lines = _run("list").splitlines()
    assert [line.split()[0] for line in lines] == shipped()
    for line, policy in zip(lines, map(load, shipped()), strict=True):
        assert policy.title in line
        assert ", ".join(policy.languages()) in line


def test_schema_is_printed_whole() -> None:
    assert json.loads(_run("schema")) == json.loads(msgspec.json.encode(schema()))
