"""Text in Streamlit's Markdown."""

import re


def plain(line: str) -> str:
    """The line as Markdown that shows it as it is; links may hold anything."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", " ".join(line.split()))
