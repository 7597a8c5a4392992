"""Digital: what processing and storing lose."""

import torch
from torch import Tensor


def contrast(images: Tensor, factor: float) -> Tensor:
    """Every channel of every image drawn towards its mean."""
    mean = images.mean(dim=(-2, -1), keepdim=True)
    return mean + factor * (images - mean)


def pixelate(images: Tensor, scale: float) -> Tensor:
    """Box-resized to ``scale`` of the sides and back, as with Pillow's BOX filter.

    Deviation: on odd sides Pillow averages a pixel centred on the border of two blocks into the
    one and shows the other in its place; here it belongs to one.
    """
    rows, columns = (_pixelate_matrix(side, scale).to(images) for side in images.shape[-2:])
    return rows @ images @ columns.mT


def _pixelate_matrix(side: int, scale: float) -> Tensor:
    """Both resizings of one axis as a matrix: a pixel becomes the mean of its block."""
    small = int(side * scale)
    # The block that each pixel's centre lies in, in whole numbers.
    blocks = (2 * torch.arange(side) + 1) * small // (2 * side)
    shares_block = (blocks[:, None] == blocks[None, :]).float()
    return shares_block / shares_block.sum(dim=1, keepdim=True)
