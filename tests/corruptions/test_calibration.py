"""Against the original generator's figures on real CIFAR-10 images."""

import os

import pytest
import torch

from afn.corruptions import CORRUPTIONS, corrupt
from afn.data import load_dataset

# Mean absolute pixel change, 0 to 255, at severity 3 on the first 300 test images.
ORIGINAL = {
    "brightness": 30.3,
    "contrast": 24.8,
    "gaussian_blur": 6.2,
    "gaussian_noise": 15.8,
    "impulse_noise": 3.8,
    "pixelate": 4.1,
}


@pytest.mark.real_data
@pytest.mark.skipif("AFN_DATA_DIR" not in os.environ, reason="AFN_DATA_DIR is not set")
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_change_is_the_original_generators(name: str) -> None:
    images = torch.from_numpy(load_dataset("cifar10").x_test[:300]).permute(0, 3, 1, 2)

    corrupted = corrupt(images / 255, name, 3, torch.Generator().manual_seed(0))

    stored = (corrupted * 255).to(torch.uint8)  # the original stores bytes
    change = (stored.int() - images.int()).abs().float().mean().item()
    assert change == pytest.approx(ORIGINAL[name], rel=0.15)
