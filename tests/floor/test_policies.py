"""Policies that the floor hands out: proved at the desk, used from the next call on, kept when the floor is gone."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.floor.nats_rig import real_site
from tests.floor.office import TIMES, Office, Seat, office
from typer.testing import CliRunner

from rung import words as w
from rung.cli.app import app
from rung.desk.policies import refused
from rung.floor.base import HandedOut, PoliciesAre
from rung.floor.nats import NatsFloor
from rung.floor.nats_steward import Steward
from rung.policy import Policy, load
from rung.policy.language import canonical, version_of

OURS = load("warm-transfer", TIMES)
NEWER = replace(
    load("warm-transfer"), version=OURS.version + 1
)  # by real times: those of a test are too short to prove
# Whoever has warned may never release.
UNJUST = replace(NEWER, rung=tuple(r for r in NEWER.rung if r.id != "final-notice"))


def handed(policy: Policy, version: str = "") -> PoliciesAre:
    version = version or version_of(policy)
    return PoliciesAre((HandedOut(instead_of="warm-transfer", version=version, policy=canonical(policy)),))


def played(shelf: Path, play: Callable[[Office], Awaitable[None]]) -> None:
    async def run() -> None:
        async with office(only=("ada", "eve"), before=lambda made: setattr(made.ada, "shelf", shelf)) as made:
            await play(made)

    asyncio.run(run())


def runs(seat: Seat) -> tuple[str, ...]:
    return seat.bridge._book.runs


def version_of_case(seat: Seat) -> str:
    opened = seat.last(w.CaseOpened)
    assert isinstance(opened, w.CaseOpened)
    return opened.version


def test_a_policy_is_used_from_the_next_call_on_and_still_after_a_restart_without_the_floor(tmp_path: Path) -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        await made.call()
        made.floor.hand_down(handed(NEWER))
        await ada.until(lambda: f"warm-transfer {version_of(NEWER)}" in runs(ada))
        await ada.must("warn")
        assert ada.bridge._book.of(ada.bridge._desk.case).version == OURS.version, "this call stays with its own"
        await made.eve.until(lambda: made.eve.floor.place.runs)  # they say which they run
        assert made.floor.desks_are().desks["ada"].runs == runs(ada)
        made.caller.end_all()
        await ada.until(lambda: not ada.has_case)
        await made.call()
        assert version_of_case(ada) == version_of(NEWER)
        await ada.kill()
        ada.floor.lose()
        made.floor.handed.clear()
        await ada.start()
        assert f"warm-transfer {version_of(NEWER)}" in runs(ada) and ada.has_case
        made.floor.hand_down(PoliciesAre())
        await ada.until(lambda: f"warm-transfer {version_of(OURS)}" in runs(ada))
        assert ada.has_case, "a call whose policy is handed out no more goes on by it"

    played(tmp_path / "policies.json", play)


def test_a_policy_that_does_not_hold_or_is_not_what_it_says_is_refused_with_a_line(tmp_path: Path) -> None:
    async def play(made: Office) -> None:
        ada = made.ada
        made.floor.hand_down(handed(NEWER))
        await ada.until(lambda: f"warm-transfer {version_of(NEWER)}" in runs(ada))
        for bad, why in (
            (handed(UNJUST), ""),
            (handed(OURS, "9-abcdef"), f"what came is {version_of(OURS)}"),
            (PoliciesAre((HandedOut(instead_of="warm-transfer", version="1-x", policy='{"later":1}'),)), "cannot read"),
        ):
            before = len(ada.troubles())
            made.floor.hand_down(bad)
            await ada.until(lambda before=before: len(ada.troubles()) > before)  # type: ignore[misc]
            said = ada.troubles()[-1]
            assert f"is not used, {version_of(NEWER)} stays: " in said and why in said and "\n" not in said
            assert f"warm-transfer {version_of(NEWER)}" in runs(ada), "the last good one stays"

    played(tmp_path / "policies.json", play)


def test_a_proof_that_is_cut_off_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut() -> None:
        proof = asyncio.create_task(refused(handed(NEWER).policies[0]))
        await asyncio.sleep(0.2)
        assert proof.cancel()
        await asyncio.wait((proof,))

    left: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", left.append)
    for _ in range(3):
        asyncio.run(cut())
    gc.collect()
    assert not left


def test_rung_floor_policy_proves_hands_out_lists_and_withdraws(tmp_path: Path) -> None:
    async def play() -> None:
        with real_site("ada") as site:
            steward = asyncio.create_task((made := Steward(*site.steward())).run())
            await made.up.wait()
            news: list[object] = []
            desk = asyncio.create_task(NatsFloor(site.enrolment("ada")).run(news.append))  # type: ignore[arg-type]

            async def rung(*words: str) -> tuple[int, str]:
                line = ["floor", "policy", *words, "--folder", str(site.site.folder)]
                done = await asyncio.to_thread(CliRunner().invoke, app, line)
                return done.exit_code, done.output

            assert await rung("put", "end-with-care", "--instead-of", "warm-transfer") == (
                0,
                f"end-with-care {version_of(load('end-with-care'))} is handed out instead of warm-transfer\n",
            )
            async with asyncio.timeout(20):
                while not any(isinstance(n, PoliciesAre) and n.policies for n in news):
                    await asyncio.sleep(0.01)
            code, listed = await rung("list")
            assert code == 0 and listed.startswith("instead of warm-transfer: end-with-care ")
            assert "ada\tdoes not say" in listed
            bad = tmp_path / "bad.toml"
            bad.write_text("name = 'bad'\n")
            code, said = await rung("put", str(bad))
            assert code == 2 and "bad.toml" in said and (await rung("list"))[1] == listed
            assert (await rung("withdraw", "nothing"))[0] == 2
            assert (await rung("withdraw", "warm-transfer"))[0] == 0
            assert "instead of" not in (await rung("list"))[1]
            for task in (steward, desk):
                task.cancel()
            await asyncio.gather(steward, desk, return_exceptions=True)

    asyncio.run(play())
