"""Stories of whole bridges run by the real clock; what people take their time for is shortened."""

from importlib import import_module

import pytest


@pytest.fixture(autouse=True)
def shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lamps", "press", "reading"):  # instead of 3 s for which the supervisor has been listening
        monkeypatch.setattr(import_module(f"rung.policy.{name}"), "COMPLETE_AFTER_MS", 50)
    monkeypatch.setattr(import_module("rung.policy.transfer"), "OFFER_DEADLINE_MS", 1000)
