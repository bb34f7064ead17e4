"""Who gets in: a page of this origin, on a browser that has signed on. Everybody else changes nothing."""

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from playwright.async_api import expect
from tests.page.browser import Chromium, looking
from tests.page.floor import Pages, floor

from rung.page.doors import HEADERS

FOREIGN = ("http://evil.example", "http://127.0.0.1:1", "null", "https://127.0.0.1")


def run(tmp_path: Path, test: object) -> None:
    async def running() -> None:
        async with floor(tmp_path) as stage:
            await test(stage)  # type: ignore[operator]

    asyncio.run(running())


def base(stage: Pages) -> str:
    return stage.addresses["agent"].split("/enter/")[0]


@asynccontextmanager
async def entered(stage: Pages) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base(stage)) as client:
        await client.get(stage.addresses["agent"])
        yield client


async def websocket(stage: Pages, cookie: str, **headers: str) -> int:
    """The status with which a websocket of NiceGUI's is answered."""
    host, port = base(stage).removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = {
        "Host": f"{host}:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Cookie": cookie,
        **headers,
    }
    asked = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{asked}\r\n".encode())
    answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


def test_an_address_is_open_as_soon_as_it_is_given(tmp_path: Path) -> None:
    async def test(stage: Pages) -> None:
        host, port = stage.addresses["supervisor"].removeprefix("http://").partition("/")[0].split(":")
        socket.create_connection((host, int(port)), timeout=5).close()  # before the event loop has gone on

    run(tmp_path, test)


def test_without_the_key_there_is_no_page(tmp_path: Path) -> None:
    async def test(stage: Pages) -> None:
        async with httpx.AsyncClient(base_url=base(stage)) as client:
            for path in ("/", "/enter/guessed", "/anything"):
                answer = await client.get(path)
                assert (answer.status_code, answer.headers["location"]) == (303, "/sign-on"), path
                assert "set-cookie" not in answer.headers
            assert (await client.get("/sign-on")).status_code == 200
        async with entered(stage) as client:
            assert (await client.get("/")).status_code == 200

    run(tmp_path, test)


def test_every_answer_has_the_headers_and_nothing_is_kept(tmp_path: Path) -> None:
    async def test(stage: Pages) -> None:
        async with entered(stage) as client:
            for path in ("/", "/sign-on", "/rung/rung.js", "/nowhere"):
                answer = await client.get(path)
                for name, value in HEADERS.items():
                    assert answer.headers.get_list(name) == [value], (path, name)
            assert (await client.get("/")).headers["cache-control"] == "no-store"

    run(tmp_path, test)


def test_a_cookie_is_for_this_origin_and_no_script(tmp_path: Path) -> None:
    async def test(stage: Pages) -> None:
        async with httpx.AsyncClient() as client:
            cookie = (await client.get(stage.addresses["agent"])).headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie

    run(tmp_path, test)


def test_a_foreign_name_or_origin_is_refused(tmp_path: Path) -> None:
    async def test(stage: Pages) -> None:
        async with entered(stage) as client:
            # A name that somebody else's name server leads here: DNS rebinding.
            assert (await client.get("/", headers={"Host": "evil.example"})).status_code == 403
            for origin in FOREIGN:
                assert (await client.get("/", headers={"Origin": origin})).status_code == 403
                assert (await client.post("/sign-off", headers={"Origin": origin})).status_code == 403
            assert (await client.post("/sign-off")).status_code == 403
            assert (await client.get("/")).status_code == 200

    run(tmp_path, test)


def test_a_websocket_from_another_origin_is_refused(tmp_path: Path) -> None:
    async def test(stage: Pages) -> None:
        async with entered(stage) as client:
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        for origin in FOREIGN:
            assert await websocket(stage, cookie, Origin=origin) == 403, origin
        assert await websocket(stage, cookie) == 403
        assert await websocket(stage, f"{cookie.split('=')[0]}=guessed", Origin=base(stage)) == 403
        assert await websocket(stage, cookie, Origin=base(stage)) == 101

    run(tmp_path, test)


FOREIGN_PAGE = """<!doctype html><title>evil</title><script>
  const told = {}, desk = "DESK", body = new URLSearchParams({ person: "eva" });
  const options = { method: "POST", mode: "no-cors", credentials: "include", body };
  const tried = [
    fetch(desk + "/", { credentials: "include" }).then(() => "read", () => "refused").then((how) => told.fetch = how),
    fetch(desk + "/sign-off", options).then((answer) => told.post = answer.type, () => told.post = "refused"),
    new Promise((done) => {
      const line = new WebSocket(desk.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket");
      line.onopen = () => done(told.socket = "open");
      line.onerror = () => done(told.socket = "refused");
    }),
  ];
  window.told = Promise.all(tried).then(() => told);
</script>"""


def test_a_page_from_elsewhere_in_the_same_browser_gets_nothing_and_does_nothing(
    tmp_path: Path, chromium: Chromium
) -> None:
    """Chromium sends it along as it would any page that somebody was led to, signed on as they are."""

    async def test(stage: Pages) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            page = FOREIGN_PAGE.replace("DESK", base(stage)).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + page)
            await writer.drain()
            writer.close()

        evil = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with evil, looking(chromium) as browser:
            page, elsewhere = await browser.new_page(), await browser.new_page()
            await page.goto(stage.addresses["agent"])
            await expect(page.get_by_text("No call.")).to_be_visible()
            await elsewhere.goto(f"http://127.0.0.1:{evil.sockets[0].getsockname()[1]}/")
            told = await elsewhere.evaluate("window.told")
            assert told == {"fetch": "refused", "post": "refused", "socket": "refused"}
            await page.reload()
            await expect(page.get_by_text("No call.")).to_be_visible()  # still signed on: the post did nothing

    async def running() -> None:
        async with floor(tmp_path) as stage:
            await test(stage)

    chromium.run(running())
