"""The address: what is adopted from it, and when and how it is written.

The scripts draw no pages: a list of acts says which page is on screen and what it does.
"""

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from tests.app.one_view import drawn, travelled
from tests.waiting import PATIENCE


def script():
    import streamlit as st

    from app.kit import address
    from app.kit.view import here

    path, url, things = st.session_state.get("act", ("", None, ()))
    here().path = path
    st.session_state["seen"] = here().begin()
    if url is not None:
        here().write(url, things=things)
        st.session_state["told"] = here().written[path]
    st.session_state["asked"] = address.asked()


def open_at(path="", **url) -> AppTest:
    at = AppTest.from_function(script, default_timeout=PATIENCE)
    at.query_params.update(url)
    return look(at, path)


def look(at, path="", url=None, things=()):
    at.session_state["act"] = path, url, things
    return drawn(at.run())


def seen(at):
    return at.session_state["seen"]


def test_a_page_adopts_its_first_look_links_to_it_and_back_and_forward():
    at = open_at("cost", a="1")
    assert seen(at) == ({"a": ["1"]}, True)
    assert seen(look(at, "cost")) == ({"a": ["1"]}, False)
    at.query_params.clear()
    assert seen(look(at, "paper")) == ({}, True), "the first look"
    assert seen(look(at, "cost")) == ({}, False), "the menu: the session knows better"
    assert seen(look(at, "paper")) == ({}, False)
    at.query_params["a"] = "2"
    assert seen(look(at, "cost")) == ({"a": ["2"]}, True), "a link with settings"
    at.query_params["a"] = "3"
    assert seen(look(at, "cost")) == ({"a": ["3"]}, False), "a browser that lags behind"
    at.session_state["act"] = "cost", None, ()
    assert seen(travelled(at, a="3")) == ({"a": ["3"]}, True)
    assert seen(travelled(at)) == ({}, True)


@pytest.fixture
def pushed(monkeypatch):
    """What Streamlit was told, which adds an entry to the browser's history for each."""
    found, send = [], QueryParams._send_query_param_msg

    def told(self):
        found.append(self.to_dict())
        send(self)

    monkeypatch.setattr(QueryParams, "_send_query_param_msg", told)
    return found


def test_only_a_change_of_what_is_open_behind_the_arrival_is_a_step(pushed):
    at = open_at("cost")

    def steps(path, **url):
        pushed.clear()
        look(at, path, url, things=("run",))
        assert at.query_params == url, "what links and reloads are made of"
        return [*pushed]

    assert steps("cost", run="1") == [], "a default that is filled in"
    assert steps("cost", run="1", a="2") == []
    assert steps("cost", run="2", a="2") == [{"run": "2", "a": "2"}]
    assert steps("cost", run="2", a="2") == [], "once"
    assert steps("cost", a="2") == [{"a": "2"}]
    assert steps("paper", run="5") == [], "an arrival"
    assert steps("paper", run="6") == [{"run": "6"}]
    at.session_state["act"] = "paper", {"run": "5"}, ("run",)
    travelled(at, run="5")
    assert pushed == [{"run": "6"}], "Back is no step"


def test_what_back_and_forward_found_alone_may_be_replaced_behind_them():
    at = look(open_at("cost", a="1"), "cost", {"a": "2"})
    first = at.session_state["told"]
    assert (first.url, first.over) == ({"a": ["2"]}, ())
    assert look(at, "cost", {"a": "2"}).session_state["told"] is first, "written once"
    at.session_state["act"] = "cost", {"a": "3"}, ()
    second = travelled(at, a="x").session_state["told"]
    assert (second.url, second.over) == ({"a": ["3"]}, ("a=x",))
    assert second.when > first.when
    assert look(at, "cost", {"a": "4"}).session_state["told"].over == ()
