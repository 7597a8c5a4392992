"""Networks' mean output in their place, the other control beside frozen ones."""

import torch
from torch.testing import assert_close

from afn import AFN2d, freeze_networks
from benchmarks.mean_networks import BATCH_SIZE, with_mean_output


def test_networks_answer_everything_with_the_mean_of_their_answers():
    torch.manual_seed(0)
    layer = AFN2d(8).eval()
    pixels = torch.randint(0, 256, (3 * BATCH_SIZE, 8, 8, 8), dtype=torch.uint8)  # (N, H, W, C)
    pixels[BATCH_SIZE:] //= 4
    batches = [part.permute(0, 3, 1, 2) / 255 for part in pixels.split(BATCH_SIZE)]
    fixed = with_mean_output(layer, pixels)
    for name in ("mu_stan", "sigma_stan", "gamma_net", "beta_net"):
        mean = torch.stack([getattr(layer.trace(batch), name) for batch in batches]).mean(0)
        for batch in (batches[0], 9 * batches[1]):
            assert_close(getattr(fixed.trace(batch), name), mean)
    with freeze_networks(layer):
        frozen = layer.trace(batches[0])
    assert not torch.allclose(frozen.sigma_stan, fixed.trace(batches[0]).sigma_stan)
    assert_close(fixed.trace(batches[1]).mu, layer.trace(batches[1]).mu)
