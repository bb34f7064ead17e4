"""One Chromium for each file of tests."""

from collections.abc import Iterator

import pytest
from tests.page.browser import chromium as started


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("chromium")) as where:
        yield where
