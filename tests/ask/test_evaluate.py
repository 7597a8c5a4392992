import pytest
import torch

from afn.ask.evaluate import corrupted, evaluate
from afn.stats.intervals import wilson_interval


def answer_by_brightness(images):
    """Class 1 for bright images, 0 for dark ones."""
    bright = images.mean((1, 2, 3)) - 0.5
    return torch.stack([-bright, bright], dim=1)


def test_score_counts_correct_answers_whatever_the_batch_size():
    images = torch.tensor([0.1, 0.9, 0.8, 0.2])[:, None, None, None].expand(4, 1, 8, 8)
    labels = torch.tensor([0, 1, 0, 0])
    for batch_size in (1, 3, 4, 100):
        score = evaluate(answer_by_brightness, images, labels, batch_size)
        assert (score.n, score.correct, score.accuracy) == (4, 3, 0.75)
    expected = torch.nn.functional.cross_entropy(answer_by_brightness(images), labels).item()
    assert score.loss == pytest.approx(expected)


def test_no_images_is_one_line():
    with pytest.raises(ValueError, match="got 0 images and 0 labels"):
        evaluate(answer_by_brightness, torch.zeros(0, 1, 8, 8), torch.zeros(0), 4)


def test_corrupted_images_are_the_same_every_time():
    images = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        corrupted(images, "gaussian_noise", 3),
        corrupted(images, "gaussian_noise", 3),
        rtol=0,
        atol=0,
    )
    assert not torch.equal(
        corrupted(images, "gaussian_noise", 3), corrupted(images, "gaussian_noise", 4)
    )
    assert corrupted(images, None, 3) is images


def test_wilson_interval_against_published_values():
    low, high = wilson_interval(81, 263)  # Newcombe, Stat. Med. 17 (1998), table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(10, 10)[1] == pytest.approx(1)
    with pytest.raises(ValueError, match="got 11 of 10"):
        wilson_interval(11, 10)
