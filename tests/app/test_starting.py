"""However the app is started, Streamlit reads the project's settings."""

import re
import subprocess
import sys
from urllib.request import urlopen

import pytest

from tests.app.browser import ROOT, streamlit_server


def test_streamlit_leaves_the_collecting_of_garbage_to_the_app():
    code = "from streamlit import config; print(config.get_option('runner.postScriptGC'))"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False"]


def test_make_and_docker_start_it_where_the_settings_are():
    docker = (ROOT / "Dockerfile").read_text()
    place = re.search(r"^WORKDIR (.*)$", docker, re.MULTILINE)[1]
    assert re.search(r"^COPY .*\.streamlit \.streamlit$", docker, re.MULTILINE)
    assert docker.rindex("WORKDIR") < docker.index("COPY"), f"settings are not below {place}"
    for text in (docker, (ROOT / "Makefile").read_text()):
        assert "app/server.py" in text  # below the folder that has .streamlit
        assert not re.search(r"^\s*cd |--server\.headless|STREAMLIT_", text, re.MULTILINE)


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
    with streamlit_server(ROOT / "app" / "server.py", env, tmp_path / "log") as address:
        listening = urlopen(f"{address}/feed?c=nothing", timeout=60)
        assert listening.headers["Content-Type"].startswith("text/event-stream")
        assert listening.readline() == b"retry: 1000\n"
    assert listening.read().endswith(b"event: gone\ndata: nothing\n\n")
    assert "Traceback" not in (tmp_path / "log").read_text()
