import copy
import json
import random

import pytest
import torch
import torchvision
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit, conversion_report
from afn.norms import AFN2d, convert_norm


class WithReLU(nn.BatchNorm2d):
    def forward(self, x):
        return super().forward(x).relu()


class Spoilt(nn.Module):
    """Has a layer of which it reads the class, so that conversion does change it."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.bn(x) + 0.5 * (type(self.bn) is nn.BatchNorm2d)


@pytest.fixture
def model(scatter):
    return scatter(
        nn.Sequential(
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.Dropout(0.5),
            WithReLU(4),
            nn.BatchNorm2d(4, track_running_stats=False),
        )
    )


def test_each_layer_is_told(model):
    conversion = conversion_report(model, "afn", skip="4")
    told = [(it.path, it.was, it.became) for it in conversion.layers]
    assert told == [
        ("1", "BatchNorm2d", "AFN2d"),
        ("3", "WithReLU", None),
        ("4", "BatchNorm2d", None),
    ]
    converted, own, skipped = conversion.layers
    assert (converted.parameters_before, converted.parameters_after) == (8, 67)
    assert "its own forward" in own.reason
    assert skipped.reason == "is among skip"
    # 4 → 2 → 4 + 4 for standardizing, 4 → 1 → 4 + 4 for rescaling, and the four λ
    assert conversion.new_parameters == (10 + 12 + 12) + (5 + 8 + 8) + 4
    assert conversion.parameters_after - conversion.parameters_before == conversion.new_parameters
    assert conversion.differences == ()


@pytest.mark.parametrize("name", ["afn", "bn", "bin"])
@pytest.mark.parametrize("is_training", [True, False])
def test_nothing_else_has_changed(name, is_training, model, draw):
    model.train(is_training)
    conversion = conversion_report(model, name, draw(4, 3, 8, 8))
    assert [it.mode for it in conversion.differences] == ["train", "eval"][not is_training :]
    for difference in conversion.differences:
        assert difference.dtype == "float64"
        assert difference.relative < 1e-13


def test_a_change_is_seen_at_its_size(draw):
    conversion = conversion_report(Spoilt().eval(), "bn", x := draw(4, 3, 8, 8))
    (difference,) = conversion.differences
    assert difference.absolute == pytest.approx(0.5)
    largest = Spoilt().eval()(x).abs().max().item()
    assert difference.relative == pytest.approx(0.5 / largest)


def test_another_norm_is_another_function(draw):
    model = nn.Sequential(nn.BatchNorm2d(3)).eval()
    x = draw(4, 3, 8, 8)
    conversion = conversion_report(model, "gn", x)
    expected = (conversion.model.double()(x.double()) - model.double()(x.double())).abs().max()
    assert conversion.differences[0].absolute == pytest.approx(expected.item())
    assert "; gn is another function" in str(conversion)


def test_the_original_and_the_random_numbers_are_left_alone(model, draw):
    model[0].eval()
    before = copy.deepcopy(model.state_dict())
    modes = [module.training for module in model.modules()]
    state = torch.get_rng_state(), random.getstate()
    conversion = conversion_report(model, "afn", x := draw(4, 3, 8, 8), stat_dropout=0.5)
    assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert_close(conversion.model[1].running_mean, before["1.running_mean"], rtol=0, atol=0)
    assert [module.training for module in model.modules()] == modes
    assert conversion.model.training
    assert torch.equal(torch.get_rng_state(), state[0])
    assert type(model[1]) is nn.BatchNorm2d
    assert max(it.relative for it in conversion.differences) < 1e-13
    assert conversion.model[1].stat_dropout == 0.5
    assert conversion.model[1].lambdas()["mu"] > 0
    assert conversion.model[1].eval_stats == "batch"
    assert x.dtype == torch.float32


def test_the_copy_is_what_convert_norm_makes(model):
    conversion = conversion_report(model, "afn", lambda_init=LambdaInit.OPEN)
    with pytest.warns(UserWarning, match="WithReLU"):
        convert_norm(model, "afn", lambda_init=LambdaInit.OPEN)
    assert_close(conversion.model.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_layers_kept_by_request_keep_their_lambda(draw):
    model = nn.Sequential(AFN2d(3, lambda_init=LambdaInit.OPEN), nn.BatchNorm2d(3))
    conversion = conversion_report(model, "afn", draw(4, 3, 8, 8), skip="0")
    assert max(it.relative for it in conversion.differences) < 1e-13


class Pairs(nn.Module):
    """Takes and gives more than one tensor, in containers, and one of another type."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
        self.unused = nn.BatchNorm2d(3)

    def forward(self, x, *, scale=1.0):
        x.add_(1)
        return {"first": [self.bn(x) * scale], "count": len(x)}, (x.argmax(),)


