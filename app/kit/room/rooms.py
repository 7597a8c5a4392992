"""All rooms of a server, and the routes to them: by these alone, no script reruns for a vote.

- ``GET room?from=lesson:gain`` is the plan for teachers, and opens a room; ``GET room/CODE`` is
  what the projector shows, ``GET join`` and ``join/CODE`` what phones show.
- ``GET room/CODE/state`` says how it stands; news of it come by the live feed as ``room.CODE``.
- ``GET room/CODE/figure`` draws what the experiment found; ``GET room/CODE/report.csv`` and
  ``report.html`` are the report.
- ``POST room/CODE/join|vote|train|hand|go|follow|pull|begin|pretend|end`` take JSON, all but the
  first with a token.
"""

import asyncio
import io
import json
import secrets
import threading
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from afn.work.secret import is_shared, secret

from .. import backend, people
from ..components.scripts import version_of
from ..feed import FEED
from ..folders import STATIC
from ..headers import is_own
from . import pretending, report
from .room import HOURS, KEPT, Room, RoomError
from .script import RoomSource, steps_of
from .standing import Standing, announcing

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of codes: nothing that is taken for something else."""
LETTERS = 4
MOST_OPEN = 200
"""So many rooms may be open at once."""
_LONGEST = 10_000
"""Bytes of a request."""
COOKIE = "afn-room"
"""Says which room a browser opened last; it is set with the room."""


def is_code(text: str) -> bool:
    """Whether a room may have that code."""
    return len(text) == LETTERS and set(text) <= set(ALPHABET)


class Rooms:
    """The rooms of this server."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}
        self._standing: dict[str, Standing] = {}
        self._sources: dict[str, Callable[[], RoomSource]] = {}
        self._lock = threading.Lock()
        self.base = ""
        self.is_served = False

    def serve(self, base: str, **sources: Callable[[], RoomSource]) -> list[Route]:
        """The routes below the server's base path.

        Args:
            base: Such as ``/afn``, or nothing.
            sources: By what their subjects are called in links, such as ``lesson``.
        """
        self.base, self.is_served, self._sources = base, True, sources
        room = base + "/room"
        return [
            Route(room, self._screen),
            Route(room + "/plan", self._plan),
            Route(room + "/open", self._open, methods=["POST"]),
            Route(room + "/{code}", self._screen),
            Route(room + "/{code}/state", self._state),
            Route(room + "/{code}/figure", self._figure),
            Route(room + "/{code}/qr.svg", self._qr),
            Route(room + "/{code}/report.{form}", self._report),
            Route(room + "/{code}/{what}", self._act, methods=["POST"]),
            Route(base + "/join", self._phone),
            Route(base + "/join/{code}", self._phone),
        ]

    def link(self, kind: str, subject: str) -> str:
        """To the plan of a room, from a page of the app."""
        return f"./room?{urlencode({'from': f'{kind}:{subject}'})}"

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return backend.store().root / ".rooms"

    def open(self, kind: str, subject: str) -> tuple[Room, str]:
        """A new room, and the token of whoever leads it.

        Raises:
            RoomError: There is no such subject, or there are too many rooms.
            OSError: It cannot be kept.
        """
        source = self._source(kind)
        try:
            script = source.script(subject)
        except ValueError as error:
            raise RoomError(f"{error}") from None
        with self._lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
            if len(list(self.folder.glob("*.jsonl"))) >= MOST_OPEN:
                raise RoomError(f"{MOST_OPEN} rooms are open here: wait until one is closed", 503)
            code = self._free_code()
            path = self.folder / f"{code}.jsonl"
            room, token = Room.open(path, self._secret(), script)
            self._rooms[code] = room
        return room, token

    def find(self, code: str) -> Room:
        """The room of a code, however it was typed.

        Raises:
            RoomError: There is none.
        """
        code = code.strip().upper()
        with self._lock:
            room = self._rooms.get(code)
            path = self.folder / f"{code}.jsonl"
            if room is None and is_code(code) and path.is_file():
                room = self._rooms[code] = Room(path, self._secret())
        if room is None or room.script is None:
            raise RoomError("there is no room of that code: look at the screen again", 404)
        return room

    def standing(self, room: Room) -> Standing:
        """A room with its experiment.

        Raises:
            RoomError: What it was made from is not served here.
        """
        assert room.script is not None
        with self._lock:
            if room.code not in self._standing:
                source = self._source(room.script.subject.partition(":")[0])
                self._standing[room.code] = Standing(room, source)
            return self._standing[room.code]

    def _source(self, kind: str) -> RoomSource:
        if kind not in self._sources:
            raise RoomError(f"rooms are made from {', '.join(self._sources)}, not {kind[:40]!r}")
        return self._sources[kind]()

    def _secret(self) -> str:
        return secret(backend.store().root)

    def _free_code(self) -> str:
        while True:
            code = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
            if not (self.folder / f"{code}.jsonl").exists():
                return code

    def _tidy(self) -> None:
        """Delete rooms that have ended by themselves."""
        for path in self.folder.glob("*.jsonl"):
            if time.time() - path.stat().st_mtime > HOURS * 3600:
                path.unlink(missing_ok=True)
                self._rooms.pop(path.stem, None)
                self._standing.pop(path.stem, None)

    # -- the routes ------------------------------------------------------------------------------

    async def _screen(self, request: Request) -> Response:
        return self._page("screen")

    async def _phone(self, request: Request) -> Response:
        return self._page("phone")

    def _page(self, name: str) -> Response:
        """The page of the projector, or that of phones."""
        files = f"{self.base}/app/static/room"
        filled = {"page": name, "files": files, "base": self.base, "version": version_of("room")}
        text = (STATIC / "room" / "room.html").read_text()
        for key, value in filled.items():
            text = text.replace(f"{{{key}}}", escape(value))
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})

    async def _plan(self, request: Request) -> Response:
        kind, _, subject = request.query_params.get("from", "").partition(":")

        def make() -> dict[str, Any]:
            script = self._source(kind).script(subject)
            steps = [[step.kind, step.poll, step.say] for step in steps_of(script)]
            return {**msgspec.to_builtins(script), "steps": steps, "kept": KEPT}

        return await _answered(make)

    async def _open(self, request: Request) -> Response:
        async def given() -> dict[str, Any]:
            kind, _, subject = str((await _body(request)).get("from", "")).partition(":")
            room, token = await asyncio.to_thread(self.open, kind, subject)
            return {"code": room.code, "token": token}

        answer = await _answered_by(given)
        if answer.status_code == 200:
            code = json.loads(bytes(answer.body))["code"]
            seconds = round(HOURS * 3600)
            answer.set_cookie(COOKIE, code, seconds, path=f"{self.base}/", samesite="lax")
        return answer

    async def _state(self, request: Request) -> Response:
        def make() -> dict[str, Any]:
            standing = self.standing(self.find(request.path_params["code"]))
            FEED.announce(f"room.{standing.room.code}", announcing(standing))
            standing.warm_up()
            return standing.told()

        return await _answered(make)

    async def _figure(self, request: Request) -> Response:
        return await _answered(
            lambda: self.standing(self.find(request.path_params["code"])).figure()
        )

    async def _qr(self, request: Request) -> Response:
        address = request.query_params.get("at", "")[:300]
        image = io.BytesIO()
        segno.make(address or "?", error="m").save(
            image, kind="svg", scale=8, border=2, light="white"
        )
        return Response(image.getvalue(), media_type="image/svg+xml")

    async def _report(self, request: Request) -> Response:
        try:
            room = self.find(request.path_params["code"])
            room.lead(request.headers.get("x-room-token", ""))
            found = await asyncio.to_thread(self.standing(room).finding)
        except RoomError as error:
            return JSONResponse({"refused": f"{error}"}, error.status)
        if request.path_params["form"] == "csv":
            return Response(report.csv(room, found), media_type="text/csv")
        return HTMLResponse(report.page(room, found))

    async def _act(self, request: Request) -> Response:
        async def given() -> dict[str, Any]:
            room, body = self.find(request.path_params["code"]), await _body(request)
            token, owner = str(body.get("token", "")), request.scope.get("person")
            match request.path_params["what"]:
                case "join":
                    return {"token": await asyncio.to_thread(room.join)}
                case "vote":
                    numbers = [_whole(body, name) for name in ("poll", "round", "choice")]
                    await asyncio.to_thread(room.vote, token, *numbers)
                case "go":
                    await asyncio.to_thread(room.go, token, _whole(body, "step"))
                    await asyncio.to_thread(self.standing(room).warm_up)
                case "follow":
                    await asyncio.to_thread(room.show, token, str(body.get("link", "")))
                case "begin":
                    room.lead(token)
                    with people.acting(_known(owner)):
                        await asyncio.to_thread(self.standing(room).begin)
                case "train":
                    train = self.standing(room).train
                    number = await asyncio.to_thread(train, token, _known(owner))
                    return {"number": number}
                case "hand":
                    hand, runs = self.standing(room).hand, str(body.get("runs", ""))
                    number = await asyncio.to_thread(hand, token, runs, _known(owner))
                    return {"number": number}
                case "pull":
                    await asyncio.to_thread(room.pull, token, _whole(body, "number"))
                case "pretend":
                    room.lead(token)
                    known, train = _known(owner), self.standing(room).train
                    students = min(_whole(body, "students"), 40)
                    pretending.begin(room, students, lambda phone: train(phone, known))
                case "end":
                    await asyncio.to_thread(room.end, token)
                case other:
                    raise RoomError(f"nothing can be done by {other[:20]!r}", 404)
            return {}

        return await _answered_by(given)


