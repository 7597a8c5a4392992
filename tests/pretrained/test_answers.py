import torch

from afn import load_pretrained
from afn.norms import AdaptiveNorm2d
from afn.pretrained.answers import _set
from afn.pretrained.plan import Mode


def test_without_networks_every_lambda_is_zero_for_as_long_as_it_is_asked(made):
    model = load_pretrained("tiny-afn", made.folder)
    layers = [layer for layer in model.modules() if isinstance(layer, AdaptiveNorm2d)]
    images = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    config = made.card.config
    with torch.inference_mode():
        before = model(images)
        with _set(model, Mode(config=config, networks=False)):
            assert [set(layer.lambdas().values()) for layer in layers] == [{0.0}, {0.0}]
            assert not torch.equal(model(images), before)
        with _set(model, Mode(config=config)):
            assert torch.equal(model(images), before)
