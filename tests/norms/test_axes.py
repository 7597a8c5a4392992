"""Vectors, sequences and volumes: torch's layers, and ours for images, say the same."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import (
    AFN1d,
    AFN2d,
    AFN3d,
    ASRNorm1d,
    ASRNorm2d,
    ASRNorm3d,
    BatchNorm1d,
    BatchNorm3d,
    fold_norms,
    set_eval_stats,
)

OFF = {"lambda_init": LambdaInit.OFF}
VOLUME, SEQUENCE, VECTOR = (4, 3, 2, 5, 6), (4, 3, 7), (4, 3)
MEMORY = {
    "contiguous": lambda x: x,
    "channels last": lambda x: x.movedim(1, -1).contiguous().movedim(-1, 1),
    "a part of something larger": lambda x: x.repeat_interleave(2, dim=-1)[..., ::2],
}


def draw(*shape):
    generator = torch.Generator().manual_seed(len(shape))
    return 3 + 2 * torch.randn(shape, generator=generator, dtype=torch.float64)


def results(layer, x, grad_y):
    layer, leaf = copy.deepcopy(layer), x.clone(memory_format=torch.preserve_format)
    y = layer(leaf.requires_grad_())
    y.backward(grad_y)
    gradients = {name: parameter.grad for name, parameter in layer.named_parameters()}
    return y, leaf.grad, gradients, dict(layer.named_buffers())


@pytest.mark.parametrize(
    ("ours", "torchs", "shape"),
    [
        (lambda: AFN1d(3, adaptive=False, eval_stats="running"), nn.BatchNorm1d, VECTOR),
        (lambda: AFN1d(3, eval_stats="running", **OFF), nn.BatchNorm1d, VECTOR),
        (lambda: AFN1d(3, eval_stats="running", **OFF), nn.BatchNorm1d, SEQUENCE),
        (lambda: AFN3d(3, eval_stats="running", **OFF), nn.BatchNorm3d, VOLUME),
        (lambda: ASRNorm1d(3, **OFF), nn.InstanceNorm1d, SEQUENCE),
        (lambda: ASRNorm3d(3, **OFF), nn.InstanceNorm3d, VOLUME),
        (lambda: BatchNorm1d(3), nn.BatchNorm1d, VECTOR),
        (lambda: BatchNorm1d(3), nn.BatchNorm1d, SEQUENCE),
        (lambda: BatchNorm3d(3), nn.BatchNorm3d, VOLUME),
    ],
)
@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("memory", MEMORY)
def test_torchs_layer_for_that_shape(ours, torchs, shape, is_training, memory, scatter):
    expected, layer = scatter(torchs(3, affine=True).double()), ours().double()
    with torch.no_grad():
        layer.weight.copy_(expected.weight)
        layer.bias.copy_(expected.bias)
    x, grad_y = MEMORY[memory](draw(*shape)), draw(*shape)
    for each in (layer, expected):
        each(x), each.train(is_training)
    found, known = (results(each, x, grad_y) for each in (layer, expected))
    assert_close(found[:2], known[:2])
    for name in ("weight", "bias"):
        assert_close(found[2][name], known[2][name])
    assert_close({name: found[3][name] for name in known[3]}, known[3])


@pytest.mark.parametrize(
    ("layer_class", "for_images", "shape"),
    [
        (AFN1d, AFN2d, VECTOR),
        (AFN1d, AFN2d, SEQUENCE),
        (AFN3d, AFN2d, VOLUME),
        (ASRNorm1d, ASRNorm2d, SEQUENCE),
        (ASRNorm3d, ASRNorm2d, VOLUME),
    ],
)
@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("eval_stats", ["batch", "running"])
def test_the_layer_for_images_laid_flat(
    layer_class, for_images, shape, memory, eval_stats, scatter
):
    layer = scatter(layer_class(3, lambda_init=LambdaInit.OPEN, eval_stats=eval_stats)).double()
    images = for_images(3, lambda_init=LambdaInit.OPEN, eval_stats=eval_stats).double()
    images.load_state_dict(layer.state_dict())
    x, grad_y = MEMORY[memory](draw(*shape)), draw(*shape)
    for _ in range(2):  # training, then the test
        y, grad_x, *rest = results(layer, x, grad_y)
        flat = results(images, x.reshape(4, 3, -1, 1), grad_y.reshape(4, 3, -1, 1))
        assert_close((y, grad_x), tuple(each.reshape(shape) for each in flat[:2]))
        assert_close(rest, list(flat[2:]))
        trace = layer.trace(x)
        assert trace.x.shape == trace.x_hat.shape == trace.y.shape == x.shape
        assert_close(trace.y, y)
        layer(x), images(x.reshape(4, 3, -1, 1))
        layer.eval(), images.eval()


@pytest.mark.parametrize("layer_class", [AFN3d, ASRNorm3d])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last_3d])
def test_volumes_are_not_copied(layer_class, memory, monkeypatch):
    layer, seen = layer_class(3), []
    normalize = layer._normalize
    monkeypatch.setattr(layer, "_normalize", lambda x: seen.append(x) or normalize(x))
    x = torch.randn(VOLUME).contiguous(memory_format=memory).requires_grad_()
    y = layer(x)
    assert seen[0].data_ptr() == x.data_ptr()
    assert y.is_contiguous(memory_format=memory)
    assert "Fused" in type(y.grad_fn.next_functions[0][0]).__name__
    y.square().sum().backward()
    assert x.grad.is_contiguous(memory_format=memory)


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (AFN1d(3), r"\(N, 3\) or \(N, 3, L\)"),
        (BatchNorm1d(3), r"\(N, 3\) or \(N, 3, L\)"),
        (ASRNorm1d(3), r"\(N, 3, L\)"),
        (AFN3d(3), r"\(N, 3, D, H, W\)"),
        (ASRNorm3d(3), r"\(N, 3, D, H, W\)"),
        (BatchNorm3d(3), r"\(N, 3, D, H, W\)"),
    ],
)
def test_other_shapes_are_one_line(layer, shapes):
    for shape in ((3,), (2, 4), (2, 4, 5), (2, 3, 5, 5), (2, 4, 5, 5, 5)):
        for call in (layer, layer.trace):
            with pytest.raises(ValueError, match=rf"of shape {shapes}, got \(") as raised:
                call(torch.zeros(shape))
            assert "\n" not in str(raised.value)


def test_asrnorm_of_vectors_says_why_not():
    with pytest.raises(ValueError, match=r"\(N, 3, L\), got \(4, 3\): .*take AFN1d"):
        ASRNorm1d(3)(torch.zeros(4, 3))


@pytest.mark.parametrize(
    ("conv", "norm", "shape"),
    [
        (lambda: nn.Conv1d(3, 6, 2, groups=3), AFN1d, (4, 3, 7)),
        (lambda: nn.ConvTranspose1d(3, 6, 2, groups=3), AFN1d, (4, 3, 7)),
        (lambda: nn.Conv1d(3, 6, 2, bias=False), nn.BatchNorm1d, (4, 3, 7)),
        (lambda: nn.Conv3d(3, 6, 2), AFN3d, (4, 3, 4, 5, 6)),
        (lambda: nn.ConvTranspose3d(3, 6, 2, groups=3), BatchNorm3d, (4, 3, 4, 5, 6)),
        (lambda: nn.Conv3d(3, 6, 2, groups=3), nn.BatchNorm3d, (4, 3, 4, 5, 6)),
        (lambda: nn.Linear(3, 6), AFN1d, (4, 3)),
        (lambda: nn.Linear(3, 6), nn.BatchNorm1d, (4, 3)),
    ],
)
def test_folding(conv, norm, shape, scatter):
    model = scatter(nn.Sequential(conv(), norm(6))).double()
    model(draw(*shape))
    model.eval()
    if norm is AFN1d or norm is AFN3d:
        set_eval_stats(model, "running")
    folded = fold_norms(model)
    is_merged = not isinstance(model[0], nn.Linear)
    assert type(folded[1]).__name__ == ("Identity" if is_merged else "ChannelAffine2d")
    x = draw(*shape)
    assert_close(folded(x), model(x))
