"""Who asks, on a server that is shared; and who may change what.

Every browser is somebody: an id, in a cookie that this server signed. Where a browser keeps no
cookies (in a foreign frame, say) the tab is somebody, and remembers a token signed likewise. A
run's folder names its owner by that id, which without the signature lets nobody in.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import streamlit as st
from itsdangerous import BadData, TimestampSigner
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from afn.data.own.rules import own_in
from afn.data.own.store import OwnSet
from afn.runs.index import Line
from afn.work.secret import is_shared, secret, server_key

from . import backend
from .components import tab
from .view import in_session

FOREIGN = "Started by somebody else."
FORK_IT = f"{FOREIGN[:-1]}: fork it."
"""Why a control is disabled; the second of runs."""
_DAY = 86_400
_acting: ContextVar[str | None] = ContextVar("acting", default=None)


class Owned(Protocol):
    """Something that somebody started."""

    @property
    def owner(self) -> str | None:
        """Who did; None where that is not known."""


class Seal:
    """Values that only this server can have given, as cookies or tokens.

    Args:
        key: The server's secret.
        what: They say; with the secret it names the cookie, for servers on other ports of this host
            share its cookies.
        days: They are good for.
    """

    def __init__(self, key: str, what: str, days: int) -> None:
        self._signer, self.days = TimestampSigner(key, salt=f"afn.{what}"), days
        self.name = f"afn-{what}-{hashlib.sha256(f'{what} {key}'.encode()).hexdigest()[:8]}"

    def close(self, value: str) -> str:
        """The value, signed."""
        return self._signer.sign(value).decode()

    def open(self, token: object) -> str:
        """The value of what this server signed; empty for anything else, or what is too old."""
        return self._read(token)[0]

    def is_aging(self, token: object) -> bool:
        """Whether it is time to sign it anew."""
        return self._read(token)[1] > self.days / 10

    def _read(self, token: object) -> tuple[str, float]:
        try:
            value, at = self._signer.unsign(f"{token}", return_timestamp=True)
        except (BadData, ValueError):
            return "", 0.0
        age = (time.time() - at.timestamp()) / _DAY  # less than 0 where the clock was set back
        return (value.decode(), age) if age <= self.days else ("", age)


@cache
def _seal(key: str, what: str) -> Seal:
    return Seal(key, what, days={"person": 400, "key": 30}[what])


def _person() -> Seal:
    return _seal(secret(backend.store().root), "person")


def _holder() -> Seal:
    return _seal(secret(backend.store().root), "key")


def _somebody() -> str:
    return _person().close(secrets.token_hex(8))


@dataclass(slots=True)
class Tab:
    """Who a tab is whose browser keeps no cookies."""

    token: str = field(default_factory=_somebody)
    told: str = ""
    """What the browser says that it was before."""

    def hear(self, told: str) -> None:
        """Be who it was, if this server said so."""
        self.told = told
        if _person().open(told):
            self.token = told


# -- in the script ---------------------------------------------------------------------------------


def begin() -> None:
    """Where there is no cookie, ask the tab who it was before it was refreshed."""
    if is_shared() and not _of_cookie(_person()):
        mine = in_session(Tab)
        tab.ask(mine.token, mine.told, on_told=mine.hear)


@contextmanager
def acting(person: str | None) -> Iterator[None]:
    """Meanwhile it is this person who asks: where a request of its own does, and no page."""
    before = _acting.set(person or "")
    try:
        yield
    finally:
        _acting.reset(before)


def me() -> str | None:
    """Who looks at this page; None where the server is not shared."""
    if not is_shared():
        return None
    if (person := _acting.get()) is not None:
        return person
    return _of_cookie(_person()) or _person().open(in_session(Tab).token)


def holds_key() -> bool:
    """Whether who asks may do everything: by the server's key, or where it is not shared."""
    return not is_shared() or bool(_of_cookie(_holder()))


def may_change(*things: Owned | None) -> bool:
    """Whether who asks may pause, stop, change, rename and delete all of these."""
    if holds_key():
        return True
    asks = me()
    return all(each.owner == asks for each in things if each)


def why_not(*things: Owned | None, words: str = FORK_IT) -> dict[str, Any]:
    """What a control gets that acts on what is one's own of these: disabled where nothing is."""
    if not things or any(map(may_change, things)):
        return {}
    return {"disabled": True, "help": words}


def require(*things: Owned) -> None:
    """Go no further with what is of others.

    Raises:
        PermissionError: Something is.
    """
    if not may_change(*things):
        raise PermissionError("it was started by somebody else")


def _of_cookie(seal: Seal) -> str:
    return seal.open(st.context.cookies.get(seal.name))


def own_sets() -> list[OwnSet]:
    """The data sets that who asks dropped here, newest first."""
    asks = me()
    return [each for each in backend.own().list() if each.owner == asks]


def own_names() -> tuple[str, ...]:
    """Of those that can be learned."""
    return tuple(each.name for each in own_sets() if not each.why_unusable)


def may_list(dataset: str, owner: str | None) -> bool:
    """Whether who asks finds in lists what learned a data set: of one's own pictures, one's own."""
    return not own_in(dataset) or holds_key() or owner == me()


def listed(lines: Iterable[Line]) -> list[Line]:
    """The runs that are listed for who asks; all others are seen by whoever has their link."""
    return [line for line in lines if may_list(f"{line.setting('dataset')}", line.owner)]


# -- on the way to the server ----------------------------------------------------------------------


class Doorkeeper:
    """ASGI middleware: gives a browser that comes without a cookie one, and takes it back.

    Routes find under ``person`` of their scope whose request it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let through."""
        if scope["type"] != "http" or not is_shared():
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if answer := self._answer(request):
            await answer(scope, receive, send)
            return
        seal, wants_page = _person(), "text/html" in request.headers.get("accept", "")
        token = request.cookies.get(seal.name)
        scope["person"] = person = seal.open(token) or None
        if not wants_page or (person and not seal.is_aging(token)):
            await self._app(scope, receive, send)
            return
        cookie = _set(Response(), request, seal, seal.close(person) if person else _somebody())

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _answer(self, request: Request) -> Response | None:
        """To who brings the key, which so leaves the address, and to who is to be forgotten."""
        page, given = request.url.path.rpartition("/")[2], request.query_params.get("key")
        if page == "server" and given is not None:
            onward = RedirectResponse("server", 303, {"Cache-Control": "no-store"})
            key = server_key(backend.store().root)
            if hmac.compare_digest(given.encode(), key.encode()):
                _set(onward, request, _holder(), _holder().close("holder"))
            return onward
        if page == tab.FORGET and request.method == "POST" and tab.HEADER in request.headers:
            gone = Response(status_code=204)
            gone.delete_cookie(_person().name)
            return gone
        return None


def _set(response: Response, request: Request, seal: Seal, token: str) -> Response:
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    response.set_cookie(
        seal.name, token, max_age=seal.days * _DAY, httponly=True, samesite="lax",
        secure=scheme == "https",
    )  # fmt: skip
    return response
