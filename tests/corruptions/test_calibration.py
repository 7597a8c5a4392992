"""Against the original generators' figures: on CIFAR-10, and on photographs of 224×224."""

import os
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from afn.corruptions import CORRUPTIONS, corrupt
from afn.data import load_dataset
from tests.corruptions.original import CHANGE, CHANGE_224, mean_change, photographs

# Those with random structure may differ by more.
STRUCTURED = {
    "elastic_transform", "fog", "frost", "glass_blur", "motion_blur", "snow", "spatter",
}  # fmt: skip


@pytest.fixture(scope="module")
def images() -> Tensor:
    """The 300 test images that the original was measured on, as bytes."""
    return torch.from_numpy(load_dataset("cifar10").x_test[:300]).permute(0, 3, 1, 2)


@pytest.mark.real_data
@pytest.mark.skipif("AFN_DATA_DIR" not in os.environ, reason="AFN_DATA_DIR is not set")
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_change_is_the_original_generators(name: str, images: Tensor) -> None:
    changes = [
        mean_change(images, corrupt(images / 255, name, severity, torch.Generator().manual_seed(0)))
        for severity in range(1, 6)
    ]

    assert changes == pytest.approx(CHANGE[name], rel=0.30 if name in STRUCTURED else 0.15)
    for (before, after), (ours_before, ours_after) in zip(
        pairwise(CHANGE[name]), pairwise(changes), strict=True
    ):
        if after > 1.03 * before:  # less may be chance
            assert ours_after > ours_before


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_change_of_photographs_is_imagenet_cs(name: str) -> None:
    stored = photographs()
    changes = []
    for severity in range(1, 6):
        made = corrupt(stored / 255, name, severity, torch.Generator().manual_seed(0))
        change = (made * 255 + 1e-3).floor() - stored
        changes.append((change.abs().mean().item(), change.square().mean().sqrt().item()))

    expected = CHANGE_224[name]
    tolerance = 0.15 if name in STRUCTURED else 0.03
    for at, (ours, theirs) in enumerate(zip(changes, expected, strict=True), 1):
        assert ours == pytest.approx(theirs, rel=tolerance), f"severity {at}"
