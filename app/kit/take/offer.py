"""The expander in which a page offers its experiments."""

from collections.abc import Callable, Sequence

import streamlit as st

from afn.runs.versions import versions

from ..markdown import plain
from ..plot import download
from ..view import choice_key, here, settle
from .program import Program

TITLE = "Take this experiment with you"
_SHOWN = 12
"""So many of the expected lines are shown."""


def offer(page: str, build: Callable[[], Sequence[Program]]) -> None:
    """Python, a notebook and a command line that give the numbers on screen; built if looked at."""
    key = f"take.{page}"
    expander = st.expander(TITLE, icon=":material/code:", key=key, on_change="rerun")
    if not expander.open:
        return
    with expander:
        try:
            experiments = {each.title: each for each in build()}
        except (ValueError, OSError) as error:  # a run that was deleted meanwhile, say
            st.caption(plain(f"{error}."))
            return
        if not experiments:
            st.caption("There is nothing to take along yet.")
            return
        which = settle(choice_key(key), experiments)
        if len(experiments) > 1:
            st.segmented_control(
                "What to take along", list(experiments), key=choice_key(key), required=True,
                label_visibility="collapsed",
            )  # fmt: skip
        _draw(experiments[which], key)


def _draw(experiment: Program, key: str) -> None:
    st.markdown(experiment.about)
    if experiment.note:
        st.info(experiment.note, icon=":material/info:")
    python, notebook, command = st.tabs(["Python", "Notebook", "Command line"])
    with python:
        st.code(experiment.python, language="python")
        _download(
            "Python (.py)", experiment.python, f"{_stem(experiment)}.py", "text/x-python", key
        )
        _expected(experiment)
    with notebook:
        st.markdown(
            "The same program as a Jupyter notebook, with this screen's address and settings, the "
            "numbers to expect, and a plot."
        )
        text = experiment.notebook(here().link(), versions())
        _download(
            "Notebook (.ipynb)", text, f"{_stem(experiment)}.ipynb", "application/x-ipynb+json", key
        )
    with command:
        if experiment.commands:
            st.code(experiment.command, language="shell", wrap_lines=True)
        else:
            st.markdown(experiment.no_command)
    if experiment.files:
        with st.container(horizontal=True):
            for name, text in experiment.files.items():
                _download(name, text, name, "text/plain", key)
    st.caption(plain(experiment.tolerance))


def _expected(experiment: Program) -> None:
    if not experiment.expected:
        return
    shown = list(experiment.expected[:_SHOWN])
    if more := len(experiment.expected) - _SHOWN:
        shown += [f"… and {more} more"] if more > 0 else []
    st.caption("Among what it prints, as on this screen:")
    st.code("\n".join(shown), language=None)


def _download(label: str, text: str, name: str, mime: str, key: str) -> None:
    download(label, text, name, mime, icon=":material/download:", key=f"{key}.{name}")


def _stem(experiment: Program) -> str:
    """For a file's name."""
    letters = [c if c.isascii() and c.isalnum() else "-" for c in experiment.title.lower()]
    return "-".join(part for part in "".join(letters).split("-") if part)[:60] or "experiment"
