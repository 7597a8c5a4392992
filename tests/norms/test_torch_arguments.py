"""What torch's layers take, ours take, and do with it what torch does."""

import inspect

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    NORMS,
    AFN2d,
    ASRNorm2d,
    BatchInstanceNorm2d,
    BatchNorm2d,
    InstanceNorm2d,
    fold_norms,
    make_norm,
    set_eval_stats,
)

EVERY_NORM = pytest.mark.parametrize("name", NORMS)
TRACKING = pytest.mark.parametrize("name", ["afn", "asrnorm", "bn", "bin"])
OFF = {"lambda_init": LambdaInit.OFF, "eval_stats": "running"}
PARITY = {
    "bn": (nn.BatchNorm2d, BatchNorm2d, {}),
    "afn off": (nn.BatchNorm2d, AFN2d, OFF),
    "afn without networks": (nn.BatchNorm2d, AFN2d, {"adaptive": False, "eval_stats": "running"}),
    "bin": (nn.BatchNorm2d, BatchInstanceNorm2d, {}),
    "in": (nn.InstanceNorm2d, InstanceNorm2d, {}),
}


def positional(layer_class):
    parameters = list(inspect.signature(layer_class).parameters.values())
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


@pytest.mark.parametrize(
    ("ours", "torchs"),
    [
        *((ours, nn.BatchNorm2d) for ours in (AFN2d, ASRNorm2d, BatchNorm2d, BatchInstanceNorm2d)),
        (InstanceNorm2d, nn.InstanceNorm2d),
    ],
)
def test_arguments_stand_in_torchs_order(ours, torchs):
    assert positional(ours) == positional(torchs)


@EVERY_NORM
def test_every_norm_is_built_where_and_of_what_is_asked(name):
    layer = make_norm(name, affine=False, device="meta", dtype=torch.float64)(4)
    tensors = [t for t in layer.state_dict().values() if t.is_floating_point()]
    assert {(t.device.type, t.dtype) for t in tensors} <= {("meta", torch.float64)}
    assert not {"weight", "bias"} & layer.state_dict().keys()


@EVERY_NORM
def test_the_input_is_called_as_in_torch(name, draw):
    x = draw(3, 4, 5, 6)
    layer = make_norm(name)(4).eval()
    assert torch.equal(layer(input=x), layer(x))


def pair(name, scatter, **given):
    """Torch's layer and ours with the same arguments and parameters."""
    torch_class, our_class, own = PARITY[name]
    if not given["track_running_stats"] and own.get("eval_stats") == "running":
        own = {**own, "eval_stats": "batch"}
    torchs, ours = torch_class(3, **given), our_class(3, **given, **own)
    scatter(torchs)
    ours.load_state_dict({**ours.state_dict(), **torchs.state_dict()})
    return torchs.double(), ours.double()


def results(layer, x, grad_y):
    leaf = x.clone().requires_grad_()
    layer.zero_grad()
    y = layer(leaf)
    y.backward(grad_y)
    learned = {n: p.grad for n, p in layer.named_parameters() if n in ("weight", "bias")}
    return y, leaf.grad, learned


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("tracks", [True, False])
@pytest.mark.parametrize(
    ("name", "momentum", "num"),
    [
        (name, momentum, num)
        for name in PARITY
        for momentum in (0.3, 0.0, 1.0, None)
        for num in (4, 0)
        # Torch's instance normalization never moves such averages, and takes no empty batch.
        if name != "in" or (momentum is not None and num > 0)
    ],
)
def test_all_is_torchs_in_both_modes(name, affine, tracks, momentum, num, draw, scatter):
    given = {"affine": affine, "track_running_stats": tracks, "momentum": momentum}
    torchs, ours = pair(name, scatter, **given)
    for _ in range(3):  # cumulative averages have a history
        x, grad_y = (draw(num, 3, 6, 5, dtype=torch.float64) for _ in range(2))
        assert_close(results(ours, x, grad_y), results(torchs, x, grad_y))
    expected, found = dict(torchs.named_buffers()), dict(ours.named_buffers())
    if name == "in" and tracks:
        assert found.pop("num_batches_tracked") == 3
        expected.pop("num_batches_tracked")
    assert_close(found, expected)
    x, grad_y = (draw(num, 3, 6, 5, dtype=torch.float64) for _ in range(2))
    assert_close(results(ours.eval(), x, grad_y), results(torchs.eval(), x, grad_y))
    assert_close({k: v for k, v in ours.named_buffers() if k in expected}, expected)


@pytest.mark.parametrize("name", ["afn off", "bin", "in"])
def test_gamma_without_beta(name, draw):
    _, our_class, own = PARITY[name]
    layer = our_class(3, bias=False, **own)
    assert layer.bias is None
    nn.init.constant_(layer.weight, 2.0)
    plain = our_class(3, affine=False, **own)
    x = draw(4, 3, 6, 5)
    assert_close(layer(x), 2 * plain(x))


@pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
def test_without_affine_the_networks_rescale_about_one_and_zero(layer_class, draw):
    layer = layer_class(4, affine=False, lambda_init=LambdaInit.OPEN).double()
    x = draw(3, 4, 6, 5, dtype=torch.float64).requires_grad_()
    trace = layer.trace(x)
    assert_close(trace.gamma_hat, 1 + 0.5 * trace.gamma_net)
    assert_close(trace.beta_hat, 0.5 * trace.beta_net)
    y = layer(x)
    assert type(y.grad_fn).__name__ == "_FusedBackward"
    assert_close(y, trace.y)
    assert not {"weight", "bias"} & dict(layer.named_parameters()).keys()
    (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x)
    plain = layer._steps(x).y
    (expected,) = torch.autograd.grad(plain.square().sum(), x, create_graph=True)
    assert_close(first, expected)
    assert_close(second, torch.autograd.grad(expected.square().sum(), x)[0])


@TRACKING
def test_without_averages_the_test_measures_its_batch(name, draw):
    layer = make_norm(name, track_running_stats=False)(4)
    assert layer.running_mean is layer.running_var is layer.num_batches_tracked is None
    x = draw(3, 4, 6, 5)
    assert_close(layer.eval()(x), layer.train()(x))


@pytest.mark.parametrize("name", ["afn", "bn"])
def test_running_statistics_that_there_are_not(name, draw):
    with pytest.raises(ValueError, match=r'eval_stats="running".*track_running_stats=False'):
        make_norm(name, track_running_stats=False, eval_stats="running")(4)
    model = nn.Sequential(make_norm(name)(4), make_norm(name, track_running_stats=False)(4))
    with pytest.raises(ValueError, match=r'cannot switch 1: eval_stats="running".*use eval_stats'):
        set_eval_stats(model, "running")
    with pytest.raises(ValueError, match=r"cannot fold 1: .*track_running_stats=True"):
        fold_norms(model)


def test_a_failed_switch_changes_nothing():
    model = nn.Sequential(AFN2d(4), AFN2d(4, track_running_stats=False))
    with pytest.raises(ValueError, match="cannot switch 1"):
        set_eval_stats(model, "running")
    assert model[0].eval_stats == "batch"


def test_asrnorm_has_nothing_to_switch():
    layer = ASRNorm2d(4, track_running_stats=False, eval_stats="running")
    assert set_eval_stats(layer, "running") is layer


@TRACKING
def test_a_checkpoint_from_before_batches_were_counted(name, draw):
    layer = make_norm(name)(4)
    layer(draw(3, 4, 6, 5))
    old = {k: v for k, v in layer.state_dict().items() if k != "num_batches_tracked"}
    fresh = make_norm(name)(4)
    fresh.load_state_dict(old)
    assert torch.equal(fresh.running_mean, layer.running_mean)
    assert fresh.num_batches_tracked == 0
    state = layer.state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match=r'Missing key.*"num_batches_tracked"'):
        fresh.load_state_dict(state)  # its version says that it counts
    fresh.load_state_dict(layer.state_dict())
    assert fresh.num_batches_tracked == 1


def test_a_layer_without_data_loads_an_old_checkpoint():
    layer = AFN2d(4, device="meta")
    old = {k: v for k, v in AFN2d(4).state_dict().items() if k != "num_batches_tracked"}
    layer.load_state_dict(dict(old), assign=True)
    assert layer.num_batches_tracked == 0


@EVERY_NORM
def test_resetting_is_building_anew(name, draw, scatter):
    layer = scatter(make_norm(name)(4))
    layer(draw(3, 4, 6, 5))
    if name in ("afn", "asrnorm", "bn", "bin"):
        layer.reset_running_stats()
        assert torch.equal(layer.running_mean, torch.zeros(4))
        assert torch.equal(layer.running_var, torch.ones(4))
        assert layer.num_batches_tracked == 0
        layer(draw(3, 4, 6, 5))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        expected = make_norm(name)(4).state_dict()
        torch.manual_seed(7)
        getattr(layer, "reset_parameters", lambda: None)()
    assert_close(layer.state_dict(), expected, rtol=0, atol=0)


@pytest.mark.parametrize("init", LambdaInit.PRESETS)
def test_resetting_puts_lambda_where_it_started(init):
    layer = AFN2d(4, lambda_init=LambdaInit.PRESETS[init])
    before = layer.lambdas()
    with torch.no_grad():
        for name in ("mu", "sigma", "gamma", "beta"):
            getattr(layer, f"lambda_{name}_logit").fill_(3.0)
    layer.reset_parameters()
    assert layer.lambdas() == before


@EVERY_NORM
@pytest.mark.parametrize("shape", [(0, 4, 5, 5), (2, 4, 0, 5)])
@pytest.mark.parametrize("is_training", [True, False])
def test_of_nothing_nothing_is_made(name, shape, is_training):
    layer = make_norm(name)(4).train(is_training)
    before = {k: v.clone() for k, v in layer.named_buffers() if k != "num_batches_tracked"}
    x = torch.zeros(shape, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.shape == x.grad.shape == x.shape
    learned = [p for p in layer.parameters() if p.requires_grad]
    assert all(p.grad is not None and not p.grad.any() for p in learned)
    assert_close({k: v for k, v in layer.named_buffers() if k in before}, before)
