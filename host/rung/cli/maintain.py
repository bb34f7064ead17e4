"""`rung maintain`: a box for mpremote."""

from pathlib import Path

from rung.cli.ends import stop
from rung.cli.pair import only_port
from rung.config import ConfigError, read_config
from rung.link.keys import KeysError
from rung.link.maintain import WHILE_MINUTES, MaintainError, hand_over
from rung.link.pairing import PairError
from rung.link.port import PortError


def maintain_box(file: Path, port: str | None) -> None:
    try:
        config = read_config(file)
        port = port or only_port(config.box.port, "maintain")
        box = hand_over(port, config.keys)
    except (ConfigError, PairError, PortError, KeysError, MaintainError) as error:
        stop(str(error))
    print(f"{port}: box {box} is at the prompt for {WHILE_MINUTES} minutes: use mpremote, then: mpremote reset")
