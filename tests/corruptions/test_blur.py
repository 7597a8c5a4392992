import numpy as np
import pytest
import torch
from torch.testing import assert_close

from afn.corruptions import corrupt
from afn.corruptions.severities import SEVERITIES


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_gaussian_blur_is_scipys_with_borders_going_on(severity: int) -> None:
    from scipy.ndimage import gaussian_filter

    images = torch.rand(2, 3, 9, 14, generator=torch.Generator().manual_seed(0)).double()
    sigma = SEVERITIES["gaussian_blur"][severity - 1]

    expected = gaussian_filter(images.numpy(), sigma=(0, 0, sigma, sigma), mode="nearest")

    actual = corrupt(images, "gaussian_blur", severity)
    assert_close(
        actual, torch.from_numpy(np.asarray(expected)), atol=1e-6, rtol=0.0
    )  # float32 taps


def test_gaussian_blur_leaves_a_constant_image() -> None:
    images = torch.full((1, 1, 8, 8), 0.25)

    assert_close(corrupt(images, "gaussian_blur", 5), images)
