import pytest
import torch
from torch.testing import assert_close

from afn.corruptions import corrupt

GREY = torch.full((20, 3, 32, 32), 0.5)


def test_gaussian_noise_has_the_tables_standard_deviation() -> None:
    noise = corrupt(GREY, "gaussian_noise", 5, torch.Generator().manual_seed(0)) - GREY

    # 61,440 draws: their mean and deviation are within about four standard errors.
    assert abs(noise.mean().item()) < 0.002
    assert_close(noise.std(), torch.tensor(0.10), atol=0.0012, rtol=0.0)


def test_impulse_noise_is_half_salt_half_pepper_on_single_values() -> None:
    noisy = corrupt(GREY, "impulse_noise", 5, torch.Generator().manual_seed(0))

    for value in (0.0, 1.0):
        assert abs((noisy == value).float().mean().item() - 0.035) < 0.003
    assert set(noisy.unique().tolist()) == {0.0, 0.5, 1.0}
    hit = noisy != 0.5
    assert (hit.any(dim=1) & ~hit.all(dim=1)).any()  # channels are hit one by one


def test_shot_noise_counts_photons() -> None:
    counts = 50 * corrupt(GREY, "shot_noise", 5, torch.Generator().manual_seed(0))

    assert_close(counts, counts.round(), atol=1e-4, rtol=0.0)
    assert abs(counts.mean().item() - 25) < 0.1  # a Poisson variable's mean and variance are one,
    assert abs(counts.var().item() - 25) < 0.6  # but for the 1 in 10^6 above 50


@pytest.mark.parametrize("level", [100, 100.25, 100.999])
def test_shot_noise_between_grey_levels_is_of_that_rate_too(level: float) -> None:
    images = torch.full((4, 3, 100, 90), level / 255)

    counts = 500 * corrupt(images, "shot_noise", 1, torch.Generator().manual_seed(0))

    rate = 500 * level / 255  # four standard errors of 108,000 draws
    assert abs(counts.mean().item() - rate) < 4 * (rate / counts.numel()) ** 0.5
    assert abs(counts.var().item() / rate - 1) < 4 * (2 / counts.numel()) ** 0.5


def test_speckle_noise_is_in_proportion_to_the_value() -> None:
    images = torch.stack([0.25 * torch.ones(3, 90, 110), 0.5 * torch.ones(3, 90, 110)])

    noise = corrupt(images, "speckle_noise", 5, torch.Generator().manual_seed(0)) - images

    assert_close(noise.std(dim=(1, 2, 3)), torch.tensor([0.05, 0.1]), atol=0.0015, rtol=0.0)
    black = torch.zeros(1, 1, 8, 8)
    assert torch.equal(corrupt(black, "speckle_noise", 5, torch.Generator().manual_seed(0)), black)
