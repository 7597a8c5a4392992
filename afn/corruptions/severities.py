"""The constants of every corruption for severities 1 to 5, for 32×32 images in [0, 1].

Free of torch: the names and their order are read here by programs that corrupt nothing.

Source: Hendrycks & Dietterich 2019, the CIFAR-10-C generator.
"""

from typing import Any, SupportsIndex

from afn.numbers import whole

RULE = 2
"""The rule by which images are corrupted here, told with all that is kept of them.

It is raised whenever an image would come out otherwise. Under rule 1, noise was drawn for whole
batches, so that an image's depended on how many there were.
"""
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
    # Number of zooms: 1, 1.01, 1.02, ...
    "zoom_blur": (7, 12, 16, 21, 26),
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
    # Side of the small image.
    "pixelate": (0.95, 0.9, 0.85, 0.75, 0.65),
    # Displacement, its smoothing and the affine map's displacement, in units of the side.
    "elastic_transform": (
        (0.0, 0.0, 0.08),
        (0.05, 0.2, 0.07),
        (0.08, 0.06, 0.06),
        (0.1, 0.04, 0.05),
        (0.1, 0.03, 0.03),
    ),
}

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


def why_unchanged(name: str, severity: int, image_shape: tuple[int, int, int]) -> str:
    """Why a corruption leaves all images of a shape (H, W, C) as they are; empty if it does not."""
    height, width, channels = image_shape
    if name == "saturate" and channels == 1:
        return "saturate needs colour"
    if (name, severity) == ("zoom_blur", 1) and max(height, width) <= 8:
        return "zoom_blur 1 needs sides above 8"
    return ""


def constants_of(name: str, severity: SupportsIndex) -> tuple[Any, ...]:
    """The constants of one corruption at one severity, in the order of its parameters.

    Raises:
        TypeError: The severity is no integer.
        ValueError: There is no such corruption or severity; the line says which there are.
    """
    if name not in SEVERITIES:
        raise ValueError(f"unknown corruption {name!r}; known are {', '.join(SEVERITIES)}")
    number = whole(severity, "severity", "an integer from 1 to 5")
    if not 1 <= number <= len(SEVERITIES[name]):
        raise ValueError(f"severity must be from 1 to {len(SEVERITIES[name])}, got {number}")
    constants = SEVERITIES[name][number - 1]
    return constants if isinstance(constants, tuple) else (constants,)
