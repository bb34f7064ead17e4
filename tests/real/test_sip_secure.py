"""The embedded phone where nobody shall listen: SRTP between two of them, TLS and SRTP through the real Asterisk."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from tests.real.peers import free_port, wait_for
from tests.real.peers.asterisk import AmiError, Asterisk
from tests.real.sip_rig import AGENT_HZ, CALLER_HZ, Rig, odd_peer, play

from rung.words import CallState, EndedBy

UP, ENDED = CallState.UP, CallState.ENDED


@pytest.mark.parametrize("encryption", ["srtp", "srtp-mand", "dtls_srtp"])
def test_two_phones_talk_in_secret(encryption: str, tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        caller = await made.phone("caller", tone_hz=CALLER_HZ, encryption=encryption)
        agent = await made.phone("agent", tone_hz=AGENT_HZ, encryption=encryption)
        out, line = await made.call(caller, agent)
        await caller.hears(out, AGENT_HZ)
        await agent.hears(line, CALLER_HZ)

    play(story, tmp_path)


def test_what_is_offered_is_secret_and_nothing_else(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        agent = await made.phone("agent", encryption="srtp-mand")
        async with odd_peer("486 Busy Here") as peer:
            call = await agent.client.dial(peer.address)
            await agent.becomes(call, ENDED)
            assert b"RTP/SAVP " in peer.last and b"RTP/AVP " not in peer.last

    play(story, tmp_path)


def test_whoever_must_have_it_secret_has_no_call_with_one_who_cannot(tmp_path: Path) -> None:
    async def story(made: Rig) -> None:
        agent, plain = await made.phone("agent", encryption="srtp-mand"), await made.phone("plain", auto_answer_ms=0)
        call = await agent.client.dial(plain.client.address)
        assert (await agent.becomes(call, ENDED)).ended_by is not EndedBy.US

    play(story, tmp_path)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    asked = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made]
    subprocess.run(["openssl", "req", *asked, *more], check=True, capture_output=True)
    return made, key


def with_tls(pbx: Asterisk, folder: Path) -> tuple[int, Path]:
    """Let Asterisk take TLS too, and demand SRTP of two of its phones; the port, and who vouches for it."""
    made, key = certificate(folder, "pbx")
    port = free_port()
    conf = pbx.folder / "pjsip.conf"
    text = conf.read_text()
    for name in ("caller", "agent"):
        text = text.replace(f"[{name}]\ntype = endpoint\n", f"[{name}]\ntype = endpoint\nmedia_encryption = sdes\n")
    secret = f"cert_file = {made}\npriv_key_file = {key}\nmethod = tlsv1_2\n"
    conf.write_text(text + f"\n[secret]\ntype = transport\nprotocol = tls\nbind = 127.0.0.1:{port}\n{secret}")
    ami = pbx.ami()
    ami.action("ModuleLoad", LoadType="load", Module="res_srtp.so")
    ami.action("ModuleLoad", LoadType="reload", Module="res_pjsip.so")
    ami.close()
    wait_for("Asterisk's TLS", lambda: _listens(port))
    return port, made


def _listens(port: int) -> bool:
    return f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()


def test_tls_to_the_registrar_and_srtp_through_it(asterisk: Asterisk, tmp_path: Path) -> None:
    port, vouches = with_tls(asterisk, tmp_path)

    async def story(made: Rig) -> None:
        phones = {}
        for name, hz in (("caller", CALLER_HZ), ("agent", AGENT_HZ)):
            phones[name] = await made.phone(
                name,
                domain=f"127.0.0.1:{port}",
                password=asterisk.passwords[name],
                transport="tls",
                ca=str(vouches),
                encryption="srtp-mand",
                tone_hz=hz,
            )
        await asyncio.to_thread(wait_for, "both to be registered", lambda: _contacts(asterisk) == 2)
        caller, agent = phones["caller"], phones["agent"]
        out = await caller.client.dial("agent")
        await agent.client.answer(await agent.rings())
        await caller.becomes(out, UP)
        await caller.hears(out, AGENT_HZ)
        await caller.client.hang_up(out)

    play(story, tmp_path)


def _contacts(pbx: Asterisk) -> int:
    ami = pbx.ami()
    try:
        ami.action("PJSIPShowContacts")
    except AmiError:
        return 0
    found = 0
    while ami.event("ContactList", "ContactListComplete")["Event"] == "ContactList":
        found += 1
    ami.close()
    return found


def test_a_registrar_for_which_nobody_vouches_is_not_believed(asterisk: Asterisk, tmp_path: Path) -> None:
    port, _ = with_tls(asterisk, tmp_path)
    stranger, _ = certificate(tmp_path, "stranger")

    async def story(made: Rig) -> None:
        secret = {"domain": f"127.0.0.1:{port}", "password": asterisk.passwords["agent"], "transport": "tls"}
        await made.phone("agent", ca=str(stranger), **secret)
        log = made.folder / "agent" / "log"
        await asyncio.to_thread(wait_for, "the refusal", lambda: "not registered" in log.read_text())
        assert _contacts(asterisk) == 0

    play(story, tmp_path)


def test_a_device_that_is_not_there_costs_no_call(tmp_path: Path) -> None:
    """It is up and silent; nobody but the agent ends it."""

    async def story(made: Rig) -> None:
        caller, agent = await made.phone("caller"), await made.phone("agent", audio_driver="alsa,plughw:77")
        out, line = await made.call(caller, agent)
        await agent.client.hang_up(line)
        assert (await agent.becomes(line, ENDED)).ended_by is EndedBy.US
        assert (await caller.becomes(out, ENDED)).ended_by is EndedBy.THEM

    play(story, tmp_path)
