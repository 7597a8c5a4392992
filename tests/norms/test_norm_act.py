"""timm's layers that normalize and go on are replaced whole."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN2d, BatchNorm2d, NormAct, convert_norm, fold_norms, norm_layers


class BatchNormAct2d(nn.BatchNorm2d):
    """Of the structure that timm's layer has, which is not installed here."""

    __module__ = "timm.layers.norm_act"

    def __init__(self, num_features, act=None, drop=None):
        super().__init__(num_features)
        self.drop = drop or nn.Identity()
        self.act = act or nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class Foreign(BatchNormAct2d):
    """As its parent, of another library."""

    __module__ = "elsewhere"

    def forward(self, x):
        return self.act(self.drop(nn.BatchNorm2d.forward(self, x))) + 1


@pytest.fixture
def block(scatter, draw):
    block = scatter(
        nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), BatchNormAct2d(4, drop=nn.Dropout(0.5)))
    )
    block(draw(4, 3, 8, 8))
    return block


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("name", ["afn", "bn"])
def test_activation_and_dropout_are_kept(name, is_training, block, draw):
    options = {"lambda_init": LambdaInit.OFF, "eval_stats": "running"} if name == "afn" else {}
    converted = convert_norm(copy.deepcopy(block), name, **options).train(is_training)
    block.train(is_training)
    x = draw(4, 3, 8, 8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        expected = block(x)
        torch.manual_seed(0)
        made = converted(x)
    assert expected.min() == 0
    assert_close(made, expected)


def test_paths_that_others_read_are_kept(block):
    old = block[1]
    convert_norm(block, "afn")
    new = block[1]
    assert isinstance(new, NormAct)
    assert isinstance(new.norm, AFN2d)
    assert new.act is old.act
    assert new.drop is old.drop
    assert new.weight is old.weight
    assert new.running_mean is old.running_mean
    assert new.num_features == 4
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        _ = new.missing
    assert list(norm_layers(block)) == ["1.norm"]


def test_the_activation_sees_the_mode_and_the_hooks_the_whole(block, draw):
    block[1].register_forward_hook(lambda layer, given, made: seen.append((layer, made.min())))
    block[1].act.eval()
    seen = []
    convert_norm(block, "afn")(draw(4, 3, 8, 8))
    assert block[1].training
    assert not block[1].act.training
    assert seen == [(block[1], 0.0)]


def test_a_checkpoint_of_the_layer_that_was_there_loads(block, draw):
    checkpoint = {key: value.clone() for key, value in block.state_dict().items()}
    block.eval()
    x = draw(4, 3, 8, 8)
    expected = block(x)
    other = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), BatchNormAct2d(4, drop=nn.Dropout(0.5)))
    convert_norm(other, "bn").eval().load_state_dict(checkpoint)
    assert_close(other(x), expected)
    again = copy.deepcopy(other)
    again.load_state_dict(other.state_dict())
    assert_close(again(x), expected)


def test_it_can_be_converted_again_and_folded(block, draw):
    block.eval()
    x = draw(4, 3, 8, 8)
    expected = block(x)
    convert_norm(convert_norm(block, "afn"), "bn")
    assert isinstance(block[1].norm, BatchNorm2d)
    assert_close(block(x), expected)
    assert_close(fold_norms(block)(x), expected)


def test_alone_it_is_replaced_too(draw):
    layer = convert_norm(BatchNormAct2d(4), "bn")
    assert isinstance(layer, NormAct)
    assert layer(draw(3, 4, 6, 5)).min() == 0


def test_one_that_does_something_else_stays():
    patched = BatchNormAct2d(4)
    patched.forward = lambda x: x
    model = nn.Sequential(nn.BatchNorm2d(4), Foreign(4), patched)
    with pytest.warns(UserWarning, match=r"BatchNormAct2d has .* \(2\); Foreign has .* \(1\)"):
        convert_norm(model, "afn")
    assert model[2] is patched
    assert type(model[1]) is Foreign
