"""The app's own scripts, its font and Plotly, for a document that has no server: as text in it.

In the app a script finds others beside it (``import.meta.url``). In a document ``handout.js`` does:
`linked` has a module ask that for its neighbours and files.
"""

import base64
import gzip
import json
import re
from collections.abc import Set
from functools import cache
from itertools import pairwise
from pathlib import Path

import streamlit

from ..folders import PLOTLY, STATIC

_VERSION = re.compile(r"new URL\(import\.meta\.url\)\.search")
_ASSET = re.compile(r"new URL\((.+?), import\.meta\.url\)")
_IMPORT = re.compile(r"\bimport\(")


def files_of(name: str) -> dict[str, str]:
    """The modules and styles of a script of `app/static`, by their path there."""
    paths = [STATIC / f"{name}.js", *sorted((STATIC / name).glob("*.js")),
             *sorted((STATIC / name).glob("*.css"))]  # fmt: skip
    found = {path.relative_to(STATIC).as_posix(): path.read_text() for path in paths}
    return {
        path: linked(text, path) if path.endswith(".js") else text for path, text in found.items()
    }


def linked(source: str, path: str) -> str:
    """The module, which asks the document for what lies beside it.

    Raises:
        ValueError: It finds its neighbours in a way that is not known here.
    """
    here = json.dumps(path)
    source = _ASSET.sub(rf"afn.at({here}, \1)", _VERSION.sub('""', source))
    source = _IMPORT.sub(f"afn.load({here}, ", source)
    code = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    if "import.meta" in code or re.search(r"^\s*import\b", code, re.MULTILINE):
        raise ValueError(f"{path}: it imports otherwise than by import(...) beside itself")
    return source


@cache
def letters() -> str:
    """The app's font as CSS: figures have the room that they have on the page.

    Streamlit brings it along; empty where it does not.
    """
    media = Path(streamlit.__file__).parent / "static" / "static" / "media"
    found = next(media.glob("SourceSansVF-Upright*.woff2"), None)
    if found is None:
        return ""
    data = f"data:font/woff2;base64,{base64.b64encode(found.read_bytes()).decode()}"
    return f'@font-face {{font-family: "Source Sans"; font-weight: 200 900; src: url({data});}}'


_OWN_TRACES = ("scatter", "bar", "box")
"""Kinds of traces in the drawings of the app's own scripts."""
_LISTED = re.compile(r"var ([\w$]+)=([\w$]+)\(\);\1\.register\(\[([\w$(),]+)\]\)")
_TRACE = re.compile(r'moduleType:"trace",name:"(\w+)"')


@cache
def plotly(kinds: frozenset[str] = frozenset()) -> tuple[str, str]:
    """What is needed of the installed Plotly, packed, as base64; and its name with its version.

    Args:
        kinds: Of traces that it has to draw, besides those of the app's own scripts.
    """
    text = PLOTLY.read_text()
    found = re.search(r"plotly\.js v([\d.]+)", text[:500])
    part = plotly_for(kinds.union(_OWN_TRACES), text)
    packed = gzip.compress(part.encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode(), f"Plotly.js {found[1] if found else ''}".strip()


def plotly_for(kinds: Set[str], text: str) -> str:
    """The part of Plotly's script that draws these kinds of traces: a browser reads it far sooner.

    The bundle has each module behind those that it needs: the core, with ``scatter``; one kind of
    trace after another; and last a module that registers them. What lies between the last kind
    that is wanted and that module is left out. A bundle of another build stays whole.
    """
    listed = _LISTED.search(text)
    if listed is None:
        return text
    names = [listed[2], *listed[3].replace("()", "").split(",")]
    ends = [_end(name, text) for name in names]
    if -1 in ends or ends != sorted(ends):
        return text
    behind = {
        trace[1]: place
        for place, (since, end) in enumerate(pairwise([0, *ends]))
        for trace in _TRACE.finditer(text, since, end)
    }
    if not kinds <= behind.keys():
        return text
    places = sorted({behind[kind] for kind in kinds} - {0})
    registered = ",".join(f"{names[place]}()" for place in places)
    registers = text.rfind(";var ", 0, listed.start()) + 1
    end = ends[max(places, default=0)]
    return text[:end] + text[registers : listed.start(3)] + registered + text[listed.end(3) :]


def _end(name: str, text: str) -> int:
    """Behind the module of this name, which hands on another one; -1 if there is none."""
    module = rf';var {re.escape(name)}=[\w$]+\(\([\w$,]+\)=>{{"use strict";[\w$]+\.exports='
    found = re.search(module + r"[\w$]+\(\)\}\);", text)
    return found.end() if found else -1
