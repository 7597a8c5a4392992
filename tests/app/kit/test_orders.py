"""The route that takes orders: whose they are, what they start, that each is taken once."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from afn.work.runner import LocalRunner
from app.kit import backend, orders
from app.kit.comparison import default_comparison, share, to_url
from app.kit.orders import Orders
from tests.hammering import hammer
from tests.waiting import PATIENCE, awaited

SUBMIT = LocalRunner.submit
LINK = urlencode(to_url(share(default_comparison(), dataset="digits8")), doseq=True)
OWN = {"host": "here:8501", "origin": "http://here:8501"}


def request(body, headers, person):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/start", "headers": raw}
    return Request(scope | ({"person": person} if person else {}), receive)


def ordered(taking, link=LINK, *, order="1", headers=OWN, body=None, person=None):
    text = json.dumps({"order": order, "link": link}) if body is None else body
    asked = request(text.encode(), headers, person)
    answer = awaited(taking.respond(asked))
    return answer.status_code, json.loads(answer.body)


def test_it_starts_what_the_link_asks_for_and_tells_the_place(runs, monkeypatch):
    monkeypatch.setattr(LocalRunner, "submit", lambda self, runs: self._queue.add(runs))
    taking = Orders()
    status, first = ordered(taking, person="ann")
    _, second = ordered(taking, "data=digits8&c=bn", order="2", person="ann")
    assert (status, first["before"], second["before"]) == (200, 0, 1)
    started = [runs.open(run_id) for run_id in first["runs"]]
    assert [run.config().norm for run in started] == ["afn", "asrnorm", "bn"]
    assert [run.record()["name"] for run in started] == ["AFN", "ASRNorm", "BN"]
    assert {run.owner for run in started} == {"ann"}
    assert len({run.record()["group"] for run in started}) == 1
    assert {run.state().status for run in started} == {"waiting"}


def test_an_order_that_is_repeated_starts_nothing_twice(runs):
    taking = Orders()
    answers = hammer(lambda _: ordered(taking), 6)
    assert len({tuple(answer["runs"]) for _, answer in answers}) == 1
    assert len(runs.list()) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "here:8501"},
        {"host": "here:8501", "origin": "http://evil"},
        {"host": "here:8501", "origin": "null"},
        OWN | {"sec-fetch-site": "cross-site"},
        OWN | {"sec-fetch-site": "same-site"},
    ],
)
def test_other_sites_order_nothing(runs, headers):
    assert ordered(Orders(), headers=headers)[0] == 403
    assert runs.list() == []


def test_a_page_behind_a_proxy_that_renames_the_host_orders(runs):
    headers = {"host": "inner:1", "origin": "https://outer", "sec-fetch-site": "same-origin"}
    assert ordered(Orders(), headers=headers)[0] == 200


def test_on_a_shared_server_nobody_orders_for_nobody(runs, monkeypatch):
    monkeypatch.setenv("AFN_SHARED", "1")
    assert ordered(Orders())[0] == 409
    assert runs.list() == []
    assert ordered(Orders(), person="ann")[0] == 200


def test_what_is_more_than_one_may_have_is_one_line(runs, monkeypatch):
    monkeypatch.setenv("AFN_SHARED", "1")
    monkeypatch.setenv("AFN_LIMIT_WAITING", "1")
    monkeypatch.setattr(LocalRunner, "submit", SUBMIT)
    monkeypatch.setattr(LocalRunner, "_tell", lambda self, message: None)
    monkeypatch.setattr(LocalRunner, "_last", lambda self: None)
    taking = Orders()
    assert ordered(taking, order="1", person="ann")[0] == 200
    told = "Nothing was started: one person has 1 comparison waiting at most, not 2: wait until "
    status, answer = ordered(taking, order="2", person="ann")
    assert status == 422
    assert answer["refused"].startswith(told)
    assert len(runs.list()) == 3
    assert ordered(taking, order="3", person="ben")[0] == 200


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"order": 1}', "[" * 30_000])
def test_what_is_no_order_is_told_so(runs, body):
    assert ordered(Orders(), body=body) == (
        400, {"refused": "an order is JSON: its number and a link"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("data=nothing", "Nothing was started: unknown data set 'nothing'"),
        ("data=digits8&c=afn~x_1", "Nothing was started: In the link, c=afn~x_1: unknown option"),
        ("data=mnist", "mnist is not on disk"),
    ],
)
def test_what_cannot_be_is_one_line_and_may_be_ordered_again(runs, link, told):
    taking = Orders()
    status, answer = ordered(taking, link)
    assert (status, runs.list()) == (422, [])
    assert told in answer["refused"]
    assert "\n" not in answer["refused"]
    assert ordered(taking)[0] == 200


def test_a_full_disk_is_one_line_and_leaves_nothing(runs, monkeypatch):
    def full(submitted):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backend.ready_runner(), "submit", full)
    status, answer = ordered(Orders())
    assert status == 422
    assert "No space left" in answer["refused"]
    assert runs.list() == []


def test_the_oldest_orders_are_forgotten(runs, monkeypatch):
    monkeypatch.setattr(orders, "_KEPT", 1)
    taking = Orders()
    for order in ("1", "2", "1"):
        ordered(taking, order=order)
    assert len(runs.list()) == 9


def test_an_order_that_takes_long_holds_up_its_own_repetition_alone(runs):
    taking, is_taken, may_end = Orders(), Event(), Event()
    made = []

    def slow():
        made.append(1)
        is_taken.set()
        assert may_end.wait(PATIENCE)
        return ["slow"]

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(taking.once, "1", slow)
        assert is_taken.wait(PATIENCE)
        again = pool.submit(taking.once, "1", slow)
        assert taking.once("2", lambda: ["quick"]) == ["quick"]
        may_end.set()
        assert first.result() == again.result() == ["slow"]
    assert made == [1]
