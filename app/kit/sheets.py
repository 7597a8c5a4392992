"""Pictures that events name, such as feature maps: outside the feed, each loaded once.

`SHEETS.serve` is the route ``/sheets/ID/FILE``. A file never changes (what is another picture has
another name), so browsers may keep it for good.
"""

import asyncio
import base64
import re
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from . import backend
from .files import FOREVER
from .folders import DEMO

PATH = "/sheets"
_ID = re.compile(r"((look|demo|stream)\.)?[a-z0-9][a-z0-9_-]{0,63}")
_FILE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\.png")
_IN_STYLE = re.compile(r"(url\(&#x27;)(.+?)(&#x27;\))")
"""A picture in a style within HTML: what comes before its address, that, and what comes behind."""


class Pictured(Protocol):
    """Whose events name pictures: a run, a look, what is recorded of the demo, or a stream."""

    @property
    def id(self) -> str:
        """What tells it from others."""
        ...

    @property
    def sheets_path(self) -> Path:
        """Where they lie."""
        ...


class Sheets:
    """The route to all of them."""

    def __init__(self) -> None:
        self.is_served = False

    def serve(self, base: str = "") -> Route:
        """The route; from now on pages count on it."""
        self.is_served = True
        return Route(f"{base}{PATH}/{{id}}/{{file}}", self.respond)

    async def respond(self, request: Request) -> Response:
        """Answer with the picture, for good."""
        source, file = request.path_params["id"], request.path_params["file"]
        data = None
        if _ID.fullmatch(source) and _FILE.fullmatch(file):
            data = await asyncio.to_thread(_read, _folder(source) / file)
        if data is None:
            return PlainTextResponse("Not Found", 404, {"Cache-Control": "no-store"})
        return Response(data, media_type="image/png", headers={"Cache-Control": FOREVER})


SHEETS = Sheets()
"""Those of this server."""


def sheet_address(source: Pictured, file: str) -> str:
    """Where a browser gets a picture that an event of `source` names.

    Where the route is not served (``streamlit run``) it is the picture itself as a data URI, and
    empty if it is not there: also that may be the ``src`` of an image.
    """
    if SHEETS.is_served:
        base = st.get_option("server.baseUrlPath").strip("/")
        return f"{'/' if base else ''}{base}{PATH}/{source.id}/{file}"
    data = _read(source.sheets_path / file)
    return f"data:image/png;base64,{base64.b64encode(data).decode()}" if data else ""


def embedded(address: str) -> str:
    """The picture behind an address as a data URI; what is no such address stays as it is."""
    *_, kind, source, file = ["", "", *address.split("/")]
    if f"/{kind}" != PATH or not (_ID.fullmatch(source) and _FILE.fullmatch(file)):
        return address
    data = _read(_folder(source) / file)
    return f"data:image/png;base64,{base64.b64encode(data).decode()}" if data else ""


_PICTURE_BYTES = 1_500_000
"""Room in a file for the feature maps of one drawing."""


def pictured(spec: dict[str, Any], chunk: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a live chart is told, for a file: pictures in place of addresses, and nothing is live.

    Of feature maps, which are there for every few steps, every other one is left out until they
    fit; the newest stays.
    """
    if "sheet" in spec:
        spec = {**spec, "sheet": embedded(spec["sheet"])}
    if "html" in chunk:
        chunk = {**chunk, "html": _IN_STYLE.sub(_embedded_in_style, chunk["html"])}
    if spec["kind"] == "batch":
        chunk = {**chunk, "sheets": [embedded(each) for each in chunk.get("sheets", [])]}
    if spec["kind"] != "network":
        return spec, chunk
    lanes = [{**lane, "isLive": False} for lane in spec["lanes"]]
    probes = [
        [lane, {**about, "sheet": embedded(about["sheet"])} if about["sheet"] else about]
        for lane, about in chunk.get("probes", [])
    ]
    sheets = [
        [lane, step, embedded(address), *rest]
        for lane, step, address, *rest in chunk.get("sheets", [])
        if address
    ]
    while sum(len(row[2]) for row in sheets) > _PICTURE_BYTES and len(sheets) > len(lanes):
        of = [[row for row in sheets if row[0] == number] for number in range(len(lanes))]
        sheets = [row for rows in of for row in rows[::-1][::2][::-1]]
    return {**spec, "lanes": lanes, "inside": ""}, {**chunk, "probes": probes, "sheets": sheets}


def _embedded_in_style(found: re.Match[str]) -> str:
    return f"{found[1]}{embedded(unquote(found[2]))}{found[3]}"


def _folder(source: str) -> Path:
    kind, _, name = source.rpartition(".")
    if kind == "stream":
        return backend.pictures() / source / "sheets"
    root = {"look": backend.looks(), "demo": DEMO}.get(kind, backend.store().root)
    return root / name / "sheets"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
