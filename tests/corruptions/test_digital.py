import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from afn.corruptions import corrupt
from afn.corruptions.severities import SEVERITIES


def test_contrast_keeps_each_channels_mean_and_scales_the_rest() -> None:
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    actual = corrupt(images, "contrast", 2)

    assert_close(actual.mean(dim=(2, 3)), images.mean(dim=(2, 3)))
    assert_close(actual.std(dim=(2, 3)), 0.5 * images.std(dim=(2, 3)))


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("side", [8, 28, 32, 64])
def test_pixelate_is_pillows_box_filter(severity: int, side: int) -> None:
    images = torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(0))
    small = int(side * SEVERITIES["pixelate"][severity - 1])

    image = Image.fromarray(images[0, 0].numpy())
    for size in (small, side):
        image = image.resize((size, size), Image.Resampling.BOX)

    expected = torch.from_numpy(np.array(image))[None, None]
    assert_close(corrupt(images, "pixelate", severity), expected)


def test_pixelate_makes_blocks_of_their_mean() -> None:
    images = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))

    once = corrupt(images, "pixelate", 5)

    assert len(once[0, 0].unique()) == 13 * 13
    assert_close(corrupt(once, "pixelate", 5), once)
    assert_close(once.mean(), images.mean())
