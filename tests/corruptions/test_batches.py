"""What happens to an image depends on itself and its seed, not on what it is corrupted with."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from afn.corruptions import CORRUPTIONS, corrupt


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def in_parts(images: Tensor, size: int, name: str, severity: int) -> Tensor:
    generator = seeded()
    return torch.cat([corrupt(part, name, severity, generator) for part in images.split(size)])


@pytest.fixture
def on_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.rand(48, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("severity", [2, 5])
def test_however_a_batch_is_split_its_bytes_are_the_same(
    name: str, severity: int, images: Tensor, on_threads: None
) -> None:
    torch.set_num_threads(1)
    whole = corrupt(images, name, severity, seeded())

    assert torch.equal(in_parts(images, 7, name, severity), whole)
    assert torch.equal(in_parts(images[:9], 1, name, severity), whole[:9])
    torch.set_num_threads(2)
    assert torch.equal(corrupt(images, name, severity, seeded()), whole)
    torch.set_num_threads(4)
    assert torch.equal(in_parts(images, 24, name, severity), whole)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("shape", [(5, 1, 28, 28), (3, 3, 37, 21), (2, 1, 200, 224)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_in_every_form_an_image_is_corrupted_as_if_alone(
    name: str, shape: tuple[int, ...], dtype: torch.dtype, on_threads: None
) -> None:
    images = torch.rand(shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    torch.set_num_threads(1)
    whole = corrupt(images.to(memory_format=torch.channels_last), name, 3, seeded())

    torch.set_num_threads(4)
    assert torch.equal(in_parts(images, 1, name, 3), whole)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_an_images_noise_does_not_follow_the_others(name: str, images: Tensor) -> None:
    others = torch.cat([images[:3].flip(0, 3), images[3:5]])

    assert torch.equal(
        corrupt(others, name, 4, seeded())[3:], corrupt(images, name, 4, seeded())[3:5]
    )
