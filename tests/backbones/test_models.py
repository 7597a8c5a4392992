import pytest
import torch
from torch.testing import assert_close

from afn.backbones import BACKBONES, ConvNet, Normalize, ResNet, build_model, initialize
from afn.norms import NORMS, BatchNorm2d, NoNorm2d, make_norm, norm_layers

GRAY = {"in_channels": 1, "num_classes": 10, "image_size": (28, 28), "mean": [0.13], "std": [0.31]}


def build(backbone="convnet", norm="afn", **options):
    return build_model(backbone, norm, **{**GRAY, **options})


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("channels", "size"), [(1, (8, 8)), (3, (9, 13))])
def test_every_backbone_learns_with_every_norm(backbone, norm, channels, size):
    model = build(
        backbone, norm, in_channels=channels, image_size=size, num_classes=4,
        mean=[0.5] * channels, std=[0.2] * channels,
    )  # fmt: skip
    initialize(model, 0)
    images = torch.rand(2, channels, *size, generator=torch.Generator().manual_seed(0))
    logits = model(images)
    assert logits.shape == (2, 4)
    logits.square().sum().backward()
    gradients = [p.grad for p in model.parameters()]
    assert all(grad is not None and grad.isfinite().all() for grad in gradients)


def test_parts_are_named():
    model = build()
    assert [name for name, _ in model.named_children()] == ["normalize", "backbone"]


def test_convnet_is_the_published_network():
    model = build(norm="bn").backbone
    assert isinstance(model, ConvNet)
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters() if "norm" not in name}
    assert shapes == {
        "blocks.0.conv.weight": (16, 1, 3, 3),
        "blocks.0.conv.bias": (16,),
        "blocks.1.conv.weight": (32, 16, 3, 3),
        "blocks.1.conv.bias": (32,),
        "head.hidden.weight": (128, 32 * 7 * 7),
        "head.hidden.bias": (128,),
        "head.classifier.weight": (10, 128),
        "head.classifier.bias": (10,),
    }


@pytest.mark.parametrize(("backbone", "num_layers"), [("resnet8", 7), ("resnet20", 19)])
def test_resnets_have_a_norm_after_each_convolution(backbone, num_layers):
    model = build(backbone, "bn").backbone
    assert isinstance(model, ResNet)
    assert len(norm_layers(model)) == num_layers
    assert sum(isinstance(m, torch.nn.Conv2d) for m in model.modules()) == num_layers


def test_resnet20_has_the_published_size():
    """0.27 million parameters, He et al. table 6."""
    model = build("resnet20", "bn", in_channels=3, mean=[0.5] * 3, std=[0.2] * 3)
    assert sum(p.numel() for p in model.parameters()) == 269_722


def test_the_shortcut_has_no_parameters_and_pads_with_zeros():
    model = ResNet(1, 2, (8, 8), make_norm("none"), num_blocks=1)
    block = model.stages[1][0]
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.rand(2, 16, 8, 8)
    assert_close(block(x), torch.cat([x[:, :, ::2, ::2], torch.zeros(2, 16, 4, 4)], dim=1))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_norms_sit_at_the_same_places_in_every_contender(backbone):
    places = {norm: list(norm_layers(build(backbone, norm))) for norm in NORMS}
    assert len({tuple(names) for names in places.values()}) == 1


@pytest.mark.parametrize("backbone", BACKBONES)
def test_norm_layers_are_listed_in_the_order_of_the_forward_pass(backbone):
    model, called = build(backbone), []
    for name, layer in norm_layers(model).items():
        layer.register_forward_hook(lambda *_, name=name: called.append(name))
    model(torch.zeros(2, 1, 28, 28))
    assert called == list(norm_layers(model))


def test_the_input_is_normalized_inside():
    model = build("resnet8", "none")
    assert_close(model.normalize(torch.full((1, 1, 2, 2), 0.44)), torch.ones(1, 1, 2, 2))
    assert {"normalize.mean", "normalize.std"} <= model.state_dict().keys()


def test_options_reach_backbone_and_norm():
    model = build(
        "convnet", "bn", widths=(4, 8, 12), hidden=5, norm_options={"eval_stats": "batch"}
    )
    layers = list(norm_layers(model).values())
    assert [layer.num_features for layer in layers] == [4, 8, 12]
    assert all(isinstance(layer, BatchNorm2d) and layer.eval_stats == "batch" for layer in layers)
    assert model.backbone.head.hidden.out_features == 5


def test_building_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    initialize(build("resnet8"), 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_channels_last_passes_through():
    model = build("resnet8", "none").to(memory_format=torch.channels_last)
    x = torch.rand(2, 1, 28, 28)
    features = model.backbone.stages(model.backbone.conv(x))
    assert features.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "vgg"}, "convnet, resnet8, .*, got 'vgg'"),
        ({"norm": "batch"}, "norm must be one of"),
        ({"num_classes": 0}, "at least 1"),
        ({"in_channels": 0, "mean": [], "std": []}, "at least 1"),
        ({"image_size": (0, 28)}, "at least 1"),
        ({"mean": [0.1, 0.2]}, "a mean for each of 1 channels"),
        ({"std": [0.0]}, "one std above 0|std above 0"),
        ({"std": [0.1, 0.2]}, "one mean and one std"),
        ({"widths": ()}, "1 to 4 numbers from 1 to 512"),
        ({"widths": (8,) * 5}, "1 to 4 numbers from 1 to 512"),
        ({"widths": (0,)}, "1 to 4 numbers from 1 to 512"),
        ({"widths": (513,)}, "1 to 4 numbers from 1 to 512"),
        ({"hidden": 0}, "hidden must be at least 1"),
        ({"image_size": (3, 28)}, "at least 4 pixels a side, got 3×28: use fewer widths"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_unknown_options():
    with pytest.raises(TypeError, match="depth"):
        build(depth=3)
    with pytest.raises(TypeError, match="colour"):
        build(norm_options={"colour": "red"})


def test_a_resnet_needs_a_block():
    with pytest.raises(ValueError, match="num_blocks must be at least 1"):
        ResNet(1, 10, (8, 8), NoNorm2d, num_blocks=0)


def test_normalize_needs_a_deviation_for_each_mean():
    with pytest.raises(ValueError, match="one mean and one std"):
        Normalize([0.5], [])
