"""The constants of every corruption for severities 1 to 5, for images in [0, 1].

Free of torch: the names and their order are read here by programs that corrupt nothing.

Source: Hendrycks & Dietterich 2019, the generators of CIFAR-10-C and of ImageNet-C.
"""

from collections.abc import Mapping
from typing import Any, Literal, SupportsIndex

from afn.numbers import whole

RULE = 2
"""The rule by which images are corrupted here, told with all that is kept of them.

It is raised whenever an image would come out otherwise. Under rule 1, noise was drawn for whole
batches, so that an image's depended on how many there were.
"""
MIN_SIDE = 8
"""Smaller images cannot be corrupted."""
ConstantsName = Literal["cifar10-c", "imagenet-c"]
"""Whose constants: made for images of 32×32, or of 224×224."""
IMAGENET_C_SIDE = 96
"""From this shorter side on, images take ImageNet-C's: 96 is nearer to 224 than to 32."""
SEVERITIES: dict[str, tuple[Any, ...]] = {
    # Standard deviation.
    "gaussian_noise": (0.04, 0.06, 0.08, 0.09, 0.10),
    # Photons of a white value.
    "shot_noise": (500, 250, 100, 75, 50),
    # Share of the values.
    "impulse_noise": (0.01, 0.02, 0.03, 0.05, 0.07),
    # Standard deviation on a white value.
    "speckle_noise": (0.06, 0.1, 0.12, 0.16, 0.2),
    # Standard deviation in pixels.
    "gaussian_blur": (0.4, 0.6, 0.7, 0.8, 1.0),
    # Radius of the disk, standard deviation of its border's blur.
    "defocus_blur": ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1)),
    # Standard deviation of the blur, largest shift, rounds of shifting.
    "glass_blur": ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
    # Radius and standard deviation along the movement.
    "motion_blur": ((6, 1.0), (6, 1.5), (6, 2.0), (8, 2.0), (9, 2.5)),
    # Number of zooms, from 1 on, and by how many hundredths each is above the one before.
    "zoom_blur": ((7, 1), (12, 1), (16, 1), (21, 1), (26, 1)),
    # Flakes' mean, deviation, zoom and threshold; radius and deviation of their fall; weight of
    # the image that is not whitened.
    "snow": (
        (0.1, 0.2, 1.0, 0.6, 8, 3.0, 0.95),
        (0.1, 0.2, 1.0, 0.5, 10, 4.0, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4.0, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6.0, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12.0, 0.8),
    ),
    # Weights of image and frost.
    "frost": ((1.0, 0.2), (1.0, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),
    # Amount, decay of the fractal.
    "fog": ((0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75)),
    # Added to V of HSV.
    "brightness": (0.05, 0.1, 0.15, 0.2, 0.3),
    # Liquid's mean, deviation, blur and threshold; strength of water, blur of mud's border; mud?
    "spatter": (
        (0.62, 0.1, 0.7, 0.7, 0.5, False),
        (0.65, 0.1, 0.8, 0.7, 0.5, False),
        (0.65, 0.3, 1.0, 0.69, 0.5, False),
        (0.65, 0.1, 0.7, 0.69, 0.6, True),
        (0.65, 0.1, 0.5, 0.68, 0.6, True),
    ),
    # Factor on the distance from the mean.
    "contrast": (0.75, 0.5, 0.4, 0.3, 0.15),
    # Factor and shift of S of HSV.
    "saturate": ((0.3, 0.0), (0.1, 0.0), (1.5, 0.0), (2.0, 0.1), (2.5, 0.2)),
    # Quality.
    "jpeg_compression": (80, 65, 58, 50, 40),
    # Side of the small image, in units of the side.
    "pixelate": (0.95, 0.9, 0.85, 0.75, 0.65),
    # Displacement, its smoothing and the affine map's displacement, in units of the shorter side.
    "elastic_transform": (
        (0.0, 0.0, 0.08),
        (0.05, 0.2, 0.07),
        (0.08, 0.06, 0.06),
        (0.1, 0.04, 0.05),
        (0.1, 0.03, 0.03),
    ),
}

