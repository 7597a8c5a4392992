"""Which test images are asked about together."""

import torch
from torch import Tensor

from afn.ask.records import COUNTED, Order


def batches_of(labels: Tensor, batch_size: int, order: Order) -> list[Tensor]:
    """The images of each batch, by number.

    Where a number k of classes is asked for, the images are put into as many groups as there are
    classes: group c holds the classes c to c + k - 1, counted in a circle, and a k-th of the images
    of each. So every image is asked about once, and groups are as large for every k: what differs
    between two k is the mix alone. A group is cut into batches as equal as can be, the classes in
    each of them in the shares that they have in the group.

    Args:
        labels: Of the images, (N,) int64.
        batch_size: At most so many images in a batch.
        order: "mixed", "by label", or a number of classes.

    Raises:
        ValueError: The images are of fewer classes than a batch is to hold.

    Example:
        >>> import torch
        >>> from afn.ask.batches import batches_of
        >>> labels = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2])
        >>> [labels[batch].tolist() for batch in batches_of(labels, 3, "1 class")]
        [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
        >>> [sorted(labels[batch].tolist()) for batch in batches_of(labels, 3, "3 classes")]
        [[0, 1, 2], [0, 1, 2], [0, 1, 2]]
    """
    if order == "mixed":
        return list(torch.arange(len(labels)).split(batch_size))
    if order == "by label":
        return list(labels.argsort(stable=True).split(batch_size))
    found = [(labels == label).nonzero()[:, 0] for label in labels.unique()]
    number, count = COUNTED[order], len(found)
    if number > count:
        raise ValueError(
            f"a batch cannot hold {number} classes of images that are of {count}: take an order "
            f"of at most {count}"
        )
    groups: list[list[Tensor]] = [[] for _ in found]
    for place, images in enumerate(found):
        for part in range(number):  # one image after the other, so that parts are alike
            groups[(place - part) % count].append(images[part::number])
    return [batch for group in groups if any(map(len, group)) for batch in _cut(group, batch_size)]


def _cut(group: list[Tensor], batch_size: int) -> list[Tensor]:
    images = torch.cat(group)
    ranks = torch.cat([(torch.arange(len(part)) + 0.5) / max(len(part), 1) for part in group])
    num_batches = -(-len(images) // batch_size)
    return list(images[ranks.argsort(stable=True)].tensor_split(num_batches))
