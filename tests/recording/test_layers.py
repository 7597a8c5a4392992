"""What is told of a loop of one's own: steps, layers in the order of their calls, λ."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import AFN2d, record
from afn.norms import ASRNorm2d, GroupNorm2d, convert_norm
from afn.runs.index import RunIndex
from tests.recording.nets import Net, batch, sgd, told, train

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


def test_both_of_ours_are_read_in_eval_mode_too(store):
    model = nn.Sequential(AFN2d(3), ASRNorm2d(3), nn.Flatten())
    model.eval()
    with record(model, store=store) as run:
        model(batch()[0]).sum().backward()
        run.step(loss=1.0)
    one, two = told(run).snapshots[0]["layers"]
    assert one["mu"] == pytest.approx(batch()[0].mean((0, 2, 3)).tolist(), rel=1e-4)
    assert one["is_eval"] is two["is_eval"] is True