_IMAGENET_C: dict[str, tuple[Any, ...]] = {
    "gaussian_noise": (0.08, 0.12, 0.18, 0.26, 0.38),
    "shot_noise": (60, 25, 12, 5, 3),
    "impulse_noise": (0.03, 0.06, 0.09, 0.17, 0.27),
    "speckle_noise": (0.15, 0.2, 0.35, 0.45, 0.6),
    "gaussian_blur": (1.0, 2.0, 3.0, 4.0, 6.0),
    "defocus_blur": ((3.0, 0.1), (4.0, 0.5), (6.0, 0.5), (8.0, 0.5), (10.0, 0.5)),
    "glass_blur": ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
    "motion_blur": ((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0)),
    "zoom_blur": ((12, 1), (16, 1), (11, 2), (13, 2), (11, 3)),
    "snow": (
        (0.1, 0.3, 3.0, 0.5, 10, 4.0, 0.8),
        (0.2, 0.3, 2.0, 0.5, 12, 4.0, 0.7),
        (0.55, 0.3, 4.0, 0.9, 12, 8.0, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8.0, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12.0, 0.55),
    ),
    "frost": ((1.0, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
    "fog": ((1.5, 2.0), (2.0, 2.0), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4)),
    "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),
    "spatter": (
        (0.65, 0.3, 4.0, 0.69, 0.6, False),
        (0.65, 0.3, 3.0, 0.68, 0.6, False),
        (0.65, 0.3, 2.0, 0.68, 0.5, False),
        (0.65, 0.3, 1.0, 0.65, 1.5, True),
        (0.67, 0.4, 1.0, 0.65, 1.5, True),
    ),
    "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),
    "saturate": ((0.3, 0.0), (0.1, 0.0), (2.0, 0.0), (5.0, 0.1), (20.0, 0.2)),
    "jpeg_compression": (25, 18, 15, 10, 7),
    "pixelate": (0.6, 0.5, 0.4, 0.3, 0.25),
    # The generator counts in sides of 244 pixels, on images of 224.
    "elastic_transform": tuple(
        tuple(244 / 224 * part for part in parts)
        for parts in (
            (2.0, 0.7, 0.1),
            (2.0, 0.08, 0.2),
            (0.05, 0.01, 0.02),
            (0.07, 0.01, 0.02),
            (0.12, 0.01, 0.02),
        )
    ),
}

CONSTANTS: dict[ConstantsName, dict[str, tuple[Any, ...]]] = {
    "cifar10-c": SEVERITIES,
    "imagenet-c": _IMAGENET_C,
}
"""By whose they are, corruption, and severity less 1.

Where no unit is named, lengths are in pixels: right at the size that they are made for. The
constants of Tiny-ImageNet-C, for 64×64, are not among them.
"""

LIVE_CORRUPTIONS = (
    "gaussian_noise",
    "impulse_noise",
    "gaussian_blur",
    "brightness",
    "contrast",
    "pixelate",
)
"""What a run tests unless told otherwise: of every kind, and quick enough for live training."""


GROUPS = {
    "noise": ("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"),
    "blur": ("gaussian_blur", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur"),
    "weather": ("snow", "frost", "fog", "brightness", "spatter"),
    "digital": ("contrast", "elastic_transform", "pixelate", "jpeg_compression", "saturate"),
}
"""All corruptions by what they do."""


def rule_of(test: Mapping[str, Any]) -> int | None:
    """By which rule the images of a test that was kept were corrupted.

    None where they were not, or not here. What tells no rule is of before there were two.
    """
    rule = None if test["corruption"] in (None, "clean") else test.get("rule", 1)
    return int(rule) if rule else None


def rule_words(rule: int | None) -> str:
    """ "corrupted under rule 1 (today's is 2)"; empty for today's."""
    return "" if rule in (None, RULE) else f"corrupted under rule {rule} (today's is {RULE})"


def why_unchanged(name: str, severity: int, image_shape: tuple[int, int, int]) -> str:
    """Why a corruption leaves all images of a shape (H, W, C) as they are; empty if it does not."""
    height, width, channels = image_shape
    if name == "saturate" and channels == 1:
        return "saturate needs colour"
    if (name, severity) == ("zoom_blur", 1) and max(height, width) <= 8:
        return "zoom_blur 1 needs sides above 8"
    return ""


def constants_for(height: int, width: int) -> ConstantsName:
    """Whose constants images of these sides take, unless told otherwise.

    Example:
        >>> constants_for(32, 32), constants_for(224, 224)
        ('cifar10-c', 'imagenet-c')
    """
    return "imagenet-c" if min(height, width) >= IMAGENET_C_SIDE else "cifar10-c"


def constants_words(constants: ConstantsName) -> str:
    """ "CIFAR-10-C's constants"."""
    return f"{'ImageNet-C' if constants == 'imagenet-c' else 'CIFAR-10-C'}'s constants"


def constants_of(
    name: str, severity: SupportsIndex, constants: ConstantsName = "cifar10-c"
) -> tuple[Any, ...]:
    """The constants of one corruption at one severity, in the order of its parameters.

    Raises:
        TypeError: The severity is no integer.
        ValueError: There is no such corruption, severity or set of constants; the line says which
            there are.
    """
    if constants not in CONSTANTS:
        raise ValueError(
            f"unknown constants {constants!r}; known are {', '.join(CONSTANTS)}, and None: by size"
        )
    known = CONSTANTS[constants]
    if name not in known:
        raise ValueError(f"unknown corruption {name!r}; known are {', '.join(known)}")
    number = whole(severity, "severity", "an integer from 1 to 5")
    if not 1 <= number <= len(known[name]):
        raise ValueError(f"severity must be from 1 to {len(known[name])}, got {number}")
    found = known[name][number - 1]
    return found if isinstance(found, tuple) else (found,)
