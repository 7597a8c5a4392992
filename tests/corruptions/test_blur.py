import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from afn.corruptions import corrupt
from afn.corruptions.blur import defocus_blur, glass_blur, smear
from afn.corruptions.draws import Draws
from afn.corruptions.separable import smoothed
from afn.corruptions.severities import CONSTANTS, ConstantsName


@pytest.mark.parametrize("constants", CONSTANTS)
@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("height", [9, 105])
def test_gaussian_blur_is_scipys_with_borders_going_on(
    constants: ConstantsName, severity: int, height: int
) -> None:
    from scipy.ndimage import gaussian_filter

    images = torch.rand(2, 3, height, 98, generator=torch.Generator().manual_seed(0)).double()
    sigma = CONSTANTS[constants]["gaussian_blur"][severity - 1]

    expected = gaussian_filter(images.numpy(), sigma=(0, 0, sigma, sigma), mode="nearest")

    actual = corrupt(images, "gaussian_blur", severity, constants=constants)
    assert_close(
        actual, torch.from_numpy(np.asarray(expected)), atol=1e-6, rtol=0.0
    )  # float32 taps


@pytest.mark.parametrize("sigma", [1.5, 12.0, 30.0])
def test_smoothing_can_mirror_an_image_again_and_again(sigma: float) -> None:
    from scipy.ndimage import gaussian_filter

    images = torch.rand(1, 2, 30, 41, generator=torch.Generator().manual_seed(0)).double()

    expected = gaussian_filter(images.numpy(), (0, 0, sigma, sigma), mode="reflect", truncate=3)

    actual = smoothed(images, sigma, radius=int(3 * sigma + 0.5), border="symmetric")
    assert_close(actual, torch.from_numpy(expected), atol=1e-6, rtol=0.0)  # float32 taps


