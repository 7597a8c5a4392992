import pytest
from torch import nn

from afn.norms import AFN2d, NoNorm2d, convert_norm


@pytest.fixture
def model():
    def block():
        return nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.BatchNorm2d(4))

    shared = nn.BatchNorm2d(4)
    return nn.ModuleDict(
        {"stem": shared, "layer1": block(), "layer10": block(), "head": nn.ModuleList([shared])}
    )


def converted(model):
    return [path for path, layer in model.named_modules() if isinstance(layer, AFN2d)]


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ("stem", ["stem"]),
        ("head.0", ["stem"]),  # it is the same layer
        ("layer1", ["layer1.1", "layer1.2"]),
        (["layer1.1", "stem"], ["stem", "layer1.1"]),
        ("layer*.2", ["layer1.2", "layer10.2"]),
        ("layer1?.*", ["layer10.1", "layer10.2"]),
        (lambda path, layer: path.endswith("1"), ["layer1.1", "layer10.1"]),
        (lambda path, layer: layer.num_features == 4 and path == "stem", ["stem"]),
    ],
)
def test_only_and_skip_are_each_other_s_opposite(selection, chosen, model):
    everything = ["stem", "layer1.1", "layer1.2", "layer10.1", "layer10.2"]
    assert converted(convert_norm(model, "afn", only=selection)) == chosen
    convert_norm(model, "bn", only=selection)
    convert_norm(model, "afn", skip=selection)
    assert converted(model) == [path for path in everything if path not in chosen]


def test_skip_wins_over_only(model):
    convert_norm(model, "afn", only="layer1", skip="layer1.2")
    assert converted(model) == ["layer1.1"]


@pytest.mark.parametrize("what", ["skip", "only"])
def test_a_pattern_that_matches_nothing_is_an_error(what, model):
    with pytest.raises(
        ValueError,
        match=rf"^{what}='layer2' matches no normalization layer; "
        r"there are stem, layer1\.1, layer1\.2 and 2 more$",
    ):
        convert_norm(model, "afn", **{what: ["layer1", "layer2"]})
    assert converted(model) == []


def test_nothing_chosen_is_an_error(model):
    with pytest.raises(ValueError, match=r"nothing to convert .*BatchNorm2d is among skip"):
        convert_norm(model, "afn", skip="*")
    with pytest.raises(ValueError, match=r"nothing to convert .*BatchNorm2d is not among only"):
        convert_norm(model, "afn", only=())


def test_what_is_left_as_asked_needs_no_warning():
    model = nn.Sequential(nn.BatchNorm2d(4), nn.GroupNorm(2, 4))
    convert_norm(model, "none", skip="1")
    assert isinstance(model[0], NoNorm2d)
