"""A loop of one's own is told as it is: steps, layers in the order of their calls, λ, tests."""

import errno
import os
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import AFN2d, record
from afn.data import ImageData
from afn.jsonl import append_line
from afn.norms import ASRNorm2d, GroupNorm2d, convert_norm
from afn.runs.history import History
from afn.runs.index import RunIndex
from afn.runs.store import RunStore
from afn.work.folder import read_json, write_json


class Net(nn.Module):
    """Two blocks, the second registered first."""

    def __init__(self, norm=nn.BatchNorm2d, channels=6):
        super().__init__()
        self.late = norm(channels)
        self.early = norm(channels)
        self.one = nn.Conv2d(3, channels, 3)
        self.two = nn.Conv2d(channels, channels, 3)
        self.head = nn.Linear(channels, 2)

    def forward(self, x):
        x = self.early(self.one(x)).relu()
        x = self.late(self.two(x)).relu()
        return self.head(x.mean((2, 3)))


def batch(number=0, size=8):
    generator = torch.Generator().manual_seed(number)
    images = torch.rand(size, 3, 10, 10, generator=generator)
    return images, (images.mean((1, 2, 3)) > 0.5).long()


def train(run, model, optimizer, steps, first=0, **told):
    """An ordinary loop."""
    for number in range(first, first + steps):
        images, labels = batch(number)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        run.step(loss=loss, **told)
    return loss.item()


def sgd(model, lr=0.1):
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def told(run):
    return History.of(run.run)


# -- what is told ----------------------------------------------------------------------------------


def test_steps_and_layers_are_told_as_they_were(store):
    torch.manual_seed(0)
    model = Net()
    optimizer = sgd(model)
    with record(model, "mine", optimizer=optimizer, interval=4, store=store) as run:
        before = {name: value.clone() for name, value in model.state_dict().items()}
        last = train(run, model, optimizer, 5, batch_size=8)
    history = told(run)
    assert history.steps.tolist() == [1, 2, 3, 4, 5]
    assert history.columns["loss"][-1] == pytest.approx(last, rel=1e-6)
    assert history.columns["lr"].tolist() == [0.1] * 5
    assert history.columns["batch_size"].tolist() == [8.0] * 5
    assert (history.columns["duration"] > 0).all()
    norms = history.columns["grad_norm"]
    assert np.isfinite(norms).tolist() == [True, False, False, False, True]
    grads = torch.cat([each.grad.flatten() for each in model.parameters()])
    assert norms[-1] == pytest.approx(float(grads.norm()), rel=1e-5)
    assert history.layers == ["early", "late"]  # as they are called
    first, second = history.snapshots
    assert (first["step"], second["step"]) == (1, 5)
    early = first["layers"][0]
    x = nn.functional.conv2d(batch(0)[0], before["one.weight"], before["one.bias"])
    var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    assert early["mu"] == pytest.approx(mean.tolist(), rel=1e-4)
    assert early["sigma"] == pytest.approx((var + 1e-5).sqrt().tolist(), rel=1e-4)
    assert early["running_mu"] == [0.0] * 6  # before they moved
    away = [float(mean.abs().mean()), float((var + 1e-5).sqrt().mean())]
    assert early["drift"] == pytest.approx(away, rel=1e-4)
    assert early["gamma"] == [1.0] * 6
    last_grads = [float(model.late.weight.grad.norm()), float(model.late.bias.grad.norm())]
    assert second["layers"][1]["grads"] == pytest.approx(last_grads, rel=1e-4)
    assert not {"calls", "is_eval", "is_frozen"} & early.keys()


def test_recording_changes_nothing_of_the_training(store):
    ends = []
    for records in (False, True):
        torch.manual_seed(0)
        model = convert_norm(Net(), "afn")
        optimizer = sgd(model)
        if records:
            with record(model, interval=1, store=store) as run:
                train(run, model, optimizer, 3)
                run.evaluate(batch(7))
                train(run, model, optimizer, 2, first=3)
        else:
            for _ in [0]:
                nothing = type("", (), {"step": lambda *a, **k: None})()
                train(nothing, model, optimizer, 3)
                train(nothing, model, optimizer, 2, first=3)
        ends.append(model.state_dict())
    for name, value in ends[0].items():
        assert_close(ends[1][name], value, rtol=0, atol=0)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_lambdas_and_their_gradients_are_told_where_they_are_read(store):
    torch.manual_seed(0)
    model = convert_norm(Net(), "afn")
    start = model.early.lambda_values().tolist()
    optimizer = sgd(model, 5.0)
    with record(model, interval=3, store=store) as run:
        train(run, model, optimizer, 4)
    history = told(run)
    assert history.adaptive_layers == ["early", "late"]
    assert history.lambda_steps.tolist() == [1, 4]
    assert history.lambdas.shape == (2, 4, 2)
    assert history.start["lambdas"][0] == pytest.approx(start)
    assert history.lambdas[0, :, -1] == pytest.approx(model.early.lambda_values().tolist())
    assert history.lambda_grads[1, 1, -1] == pytest.approx(
        float(model.late.lambda_sigma_logit.grad), rel=1e-5
    )
    moves = history.snapshots[0]["layers"][0]["moves"]
    assert moves[0] > 0
    line = RunIndex(store).lines()[0]
    assert line.summary["lambda_end"]["mu"] == pytest.approx(history.lambdas[:, 0, -1].mean())
    assert line.recording().norm == "afn"


