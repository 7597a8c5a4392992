import pytest
import torch

from afn.corruptions import CORRUPTIONS, corrupt
from afn.corruptions.registry import CORRUPTIONS as KERNELS
from afn.corruptions.severities import CONSTANTS, constants_for, constants_of


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_every_set_has_five_severities_of_the_same_corruptions_with_the_same_parameters() -> None:
    for name in CORRUPTIONS:
        lengths = {
            len(constants_of(name, severity, constants))
            for constants in CONSTANTS
            for severity in range(1, 6)
        }
        assert len(lengths) == 1, name
    assert {tuple(known) for known in CONSTANTS.values()} == {tuple(CORRUPTIONS)}


@pytest.mark.parametrize(
    ("shape", "constants"),
    [((32, 32), "cifar10-c"), ((64, 64), "cifar10-c"), ((95, 300), "cifar10-c"),
     ((96, 96), "imagenet-c"), ((224, 224), "imagenet-c")],
)  # fmt: skip
def test_constants_are_chosen_by_the_shorter_side(shape: tuple[int, int], constants: str) -> None:
    images = torch.rand(1, 3, *shape, generator=seeded())

    by_size = corrupt(images, "gaussian_blur", 2)

    assert constants_for(*shape) == constants
    assert torch.equal(by_size, corrupt(images, "gaussian_blur", 2, constants=constants))
    for other in CONSTANTS.keys() - {constants}:
        assert not torch.equal(by_size, corrupt(images, "gaussian_blur", 2, constants=other))


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("side", [8, 33])
def test_constants_for_large_images_can_be_had_for_small_ones(name: str, side: int) -> None:
    images = torch.rand(2, 3, side, side, generator=seeded())
    for severity in (1, 5):
        small = corrupt(images, name, severity, seeded(), constants="imagenet-c")

        assert 0.0 <= small.min() <= small.max() <= 1.0
        assert not torch.equal(small, images)


def test_unknown_constants_are_one_clear_line() -> None:
    with pytest.raises(ValueError, match=r"^unknown constants 'imagenet'; known are cifar10-c, "):
        corrupt(torch.zeros(1, 3, 8, 8), "contrast", 1, constants="imagenet")


def test_large_images_are_worked_on_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that 128 of 224×224, 77 MB, take no more beside them than one does."""
    given = []

    def contrast(images: torch.Tensor, factor: float) -> torch.Tensor:
        given.append(images.shape)
        return images.clone()

    monkeypatch.setitem(KERNELS, "contrast", contrast)
    corrupt(torch.zeros(5, 3, 224, 224), "contrast", 3)

    assert given == [(1, 3, 224, 224)] * 5
