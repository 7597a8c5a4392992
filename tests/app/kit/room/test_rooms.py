"""The routes to rooms: found by their codes, closed to other sites, one line where it cannot be."""

import asyncio
import json
from threading import Thread
from urllib.parse import parse_qs, urlencode

import pytest
from starlette.applications import Starlette

from app.kit.room.rooms import Rooms
from app.page.ablations import room as ablations
from app.page.lessons import room as lesson_rooms
from app.page.lessons.lessons import LESSONS
from app.page.playground import room as comparisons
from tests.waiting import PATIENCE


class Client:
    """Asks an app in one event loop, in which what it began goes on."""

    def __init__(self, app, loop):
        self._app, self._loop = app, loop

    def ask(self, path, given=None, *, method="GET", **headers):
        """Status and what came: an object where it is JSON, else text."""
        return self._done(self._asked(path, given, method, headers))

    def post(self, path, given=None, **headers):
        """The same, with an object to take."""
        return self.ask(path, given, method="POST", **headers)

    def wait(self):
        """Let time go by."""
        self._done(asyncio.sleep(0.05))

    def _done(self, what):
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE)

    async def _asked(self, path, given, method, headers):
        sent = []

        async def receive():
            body = given if isinstance(given, bytes) else json.dumps(given or {}).encode()
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        path, _, query = path.partition("?")
        headers = {"host": "here", "origin": "http://here", **headers}
        raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        await self._app(scope | {"headers": raw}, receive, send)
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        is_json = b"application/json" in dict(sent[0]["headers"]).get(b"content-type", b"")
        return sent[0]["status"], json.loads(text) if is_json else text


