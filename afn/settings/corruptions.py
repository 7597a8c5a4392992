"""The corruptions, a row each: whoever adds one writes its function and its row. Needs no torch.

Source: Hendrycks & Dietterich 2019, the generators of CIFAR-10-C and of ImageNet-C.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RULE = 2
"""The rule by which images are corrupted here, told with all that is kept of them.

It is raised whenever an image would come out otherwise. Under rule 1, noise was drawn for whole
batches, so that an image's depended on how many there were.
"""
MIN_SIDE = 8
"""Smaller images cannot be corrupted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CorruptionRow:
    """What is known of a corruption without its function.

    Its constants are for severities 1 to 5 and images in [0, 1]. Where no unit is named, lengths
    are in pixels: right at the size that they are made for. Those of Tiny-ImageNet-C, for 64×64,
    are not among them.

    Raises:
        ValueError: Not five severities.

    Example:
        >>> from afn.settings.corruptions import CORRUPTION_ROWS
        >>> CORRUPTION_ROWS["fog"].kind, CORRUPTION_ROWS["fog"].imagenet_c[0]
        ('weather', (1.5, 2.0))
    """

    name: str
    """Also of its function."""
    kind: str
    """What it does; also the module of ``afn.corruptions`` that its function is in."""
    cifar10_c: tuple[Any, ...]
    """CIFAR-10-C's constants, made for images of 32×32: one or a tuple of them a severity."""
    imagenet_c: tuple[Any, ...]
    """ImageNet-C's, made for 224×224."""
    is_live: bool = False
    """Whether a run tests it unless told otherwise."""
    needs_color: bool = False
    """Whether it leaves grey images as they are."""
    needs_sides_above: Mapping[int, int] = field(default_factory=dict)
    """Images without a longer side leaves a severity as they are."""

    def __post_init__(self) -> None:
        if {len(self.cifar10_c), len(self.imagenet_c)} != {5}:
            raise ValueError(
                f"{self.name} has constants of five severities, got {len(self.cifar10_c)} of "
                f"CIFAR-10-C's and {len(self.imagenet_c)} of ImageNet-C's"
            )

    def why_unchanged(self, severity: int, image_shape: tuple[int, int, int]) -> str:
        """Why it leaves all images of a shape (H, W, C) as they are; empty if it does not."""
        height, width, channels = image_shape
        if self.needs_color and channels == 1:
            return f"{self.name} needs colour"
        side = self.needs_sides_above.get(severity, 0)
        if max(height, width) <= side:
            return f"{self.name} {severity} needs sides above {side}"
        return ""


