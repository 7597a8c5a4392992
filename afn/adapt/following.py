"""A stream of batches, and networks that live on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from afn.adapt.adapter import Adapter
from afn.adapt.plan import StreamPlan
from afn.adapt.records import StreamStep
from afn.ask.image_sets import ImageSet, StreamedImages, image_set
from afn.ask.records import Place

_KEPT = 2
"""Places whose images lie in memory."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StreamBatch:
    """What networks are shown together."""

    batch: int
    """From 0."""
    place: Place
    """Corruption and severity."""
    numbers: Tensor
    """(n,) int64, of the images in the test set."""
    images: Tensor
    """(n, C, H, W) float32 in [0, 1]."""
    labels: Tensor
    """(n,) int64."""
    resets: bool
    """Whether networks are put back to what was trained before it."""


def image_stream(data: Any, plan: StreamPlan | None = None) -> Iterator[StreamBatch]:
    """The batches of a stream, one after the other; the same each time.

    An image's noise is that of a corruption grid: it depends on corruption, severity and the
    image's number alone.

    Args:
        data: Test images, of any kind that `image_set` takes.
        plan: Which of them, and how they come.

    Raises:
        ValueError: There are fewer images than the plan asks for, or one line says what is wrong
            with them.

    Example:
        >>> from afn import StreamPlan, image_stream
        >>> plan = StreamPlan(order="sorted", images=100, batch_size=10)
        >>> [sorted(set(each.labels.tolist())) for each in image_stream("digits8", plan)][:3]
        [[0], [0, 1], [1, 2, 3]]
    """
    plan = plan or StreamPlan()
    those = image_set(data, plan.images)
    if len(those) < plan.images:
        raise ValueError(f"{those.name} has {len(those)} test images, got images={plan.images}")
    made = _MadeStream(those)
    _, labels = made.at((plan.corruption, plan.severity) if plan.corruption else (None, 0))
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(plan.seed))
    if plan.order == "sorted":
        order = order[labels[order].argsort(stable=True)]
    for batch, numbers in enumerate(order.split(plan.size)):
        place = plan.place(batch)
        images, labels = made.at(place)
        yield StreamBatch(
            batch=batch, place=place, numbers=numbers, images=images[numbers],
            labels=labels[numbers], resets=batch in plan.resets,
        )  # fmt: skip


class _MadeStream:
    """Images under the corruptions that come next, each made once as long as it is needed."""

    def __init__(self, images: ImageSet) -> None:
        self._images = images
        self._known: dict[Place, tuple[Tensor, Tensor]] = {}

    def at(self, place: Place) -> tuple[Tensor, Tensor]:
        """All of them, (N, C, H, W), as models take them, and their labels."""
        if place not in self._known:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            shown = StreamedImages.of(self._images, place)
            [images] = shown.batches([torch.arange(len(shown.labels))])
            self._known[place] = self._images.normalized(images), shown.labels
        return self._known[place]


def follow_stream(
    contenders: Mapping[str, Adapter], data: Any, plan: StreamPlan | None = None
) -> Iterator[tuple[str, StreamStep]]:
    """Let adapters live on a stream, side by side: each answers a batch before the next one comes.

    Args:
        contenders: By name; they are reset first.
        data: As `image_stream` takes it.
        plan: The stream.

    Raises:
        ValueError: As `image_stream`; or a network cannot take a batch.

    Example:
        >>> from afn import Adapter, StreamPlan, follow_stream, load_pretrained
        >>> model, plan = load_pretrained("mnist5k-bn"), StreamPlan(images=200, batch_size=50)
        >>> contenders = {name: Adapter(model, name) for name in ("running", "batch")}
        >>> steps = list(follow_stream(contenders, "mnist5k", plan))
        >>> [(name, step.batch) for name, step in steps][:3]
        [('running', 0), ('batch', 0), ('running', 1)]
        >>> steps[-1][1].accuracy > steps[-2][1].accuracy
        True
    """
    for adapter in contenders.values():
        adapter.reset()
    for batch in image_stream(data, plan):
        for name, adapter in contenders.items():
            yield name, step_of(adapter, batch)


def step_of(adapter: Adapter, batch: StreamBatch) -> StreamStep:
    """Have an adapter answer a batch, and learn from it."""
    if batch.resets:
        adapter.reset()
    logits = adapter(batch.images)
    shares = logits.softmax(1)
    if bool(shares.isnan().any()):
        raise ValueError(f"{adapter.method}: its answers to batch {batch.batch} are no numbers")
    if int(batch.labels.max()) >= shares.shape[1]:
        raise ValueError(
            f"expected labels below {shares.shape[1]}, the number of logits, got "
            f"{int(batch.labels.max())}"
        )
    confidences, answers = shares.max(1)
    entropy = -(shares * logits.log_softmax(1)).nan_to_num().sum(1).mean()
    movement = adapter.movement()
    corruption, severity = batch.place
    return StreamStep(
        batch=batch.batch, corruption=corruption, severity=severity,
        images=tuple(batch.numbers.tolist()), labels=tuple(batch.labels.tolist()),
        answers=tuple(answers.tolist()), confidences=tuple(confidences.tolist()),
        entropy=float(entropy), moved=movement.moved, rescaled=movement.rescaled,
        lambdas=movement.lambdas,
    )  # fmt: skip
