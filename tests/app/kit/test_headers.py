"""What goes with every answer."""

import pytest

from app.kit.headers import Headers, sites
from tests.waiting import awaited


async def echo(scope, receive, send):
    """Answers in two pieces, once the first has been let through."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "headers": []})
        return
    headers = [(b"content-type", b"text/event-stream"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    assert (await receive())["type"] == "the first piece has come"
    await send({"type": "http.response.body", "body": b"two"})


def answer(path="/", ancestors=(), kind="http"):
    """The messages that are sent on."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        assert sent[-1]["body"] == b"one"
        return {"type": "the first piece has come"}

    scope = {"type": kind, "path": path, "method": "GET", "headers": []}
    awaited(Headers(echo, ancestors)(scope, receive, send))
    return sent


def headers(**given):
    return [(name.decode(), value.decode()) for name, value in answer(**given)[0]["headers"]]


def test_answers_pass_piece_by_piece_with_each_header_once():
    start, *pieces = answer()
    assert start["status"] == 200
    assert [piece["body"] for piece in pieces] == [b"one", b"two"]
    assert headers() == [
        ("content-type", "text/event-stream"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("permissions-policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
        (
            "content-security-policy",
            "frame-ancestors 'self'; object-src 'none'; base-uri 'self'",
        ),
        ("x-frame-options", "SAMEORIGIN"),
    ]


def test_websockets_pass_as_they_are():
    assert answer(kind="websocket") == [{"type": "websocket.accept", "headers": []}]


def test_named_sites_may_frame_it():
    named = "https://moodle.example.org https://*.example.com:* http://localhost:8000"
    told = dict(headers(ancestors=sites(named)))
    assert told["content-security-policy"].startswith(f"frame-ancestors 'self' {named};")
    assert "x-frame-options" not in told  # it would refuse them


@pytest.mark.parametrize(
    "site", ["*", "https://a.org/page", "https://a.org;", "'none'", "ftp://a.org"]
)
def test_what_is_no_site_is_one_line(site):
    with pytest.raises(ValueError, match=r"^AFN_FRAME_ANCESTORS takes sites .* got ") as raised:
        sites(f"https://b.org {site}")
    assert str(raised.value).endswith(repr(site))


@pytest.mark.parametrize("below", ["", "/deep/down"])
@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/"])
def test_the_metrics_are_closed(path, below):
    start, body = answer(path=below + path)
    assert (start["status"], body["body"]) == (404, b"Not Found")
    assert (b"x-frame-options", b"SAMEORIGIN") in start["headers"]
