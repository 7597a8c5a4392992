"""Streams as evaluations: what is kept, what is left, and what comes out again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from afn import Adapter, StreamPlan, follow_stream, image_stream, load_pretrained
from afn.adapt.plan import AdaptMethod
from afn.adapt.task import SHOWN, SheetsTask, StreamTask
from afn.adapt.working import live
from afn.ask.evaluation import EvaluationStore, undone
from afn.ask.execution import carry_out
from afn.ask.sources import network_of
from afn.ask.tasks import task_from_json
from afn.runs.store import RunStore
from afn.work.turn import Turn

PLAN = StreamPlan(order="sorted", corruption="fog", images=60, batch_size=25)


@pytest.fixture
def tasks(tmp_path):
    store = RunStore(tmp_path / "runs")
    networks = {norm: network_of(f"mnist5k-{norm}", store) for norm in ("bn", "afn")}
    return [
        SheetsTask(folder=tmp_path, dataset="mnist5k", plan=PLAN, image_shape=(28, 28, 1)),
        *(
            StreamTask(
                network=networks[norm], dataset="mnist5k", plan=PLAN, method=AdaptMethod.read(way)
            )
            for norm, way in (("bn", "tent=0.02"), ("afn", "batch"))
        ),
    ]


def carried_out(tasks, folder):
    evaluation = EvaluationStore(folder).create(tasks)
    assert [task_from_json(task.to_json()) for task in tasks] == evaluation.tasks()
    carry_out(evaluation)
    state = evaluation.state()
    assert (state.status, state.summary) == ("finished", {"problems": []})


def test_what_is_kept_is_what_a_stream_gives(tasks, tmp_path):
    assert [task.size for task in undone(tasks)] == [1, 3, 3]
    carried_out(tasks, tmp_path)
    assert undone(tasks) == []
    sheets, tent, _ = tasks
    adapter = {"it": Adapter(load_pretrained("mnist5k-bn"), "tent=0.02")}
    expected = [step for _, step in follow_stream(adapter, "mnist5k", PLAN)]
    assert [step.to_json() for step in tent.steps()] == [step.to_json() for step in expected]
    [name] = sheets.sheets()
    sheet = np.asarray(Image.open(sheets.sheets_path / name))
    batches = [batch.images[:SHOWN, 0] for batch in image_stream("mnist5k", PLAN)]
    shown = torch.cat(batches).mul(255).round().to(torch.uint8).numpy()
    for place, image in enumerate(shown):
        row, column = divmod(place, SHOWN)
        assert np.array_equal(sheet[28 * row :, 28 * column :][:28, :28], image)
    sheets.write([b"later"])
    assert np.array_equal(np.asarray(Image.open(sheets.sheets_path / name)), sheet)
    assert not list(sheets.folder.glob(".stream*"))  # nothing half made


def test_one_that_was_stopped_goes_on_to_the_same_answers(tasks, tmp_path):
    _, tent, _ = tasks
    carried_out([tent], tmp_path)
    whole = tent.path.read_text().splitlines()
    tent.path.write_text("\n".join(whole[:1]) + "\n")
    assert [task.size for task in undone([tent])] == [2]
    carried_out([tent.left()], tmp_path)
    assert tent.path.read_text().splitlines() == whole
    # Two that compute at once write each batch twice: what is told stays.
    tent.path.write_text("\n".join([whole[0], whole[0], whole[1], whole[1], whole[2]]) + "\n")
    assert [step.batch for step in tent.steps()] == [0, 1, 2]


def test_what_another_process_has_live_is_awaited(tasks, tmp_path, monkeypatch):
    _, tent, _ = tasks
    with Turn(tent.path) as other:
        assert other.is_mine()
        mine = live([tent])
        next(mine)  # waits
        assert not Turn(tent.path).is_mine()
        for step in follow_stream({"": Adapter(load_pretrained("mnist5k-bn"), "tent=0.02")},
                                  "mnist5k", PLAN):  # fmt: skip
            tent.append(step[1])
    monkeypatch.setattr("afn.adapt.working.live_on", None)  # nothing is left to do
    assert list(mine) == []
    with Turn(tent.path) as turn:
        assert turn.is_mine()


def test_resets_are_other_answers_of_the_same_images(tasks):
    sheets, tent, _ = tasks
    plan = replace(PLAN, resets=(1,))
    assert replace(tent, plan=plan).path != tent.path
    assert replace(sheets, plan=plan).path == sheets.path


def test_what_cannot_be_had_is_a_problem_of_the_evaluation(tasks, tmp_path):
    evaluation = EvaluationStore(tmp_path).create([replace(tasks[2], dataset="nosuch")])
    carry_out(evaluation)
    [problem] = evaluation.state().summary["problems"]
    assert "nosuch" in problem
