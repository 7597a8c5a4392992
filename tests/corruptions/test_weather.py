import colorsys

import torch
from torch.testing import assert_close

from afn.corruptions import corrupt


def test_brightness_adds_to_the_value_of_hsv() -> None:
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    images[..., 0, 0] = 0.0  # black has neither hue nor saturation
    images[..., 0, 1] = 1.0

    actual = corrupt(images, "brightness", 3)

    for row in range(8):
        for column in range(8):
            hue, saturation, value = colorsys.rgb_to_hsv(*images[0, :, row, column].tolist())
            expected = colorsys.hsv_to_rgb(hue, saturation, min(value + 0.15, 1.0))
            assert_close(actual[0, :, row, column], torch.tensor(expected))


def test_brightness_adds_to_grey_images() -> None:
    images = torch.linspace(0, 1, 64).reshape(1, 1, 8, 8)

    assert_close(corrupt(images, "brightness", 5), (images + 0.3).clamp(max=1.0))
