"""Asterisk's manager interface as bytes: whole, byte by byte, and with what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rung.phone.asterisk.channels import Invitation
from rung.phone.asterisk.wire import BANNER, LINE_MAX, LINES_MAX, Reader, WireError, action

GREETING = BANNER + b"11.0.0\r\n"
KEYS = st.text(st.sampled_from("ABCDEFGabcdefg-"), min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=20)
MESSAGES = st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5), max_size=5)


def written(messages: list[dict[str, str]]) -> bytes:
    lines = ["".join(f"{key}: {value}\r\n" for key, value in message.items()) + "\r\n" for message in messages]
    return GREETING + "".join(lines).encode()


@given(MESSAGES, st.integers(1, 7))
def test_it_does_not_matter_in_which_pieces_it_comes(messages: list[dict[str, str]], size: int) -> None:
    data, reader = written(messages), Reader()
    found = [message for at in range(0, len(data), size) for message in reader.feed(data[at : at + size])]
    assert found == messages == Reader().feed(data)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"\r\n" + GREETING,
        GREETING + b"no colon\r\n",
        GREETING + b"a\x00b: c\r\n",
        GREETING + b"A" * (LINE_MAX + 1),
        GREETING + b"A: b\r\n" * (LINES_MAX + 1),
    ],
)
def test_what_is_none_is_said_at_once(data: bytes) -> None:
    with pytest.raises(WireError) as said:
        Reader().feed(data)
    assert "\n" not in str(said.value)


def test_a_key_that_repeats_has_all_its_values() -> None:
    data = GREETING + b"Output: one\r\nOutput: two\r\n\r\n"
    assert Reader().feed(data) == [{"Output": "one\ntwo"}]


def test_a_value_may_be_empty_or_have_a_colon_in_it() -> None:
    assert Reader().feed(GREETING + b"A:\r\nB: \r\nC: d: e\r\n\r\n") == [{"A": "", "B": "", "C": "d: e"}]


def test_an_action_is_its_fields_and_an_empty_line() -> None:
    made = action("Originate", "7", {"Channel": "PJSIP/1", "Variable": ("a=1", "b=2")})
    assert made == b"Action: Originate\r\nActionID: 7\r\nChannel: PJSIP/1\r\nVariable: a=1\r\nVariable: b=2\r\n\r\n"


@pytest.mark.parametrize("value", ["x\r\nAction: Hangup", "x\n", "\x00", "a\u2028b"])
def test_no_value_can_begin_a_field_of_its_own(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be printed"):
        action("Setvar", "1", {"Value": value})


@given(
    st.sampled_from(["consult", "join", "record"]), st.text(max_size=20), st.sampled_from(["1764.5", "rung:x:1.2:a:b"])
)
def test_why_somebody_was_called_stands_in_their_channels_id(what: str, case: str, agent: str) -> None:
    made = Invitation(what, agent, "0badcafe", case)
    assert Invitation.read(str(made)) == made
    assert str(made).isascii() and str(made).isprintable() and "," not in str(made)


@pytest.mark.parametrize("id", ["", "1764.5", "rung:", "rung:join", "rung:join:1.2:x", "x:rung:a:b:c"])
def test_any_other_id_is_nobodys_invitation(id: str) -> None:
    assert Invitation.read(id) is None
