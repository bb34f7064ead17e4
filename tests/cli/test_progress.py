"""Tables and progress without a terminal."""

import pytest

from rung.cli.progress import columns, shown


def test_columns_stand_under_each_other_and_nothing_shows_as_a_dash() -> None:
    table = columns(("port", "id"), [("COM7", ""), ("/dev/ttyUSB0", "24dcc3a1b2c3")])
    assert table == "port          id\nCOM7          -\n/dev/ttyUSB0  24dcc3a1b2c3"


def test_without_a_terminal_each_stage_of_each_board_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with shown({"a": "a", "b": "b"}) as screen:
        for done in range(100):
            screen.tell("a", "firmware", done, 100)
            screen.tell("b", "firmware", done, 100)
        screen.tell("a", "restart")
        screen.over("a", "a: done")
    assert capsys.readouterr().out.splitlines() == ["a: firmware", "b: firmware", "a: restart", "a: done"]
