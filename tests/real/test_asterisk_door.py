"""Coming in to the manager: with TLS, with the shipped account's few rights, and what keeps us out told in a line."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.phone.contract import Desk
from tests.real.asterisk_rig import account, settings
from tests.real.peers import asterisk as pbx

from rung.phone.asterisk import Account, AsteriskPhone
from rung.phone.asterisk.link import AmiLink
from rung.phone.asterisk.recall import look
from rung.phone.base import PhoneError
from rung.words import CallsAre, PhoneIs


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pbx.Asterisk]:
    with pbx.running(tmp_path_factory.mktemp("asterisk")) as running:
        yield running


async def first_word(asterisk: pbx.Asterisk, account: Account) -> PhoneIs:
    desk, phone = Desk(), AsteriskPhone(settings(asterisk, "agent", account=account))
    running = asyncio.ensure_future(phone.run(desk.feed))
    try:
        told = await desk.told(lambda news: isinstance(news, PhoneIs))
        assert isinstance(told, PhoneIs)
        if told.up:
            await desk.told(lambda news: isinstance(news, CallsAre))
        return told
    finally:
        running.cancel()


def test_over_tls_with_a_certificate_that_is_vouched_for(asterisk: pbx.Asterisk) -> None:
    secure = account(asterisk, port=asterisk.tls_port, tls=True, ca=str(asterisk.certificate))
    assert asyncio.run(first_word(asterisk, secure)).up


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tls": True}, "certificate"),  # self-signed, and nobody vouches for it
        ({"tls": True, "ca": "no-such-file"}, "No such file"),
        ({"secret": "wrong"}, "Authentication failed"),
        ({"user": "stranger"}, "Authentication failed"),
        ({"port": 9}, "does not answer"),
        ({"host": "no-such-host.invalid"}, "does not answer"),
    ],
    ids=str,
)
def test_what_keeps_us_out_is_one_line(asterisk: pbx.Asterisk, change: dict[str, object], said: str) -> None:
    base = {"host": "127.0.0.1", "port": asterisk.tls_port if "tls" in change else asterisk.ami_port}
    wanted = {**base, "user": "rung", "secret": asterisk.desk_secret, **change}
    told = asyncio.run(first_word(asterisk, Account(**wanted)))
    assert not told.up and said in told.why and "\n" not in told.why, told.why


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("Command", {"Command": "core stop now"}),
        ("Reload", {}),
        ("ModuleLoad", {"LoadType": "unload", "Module": "chan_pjsip.so"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
        ("MixMonitor", {"Channel": "PJSIP/agent", "File": "x.wav", "Command": "true"}),
        ("DBPut", {"Family": "x", "Key": "y", "Val": "z"}),
        ("Originate", {"Channel": "PJSIP/agent", "Application": "System", "Data": "true"}),
        ("Setvar", {"Variable": "SHELL(true)", "Value": "x"}),
    ],
)
def test_what_the_shipped_account_may_not_do(asterisk: pbx.Asterisk, action: str, fields: dict[str, str]) -> None:
    async def story() -> None:
        link = await AmiLink.connect(account(asterisk), lambda event: None)
        with pytest.raises(PhoneError):
            await link.do(action, **fields)
        await link.close()

    asyncio.run(story())


def test_doctor_says_what_stands_there(asterisk: pbx.Asterisk) -> None:
    told = asyncio.run(look(settings(asterisk, "agent")))
    assert told.startswith("Asterisk 22.") and "0 channels" in told


@pytest.mark.parametrize("lacks", ["extensions_rung.conf", "RUNG_ONWARD"])
def test_without_the_shipped_dialplan_nothing_is_begun(
    lacks: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a caller on hold might be left alone."""
    whole = pbx._extensions
    mend = {"extensions_rung.conf": "#include extensions_rung.conf", "RUNG_ONWARD": "RUNG_ONWARD = waiting,s,1"}
    monkeypatch.setattr(pbx, "_extensions", lambda *args: whole(*args).replace(mend[lacks], ""))
    with pbx.running(tmp_path_factory.mktemp("bare")) as bare:
        told = asyncio.run(first_word(bare, account(bare)))
    assert not told.up and lacks in told.why and "PHONES.md" in told.why + "PHONES.md"
