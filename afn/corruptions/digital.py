"""Digital: what processing and storing lose."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import embedding_bag, grid_sample

from afn.corruptions.draws import Draws
from afn.corruptions.exact import mean_of_pixels
from afn.corruptions.separable import smoothed


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
        return images.clone()
    value, least = images.amax(dim=1, keepdim=True), images.amin(dim=1, keepdim=True)
    chroma = value - least
    is_grey = chroma == 0
    red = images.new_tensor([0.0, 1.0, 1.0]).view(3, 1, 1)
    below = torch.where(is_grey, red, (value - images) / torch.where(is_grey, 1.0, chroma))
    saturation = chroma / torch.where(value > 0, value, 1.0)
    return value * (1 - below * (factor * saturation + shift).clamp(0.0, 1.0))


def jpeg_compression(images: Tensor, quality: int) -> Tensor:
    """Each image, in whole grey levels, as a JPEG file by Pillow, as in the original."""
    red, *others = (images * 255).round_().cpu().unbind(1)
    if others:  # Pillow stores three bytes in four: as one number, red lowest, none is moved
        stored = red.add(others[0], alpha=256).add_(others[1], alpha=256**2).to(torch.int32)
    else:
        stored = red.to(torch.uint8)
    shown = bytearray(b"".join(_through_jpeg(image, quality) for image in stored.numpy()))
    return torch.frombuffer(shown, dtype=torch.uint8).view(images.shape).to(images).div_(255)


def pixelate(images: Tensor, scale: float) -> Tensor:
    """Box-resized to ``scale`` of the sides and back, as with Pillow's BOX filter.

    Deviation: on odd sides Pillow averages a pixel centred on the border of two blocks into the
    one and shows the other in its place; here it belongs to one.
    """
    rows, columns = (
        _Blocks.of(side, int(side * scale), images.device) for side in images.shape[2:]
    )
    return rows.spread(
        columns.spread(columns.means(rows.means(images).mT.contiguous())).mT.contiguous()
    )


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

    noise = draws.uniform((2, height, width), images, -1.0, 1.0)
    sigma *= side
    noise = smoothed(noise, sigma, radius=int(3 * sigma + 0.5), border="symmetric")
    shifts = side * distance * noise
    sources = torch.stack([columns + shifts[:, 0], rows + shifts[:, 1]], dim=-1)
    return grid_sample(
        mapped, (2 * sources + 1) / sides - 1, padding_mode="reflection", align_corners=False
    )


def _through_jpeg(pixels: np.ndarray, quality: int) -> bytes:
    """Pixels (H, W) of one byte, or of four with a colour in three, to bytes (C, H, W)."""
    height, width = pixels.shape
    mode, channels = ("L", "L") if pixels.dtype == np.uint8 else ("RGBX", "RGB")
    file = BytesIO()
    image = Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)
    image.save(file, "JPEG", quality=quality)
    shown = Image.open(file, formats=("JPEG",))
    return b"".join(shown.tobytes("raw", channel) for channel in channels)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Blocks:
    """Rows of images in blocks of almost one size."""

    ofs: Tensor
    """(H,) the block that each row's centre lies in."""
    starts: Tensor
    sizes: Tensor

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, side: int, num_blocks: int, device: torch.device) -> "_Blocks":
        """Which rows are in which block, in whole numbers."""
        ofs = (2 * torch.arange(side, device=device) + 1) * num_blocks // (2 * side)
        sizes = ofs.bincount()
        return cls(ofs=ofs, starts=sizes.cumsum(0) - sizes, sizes=sizes[:, None])

    def means(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, blocks, W)."""
        num_images, num_channels, height, width = images.shape
        rows = torch.arange(num_images * num_channels * height, device=images.device)
        starts = (rows[::height, None] + self.starts).flatten()
        sums = embedding_bag(rows, images.view(-1, width), starts, mode="sum")
        return sums.view(num_images, num_channels, -1, width) / self.sizes

    def spread(self, blocks: Tensor) -> Tensor:
        """(N, C, blocks, W) to (N, C, H, W)."""
        return blocks.index_select(2, self.ofs)
