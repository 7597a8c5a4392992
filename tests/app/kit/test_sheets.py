"""Pictures that events name: where they are had, for good, and nothing else besides."""

import base64
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette

from afn.ask.execution import carry_out
from afn.engine.execution import execute
from afn.runs.history import History
from app.kit import backend, looks, sheets
from app.kit.looks import first_look
from app.kit.sheets import Sheets, pictured, sheet_address
from tests.waiting import awaited


@pytest.fixture
def served(monkeypatch):
    """Asks the route below /base, which pages count on: status, headers and body."""
    made = Sheets()
    monkeypatch.setattr(sheets, "SHEETS", made)
    app = Starlette(routes=[made.serve("/base")])

    def ask(path):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": unquote(f"/base{path}"), "headers": []}
        awaited(app(scope | {"query_string": b""}, None, send))
        start, *pieces = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], told, b"".join(piece["body"] for piece in pieces)

    return ask


def test_a_runs_pictures_are_had_for_good(runs, quick, served):
    run = runs.create(quick)
    list(execute(run))
    history = History.of(run)
    for name in (history.probe_images["sheet"], history.sheets[-1]["file"]):
        address = sheet_address(run, name)
        assert address == f"/sheets/{run.id}/{name}"
        status, headers, body = served(address)
        assert (status, headers["content-type"]) == (200, "image/png")
        assert "immutable" in headers["cache-control"]
        assert body == (run.path / "sheets" / name).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "{id}/maps-000000-00000000.png",
        "nobody/{file}",
        "{id}/../config.json",
        "{id}/..%2Fconfig.json",
        "..%2F{id}/{file}",
        "{id}/{file}%2F..%2F..%2Fconfig.json",
        "look.../{file}",
        "look./{file}",
        ".looks/{file}",
        "%2E%2E/{file}",
        "{id}/%00.png",
    ],
)
def test_what_is_no_picture_of_a_run_is_not_there(runs, quick, served, path):
    run = runs.create(quick)
    run.sheets_path.mkdir()
    (run.sheets_path / "maps.png").write_bytes(b"picture")
    assert served(f"/sheets/{run.id}/maps.png")[0] == 200
    where = path.format(id=run.id, file="maps.png")
    status, headers, _ = served(f"/sheets/{where}")
    assert status == 404
    assert "immutable" not in headers.get("cache-control", "")


def test_without_the_route_the_address_is_the_picture(runs, quick):
    run = runs.create(quick)
    run.sheets_path.mkdir()
    name = "maps.png"
    (run.sheets_path / name).write_bytes(b"picture")
    kind, _, data = sheet_address(run, name).partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == (run.path / "sheets" / name).read_bytes()
    assert sheet_address(run, "none.png") == ""


def test_a_first_look_is_made_once_for_all_and_had_by_the_route(runs, quick, served, monkeypatch):
    monkeypatch.setattr(looks, "_asked", {})
    runner = type("Runner", (), {"evaluate": lambda self, each: carry_out(each)})()
    monkeypatch.setattr(backend, "ready_runner", lambda: runner)
    history = first_look(quick)
    assert first_look(quick) is history
    assert [len(history.probe_steps), history.num_steps] == [1, 0]
    address = sheet_address(history.run, history.sheets[0]["file"])
    assert served(address)[0] == 200
    assert len(list(backend.evaluations().root.iterdir())) == 1


def test_a_look_that_cannot_be_had_is_not_asked_for_at_every_tick(runs, quick, monkeypatch):
    monkeypatch.setattr(looks, "_asked", {})
    asked = []
    runner = type("Runner", (), {"evaluate": lambda self, each: asked.append(each)})()
    monkeypatch.setattr(backend, "ready_runner", lambda: runner)
    assert [first_look(quick), first_look(quick)] == [None, None]
    asked[0].claim()
    asked[0].end("failed", "no data")
    assert first_look(quick) is None
    assert len(asked) == 1


def test_a_file_holds_the_pictures_themselves(runs, quick, served):
    run = runs.create(quick)
    list(execute(run))
    file = History.of(run).sheets[-1]["file"]
    held = [[0, step, sheet_address(run, file), ["norm"], 2, 8] for step in (0, 5, 9)]
    spec = {"kind": "network", "lanes": [{"label": "AFN", "isLive": True}], "inside": "/inside"}
    told, chunk = pictured(spec, {"sheets": held, "probes": [[0, {"sheet": None}]], "pts": []})
    assert told == {**spec, "lanes": [{"label": "AFN", "isLive": False}], "inside": ""}
    data = base64.b64encode((run.path / "sheets" / file).read_bytes()).decode()
    assert [row[1:3] for row in chunk["sheets"]] == [
        [step, f"data:image/png;base64,{data}"] for step in (0, 5, 9)
    ]
    assert chunk["probes"] == [[0, {"sheet": None}]]
    style = "<i style='--image:url(&#x27;%s&#x27;);--size:9%%'>1</i>"
    _, chunk = pictured({"kind": "cards"}, {"html": style % sheet_address(run, file)})
    assert chunk["html"] == style % f"data:image/png;base64,{data}"


def test_pictures_of_many_steps_leave_out_every_other_one_until_they_fit(monkeypatch):
    monkeypatch.setattr(sheets, "_PICTURE_BYTES", 50)
    spec = {"kind": "network", "lanes": [{}, {}], "inside": ""}
    rows = [[lane, step, "data:12345", [], 1, 1] for lane in (0, 1) for step in range(9)]
    _, chunk = pictured(spec, {"sheets": rows})
    assert [row[:2] for row in chunk["sheets"]] == [[0, 0], [0, 8], [1, 0], [1, 8]]
    monkeypatch.setattr(sheets, "_PICTURE_BYTES", 1)
    _, chunk = pictured(spec, {"sheets": rows})
    assert [row[:2] for row in chunk["sheets"]] == [[0, 8], [1, 8]]
