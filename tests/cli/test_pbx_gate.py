"""Who comes in at the broker's door: one vector for each way to try it without the right."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rung.cli.pbx_gate import NOBODY, Gate
from rung.floor.authority import make_authority
from rung.floor.nkey import new_seed, public
from rung.floor.ticket import CLOCKS_S, TICKET_S, Ticket, sign, write_ticket
from rung.phone.base import PhoneError
from rung.phone.pbx.broker import Pass
from rung.phone.pbx.wire import Enter, signed
from rung.words import Job

NOW = 1_000_000.0
SEED, OTHERS = new_seed(), new_seed()
NONCE = "of-the-broker"
GOOD = Ticket(desk="ada", key=public(SEED), person="ann", jobs=(Job.AGENT,), until=NOW + TICKET_S, ends=NOW + 3600)


class Door:
    def __init__(self, folder: Path) -> None:
        make_authority(folder)
        self.key = (folder / "ca.key").read_bytes()
        self.now = NOW
        desks = {"ada": "PJSIP/1001", "bea": "PJSIP/1002", "zoe": "PJSIP/1009"}
        self.gate = Gate((folder / "ca.pem").read_text(), desks, {"sue": "PJSIP/2001"}, lambda: self.now)
        self.gate.floor_is({"ada": public(SEED), "bea": public(OTHERS)})

    def enter(self, ticket: Ticket, seed: str = SEED, desk: str = "", nonce: str = NONCE, key: bytes = b"") -> Pass:
        desk = desk or ticket.desk
        text = write_ticket(ticket, key or self.key)
        return self.gate.admit(Enter(desk, text, sign(seed, signed(nonce, desk))), NONCE)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def but(**changed: object) -> Ticket:
    return Ticket(**{name: getattr(GOOD, name) for name in GOOD.__struct_fields__} | changed)


def test_who_signed_on_has_the_telephone_of_the_desk_or_their_own(door: Door) -> None:
    assert door.enter(GOOD) == Pass(desk="ada", person="ann", endpoint="PJSIP/1001")
    sue = but(person="sue", jobs=(Job.SUPERVISOR,))
    assert door.enter(sue) == Pass(desk="ada", person="sue", endpoint="PJSIP/2001", site_wide=True)


def forged(door: Door) -> Pass:
    with TemporaryDirectory() as folder:
        make_authority(Path(folder))
        return door.enter(GOOD, key=(Path(folder) / "ca.key").read_bytes())


def meddled(door: Door) -> Pass:
    body, _, signature = write_ticket(GOOD, door.key).partition(".")
    text = f"{write_ticket(but(person='sue'), door.key).partition('.')[0]}.{signature}"
    assert body not in text
    return door.gate.admit(Enter("ada", text, sign(SEED, signed(NONCE, "ada"))), NONCE)


VECTORS: dict[str, tuple[Callable[[Door], object], str]] = {
    "another-floors-pass": (forged, "not one that this floor has given"),
    "a-name-put-in": (meddled, "not one that this floor has given"),
    "no-pass": (lambda d: d.gate.admit(Enter("ada", "", ""), NONCE), "not one that this floor has given"),
    "another-desks-pass": (lambda d: d.enter(GOOD, OTHERS, desk="bea"), "the pass is the desk 'ada'"),
    "a-stolen-pass-without-the-key": (lambda d: d.enter(GOOD, OTHERS), "another desk's"),
    "a-recorded-entry": (lambda d: d.enter(GOOD, nonce="of-another-time"), "another desk's"),
    "an-old-pass": (lambda d: d.enter(but(until=NOW - CLOCKS_S - 1)), "too old"),
    "after-the-sign-on": (lambda d: d.enter(but(ends=NOW - CLOCKS_S - 1)), "has come to its end"),
    "a-removed-desk": (lambda d: d.enter(but(desk="zoe")), "was removed from the floor"),
    "a-key-before-it-was-enrolled-anew": (lambda d: d.enter(but(key=public(OTHERS)), OTHERS), "has another key"),
    "nobody-signed-on": (lambda d: d.gate.again("ada", ""), NOBODY),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_desk_without_the_right_is_not_let_in(name: str, door: Door) -> None:
    attempt, why = VECTORS[name]
    with pytest.raises(PhoneError, match=why) as caught:
        attempt(door)
    assert "\n" not in str(caught.value)


def test_a_desk_for_which_no_telephone_is_told(door: Door) -> None:
    door.gate.floor_is({"cyd": public(SEED)})
    with pytest.raises(PhoneError, match="no telephone is told for ann or the desk 'cyd'"):
        door.enter(but(desk="cyd"))


def test_without_the_floor_a_pass_counts_to_the_end_of_the_sign_on(door: Door) -> None:
    who = door.enter(GOOD)
    door.now = GOOD.until + CLOCKS_S + 1
    assert "too old" in door.gate.why_not(who)
    door.gate.floor_is(None)
    assert door.gate.why_not(who) == "" and door.enter(GOOD) == who
    door.now = GOOD.ends + CLOCKS_S + 1
    assert "come to its end" in door.gate.why_not(who)


def test_who_is_removed_while_inside_is_known(door: Door) -> None:
    who = door.enter(GOOD)
    assert door.gate.why_not(who) == ""
    door.gate.floor_is({})
    assert "was removed" in door.gate.why_not(who)
    door.gate.floor_is(None)
    assert "was removed" in door.gate.why_not(who), "what the floor said last holds"
