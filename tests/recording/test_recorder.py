"""A recorder is steered, survives what goes wrong, and leaves a run of its own kind."""

import errno
import os
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from afn import record
from afn.jsonl import append_line
from afn.norms import convert_norm
from afn.runs.index import RunIndex
from afn.work.folder import read_json, write_json
from tests.recording.nets import Net, batch, sgd, told, train

# -- control ---------------------------------------------------------------------------------------


def test_what_the_page_sets_is_set(store):
    model = convert_norm(Net(), "afn")
    optimizer = torch.optim.SGD(
        [{"params": [model.one.weight], "lr": 0.1}, {"params": [model.two.weight], "lr": 0.01}]
    )
    with record(model, optimizer=optimizer, store=store) as run:
        train(run, model, optimizer, 1)
        assert run.control().lr is None
        run.run.send({"command": "set", "lr": 0.05})
        run.run.send({"command": "set", "lambda": {"mu": 0.0}})
        append_line(run.run.control_path, {"command": "set", "batch_size": 3})
        control = run.control()
        assert (control.lr, control.lambdas, control.stop) == (0.05, {"mu": 0.0}, False)
        run.run.send({"command": "stop"})
        assert run.control().stop
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.005])
    assert model.early.lambdas()["mu"] == 0.5
    assert run.run.state().status == "stopped"
    history = told(run)
    assert [each.get("error", "") for each in history.commands][:2] == ["", ""]
    assert "a recorded loop takes" in history.commands[2]["error"]


def test_a_pause_lasts_until_it_is_over(store, monkeypatch):
    model = Net()
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        assert told(run).is_paused
        if len(slept) == 3:
            run.run.send({"command": "resume"})

    monkeypatch.setattr("afn.recording.recorder.time.sleep", sleep)
    with record(model, store=store) as run:
        train(run, model, sgd(model), 1)
        run.run.send({"command": "pause"})
        assert not run.control().stop
        assert not told(run).is_paused
    assert len(slept) == 3


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_loop_that_raises_ends_failed_and_the_error_goes_on(store):
    model = Net()
    run = record(model, store=store)

    def loop(error):
        with run:
            train(run, model, sgd(model), 2)
            raise error

    with pytest.raises(KeyError, match="labels"):
        loop(KeyError("labels"))
    state = run.run.state()
    assert (state.status, state.reason) == ("failed", "KeyError: 'labels'")
    assert told(run).num_steps == 2
    run = record(model, store=store)
    with pytest.raises(KeyboardInterrupt):
        loop(KeyboardInterrupt())
    assert run.run.state().status == "stopped"
    with record(model, store=store) as run:
        pass
    assert told(run).layers == ["late", "early"]  # never called


def test_behind_the_end_and_before_the_beginning_nothing_is_told(store):
    model = Net()
    run = record(model, store=store)
    with pytest.raises(ValueError, match="has not begun"):
        run.step(loss=1.0)
    with run:
        train(run, model, sgd(model), 1)
    for call in (lambda: run.step(loss=1.0), lambda: run.log(a=1), run.control):
        with pytest.raises(ValueError, match="has ended"):
            call()
    with pytest.raises(ValueError, match="has begun already"):
        run.begin()


def test_two_of_one_name_are_two(store):
    model = Net()
    with record(model, "same", store=store) as one, record(model, "same", store=store) as two:
        train(one, model, sgd(model), 1)
        train(two, model, sgd(model), 2)
    assert one.run.id != two.run.id
    assert (told(one).num_steps, told(two).num_steps) == (1, 2)


def test_a_model_without_norms_is_recorded_and_says_so(store):
    model = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
    with (
        pytest.warns(UserWarning, match="no normalization layer"),
        record(model, store=store) as run,
    ):
        train(run, model, sgd(model), 2)
    history = told(run)
    assert history.num_steps == 2
    assert "no normalization layer" in history.notes[0]
    assert np.isfinite(history.columns["grad_norm"][0])


def test_gradients_that_are_gone_are_told(store):
    model = Net()
    with record(model, store=store) as run:
        optimizer = sgd(model)
        nn.functional.cross_entropy(model(batch()[0]), batch()[1]).backward()
        optimizer.step()
        optimizer.zero_grad()
        with pytest.warns(UserWarning, match="before they are set to zero"):
            run.step(loss=1.0)
    assert "no gradient" in told(run).notes[0]


