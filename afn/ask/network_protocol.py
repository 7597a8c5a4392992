"""The protocol of answers that are kept with a trained network. Needs no torch."""

from collections.abc import Iterable
from functools import lru_cache

from afn.ask.network import Network
from afn.ask.protocol import (
    AnswerFacts,
    ImageFacts,
    ModelFacts,
    Test,
    batches_in_rows,
    class_facts,
    pixels_digest,
    plain_batches,
)
from afn.ask.records import COUNTED, Cell, Question
from afn.data import load_dataset


def network_test(network: Network, question: Question, cells: Iterable[Cell]) -> Test:
    """What a protocol card says of a network's answers to a question.

    Raises:
        ValueError: There are no answers, or nobody knows the data set any more.
        FileNotFoundError: The data set is not on disk.
    """
    known = tuple(cells)
    if not known:
        raise ValueError(f"{network.id}: a protocol card is of answers, got none: ask it first")
    return Test(
        model=ModelFacts(
            name=network.id,
            kind=f"{network.config.backbone} with {network.config.norm}",
            statistics=question.statistics,
            networks=question.networks,
            file=network.sha256,
        ),
        images=_images(question.dataset, question.num_images),
        batch_size=question.batch_size,
        order=question.order,
        batches=_batches(question, known[0]),
        answers=tuple(map(AnswerFacts.of, known)),
    )


def _batches(question: Question, cell: Cell) -> tuple[tuple[int, int], ...]:
    if question.order not in COUNTED:
        return plain_batches(cell.n, question.batch_size)
    import torch

    from afn.ask.batches import batches_of

    labels = torch.tensor(cell.true.tolist())
    sizes = map(len, batches_of(labels, question.batch_size, question.order))
    return batches_in_rows(sizes)


@lru_cache(maxsize=16)
def _images(dataset: str, num_images: int) -> ImageFacts:
    data = load_dataset(dataset)
    images = data.x_test[:num_images].transpose(0, 3, 1, 2)
    labels = data.y_test[:num_images]
    channels, height, width = images.shape[1:]
    return ImageFacts(
        dataset=dataset, n=len(images), shape=(channels, height, width),
        pixels=pixels_digest(images, labels), **class_facts(data.class_names, 0),
    )  # fmt: skip
