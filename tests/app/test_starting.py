"""However the app is started, Streamlit reads the project's settings."""

import re
import subprocess
import sys
from unittest.mock import MagicMock
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import streamlit as st
from streamlit.config import get_config_options

from app import server
from app.kit.feed import FEED
from app.kit.orders import ORDERS
from app.kit.room.rooms import ROOMS
from app.kit.sheets import SHEETS
from tests.app.browser import ROOT, app_server


def test_streamlit_leaves_the_collecting_of_garbage_to_the_app():
    code = "from streamlit import config; print(config.get_option('runner.postScriptGC'))"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False"]


def test_make_and_docker_start_the_same_entry_where_the_settings_are():
    docker = (ROOT / "Dockerfile").read_text()
    place = re.search(r"^WORKDIR (.*)$", docker, re.MULTILINE)[1]
    assert re.search(r"^COPY .*\.streamlit \.streamlit$", docker, re.MULTILINE)
    assert docker.rindex("WORKDIR") < docker.index("COPY"), f"settings are not below {place}"
    assert re.search(r"^CMD .*afn.*serve", docker, re.MULTILINE)
    make = (ROOT / "Makefile").read_text()
    assert re.search(r"^\t.* afn serve ", make, re.MULTILINE)
    for text in (docker, make):
        assert "streamlit run" not in text
        assert "STREAMLIT_" not in text


@pytest.fixture
def served(monkeypatch):
    """Serve with options and a base path; tells the settings, and where our routes are."""
    for each in (FEED, ORDERS, ROOMS, SHEETS):
        monkeypatch.setattr(each, "is_served", False)  # until this test is over
    monkeypatch.setattr("sys.argv", [])

    def serving(base="", **options):
        app = MagicMock(state={})
        monkeypatch.setattr(st, "App", app)
        monkeypatch.setattr(st, "get_option", lambda name: {"server.baseUrlPath": base}[name])
        server.serve(print, **options)
        [told] = app.return_value.run.call_args_list
        return told.kwargs["config"], [route.path for route in app.call_args.kwargs["routes"]]

    return serving


def test_every_setting_of_the_project_is_one_of_streamlits_and_is_served(served):
    read = dict(server._settings())
    assert read["theme.light.primaryColor"] == "#5B4BB7"
    assert read.keys() <= get_config_options().keys()
    own = {"logger.hideWelcomeMessage": True, "server.port": 8600}
    assert served(server_port=8600)[0] == read | own


def test_what_is_ours_is_served_below_the_base_path(served):
    at_the_root = served()[1]
    assert {"/feed", "/app/static/plotly.min.js"} <= set(at_the_root)
    assert served(base="/deep/down/")[1] == [f"/deep/down{path}" for path in at_the_root]


def test_a_site_that_is_none_is_one_line(served, monkeypatch):
    monkeypatch.setenv("AFN_FRAME_ANCESTORS", "https://a.org everybody;")
    with pytest.raises(ValueError, match=r"^AFN_FRAME_ANCESTORS takes .*; got 'everybody;'$"):
        served()


_CYCLE = """
import gc, time, weakref
from app.kit import garbage

garbage.EVERY_SECONDS = 0.1
thread = garbage.begin()
class Session: pass
session = Session()
session.own, gone = session, weakref.ref(session)
gc.collect()  # it is old now
del session
end = time.monotonic() + 20
while gone() and time.monotonic() < end:
    rerun = [[] for _ in range(20_000)]  # somebody is there
    time.sleep(0.01)
print(gone() is None, garbage.begin() is thread)
"""


def test_what_closed_sessions_leave_is_collected_in_the_background():
    told = subprocess.run(
        [sys.executable, "-c", _CYCLE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "True"]


@pytest.mark.slow
def test_a_server_that_is_told_to_stop_ends_what_listens_to_its_feed(tmp_path):
    env = {"AFN_RUNS_DIR": str(tmp_path / "runs")}
    with app_server(env, tmp_path / "log") as address:
        listening = urlopen(f"{address}/feed?c=nothing", timeout=60)
        assert listening.headers["Content-Type"].startswith("text/event-stream")
        assert listening.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert listening.readline() == b"retry: 1000\n"
        assert listening.readline() == b"event: here\n"  # a word at once, with or without news
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{address}/_stcore/metrics", timeout=60)
    assert listening.read().endswith(b"event: gone\ndata: nothing\n\n")
    assert "Traceback" not in (tmp_path / "log").read_text()
