"""Running averages measured anew, by our call and by torch's."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, update_bn
from torch.testing import assert_close

from afn.norms import (
    AFN2d,
    ASRNorm2d,
    BatchNorm2d,
    convert_norm,
    make_norm,
    recalibrate,
    set_eval_stats,
)

TRACKING = pytest.mark.parametrize("name", ["afn", "asrnorm", "bn", "bin"])


def model_of(norm, *more):
    return nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), *more, nn.Conv2d(4, 2, 3))


@pytest.fixture
def batches(draw):
    return [draw(num, 3, 7, 6) for num in (4, 4, 2)]


def tracked(model):
    return {name: buffer for name, buffer in model.named_buffers() if "running" in name}


def averages_of(model, batches):
    """By hand: the plain average of every batch's mean and unbiased variance."""
    seen = [model[0](batch) for batch in batches]
    found = {
        "1.running_mean": torch.stack([x.mean((0, 2, 3)) for x in seen]).mean(0),
        "1.running_var": torch.stack([x.var((0, 2, 3)) for x in seen]).mean(0),
    }
    if isinstance(model[1], ASRNorm2d):  # the mean of every batch's images' σ
        sigma = [(x.var((2, 3), correction=0) + model[1].eps).sqrt().mean(0) for x in seen]
        found["1.running_sigma"] = torch.stack(sigma).mean(0)
    return found


@TRACKING
@pytest.mark.parametrize("by", [recalibrate, lambda model, loader: update_bn(loader, model)])
def test_averages_become_those_of_the_loader(name, by, batches, draw):
    model = model_of(make_norm(name)(4))
    model(draw(4, 3, 7, 6))  # what was before is forgotten
    expected = averages_of(model, batches)
    model.eval()
    by(model, batches)
    assert_close(tracked(model), expected)
    assert model[1].momentum == 0.1
    assert model[1].num_batches_tracked == 3
    assert not model.training


@TRACKING
def test_averaged_weights_get_averages_of_their_own(name, batches):
    model = model_of(make_norm(name)(4))
    swa = AveragedModel(model)
    swa.update_parameters(model)
    update_bn(batches, swa)
    assert_close(tracked(swa.module), averages_of(model, batches))
    assert not model[1].running_mean.any()  # the copy's averages are its own


def test_afn_by_the_new_averages_is_batch_normalization_by_them(batches, draw):
    torchs = model_of(nn.BatchNorm2d(4))
    ours = convert_norm(copy.deepcopy(torchs), "afn", adaptive=False, eval_stats="running")
    for model in (torchs, ours):
        recalibrate(model, [(batch, "labels") for batch in batches])
    x = draw(4, 3, 7, 6)
    assert_close(ours.eval()(x), torchs.eval()(x))


def test_torchs_layers_and_ours_in_one_model(batches):
    model = nn.Sequential(
        nn.BatchNorm2d(3),
        AFN2d(3),
        nn.InstanceNorm2d(3, track_running_stats=True, momentum=0.4),
        nn.SyncBatchNorm(3).eval(),
    )
    model[0].momentum = 0.3
    with torch.no_grad():
        model[1].lambda_mu_logit.fill_(0.0)
    recalibrate(model, batches)
    x, inputs = batches, []
    expected = copy.deepcopy(model)
    for layer in expected[:3]:
        layer.momentum = 1.0
        means = []
        for batch in x:
            means.append((layer.train()(batch), layer.running_mean.clone())[1])
        inputs.append(torch.stack(means).mean(0))
        x = [layer(batch).detach() for batch in x]
    for layer, mean in zip(model[:3], inputs, strict=True):
        assert_close(layer.running_mean, mean)
    assert [layer.momentum for layer in model] == [0.3, 0.1, 0.4, 0.1]
    assert [layer.training for layer in model] == [True, True, True, False]


def test_dropout_is_off_and_modes_come_back(batches):
    model = model_of(AFN2d(4, stat_dropout=0.9, momentum=0.2), nn.Dropout(0.9), AFN2d(4))
    model[3].eval()
    model[1].standardize.eval()
    modes = [module.training for module in model.modules()]
    recalibrate(model, batches)
    first = copy.deepcopy(tracked(model))
    recalibrate(model, batches)
    assert_close(tracked(model), first, rtol=0, atol=0)
    assert [module.training for module in model.modules()] == modes
    assert (model[1].momentum, model[1].stat_dropout, model[3].p) == (0.2, 0.9, 0.9)


def test_a_failure_leaves_the_averages(batches):
    model = model_of(AFN2d(4)).eval()
    model[1].running_mean.fill_(3.0)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match="at least one batch to measure, got an empty loader"):
        recalibrate(model, [])
    with pytest.raises(ValueError, match="expected input of shape"):
        recalibrate(nn.Sequential(model[1]), [torch.zeros(2, 4, 3, 3), torch.zeros(2, 5, 3, 3)])
    assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert not model.training
    assert model[1].momentum == 0.1


def test_nothing_to_measure(batches):
    model = model_of(BatchNorm2d(4, track_running_stats=False), make_norm("gn")(4))
    with pytest.raises(ValueError, match="no layer of the model tracks running averages"):
        recalibrate(model, batches)


@TRACKING
def test_the_marker_for_torch_adds_no_state(name):
    """Torch's tools see a `_BatchNorm` in the layer; nothing else does."""
    layer = make_norm(name)(4)
    assert not [key for key in layer.state_dict() if key.startswith("averages")]
    copied = copy.deepcopy(layer)
    set_eval_stats(copied, "running")
    marks = [m for m in copied.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    assert len(marks) == 1
    marks[0].momentum = None
    assert (copied.momentum, layer.momentum) == (None, 0.1)
