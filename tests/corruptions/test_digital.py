import colorsys
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from afn.corruptions import corrupt
from afn.corruptions.digital import elastic_transform
from afn.corruptions.severities import CONSTANTS, constants_for, constants_of


def test_contrast_keeps_each_channels_mean_and_scales_the_rest() -> None:
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    actual = corrupt(images, "contrast", 2)

    assert_close(actual.mean(dim=(2, 3)), images.mean(dim=(2, 3)))
    assert_close(actual.std(dim=(2, 3)), 0.5 * images.std(dim=(2, 3)))


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("side", [8, 28, 32, 64, 224])
def test_pixelate_is_pillows_box_filter(severity: int, side: int) -> None:
    images = torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(0))
    small = int(side * constants_of("pixelate", severity, constants_for(side, side))[0])

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


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_saturate_scales_and_shifts_the_saturation_of_hsv(severity: int) -> None:
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    images[..., 0, 0], images[..., 0, 1], images[..., 0, 2] = 0.0, 0.5, 1.0
    factor, shift = CONSTANTS["cifar10-c"]["saturate"][severity - 1]

    actual = corrupt(images, "saturate", severity)

    for row in range(8):
        for column in range(8):
            hue, saturation, value = colorsys.rgb_to_hsv(*images[0, :, row, column].tolist())
            expected = colorsys.hsv_to_rgb(hue, min(factor * saturation + shift, 1.0), value)
            assert_close(actual[0, :, row, column], torch.tensor(expected))


def test_saturate_leaves_grey_images() -> None:
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))

    assert torch.equal(corrupt(images, "saturate", 5), images)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_compression_is_what_a_file_would_show(mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 9, len(mode)), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels.squeeze(), mode).save(file, "JPEG", quality=40)
    expected = np.array(Image.open(file)).reshape(pixels.shape)

    actual = corrupt(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255, "jpeg_compression", 5)

    assert_close(actual[0].permute(1, 2, 0) * 255, torch.from_numpy(expected).float())


def test_elastic_transform_of_nothing_is_nothing() -> None:
    images = torch.rand(2, 3, 12, 17, generator=torch.Generator().manual_seed(0))

    actual = elastic_transform(images, 0.0, 0.0, 0.0, generator=torch.Generator().manual_seed(0))

    assert_close(actual, images, atol=1e-5, rtol=0.0)  # positions in float32


def test_elastic_transform_first_maps_affinely() -> None:
    ramp = torch.arange(64.0).expand(64, 64) / 64
    images = torch.stack([ramp, ramp.mT])[:, None]

    actual = corrupt(images, "elastic_transform", 1, torch.Generator().manual_seed(0))

    inner = actual[:, 0, 16:-16, 16:-16]  # away from the mirrored border
    for axis in (1, 2):
        slopes = inner.diff(dim=axis)
        assert_close(slopes, slopes[:, :1, :1].expand_as(slopes), atol=1e-5, rtol=0.0)
    assert not torch.allclose(actual, images, atol=0.01)


def test_elastic_transform_displaces_smoothly() -> None:
    ramp = torch.arange(64.0).expand(1, 1, 64, 64) / 64
    options = {"sigma": 0.04, "affinity": 0.0, "generator": torch.Generator().manual_seed(0)}

    shifts = 64 * (elastic_transform(ramp, 0.1, **options) - ramp)[..., 8:-8, 8:-8]

    # Uniform noise of deviation 3^-0.5, smoothed by a density of 2.56 pixels, times 6.4 pixels.
    expected = 6.4 * 3**-0.5 / (2 * np.pi**0.5 * 2.56)
    assert shifts.std().item() == pytest.approx(expected, rel=0.25)
    assert shifts.diff(dim=-1).abs().max() < expected
