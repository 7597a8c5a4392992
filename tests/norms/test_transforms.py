"""What torch's own layers pass: tracing, exports, batched and forward gradients, other linears."""

import contextlib
import copy
import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import fx, nn
from torch.autograd import forward_ad
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import NORMS, AFN2d, ASRNorm2d, override_lambdas, set_eval_stats

OPEN = {"lambda_init": LambdaInit.OPEN, "rescale_width": 3, "stan_width": 5}
FACTORIES = NORMS | {
    "afn": lambda n: AFN2d(n, **OPEN),
    "asrnorm": lambda n: ASRNorm2d(n, **OPEN),
    "afn without networks": lambda n: AFN2d(n, adaptive=False),
    "afn's published formula": lambda n: AFN2d(n, formula="reference", **OPEN),
    "torch's bn": nn.BatchNorm2d,
}
EVERY = pytest.mark.parametrize("name", FACTORIES)
ADAPTIVE = pytest.mark.parametrize("layer_class", [AFN2d, ASRNorm2d])
MODES = pytest.mark.parametrize("mode", ["train", "eval by batch", "eval by averages"])


@pytest.fixture
def build(scatter, draw):
    def build(name, mode):
        layer = scatter(FACTORIES[name](4))
        layer(draw(6, 4, 5, 5))  # averages of its own
        if isinstance(layer, nn.BatchNorm2d) and mode == "eval by batch":
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = None
        if name in ("afn", "bn", "asrnorm") or name.startswith("afn "):
            set_eval_stats(layer, "batch" if mode == "eval by batch" else "running")
        return layer.train(mode == "train")

    return build