@pytest.mark.parametrize("wrap", [lambda x: (x,), lambda x: {"x": x, "scale": 3.0}, lambda x: x])
def test_inputs_and_outputs_of_any_form(wrap, draw):
    x = draw(4, 3, 8, 8)
    before = x.clone()
    conversion = conversion_report(Pairs(), "afn", wrap(x))
    assert max(it.relative for it in conversion.differences) < 1e-13
    assert torch.equal(x, before)
    called = {layer.path: layer.is_called for layer in conversion.layers}
    assert called == {"bn": True, "unused": False}
    assert "no part in this batch" in str(conversion)
    assert ": unused" in str(conversion)


def test_other_shapes_are_infinitely_far_apart(draw):
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn = nn.BatchNorm2d(3)

        def forward(self, x):
            return self.bn(x)[: 1 + (type(self.bn) is nn.BatchNorm2d)]

    conversion = conversion_report(Counting().eval(), "bn", draw(4, 3, 8, 8))
    assert conversion.differences[0].absolute == float("inf")


def test_what_gives_nothing_proves_nothing(draw):
    class Silent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn = nn.BatchNorm2d(3)

        def forward(self, x):
            return [self.bn(x)[:0]]

    conversion = conversion_report(Silent().eval(), "bn", draw(4, 3, 8, 8))
    assert conversion.differences[0].num_values == 0
    assert "largest difference of the outputs: eval gave nothing to compare" in str(conversion)


def test_a_model_that_cannot_be_precise_is_compared_as_it_is(draw):
    class Single(nn.Sequential):
        def forward(self, x):
            assert x.dtype == torch.float32
            return super().forward(x)

    conversion = conversion_report(Single(nn.BatchNorm2d(3)), "afn", draw(4, 3, 8, 8))
    assert {it.dtype for it in conversion.differences} == {"float32"}
    assert max(it.relative for it in conversion.differences) < 1e-6


def test_a_batch_that_does_not_fit_is_an_error(model, draw):
    with pytest.raises(ValueError, match=r"^the model does not take the batch \(RuntimeError: "):
        conversion_report(model, "afn", draw(4, 5, 8, 8))


def test_it_is_a_table_and_a_record(model, draw):
    conversion = conversion_report(model, "afn", draw(4, 3, 8, 8))
    lines = str(conversion).splitlines()
    assert lines[:3] == [
        "layer  was          becomes  parameters",
        "1      BatchNorm2d  AFN2d    8 → 67",
        "3      WithReLU     kept     8           has its own forward, which might compute "
        "something else",
    ]
    assert "2 of 3 normalization layers become AFN2d" in lines
    assert "parameters of the model: 136 → 254 (+86.8 %)" in lines
    assert "118 of them are new: an optimizer built before lacks them" in lines
    record = json.loads(json.dumps(conversion.record()))
    assert record["parameters_after"] == 254
    assert [layer["became"] for layer in record["layers"]] == ["AFN2d", None, "AFN2d"]
    assert record["differences"][0]["relative"] < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("mobilenet_v3_small", 64),  # eps and momentum of its own
        ("densenet121", 32),
        ("shufflenet_v2_x0_5", 64),
        ("googlenet", 64),
        ("regnet_y_400mf", 64),
        ("mnasnet0_5", 64),
        ("lraspp_mobilenet_v3_large", 64),
    ],
)
@pytest.mark.filterwarnings("ignore:The default weight initialization:FutureWarning")
def test_networks_compute_what_they_did(name, size, draw):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        without = {"weights_backbone": None} if "lraspp" in name else {}
        model = torchvision.models.get_model(name, weights=None, **without)
    batch = draw(4, 3, size, size)
    assert all(it.relative == 0 for it in conversion_report(model, "bn", batch).differences)
    conversion = conversion_report(model, "afn", batch)
    assert all(it.relative < 1e-9 for it in conversion.differences)
    assert all(layer.became == "AFN2d" for layer in conversion.layers)
