"""`rung pair`: a key for a box, on both ends."""

from pathlib import Path

from rung.cli.ends import stop
from rung.config import ConfigError, read_config
from rung.link.keys import KeysError
from rung.link.pairing import PairError, pair
from rung.link.search import AUTO, boards


def pair_box(file: Path, port: str | None) -> None:
    try:
        config = read_config(file)
        port = port or only_port(config.box.port, "pair")
        box = pair(port, config.keys)
    except (ConfigError, PairError, KeysError) as error:
        stop(str(error))
    print(f"{port}: box {box} is paired; its key is in {config.keys}")
    if config.box.id not in ("", box):
        print(f"{file}: box.id names another box, {config.box.id}: change it to use this one")


def only_port(configured: str, command: str) -> str:
    """The port that is meant where none is named. Raises PairError."""
    if configured != AUTO:
        return configured
    ports = boards()
    if len(ports) == 1:
        return ports[0]
    seen = ", ".join(ports) or "no board of a box's kind is plugged in"
    raise PairError(f"name the port: rung {command} PORT ({seen})")