async def _body(request: Request) -> dict[str, Any]:
    if not is_own(request):
        raise RoomError("that comes from another site: use the room's own pages", 403)
    body = await request.body()
    try:
        found = json.loads(body) if body and len(body) <= _LONGEST else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RoomError("a request is a JSON object", 400)
    return found


def _known(person: str | None) -> str | None:
    if is_shared() and person is None:
        raise RoomError("nobody is known to have asked: reload the page", 409)
    return person


def _whole(body: dict[str, Any], name: str) -> int:
    if type(found := body.get(name)) is not int:
        raise RoomError(f"{name} is a whole number, not {str(found)[:20]!r}", 400)
    return found


async def _answered(make: Callable[[], dict[str, Any]]) -> JSONResponse:
    async def given() -> dict[str, Any]:
        return await asyncio.to_thread(make)

    return await _answered_by(given)


async def _answered_by(given: Callable[[], Any]) -> JSONResponse:
    headers = {"Cache-Control": "no-store"}
    try:
        return JSONResponse(await given(), headers=headers)
    except RoomError as error:
        return JSONResponse({"refused": f"{error}"}, error.status, headers)
    except (OSError, ValueError, TypeError) as error:
        return JSONResponse({"refused": f"that did not work: {error}"}, 422, headers)


ROOMS = Rooms()
"""Those of this server."""
