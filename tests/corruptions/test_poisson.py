import numpy as np
import pytest
import torch

from afn.corruptions.poisson import counted


@pytest.mark.parametrize("photons", [3, 60, 500])
def test_counts_are_distributed_as_scipys_poisson(photons: int) -> None:
    from scipy.stats import poisson

    generator = torch.Generator().manual_seed(0)
    num = 200_000
    for level in (0, 1, 100, 255):
        bits = torch.empty(num, dtype=torch.int32).random_(generator=generator)

        counts = counted(torch.full((num,), level, dtype=torch.int32), photons, bits).numpy()

        found = np.cumsum(np.bincount(counts, minlength=photons * 2 + 30)) / num
        expected = poisson.cdf(np.arange(len(found)), photons * level / 255)
        # Kolmogorov and Smirnov's distance is above this once in 10,000 times.
        assert np.abs(found - expected).max() < 2.2 / num**0.5


def test_bits_that_are_evenly_spread_give_the_probabilities_themselves() -> None:
    from scipy.stats import poisson

    # A column's own share is met to 2⁻²², and 64 columns can err to the same side.
    spread = torch.arange(0, 2**31, 2**9, dtype=torch.int64).int()  # 4 million
    for level in (7, 255):
        counts = counted(torch.full_like(spread, level), 12, spread).numpy()

        found = np.bincount(counts, minlength=64) / len(spread)
        assert np.abs(found - poisson.pmf(np.arange(64), 12 * level / 255)).max() < 2**-16
