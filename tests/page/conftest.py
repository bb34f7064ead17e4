"""One Chromium for each file of tests, connected once: that costs more than many a test."""

from collections.abc import Iterator

import pytest
from tests.page.browser import Chromium, connected


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with connected(tmp_path_factory.mktemp("chromium")) as made:
        yield made
