"""What lies outside an image."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

Border = Literal["replicate", "reflect", "symmetric"]
"""Outside, the border values go on, or the axis is mirrored at the last pixel's centre or edge."""


def bordered(images: Tensor, reach: int, border: Border) -> Tensor:
    """Images with ``reach`` pixels more on every side, which may be more than they have."""
    if border == "replicate" or (border == "reflect" and reach < min(images.shape[2:])):
        return pad(images, [reach] * 4, mode=border)
    for axis in (2, 3):
        side = images.shape[axis]
        last = 2 * side - 1 - (border == "reflect")  # the mirror images' places run back from here
        places = torch.arange(-reach, side + reach, device=images.device)
        places %= last + (border == "symmetric")
        images = images.index_select(axis, torch.minimum(places, last - places))
    return images
