"""Clouds: heights that look alike at every scale."""

from collections.abc import Sequence

import torch
from torch import Tensor

from afn.corruptions.draws import Draws


def plasma(size: Sequence[int], decay: float, draws: Draws, like: Tensor) -> Tensor:
    """Heights from 0 to 1 by the diamond-square algorithm on a torus, cut to the size.

    Args:
        size: (H, W).
        decay: The random part's amplitude falls by its square from each scale to the next.
        draws: Source of the random part, for N maps.
        like: Whose type and device the heights have.

    Returns:
        (N, H, W).
    """
    height, width = size
    side = step = 1 << (max(height, width) - 1).bit_length()
    noise = draws.uniform((side, side), like, -1.0, 1.0)
    heights = torch.zeros_like(noise)
    amplitude = 1.0
    while step > 1:
        half = step // 2
        here, between = slice(None, None, step), slice(half, None, step)
        corners = heights[:, here, here]
        lines = corners + corners.roll(-1, 1)
        centres = (lines + lines.roll(-1, 2)) / 4 + amplitude * noise[:, between, between]
        left = lines + centres + centres.roll(1, 2)
        top = corners + corners.roll(-1, 2) + centres + centres.roll(1, 1)
        heights[:, between, between] = centres
        heights[:, between, here] = left / 4 + amplitude * noise[:, between, here]
        heights[:, here, between] = top / 4 + amplitude * noise[:, here, between]
        step, amplitude = half, amplitude / decay**2
    heights -= heights.amin((1, 2), keepdim=True)
    heights /= heights.amax((1, 2), keepdim=True)
    return heights[:, :height, :width]
