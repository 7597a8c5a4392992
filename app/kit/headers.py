"""What goes with every answer, so that a browser lets nobody do more with the app than it needs.

`is_own` says whether a request may change something. `Headers` is an ASGI middleware that passes
bodies and websockets on as they are: the live feed is not held back.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a link says what was tried: nobody else's business
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
_CLOSED = "/_stcore/metrics"
"""Streamlit's figures about visitors and memory; it has no setting that closes them."""
_SITE = re.compile(r"(https?://)?(\*\.)?[\w-]+(\.[\w-]+)*(:(\d+|\*))?")


def sites(text: str) -> list[str]:
    """The sites that a text names, with spaces between them.

    Raises:
        ValueError: One is none.
    """
    for site in text.split():
        if not _SITE.fullmatch(site):
            raise ValueError(
                "AFN_FRAME_ANCESTORS takes sites such as https://moodle.example.org, with spaces "
                f"between them; got {site!r}"
            )
    return text.split()


def is_own(request: Request) -> bool:
    """Whether a page of this server sent it, and no other site's in the visitor's name."""
    if site := request.headers.get("sec-fetch-site"):  # which no script can set
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")


class Headers:
    """Adds the headers, and closes what is nobody's business.

    Args:
        app: What answers.
        ancestors: Sites whose pages may frame the app besides its own.
    """

    def __init__(self, app: ASGIApp, ancestors: Sequence[str] = ()) -> None:
        self._app = app
        allowed = " ".join(["'self'", *ancestors])
        policy = f"frame-ancestors {allowed}; object-src 'none'; base-uri 'self'"
        self._headers = {**_ALWAYS, "Content-Security-Policy": policy}
        if not ancestors:
            self._headers["X-Frame-Options"] = "SAMEORIGIN"  # it cannot name others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    there[name] = value
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].rstrip("/").endswith(_CLOSED):
            await PlainTextResponse("Not Found", 404)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)
