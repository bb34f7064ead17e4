"""Where extensions are called through the dialplan (`dial = "Local/{}@…"`): the contract again, and its voicemail."""

import os
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tests.phone.contract import CASE, DIALLING, ENDED, HELD, RINGING, UP, World
from tests.phone.table import CLAUSES
from tests.real.asterisk_rig import AsteriskWorld, Played, floor, play
from tests.real.sip_rig import AGENT_HZ

from rung.words import CallIs, EndedBy, Outcome

DIAL = "Local/{}@rung"
CORE = (
    "a_consult_on_hold_is_completed_with_the_case",
    "a_third_party_comes_in_without_hold_and_may_have_the_call",
)
CHOSEN = [c for c in CLAUSES if os.environ.get("RUNG_LONG") == "1" or c.__name__ in CORE]
# A mailbox, a supervisor who is not there, and one whose mailbox the site answers before it says so.
VOICEMAIL = """
exten => mailbox,1,VoiceMail(1003@default,s)
exten => gone,1,Dial(PJSIP/sup,1)
 same => n,VoiceMail(1003@default,s)
exten => later,1,Answer()
 same => n,Wait(1)
 same => n,VoiceMail(1003@default,s)
exten => desk,1,Gosub(rung-ring,s,1(PJSIP/agent,1,tT))
 same => n,VoiceMail(1003@default,s)
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with floor(tmp_path_factory.mktemp("asterisk"), dialplan=VOICEMAIL) as made:
        yield made


@pytest.mark.parametrize("clause", CHOSEN, ids=lambda clause: clause.__name__)
def test_through_the_dialplan(clause: Callable[[World], Awaitable[None]], played: Played) -> None:
    play(played, clause, dial=DIAL)


@pytest.mark.parametrize("target", ["gone", "later"])
def test_a_voicemail_that_answers_a_consult_is_nobody(target: str, played: Played) -> None:
    """The caller is with the agent again, and no supervisor has come."""

    async def story(w: AsteriskWorld) -> None:
        out, line = await w.line()
        await w.phone.hold(line)
        await w.desk.becomes(line, HELD)
        mark = len(w.desk.news)
        await w.phone.consult(line, target, CASE)
        consult = await w.desk.call(lambda c: c.consult_for == line and c.state is DIALLING, mark)
        ended = await w.desk.becomes(consult.id, ENDED)
        assert (ended.outcome, ended.cause) == (Outcome.VOICEMAIL, "a voicemail answered")
        assert ended.ended_by is not EndedBy.US
        await w.desk.becomes(line, UP, mark)
        await w.caller.hears(out, AGENT_HZ)
        answered = [n for n in w.desk.news if isinstance(n, CallIs) and n.call.id == consult.id and n.call.state is UP]
        assert bool(answered) == (target == "later")

    play(played, story, dial=DIAL)


def test_no_caller_is_left_with_a_voicemail_and_none_hears_a_call(played: Played) -> None:
    async def story(w: AsteriskWorld) -> None:
        out, line = await w.line()
        asked = {
            "transfer": w.phone.transfer(line, "mailbox"),
            "join": w.phone.join(line, "mailbox", CASE),
            "listen": w.phone.listen(line, "mailbox"),
        }
        for what, command in asked.items():
            mark = len(w.desk.news)
            await command
            failed = await w.desk.call(lambda c: c.cause != "" and c.doing == "", mark)
            assert (failed.id, failed.state, failed.cause) == (line, UP, f"{what} failed: a voicemail answered")
            assert (failed.parties, failed.listeners) == ((), {})
        mark = len(w.desk.news)
        await w.phone.consult(line, "mailbox", CASE)
        ended = await w.desk.call(lambda c: c.consult_for == line and c.state is ENDED, mark)
        assert ended.outcome is Outcome.VOICEMAIL
        await w.caller.hears(out, AGENT_HZ)

    play(played, story, dial=DIAL)


def test_a_caller_whom_a_voicemail_took_was_no_click(played: Played) -> None:
    """It rang here, and nobody answered: whoever called is in the mailbox now."""

    async def story(w: AsteriskWorld) -> None:
        caller = played[0].phones["caller"]
        mark = len(caller.seen)
        await w.caller.dial("desk")
        line = await w.desk.call(lambda c: c.state is RINGING)
        assert (await w.desk.becomes(line.id, ENDED)).ended_by is EndedBy.THEM
        await caller.until(lambda c: c.state is UP, mark)

    play(played, story)
