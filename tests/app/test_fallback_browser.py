"""Where no feed comes through, the page polls and says nothing wrong."""

import re
import socket
import socketserver
import threading
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from tests.app.browser import ROOT, button, plain_streamlit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LONG = "?data=digits8&widths=4-8&epochs=200&bs=16&c=afn&c=bn"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
MORE_STEPS = """(than) => {
    const figures = [...document.querySelectorAll('[role=figure]')];
    const plot = figures.find((each) => each.ariaLabel?.startsWith('λ'))
        ?.querySelector('.js-plotly-plot');
    const step = plot?.data?.[0]?.x?.at(-1) ?? 0;
    return step > than && step;
}"""


@pytest.fixture
def env(tmp_path):
    return {"AFN_RUNS_DIR": str(tmp_path / "runs"), "AFN_DATA_DIR": str(tmp_path / "no-data")}


def sees_lambda_move_and_nothing_wrong(page, address):
    """Starts a training; tells at which times the page asked for the feed."""
    asked, errors = [], []
    page.on("request", lambda request: "/feed?" in request.url and asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/{LONG}")
    button(page, "Start").click()
    expect(button(page, "Pause")).to_be_enabled()
    page.get_by_role("figure", name=re.compile("^λ")).first.scroll_into_view_if_needed()
    step = 0
    for _ in range(4):  # ticks
        step = page.wait_for_function(MORE_STEPS, arg=step).json_value()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert errors == []
    return asked


def test_a_plain_streamlit_without_our_routes_polls(serve, page, env):
    address = serve(env, plain_streamlit(ROOT / "app" / "streamlit_app.py"))
    assert sees_lambda_move_and_nothing_wrong(page, address) == []


class HoldingBack(socketserver.BaseRequestHandler):
    """A proxy that lets all through but the feed: of it every second answer's head, and no more."""

    port: int
    feeds: list[bytes]
    ends: list[socket.socket]

    def handle(self):
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            self.ends += [self.request, server]
            back = threading.Thread(target=self.pass_on, args=(server, self.request))
            back.start()
            self.pass_on(self.request, server)
            back.join()

    def pass_on(self, source, sink):
        with suppress(OSError):
            while piece := source.recv(65536):
                if not piece.startswith(b"GET /feed"):
                    sink.sendall(piece)
                    continue
                self.feeds.append(piece)
                if len(self.feeds) % 2 == 0:
                    source.sendall(HEAD)
        cut(source, sink)


def cut(*ends):
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxied(serve, env):
    """The app's address behind such a proxy, and what it held back."""
    port = int(serve(env).rpartition(":")[2])
    how = type("OfOneApp", (HoldingBack,), {"port": port, "feeds": [], "ends": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), how) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}", how.feeds
        proxy.shutdown()
        cut(*how.ends)


def test_behind_a_proxy_that_holds_the_feed_back_the_page_polls(proxied, page):
    address, feeds = proxied
    sees_lambda_move_and_nothing_wrong(page, address)
    assert len(feeds) >= 2
