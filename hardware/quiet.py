"""SKiDL, without its droppings: it writes logs where it is imported, and folders into the home."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Iterator
from unittest import mock

with (
    tempfile.TemporaryDirectory() as away,
    contextlib.chdir(away),
    mock.patch.dict(os.environ, {"XDG_DATA_HOME": away, "APPDATA": away, "HOME": away}),
    contextlib.redirect_stderr(io.StringIO()),
):
    usual = logging.getLoggerClass()
    import skidl
    from skidl.logger import erc_logger, rt_logger, stop_log_file_output

    logging.setLoggerClass(usual)  # SKiDL's class is meant for its own two loggers
    skidl.set_default_tool(skidl.KICAD9)
    stop_log_file_output()
    for logger in (erc_logger, rt_logger):
        logger.handlers.clear()
        logger.set_trace_depth(0)

# SKiDL notes for each part by which calls it was made, which takes most of its time and is not wanted here.
skidl.circuit.get_skidl_trace = skidl.node.get_skidl_trace = list


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextlib.contextmanager
def complaints(logger: logging.Logger = erc_logger) -> Iterator[list[str]]:
    """What SKiDL warns of within, as a list."""
    collector = _Collector()
    logger.addHandler(collector)
    try:
        yield collector.said
    finally:
        logger.removeHandler(collector)


__all__ = ["complaints", "rt_logger", "skidl"]