@pytest.fixture
def client(runs):
    app = Starlette(
        routes=Rooms().serve(
            "", lesson=lesson_rooms.source, playground=comparisons.source, ablation=ablations.source
        )
    )
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    yield Client(app, loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def leading(client):
    _, opened = client.post("/room/open", {"from": "lesson:hidden-hero"})
    return f"/room/{opened['code']}", opened["token"]


def test_a_class_goes_through_a_lesson(client, leading):
    room, teacher = leading
    phone = client.post(f"{room.lower()}/join")[1]["token"]
    assert client.ask(f"{room}/state")[1]["here"] == 1
    assert client.post(f"{room}/go", {"token": teacher, "step": 1}) == (200, {})
    vote = {"token": phone, "poll": 0, "round": 0, "choice": 2}
    assert client.post(f"{room}/vote", vote) == (200, {})
    assert client.ask(f"{room}/figure")[0] == 409
    client.post(f"{room}/go", {"token": teacher, "step": 3})
    assert client.ask(f"{room}/figure")[1]["data"]
    assert "right" not in client.ask(f"{room}/state")[1]  # not before the answer
    client.post(f"{room}/go", {"token": teacher, "step": 4})
    _, told = client.ask(f"{room}/state")
    assert told["counts"] == [[0, 0, 1, 0]]
    assert told["right"] == lesson_rooms.finding("hidden-hero", False, ()).right
    assert client.ask(f"{room}/report.csv", x_room_token=teacher)[1].startswith("poll,question")
    assert client.ask(f"{room}/report.csv")[0] == 403


def test_a_comparison_opens_a_room_by_its_link(client):
    subject = "c=afn&c=bn&data=digits8&bs=8"
    link = Rooms().link("playground", subject)
    [wanted] = parse_qs(link.partition("?")[2])["from"]
    status, plan = client.ask(f"/room/plan?{urlencode({'from': wanted})}")
    assert (status, plan["subject"]) == (200, f"playground:{subject}")


def test_two_teachers_lead_their_own_rooms_alone(client, leading):
    room, _ = leading
    _, other = client.post("/room/open", {"from": "lesson:gain"})
    assert client.post(f"{room}/go", {"token": other["token"], "step": 1})[0] == 403
    theirs = f"/room/{other['code']}"
    assert client.post(f"{theirs}/go", {"token": other["token"], "step": 1}) == (200, {})
    assert [client.ask(f"{each}/state")[1]["step"] for each in (room, theirs)] == [0, 1]


def test_an_ablation_opens_a_room_in_which_phones_train(client, monkeypatch):
    monkeypatch.setattr("app.kit.room.training.start", lambda config, *_: config.run_id)
    _, opened = client.post("/room/open", {"from": "ablation:parts"})
    room, teacher = f"/room/{opened['code']}", opened["token"]
    phones = [client.post(f"{room}/join")[1]["token"] for _ in range(2)]
    assert client.post(f"{room}/train", {"token": phones[0]})[0] == 409
    client.post(f"{room}/go", {"token": teacher, "step": 4})
    numbers = [client.post(f"{room}/train", {"token": each})[1] for each in (*phones, phones[0])]
    assert numbers == [{"number": 0}, {"number": 1}, {"number": 0}]
    _, told = client.ask(f"{room}/state")
    assert (told["kind"], len(told["contenders"])) == ("train", 6)
    assert "right" not in told


@pytest.mark.parametrize(("subject", "starts"), [("ablation:parts", 3), ("lesson:gain", 0)])
def test_a_worker_is_there_before_phones_train(client, monkeypatch, subject, starts):
    started = []

    class Away:
        def start(self):
            started.append(self)
            raise OSError("there is no worker yet: whoever trains is told, nobody before")

    monkeypatch.setattr("app.kit.backend.ready_runner", Away)
    _, opened = client.post("/room/open", {"from": subject})
    room, teacher = f"/room/{opened['code']}", opened["token"]
    for _ in range(2):
        assert client.ask(f"{room}/state")[0] == 200
    assert client.post(f"{room}/go", {"token": teacher, "step": 3}) == (200, {})
    client.post(f"{room}/end", {"token": teacher})
    assert client.ask(f"{room}/state")[0] == 200
    assert len(started) == starts


def test_what_cannot_be_is_one_line(client, leading):
    room, teacher = leading
    asked = [
        (404, client.ask("/room/ZZZ9/state")),
        (404, client.ask("/room/../state")),
        (422, client.post("/room/open", {"from": "lesson:nothing"})),
        (422, client.post("/room/open", {"from": "page:x"})),
        (422, client.post("/room/open", {"from": "ablation:x"})),
        (400, client.post("/room/open", b"[")),
        (400, client.post(f"{room}/vote", {"token": teacher, "poll": "0"})),
        (422, client.post(f"{room}/go", {"token": teacher, "step": 99})),
        (404, client.post(f"{room}/dance", {"token": teacher})),
        (422, client.post(f"{room}/pull", {"token": teacher, "number": 1})),
        (403, client.post(f"{room}/pull", {"token": "x", "number": 0})),
        (422, client.post(f"{room}/hand", {"token": teacher})),
        (422, client.post(f"{room}/hand", {"token": teacher, "runs": "-~-"})),
        (422, client.post(f"{room}/hand", {"token": teacher, "runs": "../.rooms"})),
        (422, client.post(f"{room}/hand", {"token": teacher, "runs": "20200101-000000-afn-0"})),
        (422, client.post(f"{room}/hand", {"token": teacher, "runs": "~".join("abcde")})),
        (403, client.post(f"{room}/join", sec_fetch_site="cross-site")),
        (403, client.post(f"{room}/join", origin="http://evil")),
        (403, client.post(f"{room}/join", origin="")),
    ]
    for expected, (status, told) in asked:
        assert status == expected
        assert told["refused"]
        assert "\n" not in told["refused"]


def test_every_lesson_has_a_plan_with_what_is_behind_each_answer(client):
    for slug in LESSONS:
        _, plan = client.ask(f"/room/plan?from=lesson:{slug}")
        for poll in plan["polls"]:
            assert len(poll["why"]) == len(poll["options"])
        assert not any(sign in json.dumps(plan, ensure_ascii=False) for sign in ("**", "\\\\", "$"))


def test_pretend_students_come_and_vote(client, leading, monkeypatch):
    room, teacher = leading
    monkeypatch.setattr("app.kit.room.pretending._SECONDS", (0.0, 0.01))
    client.post(f"{room}/go", {"token": teacher, "step": 1})
    client.post(f"{room}/pretend", {"token": teacher, "students": 3})
    told = {}
    for _ in range(600):
        _, told = client.ask(f"{room}/state")
        if told.get("answered") == 3:
            break
        client.wait()
    assert (told["here"], told["answered"], told["pretends"]) == (3, 3, True)
    client.post(f"{room}/end", {"token": teacher})
