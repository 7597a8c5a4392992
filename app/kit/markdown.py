"""Text in Streamlit's Markdown."""

import re
from collections.abc import Iterable

import streamlit as st

_LETTERS = {"μ": "mu", "σ": "sigma", "γ": "gamma", "β": "beta"}


def lettered(markdown: str) -> str:
    """Markdown in which each λ_μ of plain text is set as a formula: a letter below λ."""
    return re.sub(r"λ\\?_([μσγβ])", lambda found: rf"$\lambda_\{_LETTERS[found[1]]}$", markdown)


def plain(line: str) -> str:
    """The line as Markdown that shows it as it is; links may hold anything."""
    shown = re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", " ".join(line.split()))
    return lettered(shown)


def warn(lines: Iterable[str]) -> None:
    """Say what could not be had, each line once."""
    for line in dict.fromkeys(lines):
        st.warning(plain(line), icon=":material/info:")
