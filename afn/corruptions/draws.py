"""Random numbers of which every image has its own."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

_SEEDS = 2**32  # torch's CPU generator heeds no more of a seed


class Draws:
    """Random numbers for a batch, those of each image from a generator of its own.

    Only the images' seeds are drawn from the given generator, one after the other. So what an
    image gets follows from its place in the generator's stream alone, in however many parts a
    batch comes and whatever is drawn for other images. Numbers are drawn in float32 on the CPU,
    then taken to where they are used: one seed draws the same for every device and precision.
    """

    def __init__(self, num_images: int, generator: torch.Generator) -> None:
        seeds = torch.empty(num_images, dtype=torch.int64, device=generator.device)
        for seed in seeds.unbind():  # one by one: on a GPU, a batch would draw others
            seed.random_(0, _SEEDS, generator=generator)
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds.tolist()]

    def normal(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """Independent standard normal numbers, (N, *shape)."""
        return self._filled(shape, torch.float32, Tensor.normal_).to(like)

    def uniform(
        self, shape: Sequence[int], like: Tensor, low: float = 0.0, high: float = 1.0
    ) -> Tensor:
        """Independent numbers, uniform from ``low`` to ``high``, (N, *shape)."""
        return low + (high - low) * self._filled(shape, torch.float32, Tensor.uniform_).to(like)

    def integers(self, shape: Sequence[int], like: Tensor, low: int, high: int) -> Tensor:
        """Independent int64 from ``low`` to ``high - 1``, (N, *shape)."""
        fill = partial(Tensor.random_, **{"from": low, "to": high})
        return self._filled(shape, torch.int64, fill).to(like.device)

    def bits(self, shape: Sequence[int]) -> Tensor:
        """Independent int32 of 31 random bits, (N, *shape), on the CPU."""
        return self._filled(shape, torch.int32, Tensor.random_)

    def poisson(self, rates: Tensor) -> Tensor:
        """Poisson numbers of these rates, (N, ...) float32."""
        numbers = [
            torch.poisson(rate, generator=generator)
            for rate, generator in zip(rates.cpu().unbind(), self._generators, strict=True)
        ]
        return torch.stack(numbers).to(rates)

    def _filled(
        self, shape: Sequence[int], dtype: torch.dtype, fill: Callable[..., Tensor]
    ) -> Tensor:
        numbers = torch.empty(len(self._generators), *shape, dtype=dtype)
        for each, generator in zip(numbers.unbind(), self._generators, strict=True):
            fill(each, generator=generator)
        return numbers
