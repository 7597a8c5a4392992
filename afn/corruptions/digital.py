"""Digital: what processing and storing lose."""

from functools import partial
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from afn.corruptions.draws import uniform
from afn.corruptions.separable import gaussian_matrix, separable


def contrast(images: Tensor, factor: float) -> Tensor:
    """Every channel of every image drawn towards its mean."""
    mean = images.mean(dim=(-2, -1), keepdim=True)
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
    num_images, _, height, width = images.shape
    side = min(height, width)
    sides = images.new_tensor([width, height])
    columns, rows = torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy")
    places = torch.stack([columns, rows], dim=-1).to(images)  # (H, W, 2), x before y

    square = images.new_tensor([[1, 1], [1, -1], [-1, -1]])
    corners = sides // 2 + side // 3 * square
    moves = side * affinity * uniform((num_images, 3, 2), generator, images, -1.0, 1.0)
    back = torch.linalg.solve(_with_one(corners + moves), corners)  # (N, 3, 2), from new to old
    sources = (_with_one(places).flatten(0, 1) @ back).view(num_images, height, width, 2)
    mapped = grid_sample(
        images, 2 * sources / (sides - 1) - 1, padding_mode="reflection", align_corners=True
    )
    if distance == 0:
        return mapped

    smooth = partial(
        gaussian_matrix, sigma=side * sigma, radius=int(3 * side * sigma + 0.5), mirrors=True
    )
    noise = uniform((num_images, 2, height, width), generator, images, -1.0, 1.0)
    sources = places + side * distance * separable(noise, smooth).permute(0, 2, 3, 1)
    return grid_sample(
        mapped, (2 * sources + 1) / sides - 1, padding_mode="reflection", align_corners=False
    )


def _through_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
        file, "jpeg", quality=quality
    )
    return np.asarray(Image.open(file)).reshape(pixels.shape)


def _with_one(points: Tensor) -> Tensor:
    """Homogeneous coordinates."""
    return pad(points, [0, 1], value=1.0)


def _pixelate_matrix(side: int, scale: float) -> Tensor:
    """Both resizings of one axis as a matrix: a pixel becomes the mean of its block."""
    small = int(side * scale)
    # The block that each pixel's centre lies in, in whole numbers.
    blocks = (2 * torch.arange(side) + 1) * small // (2 * side)
    shares_block = (blocks[:, None] == blocks[None, :]).float()
    return shares_block / shares_block.sum(dim=1, keepdim=True)
