from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from afn.norms import Norm


@pytest.fixture(autouse=True)
def _same_weights_every_time() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def draw(generator: torch.Generator) -> Callable[..., Tensor]:
    """Draws images of a shape, off centre and of unequal spread over the channels."""

    def draw(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        x = torch.randn(shape, generator=generator, dtype=torch.float64)
        channels = torch.arange(1.0, shape[1] + 1, dtype=torch.float64)[:, None, None]
        return (x * (0.5 + 1 / channels) + channels / shape[1]).to(dtype)

    return draw


@pytest.fixture
def scatter(generator: torch.Generator) -> Callable[[nn.Module], nn.Module]:
    """Gives every parameter that learns another value, so that no term of an equation hides."""

    @torch.no_grad()
    def scatter(layer: nn.Module) -> nn.Module:
        for parameter in layer.parameters():
            if parameter.requires_grad:
                noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.add_(0.5 * noise)
        return layer

    return scatter


@pytest.fixture
def season(
    draw: Callable[..., Tensor], scatter: Callable[[nn.Module], nn.Module]
) -> Callable[..., nn.Module]:
    """Gives a model's norms parameters of their own, λ wide open, and its data's averages."""

    def season(model: nn.Module, *shape: int) -> nn.Module:
        for layer in model.modules():
            if isinstance(layer, Norm | nn.BatchNorm2d):
                for name, parameter in layer.named_parameters():
                    if name.startswith("lambda_"):
                        nn.init.zeros_(parameter)
                scatter(layer)
        model.train()
        with torch.no_grad():
            for _ in range(3):
                model(draw(*shape))
        return model

    return season
