"""Off this computer's own loopback a page is served with TLS or not at all."""

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest

from rung.floor.authority import self_signed
from rung.page.server import Settings, serve
from rung.page.site import PageError, Site


def test_elsewhere_there_is_no_page_without_a_certificate(tmp_path: Path) -> None:
    async def test() -> None:
        with pytest.raises(PageError, match="set page"):
            async with serve(Site(), Settings(host="0.0.0.0", sessions=tmp_path / "s")):
                pass

    asyncio.run(test())


def test_a_page_with_a_certificate_is_served_with_it_alone(tmp_path: Path) -> None:
    async def test() -> None:
        certificate, key = self_signed(tmp_path, "localhost")
        settings = Settings(certificate=str(certificate), key=str(key), sessions=tmp_path / "s")
        async with serve(Site(), settings) as address:
            port = address.split("/")[2].rpartition(":")[2]
            trust = ssl.create_default_context(cafile=str(certificate))
            async with httpx.AsyncClient(verify=trust) as client:
                answer = await client.get(f"https://localhost:{port}/sign-on")
                assert answer.status_code == 200 and "strict-transport-security" in answer.headers
                foreign = {"Origin": f"http://localhost:{port}"}  # the same place without TLS is another origin
                assert (await client.get(f"https://localhost:{port}/sign-on", headers=foreign)).status_code == 403
                with pytest.raises(httpx.HTTPError):
                    await client.get(f"http://localhost:{port}/sign-on")

    asyncio.run(test())


def test_a_certificate_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    async def test() -> None:
        bad = tmp_path / "bad.pem"
        bad.write_text("nothing")
        with pytest.raises(PageError, match="cannot be used"):
            async with serve(Site(), Settings(certificate=str(bad), key=str(bad), sessions=tmp_path / "s")):
                pass

    asyncio.run(test())
