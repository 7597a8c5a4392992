"""Files that never change, from memory and compressed once.

A browser's first visit asks for about 120 of them, which Streamlit reads from the disk anew and
sends as they are: that took ten times the processor of the page itself.

An ASGI middleware: what it does not know it asks of what it stands before.
"""

import asyncio
import gzip

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOREVER = "public, immutable, max-age=31536000"
"""What tells browsers to keep a file and never to ask again."""


class Files:
    """Keeps Streamlit's files and, where the address says a version, the app's own.

    Args:
        app: What has them.
        base: Of all paths, such as ``/afn``.
    """

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self._app = app
        self._streamlits, self._own = f"{base}/static/", f"{base}/app/static/"
        self._kept: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what asks for such a file, and has it packed; the rest goes on."""
        answer = await self._file(scope) if self._is_of_a_file(scope) else None
        await (answer or self._app)(scope, receive, send)

    def _is_of_a_file(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        headers = Headers(scope=scope)
        takes = "gzip" in headers.get("accept-encoding", "") and "range" not in headers
        path, is_of_a_version = scope["path"], scope["query_string"].startswith(b"v=")
        is_kept = path.startswith(self._streamlits) or (
            path.startswith(self._own) and is_of_a_version
        )
        return takes and is_kept

    async def _file(self, scope: Scope) -> Response | None:
        path = scope["path"]
        if path not in self._kept:
            sent: list[Message] = []

            async def hear(message: Message) -> None:
                sent.append(message)

            await self._app({**scope, "headers": []}, _patient(), hear)
            found = Headers(raw=sent[0]["headers"])
            if sent[0]["status"] != 200 or "no-cache" in found.get("cache-control", ""):
                return None  # there is none: a page is sent in its place
            body = b"".join(message.get("body", b"") for message in sent[1:])
            if len(body) != int(found.get("content-length", len(body))):
                return None  # cut off: kept, it would be so for everybody
            self._kept[path] = await asyncio.to_thread(_packed, body, found["content-type"])
        return self._kept[path]


def _patient() -> Receive:
    """Who asks for a file that all will have does not leave before it is there."""
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        for message in asked:
            return message
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    return receive


def _packed(body: bytes, kind: str) -> Response:
    headers = {"Content-Type": kind, "Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    packed = gzip.compress(body, mtime=0)
    if len(packed) < 0.9 * len(body):
        return Response(packed, headers={**headers, "Content-Encoding": "gzip"})
    return Response(body, headers=headers)
