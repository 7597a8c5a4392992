"""What is kept is kept as it is: the same parameters, buffers, hooks and attributes."""

import pickle

import pytest
import torch
from torch import nn

from afn.norms import NORMS, AFN2d, BatchNorm2d, convert_norm


@pytest.fixture
def model(scatter):
    return scatter(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))


@pytest.mark.parametrize("name", [name for name in NORMS if name != "none"])
def test_parameters_and_buffers_are_the_same_objects(name, model):
    old = model[1]
    convert_norm(model, name)
    assert model[1].weight is old.weight
    assert model[1].bias is old.bias
    if name not in ("gn", "in", "ln", "frn", "evos0", "dyt", "wsgn"):
        for buffer in ("running_mean", "running_var", "num_batches_tracked"):
            assert getattr(model[1], buffer) is getattr(old, buffer)


def test_an_optimizer_built_before_goes_on_training_scale_and_shift(model, draw):
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    convert_norm(model, "afn")
    before = model[1].weight.clone(), model[1].lambda_mu_logit.clone()
    model(draw(4, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    assert (model[1].weight - before[0]).abs().max() > 0.01
    assert torch.equal(model[1].lambda_mu_logit, before[1])  # new, and so unknown to it


def test_tied_parameters_stay_tied():
    model = nn.Sequential(nn.BatchNorm2d(4), nn.BatchNorm2d(4))
    model[1].weight = model[0].weight
    convert_norm(model, "bn")
    assert model[0].weight is model[1].weight
    assert len(list(model.parameters())) == 3


def test_gradients_and_their_hooks_are_kept(model, draw):
    seen = []
    model[1].weight.register_hook(seen.append)
    model[1].weight.grad = torch.full((4,), 7.0)
    convert_norm(model, "afn")
    assert torch.equal(model[1].weight.grad, torch.full((4,), 7.0))
    model(draw(4, 3, 8, 8)).sum().backward()
    assert len(seen) == 1


def test_hooks_fire_on_the_new_layer_and_their_handles_remove_them(model, draw):
    fired = []
    handles = [
        model[1].register_forward_pre_hook(lambda layer, given: fired.append(("pre", layer))),
        model[1].register_forward_hook(lambda layer, given, made: made + 100),
        model[1].register_forward_hook(
            lambda layer, given, options, made: fired.append(("options", layer)), with_kwargs=True
        ),
        model[1].register_full_backward_hook(lambda layer, i, o: fired.append(("back", layer))),
        model[1].register_state_dict_pre_hook(lambda layer, *_: fired.append(("save", layer))),
        model[1].register_load_state_dict_pre_hook(lambda layer, *_: fired.append(("load", layer))),
    ]
    convert_norm(model, "afn")
    out = model(draw(4, 3, 8, 8))
    assert out.min() > 50
    out.sum().backward()
    model.load_state_dict(model.state_dict())
    kinds = ("pre", "options", "back", "save", "load")
    assert fired == [(kind, model[1]) for kind in kinds]
    for handle in handles:
        handle.remove()
    fired.clear()
    assert model(draw(4, 3, 8, 8)).max() < 50
    model.load_state_dict(model.state_dict())
    assert fired == []


def test_what_was_put_on_a_layer_comes_along(model, draw):
    bn = model[1]
    bn.tag = "stem"
    bn.extra = nn.Parameter(torch.ones(2))
    bn.inner = nn.Linear(2, 2)
    bn.register_buffer("kept", torch.ones(1))
    bn.register_buffer("fleeting", torch.ones(1), persistent=False)
    before = model.state_dict().keys()
    for name in ("afn", "bn", "none"):
        layer = convert_norm(model, name)[1]
        assert layer.tag == "stem"
        assert layer.extra is bn.extra
        assert layer.inner is bn.inner
        assert torch.equal(layer.fleeting, torch.ones(1))
        assert "fleeting" not in layer.state_dict()
        if name != "none":
            assert before <= model.state_dict().keys()


def test_a_subclass_that_only_shows_itself_otherwise_is_converted(draw):
    class Named(nn.BatchNorm2d):
        kind = "named"

        def __init__(self, num: int, tag: str) -> None:
            super().__init__(num)
            self.tag = tag

        def extra_repr(self) -> str:
            return self.tag

    x = draw(3, 4, 6, 5)
    bn = Named(4, "stem")
    expected = bn(x)
    layer = convert_norm(nn.Sequential(bn), "bn")[0]
    assert type(layer) is BatchNorm2d
    assert layer.tag == "stem"
    torch.testing.assert_close(layer(x), expected)


class Stages(nn.Module):
    """Goes through its layers by other references than the registered ones."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.BatchNorm2d(3) for _ in range(3))
        self.listed = [self.first, nn.ReLU()]
        self.by_name = {"second": (self.second, 1)}
        self.__dict__["alias"] = self.third

    def forward(self, x):
        return self.alias(self.by_name["second"][0](self.listed[0](x)))


def test_plain_references_follow(draw):
    model = Stages()
    convert_norm(model, "afn")
    assert model.listed[0] is model.first
    assert model.by_name["second"] == (model.second, 1)
    assert model.alias is model.third
    model(draw(4, 3, 8, 8)).sum().backward()
    assert all(isinstance(layer, AFN2d) for layer in model.children())
    assert model.first.lambda_mu_logit.grad is not None


def test_modes_of_layers_are_kept_one_by_one():
    model = nn.Sequential(nn.BatchNorm2d(3).eval(), nn.BatchNorm2d(3))
    convert_norm(model, "afn")
    assert [layer.training for layer in model] == [False, True]
    assert model.training


def test_a_converted_model_can_be_pickled(model, draw):
    convert_norm(model, "afn").eval()
    x = draw(4, 3, 8, 8)
    torch.testing.assert_close(pickle.loads(pickle.dumps(model))(x), model(x))


def test_a_model_without_memory_is_converted():
    with torch.device("meta"):
        model = nn.Sequential(nn.BatchNorm2d(4))
    convert_norm(model, "afn")
    assert {tensor.device.type for tensor in model.state_dict().values()} == {"meta"}


def test_networks_take_the_dtype_of_the_layer():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(torch.bfloat16)
    convert_norm(model, "afn")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