@EVERY
@MODES
def test_a_layer_without_data_tells_shapes(name, mode, build):
    layer = build(name, mode).to("meta")
    x = torch.empty(3, 4, 5, 6, device="meta", requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.is_meta
    assert y.shape == x.grad.shape == x.shape


@EVERY
@MODES
def test_many_gradients_at_once(name, mode, build, draw):
    layer, x = build(name, mode).double(), draw(3, 4, 2, 5, dtype=torch.float64).requires_grad_()
    y = layer(x).square().flatten(1).sum(1)
    inputs = (x, *(p for p in layer.parameters() if p.requires_grad))
    of = {"retain_graph": True, "allow_unused": True}
    found = torch.autograd.grad(y, inputs, torch.eye(3).double(), is_grads_batched=True, **of)
    one_by_one = [torch.autograd.grad(y, inputs, row.double(), **of) for row in torch.eye(3)]
    for many, *each in zip(found, *one_by_one, strict=True):
        assert (many is None) == (each[0] is None)
        if many is not None:
            assert_close(many, torch.stack(each))


@EVERY
@MODES
def test_a_vectorized_jacobian(name, mode, build, draw):
    layer, x = build(name, mode).double(), draw(2, 4, 1, 3, dtype=torch.float64)

    def answers(x):
        return layer(x).square().sum((2, 3))

    found = torch.autograd.functional.jacobian(answers, x, vectorize=True)
    assert_close(found, torch.autograd.functional.jacobian(answers, x))
    assert found.any()


@EVERY
@MODES
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")
def test_forward_mode(name, mode, build, draw):
    layer = build(name, mode).double()
    x, along = (draw(3, 4, 2, 5, dtype=torch.float64) for _ in range(2))
    with forward_ad.dual_level():
        y, tangent = forward_ad.unpack_dual(layer(forward_ad.make_dual(x, along)))
    by_reverse = torch.autograd.functional.jvp(layer, x, along)
    assert_close((y, tangent), by_reverse)


@EVERY
@MODES
@pytest.mark.filterwarnings("ignore:`torch.jit.trace:FutureWarning")
def test_a_trace_computes_the_same_at_other_sizes(name, mode, build, draw):
    if (name, mode) in {("bn", "train"), ("torch's bn", "train"), ("torch's bn", "eval by batch")}:
        pytest.skip("torch's own kernel checks the batch's size as it is traced")
    layer = build(name, mode)
    traced = torch.jit.trace(copy.deepcopy(layer), draw(3, 4, 5, 6), check_trace=False)
    x = draw(2, 4, 3, 7)
    expected = copy.deepcopy(layer)
    traced.load_state_dict(layer.state_dict())  # tracing ran it once
    assert_close(traced(x), expected(x))
    if mode == "train":
        assert_close(dict(traced.named_buffers()), dict(expected.named_buffers()))


@EVERY
@pytest.mark.parametrize("mode", ["eval by batch", "eval by averages"])
@pytest.mark.filterwarnings(
    "ignore:You are using the legacy TorchScript-based ONNX export:DeprecationWarning",
    "ignore:The feature will be removed:DeprecationWarning",
)
def test_the_legacy_export_to_onnx(name, mode, build, draw):
    layer, file = build(name, mode), io.BytesIO()
    if name == "torch's bn" and mode == "eval by batch":
        pytest.skip("torch's own layer has no such export")
    axes = {"x": {0: "batch"}}
    torch.onnx.export(
        layer, (draw(3, 4, 5, 6),), file, dynamo=False, input_names=["x"], dynamic_axes=axes
    )
    x = draw(2, 4, 5, 6)
    (found,) = onnxruntime.InferenceSession(file.getvalue()).run(None, {"x": x.numpy()})
    assert_close(torch.from_numpy(np.array(found)), layer(x).detach(), rtol=1e-4, atol=1e-5)


@EVERY
@MODES
def test_symbols_see_the_layer_as_one_step(name, mode, build, draw):
    model = nn.Sequential(nn.Conv2d(4, 4, 1), build(name, mode), nn.ReLU()).train(mode == "train")
    graph = fx.symbolic_trace(model)
    assert [node.target for node in graph.graph.nodes if node.op == "call_module"] == [
        "0",
        "1",
        "2",
    ]
    x = draw(3, 4, 2, 5)
    assert_close(graph(x), model(x))
    assert graph.state_dict().keys() == model.state_dict().keys()


@EVERY
def test_symbols_may_come_by_keyword(name, build, draw):
    class ByName(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = build(name, "train")

        def forward(self, images):
            return self.norm(input=images)

    model, x = ByName(), draw(3, 4, 2, 5)
    assert_close(fx.symbolic_trace(model)(x), model(x))


@ADAPTIVE
@MODES
@pytest.mark.filterwarnings(
    "ignore:torch.ao.quantization is deprecated:DeprecationWarning",
    "ignore:torch.quantize_per_tensor:UserWarning",
)
def test_quantized_networks_are_called(layer_class, mode, draw, scatter):
    layer = scatter(layer_class(4, **OPEN, eval_stats="running" if "av" in mode else "batch"))
    layer.train(mode == "train")
    quantized = torch.ao.quantization.quantize_dynamic(copy.deepcopy(layer), {nn.Linear})
    quantized.train(mode == "train")
    kept = quantized.standardize.mu_decoder
    assert not isinstance(kept, nn.Linear)
    x = draw(5, 4, 3, 3)
    with torch.no_grad():
        found, exact = quantized(x), layer(x)
        kept.set_weight_bias(
            torch.quantize_per_tensor(torch.zeros(4, 5), 0.1, 0, torch.qint8), None
        )
        without = quantized(x)
    assert 0 < (found - exact).abs().max() < 0.05 * exact.abs().max()
    assert (without - exact).abs().max() > (found - exact).abs().max()


class Doubled(nn.Module):
    """As an adapter wraps a linear layer: what it holds, and something of its own."""

    def __init__(self, base_layer):
        super().__init__()
        self.base_layer = base_layer
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.scale * self.base_layer(x)


@ADAPTIVE
@pytest.mark.parametrize("part", ["standardize.encoder", "rescale.beta_decoder"])
def test_wrapped_networks_are_called_and_learn(layer_class, part, draw, scatter):
    layer = scatter(layer_class(4, **OPEN))
    x, expected = draw(5, 4, 3, 3), copy.deepcopy(layer)
    with torch.no_grad():
        for parameter in expected.get_submodule(part).parameters():
            parameter.mul_(2)
    layer.set_submodule(part, Doubled(layer.get_submodule(part)))
    y = layer(x)
    assert_close(y, expected(x))
    (y * draw(5, 4, 3, 3)).sum().backward()
    assert layer.get_submodule(part).scale.grad


@ADAPTIVE
@pytest.mark.parametrize("part", ["standardize", "standardize.sigma_decoder", "rescale.encoder"])
def test_hooks_on_the_networks_fire(layer_class, part, draw):
    layer, seen = layer_class(4), []
    layer.get_submodule(part).register_forward_hook(lambda *_: seen.append(1))
    layer(draw(2, 4, 3, 3))
    assert seen


@ADAPTIVE
def test_parametrized_networks_and_scales(layer_class, draw, scatter):
    layer = scatter(layer_class(4, **OPEN))

    class Absolute(nn.Module):
        def forward(self, values):
            return values.abs()

    for module in (layer, layer.rescale.encoder):
        nn.utils.parametrize.register_parametrization(module, "weight", Absolute())
    x = draw(5, 4, 3, 3).requires_grad_()
    y = layer(x)
    assert_close(y, layer._steps(x).y)
    (grad,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    grad.square().sum().backward()
    assert layer.parametrizations.weight.original.grad.any()


@ADAPTIVE
@pytest.mark.parametrize("name", ["weight", "bias", "lambda_mu_logit", "rescale.encoder.bias"])
def test_a_change_before_the_way_back_is_refused(layer_class, name, draw):
    layer = layer_class(4)
    y = layer(draw(2, 4, 3, 3)).sum()
    with torch.no_grad():
        layer.get_parameter(name).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


@ADAPTIVE
def test_options_changed_before_the_way_back_change_nothing(layer_class, draw, scatter):
    layer = scatter(layer_class(4, **OPEN))
    gradients = []
    for changes in (False, True):
        x = draw(3, 4, 2, 2).mul(0).add(1e-3 * torch.arange(48.0).view(3, 4, 2, 2)).requires_grad_()
        with override_lambdas(layer, mu=0.3):
            y = layer(x).square().sum()
        if changes:
            layer.eps, layer.rescale_gate = 1.0, "linear"
        gradients.append(torch.autograd.grad(y, x)[0])
    assert_close(*gradients, rtol=0, atol=0)


@EVERY
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool, torch.complex64])
def test_whole_numbers_are_refused(name, dtype, build):
    layer = build(name, "train")
    is_torchs = name == "torch's bn"
    error, message = (RuntimeError, ".") if is_torchs else (TypeError, r"images\.float\(\) / 255")
    with pytest.raises(error, match=message):
        layer(torch.zeros(2, 4, 3, 3).to(dtype))


@EVERY
@pytest.mark.parametrize("mode", ["train", "eval by batch"])
def test_values_beyond_float32s_squares_become_beta(name, mode, build, draw):
    layer = build(name, mode)
    if name in ("none", "dyt") or (name in ("bin", "brn", "gbn") and mode == "eval by batch"):
        pytest.skip("it does not divide by the batch's spread")
    x = (1e20 * draw(5, 4, 3, 3)).requires_grad_()
    with (
        override_lambdas(layer, beta=0)
        if "adaptive" in dir(layer) and layer.adaptive
        else contextlib.nullcontext()
    ):
        y = layer(x)
    beta = torch.maximum(layer.bias, layer.tau) if name == "frn" else layer.bias
    assert_close(y, beta[:, None, None].expand_as(y), rtol=1e-5, atol=1e-5)
    y.sum().backward()
    assert x.grad.isfinite().all()
    if name not in ("afn's published formula", "sn"):  # which bound nothing
        assert all(p.grad.isfinite().all() for p in layer.parameters() if p.grad is not None)
