import numpy as np
import pytest

from afn.data.split import num_test_of, stratified_split

LABELS = np.repeat([0, 1, 2], [700, 250, 47])


def test_parts_are_disjoint_complete_and_of_the_size_asked_for() -> None:
    train, test = stratified_split(LABELS, 200, seed=0)

    assert len(test) == 200
    assert sorted([*train, *test]) == list(range(len(LABELS)))


def test_each_class_keeps_its_share_within_one_image() -> None:
    _train, test = stratified_split(LABELS, 200, seed=0)

    shares = np.bincount(LABELS) * 200 / len(LABELS)
    assert np.abs(np.bincount(LABELS[test]) - shares).max() <= 1


def test_both_parts_are_shuffled() -> None:
    for part in stratified_split(np.arange(5000) // 500, 1000, seed=0):
        first = np.bincount(part[:300] // 500, minlength=10)
        assert first.min() > 10


def test_same_seed_same_split() -> None:
    first, again, other = (stratified_split(LABELS, 200, seed=seed)[1] for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("num_images", "num_test"), [(2, 1), (5, 1), (6, 2), (1670, 334)])
def test_a_fifth_is_rounded_up(num_images: int, num_test: int) -> None:
    assert num_test_of(num_images) == num_test