@pytest.mark.parametrize(
    "name", ["gaussian_blur", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur"]
)
def test_a_constant_image_stays(name: str) -> None:
    images = torch.full((2, 1, 8, 12), 0.25)

    assert_close(corrupt(images, name, 5, torch.Generator().manual_seed(0)), images)


def test_defocus_blur_spreads_a_point_over_a_disk() -> None:
    images = torch.zeros(1, 1, 9, 9)
    images[..., 4, 4] = 1.0

    wide = corrupt(images, "defocus_blur", 5)  # radius 1.5, border as good as sharp
    narrow = corrupt(images, "defocus_blur", 4)[0, 0]  # radius 1, border slightly soft

    assert_close(wide[..., 3:6, 3:6], torch.full((1, 1, 3, 3), 1 / 9))
    assert_close(wide.sum(), torch.tensor(1.0))
    assert_close(narrow[4, 3:6], torch.full((3,), 0.2), atol=1e-5, rtol=0.0)
    assert_close(narrow.sum(), torch.tensor(1.0))


@pytest.mark.parametrize(("radius", "softness"), [(3.0, 0.1), (8.0, 0.5), (10.0, 0.5)])
@pytest.mark.parametrize("side", [11, 40])
def test_defocus_blur_is_a_convolution_with_a_soft_disk_mirrored_outside(
    radius: float, softness: float, side: int
) -> None:
    from scipy.ndimage import convolve

    images = torch.rand(2, 3, side, side + 3, generator=torch.Generator().manual_seed(0)).double()
    offsets = np.arange(-12, 13)
    disk = (offsets[:, None] ** 2 + offsets**2 <= radius**2) / 1.0
    taps = np.exp(-0.5 * (np.arange(-2, 3) / softness) ** 2) * (
        1 if radius > 8 else [0, 1, 1, 1, 0]
    )
    kernel = convolve(disk, np.outer(taps, taps), mode="constant")

    expected = convolve(images.numpy(), (kernel / kernel.sum())[None, None], mode="mirror")

    assert_close(
        defocus_blur(images, radius, softness), torch.from_numpy(expected), atol=1e-6, rtol=0.0
    )  # float32 taps


def test_glass_blur_lets_pixels_take_their_turns_from_the_last_to_the_first() -> None:
    images = torch.rand(2, 1, 17, 20, generator=torch.Generator().manual_seed(0))
    max_shift, rounds = 3, 2
    draws = Draws(2, torch.Generator().manual_seed(5))
    expected = images.clone()
    for _ in range(rounds):
        shifts = draws.integers((2, 17, 20), images, -max_shift, max_shift)
        for image, (down, right) in zip(expected[:, 0], shifts.tolist(), strict=True):
            for y in range(17 - max_shift, max_shift, -1):
                for x in range(20 - max_shift, max_shift, -1):
                    image[y, x] = image[y + down[y][x], x + right[y][x]]

    actual = glass_blur(images, 0.01, max_shift, rounds, generator=torch.Generator().manual_seed(5))

    assert torch.equal(actual, expected)


def test_glass_blur_takes_pixels_from_above_and_left_but_at_borders() -> None:
    images = torch.rand(1, 1, 10, 12, generator=torch.Generator().manual_seed(0))

    moved = corrupt(
        images, "glass_blur", 1, torch.Generator().manual_seed(0)
    )  # no blur to speak of

    candidates = torch.stack(
        [images.roll((down, right), (2, 3)) for down in (0, 1) for right in (0, 1)]
    )
    assert_close((candidates - moved).abs().amin(0), torch.zeros_like(images))
    hit = (moved - images).abs() > 1e-6
    assert not hit[..., :2, :].any()
    assert not hit[..., :2].any()
    assert 0.6 < hit[..., 2:, 2:].float().mean() < 0.9  # three of four move


@pytest.mark.parametrize(
    ("angle", "steps"),
    [(0.0, (0, 1)), (math.pi / 2, (1, 0)), (-math.pi / 2, (-1, 0)), (math.pi / 4, (1, 1))],
)
def test_smear_is_half_a_normal_density_ahead(angle: float, steps: tuple[int, int]) -> None:
    images = torch.zeros(1, 1, 21, 21)
    images[..., 10, 10] = 1.0

    smeared = smear(images, 8, 1.5, torch.tensor([angle]))[0, 0]

    density = torch.exp(-0.5 * (torch.arange(7) / 1.5) ** 2)
    diagonal = steps == (1, 1)  # there, steps of 0.7 pixels are rounded and some meet
    along = torch.stack([smeared[10 - i * steps[0], 10 - i * steps[1]] for i in range(7)])
    assert_close(smeared.sum(), torch.tensor(1.0))
    assert_close(along.sum(), torch.tensor(1.0))
    if not diagonal:
        assert_close(along, density / density.sum())


@pytest.mark.parametrize(
    ("side", "severity", "factors"),
    [
        (28, 1, [1 + i / 100 for i in range(7)]),
        (32, 1, [1 + i / 100 for i in range(7)]),
        (64, 1, [1 + i / 100 for i in range(7)]),
        (224, 2, np.arange(1, 1.16, 0.01)),
        (224, 5, np.arange(1, 1.31, 0.03)),
    ],
)
def test_zoom_blur_is_the_mean_of_scipys_zooms(side: int, severity: int, factors) -> None:
    from scipy.ndimage import zoom

    image = torch.rand(side, side, generator=torch.Generator().manual_seed(0)).double()
    total = image.numpy().copy()
    for factor in factors:
        part = math.ceil(side / factor)
        start = (side - part) // 2
        enlarged = zoom(image.numpy()[start : start + part, start : start + part], factor, order=1)
        start = (len(enlarged) - side) // 2
        total += enlarged[start : start + side, start : start + side]

    actual = corrupt(image[None, None], "zoom_blur", severity)[0, 0]
    expected = torch.from_numpy(total / (1 + len(factors)))
    assert_close(actual, expected, atol=1e-5, rtol=0.0)  # positions in float32
