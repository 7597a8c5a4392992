"""The browser components' own scripts, served from ``app/static``."""

import hashlib

import streamlit as st

from ..folders import STATIC


def module_line(name: str, *versions: str) -> str:
    """A line of JavaScript, resent with every tick, that fetches a module once as ``module``.

    The address carries a hash of ``<name>.js``, of all files of the folder ``<name>``, and of what
    else it depends on, so that browsers may keep it for good.
    """
    version = version_of(name, *versions)
    base = st.get_option("server.baseUrlPath").strip("/")
    path = f"{'/' if base else ''}{base}/app/static/{name}.js?v={version}"
    return f'const module = import(new URL("{path}", location.origin));\n'


def version_of(name: str, *versions: str) -> str:
    """What changes with the script of a name, its folder, or what else they depend on."""
    script = STATIC / f"{name}.js"
    files = sorted([*([script] if script.exists() else []), *(STATIC / name).iterdir()])
    content = b"".join(path.read_bytes() for path in files) + "".join(versions).encode()
    return hashlib.sha256(content).hexdigest()[:12]
