"""The address: the one place that reads and writes the URL's query.

A setting replaces the address; what is opened (a run, a lesson, a layer) adds an entry to the
browser's history, as going to another page does; Back and Forward are adopted.

Streamlit adds an entry for every change of ``st.query_params``, which is right for what is opened.
All else is changed behind its back by `kit.components.history`; a rerun may then still bring the
query from before, so that a page heeds the query only where it is to adopt it.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from .components import history

STAGE = "stage"
"""The parameter that `kit.stage` reads; the browser keeps it, and it is no page's."""
Url = dict[str, list[str]]
"""Query parameters, each with its values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a page has last written."""

    url: Url
    when: float
    """In seconds since the epoch."""
    over: tuple[str, ...]
    """The queries that it may replace, any if empty: after Back or Forward the one that was found,
    for the visitor may be further by now."""


@dataclass(slots=True)
class Address:
    """What a session knows of its pages' addresses."""

    path: str = ""
    """Of the page that is drawn, which the router says."""
    begun: str | None = None
    """Of the page that looked last."""
    written: dict[str, Written | None] = field(default_factory=dict)
    """By path; None before a page has written."""

    def begin(self) -> tuple[Url, bool]:
        """The page's look at the address, once in a run of the script.

        Returns:
            What the address asks for; and whether the page is to adopt it: on the first look, after
            Back or Forward, and where a link to the page brings settings along. Else the session
            knows better.
        """
        url, arrives = asked(), self.begun != self.path
        adopts = self.path not in self.written or is_travel() or (arrives and bool(url))
        if arrives or adopts:
            self.written[self.path] = None
        self.begun = self.path
        return url, adopts

    def write(self, url: Mapping[str, str | list[str]], *, things: Sequence[str] = ()) -> None:
        """Make the address a link to what is on screen.

        Args:
            url: Query parameters.
            things: Parameters that say what is open. A change of one, other than the first after
                the arrival, which fills in defaults, is a step that Back takes back.
        """
        wanted = {name: [value] if isinstance(value, str) else value for name, value in url.items()}
        before = now = self.written[self.path]
        if now is None or now.url != wanted:
            over = (*(now.over if now else ()), _query()) if is_travel() else ()
            now = self.written[self.path] = Written(url=wanted, when=time.time(), over=over)
            if before and any(before.url.get(name) != wanted.get(name) for name in things):
                st.query_params.from_dict(wanted)
        _mirror(wanted)
        if st.context.url:  # else there is no browser, as in tests
            part = ThreadState.get().fragment_id or ""
            history.replace(self.path, _query(), now.when, over=now.over, part=part)

    def link(self, base: str | None = None) -> str:
        """The address of what is on screen; empty where nobody has one, as in tests.

        Args:
            base: Of the page, for who asks outside of a run of the script.
        """
        base = st.context.url if base is None else base
        written = self.written.get(self.path)
        url = written.url if written else asked()
        return f"{base}?{urlencode(url, doseq=True)}" if base else ""


def asked() -> Url:
    """What the address asks for."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name != STAGE}


def on_stage() -> str:
    """What the address says is on stage; empty where nothing is."""
    return st.query_params.get(STAGE, "")


def is_travel() -> bool:
    """Whether Back or Forward brought the visitor here."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def go(page: Any, url: Mapping[str, str]) -> None:
    """Switch to a page with these query parameters.

    As ``st.switch_page``, which would show them on this page first, in an entry of their own.
    """
    context = get_script_run_ctx()
    if context is None or context.script_requests is None:
        return
    _mirror({name: [value] for name, value in url.items()})
    context.script_requests.request_rerun(
        RerunData(
            query_string=context.query_string,
            page_script_hash=page._script_hash,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )
    st.empty()  # where this run ends


def _mirror(url: Url) -> None:
    """Have this be the query of the session, without a word to the browser."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or asked() == url:  # in whichever order, and however it is escaped
        return
    with context.session_state.query_params() as query:
        query.clear_with_no_forward_msg(preserve_embed=True)
        for name, values in url.items():
            query.set_with_no_forward_msg(name, values)
        context.query_string = urlencode(query._query_params, doseq=True)


def _query() -> str:
    """The query as the browser says it, or as it was shown since."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.query_string if context else ""
