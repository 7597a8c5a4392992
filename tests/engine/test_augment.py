import pytest
import torch

from afn.ask.records import STANDARD
from afn.corruptions import corrupt
from afn.engine.augment import EXTRA, PADDING, crop_flip, half_corrupted

COUNT, HEIGHT, WIDTH = 400, 9, 7
IMAGES = torch.arange(1, HEIGHT * WIDTH + 1, dtype=torch.uint8).view(HEIGHT, WIDTH, 1)
IMAGES = IMAGES.repeat(COUNT, 1, 1, 3)


def made(seed=0):
    return crop_flip(IMAGES, torch.Generator().manual_seed(seed))


def test_every_image_is_a_shift_of_itself_or_of_its_mirror_image():
    possible = set()
    for image in (IMAGES[0], IMAGES[0].flip(1)):
        padded = torch.nn.functional.pad(image, (0, 0, *[PADDING] * 4))
        possible |= {
            padded[top : top + HEIGHT, left : left + WIDTH].numpy().tobytes()
            for top in range(2 * PADDING + 1)
            for left in range(2 * PADDING + 1)
        }
    found = {image.numpy().tobytes() for image in made()}
    assert found <= possible
    assert len(found) > len(possible) / 2  # all shifts and both sides come up


def test_one_seed_one_result_and_the_images_stay_what_they_are():
    before = IMAGES.clone()
    assert torch.equal(made(), made())
    assert not torch.equal(made(), made(seed=1))
    assert torch.equal(IMAGES, before)
    assert made().dtype == torch.uint8


def rand(count, channels):
    return torch.rand(count, channels, 12, 12, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(("channels", "names"), [(3, EXTRA), (1, EXTRA[:3])])
def test_half_of_the_images_are_corrupted_each_in_one_of_the_ways(channels, names):
    images = rand(600, channels)
    before = images.clone()
    found = half_corrupted(images, torch.Generator().manual_seed(0))
    assert torch.equal(images, before)
    changed = (found != images).flatten(1).any(1)
    assert 250 < changed.sum() < 350
    assert found.min() >= 0
    assert found.max() <= 1
    # What is not random is recognized by itself: all severities come up.
    for name in {"gaussian_blur", "saturate"} & set(names):
        for severity in range(1, 6):
            alike = (corrupt(images, name, severity) == found).flatten(1).all(1) & changed
            assert alike.sum() >= 3, (name, severity)


def test_one_seed_corrupts_one_way_and_another_seed_otherwise():
    images = rand(64, 3)
    made = [half_corrupted(images, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_what_trains_is_not_what_is_tested():
    assert set(EXTRA).isdisjoint(STANDARD)
