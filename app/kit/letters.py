"""λ_μ, as plain text writes it, in texts of other kinds: people read λ with its letter below.

For Streamlit's Markdown see `lettered` of `app.kit.markdown`.
"""

import re

_LETTER = re.compile("λ_([μσγβ])")


def lettered_html(text: str) -> str:
    """In HTML, of which Plotly reads as much."""
    return _LETTER.sub(r"λ<sub>\1</sub>", text)


def lettered_bare(text: str) -> str:
    """Where nothing can stand below, in menus and in the heads of tables; and in names of controls,
    which are read out.
    """
    return _LETTER.sub(r"λ(\1)", text)
