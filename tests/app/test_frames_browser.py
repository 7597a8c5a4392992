"""The app in the page of another site: who may frame it, and what is refused there."""

import http.server
import threading

import pytest
from playwright.sync_api import expect

from tests.app.browser import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def platform():
    """A learning platform: its address, and the address that its page frames."""

    class Platform(http.server.BaseHTTPRequestHandler):
        framed = ""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                b'<iframe src="%s" width="1200" height="1400"></iframe>' % self.framed.encode()
            )

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}", Platform
        server.shutdown()


@pytest.fixture(scope="module")
def known(serve, platform, tmp_path_factory):
    """An app that the platform may frame."""
    folder = tmp_path_factory.mktemp("framed")
    env = {"AFN_RUNS_DIR": str(folder / "runs"), "AFN_DATA_DIR": str(folder / "no-data")}
    return serve(env | {"AFN_FRAME_ANCESTORS": platform[0]})


UPLOAD = "inside?first_place=an+upload&severity=0"


def test_in_a_foreign_frame_a_sentence_says_that_uploads_are_refused(page, platform, known):
    outer, Platform = platform
    Platform.framed = f"{known}/{UPLOAD}&embed=true"
    page.goto(outer)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("the cookie that uploads need")).to_be_visible()
    expect(frame.locator("input[type=file]")).to_have_count(0)
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="open this one in a tab of its own").click()
    uploader = opened.value.locator("input[type=file]")
    uploader.set_input_files(ROOT / "docs" / "playground-dark.png")
    expect(opened.value.get_by_text("playground-dark.png")).to_be_visible()
    expect(opened.value.get_by_text("Error")).to_have_count(0)


def test_who_is_not_named_may_not_frame_it(page, platform, address):
    outer, Platform = platform
    Platform.framed = f"{address}/{UPLOAD}"
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(outer)
    expect(page.frame_locator("iframe").get_by_text("Inside the layer")).to_have_count(0)
