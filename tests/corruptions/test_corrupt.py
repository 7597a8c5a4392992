import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from afn.ask.records import STANDARD
from afn.corruptions import CORRUPTIONS, corrupt
from afn.corruptions.severities import CONSTANTS, why_unchanged
from afn.engine.augment import EXTRA
from afn.settings.corruptions import CORRUPTION_NAMES, KINDS, LIVE_CORRUPTIONS

DETERMINISTIC = [
    "gaussian_blur", "defocus_blur", "zoom_blur", "brightness", "contrast", "saturate",
    "jpeg_compression", "pixelate",
]  # fmt: skip
RANDOM = [name for name in CORRUPTIONS if name not in DETERMINISTIC]
# Where the original's own change falls from some severity to the next; see test_calibration.
UNEVEN = {"elastic_transform", "frost", "glass_blur", "motion_blur", "saturate", "spatter"}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    """Smooth colours with black and white corners, (4, 3, 12, 16)."""
    images = torch.nn.functional.interpolate(
        torch.rand(4, 3, 3, 4, generator=seeded(7)), size=(12, 16), mode="bilinear"
    )
    images[:, :, :3, :3] = 0.0
    images[:, :, -3:, -3:] = 1.0
    return images


def test_there_are_five_severities_of_nineteen_corruptions_and_of_any_other() -> None:
    assert tuple(CORRUPTIONS) == CORRUPTION_NAMES
    assert {*STANDARD, *EXTRA} <= set(CORRUPTIONS)
    assert len({*STANDARD, *EXTRA}) == 19
    assert set(LIVE_CORRUPTIONS) < set(CORRUPTIONS)
    assert {len(of[name]) for of in CONSTANTS.values() for name in of} == {5}


def test_every_corruption_is_in_one_group() -> None:
    assert sorted(name for names in KINDS.values() for name in names) == sorted(CORRUPTION_NAMES)


def test_the_names_cost_no_torch() -> None:
    check = (
        "import sys; from afn.corruptions.severities import CONSTANTS;"
        "import afn.corruptions; assert 'torch' not in sys.modules;"
        "from afn.corruptions import CORRUPTIONS, corrupt; assert 'torch' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("severity", [1, 5])
@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (2, 3, 9, 33), (2, 1, 128, 96)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_shape_dtype_range_and_input_are_kept(
    name: str, severity: int, shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    images = torch.rand(shape, generator=seeded(1)).to(dtype)
    before = images.clone()

    corrupted = corrupt(images, name, severity, seeded())

    assert corrupted.shape == images.shape
    assert corrupted.dtype == dtype
    assert 0.0 <= corrupted.min() <= corrupted.max() <= 1.0
    if not why_unchanged(name, severity, (*shape[2:], shape[1])):
        assert not torch.equal(corrupted, images)
    assert corrupted.data_ptr() != images.data_ptr()
    assert torch.equal(images, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_same_seed_same_bytes(name: str, images: Tensor) -> None:
    assert torch.equal(corrupt(images, name, 3, seeded()), corrupt(images, name, 3, seeded()))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_memory_format_is_kept_and_changes_nothing(name: str, images: Tensor) -> None:
    channels_last = images.to(memory_format=torch.channels_last)

    corrupted = corrupt(channels_last, name, 3, seeded())

    assert corrupted.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(corrupted, corrupt(images, name, 3, seeded()))


@pytest.mark.parametrize("name", RANDOM)
def test_what_is_random_follows_the_generator_alone(name: str, images: Tensor) -> None:
    state = torch.random.get_rng_state()
    first, other = (corrupt(images, name, 3, seeded(seed)) for seed in (0, 1))

    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)
    doubled = corrupt(images.double(), name, 3, seeded())
    torch.testing.assert_close(doubled.float(), first, atol=2e-5, rtol=0)  # positions in float32


@pytest.mark.parametrize("name", RANDOM)
def test_every_image_has_its_own_draw(name: str, images: Tensor) -> None:
    first, second = corrupt(images[:1].repeat(2, 1, 1, 1), name, 3, seeded())

    assert not torch.equal(first, second)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_one_image_is_corrupted_as_in_a_batch(name: str, images: Tensor) -> None:
    torch.testing.assert_close(corrupt(images[1:2], name, 4), corrupt(images, name, 4)[1:2])


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name not in UNEVEN])
def test_change_grows_with_severity(name: str) -> None:
    images = 0.2 + 0.6 * torch.rand(8, 3, 64, 64, generator=seeded(3))
    changes = [
        (corrupt(images, name, severity, seeded()) - images).abs().mean()
        for severity in range(1, 6)
    ]

    assert changes == sorted(changes)
    assert changes[0] > 0


