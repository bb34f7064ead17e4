"""The real peers really start, answer, and carry a call; what else they do is for other tests."""

from __future__ import annotations

from collections.abc import Callable

from tests.real.peers import free_port, wait_for
from tests.real.peers.asterisk import ENDPOINTS, Asterisk
from tests.real.peers.baresip import Baresip

Phones = Callable[..., Baresip]


def test_nobody_is_given_a_port_that_another_is_about_to_take() -> None:
    """baresip took SIP at the very port of its control line, one time in a thousand: it answered nothing."""
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == len(ports)


def test_asterisk_answers_its_manager(asterisk: Asterisk) -> None:
    ami = asterisk.ami()
    assert ami.action("Ping")["Ping"] == "Pong"
    ami.close()


def test_debian_baresip_answers_its_control(debian_baresip: Phones) -> None:
    phone = debian_baresip("agent")
    assert phone.uri in phone.command("reginfo")


def test_debian_baresip_calls_another(debian_baresip: Phones) -> None:
    caller, agent = debian_baresip("caller"), debian_baresip("agent")
    caller.command("dial", agent.uri)
    agent.event("CALL_INCOMING")
    agent.command("accept")
    caller.event("CALL_ESTABLISHED")
    agent.command("hangup")
    assert "reset by peer" in caller.event("CALL_CLOSED")["param"]


def test_endpoints_register_and_call_each_other(asterisk: Asterisk, debian_baresip: Phones) -> None:
    phones = {
        name: debian_baresip(name, registrar=asterisk.sip_port, password=asterisk.passwords[name]) for name in ENDPOINTS
    }
    wait_for("every endpoint to be reachable", lambda: reachable(asterisk) == set(ENDPOINTS))

    phones["caller"].command("dial", asterisk.uri("agent"))
    phones["agent"].event("CALL_INCOMING")
    phones["agent"].command("accept")
    phones["caller"].event("CALL_ESTABLISHED")
    phones["caller"].command("hangup")
    phones["agent"].event("CALL_CLOSED")


def reachable(asterisk: Asterisk) -> set[str]:
    """The endpoints whose registered phone has answered Asterisk's OPTIONS."""
    ami = asterisk.ami()
    ami.action("PJSIPShowContacts")
    found = set()
    names = ("ContactList", "ContactListComplete")
    while (contact := ami.event(*names))["Event"] == "ContactList":
        if contact["Status"] == "Reachable":
            found.add(contact["Endpoint"])
    ami.close()
    return found
