"""Which test images are asked about together: batches of a known number of classes."""

import pytest
import torch

from afn.ask.batches import batches_of
from afn.ask.records import COUNTED, Question

LABELS = torch.randint(10, (500,), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("labels", [LABELS, LABELS.sort().values], ids=["mixed", "sorted"])
@pytest.mark.parametrize("order", [*COUNTED])
def test_each_batch_holds_so_many_classes_in_equal_shares(order, labels):
    batches = batches_of(labels, 25, order)
    assert sorted(torch.cat(batches).tolist()) == list(range(500))
    for batch in batches:
        counts = labels[batch].bincount(minlength=10)
        assert int((counts > 0).sum()) == COUNTED[order]
        # Each class has as many images as others, up to what 500 drawn labels differ in.
        assert counts[counts > 0].min() >= 0.5 * counts.max() - 1


def test_the_sizes_of_batches_do_not_depend_on_the_number_of_classes():
    labels = torch.arange(400) % 10
    sizes = {tuple(map(len, batches_of(labels, 30, order))) for order in COUNTED}
    assert sizes == {(20,) * 20}  # 40 images a group: two batches alike rather than 30 and 10


def test_the_other_orders_are_as_they_were():
    whole = [batch.tolist() for batch in batches_of(LABELS, 200, "mixed")]
    assert whole == [list(range(200)), list(range(200, 400)), list(range(400, 500))]
    by_label = torch.cat(batches_of(LABELS, 200, "by label"))
    assert by_label.tolist() == sorted(range(500), key=lambda i: (int(LABELS[i]), i))


def test_more_classes_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="cannot hold 4 classes of images that are of 3"):
        batches_of(torch.tensor([0, 1, 2]), 2, "4 classes")


def test_a_question_of_another_order_has_a_file_of_its_own():
    given = {
        "weights": "0", "dataset": "mnist5k", "num_images": 10, "batch_size": 4,
        "statistics": "test batch of 4",
    }  # fmt: skip
    keys = {Question(**given, order=order).key for order in ("mixed", "by label", *COUNTED)}
    assert len(keys) == 2 + len(COUNTED)
