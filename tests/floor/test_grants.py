"""A supervisor's answer is worth something for its own ask alone: one vector for each way to use it elsewhere."""

import base64
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rung import words as w
from rung.floor.authority import make_authority
from rung.floor.grants import DOMAIN, Granted, Grants, grant
from rung.floor.nkey import new_seed, public
from rung.floor.ticket import CLOCKS_S, TICKET_S, Ticket, sign, write_ticket
from rung.floor.vouching import Sender
from rung.words import Job, Reply, Role, Want

NOW = 1_000_000.0
EVES, FAYS = new_seed(), new_seed()
BRIEF = w.Brief(case="ada-7", epoch=7, caller="+43 1", person="ann")
SAID = w.Replied(ask=3, desk="eve", person="eva", reply=Reply.GRANT, word="listen first")
TICKET = Ticket(
    desk="eve", key=public(EVES), person="eva", jobs=(Job.SUPERVISOR,), until=NOW + TICKET_S, ends=NOW + 3600
)
EVE = Sender(desk="eve", role=Role.SUPERVISOR, key=public(EVES))
FAY = Sender(desk="fay", role=Role.SUPERVISOR, key=public(FAYS))


def open_ask(**changed: object) -> w.AskFloor:
    fields = {"id": 9, "ask": 3, "want": Want.LEAVE, "to": ("eve", "fay"), "brief": BRIEF, "may": (Reply.GRANT,)}
    return w.AskFloor(**(fields | changed))  # type: ignore[arg-type]


class Site:
    """The desk ada, which asks, and the floor's authority."""

    def __init__(self, folder: Path) -> None:
        make_authority(folder)
        self.authority = (folder / "ca.key").read_bytes()
        self.ca = (folder / "ca.pem").read_text()
        self.grants = Grants("ada", self.ca, signed_on=True)

    def ticket(self, **changed: object) -> str:
        return write_ticket(replace(TICKET, **changed), self.authority)

    def granted(self, *, ask: int = 3, desk: str = "ada", said: w.Replied = SAID, seed: str = EVES,
                brief: w.Brief = BRIEF, ticket: str | None = None) -> Granted:  # fmt: skip
        shown = self.ticket() if ticket is None else ticket
        return grant(seed, shown, brief, ask, desk, replace(said, ask=ask))

    def read(self, granted: Granted, sender: Sender = EVE, now: float = NOW, **ask: object) -> object:
        return self.grants.read(granted, sender, {3: open_ask(**ask)}, now)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_grant_for_this_ask_counts(site: Site) -> None:
    assert site.read(site.granted()) == SAID


def replayed(site: Site) -> object:
    granted = site.granted()
    assert site.read(granted) == SAID
    return site.read(granted)


def meddled(site: Site) -> object:
    granted = site.granted(said=replace(SAID, reply=Reply.DENY))
    return site.read(replace(granted, grant=granted.grant.replace("deny", "grant")))


def other_authority(site: Site) -> object:
    with TemporaryDirectory() as folder:
        make_authority(Path(folder))
        forged = write_ticket(TICKET, (Path(folder) / "ca.key").read_bytes())
    return site.read(site.granted(ticket=forged))


