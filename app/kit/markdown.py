"""Text in Streamlit's Markdown."""

import re
from collections.abc import Iterable

import streamlit as st


def plain(line: str) -> str:
    """The line as Markdown that shows it as it is; links may hold anything."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", " ".join(line.split()))


def warn(lines: Iterable[str]) -> None:
    """Say what could not be had, each line once."""
    for line in dict.fromkeys(lines):
        st.warning(plain(line), icon=":material/info:")
