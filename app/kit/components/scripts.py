"""The browser components' own scripts, served from ``app/static``."""

import hashlib

import streamlit as st

from ..folders import STATIC


def module_line(name: str, *versions: str) -> str:
    """A line of JavaScript, resent with every tick, that fetches a module once as ``module``.

    The address carries a hash of ``<name>.js``, of all files of the folder ``<name>``, and of what
    else it depends on, so that browsers may keep it for good.
    """
    files = sorted([STATIC / f"{name}.js", *(STATIC / name).iterdir()])
    content = b"".join(path.read_bytes() for path in files) + "".join(versions).encode()
    version = hashlib.sha256(content).hexdigest()[:12]
    base = st.get_option("server.baseUrlPath").strip("/")
    path = f"{'/' if base else ''}{base}/app/static/{name}.js?v={version}"
    return f'const module = import(new URL("{path}", location.origin));\n'
