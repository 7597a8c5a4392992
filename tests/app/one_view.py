"""A view by itself under AppTest: opened by a link, and what is on it."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from tests.waiting import PATIENCE


def opened(view: str, **url: str) -> AppTest:
    """The page of this folder in `app.page`, opened by a link.

    With ``session_state["away"]`` true the visitor is on another page, so that nothing of this one
    is drawn.
    """
    at = AppTest.from_function(_script, default_timeout=PATIENCE, args=(view,))
    at.query_params.update(url)
    return drawn(at.run())


def _script(name: str) -> None:
    # AppTest runs the body of this function as a script: what it needs is imported in it.
    import importlib

    import streamlit as st

    from app.kit import routes
    from app.page import PAGES

    page = importlib.import_module(f"app.page.{name}.page")
    home = st.Page(lambda: None, title="Home", url_path="home")
    routes.know(dict.fromkeys(PAGES, home))

    def render() -> None:
        if not st.session_state.get("away"):
            page.render()

    st.navigation([st.Page(render, title=name, url_path=name, default=True), home]).run()


def drawn(at: AppTest) -> AppTest:
    """The same, which must have been drawn without an exception."""
    assert not at.exception, [error.message for error in at.exception]
    return at


def run_fragment(at: AppTest, number: int = 0) -> AppTest:
    """What AppTest cannot do: rerun as a browser does when something in a fragment was clicked.

    Then the fragment alone runs again, and `at` holds what came of that.
    """
    fragment = list(at._fragment_storage._fragments)[number]

    def request(runner: Any, data: Any) -> Any:
        runner._requests = ScriptRequests()  # without the whole page that it begins with
        return ScriptRunner.request_rerun(runner, replace(data, fragment_id=fragment))

    with patch.object(LocalScriptRunner, "request_rerun", request):
        return drawn(at.run())


def travelled(at: AppTest, **url: str) -> AppTest:
    """What AppTest cannot do either: come to an address by Back or Forward."""
    at.query_params = url

    def request(runner: Any, data: Any) -> Any:
        return ScriptRunner.request_rerun(runner, replace(data, is_history_navigation=True))

    with patch.object(LocalScriptRunner, "request_rerun", request):
        return drawn(at.run())


def text(elements: Iterable[Any]) -> str:
    """These elements' text as it is read: Markdown's backslashes are gone."""
    return "\n".join(re.sub(r"\\(.)", r"\1", element.value) for element in elements)


def words(at: AppTest) -> str:
    """The text of the page and its messages."""
    kinds = (at.subheader, at.markdown, at.caption, at.success, at.info, at.warning, at.error)
    return text(element for kind in kinds for element in kind)


def html(at: AppTest) -> str:
    """All that the page puts in as HTML."""
    return "\n".join(element.proto.body for element in at.get("html"))


def charts(at: AppTest) -> list[dict[str, Any]]:
    """Its Plotly figures."""
    return [json.loads(each.proto.spec) for each in at.get("plotly_chart")]
