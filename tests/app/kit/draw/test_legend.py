"""What layers are called on screen."""

import pytest

from afn.backbones import BACKBONES
from afn.norms import NORMS, norm_layers
from app.kit.draw.legend import short_layer


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("backbone.blocks.0.norm", "norm 1"),
        ("backbone.norm", "stem norm"),
        ("backbone.stages.0.1.norm2", "stage 1.2 norm 2"),
        ("backbone.blocks.3.expand.norm", "block 4 expand norm"),
        ("layer1.0.bn2", "layer1.0.bn2"),
    ],
)
def test_layers_are_counted_from_one(name, read):
    assert short_layer(name) == read


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_no_two_layers_are_called_alike_and_none_by_its_path(backbone):
    layers = norm_layers(BACKBONES[backbone](3, 10, (32, 32), NORMS["bn"]))
    names = [short_layer(name) for name in layers]
    assert len(set(names)) == len(layers) > 1
    assert not any(".norm" in name or "." in name.split()[0] for name in names)