MOMENTS = {
    "in": (lambda: nn.InstanceNorm2d(6, affine=True), lambda x: x.flatten(2), 6),
    "gn": (lambda: nn.GroupNorm(2, 6), lambda x: x.reshape(8, 2, -1), 2),
    "ln": (lambda: nn.LayerNorm([6, 8, 8]), lambda x: x.reshape(8, 1, -1), 1),
    "ours": (lambda: GroupNorm2d(6, num_groups=2), None, 6),
}


@pytest.mark.parametrize("kind", MOMENTS)
def test_norms_without_batch_statistics_tell_their_own(store, kind):
    make, laid, num = MOMENTS[kind]
    layer = make()
    model = nn.Sequential(nn.Conv2d(3, 6, 3), layer, nn.Flatten(), nn.Linear(6 * 64, 2))
    optimizer = sgd(model)
    x = model[0](batch(0)[0]).detach()
    with record(model, store=store) as run:
        train(run, model, optimizer, 1)
    [values] = told(run).snapshots[0]["layers"]
    assert len(values["mu"]) == len(values["sigma"]) == num
    if laid:
        var, mean = torch.var_mean(laid(x), 2, correction=0)
        assert values["mu"] == pytest.approx(mean.mean(0).tolist(), rel=1e-3, abs=1e-6)
        sigma = (var + layer.eps).sqrt().mean(0)
        assert values["sigma"] == pytest.approx(sigma.tolist(), rel=1e-3)
    assert "running_mu" not in values
    assert "drift" not in values
    assert "gamma" in values


def test_layers_of_sequences_and_rows_tell_theirs(store):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Linear(4, 2))
    inputs = torch.randn(16, 3)
    with record(model, store=store) as run:
        model(inputs).sum().backward()
        run.step(loss=0.5)
    rows, tokens = told(run).snapshots[0]["layers"]
    assert rows["mu"] == pytest.approx(model[0](inputs).mean(0).tolist(), rel=1e-3, abs=1e-5)
    assert len(tokens["mu"]) == 1
    assert len(tokens["gamma"]) == 4


# -- shared, frozen and repeated layers ------------------------------------------------------------


class Shared(Net):
    """One layer in two places, and called twice."""

    def __init__(self):
        super().__init__()
        self.late = self.early


def test_a_layer_used_twice_is_one_that_says_so(store):
    model = Shared()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 1)
    history = told(run)
    assert len(history.layers) == 1
    [values] = history.snapshots[0]["layers"]
    assert values["calls"] == 2
    assert len(values["mu"]) == 6


def test_a_frozen_layer_is_told_by_what_it_is_given(store):
    torch.manual_seed(0)
    model = Net()
    for parameter in model.early.parameters():
        parameter.requires_grad_(False)
    model.early.eval()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 2)
        assert not model.early.training
        run.evaluate(batch(3))
        assert (model.training, model.early.training, model.late.training) == (True, False, True)
    early, late = told(run).snapshots[0]["layers"]
    assert early["is_eval"] is True
    assert early["is_frozen"] is True
    assert "grads" not in early
    assert early["running_mu"] == [0.0] * 6
    assert abs(early["mu"][0]) > 0.01  # the batch's all the same: that is what drifts
    assert not {"is_eval", "is_frozen"} & late.keys()


def test_a_trunk_without_gradients_is_told_and_a_test_is_not(store):
    model = nn.Sequential(Net(), nn.Linear(2, 2))
    with record(model, interval=1, store=store) as run:
        for number in range(2):
            with torch.no_grad():
                features = model[0](batch(number)[0])
            loss = model[1](features).sum()
            loss.backward()
            run.step(loss=loss)
            model.eval()
            with torch.no_grad():
                model(1000 * batch(9)[0])  # a test between steps
            model.train()
    first, second = told(run).snapshots
    assert all(abs(value) < 10 for value in (*first["layers"][0]["mu"], *second["layers"][0]["mu"]))
    assert not second["layers"][0].keys() & {"calls"}


