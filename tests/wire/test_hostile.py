"""Any bytes at all, the corpus first; `make fuzz` goes on for as long as one likes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.wire.hostile import TRIES, corpus, try_decoder, try_ends, try_script

CORPUS = corpus()


def test_the_corpus_has_what_real_lines_bring() -> None:
    assert len(CORPUS) >= 20
    for part in (b"ets Jul 29 2019", b"ESP-ROM:esp32s3", b"Traceback", b"Guru Meditation", b"AT+GCAP", b">>> "):
        assert any(part in data for data in CORPUS.values()), part


@pytest.mark.parametrize("name", CORPUS)
def test_the_corpus(name: str) -> None:
    for each in TRIES:
        each(CORPUS[name])


@given(st.binary(max_size=600))
def test_decoder(data: bytes) -> None:
    try_decoder(data)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(sorted(CORPUS.values()))), max_size=8))
def test_ends(parts: list[bytes]) -> None:
    try_ends(b"".join(parts))


@given(st.lists(st.one_of(st.integers(0, 255), st.integers(0xF0, 0xF4)), max_size=200).map(bytes))
@example(bytes(range(256)))
def test_script(data: bytes) -> None:
    try_script(data)
