"""What a supervisor does in another desk's case counts once, on that call: one vector for each way to misuse it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.floor.contract import World, boss
from tests.floor.nats_rig import NatsRig
from tests.floor.test_nats_faults import line_of, played

from rung import words as w
from rung.floor.acts import Acted, Acts, acted
from rung.floor.authority import make_authority
from rung.floor.base import Place
from rung.floor.nkey import new_seed, public
from rung.floor.ticket import CLOCKS_S, TICKET_S, Ticket, write_ticket
from rung.floor.vouching import Sender
from rung.words import Job, Role, Verdict

NOW = 1_000_000.0
EVES, FAYS = new_seed(), new_seed()
EVA = w.Person("eva", Role.SUPERVISOR, trained=True)
DONE = w.FromDesk("eve", EVA, w.LeaveTakenBack(), "ada-7", 7)
TICKET = Ticket(
    desk="eve", key=public(EVES), person="eva", jobs=(Job.SUPERVISOR,), until=NOW + TICKET_S, ends=NOW + 3600
)
EVE = Sender(desk="eve", role=Role.SUPERVISOR, key=public(EVES))
FAY = Sender(desk="fay", role=Role.SUPERVISOR, key=public(FAYS))


class Site:
    """The desk ada, whose case it is, and the floor's authority."""

    def __init__(self, folder: Path) -> None:
        make_authority(folder)
        self.authority = (folder / "ca.key").read_bytes()
        self.acts = Acts("ada", (folder / "ca.pem").read_text(), True, "ada.c1")

    def ticket(self, **changed: object) -> str:
        return write_ticket(replace(TICKET, **changed), self.authority)

    def acted(self, *, seed: str = EVES, ticket: str | None = None, desk: str = "ada", connection: str = "ada.c1",
              done: w.FromDesk = DONE) -> Acted:  # fmt: skip
        return acted(seed, self.ticket() if ticket is None else ticket, desk, connection, done)

    def heard(self, said: Acted | w.FromDesk, sender: Sender = EVE, now: float = NOW) -> object:
        return self.acts.heard(said, sender, now)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_an_act_on_the_call_that_was_seen_comes_to_the_step_with_that_call(site: Site) -> None:
    assert site.heard(site.acted()) == DONE
    assert site.heard(site.acted()) == DONE, "two that are equal are two acts"


def replayed(site: Site) -> object:
    said = site.acted()
    assert site.heard(said) == DONE
    return site.heard(said)


def spelled_anew(site: Site) -> object:
    """The last letter of base64 has bits that mean nothing."""
    said = site.acted()
    assert site.heard(said) == DONE
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters[letters.index(said.signature[-3]) ^ 1]
    return site.heard(replace(said, signature=f"{said.signature[:-3]}{last}=="))


def other_authority(site: Site) -> object:
    with TemporaryDirectory() as folder:
        make_authority(Path(folder))
        forged = write_ticket(TICKET, (Path(folder) / "ca.key").read_bytes())
    return site.heard(site.acted(ticket=forged))


def turned_round(site: Site) -> object:
    said = site.acted()
    return site.heard(replace(said, done=said.done.replace("ada-7", "ada-8")))


VECTORS: dict[str, tuple[Callable[[Site], object], str]] = {
    "forged": (lambda s: s.heard(s.acted(seed=FAYS)), "'eve' has not signed it"),
    "unsigned": (lambda s: s.heard(DONE), "it is not signed"),
    "unsigned-from-a-desk-without-a-key": (lambda s: s.heard(DONE, replace(EVE, key="")), "it is not signed"),
    "an-act-turned-round": (turned_round, "has not signed it"),
    "replayed": (replayed, "given already"),
    "replayed-in-another-spelling": (spelled_anew, "given already"),
    "carried-on-by-another-desk": (lambda s: s.heard(s.acted(), FAY), "'fay' has not signed it"),
    "signed-for-another-desk": (lambda s: s.heard(s.acted(seed=FAYS), FAY), "given at the desk 'eve'"),
    "at-another-desk": (lambda s: s.heard(s.acted(desk="bea")), "given to the desk 'bea'"),
    "stale": (lambda s: s.heard(s.acted(connection="ada.c0")), "before this desk was there anew"),
    "an-agents-desk": (lambda s: s.heard(s.acted(), replace(EVE, role=Role.AGENT)), "no supervisor's"),
    "nobody-signed-on": (lambda s: s.heard(s.acted(ticket="")), "nobody has signed on at the desk 'eve'"),
    "somebody-without-the-role": (lambda s: s.heard(s.acted(ticket=s.ticket(jobs=(Job.AGENT,)))), "no supervisor"),
    "in-anothers-name": (lambda s: s.heard(s.acted(ticket=s.ticket(person="fay"))), "fay has signed on there"),
    "another-desks-pass": (lambda s: s.heard(s.acted(ticket=s.ticket(desk="fay"))), "the pass is the desk 'fay'"),
    "a-pass-out-of-date": (lambda s: s.heard(s.acted(), now=TICKET.until + CLOCKS_S + 1), "too old"),
    "another-floors-pass": (other_authority, "not one that this floor has given"),
    "nonsense": (lambda s: s.heard(Acted(done="{", signature="")), "cannot be read"),
}


@pytest.mark.parametrize("name", VECTORS)
def test_an_act_is_useless_anywhere_else(name: str, site: Site) -> None:
    attempt, why = VECTORS[name]
    said = attempt(site)
    assert isinstance(said, w.ActRefused) and why in said.why and "\n" not in said.why
    assert said.desk in ("eve", "fay")


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_single_bit_of_what_was_done_may_change(at: int, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    site = Site(tmp_path_factory.mktemp("site"))
    said = site.acted()
    text = bytearray(said.done.encode())
    text[at % len(text)] ^= 1 << bit
    assert isinstance(site.heard(replace(said, done=text.decode("latin-1"))), w.ActRefused)


def test_acts_over_a_real_server_count_once_for_the_call_that_was_seen_and_at_no_other_desk() -> None:
    async def play(world: World, rig: NatsRig) -> None:
        seen = Place(extension="500", person=w.Person("ann"), case="ada-7", epoch=7)
        await world.ada.floor.sign_on(seen)
        eve, fay = line_of(world.eve)._session, line_of(world.fay)._session
        assert eve is not None and fay is not None
        while eve._places.get("ada").place != seen:  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        person = boss("eve").person
        assert person is not None
        said = eve.post.acted("ada", "", person, w.Calmed())
        assert await eve.post.send("ada", said) == world.ada.answer
        acted = await world.ada.told(w.FromDesk)
        assert (acted.case, acted.epoch) == ("ada-7", 7)
        for session, why in ((eve, "given already"), (fay, "'fay' has not signed it")):
            answer = await session.post.send("ada", said)
            assert answer is not None and answer.verdict == Verdict.REFUSED and why in answer.why
        answer = await eve.post.send("fay", said)
        assert answer is not None and "given to the desk 'ada'" in answer.why
        refused = [n for n in world.ada.news if isinstance(n, w.ActRefused)]
        assert [(n.desk, n.act) for n in refused] == [("eve", "Calmed"), ("fay", "Calmed")]
        assert len([n for n in world.ada.news if isinstance(n, w.FromDesk)]) == 1

    played(play)
