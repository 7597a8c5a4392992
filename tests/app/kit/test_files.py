"""Files that never change are read and compressed once."""

import asyncio
import gzip

import pytest
from starlette.responses import Response

from app.kit.files import Files
from tests.waiting import awaited

SCRIPT = b"export const one = 1; " * 100


class Disk:
    """What has the files; counts what is asked of it."""

    def __init__(self):
        self.asked = []

    async def __call__(self, scope, receive, send):
        path = scope["path"]
        self.asked.append(path)
        if path.endswith("gone.js"):
            answer = Response("the page", headers={"Cache-Control": "no-cache"})
        elif path.endswith("none.js"):
            answer = Response("Not Found", 404)
        else:
            is_font = path.endswith("woff2")
            body = bytes(range(256)) if is_font else SCRIPT
            answer = Response(body, media_type="font/woff2" if is_font else "text/javascript")
            answer.set_cookie("person", "one visitor's")
        await answer(scope, receive, send)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def ask(disk):
    files = Files(disk, "/afn")

    def ask(path, method="GET", **headers):
        sent = []

        async def send(message):
            sent.append(message)

        given = {"accept-encoding": "gzip, br", **headers}
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        path, _, query = path.partition("?")
        scope = {"type": "http", "method": method, "path": f"/afn{path}", "headers": raw}
        scope["query_string"] = query.encode()
        awaited(files(scope, None, send))
        start, *pieces = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], told, b"".join(piece["body"] for piece in pieces)

    return ask


@pytest.mark.parametrize("path", ["/static/js/a.js", "/app/static/a.js?v=1"])
def test_a_file_is_read_once_and_is_nobodys_own(ask, disk, path):
    answers = [ask(path) for _ in range(3)]
    assert disk.asked == [f"/afn{path.removesuffix('?v=1')}"]
    assert answers[0] == answers[1] == answers[2]
    status, headers, body = answers[0]
    assert (status, gzip.decompress(body)) == (200, SCRIPT)
    assert headers == {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, immutable, max-age=31536000",
        "vary": "Accept-Encoding",
        "content-encoding": "gzip",
        "content-length": str(len(body)),
    }


def test_what_does_not_shrink_goes_as_it_is(ask):
    _, headers, body = ask("/static/media/a.woff2")
    assert body == bytes(range(256))
    assert headers["content-type"] == "font/woff2"
    assert "content-encoding" not in headers


async def left():
    """A browser that is closed while it loads."""
    return {"type": "http.disconnect"}


def test_who_leaves_while_a_file_is_read_spoils_it_for_nobody():
    """What was sent until then, nothing at all, was kept and given to all who came after."""

    async def disk(scope, receive, send):
        headers = [(b"content-type", b"text/javascript"), (b"content-length", b"2200")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await receive()  # the request's own body
        told = asyncio.create_task(receive())
        await asyncio.sleep(0)
        if told.done():
            return
        told.cancel()
        await send({"type": "http.response.body", "body": SCRIPT, "more_body": False})

    async def both():
        files, sent = Files(disk), []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": "/static/js/a.js", "query_string": b"",
            "headers": [(b"accept-encoding", b"gzip")],
        }  # fmt: skip
        await files(scope, left, send)
        sent.clear()
        await files(scope, left, send)
        return b"".join(message.get("body", b"") for message in sent)

    assert gzip.decompress(awaited(both())) == SCRIPT


def test_what_came_in_part_is_not_kept():
    async def disk(scope, receive, send):
        headers = [(b"content-type", b"text/javascript"), (b"content-length", b"2200")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"exp", "more_body": False})

    async def send(message):
        pass

    files = Files(disk)
    scope = {
        "type": "http", "method": "GET", "path": "/static/js/a.js", "query_string": b"",
        "headers": [(b"accept-encoding", b"gzip")],
    }  # fmt: skip
    awaited(files(scope, left, send))
    assert files._kept == {}


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/static/js/gone.js", {}),  # Streamlit sends its page in the place of what is not there
        ("/static/js/none.js", {}),
        ("/static/js/a.js", {"method": "HEAD"}),
        ("/static/js/a.js", {"accept-encoding": "identity"}),
        ("/static/js/a.js", {"range": "bytes=0-9"}),
        ("/app/static/a.js", {}),
        ("/feed", {}),
    ],
)
def test_all_else_is_asked_each_time(ask, disk, path, how):
    first, second = ask(path, **how), ask(path, **how)
    assert len(disk.asked) >= 2
    assert first == second
    assert "content-encoding" not in first[1]
