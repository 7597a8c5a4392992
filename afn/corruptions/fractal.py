"""Clouds: heights that look alike at every scale."""

import torch
from torch import Tensor

from afn.corruptions.draws import uniform


def plasma(
    shape: tuple[int, int, int], decay: float, generator: torch.Generator, like: Tensor
) -> Tensor:
    """Heights from 0 to 1 by the diamond-square algorithm on a torus, cut to the shape.

    Args:
        shape: (N, H, W).
        decay: The random part's amplitude falls by its square from each scale to the next.
        generator: Source of the random part.
        like: Whose type and device the heights have.
    """
    num_maps, height, width = shape
    step = 1 << (max(height, width) - 1).bit_length()
    heights = like.new_zeros(num_maps, step, step)
    amplitude = 1.0

    def wobbled(sum_of_four: Tensor) -> Tensor:
        noise = uniform(sum_of_four.shape, generator, like, -amplitude, amplitude)
        return sum_of_four / 4 + noise

    while step > 1:
        half = step // 2
        corners = heights[:, ::step, ::step]
        lines = corners + corners.roll(-1, 1)
        centres = wobbled(lines + lines.roll(-1, 2))
        heights[:, half::step, half::step] = centres
        heights[:, half::step, ::step] = wobbled(lines + centres + centres.roll(1, 2))
        heights[:, ::step, half::step] = wobbled(
            corners + corners.roll(-1, 2) + centres + centres.roll(1, 1)
        )
        step, amplitude = half, amplitude / decay**2
    heights -= heights.amin((1, 2), keepdim=True)
    heights /= heights.amax((1, 2), keepdim=True)
    return heights[:, :height, :width]
