"""The app's own scripts, for a document that has no server: each module as text in it.

In the app a script finds others beside it (``import.meta.url``). In a document ``handout.js`` does:
`linked` has a module ask that for its neighbours and files.
"""

import base64
import gzip
import json
import re
from functools import cache

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
def plotly() -> tuple[str, str]:
    """The installed Plotly, packed, as base64; and its name with its version."""
    text = PLOTLY.read_text()
    found = re.search(r"plotly\.js v([\d.]+)", text[:500])
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode(), f"Plotly.js {found[1] if found else ''}".strip()