def test_a_loss_that_is_no_number_is_told_where_it_began(store):
    model = Net()
    with record(model, store=store) as run:
        for loss in (1.0, float("nan"), torch.tensor(float("inf"))):
            model(batch()[0]).sum().backward()
            run.step(loss=loss)
    assert np.isnan(told(run).columns["loss"]).tolist() == [False, True, True]
    assert run.run.state().reason == "the loss was not finite from step 2 on"
    with record(model, store=store) as run, pytest.raises(TypeError, match="loss must be one"):
        run.step(loss=torch.ones(3))


@contextmanager
def full_disk(monkeypatch, room):
    """Files take so many bytes more in all."""
    left, write = [room], os.write

    def limited(descriptor, data):
        kept = data[: max(left[0], 0)]
        left[0] -= len(data)
        if not kept:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, kept)

    with monkeypatch.context() as patched:
        patched.setattr("afn.runs.writer.os.write", limited)
        yield


def test_a_full_disk_ends_no_training_and_the_run_says_what_it_lacks(store, monkeypatch):
    model = Net()
    optimizer = sgd(model)
    with record(model, interval=1, store=store) as run:
        train(run, model, optimizer, 2)
        with full_disk(monkeypatch, 100), pytest.warns(UserWarning, match="training goes on"):
            train(run, model, optimizer, 3, first=2)
        train(run, model, optimizer, 2, first=5)  # there is room again
    state = run.run.state()
    assert state.status == "finished"
    assert state.reason == "6 of its events are missing: No space left on device"
    assert told(run).steps.tolist() == [1, 2, 6, 7]


def test_a_deleted_run_ends_no_training(store):
    model = Net()
    with record(model, interval=1, store=store) as run:
        train(run, model, sgd(model), 1)
        run.run.delete()
        with pytest.warns(UserWarning, match="was deleted"):
            train(run, model, sgd(model), 2)
    assert RunIndex(store).lines() == []


def test_where_nothing_can_be_written_it_says_so_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write a run below"):
        record(Net(), store=tmp_path / "file").begin()


@pytest.mark.parametrize(
    ("model", "options", "error"),
    [("resnet18", {}, "takes a torch model"), (Net(), {"interval": 0}, "1 or more")],
)
def test_what_cannot_be_recorded_says_so(model, options, error):
    with pytest.raises((TypeError, ValueError), match=error):
        record(model, **options)


def test_a_layer_whose_statistics_fail_ends_no_training(store):
    class Odd(nn.BatchNorm2d):
        def forward(self, input):
            return super().forward(input[None])[0] if input.dim() == 3 else super().forward(input)

    model = nn.Sequential(Odd(3), nn.Flatten())
    with record(model, store=store) as run:
        model(torch.rand(3, 4, 4)).sum().backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run.step(loss=1.0)
    assert told(run).num_steps == 1


# -- its kind --------------------------------------------------------------------------------------


def test_it_has_a_kind_and_no_configuration(store):
    model = Net()
    with record(model, "mine", store=store) as run:
        train(run, model, sgd(model), 1)
        [line] = RunIndex(store).lines()
        assert (line.kind, line.status, line.name) == ("recorded", "running", "mine")
    record_ = run.run.record()
    assert record_["kind"] == "recorded"
    assert "config" not in record_
    with pytest.raises(ValueError, match=r"recorded here.*has no configuration"):
        run.run.config()
    [line] = RunIndex(store).lines()
    with pytest.raises(ValueError, match="has no configuration"):
        line.config()
    assert line.setting("dataset") is None
    assert line.recording() == run.run.recording()
    assert "2 BatchNorm2d" in line.recording().words
    run.run.rename("other")
    assert run.run.recording().model == "Net"
    write_json(run.run.path / "config.json", run.run.record() | {"recording": {"norm": "x"}})
    assert RunIndex(store).lines()[0].is_damaged


def test_a_recorder_on_another_machine_is_there_as_long_as_it_is_heard(store):
    run = record(Net(), store=store).begin()
    claim = run.run.path / "claim.json"
    write_json(claim, read_json(claim) | {"host": "elsewhere", "pid": 1})
    assert run.run.state().status == "running"
    os.utime(claim, (0, 0))
    assert run.run.state().status == "failed"
    run.run.beat()
    assert run.run.state().status == "running"
    run.end()


def test_a_recorder_beats(store, monkeypatch):
    monkeypatch.setattr("afn.recording.recorder.BEAT_SECONDS", 0.01)
    run = record(Net(), store=store).begin()
    claim = run.run.path / "claim.json"
    os.utime(claim, (0, 0))
    for _ in range(500):
        if claim.stat().st_mtime > 0:
            break
        run._still.wait(0.01)
    assert claim.stat().st_mtime > 0
    run.end()
    assert run.run.state().status == "finished"
