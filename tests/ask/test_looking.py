"""A network before its first step is told as its run would tell it."""

from dataclasses import replace

import numpy as np
import pytest

from afn import LambdaInit, train
from afn.ask.evaluation import EvaluationStore
from afn.ask.execution import carry_out
from afn.ask.looking import look
from afn.ask.looks import look_of
from afn.ask.tasks import LookTask
from afn.runs.history import History
from tests.engine.told import of_kind


def test_it_tells_what_the_run_tells_before_its_first_step(quick, tmp_path):
    evaluation = EvaluationStore(tmp_path / "evaluations").create(
        [LookTask(config=replace(quick, norm="afn", lr=0.3), folder=tmp_path / "looks")]
    )
    [task] = evaluation.tasks()
    assert (task.size, task.left()) == (1, task)
    carry_out(evaluation)
    assert evaluation.state().summary == {"problems": []}
    assert task.left() is None
    history = History.of(task.look)
    events = list(train(replace(quick, norm="afn")))
    told = [of_kind(events, kind)[0] for kind in ("start", "probes", "probe")]
    assert history.start["lambdas"] == told[0].values["lambdas"]
    assert history.probe_images["images"] == told[1].values["images"]
    assert (history.num_steps, list(history.probe_steps)) == (0, [0])
    alone = History.of(Told([event.values | {"kind": event.kind, "step": 0} for event in told]))
    np.testing.assert_array_equal(history.probe_answers, alone.probe_answers)
    names = [history.probe_images["sheet"], *(sheet["file"] for sheet in history.sheets)]
    assert len(names) == 2
    assert all((task.look.sheets_path / name).is_file() for name in names)


class Told:
    id = "told"

    def __init__(self, events):
        self.told = events

    def events(self, offset=0):
        return self.told[offset:], len(self.told)


def test_what_makes_no_difference_yet_is_the_same_look(quick, tmp_path):
    same = replace(quick, lr=0.3, epochs=9, batch_size=32, lambda_lr_factor=10.0)
    other = replace(quick, norm="afn", lambda_init=LambdaInit.OPEN), replace(quick, severity=5)
    assert look_of(same, tmp_path) == look_of(quick, tmp_path)
    assert len({look_of(each, tmp_path) for each in (quick, *other)}) == 3


def test_what_cannot_be_had_leaves_nothing(quick, tmp_path):
    folder = tmp_path / "looks"
    with pytest.raises(ValueError, match="unknown data set"):
        look(replace(quick, dataset="nowhere"), folder)
    assert list(folder.iterdir()) == []


def test_the_oldest_looks_go(quick, tmp_path, monkeypatch):
    monkeypatch.setattr("afn.ask.looking.KEPT", 2)
    made = [look(replace(quick, norm="bn", seed=seed), tmp_path) for seed in range(3)]
    assert [each.is_there for each in made] == [False, True, True]
    again = look(replace(quick, norm="bn", seed=2), tmp_path)
    assert (again, again.is_there) == (made[2], True)
