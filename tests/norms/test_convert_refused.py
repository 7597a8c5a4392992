"""What might compute something else than a norm in its place stays, and a warning says so."""

import warnings

import pytest
import torch
import torchvision
from torch import nn
from torch.nn.utils import parametrize
from torch.testing import assert_close

from afn.norms import AFN2d, convert_norm


class WithReLU(nn.BatchNorm2d):
    def forward(self, x):
        return super().forward(x).relu()


class Frozen(nn.BatchNorm2d):
    def train(self, mode=True):
        return super().train(False)


class WithSpecial(nn.BatchNorm2d):
    def special(self, x):
        return self(x) + 1


class AnyShape(nn.modules.batchnorm._BatchNorm):
    def _check_input_dim(self, input):
        pass


class OwnAFN(AFN2d):
    def forward(self, x):
        return super().forward(x).relu()


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


def patched():
    layer = nn.BatchNorm2d(4)
    layer.forward = lambda x: nn.BatchNorm2d.forward(layer, x).relu()
    return layer


def parametrized():
    layer = nn.BatchNorm2d(4)
    parametrize.register_parametrization(layer, "weight", Doubled())
    return layer


def computed():
    layer = nn.BatchNorm2d(4)
    weight = nn.Parameter(torch.ones(4))
    del layer.weight
    layer.weight = weight.abs()
    return layer


def frozen_of_torchvision():
    return torchvision.ops.FrozenBatchNorm2d(4)


class InOneList(nn.Module):
    """Holds a layer where no model looks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [nn.Sequential(nn.BatchNorm2d(4))]

    def forward(self, x):
        return self.blocks[0](x)


REFUSED = [
    (lambda: WithReLU(4), r"WithReLU has its own forward, .*\(1\)"),
    (lambda: Frozen(4), r"Frozen has its own train, .*\(1\)"),
    (lambda: WithSpecial(4), r"WithSpecial has its own special, .*\(1\)"),
    (lambda: AnyShape(4), r"AnyShape does not say which axes it takes \(1\)"),
    (lambda: OwnAFN(4), r"OwnAFN has its own forward, .*\(1\)"),
    (patched, r"BatchNorm2d has its own forward, .*\(1\)"),
    (parametrized, r"ParametrizedBatchNorm2d has parametrized parameters \(1\)"),
    (computed, r"BatchNorm2d has a weight that something else computes \(1\)"),
    (lambda: nn.LazyBatchNorm2d(), r"LazyBatchNorm2d has no channels yet: run a batch first"),
    (frozen_of_torchvision, r"FrozenBatchNorm2d is a fixed scale and shift \(1\)"),
    (lambda: nn.LayerNorm(5), r"LayerNorm is over the last axis, token by token: .* \(1\)"),
    (lambda: nn.LayerNorm((6, 5)), r"LayerNorm is over \(6, 5\), and no layer .* \(1\)"),
    (lambda: nn.LocalResponseNorm(2), r"LocalResponseNorm is of a kind that is not known \(1\)"),
    (InOneList, r"BatchNorm2d is in a plain container, .*\(1\.blocks\[0\]\.0\)"),
]


@pytest.mark.parametrize(("make", "why"), REFUSED)
@pytest.mark.parametrize("is_training", [True, False])
def test_it_stays_and_computes_what_it_did(make, why, is_training, draw, scatter):
    layer = make()
    model = nn.Sequential(scatter(nn.BatchNorm2d(4)), layer, nn.ReLU()).train(is_training)
    x = draw(3, 4, 6, 5)
    expected = None if "Lazy" in why else model(x)
    with pytest.warns(UserWarning, match=f"^not converted: {why}.*conversion_report"):
        convert_norm(model, "bn")
    assert model[1] is layer
    if expected is not None:
        assert_close(model(x), expected)


@pytest.mark.parametrize(("make", "why"), REFUSED)
def test_alone_it_is_an_error(make, why):
    model = nn.Sequential(nn.Conv2d(4, 4, 1), make())
    with pytest.raises(ValueError, match=f"^nothing to convert in this Sequential: {why}"):
        convert_norm(model, "afn")


@pytest.mark.parametrize("model", [nn.Sequential(nn.Conv2d(3, 4, 3)), nn.ReLU()])
def test_a_model_without_norms_is_an_error(model):
    with pytest.raises(ValueError, match=r"nothing to convert.*has no normalization layer"):
        convert_norm(model, "afn")


def test_what_only_sounds_like_a_norm_is_none():
    class Conv2dNormActivation(nn.Sequential):
        pass

    class Normalize(nn.Module):
        pass

    block = Conv2dNormActivation(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), Normalize())
    nn.utils.parametrizations.weight_norm(block[0])
    convert_norm(nn.Sequential(block), "afn")
    assert isinstance(block[1], AFN2d)


def test_layers_kept_are_counted_and_only_the_first_are_named():
    model = nn.Sequential(nn.BatchNorm2d(4), *(nn.GroupNorm(2, 4) for _ in range(5)))
    with pytest.warns(UserWarning, match=r"GroupNorm .* \(1, 2, 3 and 2 more\)") as caught:
        convert_norm(model, "afn")
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_a_layer_used_in_several_places_is_refused_in_all():
    layer = WithReLU(4)
    model = nn.Sequential(layer, nn.BatchNorm2d(4), layer)
    with pytest.warns(UserWarning, match=r"forward, .* \(0\)"):
        convert_norm(model, "afn")
    assert model[0] is model[2] is layer


def test_what_a_quantized_module_reads_itself_stays():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is announced to move to another package
        from torch.ao.nn.intrinsic.qat import ConvBn2d
        from torch.ao.quantization import get_default_qat_qconfig

        fused = ConvBn2d(3, 4, 3, qconfig=get_default_qat_qconfig("x86"))
    with pytest.raises(ValueError, match="BatchNorm2d is part of a ConvBn2d, which reads"):
        convert_norm(nn.Sequential(fused), "afn")


def test_compiled_modules_stay():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated, but models are about
        compiled = torch.jit.script(nn.Sequential(nn.BatchNorm2d(4)))
    with pytest.raises(ValueError, match=r"BatchNorm2d is compiled by torch.jit: convert before"):
        convert_norm(nn.Sequential(compiled), "afn")


@pytest.mark.parametrize("name", ["DistributedDataParallel", "FSDPModule"])
def test_what_wraps_for_several_processes_comes_after(name):
    wrapper = type(name, (nn.Sequential,), {})(nn.BatchNorm2d(4))
    with pytest.raises(ValueError, match=f"convert before {name} wraps"):
        convert_norm(wrapper, "afn")
    assert type(wrapper[0]) is nn.BatchNorm2d


def test_what_a_forward_reads_itself_computes_as_before(draw, scatter):
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn = scatter(nn.BatchNorm2d(4))

        def forward(self, x):
            bn = self.bn
            averages = bn.running_mean, bn.running_var
            return nn.functional.batch_norm(x, *averages, bn.weight, bn.bias, self.training)

    model, x = Functional(), draw(3, 4, 6, 5)
    expected = model(x)
    assert_close(convert_norm(model, "afn")(x), expected, rtol=0, atol=0)