AGENT = Sender(desk="eve", role=Role.AGENT, key=public(EVES))
VECTORS: dict[str, tuple[Callable[[Site], object], str]] = {
    "wrong-ask": (lambda s: s.read(s.granted(ask=2)), "over, or was never asked"),
    "wrong-case": (lambda s: s.read(s.granted(brief=replace(BRIEF, case="ada-6"))), "for the case 'ada-6', epoch 7"),
    "wrong-epoch": (lambda s: s.read(s.granted(brief=replace(BRIEF, epoch=6))), "for the case 'ada-7', epoch 6"),
    "wrong-desk-that-asks": (lambda s: s.read(s.granted(desk="bea")), "given to the desk 'bea'"),
    "carried-on-by-another-desk": (lambda s: s.read(s.granted(), FAY), "'fay' has not signed it"),
    "signed-for-another-desk": (lambda s: s.read(s.granted(seed=FAYS), FAY), "given at the desk 'eve'"),
    "a-desk-that-was-not-asked": (lambda s: s.read(s.granted(), to=("fay",)), "'eve' was not asked"),
    "replayed": (replayed, "given already"),
    "late": (lambda s: s.grants.read(s.granted(), EVE, {}, NOW), "over, or was never asked"),
    "unsigned": (lambda s: s.read(replace(s.granted(), signature="")), "has not signed it"),
    "an-answer-turned-round": (meddled, "has not signed it"),
    "an-agents-desk": (lambda s: s.read(s.granted(), AGENT), "no supervisor's"),
    "nobody-signed-on": (lambda s: s.read(s.granted(ticket="")), "nobody has signed on at the desk 'eve'"),
    "somebody-without-the-role": (lambda s: s.read(s.granted(ticket=s.ticket(jobs=(Job.AGENT,)))), "no supervisor"),
    "a-manager": (lambda s: s.read(s.granted(ticket=s.ticket(jobs=(Job.MANAGER,)))), "eva is no supervisor"),
    "in-anothers-name": (lambda s: s.read(s.granted(ticket=s.ticket(person="fay"))), "fay has signed on there"),
    "another-desks-pass": (lambda s: s.read(s.granted(ticket=s.ticket(desk="fay"))), "the pass is the desk 'fay'"),
    "a-pass-of-another-key": (lambda s: s.read(s.granted(ticket=s.ticket(key=public(FAYS)))), "of another key"),
    "a-pass-out-of-date": (lambda s: s.read(s.granted(), now=TICKET.until + CLOCKS_S + 1), "too old"),
    "another-floors-pass": (other_authority, "not one that this floor has given"),
    "nonsense": (lambda s: s.read(Granted(grant="{", signature="", ticket="")), "cannot be read"),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_grant_is_useless_anywhere_else(name: str, site: Site) -> None:
    attempt, why = VECTORS[name]
    said = attempt(site)
    assert isinstance(said, w.GrantRefused) and why in said.why and "\n" not in said.why
    assert said.desk in ("eve", "fay")


def test_where_nobody_signs_on_the_desks_key_is_enough(site: Site) -> None:
    site.grants = Grants("ada", site.ca, signed_on=False)
    assert site.read(site.granted(ticket="")) == SAID
    refused = site.read(replace(site.granted(ticket=""), signature="x"))
    assert isinstance(refused, w.GrantRefused), "and it is needed all the same"


def test_clocks_of_a_site_may_differ_a_little(site: Site) -> None:
    assert site.read(site.granted(), now=TICKET.until + CLOCKS_S - 1) == SAID


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), where=st.sampled_from(["grant", "signature", "ticket"]))
def test_no_single_bit_may_change(at: int, bit: int, where: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    site = Site(tmp_path_factory.mktemp("site"))
    granted = site.granted()
    text = bytearray(getattr(granted, where).encode())
    text[at % len(text)] ^= 1 << bit
    changed = replace(granted, **{where: text.decode("latin-1")})
    said = site.read(changed)
    assert isinstance(said, w.GrantRefused) or (said == SAID and _same(granted, changed, where))


def _same(granted: Granted, changed: Granted, where: str) -> bool:
    """The last letter of base64 has bits that mean nothing."""

    def parts(text: str) -> list[bytes]:
        return [base64.b64decode(part.encode(), altchars=b"-_") for part in text.split(".")]

    return where != "grant" and parts(getattr(granted, where)) == parts(getattr(changed, where))


def test_a_signature_for_a_grant_is_none_for_anything_else() -> None:
    assert DOMAIN.endswith(b"\0") and sign(EVES, DOMAIN + b"x") != sign(EVES, b"x")


def test_an_unsigned_answer_counts_from_a_supervisors_desk_of_the_release_before_alone() -> None:
    """It shows no key; where people sign on it has no pass to show either, and is refused."""
    former = Sender(desk="eve", role=Role.SUPERVISOR, key="")
    assert Grants("ada", "", False).heard(SAID, former, {}, 0.0) == SAID
    for sender, signed_on in (
        (former, True),
        (Sender(desk="eve", role=Role.SUPERVISOR, key="U"), False),
        (Sender(desk="eve", role=Role.AGENT, key=""), False),
    ):
        refused = Grants("ada", "", signed_on).heard(SAID, sender, {}, 0.0)
        assert isinstance(refused, w.GrantRefused) and "not signed" in refused.why
