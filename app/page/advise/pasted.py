"""Is this difference real? Somebody's own metrics over seeds, dropped or pasted."""

import streamlit as st

from afn.metrics.drawing import paired_figure
from afn.metrics.over_methods import Metrics
from afn.metrics.reading import from_csv

from ...kit.markdown import plain
from ...kit.plot import heading, plot
from ...kit.uploads import upload_refused
from .words import ABOUT

_TEXT, _FILE = "advise.pasted", "advise.dropped"
"""Widget keys."""
_EXAMPLE = "seed,bn,afn\n0,70.1,71.3\n1,69.8,71.1\n2,70.3,71.2"
_MOST_LETTERS = 200_000


def render() -> None:
    """Draw what is pasted or dropped: each comparison with its verdict, then where to put it."""
    heading("Is a difference real?", "advise.real", ABOUT["real"])
    drawn = st.container()
    pasted, dropped = st.columns(2, gap="large")
    with pasted:
        text = st.text_area(
            "Paste a table: a line a seed", key=_TEXT, placeholder=_EXAMPLE, height=150,
            max_chars=_MOST_LETTERS,
        )  # fmt: skip
    with dropped:
        if refused := upload_refused():
            st.info(refused, icon=":material/open_in_new:")
        elif file := st.file_uploader("Or drop it as CSV", ["csv", "tsv", "txt"], key=_FILE,
                                      max_upload_size=1):  # fmt: skip
            text = file.getvalue().decode("utf-8", errors="replace")
    with drawn:
        if text and text.strip():
            _verdicts(text)


def _verdicts(text: str) -> None:
    try:
        metrics: Metrics = from_csv(text)
        pairs = metrics.against()
    except ValueError as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return
    words = " ".join(pair.sentence for pair in pairs)
    plot(paired_figure(metrics, pairs), words, "advise.real")
