"""The constants of every corruption for severities 1 to 5, for 32×32 images in [0, 1].

Free of torch: the names and their order are read here by programs that corrupt nothing.

Source: Hendrycks & Dietterich 2019, the CIFAR-10-C generator.
"""

from typing import Any

SEVERITIES: dict[str, tuple[Any, ...]] = {
    "gaussian_noise": (0.04, 0.06, 0.08, 0.09, 0.10),  # standard deviation
    "impulse_noise": (0.01, 0.02, 0.03, 0.05, 0.07),  # share of the values
    "gaussian_blur": (0.4, 0.6, 0.7, 0.8, 1.0),  # standard deviation in pixels
    "brightness": (0.05, 0.1, 0.15, 0.2, 0.3),  # added to V of HSV
    "contrast": (0.75, 0.5, 0.4, 0.3, 0.15),  # factor on the distance from the mean
    "pixelate": (0.95, 0.9, 0.85, 0.75, 0.65),  # side of the small image
}
