"""What can name a caller is in no byte of what is written, and comes back whole with its key."""

import typing
from collections.abc import Iterator

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.journal.samples import press
from tests.journal.specimens import NUMBER, every_event, is_private, is_text, parts, structs

from rung import words as w
from rung.journal.numbers import normal
from rung.journal.sealing import key_of, keys_for, seal, unseal

# Texts that name no caller: who and what in the house, and sentences of the program's own. A new field of an event is
# either `Private` or belongs here; whoever adds it says which.
PLAIN = {
    *("case", "desk", "person", "by", "rung", "policy", "version", "direction", "language", "duty", "task", "keys"),
    *("box", "boot", "phase", "consult", "target", "to", "address", "how", "what", "tag", "item", "sealed"),
    *("attests", "day", "until", "relieves", "journal", "file", "hash", "reference", "regulator", "code"),
    *("Play.text", "Record.name", "SignOnRefused.name"),  # a script; a recording, named for its case; one of the staff
    *("PersonSignedOff.why", "SignOnRefused.why", "PersonChanged.why", "GrantRefused.why", "CommandRefused.why"),
    *("ActRefused.act", "ActRefused.why"),
    *("RecordBegunAnew.why", "BlockProposed.locked"),  # encrypted under a key of its own
    *("AlertClosed.why", "AskWidened.why", "BreatherEnded.why", "DutyDue.why", "Pause.why", "AnswerOffer.why"),
    "ErasureOrdered.why",  # it stays after the erasure; a number in it is refused
}
EVENTS = list(every_event())


def texts(kind: type) -> Iterator[tuple[type, str, object]]:
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        yield from ((kind, name, part) for part in parts(hint) if is_text(part))
        for inner in structs(hint):
            yield from texts(inner)


def test_every_text_of_an_event_is_private_or_known_to_name_no_caller() -> None:
    unknown = {
        f"{kind.__name__}.{name}"
        for event in typing.get_args(w.Event)
        for kind, name, hint in texts(event)
        if not is_private(hint) and not {name, f"{kind.__name__}.{name}"} & PLAIN
    }
    assert unknown == set()


def test_every_event_that_can_name_a_caller_has_a_place_for_it() -> None:
    hiding = {event for event in typing.get_args(w.Event) for _, _, hint in texts(event) if is_private(hint)}
    assert hiding and {kind.__name__ for kind in hiding if "sealed" not in kind.__struct_fields__} == set()


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(getattr(e, "effect", e)).__name__)
@pytest.mark.parametrize("key", ["case/desk-1", "refused/desk-1"])
def test_sealed_it_names_nobody_and_comes_back_whole(event: w.Event, key: str) -> None:
    cipher = AESGCM(bytes(32))
    sealed = seal(event, key, lambda: cipher, bytes(12))
    written = msgspec.json.encode(sealed)
    assert NUMBER.encode() not in written
    assert unseal(msgspec.json.decode(written, type=w.Event), cipher) == event
    if key_of(sealed):
        assert unseal(sealed, None) is None and unseal(sealed, AESGCM(bytes(31) + b"x")) is None
        assert len(str(sealed.sealed)) > len(key)  # type: ignore[union-attr]
    else:
        assert sealed == event and NUMBER not in str(event)


def test_a_sealed_text_fits_no_other_event_and_no_other_key() -> None:
    cipher = AESGCM(bytes(32))
    sealed = seal(w.RungUndone("warn", NUMBER), "case/a", lambda: cipher, bytes(12))
    assert isinstance(sealed, w.RungUndone)
    assert unseal(w.EffectFailed(1, "", sealed.sealed), cipher) is None
    assert unseal(w.RungUndone("warn", "", sealed.sealed.replace("case/a", "case/b")), cipher) is None
    assert unseal(w.RungUndone("warn", "", sealed.sealed[:-6]), cipher) is None


def test_a_length_says_little() -> None:
    cipher = AESGCM(bytes(32))
    lengths = {
        len(seal(w.NotesKept(matter="x" * n), "case/a", lambda: cipher, bytes(12)).sealed)  # type: ignore[union-attr]
        for n in range(1, 40)
    }
    assert len(lengths) == 1


def test_who_was_refused_is_under_a_key_of_its_own() -> None:
    taken, refused = press(1), press(2)
    assert isinstance(refused[1], w.PressAnswered)
    refused[1] = msgspec.structs.replace(refused[1], answer=w.Answer(w.Verdict.REFUSED, "no ground"))
    assert list(keys_for(taken, "desk-1", "2026-01-02")) == ["case/desk-1"] * 2
    assert list(keys_for(refused, "desk-1", "2026-01-02")) == ["refused/desk-1"] * 2
    assert list(keys_for(refused, "", "2026-01-02")) == ["refused/2026-01-02"] * 2
    sealed = seal(refused[0], "refused/desk-1", lambda: AESGCM(bytes(32)), bytes(12))
    assert isinstance(sealed, w.PressRecorded)
    assert (sealed.person, sealed.press.buttons) == (None, ())
    assert (sealed.press.box, sealed.press.number) == ("b0x", 2)  # by which a press is known to be on record


def test_each_event_is_under_the_key_of_the_case_that_it_is_about() -> None:
    opened = w.CaseOpened(case="b", epoch=2, call="c2", direction="in", policy="p", version="1")
    events = [
        w.CallHeld("c1"),
        opened,
        w.CallHeld("c2"),
        w.EffectDecided(w.Consult(1, "c2", "600", "b"), 5),
        w.CaseTurnedTo("a"),
        w.CallResumed("c1"),
        w.CaseClosed(case="a", how="released", by=w.EndedBy.US),
        w.TaskDue("pause", "why"),
    ]
    names = list(keys_for(events, "a", "2026-01-02"))
    assert [name.partition("/")[2] for name in names] == ["a", "b", "b", "b", "a", "a", "a", "2026-01-02"]


@pytest.mark.parametrize(
    ("written", "country", "one"),
    [
        ("+49 151 123-456", "", "+49151123456"),
        ("0049151123456", "", "+49151123456"),
        ("sip:+49151123456@10.0.0.7:5060;user=phone", "", "+49151123456"),
        ("<tel:+49-151-(123)456>", "", "+49151123456"),
        ("0151 123456", "49", "+49151123456"),
        ("0151123456", "", "0151123456"),
        ("sip:1001@pbx.example.com", "49", "1001"),
        ("sip:Alice@Example.com", "", "alice@example.com"),
        ("sip:anonymous@anonymous.invalid", "", ""),
        ("anonymous", "49", ""),
        ("", "49", ""),
    ],
)
def test_the_same_caller_has_the_same_number(written: str, country: str, one: str) -> None:
    assert normal(written, country) == one
