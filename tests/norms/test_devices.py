"""Every layer on every device as on the CPU in double precision: plain, autocast, compiled.

On the CPU itself float32, autocast and compilation are held against that alike.
"""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit, convert_norm, fold_norms, recalibrate
from afn.norms import NORMS, BatchNorm2d, make_norm, set_eval_stats
from tests.norms.devices import DEVICES

EVERY_NORM = pytest.mark.parametrize("name", NORMS)
MODES = pytest.mark.parametrize("mode", ["train", "eval by batch", "eval by averages"])
SHAPE = (6, 8, 7, 5)
HAS_CHOICE = {"afn", "asrnorm", "bn", "bin"}


@pytest.fixture
def build(scatter, draw):
    """A layer with parameters and averages of its own, λ open."""

    def build(name, mode="train"):
        given = {"lambda_init": LambdaInit.OPEN} if name in ("afn", "asrnorm") else {}
        layer = scatter(make_norm(name, **given)(SHAPE[1]))
        layer(draw(*SHAPE))
        if name in HAS_CHOICE and mode != "train":
            set_eval_stats(layer, "batch" if mode == "eval by batch" else "running")
        return layer.train(mode == "train")

    return build


def results(model, x, grad_y, call=None):
    """Output, buffers, and gradients of input and parameters, on the CPU in double precision."""
    x = x.detach().clone().requires_grad_()
    y = (model if call is None else call)(x)
    y.backward(grad_y.to(y.dtype))
    tensors = {"output": y, "input": x.grad, **dict(model.named_buffers())}
    tensors |= {f"grad {name}": p.grad for name, p in model.named_parameters()}
    return {k: v.detach().cpu().double() for k, v in tensors.items() if v is not None}


def assert_same(found, exact, tolerance):
    """Each tensor, within so much of its largest value: sums end in another order on a device."""
    assert found.keys() == exact.keys()
    for name, tensor in exact.items():
        size = max(1.0, float(tensor.abs().max()))
        assert_close(found[name], tensor, rtol=tolerance, atol=tolerance * size, msg=name)


@EVERY_NORM
@MODES
@DEVICES
def test_outputs_gradients_and_averages_are_those_of_double_precision(
    name, mode, device, build, draw
):
    layer = build(name, mode)
    x, grad_y = draw(*SHAPE), draw(*SHAPE)
    exact = results(copy.deepcopy(layer).double(), x.double(), grad_y.double())
    found = results(layer.to(device), x.to(device), grad_y.to(device))
    # The scale of an image's or a channel's 35 to 210 values is small beside its mean.
    assert_same(found, exact, 1e-4)


@EVERY_NORM
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "fp16"])
@DEVICES
def test_a_network_under_autocast_answers_and_learns_as_in_float32(
    name, dtype, device, build, draw
):
    network = nn.Sequential(
        nn.Conv2d(4, SHAPE[1], 3, padding=1, bias=False), build(name), nn.Tanh()
    )
    x, grad_y = draw(6, 4, 7, 5), draw(*SHAPE)
    exact = results(copy.deepcopy(network), x, grad_y)
    network, moved = network.to(device), x.to(device)

    def autocast(x):
        with torch.autocast(device, dtype=dtype):
            y = network(x)
        assert y.dtype == dtype
        return y

    found = results(network, moved, grad_y.to(device), autocast)
    assert found.keys() == exact.keys()
    largest = max(tensor.norm() for key, tensor in exact.items() if key.startswith("grad"))
    for key, expected in exact.items():
        # Of each summand bfloat16 keeps 8 bits, float16 11: small sums of large ones lose more.
        lost = (found[key] - expected).norm() / expected.norm().clamp(min=largest / 10)
        assert lost < (0.05 if dtype == torch.bfloat16 else 0.01), key
    assert all(buffer.dtype != dtype for buffer in network.buffers())


@EVERY_NORM
@DEVICES
@pytest.mark.slow
def test_a_compiled_layer_is_one_graph_with_the_same_results(name, device, build, draw):
    layer = build(name).to(device)
    x, grad_y = draw(*SHAPE).to(device), draw(*SHAPE).to(device)
    exact = results(copy.deepcopy(layer), x, grad_y)
    torch._dynamo.reset()
    # On the CPU C++ would be compiled for each layer, for minutes.
    backend = "aot_eager" if device == "cpu" else "inductor"
    compiled = torch.compile(layer, backend=backend, fullgraph=True)
    assert_same(results(layer, x, grad_y, compiled), exact, 1e-4)


@pytest.fixture
def network(season):
    """A small one with two BN layers that have seen data."""
    layers = nn.Conv2d(3, 8, 3), BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3), BatchNorm2d(4)
    return season(nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(5)), 6, 3, 9, 8)


@EVERY_NORM
@DEVICES
def test_a_conversion_stays_on_its_device_and_is_the_same_there(name, device, network, draw):
    x = draw(6, 3, 9, 8)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        here = convert_norm(copy.deepcopy(network), name).eval()
        torch.manual_seed(1)
        there = convert_norm(copy.deepcopy(network).to(device), name).eval()
    assert {p.device.type for p in there.parameters()} == {device}
    assert {b.device.type for b in there.buffers()} <= {device}
    there.load_state_dict(here.state_dict())  # what is drawn is drawn by each device's generator
    assert_close(there(x.to(device)).cpu(), here(x), rtol=1e-4, atol=1e-4)


@DEVICES
def test_averages_are_recalibrated_on_a_device_as_on_the_cpu(device, network, draw):
    batches = [10 + 3 * draw(6, 3, 9, 8) for _ in range(3)]
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    here, there = copy.deepcopy(network), network.to(device)
    recalibrate(here, batches)
    recalibrate(there, [batch.to(device) for batch in batches])
    for name, buffer in there.named_buffers():
        assert buffer.device.type == device
        assert_close(buffer.cpu(), here.get_buffer(name), rtol=1e-4, atol=1e-4)
        assert "mean" not in name or not torch.equal(buffer.cpu(), before[name])


@pytest.mark.parametrize("name", ["afn", "bn"])
@DEVICES
def test_a_folded_network_answers_alike_on_a_device(name, device, network, draw):
    x = draw(6, 3, 9, 8)
    model = convert_norm(network, name).to(device).eval()
    set_eval_stats(model, "running")
    folded = fold_norms(model)
    assert not any(type(layer).__name__ in ("AFN2d", "BatchNorm2d") for layer in folded.modules())
    assert {p.device.type for p in folded.parameters()} == {device}
    assert_close(folded(x.to(device)), model(x.to(device)), rtol=1e-4, atol=1e-4)
