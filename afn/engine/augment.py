"""Augmentation of training images."""

import torch
from torch import Tensor

from afn.corruptions import corrupt

EXTRA = ("speckle_noise", "gaussian_blur", "spatter", "saturate")
"""The corruptions that CIFAR-10-C keeps apart, so that whoever trains with them can be tested on
its fifteen. Grey images take no saturation."""
_SEVERITIES = 5
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


def half_corrupted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image with probability ½ under one of `EXTRA`, at a severity of 1 to 5.

    Args:
        images: (N, C, H, W), float in [0, 1]; colour or grey.
        generator: Draws two numbers an image, then one for each random corruption of an image.

    Source: arXiv 1903.12261, section 4.1, for the choice of corruptions.
    """
    names = EXTRA if images.shape[1] == 3 else EXTRA[:3]
    is_corrupted = torch.randint(2, (len(images),), generator=generator).bool()
    choices = torch.randint(len(names) * _SEVERITIES, (len(images),), generator=generator)
    corrupted = images.clone()
    for choice in choices[is_corrupted].unique().tolist():
        name, severity = names[choice // _SEVERITIES], choice % _SEVERITIES + 1
        chosen = is_corrupted & (choices == choice)
        corrupted[chosen] = corrupt(images[chosen], name, severity, generator)
    return corrupted