def test_accumulated_batches_are_told_together(store):
    torch.manual_seed(0)
    model = Net()
    with record(model, store=store) as run:
        xs = [model.one(batch(number)[0]).detach() for number in range(2)]
        for number in range(2):
            model(batch(number)[0]).sum().backward()
        run.step(loss=1.0)
    values = told(run).snapshots[0]["layers"][0]
    assert values["calls"] == 2
    mean = torch.stack([x.mean((0, 2, 3)) for x in xs]).mean(0)
    assert values["mu"] == pytest.approx(mean.tolist(), rel=1e-3, abs=1e-6)


def test_a_wrapped_model_is_told_as_itself(store):
    model = Net()
    wrapped = nn.DataParallel(model)
    with record(wrapped, store=store) as run:
        train(run, model, sgd(model), 1)
    assert told(run).layers == ["early", "late"]
    assert run.run.recording().model == "Net"


# -- tests and numbers of one's own ----------------------------------------------------------------


def loader():
    data = torch.utils.data.TensorDataset(*batch(5, size=20))
    return torch.utils.data.DataLoader(data, batch_size=8)


def image_data():
    images = (batch(5, size=20)[0].permute(0, 2, 3, 1) * 255).round().byte().numpy()
    labels = batch(5, size=20)[1].numpy()
    return ImageData(
        name="squares", x_train=images, y_train=labels, x_test=images, y_test=labels,
        class_names=("dark", "bright"),
    )  # fmt: skip


DATA = {
    "loader": loader,
    "data set": lambda: loader().dataset,
    "pair": lambda: batch(5, size=20),
    "arrays": lambda: tuple(each.numpy() for each in batch(5, size=20)),
    "image data": image_data,
}


@pytest.mark.parametrize("kind", DATA)
def test_a_test_counts_right_answers(store, kind):
    torch.manual_seed(0)
    model = Net()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 3)
        found = run.evaluate(DATA[kind](), corruptions=("contrast",), severity=3, batch_size=8)
        assert model.training
    images, labels = batch(5, size=20)
    model.eval()
    right = int((model(images).argmax(1) == labels).sum())
    clean, contrast = told(run).evaluations
    assert (clean["correct"], clean["n"]) == (right, 20)
    assert found == {None: right / 20, "contrast": contrast["accuracy"]}
    assert (contrast["corruption"], contrast["severity"]) == ("contrast", 3)
    assert clean["statistics"] == "running"
    assert clean["dataset"] == ("squares" if kind == "image data" else "data")
    assert run.run.state().summary["accuracy"] == right / 20


@pytest.mark.parametrize(
    ("data", "corruptions", "line"),
    [
        ((2 * batch(5)[0], batch(5)[1]), ["contrast"], r"images \(N, C, H, W\) in \[0, 1\]"),
        (batch(5), ["rain"], "unknown corruption 'rain'"),
        (5, [], "a DataLoader or Dataset of"),
        ([(1, 2, 3)], [], "got batches of tuple"),
        ((batch(5)[0], batch(4)[1][:3]), [], "a label for each input"),
        ([], [], "nothing to test on"),
    ],
)
def test_what_cannot_be_tested_says_so_in_a_line(store, data, corruptions, line):
    model = Net()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 1)
        with pytest.raises(ValueError, match=line):
            run.evaluate(data, corruptions=corruptions)
        assert model.training
        train(run, model, sgd(model), 1)
    assert run.run.state().status == "finished"


def test_numbers_of_ones_own_stand_at_their_step(store):
    model = Net()
    with record(model, store=store) as run:
        train(run, model, sgd(model), 2)
        run.log(bleu=12.5, perplexity=torch.tensor(3.0))
        with pytest.raises(TypeError, match="bleu must be one number"):
            run.log(bleu="high")
    [event] = told(run).logged
    assert (event["step"], event["values"]) == (2, {"bleu": 12.5, "perplexity": 3.0})


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


def test_both_of_ours_are_read_in_eval_mode_too(store):
    model = nn.Sequential(AFN2d(3), ASRNorm2d(3), nn.Flatten())
    model.eval()
    with record(model, store=store) as run:
        model(batch()[0]).sum().backward()
        run.step(loss=1.0)
    one, two = told(run).snapshots[0]["layers"]
    assert one["mu"] == pytest.approx(batch()[0].mean((0, 2, 3)).tolist(), rel=1e-4)
    assert one["is_eval"] is two["is_eval"] is True
