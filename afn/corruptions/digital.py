"""Digital: what processing and storing lose."""

from functools import partial
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample

from afn.corruptions.draws import Draws
from afn.corruptions.exact import mean_of_pixels
from afn.corruptions.separable import gaussian_matrix, separable


def contrast(images: Tensor, factor: float) -> Tensor:
    """Every channel of every image drawn towards its mean."""
    mean = mean_of_pixels(images)
    return mean + factor * (images - mean)


def saturate(images: Tensor, factor: float, shift: float) -> Tensor:
    """S of HSV times ``factor`` plus ``shift``, hue and value kept.

    Grey pixels of colour images have the hue 0 and may become red, as in any HSV conversion;
    images of one channel have no saturation and stay as they are.
    """
    if images.shape[1] == 1:
        return images
    value, least = images.amax(dim=1, keepdim=True), images.amin(dim=1, keepdim=True)
    chroma = value - least
    is_grey = chroma == 0
    red = images.new_tensor([0.0, 1.0, 1.0]).view(3, 1, 1)
    below = torch.where(is_grey, red, (value - images) / torch.where(is_grey, 1.0, chroma))
    saturation = chroma / torch.where(value > 0, value, 1.0)
    return value * (1 - below * (factor * saturation + shift).clamp(0.0, 1.0))


def jpeg_compression(images: Tensor, quality: int) -> Tensor:
    """Each image, in whole grey levels, as a JPEG file by Pillow, as in the original."""
    stored = (images * 255).round().to("cpu", torch.uint8).permute(0, 2, 3, 1).numpy()
    shown = np.stack([_through_jpeg(image, quality) for image in stored])
    return torch.from_numpy(shown).permute(0, 3, 1, 2).to(images) / 255


def pixelate(images: Tensor, scale: float) -> Tensor:
    """Box-resized to ``scale`` of the sides and back, as with Pillow's BOX filter.

    Deviation: on odd sides Pillow averages a pixel centred on the border of two blocks into the
    one and shows the other in its place; here it belongs to one.
    """
    return separable(images, partial(_pixelate_matrix, scale=scale))


def elastic_transform(
    images: Tensor, distance: float, sigma: float, affinity: float, *, generator: torch.Generator
) -> Tensor:
    """A random affine map, then every pixel displaced by smooth noise; mirrored outside.

    Three corners of a square around the centre, two thirds as wide as the image, say by their own
    random displacements how the affine map moves the rest. Lengths are in units of the shorter
    side.

    Args:
        images: (N, C, H, W).
        distance: Factor on the noise, which is uniform within ±1 before it is smoothed.
        sigma: Standard deviation of the smoothing, cut at three of them.
        affinity: How far a corner moves at most along each axis.
        generator: Source of the displacements.
    """
    height, width = images.shape[2:]
    side = min(height, width)
    sides = images.new_tensor([width, height])
    columns = torch.arange(width).to(images)
    rows = torch.arange(height).to(images)[:, None]
    draws = Draws(len(images), generator)

    centre, reach = sides // 2, side // 3
    square = images.new_tensor([[1, 1], [1, -1], [-1, -1]])
    moves = side * affinity * draws.uniform((3, 2), images, -1.0, 1.0)
    first, corner, last = (centre + reach * square + moves)[..., None, None].unbind(1)
    down_x, down_y = (first - corner).unbind(1)  # (N, 1, 1) each
    left_x, left_y = (last - corner).unbind(1)
    from_x, from_y = columns - corner[:, 0], rows - corner[:, 1]
    # From new to old places. Written out: how a solver rounds depends on the whole batch.
    scale = 2 * reach / (down_x * left_y - down_y * left_x)
    x = centre[0] + reach - scale * (down_x * from_y - down_y * from_x)
    y = centre[1] - reach + scale * (from_x * left_y - from_y * left_x)
    mapped = grid_sample(
        images,
        2 * torch.stack([x, y], dim=-1) / (sides - 1) - 1,
        padding_mode="reflection",
        align_corners=True,
    )
    if distance == 0:
        return mapped

    smooth = partial(
        gaussian_matrix, sigma=side * sigma, radius=int(3 * side * sigma + 0.5), mirrors=True
    )
    noise = draws.uniform((2, height, width), images, -1.0, 1.0)
    shifts = side * distance * separable(noise, smooth)
    sources = torch.stack([columns + shifts[:, 0], rows + shifts[:, 1]], dim=-1)
    return grid_sample(
        mapped, (2 * sources + 1) / sides - 1, padding_mode="reflection", align_corners=False
    )


def _through_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
        file, "jpeg", quality=quality
    )
    return np.asarray(Image.open(file)).reshape(pixels.shape)


def _pixelate_matrix(side: int, scale: float) -> Tensor:
    """Both resizings of one axis as a matrix: a pixel becomes the mean of its block."""
    small = int(side * scale)
    # The block that each pixel's centre lies in, in whole numbers.
    blocks = (2 * torch.arange(side) + 1) * small // (2 * side)
    shares_block = (blocks[:, None] == blocks[None, :]).float()
    return shares_block / shares_block.sum(dim=1, keepdim=True)