_ROWS = (
    # Standard deviation.
    CorruptionRow(
        name="gaussian_noise",
        kind="noise",
        is_live=True,
        cifar10_c=(0.04, 0.06, 0.08, 0.09, 0.10),
        imagenet_c=(0.08, 0.12, 0.18, 0.26, 0.38),
    ),
    # Photons of a white value.
    CorruptionRow(
        name="shot_noise",
        kind="noise",
        cifar10_c=(500, 250, 100, 75, 50),
        imagenet_c=(60, 25, 12, 5, 3),
    ),
    # Share of the values.
    CorruptionRow(
        name="impulse_noise",
        kind="noise",
        is_live=True,
        cifar10_c=(0.01, 0.02, 0.03, 0.05, 0.07),
        imagenet_c=(0.03, 0.06, 0.09, 0.17, 0.27),
    ),
    # Standard deviation on a white value.
    CorruptionRow(
        name="speckle_noise",
        kind="noise",
        cifar10_c=(0.06, 0.1, 0.12, 0.16, 0.2),
        imagenet_c=(0.15, 0.2, 0.35, 0.45, 0.6),
    ),
    # Standard deviation in pixels.
    CorruptionRow(
        name="gaussian_blur",
        kind="blur",
        is_live=True,
        cifar10_c=(0.4, 0.6, 0.7, 0.8, 1.0),
        imagenet_c=(1.0, 2.0, 3.0, 4.0, 6.0),
    ),
    # Radius of the disk, standard deviation of its border's blur.
    CorruptionRow(
        name="defocus_blur",
        kind="blur",
        cifar10_c=((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1)),
        imagenet_c=((3.0, 0.1), (4.0, 0.5), (6.0, 0.5), (8.0, 0.5), (10.0, 0.5)),
    ),
    # Standard deviation of the blur, largest shift, rounds of shifting.
    CorruptionRow(
        name="glass_blur",
        kind="blur",
        cifar10_c=((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
        imagenet_c=((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
    ),
    # Radius and standard deviation along the movement.
    CorruptionRow(
        name="motion_blur",
        kind="blur",
        cifar10_c=((6, 1.0), (6, 1.5), (6, 2.0), (8, 2.0), (9, 2.5)),
        imagenet_c=((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0)),
    ),
    # Number of zooms, from 1 on, and by how many hundredths each is above the one before.
    CorruptionRow(
        name="zoom_blur",
        kind="blur",
        needs_sides_above={1: 8},
        cifar10_c=((7, 1), (12, 1), (16, 1), (21, 1), (26, 1)),
        imagenet_c=((12, 1), (16, 1), (11, 2), (13, 2), (11, 3)),
    ),
    # Flakes' mean, deviation, zoom and threshold; radius and deviation of their fall; weight of
    # the image that is not whitened.
    CorruptionRow(
        name="snow",
        kind="weather",
        cifar10_c=(
            (0.1, 0.2, 1.0, 0.6, 8, 3.0, 0.95),
            (0.1, 0.2, 1.0, 0.5, 10, 4.0, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4.0, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6.0, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12.0, 0.8),
        ),
        imagenet_c=(
            (0.1, 0.3, 3.0, 0.5, 10, 4.0, 0.8),
            (0.2, 0.3, 2.0, 0.5, 12, 4.0, 0.7),
            (0.55, 0.3, 4.0, 0.9, 12, 8.0, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8.0, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12.0, 0.55),
        ),
    ),
    # Weights of image and frost.
    CorruptionRow(
        name="frost",
        kind="weather",
        cifar10_c=((1.0, 0.2), (1.0, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),
        imagenet_c=((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
    ),
    # Amount, decay of the fractal.
    CorruptionRow(
        name="fog",
        kind="weather",
        cifar10_c=((0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75)),
        imagenet_c=((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4)),
    ),
    # Added to V of HSV.
    CorruptionRow(
        name="brightness",
        kind="weather",
        is_live=True,
        cifar10_c=(0.05, 0.1, 0.15, 0.2, 0.3),
        imagenet_c=(0.1, 0.2, 0.3, 0.4, 0.5),
    ),
    # Liquid's mean, deviation, blur and threshold; strength of water, blur of mud's border; mud?
    CorruptionRow(
        name="spatter",
        kind="weather",
        cifar10_c=(
            (0.62, 0.1, 0.7, 0.7, 0.5, False),
            (0.65, 0.1, 0.8, 0.7, 0.5, False),
            (0.65, 0.3, 1.0, 0.69, 0.5, False),
            (0.65, 0.1, 0.7, 0.69, 0.6, True),
            (0.65, 0.1, 0.5, 0.68, 0.6, True),
        ),
        imagenet_c=(
            (0.65, 0.3, 4.0, 0.69, 0.6, False),
            (0.65, 0.3, 3.0, 0.68, 0.6, False),
            (0.65, 0.3, 2.0, 0.68, 0.5, False),
            (0.65, 0.3, 1.0, 0.65, 1.5, True),
            (0.67, 0.4, 1.0, 0.65, 1.5, True),
        ),
    ),
    # Factor on the distance from the mean.
    CorruptionRow(
        name="contrast",
        kind="digital",
        is_live=True,
        cifar10_c=(0.75, 0.5, 0.4, 0.3, 0.15),
        imagenet_c=(0.4, 0.3, 0.2, 0.1, 0.05),
    ),
    # Factor and shift of S of HSV.
    CorruptionRow(
        name="saturate",
        kind="digital",
        needs_color=True,
        cifar10_c=((0.3, 0.0), (0.1, 0.0), (1.5, 0.0), (2.0, 0.1), (2.5, 0.2)),
        imagenet_c=((0.3, 0.0), (0.1, 0.0), (2.0, 0.0), (5.0, 0.1), (20.0, 0.2)),
    ),
    # Quality.
    CorruptionRow(
        name="jpeg_compression",
        kind="digital",
        cifar10_c=(80, 65, 58, 50, 40),
        imagenet_c=(25, 18, 15, 10, 7),
    ),
    # Side of the small image, in units of the side.
    CorruptionRow(
        name="pixelate",
        kind="digital",
        is_live=True,
        cifar10_c=(0.95, 0.9, 0.85, 0.75, 0.65),
        imagenet_c=(0.6, 0.5, 0.4, 0.3, 0.25),
    ),
    # Displacement, its smoothing and the affine map's displacement, in units of the shorter side.
    CorruptionRow(
        name="elastic_transform",
        kind="digital",
        cifar10_c=(
            (0.0, 0.0, 0.08),
            (0.05, 0.2, 0.07),
            (0.08, 0.06, 0.06),
            (0.1, 0.04, 0.05),
            (0.1, 0.03, 0.03),
        ),
        # The generator counts in sides of 244 pixels, on images of 224.
        imagenet_c=tuple(
            tuple(244 / 224 * part for part in parts)
            for parts in (
                (2.0, 0.7, 0.1),
                (2.0, 0.08, 0.2),
                (0.05, 0.01, 0.02),
                (0.07, 0.01, 0.02),
                (0.12, 0.01, 0.02),
            )
        ),
    ),
)
"""In the order in which they are offered and told."""
CORRUPTION_ROWS = {row.name: row for row in _ROWS}
CORRUPTION_NAMES = tuple(CORRUPTION_ROWS)
LIVE_CORRUPTIONS = tuple(row.name for row in _ROWS if row.is_live)
"""What a run tests unless told otherwise: of every kind, and quick enough for live training."""
KINDS = {
    kind: tuple(row.name for row in _ROWS if row.kind == kind)
    for kind in dict.fromkeys(row.kind for row in _ROWS)
}
"""All corruptions by what they do."""