@pytest.mark.parametrize("name", RANDOM)
def test_random_corruption_needs_a_generator(name: str, images: Tensor) -> None:
    with pytest.raises(ValueError, match=f"^{name} is random, got generator=None"):
        corrupt(images, name, 1)


BAD_IMAGES = {
    "array": ([[0.0]], TypeError, "got list"),
    "bytes": (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), TypeError, "got torch.uint8"),
    "rank": (torch.zeros(3, 8, 8), ValueError, r"got \(3, 8, 8\)"),
    "channels last": (torch.zeros(1, 8, 8, 3), ValueError, r"got \(1, 8, 8, 3\)"),
    "small": (torch.zeros(1, 3, 8, 7), ValueError, "sides of at least 8"),
    "empty": (torch.zeros(0, 3, 8, 8), ValueError, "N at least 1"),
    "0 to 255": (torch.full((1, 3, 8, 8), 255.0), ValueError, "got 255 to 255; divide by 255"),
    "negative": (torch.full((1, 3, 8, 8), -0.1), ValueError, r"lie in \[0, 1\], got -0.1"),
    "overshoot": (
        torch.full((1, 3, 8, 8), 1.000002),
        ValueError,
        "to 1.000002; clamp them",
    ),
    "normalized": (torch.full((1, 3, 8, 8), 2.5) - 5, ValueError, "undo their normalization"),
    "infinite": (
        torch.full((1, 3, 8, 8), torch.inf),
        ValueError,
        "to inf; replace what is not finite",
    ),
    "NaN": (torch.full((1, 3, 8, 8), torch.nan), ValueError, r"lie in \[0, 1\], got nan"),
}


@pytest.mark.parametrize(("images", "kind", "complaint"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_images_are_one_clear_line(images: Tensor, kind: type, complaint: str) -> None:
    with pytest.raises(kind, match=complaint):
        corrupt(images, "contrast", 1)


@pytest.mark.parametrize(
    ("name", "severity", "kind", "complaint"),
    [
        ("rust", 1, ValueError, "unknown corruption 'rust'; known are gaussian_noise, "),
        ("contrast", 0, ValueError, "from 1 to 5, got 0"),
        ("contrast", 6, ValueError, "from 1 to 5, got 6"),
        ("contrast", True, TypeError, "an integer from 1 to 5, got True"),
        ("contrast", np.True_, TypeError, "an integer from 1 to 5, got np.True_"),
        ("contrast", 1.0, TypeError, "an integer from 1 to 5, got 1.0"),
        ("contrast", "1", TypeError, "an integer from 1 to 5, got '1'"),
    ],
)
def test_bad_name_or_severity_is_one_clear_line(
    images: Tensor, name: str, severity: int, kind: type, complaint: str
) -> None:
    with pytest.raises(kind, match=complaint):
        corrupt(images, name, severity)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, torch.tensor])
def test_integers_of_any_kind_are_severities(images: Tensor, kind: Callable[[int], Any]) -> None:
    corrupted = corrupt(images, np.str_("fog"), kind(3), seeded())

    assert torch.equal(corrupted, corrupt(images, "fog", 3, seeded()))


def test_a_seed_is_no_generator(images: Tensor) -> None:
    with pytest.raises(TypeError, match=r"^generator must be a torch\.Generator, got 0; pass"):
        corrupt(images, "fog", 3, 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_what_rounding_put_outside_is_brought_back(images: Tensor, dtype: torch.dtype) -> None:
    images = images.to(dtype)
    step = max(1e-7, torch.finfo(dtype).eps)
    beyond = images.clone()
    beyond[images == 1.0] = 1 + step
    beyond[images == 0.0] = -1e-7
    assert beyond.max() > 1.0
    before = beyond.clone()

    assert torch.equal(corrupt(beyond, "contrast", 3), corrupt(images, "contrast", 3))
    assert torch.equal(beyond, before)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 9), (9, 9), (10, 10), (28, 28)])
def test_whatever_changes_no_image_says_why(channels: int, height: int, width: int) -> None:
    images = torch.rand(3, channels, height, width, generator=seeded(1))

    for name in CORRUPTIONS:
        for severity in range(1, 6):
            change = (corrupt(images, name, severity, seeded()) - images).abs().max()
            reason = why_unchanged(name, severity, (height, width, channels))
            assert bool(reason) == (change < 1e-6), (name, severity)
