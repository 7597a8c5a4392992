import torch

from afn.engine.augment import PADDING, crop_flip

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
