"""Augmentation of training images."""

import torch
from torch import Tensor

PADDING = 4
"""Pixels of black around an image before it is cropped to its size again."""


def crop_flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image shifted by up to four pixels either way, and mirrored or not.

    Args:
        images: (N, H, W, C), any dtype; what is shifted in is zero.
        generator: Draws three numbers an image, whatever its size.

    Source: arXiv 1512.03385, section 4.2.
    """
    count, height, width, _ = images.shape
    padded = torch.nn.functional.pad(images, (0, 0, PADDING, PADDING, PADDING, PADDING))
    shifts = torch.randint(2 * PADDING + 1, (2, count), generator=generator)
    is_mirrored = torch.randint(2, (count,), generator=generator).bool()
    rows = shifts[0][:, None] + torch.arange(height)  # (N, H)
    columns = shifts[1][:, None] + torch.arange(width)  # (N, W)
    columns = torch.where(is_mirrored[:, None], columns.flip(1), columns)
    every = torch.arange(count)[:, None, None]
    return padded[every, rows[:, :, None], columns[:, None, :]]
